"""Hand a response to Sanic with as little work in between as it allows."""

from collections.abc import Iterable
from functools import cache
from typing import Any, Final

from sanic.response import HTTPResponse

from petstore.contract.lines import header_lines, phrase_of


class Sent(HTTPResponse):
    """
    Hold a response whose header names are in lower case.

    Sanic copies the headers into a multidict and translates each name and value, which
    costs as much as the rest of a small answer; these headers are a plain mapping.
    """

    __slots__ = ()

    def __init__(self, body: bytes, status: int, headers: dict[str, str]) -> None:
        # Not by the __init__ of a base: each makes a multidict.
        self.asgi = False
        self.stream = None
        self._cookies = None
        self.body = body
        self.status = status
        self.content_type = None
        # Sanic only reads, sets and pops single names.
        self.headers: Any = headers

    def on_wire(self) -> bytes:
        """Return the whole answer, on a connection that goes on."""
        headers = self.headers
        head = _head(self.status, headers.items())
        if not head.count("\r") == head.count("\n") == len(headers) + 1:
            lines = [(name, _line(value)) for name, value in header_lines(headers)]
            head = _head(self.status, lines)
        body = self.body or b""
        return b"%b%b%b" % (head.encode("latin-1", "replace"), _END % len(body), body)

    @property
    def processed_headers(self) -> Any:
        """Return the headers as bytes; called by Sanic once it added its own."""
        return [
            (name.encode("ascii"), _line(value).encode("latin-1", "replace"))
            for name, value in header_lines(self.headers)
            if value != ""
        ]


_END: Final = b"content-length: %d\r\nconnection: keep-alive\r\n\r\n"


def _head(status: int, lines: Iterable[tuple[str, str]]) -> str:
    head = _status_line(status)
    for name, value in lines:
        head += f"{name}: {value}\r\n"
    return head


@cache
def _status_line(status: int) -> str:
    return f"HTTP/1.1 {status} {phrase_of(status)}\r\n"


def _line(value: str | int) -> str:
    # RFC 9110 §5.5: a line break would end the header.
    return str(value).replace("\r", "").replace("\n", "")
