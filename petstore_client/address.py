"""
Read the URL that a client is given.

    https://pets.example.com          a server, by its native API
    https://pets.example.com/v2       the same, by its Swagger 2.0 API
    https://pets.example.com/api/v3   the same, by its OpenAPI 3.0 API
    memory:, a path, sqlite:///path,  a store in this process
    postgresql://user@host/database

A server may lie below a path, such as `https://example.com/shop/v2`.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, quote, urlsplit

from petstore.contract.errors import ConfigError
from petstore.contract.flavours import Flavour

_STORE_SCHEMES: Final = ("sqlite", "postgresql", "postgres")
_BASES: Final[Mapping[str, Flavour]] = {"/v2": "v2", "/api/v3": "v3"}
_FLAVOURS: Final = ("native", "v2", "v3")
# A path that looks like "localhost:8080" is a URL whose scheme was forgotten.
_HOST_AND_PORT: Final = re.compile(r"[\w.-]*\w:\d+(/.*)?", re.ASCII)
# RFC 3986 §3.3, and "%" of what is encoded already.
_PATH_CHARACTERS: Final = "/%:@!$&'()*+,;="
_HEADER_VALUE: Final = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class Server:
    """
    Say which server is called, and how.

    Args:
        origin: Scheme, host and port; credentials go nowhere else.
        prefix: Path below which the server lies, without a slash at its end.
        credentials: Headers that go with each request.
        timeout_s: How long connecting, and each read or write, may take.
    """

    origin: str
    prefix: str
    flavour: Flavour
    credentials: Mapping[str, str] = field(repr=False)
    timeout_s: float


def names_store(url: str) -> bool:
    """
    Tell whether a URL names a store in this process, and no server.

    Raises:
        ConfigError: It was meant to name a server, as it seems.
    """
    scheme, separator, _ = url.partition("://")
    if not separator and _HOST_AND_PORT.fullmatch(url):
        raise ConfigError(f"The URL {url!r} has no scheme; http://{url} would have.")
    return not separator or scheme in _STORE_SCHEMES


def server_of(
    url: str,
    *,
    flavour: Flavour | None,
    credentials: Mapping[str, str],
    timeout_s: float,
) -> Server:
    """
    Return the server that a URL names.

    Raises:
        ConfigError: It names none, or contradicts the flavour.
    """
    if not (timeout_s > 0 and math.isfinite(timeout_s)):
        raise ConfigError(
            f"The timeout_s must be a number of seconds above 0, not {timeout_s}."
        )
    parts = _parts(url)
    path = quote(parts.path.rstrip("/"), safe=_PATH_CHARACTERS)
    prefix, named = _split_base(path)
    if flavour is not None and flavour not in _FLAVOURS:
        known = ", ".join(_FLAVOURS)
        raise ConfigError(f"There is no flavour {flavour!r}; there are {known}.")
    if flavour is not None and named is not None and flavour != named:
        raise ConfigError(
            f"The URL {url!r} is that of the {named} API, but flavour={flavour} was"
            " given; leave one of them out."
        )
    return Server(
        origin=f"{parts.scheme}://{parts.netloc}",
        prefix=prefix,
        flavour=flavour or named or "native",
        credentials=credentials,
        timeout_s=timeout_s,
    )


def credentials_of(*, api_key: str | None, token: str | None) -> dict[str, str]:
    """
    Return the headers that prove who calls.

    Raises:
        ConfigError: One of them cannot be sent; its value is not shown.
    """
    headers = {}
    if api_key is not None:
        headers["api_key"] = _sendable("api_key", api_key)
    if token is not None:
        headers["authorization"] = f"Bearer {_sendable('token', token)}"
    return headers


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ConfigError(f"The URL {url!r} cannot be read: {error}.") from error
    if "@" in parts.netloc:
        # The URL is not repeated: the password is in it.
        raise ConfigError(
            "A server's URL takes no user and password; give api_key or token."
        )
    if parts.scheme not in ("http", "https"):
        raise ConfigError(
            f"The URL {url!r} is of no known kind; give http://…, https://…, memory:,"
            " a path, sqlite:///PATH or postgresql://…"
        )
    if not parts.hostname or port == 0:
        raise ConfigError(f"The URL {url!r} names no server.")
    if parts.query or parts.fragment:
        raise ConfigError(f"The URL {url!r} may have no query and no fragment.")
    return parts


def _split_base(path: str) -> tuple[str, Flavour | None]:
    for base, flavour in _BASES.items():
        if path.endswith(base):
            return path.removesuffix(base), flavour
    return path, None


def _sendable(name: str, secret: str) -> str:
    if not _HEADER_VALUE.fullmatch(secret):
        raise ConfigError(f"{name} must be printable ASCII without spaces.")
    return secret
