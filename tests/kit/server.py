"""
Give whole servers to tests: in process where ASGI will do, else on a socket.

In process a request costs about 0.5 ms and a fresh server 10 ms, so each test has its
own. Fixtures, which a folder's conftest imports by name.
"""

import asyncio
import http.client
import json
import logging
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Any, Unpack
from urllib.parse import urlsplit

import httpx
import pytest
from sanic import Sanic
from sanic.router import Router
from sqlalchemy import select

from petstore.engine.engine import AsyncEngine
from petstore.engine.opening import Options, open_async_engine, reset
from petstore.server.app import App, make_app
from petstore.server.door import Door
from petstore.server.running import ThreadedServer
from petstore.server.services import Services
from petstore.server.settings import Settings
from petstore.storage.statement import Statement
from petstore.storage.tables import METADATA

# Clients of the public server reach a copy of it by the hosts file.
ORIGIN = "http://petstore.swagger.io"
NOW = datetime(2030, 1, 1, tzinfo=UTC)
PROBLEM_HEADER = "x-petstore-problem"
SOCKET_TIMEOUT_S = 10

Rows = dict[str, list[tuple[Any, ...]]]

_TABLES = {table.name: Statement(select(table)) for table in METADATA.sorted_tables}


@dataclass(frozen=True, slots=True)
class Shop:
    """Hold a server that runs in this process, and a client of it."""

    http: httpx.AsyncClient
    engine: AsyncEngine

    async def ask(self, line: str, /, **options: Any) -> httpx.Response:
        """Send what a request line such as `GET /v2/pet/1` says."""
        method, _, path = line.partition(" ")
        return await self.http.request(method, path, **options)

    async def refused(self, line: str, /, **options: Any) -> httpx.Response:
        """Send what is to be refused, and see that nothing was stored."""
        before = await self.rows()
        response = await self.ask(line, **options)
        assert before == await self.rows()
        return response

    async def rows(self) -> Rows:
        """Return everything that is stored."""
        return await self.engine.store.read(
            lambda tx: {
                name: sorted(tx.rows(statement, {}), key=repr)
                for name, statement in _TABLES.items()
            }
        )


@asynccontextmanager
async def open_shop(
    settings: Settings | None = None,
    *,
    store: str = "memory:",
    **options: Unpack[Options],
) -> AsyncIterator[Shop]:
    """Run a server in this process, with the public data and a clock at `NOW`."""
    settings = settings or Settings(allow_reset=True)
    options = {"clock": lambda: NOW, **options}
    engine = await open_async_engine(store, options)
    bring_back = partial(reset, engine, store, options)
    door = Door(engine, settings, Services(engine, settings, bring_back))
    app = make_app(door, is_only_app=False)
    try:
        async with _lifespan(app), _client(app) as client:
            yield Shop(client, engine)
    finally:
        Sanic.unregister_app(app)
        Router.get.cache_clear()
        await engine.close()


@asynccontextmanager
async def _lifespan(app: App) -> AsyncIterator[None]:
    """Start and stop the application; it refuses requests without a loop."""
    inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    outbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    # Sanic leaves the types of ASGI to its callers.
    run: Any = app({"type": "lifespan"}, inbox.get, outbox.put)
    task = asyncio.create_task(run)

    async def do(step: str) -> None:
        await inbox.put({"type": f"lifespan.{step}"})
        assert {"type": f"lifespan.{step}.complete"} == await outbox.get()

    await do("startup")
    try:
        yield
    finally:
        await do("shutdown")
        await task


def _client(app: App) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app)
    return httpx.AsyncClient(transport=transport, base_url=ORIGIN)


@pytest.fixture
async def public() -> AsyncIterator[Shop]:
    """Serve as the public servers do."""
    async with open_shop() as shop:
        yield shop


@pytest.fixture
async def strict() -> AsyncIterator[Shop]:
    """Serve what the documents say."""
    async with open_shop(contract="strict") as shop:
        yield shop


@pytest.fixture
def quiet_log(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail a test during which anything was logged as an error."""
    yield
    records = caplog.get_records("call")
    assert [] == [r.getMessage() for r in records if r.levelno >= logging.ERROR]


def compact(value: Any) -> str:
    """Write JSON as it must stand on the wire: in this order, without a space."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def api_response(code: int, message: str | None = None, kind: str = "unknown") -> str:
    """Write an ApiResponse of `/v2`."""
    said = {} if message is None else {"message": message}
    return compact({"code": code, "type": kind, **said})


def framework_error(status: int, message: str | None = None) -> str:
    """Write what the framework under the public `/api/v3` answers."""
    default = f"HTTP {status} {HTTPStatus(status).phrase}"
    return compact({"code": status, "message": message or default})


def problem_of(response: httpx.Response) -> dict[str, Any]:
    """Return the whole refusal, which travels beside the words of the face."""
    problem: dict[str, Any] = json.loads(response.headers[PROBLEM_HEADER])
    return problem


def answer(response: httpx.Response) -> tuple[int, str]:
    """Return status and body."""
    return response.status_code, response.text


def on_socket(
    settings: Settings | None = None, **options: Unpack[Options]
) -> ThreadedServer:
    """Return a server on a socket, for `with`."""
    return ThreadedServer("memory:", options, lambda: settings or Settings(), port=0)


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """
    Hold an answer to bytes that no client would send.

    Args:
        interim: The statuses that came before it.
    """

    status: int
    headers: http.client.HTTPMessage
    body: bytes
    interim: tuple[int, ...] = ()


class RawConnection:
    """Send bytes as they are."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        address = (parts.hostname or "", parts.port or 80)
        self._socket = socket.create_connection(address, timeout=SOCKET_TIMEOUT_S)
        # One for all answers: it reads ahead.
        self._file = self._socket.makefile("rb")

    def send(self, *pieces: bytes, pause_s: float = 0) -> None:
        """Send pieces, with a pause after each; stop when nobody listens any more."""
        for piece in pieces:
            try:
                self._socket.sendall(piece)
            except (BrokenPipeError, ConnectionResetError):
                return
            if pause_s:
                time.sleep(pause_s)

    def answer(self, *, method: str = "GET") -> RawAnswer:
        """Read an answer to a request of that method."""
        interim: tuple[int, ...] = ()
        status, headers = self._head()
        while status < HTTPStatus.OK:
            interim += (status,)
            status, headers = self._head()
        length = 0 if method == "HEAD" else int(headers["content-length"])
        return RawAnswer(status, headers, self._file.read(length), interim)

    def _head(self) -> tuple[int, http.client.HTTPMessage]:
        status = int(self._file.readline().split()[1])
        return status, http.client.parse_headers(self._file)

    def is_closed(self) -> bool:
        """Wait for the server to close; False when it sends instead."""
        try:
            return self._file.read(1) == b""
        except ConnectionResetError:
            return True

    def close(self) -> None:
        """Hang up."""
        self._file.close()
        self._socket.close()


@pytest.fixture
def connect() -> Iterator[Any]:
    """Give a function that opens raw connections to the URL of a server."""
    opened: list[RawConnection] = []

    def to(url: str) -> RawConnection:
        opened.append(RawConnection(url))
        return opened[-1]

    yield to
    for one in opened:
        one.close()
