"""Reach the store that a command is about: in this process, or behind a server."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Annotated, Final

import typer

from petstore.contract.errors import ConfigError

if TYPE_CHECKING:
    from petstore.contract.facade import Petstore
    from petstore.engine.engine import Engine

STORE_VARIABLE: Final = "PETSTORE_STORE"
# Only a variable: what stands on a command line is for all processes to see.
KEY_VARIABLE: Final = "PETSTORE_API_KEY"
SERVER: Final = "http://127.0.0.1:8080"
# Servers have no operation for it, and a file belongs to one process.
STOP_FIRST: Final = (
    "For a store in a file, stop its server first; one on Postgres needs no stop."
)
_SERVER_SCHEMES: Final = ("http://", "https://")

AnyStore = Annotated[
    str,
    typer.Option(
        "--store",
        envvar=STORE_VARIABLE,
        metavar="STORE",
        help="A server's URL, a path, memory: or postgresql://…",
    ),
]
OwnStore = Annotated[
    str,
    typer.Option(
        "--store",
        envvar=STORE_VARIABLE,
        metavar="STORE",
        help=f"A path or postgresql://…, not a server's URL. {STOP_FIRST}",
    ),
]


def connect(store: str) -> "Petstore":
    """
    Return a client of a store or of a server; to be closed.

    Raises:
        ConfigError: There is no such store; only `serve` and `db seed` make one.
    """
    if not is_server(store):
        from petstore.embed import open as open_embedded
        from petstore_client.address import refuse_bare_host

        refuse_bare_host(store)
        _require_filled(store)
        return open_embedded(store)
    import petstore_client

    api_key = os.environ.get(KEY_VARIABLE)
    auth = petstore_client.ApiKey(api_key) if api_key else None
    return petstore_client.Petstore(store, auth=auth)


@contextmanager
def open_own(store: str) -> Iterator["Engine"]:
    """
    Give the engine of a store in this process.

    Raises:
        ConfigError: There is no such store, or it is a server's URL, or in memory.
    """
    if is_server(store):
        raise ConfigError(
            f"Users and keys are changed in the store itself, and {store} is a server."
            " Stop it and give the path of its store as --store, or keep the store on"
            " Postgres, where this works while it is served."
        )
    from petstore.engine.opening import open_engine
    from petstore.storage.reader import durable_address

    durable_address(store)
    _require_filled(store)
    with closing(open_engine(store, {})) as engine:
        yield engine


def is_server(store: str) -> bool:
    """Return whether the text is the URL of a server."""
    return store.lower().startswith(_SERVER_SCHEMES)


def require_store(store: str) -> None:
    """
    Refuse the URL of a server where a store is needed.

    Raises:
        ConfigError: It is one.
    """
    if is_server(store):
        raise ConfigError(
            f"This works on a store itself, and {store} is a server. Give a path or"
            " postgresql://… as --store."
        )


def _require_filled(store: str) -> None:
    from petstore.engine.opening import stored_profile
    from petstore.storage.address import parse

    address = parse(store)
    if address.kind != "memory" and stored_profile(store) is None:
        raise ConfigError(
            f"There is no store at {address.shown}. Check the name, or make one:"
            f" petstore db seed {address.shown}"
        )
