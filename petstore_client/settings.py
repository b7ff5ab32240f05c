"""Name what a caller may set."""

from collections.abc import Callable
from typing import Any, TypedDict

from petstore.contract.flavours import Flavour
from petstore_client.decisions import Auth
from petstore_client.options import Retry, Timeout
from petstore_client.transports import AsyncTransport, Transport


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
            Of neither is believed that a request was never sent.
    """

    flavour: Flavour | None
    transport: Transport | AsyncTransport | Callable[[Any], Any] | None
