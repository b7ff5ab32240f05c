"""Offer a real server to tests and notebooks: `petstore.serve()`."""

from functools import partial
from typing import Unpack

from petstore.engine.opening import Options, choose_profile, stored_profile
from petstore.server.running import ThreadedServer
from petstore.server.settings import Settings, settle
from petstore.storage.address import parse


def serve(
    store: str = "memory:",
    *,
    port: int = 0,
    allow_reset: bool | None = None,
    **options: Unpack[Options],
) -> ThreadedServer:
    """
    Return a server that runs in a thread while it is entered with `with`.

    It has the defaults of `petstore serve` for its profile, and refuses the same.

    Args:
        store, options: As for `petstore.open`.
        port: 0 takes any free one; the server's `url` names it.
        allow_reset: Whether POST /__petstore/reset works; None for a sandbox in
            memory alone.

    Raises:
        ConfigError: When entered: the store, an option or the port is wrong or unsafe.
        Unavailable: When entered: Postgres cannot be reached.
    """
    settings = partial(_settings, store, options, allow_reset=allow_reset)
    return ThreadedServer(store, options, settings, port=port)


def _settings(store: str, options: Options, *, allow_reset: bool | None) -> Settings:
    chosen = choose_profile(stored_profile(store), options)
    if allow_reset is None:
        # Any web page may send it to a sandbox; what is on disk may be dear.
        allow_reset = chosen.name == "sandbox" and parse(store).kind == "memory"
    return settle(chosen, allow_reset=allow_reset)
