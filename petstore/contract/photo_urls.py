"""Read what says where a picture lies: its name, its path, or its whole URL."""

from typing import Final
from urllib.parse import urlsplit

from petstore.contract.errors import FieldProblem, Invalid

_FOLDER: Final = "photos"
_PORTS: Final = {"http": 80, "https": 443}


def photo_name(given: object, origin: str | None = None) -> object:
    """
    Return the name of a picture; what is no URL of one stays as it is.

    Args:
        given: A name, a path such as `/photos/NAME`, or a URL of that.
        origin: Scheme, host and port of the server that is asked; None for a store
            without one.

    Raises:
        Invalid: It is a URL of another server.
    """
    if not isinstance(given, str):
        return given
    if "://" in given and (origin is None or _origin(given) != _origin(origin)):
        asked = "a store without a URL" if origin is None else origin
        raise Invalid(
            f"The picture {given!r:.200} lies elsewhere than on {asked}, which is"
            " asked; ask its own server, or give /photos/NAME.",
            fields=(FieldProblem("path.name", f"must lie on {asked}", "other_server"),),
        )
    place, _, name = given.rpartition("/")
    return name if place.rpartition("/")[2] == _FOLDER else given


def _origin(url: str) -> tuple[str, str | None, int | None]:
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        # A port that is no number is nobody's.
        return url, None, None
