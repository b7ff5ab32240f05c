"""
Let a recording answer.

    with Petstore("recorded:tests/adopt.yaml") as client: …
    with Petstore(Recorded("tests/adopt.yaml", faults=[…])) as client: …

All else is decided as for a server, but no time passes: neither in a pause before a
retry nor in a delay that a fault asks for. What the recording has no answer to raises
UnmatchedRequest, which is an AssertionError and no PetstoreError.
"""

from os import PathLike
from typing import TYPE_CHECKING, Final, Unpack

from petstore.contract.errors import ConfigError
from petstore_client.address import server_of
from petstore_client.settings import Replay, Settings
from petstore_client.tracing import AsyncTracedBackend, TracedBackend

if TYPE_CHECKING:
    from petstore.mock.steps import Report

# RFC 2606 §2: a name that leads nowhere, should a request ever leave.
ORIGIN: Final = "http://recorded.invalid"


class Recorded(TracedBackend):
    """
    Answer calls from a cassette: `petstore_client.Petstore(Recorded("pets.yaml"))`.

    Args:
        cassette: Its path.

    Raises:
        ConfigError: The cassette or an option is not what it should be.
    """

    def __init__(self, cassette: str | PathLike[str], **replay: Unpack[Replay]) -> None:
        # Late, for it loads the mock and httpx.
        from petstore_client.backends.replaying import replaying

        _check_names(replay)
        server = server_of(ORIGIN, flavour=replay.get("flavour"))
        self._replaying = replaying(cassette, replay, server)
        super().__init__(self._replaying, server)

    def report(self) -> "Report":
        """Say what was played, and what nobody asked for."""
        return self._replaying.session.report()


class AsyncRecorded(AsyncTracedBackend):
    """Answer calls of coroutines from a cassette; else as `Recorded`."""

    def __init__(self, cassette: str | PathLike[str], **replay: Unpack[Replay]) -> None:
        from petstore_client.backends.replaying import async_replaying

        _check_names(replay)
        server = server_of(ORIGIN, flavour=replay.get("flavour"))
        self._replaying = async_replaying(cassette, replay, server)
        super().__init__(self._replaying, server)

    def report(self) -> "Report":
        """Say what was played, and what nobody asked for."""
        return self._replaying.session.report()


def replay_of(settings: Settings) -> Replay:
    """
    Return how a recording that a URL names is replayed.

    Raises:
        ConfigError: There is a transport, of which it has no use.
    """
    if settings.get("transport") is not None:
        raise ConfigError("A recording takes no transport; leave it out.")
    return Replay(
        flavour=settings.get("flavour"),
        timeout=settings.get("timeout"),
        retry=settings.get("retry"),
        auth=settings.get("auth"),
    )


def _check_names(replay: Replay) -> None:
    unknown = replay.keys() - Replay.__annotations__.keys()
    if unknown:
        raise TypeError(f"There is no option {', '.join(sorted(unknown))}")
