"""
Open a store, and run units on it.

    store = open_store("shop.db", clock=clock)
    pet = store.read(lambda tx: tx.row(FIND_PET, {"pet_id": 7}))
    store.close()

A unit is a function `fn(tx)`; `transaction.py` says what it may do. A synchronous store
runs it on the caller's thread, an asynchronous one on a lane. Reads and writes have
connections of their own, except in memory, where one connection is the store.
"""

import asyncio
import sqlite3
import warnings
import weakref
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, ExitStack
from functools import partial
from threading import Lock, get_ident
from typing import TYPE_CHECKING, Any, TypeVar

from petstore.contract.errors import NotSupported, Unavailable
from petstore.storage.address import Address, parse
from petstore.storage.files import StoreFile
from petstore.storage.lanes import AiosqliteThread, Lanes, PlainThread, Thread
from petstore.storage.memory import MemoryDriver, open_memory
from petstore.storage.sqlite import SqliteDriver
from petstore.storage.transaction import Clock, Tx
from petstore.storage.unit import GROUP_LENGTH_MAX, Driver, Unit

if TYPE_CHECKING:
    from petstore.storage.postgres import PostgresDriver

T = TypeVar("T")

# The clock's row admits one writer at a time from its last statements to its commit.
POSTGRES_WRITER_COUNT = 2
POSTGRES_READ_BATCH_LENGTH_MAX = 8

# A thread and the driver that it runs.
Seat = tuple[Thread, Driver]


class SyncStore:
    """Run units on the caller's thread; any thread may call. Made by `open_store`."""

    def __init__(
        self,
        address: Address,
        writer: Driver,
        reader: Driver,
        *,
        release: Callable[[], None],
    ) -> None:
        self.shown = address.shown
        self.is_shared = address.kind == "postgres"
        self._on_written: Callable[[], None] = _nothing
        self._on_replaced: Callable[[], None] = _nothing
        self._release = release
        self._is_closed = False
        self._writer = _Gate(writer)
        self._reader = self._writer if reader is writer else _Gate(reader)
        self._forgotten = weakref.finalize(
            self, _forget, self.shown, (reader.close, writer.close, release)
        )

    def read(self, fn: Callable[[Tx], T]) -> T:
        """
        Run a unit that only reads, on one state of the store.

        Raises:
            Unavailable: The store is closed or busy.
        """
        self._require_open()
        gate = self._reader
        value: T = gate.run(gate.driver.read, Unit(fn))
        return value

    def write(self, fn: Callable[[Tx], T], *, actor: str | None = None) -> T:
        """
        Run a unit that may write; when this returns, what it wrote is durable.

        Args:
            fn: May run more than once; what it raises rolls the unit back.

        Raises:
            Unavailable: The store is closed, busy or read-only.
            StorageFull: Nothing was written.
            Conflicted: An id or a name is taken.
        """
        self._require_open()
        gate = self._writer
        value: T = gate.run(gate.driver.write, Unit(fn, actor))
        self._on_written()
        return value

    def watch(
        self, on_written: Callable[[], None], on_replaced: Callable[[], None]
    ) -> None:
        """
        Have functions called after each write of this process, on its thread.

        Args:
            on_replaced: Called when a snapshot has replaced the whole store.
        """
        self._on_written = on_written
        self._on_replaced = on_replaced

    def snapshot(self) -> bytes:
        """
        Return the whole store as bytes.

        Raises:
            NotSupported: It is not in memory.
        """
        self._require_open()
        return self._writer.hold(_in_memory(self._writer.driver).snapshot)

    def restore(self, snapshot: bytes) -> None:
        """
        Replace the whole store by what `snapshot` returned.

        Raises:
            NotSupported: It is not in memory.
            ConfigError: The bytes are no store of this version; nothing changed.
        """
        self._require_open()
        driver = _in_memory(self._writer.driver)
        self._writer.hold(partial(driver.restore, snapshot))
        self._on_replaced()

    def close(self) -> None:
        """Let go of everything, once running units are done; twice is fine."""
        if self._is_closed:
            return
        self._is_closed = True
        self._forgotten.detach()
        # The writing connection goes last: only that one moves the log into the file.
        self._reader.close()
        self._writer.close()
        self._release()

    def _require_open(self) -> None:
        if self._is_closed:
            raise Unavailable("The store is closed.")


