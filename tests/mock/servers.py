"""Serve sessions to tests."""

from collections.abc import Iterator
from contextlib import contextmanager
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
