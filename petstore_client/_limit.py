"""
Say until when a request may use the network, and who ends it before.

Cancellation ends here as well. httpcore 1.0 waits at places where a cancelled task
leaves a connection in the pool that nobody uses or closes. So a request runs in a task
that is never cancelled as a whole: only what it waits for on the network is, and that
looks to httpcore like a network that failed.
"""

import asyncio
import math
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic
from typing import Any, Final, TypeVar

import httpcore

T = TypeVar("T")


class Limit:
    """
    Say until when one request may use the network.

    Args:
        deadline: A time of `time.monotonic`.
    """

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.is_lifted = False
        self._is_aborted = False
        self._waiting: asyncio.Task[Any] | None = None

    def left(self, timeout: float | None) -> float:
        """
        Return how long the next step may take.

        Raises:
            httpcore.ReadTimeout: There is no time left.
        """
        left = self.deadline - monotonic()
        if left <= 0 or self._is_aborted:
            raise httpcore.ReadTimeout("The time is over.")
        return left if timeout is None else min(left, timeout)

    def lift(self) -> None:
        """Let the rest take as long as it may."""
        self.deadline = math.inf
        self.is_lifted = True

    def abort(self) -> None:
        """End what the request waits for, and refuse it any further step."""
        self._is_aborted = True
        if self._waiting is not None:
            self._waiting.cancel()

    async def wait(self, step: Awaitable[T]) -> T:
        """
        Wait for one step.

        Raises:
            httpcore.ReadTimeout: It was aborted.
        """
        task = self._waiting = asyncio.current_task()
        try:
            return await step
        except asyncio.CancelledError:
            if not self._is_aborted:
                raise
            assert task is not None
            task.uncancel()
            raise httpcore.ReadTimeout("The caller has gone.") from None
        finally:
            self._waiting = None


# A transport has no argument for it, and one pool serves many requests at once.
_LIMIT: Final[ContextVar[Limit | None]] = ContextVar("limit", default=None)


@contextmanager
def under(limit: Limit) -> Iterator[None]:
    """Put what is read and written inside under a limit."""
    token = _LIMIT.set(limit)
    try:
        yield
    finally:
        _LIMIT.reset(token)


def current() -> Limit:
    """Return the limit that this request is under."""
    return _LIMIT.get() or Limit(math.inf)


async def abortable(step: Coroutine[Any, Any, T], limit: Limit) -> T:
    """
    Wait for what uses the network under a limit, in a task that is never cancelled.

    When the waiting task is, the limit is aborted, and so the step ends soon.
    """
    task = asyncio.create_task(step)
    try:
        await asyncio.wait((task,))
    except asyncio.CancelledError:
        limit.abort()
        # Loops refer to their tasks weakly.
        _ENDING.add(task)
        task.add_done_callback(_forget)
        raise
    return task.result()


_ENDING: Final[set[asyncio.Task[Any]]] = set()


def _forget(task: asyncio.Task[Any]) -> None:
    _ENDING.discard(task)
    if not task.cancelled():
        # Else asyncio logs that nobody asked.
        task.exception()


async def interruptible(chunks: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """Give the pieces of an upload; an abort ends the wait for one."""
    iterator = aiter(chunks)
    while (chunk := await _in_time(anext(iterator, None))) is not None:
        yield chunk


async def _in_time(step: Awaitable[T]) -> T:
    """Wait for the caller's own step, which has no limit of the network's."""
    timer = asyncio.timeout(left(None))
    try:
        async with timer:
            return await wait(step)
    except TimeoutError:
        if timer.expired():
            raise httpcore.WriteTimeout("The upload gave no piece in time.") from None
        raise


def left(timeout: float | None) -> float | None:
    """Return how long the next step may take, as `Limit.left`."""
    limit = _LIMIT.get()
    return timeout if limit is None else limit.left(timeout)


def wait(step: Awaitable[T]) -> Awaitable[T]:
    limit = _LIMIT.get()
    return step if limit is None else limit.wait(step)
