"""
Run units of an event loop on threads, many per hop.

A lane is one thread that owns one connection. Waiting units stand in one queue; a lane
that is free takes up to 64 of them in one hop and answers all of them at once. One
drain task per busy lane exists, and none while nothing waits.

A caller that is cancelled takes its unit out of the queue; a unit that has begun is
never abandoned half-way, its outcome is only not delivered.
"""

import asyncio
import sqlite3
import sys
import threading
from asyncio import AbstractEventLoop, Future, Task
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

import aiosqlite

from petstore.contract.errors import ConfigError, Unavailable
from petstore.storage.transaction import Tx
from petstore.storage.unit import GROUP_LENGTH_MAX, Unit, fail_all

T = TypeVar("T")
ABANDON_TIMEOUT_S = 1.0

Job = Callable[[Sequence[Unit]], None]


class Thread(Protocol):
    """Run functions on one thread, in order."""

    async def run(self, function: Callable[..., T], *args: object) -> T:
        """Run a function and return its value."""

    async def close(self) -> None:
        """Let the thread end, and wait for that."""

    def abandon(self, close: Callable[[], None]) -> None:
        """Let the thread end without an event loop; `close` is its connection's."""


class Lanes:
    """
    Hand waiting units to a few threads.

    Args:
        lanes: Each thread with what runs a batch on its connection.
        batch_length_max: How many units one hop takes at most.
    """

    def __init__(
        self,
        lanes: Sequence[tuple[Thread, Job]],
        loop: AbstractEventLoop,
        *,
        batch_length_max: int = GROUP_LENGTH_MAX,
    ) -> None:
        self._loop = loop
        self._idle = list(lanes)
        self._batch_length_max = batch_length_max
        self._waiting: deque[Unit] = deque()
        # The loop keeps weak references to tasks only.
        self._drains: set[Task[None]] = set()
        self._is_starting = False
        self._is_closed = False
        self.on_done: Callable[[], None] | None = None

    def submit(self, fn: Callable[[Tx], T], actor: str | None = None) -> "Future[T]":
        """
        Queue a unit; the future is its outcome.

        Raises:
            Unavailable: The store is closed.
            ConfigError: Another event loop opened the store.
        """
        if self._is_closed:
            raise Unavailable("The store is closed.")
        if asyncio.get_running_loop() is not self._loop:
            raise ConfigError(
                "This store was opened in another event loop, and serves only that one:"
                " keep its calls in one asyncio.run, or open it anew in each."
            )
        future: Future[T] = self._loop.create_future()
        self._waiting.append(Unit(fn, actor, future=future))
        if self._idle and not self._is_starting:
            self._start()
        return future

    async def close(self) -> None:
        """Refuse new units, and wait until every unit in the queue has its answer."""
        self._is_closed = True
        while self._drains:
            await asyncio.wait(self._drains)

    def _start(self) -> None:
        self._is_starting = True
        drain = self._loop.create_task(self._drain())
        self._drains.add(drain)
        drain.add_done_callback(self._ended)

    async def _drain(self) -> None:
        self._is_starting = False
        lane = self._idle.pop()
        thread, job = lane
        try:
            while batch := await self._gather():
                if self._waiting and self._idle and not self._is_starting:
                    self._start()
                try:
                    await thread.run(job, batch)
                except asyncio.CancelledError:
                    # The loop must not be gone before the thread reports to it.
                    await thread.run(_nothing)
                    _abandon(batch)
                    raise
                except Exception as error:  # noqa: BLE001
                    fail_all(batch, error)
                _deliver(batch)
                if self.on_done is not None:
                    self.on_done()
                # The thread remembers its last batch while it waits for the next one.
                batch.clear()
        finally:
            self._idle.append(lane)

    def _ended(self, drain: Task[None]) -> None:
        self._drains.discard(drain)
        if drain.cancelled():
            # Only the end of the loop cancels a drain; nobody will answer the others.
            self._is_starting = False
            _abandon(self._waiting)
            self._waiting.clear()

    async def _gather(self) -> list[Unit]:
        """
        Wait for as long as each turn of the event loop brings more, then take a batch.

        Where nothing else waits that is one turn, about 10 µs; under load a commit and
        its fsync serve twice as many units.
        """
        waiting = self._waiting
        seen_count = -1
        while seen_count < len(waiting) < self._batch_length_max:
            seen_count = len(waiting)
            await asyncio.sleep(0)
        return self._take_batch()

    def _take_batch(self) -> list[Unit]:
        waiting = self._waiting
        batch: list[Unit] = []
        while waiting and len(batch) < self._batch_length_max:
            unit = waiting.popleft()
            if not unit.is_abandoned():
                batch.append(unit)
        return batch


class AiosqliteThread:
    """
    Run functions on the thread of an aiosqlite connection.

    Stands on `Connection._execute` and `Connection._thread`, which are private; the
    dependency is pinned, and a contract test holds what is used here.
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connection = aiosqlite.Connection(connect, iter_chunk_size=64)
        self._thread = self._connection._thread
        # A store that nobody closed must not keep the interpreter alive.
        self._thread.daemon = True
        self._execute: Callable[..., Awaitable[Any]] = self._connection._execute

    async def start(self) -> None:
        """Start the thread and connect on it."""
        try:
            await self._connection
        except BaseException:
            self._thread.join()
            raise

    async def run(self, function: Callable[..., T], *args: object) -> T:
        """Run a function on the thread that owns the connection."""
        value: T = await self._execute(function, *args)
        return value

    async def close(self) -> None:
        """Close the connection, and wait for the thread's end."""
        await self._connection.close()
        self._thread.join()

    def abandon(self, close: Callable[[], None]) -> None:
        """Let the thread close its connection and end; see `Thread`."""
        self._connection.stop()
        # Daemons stand still while the interpreter ends.
        if not sys.is_finalizing() and self._thread is not threading.current_thread():
            self._thread.join(ABANDON_TIMEOUT_S)


class PlainThread:
    """Run functions on one thread of our own."""

    def __init__(self, name: str) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix=name)

    async def run(self, function: Callable[..., T], *args: object) -> T:
        """Run a function on the thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, function, *args)

    async def close(self) -> None:
        """Wait for the thread's end."""
        self._executor.shutdown()

    def abandon(self, close: Callable[[], None]) -> None:
        """Let the thread close its connection and end; see `Thread`."""
        try:
            self._executor.submit(close)
        except RuntimeError:
            # The interpreter is ending, and the thread has ended already.
            close()
        self._executor.shutdown(wait=False)


def _deliver(batch: Sequence[Unit]) -> None:
    for unit in batch:
        future = unit.future
        if future is None or future.done():
            continue
        if unit.error is None:
            future.set_result(unit.value)
        else:
            future.set_exception(unit.error)


def _abandon(units: Iterable[Unit]) -> None:
    for unit in units:
        unit.abandon()


def _nothing() -> None:
    """Run behind whatever the thread is doing."""
