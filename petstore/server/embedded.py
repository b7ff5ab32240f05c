"""Offer a real server to tests and notebooks: `petstore.serve()`."""

from collections.abc import Sequence
from functools import partial
from os import PathLike, fspath
from typing import Unpack

from petstore.engine.opening import Options, choose_profile, stored_profile
from petstore.server.logs import LOGGER
from petstore.server.running import ThreadedServer
from petstore.server.settings import LOOPBACK, Settings, is_exposed, settle
from petstore.storage.address import parse


def serve(
    store: str | PathLike[str] = "memory:",
    *,
    host: str = LOOPBACK,
    port: int = 0,
    allow_host: str | Sequence[str] = (),
    cors_origin: str | None = None,
    allow_reset: bool | None = None,
    **options: Unpack[Options],
) -> ThreadedServer:
    """
    Return a server that runs in a thread while it is entered with `with`.

    It has the defaults of `petstore serve` for its profile, and refuses the same.

    Args:
        store, options: As for `petstore.open`.
        host: Address to listen on; one that others reach is a risk in a sandbox.
        port: 0 takes any free one; the server's `url` names it.
        allow_host: Further names that the server answers to, one or more.
        cors_origin: Whose web pages may call; None for any ('*') in a sandbox, and
            for none in a shop.
        allow_reset: Whether POST /__petstore/reset works; None for a sandbox in
            memory alone.

    Raises:
        ConfigError: When entered: the store, an option, the host or the port is wrong
            or unsafe.
        Unavailable: When entered: Postgres cannot be reached.
    """
    store = fspath(store)
    settings = partial(
        _settings,
        store,
        options,
        host=host,
        allow_host=(allow_host,) if isinstance(allow_host, str) else tuple(allow_host),
        cors_origin=cors_origin,
        allow_reset=allow_reset,
    )
    return ThreadedServer(store, options, settings, host=host, port=port)


def _settings(
    store: str,
    options: Options,
    *,
    host: str,
    allow_host: tuple[str, ...],
    cors_origin: str | None,
    allow_reset: bool | None,
) -> Settings:
    chosen = choose_profile(stored_profile(store), options)
    if allow_reset is None:
        # Any web page may send it to a sandbox; what is on disk may be dear.
        allow_reset = chosen.name == "sandbox" and parse(store).kind == "memory"
    settings = settle(
        chosen,
        host=host,
        allow_host=allow_host,
        cors_origin=cors_origin,
        allow_reset=allow_reset,
    )
    if is_exposed(host) and chosen.auth == "off":
        LOGGER.warning(
            "with host=%r others on the network may read and change everything", host
        )
    return settings
