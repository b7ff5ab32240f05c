"""Write what stands before the body of a response: its status, and its headers."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Final

SET_COOKIE: Final = "set-cookie"
# RFC 9110 §6.4.1: answers of these end with their header.
WITHOUT_BODY: Final = frozenset({204, 304})


def phrase_of(status: int) -> str:
    """Return the words of a status; "" for one that nobody has registered."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def header_lines(headers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """
    Yield each header as a line has it; there may be several of Set-Cookie alone.

    Their values stand one below the other: a comma is a part of many of them.

    Source: RFC 9110 §5.3.
    """
    for name, value in headers.items():
        if name == SET_COOKIE:
            for line in value.split("\n"):
                yield name, line
        else:
            yield name, value


def header_values(headers: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the values of each header, one for each line; see `header_lines`."""
    values: dict[str, list[str]] = {}
    for name, value in header_lines(headers):
        values.setdefault(name, []).append(value)
    return values
