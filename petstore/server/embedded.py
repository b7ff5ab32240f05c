"""Offer a real server to tests and notebooks: `petstore.serve()`."""

from typing import Unpack

from petstore.engine.opening import Options
from petstore.server.running import ThreadedServer
from petstore.server.settings import Settings


def serve(
    store: str = "memory:",
    *,
    port: int = 0,
    allow_reset: bool = True,
    **options: Unpack[Options],
) -> ThreadedServer:
    """
    Return a server that runs in a thread while it is entered with `with`.

    Args:
        store, options: As for `petstore.open`.
        port: 0 takes any free one; the server's `url` names it.
        allow_reset: Whether POST /__petstore/reset works.

    Raises:
        ConfigError: When entered: the store, an option or the port is wrong.
    """
    return ThreadedServer(store, options, Settings(allow_reset=allow_reset), port=port)
