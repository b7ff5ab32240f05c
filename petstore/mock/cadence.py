"""Know when the pieces of a stream came, and let them come so again."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from petstore.contract.call import ByteStream

# A server closes a connection that says nothing for 60 s.
PAUSE_MS_MAX: Final = 55_000


@dataclass(frozen=True, slots=True)
class Paced(ByteStream):
    """
    Be a stream whose pieces have their times.

    Args:
        offsets_ms: When each piece of `chunks`, a list, comes after the answer's head.
    """

    offsets_ms: Sequence[int] = ()


def paced_pieces(stream: Paced) -> Iterator[tuple[float, bytes]]:
    """Yield the pieces, and how many seconds come before each."""
    pieces: Any = stream.chunks
    for (before, offset), piece in zip(
        pairwise([0, *stream.offsets_ms]), pieces, strict=True
    ):
        # A number may be larger than any float.
        yield min(offset - before, PAUSE_MS_MAX) / 1000, piece


async def in_time(stream: ByteStream) -> AsyncIterator[bytes]:
    """Yield the pieces as they come; waits where they have their times."""
    if not isinstance(stream, Paced):
        async for piece in stream:
            yield piece
        return
    time = asyncio.get_running_loop().time
    due_s = time()
    for pause_s, piece in paced_pieces(stream):
        # From one moment on: what a late piece loses, the next one makes up for.
        due_s += pause_s
        await asyncio.sleep(due_s - time())
        yield piece
