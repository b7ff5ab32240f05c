"""
Read the URL of a store.

    memory:                     one connection, gone when it is closed
    shop.db, sqlite:///shop.db  a file; sqlite:////var/shop.db has an absolute path
    postgresql://user@host/db   a Postgres database
"""

from pathlib import Path
from typing import Literal, NamedTuple
from urllib.parse import unquote, urlsplit

from petstore.contract.errors import ConfigError

_MEMORY = ("memory:", ":memory:", "memory://")
_POSTGRES = ("postgresql", "postgres")


class Address(NamedTuple):
    """
    Say where a store is.

    Args:
        path: Absolute path of the file, without links; only of kind "file".
        dsn: What libpq takes, with the password; only of kind "postgres".
        shown: The URL for messages and logs, without a password.
    """

    kind: Literal["memory", "file", "postgres"]
    shown: str
    path: Path = Path()
    dsn: str = ""


def parse(url: str) -> Address:
    """
    Read the URL of a store.

    Raises:
        ConfigError: It names no store, or a kind of store that does not exist.
    """
    scheme, separator, rest = url.partition("://")
    if url in _MEMORY:
        return Address("memory", "memory:")
    if not separator:
        return _file(url, url)
    if scheme == "sqlite":
        return _file(url, unquote(rest.removeprefix("/")))
    if scheme in _POSTGRES:
        return Address("postgres", _without_password(url), dsn=url)
    raise ConfigError(
        f"The store {_without_password(url)!r} is of no known kind; give memory:, "
        "a path, sqlite:///PATH or postgresql://HOST/DATABASE."
    )


def _file(url: str, path: str) -> Address:
    if path == ":memory:":
        return Address("memory", "memory:")
    if not path or "\0" in path:
        raise ConfigError(f"The store {url!r} names no file; give a path, or memory:.")
    if Path(path).is_dir():
        raise ConfigError(
            f"The store {url!r} is a folder; give the path of a file, such as"
            f" {Path(path, 'shop.db')}."
        )
    return Address("file", path, path=Path(path).resolve())


def shown(url: str) -> str:
    """Return a URL without its password, whether or not it names a store."""
    return _without_password(url) if "://" in url else url


def _without_password(url: str) -> str:
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return url.partition("://")[0] + "://…"
    user = f"{parts.username}@" if parts.username else ""
    return f"{parts.scheme}://{user}{parts.hostname or ''}{port}{parts.path}"
