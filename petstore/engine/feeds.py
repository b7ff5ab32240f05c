"""Let listeners follow the change log: on threads, or on an event loop."""

import asyncio
import threading
import time
import weakref
from contextlib import suppress
from typing import Any, Final, Generic, Protocol, TypeVar

from petstore.contract.errors import RemoteError, Unavailable
from petstore.engine.events import Listening, Wait
from petstore.engine.flows import Follow, Read
from petstore.storage.store import AsyncStore, SyncStore

LISTENER_COUNT_MAX: Final = 64
_RETRY_AFTER_S: Final = 5


class _Woken(Protocol):
    def wake(self) -> None: ...


L = TypeVar("L", bound=_Woken)


class _Feed(Generic[L]):
    """Know who listens; a listener that is lost frees its place."""

    def __init__(self) -> None:
        self._listeners: weakref.WeakSet[L] = weakref.WeakSet()
        self._lock = threading.Lock()
        self.is_closed = False
        self._generation = 0

    def close(self) -> None:
        """End all streams; a second time does nothing."""
        self.is_closed = True
        self.wake()

    def restart(self) -> None:
        """End the streams of a store whose whole content was replaced."""
        self._generation += 1
        self.wake()

    def wake(self) -> None:
        """Let everybody look."""
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            listener.wake()

    def leave(self, listener: L) -> None:
        """Free the place of a listener."""
        with self._lock:
            self._listeners.discard(listener)

    def _begun(self, step: Follow, is_shared: bool) -> Listening:
        begun_in = self._generation

        def is_over() -> bool:
            return self.is_closed or self._generation != begun_in

        listening: Listening = step.start(is_shared=is_shared, is_over=is_over)
        return listening

    def _enter(self, listener: L) -> L:
        with self._lock:
            if len(self._listeners) >= LISTENER_COUNT_MAX:
                raise Unavailable(
                    f"{LISTENER_COUNT_MAX} listeners follow the store already; try"
                    " again later.",
                    retry_after=_RETRY_AFTER_S,
                )
            self._listeners.add(listener)
        return listener


class Feed(_Feed["Listener"]):
    """Give threads what is written to a store."""

    def __init__(self, store: SyncStore) -> None:
        super().__init__()
        self.store = store

    def listen(self, step: Follow) -> "Listener":
        """
        Return the pieces of a stream, of which each is waited for.

        Raises:
            Unavailable: Too many listen.
        """
        self.store.watch(self.wake, self.restart)
        return self._enter(Listener(self, self._begun(step, self.store.is_shared)))


class Listener:
    """Be the pieces of one stream."""

    def __init__(self, feed: Feed, listening: Listening) -> None:
        self._feed = feed
        self._listening = listening
        self._written = threading.Event()

    def wake(self) -> None:
        """Tell that something was written."""
        self._written.set()

    def __iter__(self) -> "Listener":
        return self

    def __next__(self) -> bytes:
        outcome: Any = None
        while True:
            step = _step(self._listening, outcome)
            if step is None:
                self._feed.leave(self)
                raise StopIteration
            if isinstance(step, bytes):
                return step
            outcome = self._do(step)

    def close(self) -> None:
        """End the stream; a second time does nothing."""
        self._listening.close()
        self._feed.leave(self)

    def _do(self, step: Read | Wait) -> Any:
        if isinstance(step, Read):
            self._written.clear()
            try:
                return self._feed.store.read(step.fn)
            except RemoteError as error:
                return error
        began_s = time.monotonic()
        if step.is_pause:
            time.sleep(step.seconds)
        else:
            self._written.wait(step.seconds)
        return time.monotonic() - began_s


class AsyncFeed(_Feed["AsyncListener"]):
    """Give coroutines what is written to a store."""

    def __init__(self, store: AsyncStore) -> None:
        super().__init__()
        self.store = store

    def listen(self, step: Follow) -> "AsyncListener":
        """Return the pieces of a stream; see `Feed.listen`."""
        self.store.watch(self.wake, self.restart)
        return self._enter(AsyncListener(self, self._begun(step, self.store.is_shared)))


class AsyncListener:
    """Be the pieces of one stream."""

    def __init__(self, feed: AsyncFeed, listening: Listening) -> None:
        self._feed = feed
        self._listening = listening
        self._written = asyncio.Event()

    def wake(self) -> None:
        """Tell that something was written."""
        self._written.set()

    def __aiter__(self) -> "AsyncListener":
        return self

    async def __anext__(self) -> bytes:
        outcome: Any = None
        while True:
            step = _step(self._listening, outcome)
            if step is None:
                self._feed.leave(self)
                raise StopAsyncIteration
            if isinstance(step, bytes):
                return step
            outcome = await self._do(step)

    async def aclose(self) -> None:
        """End the stream; a second time does nothing."""
        self._listening.close()
        self._feed.leave(self)

    async def _do(self, step: Read | Wait) -> Any:
        if isinstance(step, Read):
            self._written.clear()
            try:
                return await self._feed.store.read(step.fn)
            except RemoteError as error:
                return error
        began_s = time.monotonic()
        if step.is_pause:
            await asyncio.sleep(step.seconds)
        else:
            with suppress(TimeoutError):
                async with asyncio.timeout(step.seconds):
                    await self._written.wait()
        return time.monotonic() - began_s


def _step(listening: Listening, outcome: Any) -> bytes | Read | Wait | None:
    """Go on until the next piece or wish; None at the end."""
    try:
        return listening.send(outcome)
    except StopIteration:
        return None
