"""Name what a caller may set."""

from typing import Any, TypedDict

from petstore.contract.flavours import Flavour
from petstore_client.decisions import Auth
from petstore_client.options import Retry, Timeout


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
            its methods.
    """

    flavour: Flavour | None
    transport: Any
