"""Name what a caller may set, and what the environment sets where a caller does not."""

import os
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypedDict

from petstore.contract.errors import ConfigError
from petstore.contract.flavours import Flavour
from petstore_client.auth import KEY_VARIABLE, ApiKey
from petstore_client.decisions import Auth
from petstore_client.options import Retry, Timeout
from petstore_client.transports import AsyncTransport, Transport

if TYPE_CHECKING:
    from petstore.mock.steps import OnMiss


class Options(TypedDict, total=False):
    """
    Say how a client calls a server; None is the default.

    Args:
        timeout: Or only its total, in seconds.
        retry: Or only its attempts.
        auth: What proves who calls.
    """

    timeout: Timeout | float | None
    retry: Retry | int | None
    auth: Auth | None


class Settings(Options, total=False):
    """
    Say how a client reaches a server, and calls it.

    Args:
        flavour: API of the server; read from the URL unless given.
        transport: Carries the requests instead of sockets: one of httpx, or what has
            its methods. Or a function that is given the stock transport, for each
            process and event loop, and returns what stands around it: then time,
            number of connections and cancellation are looked after as without it.
            Of neither is believed that a request was never sent, unless it raises a
            TransportError of ours that says so.
    """

    flavour: Flavour | None
    transport: Transport | AsyncTransport | Callable[[Any], Any] | None


class Replay(Options, total=False):
    """
    Say how a recording is replayed, and called.

    Args:
        flavour: API that was recorded; native unless given.
        on_miss: What happens to a request that was not recorded: fail, or who answers.
        upstream: URL of the server that is asked with `on_miss="upstream"`; what the
            cassette says unless given.
        faults: Rules of what goes wrong, as `petstore.mock.faults` describes them.
    """

    flavour: Flavour | None
    on_miss: "OnMiss"
    upstream: str | None
    faults: Iterable[Mapping[str, Any]]


URL_VARIABLE: Final = "PETSTORE_URL"
TIMEOUT_VARIABLE: Final = "PETSTORE_TIMEOUT"


def from_environment(name: str) -> str | None:
    """Return a variable; None where it is not set, or blank."""
    return os.environ.get(name, "").strip() or None


def completed(settings: Settings, *, is_url_given: bool) -> Settings:
    """
    Return the settings of a server, with the environment's where none are given.

    PETSTORE_TIMEOUT is the total time of a call in seconds. PETSTORE_API_KEY is sent
    to the server that PETSTORE_URL names, and to no other one.

    Args:
        is_url_given: Whether the caller named the server, and not the environment.

    Raises:
        ConfigError: The time is no number, or the key cannot be sent.
    """
    found = settings.copy()
    seconds = from_environment(TIMEOUT_VARIABLE)
    if seconds is not None and found.get("timeout") is None:
        found["timeout"] = _number(seconds)
    key = from_environment(KEY_VARIABLE)
    if key is not None and not is_url_given and found.get("auth") is None:
        found["auth"] = ApiKey(key)
    return found


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ConfigError(
            f"{TIMEOUT_VARIABLE} is a number of seconds, not {text!r:.40}."
        ) from None