class AsyncStore:
    """Run units on lanes, for one event loop. Made by `open_async_store`."""

    def __init__(
        self,
        address: Address,
        writers: Sequence[Seat],
        readers: Sequence[Seat],
        *,
        release: Callable[[], None],
        read_batch_length_max: int = GROUP_LENGTH_MAX,
        write_batch_length_max: int = GROUP_LENGTH_MAX,
    ) -> None:
        loop = asyncio.get_running_loop()
        self.shown = address.shown
        self.is_shared = address.kind == "postgres"
        self._release = release
        self._on_replaced: Callable[[], None] = _nothing
        self._is_closed = False
        self._closing: asyncio.Task[None] | None = None
        self._seats = list(dict.fromkeys((*readers, *writers)))
        leave = [
            partial(thread.abandon, driver.close) for thread, driver in self._seats
        ]
        self._forgotten = weakref.finalize(self, _forget, self.shown, (*leave, release))
        self._writes = Lanes(
            [(thread, driver.write) for thread, driver in writers],
            loop,
            batch_length_max=write_batch_length_max,
        )
        self._reads = Lanes(
            [(thread, driver.read) for thread, driver in readers],
            loop,
            batch_length_max=read_batch_length_max,
        )

    async def read(self, fn: Callable[[Tx], T]) -> T:
        """Run a unit that only reads; see `SyncStore.read`."""
        return await self._reads.submit(fn)

    async def write(self, fn: Callable[[Tx], T], *, actor: str | None = None) -> T:
        """
        Run a unit that may write; see `SyncStore.write`.

        A caller that is cancelled while its unit waits takes it back; once it has
        begun, it is finished, and its outcome is not delivered.
        """
        return await self._writes.submit(fn, actor)

    def watch(
        self, on_written: Callable[[], None], on_replaced: Callable[[], None]
    ) -> None:
        """Have functions called, once for many writes; see `SyncStore.watch`."""
        self._writes.on_done = on_written
        self._on_replaced = on_replaced

    async def snapshot(self) -> bytes:
        """Return the whole store as bytes; see `SyncStore.snapshot`."""
        thread, driver = self._only_seat()
        return await thread.run(_in_memory(driver).snapshot)

    async def restore(self, snapshot: bytes) -> None:
        """Replace the whole store; see `SyncStore.restore`."""
        thread, driver = self._only_seat()
        await thread.run(_in_memory(driver).restore, snapshot)
        self._on_replaced()

    async def close(self) -> None:
        """
        Answer what waits, then let go of everything; twice is fine.

        A caller that is cancelled leaves the closing to go on without it.
        """
        self._is_closed = True
        # Only the end of a loop cancels the task itself; what it left is done then.
        if self._closing is None or self._closing.cancelled():
            self._closing = asyncio.create_task(self._close())
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        await self._writes.close()
        await self._reads.close()
        # The writing connection goes last: only that one moves the log into the file.
        while self._seats:
            thread, driver = self._seats[0]
            await thread.run(driver.close)
            del self._seats[0]
            await thread.close()
        self._forgotten.detach()
        self._release()

    def _only_seat(self) -> Seat:
        if self._is_closed:
            raise Unavailable("The store is closed.")
        return self._seats[-1]


def open_store(url: str, *, clock: Clock) -> SyncStore:
    """
    Open a store for synchronous callers; makes a fresh one where there is none.

    Args:
        url: See `address.py`.
        clock: Gives milliseconds since the epoch in UTC.

    Raises:
        ConfigError: The URL names no store, another process owns it, or it is one of
            another version.
        Unavailable: Postgres cannot be reached.
    """
    address = parse(url)
    if address.kind == "memory":
        only = open_memory(clock)
        return SyncStore(address, only, only, release=_nothing)
    if address.kind == "postgres":
        writer, reader = _postgres_drivers(address, clock, count=2)
        writer.prepare()
        return SyncStore(address, writer, reader, release=_nothing)
    file = StoreFile(address.path, now=clock())
    with ExitStack() as undo:
        undo.callback(file.release)
        owner = file.open_writer(clock)
        undo.callback(owner.close)
        store = SyncStore(address, owner, file.open_reader(clock), release=file.release)
        undo.pop_all()
    return store


