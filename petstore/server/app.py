"""Make the Sanic application around a door, and run it on a socket of our own."""

import asyncio
import itertools
import math
import selectors
import socket
from time import monotonic
from types import SimpleNamespace
from typing import Any, Final, Protocol

from sanic import Sanic
from sanic.config import Config
from sanic.exceptions import BadURL, RequestCancelled
from sanic.http.constants import Stage
from sanic.http.http1 import Http
from sanic.request import Request as SanicRequest
from sanic.response import HTTPResponse
from sanic.router import Router
from sanic.touchup import TouchUp

from petstore.contract.lines import WITHOUT_BODY
from petstore.server.logs import LOGGER
from petstore.server.settings import Settings
from petstore.server.sockets import BACKLOG

# What a refused body may have at most and still be read, so that the client, busy
# sending, gets to see the refusal.
_DRAINED_BYTES_MAX: Final = 32 * 1024 * 1024
_KEEP_ALIVE_S: Final = 75
_POLL_S: Final = 0.02
# How long a connection may stay silent that came while the server stops.
_FIRST_REQUEST_S: Final = 0.25
# asyncio needs three to accept a connection, and one more to read from it.
_TURNS_TO_READ: Final = 5

_numbers = itertools.count(1)

Settled = Sanic[Config, SimpleNamespace]


class App(Settled):
    """Hand every request to the door, past Sanic's own routing and middleware."""

    async def handle_request(self, request: SanicRequest) -> None:
        """Answer a request; Sanic's protocol calls this for each."""
        stream: Any = request.stream
        # The door limits bodies by what they are for.
        stream.request_max_size = math.inf
        response: Any = await self.ctx.door.handle(request)
        if response is None:
            return
        if not is_plain(stream, response.status):
            stream.respond(response)
            await response.send(end_stream=True)
            return
        if not _write(stream.protocol, response.on_wire()):
            await stream._send(response.on_wire())
        stream.stage = Stage.IDLE

    async def handle_exception(
        self,
        request: SanicRequest,
        exception: BaseException,
        run_middleware: bool = True,
    ) -> None:
        """Answer what Sanic itself refuses, such as a header that is no HTTP."""
        stream: Any = request.stream
        if isinstance(exception, RequestCancelled):
            # The client has hung up, which is no fault, and nobody would read it.
            return
        if stream.stage is not Stage.HANDLER:
            # A part of the answer has left already.
            LOGGER.error("an answer to %s broke off", request.path, exc_info=exception)
            return
        stream.respond(self.ctx.door.on_framing_error(request, exception))
        await stream.response.send(end_stream=True)


def is_plain(stream: Any, status: int) -> bool:
    """
    Tell whether an answer may be written at once, past Sanic's own writer.

    That writer costs 5 µs of the 50 that a small answer takes. It stays for HEAD, for a
    connection that ends, for a client that waits to be told to go on, and for ASGI.
    """
    return (
        type(stream) is Http
        # Else a part of another answer has left, and only the connection can end.
        and stream.stage is Stage.HANDLER
        and stream.keep_alive
        and not stream.head_only
        and not stream.expecting_continue
        and status not in WITHOUT_BODY
    )


def _write(protocol: Any, data: bytes) -> bool:
    """Write where that needs no waiting; Sanic's coroutine waits even then."""
    if not protocol._can_write.is_set() or protocol.transport.is_closing():
        return False
    protocol.transport.write(data)
    # From here on the connection is idle.
    protocol._time = monotonic()
    return True


class Asked(SanicRequest):
    """
    Be a request even where the request line holds no URL.

    Sanic refuses such a line, and fails when it makes the request to refuse.
    """

    __slots__ = ()

    def __init__(self, url_bytes: bytes, *args: Any, **more: Any) -> None:
        try:
            super().__init__(url_bytes, *args, **more)
        except BadURL:
            # What Sanic calls the method of a request that never was one.
            if more.get("method") != "NONE":
                raise
            super().__init__(b"/", *args, **more)


class Exchange(Protocol):
    """Be what we need of Sanic's side of a request."""

    keep_alive: bool


class Connection(Protocol):
    """Be what we need of a Sanic connection."""

    http: Exchange | None
    recv_buffer: bytearray

    def close_if_idle(self) -> bool:
        """Close the connection unless it answers a request."""

    def abort(self) -> None:
        """Cut the connection."""


