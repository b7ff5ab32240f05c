"""Say whom a mock may ask, before anything is sent."""

import os
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from petstore.contract.errors import ConfigError
from petstore.contract.flavours import FACES
from petstore.server.settings import is_exposed

# RFC 9110 §8.7, §10.2.2.
_LOCATIONS: Final = ("content-location", "location")
_PORTS: Final = {"http": 80, "https": 443}
# Neither a name nor an address has them; RFC 3986 §3.2.2.
_NEVER: Final = re.compile(r"[\x00-\x20\x7f<>\"\\^`{|}]")


def check_network(
    url: str, *, is_asked: bool, environment: Mapping[str, str] = os.environ
) -> None:
    """
    Refuse the network where the variable CI is set, unless it was asked for.

    Raises:
        ConfigError: It is refused.
    """
    host = str(urlsplit(url).hostname)
    if environment.get("CI") and not is_asked and is_exposed(host):
        raise ConfigError(
            f"CI is set, so no network is used: {url} was not asked. Replay a"
            " recording, or say that the network is wanted: --allow-network of"
            " `petstore mock`, --petstore-upstream=URL of pytest, or, in a program,"
            " is_network_asked=True."
        )


def checked_url(url: str) -> str:
    """
    Return the URL of a server without a trailing slash and the base of an API.

    Raises:
        ConfigError: It is no http URL, or holds a credential.
    """
    parts = parts_of(url)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(
            f"Wrong upstream: {url!r:.100} is no URL of a server, as https://petstore3"
            ".swagger.io is one; `engine` is the store in this process."
        )
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ConfigError(
            "Wrong upstream: it should be a URL without user, query and fragment;"
            " clients send their own credentials through."
        )
    path = parts.path.rstrip("/")
    for base in {face.base for face in FACES.values()}:
        path = path.removesuffix(base)
    return f"{parts.scheme}://{parts.netloc}{path}"


def parts_of(url: str) -> SplitResult | None:
    """Return the parts of a URL; None where there is none to be read."""
    try:
        parts = urlsplit(url)
        # They are read when they are asked for.
        _ = parts.hostname, parts.port
    except ValueError:
        return None
    return None if _NEVER.search(parts.netloc) else parts


def check_below(path: str, base: str) -> None:
    """
    Refuse a path that leads out of another one, whoever reads it.

    Args:
        base: That path, without a trailing slash; "" where there is none to leave.

    Raises:
        ConfigError: It leads out of it, or is none.
    """
    if not path.startswith("/"):
        raise ConfigError(
            f"An upstream is asked for a path, which begins with /, not {path[:1]!a}."
        )
    if base and _climbs(path):
        raise ConfigError(
            f"The path would leave {base}, and nothing else of that server is asked;"
            " write it without `..`."
        )


def told_here(location: str, base: str) -> str:
    """
    Return where an answer of a server leads to, for clients of a mock of it.

    Args:
        base: URL of the server, without a trailing slash.

    Returns:
        Path and query below that URL, so that the client comes back to the mock, also
        on replay; what leads elsewhere stays as it is.

    Source: RFC 9110 §10.2.2.
    """
    own, parts = urlsplit(base), parts_of(location)
    if parts is None or "@" in parts.netloc:
        return location
    if parts.netloc and _origin(parts, own.scheme) != _origin(own, own.scheme):
        return location
    path = parts.path or "/" * bool(parts.netloc)
    below = path.removeprefix(own.path) or "/"
    is_below = path.startswith(own.path) and below.startswith("/")
    # `//name` would be another host.
    if not is_below or below.startswith("//") or _climbs(below):
        return location
    return urlunsplit(("", "", below, parts.query, parts.fragment))


def headers_here(headers: Mapping[str, str], base: str) -> dict[str, str]:
    """Return the headers of an answer for clients of a mock; see `told_here`."""
    return {
        name: told_here(value, base) if name in _LOCATIONS else value
        for name, value in headers.items()
    }


def headers_below(headers: Mapping[str, str], base: str) -> dict[str, str]:
    """Return those headers that have to lead to a path of a session below its base."""
    return {
        name: f"{base}{headers[name]}"
        for name in _LOCATIONS
        if re.match("/(?!/)", headers.get(name, ""))
    }


def _origin(parts: SplitResult, scheme: str) -> tuple[str, str | None, int | None]:
    scheme = parts.scheme or scheme
    return scheme, parts.hostname, parts.port or _PORTS.get(scheme)


def _climbs(path: str) -> bool:
    """Tell whether a path has `..`, as some server or other reads it."""
    # They differ in what they unescape, in `\`, and in parameters of a segment.
    segments = re.split(r"[/\\]", unquote(path))
    return any(one.partition(";")[0] == ".." for one in segments)
