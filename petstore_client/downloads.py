"""
Give the body of an answer piece by piece, while it holds its place in the pool.

It gives the place back when it was read, closed, or dropped unread, which Python warns
of as of a file that was left open.
"""

import asyncio
import os
import warnings
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from weakref import finalize

from petstore.contract.errors import ConfigError

Guard = Callable[[], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """
    Hold a body that is being read.

    Args:
        pieces: What is left of it.
        guard: Puts each read under the limits of its call.
        close: Closes the answer.
        leave: Gives the place back; waits for no lock.
        abandoned: Where it waits to be closed, when it was dropped.
    """

    pieces: Iterator[bytes]
    guard: Guard
    close: Callable[[], None]
    leave: Callable[[], None]
    abandoned: "deque[Body]"
    pid: int = field(default_factory=os.getpid)

    @property
    def is_foreign(self) -> bool:
        """
        Whether another process reads it, of which this one is a fork.

        To close it here would end the connection there, and may wait for a lock that
        another thread held at the fork.
        """
        return os.getpid() != self.pid

    def end(self) -> None:
        """Close it, and give its place back."""
        if self.is_foreign:
            return
        try:
            self.close()
        finally:
            self.leave()

    def abandon(self) -> None:
        """
        Give its place back, and leave the rest to the next request.

        Garbage may be collected anywhere, even where this thread holds a lock that a
        close waits for.
        """
        if self.is_foreign:
            return
        self.abandoned.append(self)
        self.leave()
        _warn()


class Download:
    """Iterate the pieces of a body, once."""

    def __init__(self, body: Body) -> None:
        self._body = body
        self._dropped = finalize(self, body.abandon)
        self._dropped.atexit = False

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if not self._dropped.alive:
            raise StopIteration
        if self._body.is_foreign:
            raise ConfigError(
                "This download belongs to the process that this one is a fork of; call"
                " for another one here."
            )
        try:
            with self._body.guard():
                piece = next(self._body.pieces, None)
        except BaseException:
            self.close()
            raise
        if piece is None:
            self.close()
            raise StopIteration
        return piece

    def close(self) -> None:
        """Read no more; a second time does nothing."""
        if self._dropped.detach() is not None:
            self._body.end()


@dataclass(frozen=True, slots=True, eq=False)
class AsyncBody:
    """Hold a body that is being read in one event loop; see `Body`."""

    pieces: AsyncIterator[bytes]
    guard: Guard
    close: Callable[[], Awaitable[None]]
    leave: Callable[[], None]
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)

    async def end(self) -> None:
        """Close it, and give its place back."""
        try:
            await self.close()
        finally:
            self.leave()

    def abandon(self) -> None:
        """Have it ended by its loop, from wherever garbage is collected."""
        # Where the loop is closed, nothing can be ended any more.
        with suppress(RuntimeError):
            self.loop.call_soon_threadsafe(self._end_soon)
        _warn()

    def _end_soon(self) -> None:
        ending = self.loop.create_task(self.end())
        # Loops refer to their tasks weakly.
        _ENDING.add(ending)
        ending.add_done_callback(_ENDING.discard)


_ENDING: set["asyncio.Task[None]"] = set()


def _warn() -> None:
    """Warn last: a filter may make an error of it, which ends what called."""
    warnings.warn(
        "A download was dropped unread; read it to its end, or close it.",
        ResourceWarning,
        stacklevel=3,
    )


class AsyncDownload:
    """Iterate the pieces of a body, once, in the event loop of its call."""

    def __init__(self, body: AsyncBody) -> None:
        self._body = body
        self._dropped = finalize(self, body.abandon)
        self._dropped.atexit = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if not self._dropped.alive:
            raise StopAsyncIteration
        if asyncio.get_running_loop() is not self._body.loop:
            raise ConfigError(
                "This download belongs to another event loop; read it where it began."
            )
        try:
            with self._body.guard():
                piece = await anext(self._body.pieces, None)
        except BaseException:
            await self.aclose()
            raise
        if piece is None:
            await self.aclose()
            raise StopAsyncIteration
        return piece

    async def aclose(self) -> None:
        """Read no more; a second time does nothing."""
        if self._dropped.detach() is not None:
            # A close that is cancelled would leave its connection open for ever.
            await asyncio.shield(self._body.end())
