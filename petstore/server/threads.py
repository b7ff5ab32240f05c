"""Run a server in a thread of somebody's tests."""

import asyncio
import socket
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

from petstore.server.settings import LOOPBACK
from petstore.server.sockets import bind, url_of

STOP_S: Final = 10.0


class ServerThread(ABC):
    """
    Serve while a `with` goes on, which begins once connections are accepted.

    Raises:
        ConfigError: When entered: the server or the port is wrong.
    """

    url: str
    """Where this machine reaches the server, once it was entered."""

    def __init__(self, *, host: str = LOOPBACK, port: int = 0) -> None:
        self._host = host
        self._port = port
        self._error: BaseException | None = None

    @abstractmethod
    async def _serve(
        self,
        listener: socket.socket,
        stopped: asyncio.Event,
        on_ready: Callable[[], None],
    ) -> None:
        """
        Serve until the event is set.

        Args:
            on_ready: To be called once, when connections are accepted.
        """

    def __enter__(self) -> Self:
        self._ready = threading.Event()
        self._listener = bind(self._host, self._port)
        self.url = url_of(self._listener)
        name = type(self).__name__
        self._thread = threading.Thread(target=self._main, name=f"petstore-{name}")
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
        self._thread.join(STOP_S)
        if self._error is not None:
            raise self._error

    def _main(self) -> None:
        try:
            with asyncio.Runner() as runner:
                runner.run(self._until_stopped())
        except BaseException as error:  # noqa: BLE001 - raised where it can be seen
            self._error = error
        finally:
            self._listener.close()
            self._ready.set()

    async def _until_stopped(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopped = asyncio.Event()
        await self._serve(self._listener, self._stopped, self._ready.set)
