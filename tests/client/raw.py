"""Run servers that say what a test wants, byte by byte."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

ACCEPT_TIMEOUT_S = 60
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
PET = b'{"id":1,"name":"Rex","photoUrls":[],"tags":[]}'


def whole(body: bytes, *, kind: bytes = b"application/json") -> bytes:
    """Return an answer with its length, after which the connection goes on."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n%b"
    return head % (kind, len(body), body)


@dataclass(slots=True)
class Raw:
    """
    Be a server.

    Args:
        connections: How many there are now; and in all.
        is_over: Set when the server has to end.
    """

    url: str
    is_over: threading.Event = field(default_factory=threading.Event)
    connections: list[socket.socket] = field(default_factory=list)
    connection_count: int = 0
    request_count: int = 0

    def next_request(self, connection: socket.socket) -> bytes:
        """Return the head of the next request; b"" when the client has gone."""
        request = b""
        while b"\r\n\r\n" not in request:
            piece = connection.recv(65_536)
            if not piece:
                return b""
            request += piece
        self.request_count += 1
        return request

    def drip(self, connection: socket.socket, pieces: bytes, every_s: float) -> None:
        """Send a byte at a time."""
        for piece in pieces:
            if self.is_over.wait(every_s):
                return
            connection.sendall(bytes([piece]))


Talk = Callable[[Raw, socket.socket], None]


@contextmanager
def raw_server(talk: Talk) -> Iterator[Raw]:
    """Run a server that has such a talk on each connection, each in a thread."""
    with socket.create_server(("127.0.0.1", 0), backlog=2_048) as listener:
        listener.settimeout(ACCEPT_TIMEOUT_S)
        raw = Raw(f"http://127.0.0.1:{listener.getsockname()[1]}")
        thread = threading.Thread(target=_accept, args=(listener, raw, talk))
        thread.start()
        try:
            yield raw
        finally:
            raw.is_over.set()
            # An accept that waits does not notice that its socket is closed.
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _accept(listener: socket.socket, raw: Raw, talk: Talk) -> None:
    threads: list[threading.Thread] = []
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            break
        raw.connection_count += 1
        raw.connections.append(connection)
        threads.append(threading.Thread(target=_talk, args=(raw, connection, talk)))
        threads[-1].start()
    for connection in list(raw.connections):
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
    for thread in threads:
        thread.join()


def _talk(raw: Raw, connection: socket.socket, talk: Talk) -> None:
    with connection, suppress(OSError):
        talk(raw, connection)
    raw.connections.remove(connection)


def answer_all(raw: Raw, connection: socket.socket) -> None:
    """Answer each request with a pet."""
    while raw.next_request(connection):
        connection.sendall(whole(PET))


def say_nothing(raw: Raw, connection: socket.socket) -> None:
    """Take each request, and never answer."""
    while raw.next_request(connection):
        pass


def drip_head(raw: Raw, connection: socket.socket) -> None:
    """Answer with a header that never ends."""
    raw.next_request(connection)
    raw.drip(connection, ANSWER + b"X-Long: " + b"x" * 1_000, 0.05)


def drip_body(raw: Raw, connection: socket.socket) -> None:
    """Answer with a body that comes byte by byte."""
    raw.next_request(connection)
    connection.sendall(ANSWER + b"Content-Length: 1000\r\n\r\n")
    raw.drip(connection, b"{" * 1_000, 0.05)
