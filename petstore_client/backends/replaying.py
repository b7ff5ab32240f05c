"""Send calls to a recording; the only module here that loads the mock."""

from os import PathLike, fspath
from typing import Any

from petstore.mock.asking import Others
from petstore.mock.opening import OpenedSession, open_session
from petstore.mock.session import Session
from petstore.mock.transport import MockTransport
from petstore_client._http import AsyncHttpSender, HttpSender
from petstore_client.address import Server
from petstore_client.backends.remote import (
    AsyncRemoteBackend,
    RemoteBackend,
    rules_for,
)
from petstore_client.decisions import Pause, Step
from petstore_client.logs import log_as_told
from petstore_client.settings import Options, Replay


class _Replaying(RemoteBackend):
    session: Session
    others: Others

    def close(self) -> None:
        super().close()
        if self._is_root:
            self.others.close()

    def _do(self, step: Step) -> Any:
        # A recording is answered at once, so nobody gains by the wait.
        return None if isinstance(step, Pause) else super()._do(step)


class _AsyncReplaying(AsyncRemoteBackend):
    session: Session
    others: Others

    async def close(self) -> None:
        await super().close()
        if self._is_root:
            await self.others.aclose()

    async def _do(self, step: Step) -> Any:
        return None if isinstance(step, Pause) else await super()._do(step)


def replaying(
    cassette: str | PathLike[str], replay: Replay, server: Server
) -> _Replaying:
    """
    Return what answers from a cassette.

    Raises:
        ConfigError: The cassette or an option is not what it should be.
    """
    session = _session(cassette, replay)
    others = Others(session)
    rules = rules_for(server, _options(replay))
    transport = MockTransport(session, ask=others)
    backend = _Replaying(HttpSender(server, rules.timeout, transport), rules)
    backend.session, backend.others = session, others
    return backend


def async_replaying(
    cassette: str | PathLike[str], replay: Replay, server: Server
) -> _AsyncReplaying:
    """Return what answers coroutines from a cassette; see `replaying`."""
    session = _session(cassette, replay)
    others = Others(session)
    rules = rules_for(server, _options(replay))
    transport = MockTransport(session, ask=others)
    backend = _AsyncReplaying(AsyncHttpSender(server, rules.timeout, transport), rules)
    backend.session, backend.others = session, others
    return backend


def _session(cassette: str | PathLike[str], replay: Replay) -> OpenedSession:
    log_as_told()
    return open_session(
        cassette=fspath(cassette),
        mode="replay",
        on_miss=replay.get("on_miss"),
        upstream=replay.get("upstream"),
        faults=replay.get("faults", ()),
    )


def _options(replay: Replay) -> Options:
    return Options(
        timeout=replay.get("timeout"),
        retry=replay.get("retry"),
        auth=replay.get("auth"),
    )
