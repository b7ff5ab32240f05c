"""Serve sessions to tests."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

from petstore.contract.errors import ConfigError
from petstore.contract.replies import Response
from petstore.mock.door import MockDoor
from petstore.mock.serving import MockServer
from petstore.mock.session import Session
from petstore.mock.sessions import Sessions


@contextmanager
def served(sessions: Sessions | Session, **options: Any) -> Iterator[httpx.Client]:
    """Give a client of a mock server on this machine."""
    door = MockDoor(sessions, **options)
    with MockServer(door) as server, httpx.Client(base_url=server.url) as client:
        yield client


class QuietHandler(BaseHTTPRequestHandler):
    """Answer as HTTP/1.1 does, and tell nobody."""

    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def upstream_of(handler: type[QuietHandler]) -> Iterator[str]:
    """Give the URL of a server that is no Petstore."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class Engine:
    """Stand where the store behind a session does."""

    def __init__(self) -> None:
        self.closed_count = 0

    async def ask_async(self, ask):
        if ask.request.path == "/away":
            raise ConfigError("The engine is away.")
        return Response(200, {}, b"from the engine")

    async def aclose(self):
        self.closed_count += 1
