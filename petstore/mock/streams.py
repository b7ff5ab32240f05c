"""
Keep what a stream told for as long as somebody read it.

A stream of events has no end of its own: what is recorded of it is what its reader was
given until the reader left.
"""

import re
from collections.abc import AsyncIterable, Callable
from dataclasses import replace
from typing import Any, Final

from petstore.contract.call import ByteStream
from petstore.contract.media import EVENTS

KEPT_BYTES_MAX: Final = 16 * 1024 * 1024
# An empty line ends an event, and a line ends in one of three ways.
_END: Final = re.compile(rb"(?<=\n\n)|(?<=\r\n\r\n)|(?<=\r\r)")
# A sign of life comes when nothing else does, so each time at another place.
_HEARTBEAT: Final = b":"

Done = Callable[[ByteStream], None]


def kept_stream(stream: ByteStream, done: Done) -> ByteStream:
    """
    Return a stream that is kept while it is read.

    Args:
        done: Told once what was read, when the stream ends or its reader leaves.
    """
    chunks = stream.chunks
    kept = _Kept(stream, done)
    if isinstance(chunks, bytes):
        kept.add(chunks)
        kept.end()
        return stream
    if isinstance(chunks, AsyncIterable):
        return replace(stream, chunks=_KeptAsyncPieces(chunks, kept))
    return replace(stream, chunks=_KeptPieces(chunks, kept))


def events_of(body: bytes) -> list[bytes]:
    """
    Return a stream of events in one piece per event.

    Source: HTML, §9.2.5 (parsing an event stream).
    """
    return [piece for piece in _END.split(body) if piece]


class _Kept:
    """Hold the pieces so far; beyond the limit they are only handed on."""

    def __init__(self, stream: ByteStream, done: Done) -> None:
        self._stream = stream
        self._done: Done | None = done
        self._pieces: list[bytes] = []
        self._size_bytes = 0

    def add(self, piece: bytes) -> None:
        self._size_bytes += len(piece)
        if self._size_bytes <= KEPT_BYTES_MAX:
            self._pieces.append(piece)

    def end(self) -> None:
        done, self._done = self._done, None
        if done is not None:
            is_events = self._stream.media_type.partition(";")[0].strip() == EVENTS
            pieces = _cut(self._pieces) if is_events else self._pieces
            done(replace(self._stream, chunks=pieces))


class _KeptPieces:
    """Be read by a thread."""

    def __init__(self, chunks: Any, kept: _Kept) -> None:
        self._source = chunks
        self._chunks = iter(chunks)
        self._kept = kept

    def __iter__(self) -> "_KeptPieces":
        return self

    def __next__(self) -> bytes:
        try:
            piece: bytes = next(self._chunks)
        except BaseException:
            self._kept.end()
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

    def __init__(self, chunks: Any, kept: _Kept) -> None:
        self._source = chunks
        self._chunks = aiter(chunks)
        self._kept = kept

    def __aiter__(self) -> "_KeptAsyncPieces":
        return self

    async def __anext__(self) -> bytes:
        try:
            piece: bytes = await anext(self._chunks)
        except BaseException:
            self._kept.end()
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


def _cut(pieces: list[bytes]) -> list[bytes]:
    """Return one piece for each event, however they travelled together."""
    events = events_of(b"".join(pieces))
    return [one for one in events if one.strip() != _HEARTBEAT]
