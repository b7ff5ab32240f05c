"""Stand between a client and a server, and fail as networks do."""

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import ClassVar
from urllib.parse import urlsplit

from petstore.contract.errors import PROBLEM_MEDIA_TYPE

_UNAVAILABLE = b'{"code":"unavailable","title":"Unavailable","status":503}'


class Chaos:
    """
    Say what happens to each request; any thread may ask.

    Args:
        lost: Part of the answers that are dropped after the server has acted.
        refused: Part of the requests that are answered 503, and never arrive.
    """

    def __init__(self, rng: Random, *, lost: float, refused: float) -> None:
        self._rng = rng
        self._lock = threading.Lock()
        self._lost = lost
        self._refused = refused
        self.counts = {"lost": 0, "refused": 0, "passed": 0}

    def draw(self) -> str:
        """Return what happens to the next request, and count it."""
        with self._lock:
            chance = self._rng.random()
            kind = "passed"
            if chance < self._lost:
                kind = "lost"
            elif chance < self._lost + self._refused:
                kind = "refused"
            self.counts[kind] += 1
            return kind


@contextmanager
def between(url: str, chaos: Chaos) -> Iterator[str]:
    """Give the URL of a proxy to a server, which fails as the chaos says."""
    upstream = urlsplit(url).netloc
    handler = type("Handler", (_Proxy,), {"upstream": upstream, "draw": chaos.draw})
    with _Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


class _Proxy(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Else the second packet of an answer waits for the acknowledgement of the first.
    disable_nagle_algorithm = True
    upstream: ClassVar[str]
    draw: ClassVar[Callable[[], str]]

    def setup(self) -> None:
        super().setup()
        self._server = http.client.HTTPConnection(self.upstream, timeout=60)

    def finish(self) -> None:
        self._server.close()
        super().finish()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        kind = type(self).draw()
        if kind == "refused":
            self._answer(503, {"content-type": PROBLEM_MEDIA_TYPE}, _UNAVAILABLE)
            return
        self._server.request("POST", self.path, body, dict(self.headers))
        reply = self._server.getresponse()
        content = reply.read()
        if kind == "lost":
            self.close_connection = True
            return
        kept = {
            name: value
            for name, value in reply.getheaders()
            if name.lower() not in ("content-length", "connection", "keep-alive")
        }
        self._answer(reply.status, kept, content)

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
