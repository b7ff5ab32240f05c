"""Hand a response to Sanic with as little work in between as it allows."""

from functools import cache
from typing import Any, cast

from sanic.response import BaseHTTPResponse, HTTPResponse


class Sent(HTTPResponse):
    """
    Hold a response whose header names are in lower case.

    Sanic copies the headers into a multidict and translates each name and value, which
    costs as much as the rest of a small answer; these headers are a plain mapping.
    """

    __slots__ = ()

    def __init__(self, body: bytes, status: int, headers: dict[str, str]) -> None:
        # HTTPResponse's own __init__ would make the multidict.
        cast(Any, BaseHTTPResponse.__init__)(self)
        self.body = body
        self.status = status
        self.content_type = None
        # Sanic only reads, sets and pops single names.
        self.headers: Any = headers

    @property
    def processed_headers(self) -> Any:
        """Return the headers as bytes; called by Sanic once it added its own."""
        return [
            (_encoded(name), _line(value))
            for name, value in self.headers.items()
            if value != ""
        ]


@cache
def _encoded(name: str) -> bytes:
    return name.encode("ascii")


def _line(value: str | int) -> bytes:
    text = str(value)
    if "\r" in text or "\n" in text:
        # RFC 9110 §5.5: a line break would end the header.
        text = text.replace("\r", "").replace("\n", "")
    return text.encode("latin-1", "replace")
