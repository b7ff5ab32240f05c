"""Run a server: in the foreground of a process, or in a thread of somebody's tests."""

import asyncio
import signal
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import NamedTuple, Self

from petstore.engine.engine import AsyncEngine
from petstore.engine.opening import Options, open_async_engine, reset
from petstore.engine.owner import appoint_async
from petstore.engine.seeding import Account
from petstore.server.app import RunningServer, make_app
from petstore.server.door import Door
from petstore.server.logs import LOGGER
from petstore.server.process import fast_loop, spare_the_collector, stopped_by_signal
from petstore.server.services import Services
from petstore.server.settings import LOOPBACK, Settings
from petstore.server.sockets import url_of
from petstore.server.threads import ServerThread

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


class ThreadedServer(ServerThread):
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
        super().__init__(host=host, port=port)
        self._store = store
        self._options = options
        self._make_settings = settings

    def __enter__(self) -> Self:
        # First what may be refused: nothing is to be closed then.
        self._settings = self._make_settings()
        return super().__enter__()

    async def _serve(
        self,
        listener: socket.socket,
        stopped: asyncio.Event,
        on_ready: Callable[[], None],
    ) -> None:
        async def announce(engine: AsyncEngine) -> None:
            self.owner = await appoint_async(engine)
            on_ready()

        served = Served(self._store, self._options, self._settings, listener)
        await run(served, stopped, is_only_app=False, on_ready=announce)
