"""Read and write the arguments that travel in headers; all of them are optional."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from petstore.contract.call import Arg, Place
from petstore.contract.checks import checked
from petstore.contract.flavours import Route
from petstore.contract.versions import (
    read_if_match,
    read_if_none_match,
    write_versions,
)

_READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "If-Match": read_if_match,
    "If-None-Match": read_if_none_match,
}


def read_header(arg: Arg, text: str) -> Any:
    """
    Return the value of an argument.

    Raises:
        Invalid: The text is not what the argument takes.
    """
    read = _READERS.get(arg.wire)
    value = text if read is None else read(text)
    return checked(arg, value, f"{arg.place}.{arg.wire}")


def write_headers(route: Route, arguments: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers that the arguments of a call make, names in lower case."""
    return {
        arg.wire.lower(): _text(arguments[arg.name])
        for arg in route.args_in(Place.HEADER)
        if arg.name in arguments
    }


def _text(value: Any) -> str:
    return write_versions(value) if isinstance(value, list) else str(value)
