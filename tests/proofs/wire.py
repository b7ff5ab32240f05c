"""Speak HTTP over raw connections, and see exactly how far an answer came."""

import asyncio
import json
from asyncio import BaseTransport, Future, Transport
from dataclasses import dataclass
from typing import Any, cast

from tests.proofs.processes import HOST

_END = b"\r\n\r\n"
_LENGTH = b"\r\ncontent-length:"


class Cut(Exception):
    """
    Say that a connection ended before an answer was whole.

    Args:
        received: What had come of the answer.
    """

    def __init__(self, received: bytes) -> None:
        super().__init__(f"cut after {received!r}")
        self.received = received


@dataclass(frozen=True, slots=True)
class Answer:
    """Hold a whole answer."""

    status: int
    head: bytes
    body: bytes

    @property
    def is_last(self) -> bool:
        """Whether the server closes the connection behind it."""
        return b"\r\nconnection: close" in self.head.lower()

    def json(self) -> Any:
        """Return what the body says."""
        return json.loads(self.body)


class Connection(asyncio.Protocol):
    """Send one request at a time; made by `connect`."""

    def __init__(self) -> None:
        self.is_lost = False
        self.sent_at_s = 0.0
        self._received = b""
        self._waiting: Future[Answer] | None = None

    def ask(self, request: bytes) -> "Future[Answer]":
        """
        Send a request; the future is its answer.

        Raises:
            Cut: The connection ends, or has ended, before the answer is whole.
        """
        loop = asyncio.get_running_loop()
        waiting: Future[Answer] = loop.create_future()
        if self.is_lost:
            waiting.set_exception(Cut(b""))
            return waiting
        self._waiting = waiting
        self._transport.write(request)
        # Else the kernel did not take all of it, and it counts as not sent.
        is_sent = not self._transport.get_write_buffer_size()
        self.sent_at_s = loop.time() if is_sent else float("inf")
        return waiting

    def send(self, part: bytes) -> None:
        """Send part of a request, for which nobody waits."""
        self._transport.write(part)

    def stop_listening(self) -> None:
        """Leave what the server sends to the kernel."""
        self._transport.pause_reading()

    def close(self) -> None:
        """End the connection."""
        self._transport.abort()

    def connection_made(self, transport: BaseTransport) -> None:
        """Begin."""
        # uvloop's transports are no subclass of it.
        self._transport = cast(Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Take what came, and answer once it is whole."""
        self._received += data
        head, end, body = self._received.partition(_END)
        if not end or len(body) < _content_length(head):
            return
        waiting, self._waiting = self._waiting, None
        assert waiting is not None, f"unasked: {self._received!r}"
        self._received = b""
        if not waiting.done():
            waiting.set_result(Answer(int(head[9:12]), head, body))

    def connection_lost(self, error: Exception | None) -> None:
        """Tell who waits."""
        self.is_lost = True
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(Cut(self._received))


async def connect(port: int) -> Connection:
    """Open a connection to a server on this machine."""
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_connection(Connection, HOST, port)
    return connection


async def ask(port: int, request: bytes) -> Answer:
    """Send one request on a connection of its own."""
    connection = await connect(port)
    try:
        return await connection.ask(request)
    finally:
        connection.close()


def request(method: str, path: str, body: object = None) -> bytes:
    """Return a request; a body is sent as JSON."""
    head = f"{method} {path} HTTP/1.1\r\nHost: {HOST}\r\n"
    if body is None:
        return f"{head}\r\n".encode()
    text = json.dumps(body).encode()
    kind = f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
    return f"{head}{kind}".encode() + text


def _content_length(head: bytes) -> int:
    name = head.lower().find(_LENGTH)
    assert name >= 0, f"an answer without a length: {head!r}"
    return int(head[name + len(_LENGTH) :].split(b"\r\n", 1)[0])
