"""Run a mock server: in the foreground of a process, or in a thread of tests."""

import asyncio
import signal
import socket
from collections.abc import Callable
from types import TracebackType

from petstore.mock.door import MockDoor
from petstore.mock.session import Session
from petstore.server.app import RunningServer, make_app
from petstore.server.process import fast_loop, spare_the_collector, stopped_by_signal
from petstore.server.settings import LOOPBACK, Settings
from petstore.server.threads import STOP_S, ServerThread


async def run(
    door: MockDoor,
    listener: socket.socket,
    stopped: asyncio.Event,
    *,
    is_only_app: bool,
    on_ready: Callable[[], None],
    is_kept: Callable[[], bool] = lambda: True,
) -> None:
    """
    Serve until the event is set, then answer what was accepted.

    Args:
        on_ready: Called when connections are accepted.
        is_kept: Asked at the end whether what sessions recorded is written.
    """
    app = make_app(door, is_only_app=is_only_app)
    server = RunningServer(app, listener, Settings())
    try:
        await server.start()
        on_ready()
        await stopped.wait()
    finally:
        await server.stop()
        await door.close(is_kept=is_kept())


def run_until_signal(
    door: MockDoor, listener: socket.socket, on_ready: Callable[[], None]
) -> None:
    """Serve in this process until SIGINT, SIGTERM or SIGHUP."""

    async def main() -> None:
        # A terminal that is closed is no reason to lose what was recorded.
        stopped = stopped_by_signal(signal.SIGHUP)

        def announce() -> None:
            spare_the_collector()
            on_ready()

        await run(door, listener, stopped, is_only_app=True, on_ready=announce)

    with asyncio.Runner(loop_factory=fast_loop()) as runner:
        runner.run(main())


class MockServer(ServerThread):
    """
    Serve from a thread, for tests: `with MockServer(door) as server: server.url`.

    Whatever fails there leaves the recordings of sessions that nobody ended as they
    were.
    """

    def __init__(self, door: MockDoor, *, host: str = LOOPBACK, port: int = 0) -> None:
        super().__init__(host=host, port=port)
        self._door = door
        self._is_kept = True

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._is_kept = kind is None
        super().__exit__(kind, error, traceback)

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
        asyncio.run_coroutine_threadsafe(ending, self._loop).result(STOP_S)

    async def _serve(
        self,
        listener: socket.socket,
        stopped: asyncio.Event,
        on_ready: Callable[[], None],
    ) -> None:
        await run(
            self._door,
            listener,
            stopped,
            is_only_app=False,
            on_ready=on_ready,
            is_kept=lambda: self._is_kept,
        )
