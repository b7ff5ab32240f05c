"""Run a server: in the foreground of a process, or in a thread of somebody's tests."""

import asyncio
import signal
import socket
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import NamedTuple, Self

from petstore.engine.engine import AsyncEngine
from petstore.engine.opening import Options, open_async_engine, reset
from petstore.engine.owner import appoint_async
from petstore.engine.seeding import Account
from petstore.server.app import RunningServer, make_app
from petstore.server.door import LOGGER, Door
from petstore.server.process import fast_loop, spare_the_collector, stopped_by_signal
from petstore.server.services import Services
from petstore.server.settings import LOOPBACK, Settings
from petstore.server.sockets import bind, url_of

_THREAD_STOP_S = 10.0
_CLOSE_S_MAX = 0.7


class Served(NamedTuple):
    """Hold what a server needs: a store, its options, its settings, its socket."""

    store: str
    options: Options
    settings: Settings
    listener: socket.socket

    @property
    def url(self) -> str:
        """Return where this machine reaches the server."""
        return url_of(self.listener)


async def run(
    served: Served,
    stopped: asyncio.Event,
    *,
    is_only_app: bool,
    on_ready: Callable[[AsyncEngine], Awaitable[None]] | None = None,
) -> None:
    """
    Serve until the event is set, then answer what was accepted and close the store.

    Args:
        on_ready: Called when connections are accepted.

    Raises:
        ConfigError: The store or an option is not what it should be.
    """
    engine = await _opened(served, stopped)
    if engine is None:
        return
    try:
        bring_back = partial(reset, engine, served.store, served.options)
        services = Services(engine, served.settings, bring_back)
        door = Door(engine, served.settings, services)
        app = make_app(door, is_only_app=is_only_app)
        server = RunningServer(app, served.listener, served.settings)
        try:
            await server.start()
            if on_ready is not None:
                await on_ready(engine)
            await stopped.wait()
        finally:
            engine.end_streams()
            await server.stop()
    finally:
        await engine.close()


async def _opened(served: Served, stopped: asyncio.Event) -> AsyncEngine | None:
    """Open the store, which may take long when it is filled; None to stop instead."""
    opening = asyncio.ensure_future(open_async_engine(served.store, served.options))
    stopping = asyncio.ensure_future(stopped.wait())
    await asyncio.wait((opening, stopping), return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not opening.done():
        opening.cancel()
    with suppress(asyncio.CancelledError):
        return await opening
    return None


def run_until_signal(
    served: Served, on_ready: Callable[[AsyncEngine], Awaitable[None]]
) -> None:
    """
    Serve in this process until SIGINT or SIGTERM.

    A second one ends the process at once, as a crash would, and a store survives that.
    So does the lack of an end in time.
    """

    async def main() -> None:
        # Before anything is opened: a signal that comes early must not be lost.
        stopped = stopped_by_signal()

        async def settle(engine: AsyncEngine) -> None:
            spare_the_collector()
            await on_ready(engine)

        limit_s = served.settings.stop_seconds_max + _CLOSE_S_MAX
        late = asyncio.create_task(_end_when_late(stopped, limit_s))
        try:
            await run(served, stopped, is_only_app=True, on_ready=settle)
        finally:
            late.cancel()

    with asyncio.Runner(loop_factory=fast_loop()) as runner:
        runner.run(main())


async def _end_when_late(stopped: asyncio.Event, limit_s: float) -> None:
    """Be the second signal, where a database that does not answer holds the store."""
    await stopped.wait()
    await asyncio.sleep(limit_s)
    LOGGER.error("the store did not close in time")
    signal.raise_signal(signal.SIGTERM)


class ThreadedServer:
    """
    Serve from a thread, for tests: `with petstore.serve() as server: server.url`.

    Raises:
        ConfigError: When entered: the store, an option or the port is wrong.
    """

    owner: Account | None = None
    """The owner that a shop without one was given; the password is nowhere else."""

    def __init__(
        self,
        store: str,
        options: Options,
        settings: Callable[[], Settings],
        *,
        host: str = LOOPBACK,
        port: int = 0,
    ) -> None:
        self._store = store
        self._options = options
        self._settings = settings
        self._host = host
        self._port = port
        self._error: BaseException | None = None

    def __enter__(self) -> Self:
        self._ready = threading.Event()
        # First what may be refused: nothing is to be closed then.
        settings = self._settings()
        listener = bind(self._host, self._port)
        self._served = Served(self._store, self._options, settings, listener)
        self.url = self._served.url
        self._thread = threading.Thread(target=self._main, name="petstore-server")
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
        # A thread that died has closed its loop; what it died of is raised below.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(_THREAD_STOP_S)
        if self._error is not None:
            raise self._error

    def _main(self) -> None:
        try:
            with asyncio.Runner() as runner:
                runner.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - raised where it can be seen
            self._error = error
        finally:
            self._served.listener.close()
            self._ready.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopped = asyncio.Event()

        async def announce(engine: AsyncEngine) -> None:
            self.owner = await appoint_async(engine)
            self._ready.set()

        await run(self._served, self._stopped, is_only_app=False, on_ready=announce)