class Answering(Protocol):
    """Be a door: what answers the requests of a server."""

    async def handle(self, request: SanicRequest) -> HTTPResponse | None:
        """Answer a request; None where the answer has left already."""

    def on_framing_error(
        self, request: SanicRequest | None, error: Exception
    ) -> HTTPResponse:
        """Answer what Sanic itself refuses."""


def make_app(door: Answering, *, is_only_app: bool) -> App:
    """
    Return an application that hands every request to the door.

    Args:
        is_only_app: Whether no other Sanic application lives in this process; Sanic
            then rewrites its own classes for speed, which works only once.
    """
    app = App(
        # Sanic keeps a registry of names for the whole process.
        f"petstore-{next(_numbers)}",
        # A host's SANIC_… variables are not for us.
        config=Config(env_prefix=None),
        configure_logging=False,
        request_class=Asked,
    )
    app.config.TOUCHUP = is_only_app
    if is_only_app:
        _spare_the_unused()
    app.config.AUTO_EXTEND = False
    app.config.ACCESS_LOG = False
    app.config.MOTD = False
    app.config.REQUEST_MAX_SIZE = _DRAINED_BYTES_MAX
    app.config.KEEP_ALIVE_TIMEOUT = _KEEP_ALIVE_S
    app.ctx.door = door
    # Sanic starts no application without a route; this one is never looked up.
    # Without a format Sanic reads its handler's source to guess one.
    app.add_route(_never, "/", error_format="json")
    return app


def _spare_the_unused() -> None:
    """
    Leave out of Sanic's rewriting what `App` goes past.

    It reads, parses and compiles each method: half of 17 ms of a start.
    """
    rewritten = TouchUp._registry
    TouchUp._registry = {one for one in rewritten if one[0] is not Sanic}


async def _never(_: SanicRequest) -> HTTPResponse:
    raise AssertionError("App.handle_request answers every request")


class RunningServer:
    """Serve an application on a socket until it is stopped."""

    def __init__(self, app: App, listener: socket.socket, settings: Settings) -> None:
        self._app = app
        self._listener = listener
        self._settings = settings
        self._server: Any = None

    async def start(self) -> None:
        """Begin to accept connections."""
        # Sanic leaves the methods of its server object without types.
        self._server = await self._app.create_server(
            sock=self._listener, return_asyncio_server=True, backlog=BACKLOG
        )
        assert self._server is not None
        await self._server.startup()
        await self._server.before_start()
        await self._server.after_start()

    async def stop(self) -> None:
        """Answer what was accepted, within the limit; then cut what is left."""
        try:
            if self._server is not None:
                await self._finish(self._server)
        finally:
            Sanic.unregister_app(self._app)
            # Its keys hold the routers of stopped applications.
            Router.get.cache_clear()

    async def _finish(self, server: Any) -> None:
        known = set(server.connections)
        await server.before_stop()
        # From now on an answer says that it is the last one of its connection.
        self._app.config.KEEP_ALIVE = False
        await _accept_what_came(self._listener)
        # At once: who connects from now on is refused, and not left without an answer.
        server.close()
        for _ in range(_TURNS_TO_READ):
            await asyncio.sleep(0)
        await self._finish_connections(known)
        await server.after_stop()

    async def _finish_connections(self, known: set[Connection]) -> None:
        loop = asyncio.get_running_loop()
        started = loop.time()
        deadline = started + self._settings.stop_seconds_max
        connections: set[Connection] = self._server.connections
        while connections and loop.time() < deadline:
            is_patient = loop.time() < started + _FIRST_REQUEST_S
            for connection in list(connections):
                # Who has just come is about to ask.
                if connection in known or not is_patient:
                    _finish(connection)
            await asyncio.sleep(_POLL_S)
        for connection in list(connections):
            connection.abort()


async def _accept_what_came(listener: socket.socket) -> None:
    """Let the loop accept who has connected already."""
    with selectors.DefaultSelector() as waiting:
        waiting.register(listener, selectors.EVENT_READ)
        for _ in range(BACKLOG):
            if not waiting.select(0):
                break
            # uvloop accepts one in each turn.
            await asyncio.sleep(0)


def _finish(connection: Connection) -> None:
    if connection.http is not None:
        connection.http.keep_alive = False
    # What was read and not begun is a request too.
    if not connection.recv_buffer:
        connection.close_if_idle()
