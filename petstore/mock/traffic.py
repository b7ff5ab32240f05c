"""Know what is under way in one session, so that it ends when nothing is."""

import asyncio
import threading
from time import monotonic
from typing import Final

from petstore.contract.errors import Conflicted
from petstore.mock.refusals import NoSuchSession
from petstore.mock.streams import OpenStream

_POLL_S: Final = 0.02


class Traffic:
    """
    Count requests that have no answer yet, and hold the streams that are read.

    Whoever calls it holds the lock of its session, but for `idle` and `cut_streams`.

    Attributes:
        idle: Of a session that was stopped: set when it has no request left.
        streams: Those that are recorded while they are read.
    """

    def __init__(self, session_id: str) -> None:
        self._session_id = session_id
        self._count = 0
        self._is_stopped = False
        self.idle = threading.Event()
        self.streams: set[OpenStream] = set()

    def begin(self) -> None:
        """
        Count a request more.

        Raises:
            NoSuchSession: The session was stopped.
        """
        if self._is_stopped:
            raise NoSuchSession(f"Session {self._session_id} is being ended.")
        self._count += 1

    def end(self) -> None:
        """Count a request less, however it ended."""
        self._count -= 1
        if self._is_stopped and not self._count:
            self.idle.set()

    def stop(self) -> None:
        """
        Take no request more.

        Raises:
            Conflicted: It was stopped before.
        """
        if self._is_stopped:
            raise Conflicted(f"Session {self._session_id} is being ended already.")
        self._is_stopped = True
        self.idle.clear()
        if not self._count:
            self.idle.set()

    async def wait(self, timeout_s: float) -> bool:
        """Wait until a session that was stopped has no request left; tell whether."""
        until_s = monotonic() + timeout_s
        # Threads set it, so it is no event of asyncio; and not in a thread: there are
        # few, and large requests wait for one.
        while not self.idle.is_set() and monotonic() < until_s:  # noqa: ASYNC110
            await asyncio.sleep(_POLL_S)
        return self.idle.is_set()

    def go_on(self) -> None:
        """Take requests again."""
        self._is_stopped = False

    def cut_streams(self) -> None:
        """Record what streams told so far; their readers read on."""
        for stream in list(self.streams):
            stream.end()
