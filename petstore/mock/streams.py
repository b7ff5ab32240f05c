"""
Keep what a stream told for as long as somebody read it.

A stream of events has no end of its own: what is recorded of it is what its reader was
given until the reader left. One that its sender breaks off is not whole, and not kept.
"""

import re
from bisect import bisect_left
from collections.abc import AsyncIterable, Callable
from dataclasses import replace
from itertools import accumulate
from typing import Any, Final

from petstore.contract.call import ByteStream
from petstore.contract.media import EVENTS
from petstore.mock.cadence import Paced

KEPT_BYTES_MAX: Final = 16 * 1024 * 1024
# An empty line ends an event, and a line ends in one of three ways.
_END: Final = re.compile(rb"(?<=\n\n)|(?<=\r\n\r\n)|(?<=\r\r)")
# A sign of life comes when nothing else does, so each time at another place.
_HEARTBEAT: Final = b":"

Done = Callable[[ByteStream], None]
BrokenOff = Callable[[Exception], None]


def kept_stream(
    stream: ByteStream,
    done: Done,
    *,
    broken_off: BrokenOff | None = None,
    among: "set[OpenStream] | None" = None,
    now_s: Callable[[], float] | None = None,
) -> ByteStream:
    """
    Return a stream that is kept while it is read.

    Args:
        done: Told once what was read, when the stream ends or its reader leaves.
        broken_off: Told instead why, where whoever sends it did not get to its end.
        among: Holds it until then; whoever ends it there gets what was read so far.
        now_s: Seconds of a clock that only goes on, where it is kept as well when each
            piece came after this call.
    """
    chunks = stream.chunks
    kept = OpenStream(
        stream,
        done,
        broken_off=broken_off,
        among=set() if among is None else among,
        now_s=now_s,
    )
    if isinstance(chunks, bytes):
        kept.add(chunks)
        kept.end()
        return stream
    if isinstance(chunks, AsyncIterable):
        return replace(stream, chunks=_KeptAsyncPieces(chunks, kept))
    return replace(stream, chunks=_KeptPieces(chunks, kept))


def whole_of(body: bytes | ByteStream) -> bytes | ByteStream | None:
    """Return a body as it is recorded; None for one that is yet to be read."""
    if isinstance(body, bytes) or not isinstance(body.chunks, bytes):
        return body if isinstance(body, bytes) else None
    is_events = body.media_type.partition(";")[0].strip() == EVENTS
    return replace(body, chunks=events_of(body.chunks) if is_events else [body.chunks])


def events_of(body: bytes) -> list[bytes]:
    """
    Return a stream of events in one piece per event.

    Source: HTML, §9.2.5 (parsing an event stream).
    """
    return [piece for piece in _END.split(body) if piece]


class OpenStream:
    """Hold the pieces so far; beyond the limit they are only handed on."""

    def __init__(
        self,
        stream: ByteStream,
        done: Done,
        *,
        broken_off: BrokenOff | None,
        among: "set[OpenStream]",
        now_s: Callable[[], float] | None,
    ) -> None:
        self._stream = stream
        self._done: Done | None = done
        self._broken_off = broken_off
        self._among = among
        among.add(self)
        self._came: list[tuple[bytes, int]] = []
        self._size_bytes = 0
        self._now_s = now_s
        self._begun_s = 0.0 if now_s is None else now_s()

    def add(self, piece: bytes) -> None:
        """Hold a piece more."""
        self._size_bytes += len(piece)
        if self._size_bytes <= KEPT_BYTES_MAX:
            passed_s = 0.0 if self._now_s is None else self._now_s() - self._begun_s
            self._came.append((piece, round(passed_s * 1000)))

    def end(self) -> None:
        """Tell what was read; a second time does nothing."""
        self._among.discard(self)
        done, self._done = self._done, None
        if done is not None:
            done(self._whole())

    def _whole(self) -> ByteStream:
        kind = self._stream.media_type
        is_events = kind.partition(";")[0].strip() == EVENTS
        came = _cut(self._came) if is_events else self._came
        pieces = [piece for piece, _ in came]
        if self._now_s is None:
            return replace(self._stream, chunks=pieces)
        return Paced(pieces, kind, offsets_ms=[offset_ms for _, offset_ms in came])

    def leave(self, error: BaseException) -> None:
        """End it for an error: of its source, unless it is one of leaving."""
        if isinstance(error, Exception) and self._broken_off is not None:
            self._among.discard(self)
            is_first, self._done = self._done is not None, None
            if is_first:
                self._broken_off(error)
        else:
            self.end()


class _KeptPieces:
    """Be read by a thread."""

    def __init__(self, chunks: Any, kept: OpenStream) -> None:
        self._source = chunks
        self._chunks = iter(chunks)
        self._kept = kept

    def __iter__(self) -> "_KeptPieces":
        return self

    def __next__(self) -> bytes:
        try:
            piece: bytes = next(self._chunks)
        except StopIteration:
            self._kept.end()
            raise
        except BaseException as error:
            self._kept.leave(error)
            raise
        self._kept.add(piece)
        return piece

    def close(self) -> None:
        """End the stream; a second time does nothing."""
        try:
            close = getattr(self._source, "close", None)
            if close is not None:
                close()
        finally:
            self._kept.end()


class _KeptAsyncPieces:
    """Be read by a coroutine."""

    def __init__(self, chunks: Any, kept: OpenStream) -> None:
        self._source = chunks
        self._chunks = aiter(chunks)
        self._kept = kept

    def __aiter__(self) -> "_KeptAsyncPieces":
        return self

    async def __anext__(self) -> bytes:
        try:
            piece: bytes = await anext(self._chunks)
        except StopAsyncIteration:
            self._kept.end()
            raise
        except BaseException as error:
            self._kept.leave(error)
            raise
        self._kept.add(piece)
        return piece

    async def aclose(self) -> None:
        """End the stream; a second time does nothing."""
        try:
            close = getattr(self._source, "aclose", None)
            if close is not None:
                await close()
        finally:
            self._kept.end()


def _cut(came: list[tuple[bytes, int]]) -> list[tuple[bytes, int]]:
    """Return one piece per event, however they travelled, and when it was whole."""
    ends = list(accumulate(len(piece) for piece, _ in came))
    found, end = [], 0
    for event in events_of(b"".join(piece for piece, _ in came)):
        end += len(event)
        if event.strip() != _HEARTBEAT:
            found.append((event, came[bisect_left(ends, end)][1]))
    return found
