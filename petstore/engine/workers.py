"""
Do long work beside the event loop, on few threads, in queues that end.

Passwords, pictures and files wait apart: hashing takes a tenth of a second on purpose,
drawing a picture may take seconds, and neither holds up the other, or a file.
"""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, Literal, TypeVar

from petstore.contract.call import ByteStream, Reply
from petstore.contract.errors import Unavailable

T = TypeVar("T")
Queue = Literal["passwords", "pictures", "files"]

# Passwords and pictures take much memory; `passwords` and `images` allow two as well.
THREAD_COUNT: Final = 2
# What is done in some seconds: longer, clients do not wait.
WAITING_COUNT_MAX: Final[Mapping[Queue, int]] = {
    "passwords": 64,
    "pictures": 16,
    "files": 256,
}
_RETRY_AFTER_S: Final = 1
# How much of a stream goes to a thread and comes from it at once. Measured: a hop costs
# 50 µs; to hash and write this much takes 1 ms, to read it from the page cache 20 µs.
HOP_BYTES: Final = 256 * 1024


class Workers:
    """Do work for the coroutines of one event loop, until closed."""

    def __init__(self) -> None:
        self._crews = {queue: _Crew(queue) for queue in WAITING_COUNT_MAX}

    async def run(
        self, queue: Queue, fn: Callable[[], T], *, is_begun: bool = False
    ) -> T:
        """
        Return what a function returns, on a thread.

        A caller that is cancelled takes it back while it waits; once it runs, the
        caller is held until it ends, for it uses what the caller closes.

        Args:
            is_begun: Whether it is the rest of what was let in before; it is not
                refused, and each caller waits for one at a time.

        Raises:
            Unavailable: Too much waits in that queue, or all is closed.
        """
        return await self._crews[queue].run(fn, is_begun=is_begun)

    async def drain(
        self, chunks: AsyncIterable[bytes], write: Callable[[bytes], object]
    ) -> None:
        """Hand the pieces of a stream to a function, on a thread."""
        batch: list[bytes] = []
        size_bytes = 0
        async for chunk in chunks:
            batch.append(chunk)
            size_bytes += len(chunk)
            if size_bytes >= HOP_BYTES:
                content, size_bytes = b"".join(batch), 0
                batch.clear()
                await self.run("files", partial(write, content), is_begun=True)
        if batch:
            await self.run("files", partial(write, b"".join(batch)), is_begun=True)

    def beside(self, reply: Reply[Any]) -> Reply[Any]:
        """Return a reply whose stream, if it is one, is read on a thread."""
        stream = reply.value
        if not isinstance(stream, ByteStream):
            return reply
        if isinstance(stream.chunks, bytes | AsyncIterable):
            return reply
        assert isinstance(stream.chunks, Iterable)
        pieces = _Pieces(stream.chunks, self)
        return replace(reply, value=replace(stream, chunks=pieces))

    async def close(self) -> None:
        """Finish what was let in, and end the threads; a second time does nothing."""
        crews = self._crews.values()
        for crew in crews:
            crew.is_closed = True
        try:
            while jobs := [job for crew in crews for job in crew.jobs]:
                await asyncio.wait(jobs)
        finally:
            for crew in crews:
                # Idle threads end at once; only a close that is cancelled has others.
                crew.threads.shutdown(wait=not crew.jobs)


@dataclass(frozen=True, slots=True)
class _Pieces:
    """Take each piece of a stream on a thread, when it is asked for."""

    chunks: Iterable[bytes]
    workers: Workers

    async def __aiter__(self) -> AsyncIterator[bytes]:
        take = partial(next, iter(self.chunks), None)
        while (
            piece := await self.workers.run("files", take, is_begun=True)
        ) is not None:
            yield piece


class _Crew:
    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._count_max = THREAD_COUNT + WAITING_COUNT_MAX[queue]
        self.threads = ThreadPoolExecutor(THREAD_COUNT, f"petstore-{queue}")
        self.jobs: set[asyncio.Future[Any]] = set()
        self.is_closed = False

    async def run(self, fn: Callable[[], T], *, is_begun: bool) -> T:
        if self.is_closed:
            raise Unavailable("The store is closed.")
        if len(self.jobs) >= self._count_max and not is_begun:
            raise Unavailable(
                f"Too much work on {self._queue} waits already. Try again in a moment.",
                retry_after=_RETRY_AFTER_S,
            )
        job = self.threads.submit(fn)
        done = asyncio.wrap_future(job)
        self.jobs.add(done)
        done.add_done_callback(self.jobs.discard)
        try:
            return await asyncio.shield(done)
        except asyncio.CancelledError:
            if not job.cancel():
                await _settled(done)
            raise


async def _settled(done: asyncio.Future[Any]) -> None:
    while not done.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait((done,))
