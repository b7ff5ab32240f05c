"""
Let as many in as there is room for, in the order in which they came.

A gate stands in front of a connection pool. Pools of httpcore 1.0 queue unfairly, and
lose a slot for each request that is cancelled in their queue; behind a gate of their
size they never queue.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Final

# `threading.Lock.acquire` takes no more.
_WAIT_S_MAX: Final = threading.TIMEOUT_MAX


class Gate:
    """
    Be passed by any thread.

    `leave` may run anywhere, even where garbage is collected while this very thread
    is inside of another method here. So it waits for no lock: it notes what is given
    back, and whoever holds the lock looks for such notes after.
    """

    def __init__(self, size: int) -> None:
        self._free = size
        self._waiting: deque[threading.Lock] = deque()
        self._left: deque[None] = deque()
        # Not a number, which two threads could count up at once.
        self._held: deque[None] = deque()
        self._lock = threading.Lock()

    def enter(self, until: float) -> bool:
        """
        Wait for a place; False when there was none until then.

        Args:
            until: A time of `time.monotonic`.
        """
        turn = threading.Lock()
        turn.acquire()
        with self._lock:
            self._waiting.append(turn)
            self._admit()
        self._settle()
        try:
            is_in = turn.acquire(timeout=min(_WAIT_S_MAX, max(0, until - monotonic())))
        except BaseException:
            if not self._give_up(turn):
                self.leave()
            raise
        return is_in or not self._give_up(turn)

    def leave(self) -> None:
        """Give a place back."""
        self._left.append(None)
        self._settle()

    @property
    def held_count(self) -> int:
        """How many places are held until somebody gives them back."""
        return len(self._held)

    def hold(self) -> Callable[[], None]:
        """Keep a place for longer than a request; return what gives it back."""
        self._held.append(None)
        return self._let_go

    def _let_go(self) -> None:
        self._held.pop()
        self.leave()

    def _give_up(self, turn: threading.Lock) -> bool:
        """Wait no more; False when the place had been given meanwhile."""
        with self._lock:
            has_waited = turn in self._waiting
            if has_waited:
                self._waiting.remove(turn)
        self._settle()
        return has_waited

    def _settle(self) -> None:
        while self._left and self._lock.acquire(blocking=False):
            try:
                self._admit()
            finally:
                self._lock.release()

    def _admit(self) -> None:
        while self._left:
            self._left.popleft()
            self._free += 1
        while self._free and self._waiting:
            self._free -= 1
            self._waiting.popleft().release()


class AsyncGate:
    """Be passed by the coroutines of one event loop."""

    def __init__(self, size: int) -> None:
        self._free = size
        self._waiting: deque[asyncio.Future[bool]] = deque()
        self.held_count: int = 0

    async def enter(self, until: float) -> bool:
        """Wait for a place; False when there was none until then; see `Gate.enter`."""
        if self._free:
            self._free -= 1
            return True
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[bool] = loop.create_future()
        self._waiting.append(turn)
        end = loop.call_later(max(0, until - monotonic()), self._give_up, turn)
        try:
            return await turn
        except asyncio.CancelledError:
            # The place may have been given just before.
            if turn.done() and not turn.cancelled() and turn.result():
                self.leave()
            raise
        finally:
            end.cancel()
            with suppress(ValueError):
                self._waiting.remove(turn)

    def leave(self) -> None:
        """Give a place back."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(True)
                return
        self._free += 1

    def hold(self) -> Callable[[], None]:
        """Keep a place for longer than a request; see `Gate.hold`."""
        self.held_count += 1
        return self._let_go

    def _let_go(self) -> None:
        self.held_count -= 1
        self.leave()

    def _give_up(self, turn: "asyncio.Future[bool]") -> None:
        if not turn.done():
            turn.set_result(False)
