"""Run a mock server: in the foreground of a process, or in a thread of tests."""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

from petstore.mock.door import MockDoor
from petstore.mock.session import Session
from petstore.server.app import RunningServer, make_app
from petstore.server.process import fast_loop, spare_the_collector, stopped_by_signal
from petstore.server.settings import LOOPBACK, Settings
from petstore.server.sockets import bind, url_of

_THREAD_STOP_S: Final = 10.0


async def run(
    door: MockDoor,
    listener: socket.socket,
    stopped: asyncio.Event,
    *,
    is_only_app: bool,
    on_ready: Callable[[], Awaitable[None]],
) -> None:
    """Serve until the event is set, then answer what was accepted."""
    app = make_app(door, is_only_app=is_only_app)
    server = RunningServer(app, listener, Settings())
    try:
        await server.start()
        await on_ready()
        await stopped.wait()
    finally:
        await server.stop()
        await door.close()


def run_until_signal(
    door: MockDoor, listener: socket.socket, on_ready: Callable[[], None]
) -> None:
    """Serve in this process until SIGINT or SIGTERM."""

    async def main() -> None:
        stopped = stopped_by_signal()

        async def announce() -> None:
            spare_the_collector()
            on_ready()

        await run(door, listener, stopped, is_only_app=True, on_ready=announce)

    with asyncio.Runner(loop_factory=fast_loop()) as runner:
        runner.run(main())


class MockServer:
    """Serve from a thread, for tests: `with MockServer(door) as server: server.url`."""

    def __init__(self, door: MockDoor, *, host: str = LOOPBACK, port: int = 0) -> None:
        self._door = door
        self._host = host
        self._port = port
        self._error: BaseException | None = None

    def __enter__(self) -> Self:
        self._ready = threading.Event()
        self._listener = bind(self._host, self._port)
        self.url = url_of(self._listener)
        self._thread = threading.Thread(target=self._main, name="petstore-mock")
        self._thread.start()
        self._ready.wait()
        if self._error is not None:
            self._thread.join()
            raise self._error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(_THREAD_STOP_S)
        if self._error is not None:
            raise self._error

    def add(self, session: Session) -> str:
        """
        Let the server serve one session more; any thread may.

        Returns:
            The base URL of whoever asks in it.

        Raises:
            Invalid, Conflicted, Unavailable: See `Sessions.add`.
        """
        return f"{self.url}{self._door.sessions.add(session)}"

    def end(self, session: Session) -> None:
        """Serve a session no longer, and let go of its engine; writes no file."""
        ending = self._door.end(session)
        asyncio.run_coroutine_threadsafe(ending, self._loop).result(_THREAD_STOP_S)

    def _main(self) -> None:
        try:
            with asyncio.Runner() as runner:
                runner.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - raised where it can be seen
            self._error = error
        finally:
            self._listener.close()
            self._ready.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopped = asyncio.Event()

        async def announce() -> None:
            self._ready.set()

        await run(
            self._door,
            self._listener,
            self._stopped,
            is_only_app=False,
            on_ready=announce,
        )