async def open_async_store(url: str, *, clock: Clock, readers: int = 2) -> AsyncStore:
    """
    Open a store for the running event loop; see `open_store`.

    Args:
        readers: How many threads answer reads; a store in memory has one for all.
    """
    address = parse(url)
    if address.kind == "memory":
        seat = await _sqlite_seat(partial(open_memory, clock))
        return AsyncStore(address, [seat], [seat], release=_nothing)
    if address.kind == "postgres":
        return await _open_async_postgres(address, clock, readers=readers)
    file = StoreFile(address.path, now=clock())
    async with AsyncExitStack() as undo:
        undo.callback(file.release)
        seats: list[Seat] = []
        for open_driver in (file.open_writer, *[file.open_reader] * readers):
            seats.append(await _sqlite_seat(partial(open_driver, clock)))
            undo.push_async_callback(seats[-1][0].close)
        undo.pop_all()
    return AsyncStore(address, seats[:1], seats[1:], release=file.release)


async def _open_async_postgres(
    address: Address, clock: Clock, *, readers: int
) -> AsyncStore:
    count = POSTGRES_WRITER_COUNT + readers
    drivers = _postgres_drivers(address, clock, count=count)
    seats = [(PlainThread("petstore"), driver) for driver in drivers]
    async with AsyncExitStack() as undo:
        for thread, _ in seats:
            undo.push_async_callback(thread.close)
        # Connecting takes its time, and other tasks go on meanwhile.
        await seats[0][0].run(drivers[0].prepare)
        undo.pop_all()
    return AsyncStore(
        address,
        seats[:POSTGRES_WRITER_COUNT],
        seats[POSTGRES_WRITER_COUNT:],
        release=_nothing,
        read_batch_length_max=POSTGRES_READ_BATCH_LENGTH_MAX,
        write_batch_length_max=1,
    )


def _postgres_drivers(
    address: Address, clock: Clock, *, count: int
) -> "list[PostgresDriver]":
    # The driver library is an extra.
    from petstore.storage.postgres import PostgresDriver

    return [
        PostgresDriver(address.dsn, clock, place=address.shown) for _ in range(count)
    ]


class _Gate:
    """Let one thread at a time use a driver."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self._lock = Lock()
        self._owner = 0
        self._is_closed = False

    def run(self, job: Callable[[Sequence[Unit]], None], unit: Unit) -> Any:
        self._refuse_nesting()
        with self._lock:
            # The store may have been closed while this thread waited.
            if self._is_closed:
                raise Unavailable("The store is closed.")
            self._owner = get_ident()
            try:
                job((unit,))
            finally:
                self._owner = 0
        return unit.outcome()

    def hold(self, act: Callable[[], T]) -> T:
        self._refuse_nesting()
        with self._lock:
            return act()

    def close(self) -> None:
        self._refuse_nesting()
        with self._lock:
            self._is_closed = True
            self.driver.close()

    def _refuse_nesting(self) -> None:
        # It would wait for itself forever.
        if self._owner == get_ident():
            raise RuntimeError("A unit cannot use its store; pass its tx on.")


async def _sqlite_seat(open_driver: Callable[[], SqliteDriver]) -> Seat:
    """Open a connection on a thread of aiosqlite's, which owns it from then on."""
    drivers: list[SqliteDriver] = []

    def connect() -> sqlite3.Connection:
        drivers.append(open_driver())
        return drivers[0].connection

    thread = AiosqliteThread(connect)
    await thread.start()
    return thread, drivers[0]


def _in_memory(driver: Driver) -> MemoryDriver:
    if isinstance(driver, MemoryDriver):
        return driver
    raise NotSupported("Only a store in memory has snapshots; make a backup of others.")


def _forget(shown: str, close: Sequence[Callable[[], None]]) -> None:
    """Close a store that its owner lost, or that is open when the process ends."""
    for act in close:
        act()
    warnings.warn(f"unclosed store {shown}", ResourceWarning, stacklevel=2)


def _nothing() -> None:
    """Release a store that nobody else could open."""
