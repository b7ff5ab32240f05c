"""
Read the URL that a client is given.

    https://pets.example.com          a server, by its native API
    https://pets.example.com/v2       the same, by its Swagger 2.0 API
    https://pets.example.com/api/v3   the same, by its OpenAPI 3.0 API
    memory:, sqlite:///shop.db,       a store in this process
    postgresql://user@host/database
    recorded:pets.yaml                a recording, by its path

A server may lie below a path, such as `https://example.com/shop/v2`. A plain path is
refused: a server's URL without its scheme looks the same, and would become a file.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, quote, urlsplit

from petstore.contract.errors import ConfigError
from petstore.contract.flavours import Flavour

_MEMORY: Final = "memory:"
_STORE_SCHEMES: Final = ("sqlite", "postgresql", "postgres")
_FORMS: Final = (
    "https://…, http://…, sqlite:///shop.db, postgresql://…,"
    " recorded:pets.yaml or memory:"
)
_RECORDED: Final = "recorded:"
_BASES: Final[Mapping[str, Flavour]] = {"/v2": "v2", "/api/v3": "v3"}
_FLAVOURS: Final = ("native", "v2", "v3")
_HOST_AND_PORT: Final = re.compile(r"[\w.-]*\w:\d+(/.*)?", re.ASCII)
_HOST_OR_FILE: Final = re.compile(r"[\w./~-]+", re.ASCII)
# RFC 3986 §3.3, and "%" of what is encoded already.
_PATH_CHARACTERS: Final = "/%:@!$&'()*+,;="


@dataclass(frozen=True, slots=True)
class Server:
    """
    Say which server is called, and how.

    Args:
        origin: Scheme, host and port; credentials go nowhere else.
        prefix: Path below which the server lies, without a slash at its end.
    """

    origin: str
    prefix: str
    flavour: Flavour

    def __repr__(self) -> str:
        return f"{self.origin}{self.prefix}, {self.flavour} API"


def recording_of(url: str) -> str | None:
    """
    Return the path of the recording that a URL names; None when it names none.

    Raises:
        ConfigError: It names one without a path.
    """
    if not url.startswith(_RECORDED):
        return None
    path = url.removeprefix(_RECORDED)
    if not path or path.startswith("//"):
        raise ConfigError(
            f"The URL {url!r:.200} names no recording; recorded:pets.yaml would be one"
            " beside, and recorded:/srv/pets.yaml one elsewhere."
        )
    return path


def names_store(url: str) -> bool:
    """
    Tell whether a URL names a store in this process, and no server.

    Raises:
        ConfigError: It has no scheme, so that it could mean either.
    """
    if url == _MEMORY:
        return True
    refuse_bare_host(url)
    scheme, separator, _ = url.partition("://")
    if not separator:
        # What has an "@" may have a password before it.
        shown = "that was given" if "@" in url else f"{url!r:.200}"
        raise ConfigError(
            f"The URL {shown} has no scheme that is known; give {_FORMS}{_guess(url)}."
        )
    return scheme in _STORE_SCHEMES


def refuse_bare_host(url: str) -> None:
    """
    Refuse what looks like `localhost:8080`, also where a plain path is taken.

    Raises:
        ConfigError: It looks like that.
    """
    if _HOST_AND_PORT.fullmatch(url):
        raise ConfigError(f"The URL {url!r} has no scheme; http://{url} would have.")


def _guess(url: str) -> str:
    """Return what was meant, where that can be told."""
    if not _HOST_OR_FILE.fullmatch(url):
        return ""
    file = f"sqlite:///{url} for a file"
    if url[0] in "./~":
        return f", such as {file}"
    return f", such as https://{url} for a server, or {file}"


def server_of(url: str, *, flavour: Flavour | None) -> Server:
    """
    Return the server that a URL names.

    Raises:
        ConfigError: It names none, or contradicts the flavour.
    """
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
    )


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ConfigError(f"The URL {url!r} cannot be read: {error}.") from error
    if "@" in parts.netloc:
        # The URL is not repeated: the password is in it.
        raise ConfigError(
            "A server's URL takes no user and password; give auth=Password(…)."
        )
    if parts.scheme not in ("http", "https"):
        raise ConfigError(f"The URL {url!r:.200} is of no known kind; give {_FORMS}.")
    if not parts.hostname or port == 0 or not _is_host(parts.hostname):
        raise ConfigError(f"The URL {url!r:.200} names no server.")
    if parts.query or parts.fragment:
        raise ConfigError(f"The URL {url!r} may have no query and no fragment.")
    return parts


def _is_host(name: str) -> bool:
    if any(character.isspace() for character in name):
        return False
    try:
        # As the socket library will; it refuses empty labels and long ones.
        name.encode("idna")
    except UnicodeError:
        return False
    return True


def _split_base(path: str) -> tuple[str, Flavour | None]:
    for base, flavour in _BASES.items():
        if path.endswith(base):
            return path.removesuffix(base), flavour
    return path, None
