"""
Answer calls from a store, in this process.

Both engines run the same functions and flows; they differ in who waits: the caller's
thread, or a coroutine.
"""

from collections.abc import AsyncIterable, Callable
from functools import partial
from typing import Any, Final, TypeVar, cast

from petstore.contract.arguments import IDEMPOTENCY_KEY
from petstore.contract.call import Call, Reply
from petstore.contract.errors import NotSupported
from petstore.engine.bindings import FLOWS, UNITS
from petstore.engine.context import EMBEDDED, Caller
from petstore.engine.feeds import AsyncFeed, Feed
from petstore.engine.flows import (
    Drain,
    Flow,
    Follow,
    Read,
    Step,
    Visit,
    Work,
    Write,
    as_reply,
)
from petstore.engine.idempotency import run_unit, without_key
from petstore.engine.setup import Setup
from petstore.engine.workers import Workers
from petstore.storage.store import AsyncStore, SyncStore
from petstore.storage.transaction import Tx

T = TypeVar("T")
_KEY: Final = IDEMPOTENCY_KEY.name


class Engine:
    """Answer calls on the caller's thread; safe to share between threads."""

    def __init__(self, store: SyncStore, setup: Setup) -> None:
        self.store = store
        self.setup = setup
        self._feed = Feed(store)

    def send(self, call: Call[T], caller: Caller = EMBEDDED) -> Reply[T]:
        """
        Execute a call.

        Raises:
            RemoteError: The store refuses; nothing was written.
        """
        visit = Visit(call, caller, self.setup)
        start = FLOWS.get(call.operation.id)
        if start is not None:
            return self._drive(start(visit))
        run = self.store.write if call.operation.writes else self.store.read
        return cast("Reply[T]", run(_unit(visit)))

    def close(self) -> None:
        """Close the store; a second time does nothing."""
        self._feed.close()
        self.store.close()

    def _drive(self, flow: Flow) -> Reply[Any]:
        try:
            step = next(flow)
            while True:
                try:
                    outcome = self._do(step)
                except BaseException as error:  # noqa: BLE001 - handed to the flow
                    step = flow.throw(error)
                else:
                    step = flow.send(outcome)
        except StopIteration as end:
            return cast("Reply[Any]", end.value)

    def _do(self, step: Step) -> Any:
        if isinstance(step, Read):
            return self.store.read(step.fn)
        if isinstance(step, Write):
            return self.store.write(step.fn)
        if isinstance(step, Work):
            return step.fn()
        if isinstance(step, Follow):
            return self._feed.listen(step)
        _copy(step)
        return None


class AsyncEngine:
    """Answer calls from coroutines of the event loop that opened the store."""

    def __init__(self, store: AsyncStore, setup: Setup) -> None:
        self.store = store
        self.setup = setup
        self._workers = Workers()
        self._feed = AsyncFeed(store)

    async def send(self, call: Call[T], caller: Caller = EMBEDDED) -> Reply[T]:
        """
        Execute a call.

        Raises:
            RemoteError: The store refuses; nothing was written.
        """
        visit = Visit(call, caller, self.setup)
        start = FLOWS.get(call.operation.id)
        if start is not None:
            return await self._drive(start(visit))
        run = self.store.write if call.operation.writes else self.store.read
        return cast("Reply[T]", await run(_unit(visit)))

    def end_streams(self) -> None:
        """End what goes on for as long as somebody listens; nobody may from now on."""
        self._feed.close()

    async def close(self) -> None:
        """Close the store; a second time does nothing."""
        self.end_streams()
        try:
            await self._workers.close()
        finally:
            await self.store.close()

    async def _drive(self, flow: Flow) -> Reply[Any]:
        try:
            step = next(flow)
            while True:
                try:
                    outcome = await self._do(step)
                except BaseException as error:  # noqa: BLE001 - handed to the flow
                    step = flow.throw(error)
                else:
                    step = flow.send(outcome)
        except StopIteration as end:
            return self._workers.beside(end.value)

    async def _do(self, step: Step) -> Any:
        if isinstance(step, Read):
            return await self.store.read(step.fn)
        if isinstance(step, Write):
            return await self.store.write(step.fn)
        if isinstance(step, Work):
            return await self._workers.run(step.queue, step.fn)
        if isinstance(step, Follow):
            return self._feed.listen(step)
        if isinstance(step.stream.chunks, AsyncIterable):
            await self._workers.drain(step.stream.chunks, step.write)
        else:
            # Pieces that come without waiting may come from a slow disk.
            await self._workers.run("files", partial(_copy, step))
        return None


def _unit(visit: Visit) -> Callable[[Tx], Reply[Any]]:
    unit = UNITS[visit.call.operation.id]
    arguments = visit.call.arguments
    if _KEY in arguments:
        own = without_key(arguments)
        return lambda tx: run_unit(tx, visit, unit, own)

    def run(tx: Tx) -> Reply[Any]:
        return as_reply(unit(tx, visit.enter(tx), **arguments), tx)

    return run


def _copy(step: Drain) -> None:
    chunks = step.stream.chunks
    if isinstance(chunks, AsyncIterable):
        raise NotSupported(
            "A synchronous store reads bytes, a path or a file, not an async iterator."
        )
    for chunk in (chunks,) if isinstance(chunks, bytes) else chunks:
        step.write(chunk)
