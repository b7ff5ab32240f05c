"""
Let somebody else answer what a session asks for: an upstream, or an engine.

    Others    for one session of this process, whatever threads and event loops ask
    Askers    for all sessions of a server, on its event loop

Whoever answers is made when it is first asked. A session that was reset has another
cursor; with it comes another engine, which knows nothing of the one before.
"""

import asyncio
import atexit
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import replace
from functools import cache
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol
from weakref import WeakSet

from petstore.contract.call import ByteStream
from petstore.contract.errors import ConfigError
from petstore.contract.replies import Response
from petstore.mock.opening import OpenedSession
from petstore.mock.refusals import UpstreamFailed, overtaken
from petstore.mock.session import Session
from petstore.mock.steps import ENGINE, Ask
from petstore.mock.tape import Cursor

if TYPE_CHECKING:
    from petstore.mock.engine_door import AsyncEngineDoor, EngineDoor
    from petstore.mock.upstream import Upstream


class Answering(Protocol):
    """Be who answers what a session asks."""

    async def ask_async(self, ask: Ask) -> Response:
        """Answer a request."""

    async def aclose(self) -> None:
        """Let go of connections and files."""


class Others:
    """
    Know who answers for one session.

    Both kinds of client share one store and one pool of connections: each sees what the
    other did, and whoever closes needs no event loop, of which that of an asynchronous
    test is over by then.

    Args:
        is_network_asked: Whether the network was asked for although CI is set.
        environment: Variables; those of the process unless given.
    """

    def __init__(
        self,
        session: Session,
        *,
        is_network_asked: bool = False,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self._session = session
        self._is_network_asked = is_network_asked
        self._environment = environment
        self._upstream: Upstream | None = None
        self._engine: EngineDoor | None = None
        self._cursor: Cursor | None = None
        # One after the other, so that a recording has the order of the requests.
        self._asking = threading.Lock()

    def ask(self, ask: Ask) -> Response:
        """
        Answer whoever waits.

        Raises:
            ConfigError: There is nobody to ask, or it does not answer.
        """
        with self._asking:
            url = _asked_of(self._session, ask)
            if url == ENGINE:
                return self._opened().answer(ask.request)
            return self._connected(url).ask(ask)

    async def ask_async(self, ask: Ask) -> Response:
        """Answer a coroutine; see `ask`."""
        response = await asyncio.to_thread(self.ask, ask)
        body = response.body
        if isinstance(body, ByteStream) and not isinstance(body.chunks, bytes):
            response.body = replace(body, chunks=_OffLoop(body.chunks))
        return response

    def close(self) -> None:
        """Let go of the store and the connections; whoever asks again begins anew."""
        upstream, self._upstream = self._upstream, None
        if upstream is not None:
            upstream.close()
        engine, self._engine = self._engine, None
        if engine is not None:
            engine.close()

    async def aclose(self) -> None:
        """Let go of the store and the connections; see `close`."""
        self.close()

    def _connected(self, url: str) -> "Upstream":
        if self._upstream is None:
            # Late, for it loads httpx.
            from petstore.mock.upstream import Upstream

            self._upstream = Upstream(
                url, is_asked=self._is_network_asked, environment=self._environment
            )
        return self._upstream

    def _opened(self) -> "EngineDoor":
        cursor = self._session.cursor
        if self._engine is not None and self._cursor is not cursor:
            self._engine.close()
            self._engine = None
        if self._engine is None:
            # Late, for it loads the engine.
            from petstore.mock.engine_door import EngineDoor, engine_setup

            self._engine = EngineDoor(**engine_setup(self._session))
            self._cursor = cursor
        return self._engine


class Askers:
    """
    Know who answers for which session of a server.

    Args:
        engine: Makes the store behind a session; one in this process unless given.
        is_network_asked: Whether the network was asked for although CI is set.
    """

    def __init__(
        self,
        engine: Callable[[Session], Answering] | None = None,
        *,
        is_network_asked: bool = False,
    ) -> None:
        self._make_engine = engine or _engine_of
        self._is_network_asked = is_network_asked
        self._upstreams: dict[str, Answering] = {}
        # By the session and not its id, which another one may have later.
        self._engines: dict[Session, _Begun] = {}
        self._over: WeakSet[Session] = WeakSet()

    async def ask(self, session: Session, ask: Ask) -> Response:
        """
        Let somebody answer.

        Raises:
            UpstreamFailed: Nobody does; says why.
        """
        try:
            url = _asked_of(session, ask)
            if url == ENGINE:
                return await (await self._engine(session)).ask_async(ask)
            return await self._connected(url).ask_async(ask)
        except ConfigError as error:
            raise UpstreamFailed(error.message) from error

    async def restart(self, session: Session) -> None:
        """Let go of what answers for one session alone; whoever asks begins anew."""
        begun = self._engines.pop(session, None)
        if begun is not None:
            await begun.answering.aclose()

    async def end(self, session: Session) -> None:
        """Answer no more for a session; what it still asks comes too late."""
        self._over.add(session)
        await self.restart(session)

    async def aclose(self) -> None:
        """Let go of everything."""
        engines = [one.answering for one in self._engines.values()]
        for one in [*self._upstreams.values(), *engines]:
            await one.aclose()
        self._upstreams.clear()
        self._engines.clear()

    def _connected(self, url: str) -> Answering:
        if url not in self._upstreams:
            # Late: who only replays waits for no HTTP client.
            from petstore.mock.upstream import Upstream

            self._upstreams[url] = Upstream(url, is_asked=self._is_network_asked)
        return self._upstreams[url]

    async def _engine(self, session: Session) -> Answering:
        if session in self._over:
            raise ConfigError(f"Session {session.id} is over.")
        before = self._engines.get(session)
        if before is not None and before.cursor is session.cursor:
            return before.answering
        made = self._make_engine(session)
        self._engines[session] = _Begun(session.cursor, made)
        # One that knows of the reset itself is the same one.
        if before is not None and before.answering is not made:
            await before.answering.aclose()
        return made


class _Begun(NamedTuple):
    cursor: Cursor
    answering: Answering


class _Engine:
    """Be a store in this process that answers for one session."""

    def __init__(self, door: "AsyncEngineDoor") -> None:
        self._door = door

    async def ask_async(self, ask: Ask) -> Response:
        """Answer a request."""
        return await self._door.answer(ask.request)

    async def aclose(self) -> None:
        """Close the store."""
        await self._door.close()


def _asked_of(session: Session, ask: Ask) -> str:
    """
    Return the URL of who answers, or `engine`.

    Raises:
        ConfigError: The session has nobody to ask.
        Overtaken: The session was reset since; its next engine knows nothing of it.
    """
    if ask.begun is not None and ask.begun is not session.cursor:
        raise overtaken(session.id)
    url = session.upstream if isinstance(session, OpenedSession) else None
    if ENGINE in (ask.whom, url):
        return ENGINE
    if url is None:
        raise nobody(ask, f"Session {session.id}")
    return url


def nobody(ask: Ask, who: str = "This mock") -> ConfigError:
    """Return the error of a session that asks whom it does not have."""
    return ConfigError(
        f"{who} has no {ask.whom} to ask; give it one, or replay with on_miss=fail."
    )


def _engine_of(session: Session) -> Answering:
    # Late, for it loads the engine.
    from petstore.mock.engine_door import AsyncEngineDoor, engine_setup

    return _Engine(AsyncEngineDoor(**engine_setup(session)))


# Threads that read an event, or wait for one.
_readers: Final[set[threading.Thread]] = set()
_LAST_READ_S: Final = 0.3


class _OffLoop:
    """Wait for each event in a thread: the loop has more to do."""

    def __init__(self, chunks: Any) -> None:
        self._chunks = chunks
        self._events: Iterator[bytes] = iter(chunks)
        self._waiting: Future[bytes | None] = Future()
        self._waiting.set_result(b"")

    def __aiter__(self) -> "_OffLoop":
        return self

    async def __anext__(self) -> bytes:
        self._waiting = _next_off_loop(self._events)
        try:
            event = await asyncio.wrap_future(self._waiting)
        except BaseException:
            await self.aclose()
            raise
        if event is None:
            await self.aclose()
            raise StopAsyncIteration
        return event

    async def aclose(self) -> None:
        """End the stream, also one that nobody began to read."""
        # Nobody can close what a thread is still in.
        self._waiting.add_done_callback(lambda _: self._chunks.close())


def _next_off_loop(events: Iterator[bytes]) -> "Future[bytes | None]":
    waiting: Future[bytes | None] = Future()
    # Else a reader that leaves would end it before the thread does.
    waiting.set_running_or_notify_cancel()

    def wait() -> None:
        try:
            waiting.set_result(next(events, None))
        except BaseException as error:  # noqa: BLE001  the reader raises it
            waiting.set_exception(error)
        finally:
            _readers.discard(threading.current_thread())

    # A daemon: no program waits at its end for an event that may never come.
    thread = threading.Thread(target=wait, name="petstore-events", daemon=True)
    _end_with_the_program()
    _readers.add(thread)
    thread.start()
    return waiting


@cache
def _end_with_the_program() -> None:
    atexit.register(_let_read)


def _let_read() -> None:
    """Let threads come to where they wait: SQLite crashes in an interpreter's end."""
    until_s = monotonic() + _LAST_READ_S
    for thread in list(_readers):
        thread.join(max(0.0, until_s - monotonic()))
