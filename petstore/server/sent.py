"""Hand a response to Sanic with as little work in between as it allows."""

from functools import cache
from http import HTTPStatus
from typing import Any, Final, cast

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

    def on_wire(self) -> bytes:
        """Return the whole answer, on a connection that goes on."""
        lines = [_status_line(self.status)]
        for name, value in self.headers.items():
            lines.append(b"%b: %b" % (_encoded(name), _line(value)))
        body = self.body or b""
        lines.append(_END % len(body))
        return b"\r\n".join((*lines, body))

    @property
    def processed_headers(self) -> Any:
        """Return the headers as bytes; called by Sanic once it added its own."""
        return [
            (_encoded(name), _line(value))
            for name, value in self.headers.items()
            if value != ""
        ]


_END: Final = b"content-length: %d\r\nconnection: keep-alive\r\n"


@cache
def _status_line(status: int) -> bytes:
    return f"HTTP/1.1 {status} {HTTPStatus(status).phrase}".encode()


@cache
def _encoded(name: str) -> bytes:
    return name.encode("ascii")


def _line(value: str | int) -> bytes:
    text = str(value)
    if "\r" in text or "\n" in text:
        # RFC 9110 §5.5: a line break would end the header.
        text = text.replace("\r", "").replace("\n", "")
    return text.encode("latin-1", "replace")
