"""Turn what a caller calls a file into a stream, and a stream into bytes."""

from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Final

from petstore.contract.call import ByteStream
from petstore.contract.media import OCTETS

File = bytes | Path | BinaryIO | ByteStream
AsyncFile = AsyncIterable[bytes] | File

_CHUNK_BYTES: Final = 64 * 1024
# Not `mimetypes`, which answers differently on each machine.
_MEDIA_TYPES: Final = {
    ".gif": "image/gif",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
}


@dataclass(frozen=True, slots=True)
class Progress:
    """
    Say how much of a file has left.

    It begins anew when a call is sent again.

    Args:
        sent_bytes: Of the file, without what a form adds to it.
        total_bytes: None where the size is not known beforehand.
    """

    sent_bytes: int
    total_bytes: int | None


OnProgress = Callable[[Progress], object]


def byte_stream(file: AsyncFile, on_progress: OnProgress | None = None) -> ByteStream:
    """
    Return the stream of a file.

    A path is opened when the stream is read, and each time that it is; an open file is
    read from where it stands, once, and left open.

    Args:
        on_progress: Called when a piece has been taken, by whoever reads the stream.

    Raises:
        OSError: The path cannot be looked at.
        TypeError: It is no file, such as a path that is a str.
    """
    stream = _stream_of(file)
    return stream if on_progress is None else _reported(stream, on_progress)


def _stream_of(file: AsyncFile) -> ByteStream:
    if isinstance(file, ByteStream):
        return file
    if isinstance(file, bytes):
        return ByteStream(file, size_bytes=len(file))
    if isinstance(file, AsyncIterable):
        return ByteStream(file)
    if isinstance(file, Path):
        size_bytes = file.stat().st_size
        return ByteStream(_PathChunks(file), _media_type(file), size_bytes, file.name)
    if not callable(getattr(file, "read", None)):
        raise TypeError(f"A file is bytes, a Path or an open file, not {file!r:.100}")
    # An open file may have no name, or a number: its descriptor.
    name = getattr(file, "name", None)
    path = Path(name if isinstance(name, str) else "")
    return ByteStream(_chunks(file), _media_type(path), file_name=path.name or None)


def read_stream(stream: ByteStream) -> bytes:
    """Return all bytes of a stream, which a backend without a loop gave."""
    if isinstance(stream.chunks, bytes):
        return stream.chunks
    assert not isinstance(stream.chunks, AsyncIterable)
    return b"".join(stream.chunks)


async def read_stream_async(stream: ByteStream) -> bytes:
    """Return all bytes of a stream."""
    if isinstance(stream.chunks, AsyncIterable):
        return b"".join([chunk async for chunk in stream.chunks])
    return read_stream(stream)


@dataclass(frozen=True, slots=True)
class _PathChunks:
    """Read a file from its start, as often as needed: a call may be sent twice."""

    path: Path

    def __iter__(self) -> Iterator[bytes]:
        with self.path.open("rb") as file:
            yield from _chunks(file)


def _reported(stream: ByteStream, on_progress: OnProgress) -> ByteStream:
    """Return the same stream, which tells how far it was read."""
    chunks, size_bytes = stream.chunks, stream.size_bytes
    told: Iterable[bytes] | AsyncIterable[bytes]
    if isinstance(chunks, AsyncIterable):
        told = _AsyncReported(chunks, size_bytes, on_progress)
        # What can be read once only has to look so.
        is_once = hasattr(chunks, "__anext__")
        return replace(stream, chunks=aiter(told) if is_once else told)
    if isinstance(chunks, bytes):
        chunks = _BytesChunks(chunks)
    told = _Reported(chunks, size_bytes, on_progress)
    return replace(stream, chunks=iter(told) if hasattr(chunks, "__next__") else told)


@dataclass(frozen=True, slots=True)
class _BytesChunks:
    content: bytes

    def __iter__(self) -> Iterator[bytes]:
        for start in range(0, len(self.content), _CHUNK_BYTES):
            yield self.content[start : start + _CHUNK_BYTES]


@dataclass(frozen=True, slots=True)
class _Reported:
    chunks: Iterable[bytes]
    size_bytes: int | None
    on_progress: OnProgress

    def __iter__(self) -> Iterator[bytes]:
        sent_bytes = 0
        self.on_progress(Progress(0, self.size_bytes))
        for chunk in self.chunks:
            yield chunk
            sent_bytes += len(chunk)
            self.on_progress(Progress(sent_bytes, self.size_bytes))


@dataclass(frozen=True, slots=True)
class _AsyncReported:
    chunks: AsyncIterable[bytes]
    size_bytes: int | None
    on_progress: OnProgress

    async def __aiter__(self) -> AsyncIterator[bytes]:
        sent_bytes = 0
        self.on_progress(Progress(0, self.size_bytes))
        async for chunk in self.chunks:
            yield chunk
            sent_bytes += len(chunk)
            self.on_progress(Progress(sent_bytes, self.size_bytes))


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK_BYTES):
        yield chunk


def _media_type(path: Path) -> str:
    return _MEDIA_TYPES.get(path.suffix.lower(), OCTETS)
