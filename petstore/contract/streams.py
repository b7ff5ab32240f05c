"""Turn what a caller calls a file into a stream."""

import io
import os
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from errno import EISDIR
from inspect import iscoroutinefunction
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import Any, BinaryIO, Final, NoReturn

from petstore.contract.call import ByteStream
from petstore.contract.errors import FieldProblem, Invalid
from petstore.contract.media import OCTETS

File = bytes | bytearray | memoryview | Path | BinaryIO | ByteStream
AsyncFile = AsyncIterable[bytes] | File

_BUFFERED: Final = (io.BufferedReader, io.BufferedRandom)
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
        OSError: The path cannot be looked at, or is a directory.
        Invalid: It is no file that can be read as bytes, such as a path that is a str,
            or a file that was opened as text.
    """
    stream = _stream_of(file)
    return stream if on_progress is None else _reported(stream, on_progress)


def _stream_of(file: AsyncFile) -> ByteStream:
    if isinstance(file, ByteStream):
        return file
    if isinstance(file, bytes | bytearray | memoryview):
        # A copy: what is sent, maybe twice, must not change meanwhile.
        content = bytes(file)
        return ByteStream(content, size_bytes=len(content))
    if isinstance(file, AsyncIterable):
        return ByteStream(file)
    if isinstance(file, Path):
        size_bytes = _size_bytes(file.stat(), file)
        return ByteStream(_PathChunks(file), _media_type(file), size_bytes, file.name)
    _check_readable(file)
    # An open file may have no name, or a number: its descriptor.
    name = getattr(file, "name", None)
    path = Path(name if isinstance(name, str) else "")
    return ByteStream(
        _chunks(file), _media_type(path), _left_bytes(file), path.name or None
    )


def _size_bytes(found: os.stat_result, path: Path) -> int | None:
    """Return the size of a file; None where reading it is the only way to know."""
    if S_ISDIR(found.st_mode):
        raise IsADirectoryError(EISDIR, os.strerror(EISDIR), str(path))
    return found.st_size if S_ISREG(found.st_mode) else None


def _check_readable(file: Any) -> None:
    """Refuse what gives no bytes, before anything is read or sent."""
    if isinstance(file, str):
        _refuse(f"a path is given as a Path: Path({file!r:.100})")
    read = getattr(file, "read", None)
    if not callable(read):
        _refuse(f"a file is bytes, a Path or an open file, not {file!r:.100}")
    if iscoroutinefunction(read):
        _refuse("its read is a coroutine; give an async iterator of its pieces")
    # What `tempfile` puts around a text file is none, and has the attribute.
    if isinstance(file, io.TextIOBase) or hasattr(file, "encoding"):
        _refuse("open the file in binary mode: open(path, 'rb')")
    if getattr(file, "closed", False):
        _refuse("the file is closed; upload it while it is open")
    readable = getattr(file, "readable", None)
    if callable(readable) and not readable():
        _refuse("the file is open for writing only; open(path, 'rb') reads it")


def _refuse(message: str) -> NoReturn:
    raise Invalid(
        f"The upload cannot be read: {message}.",
        fields=(FieldProblem("form.file", message, "bytes_type"),),
    )


def _left_bytes(file: Any) -> int | None:
    """Return how much of an open file is left, where that takes no reading."""
    is_wrapped = type(file).__module__ == "tempfile"
    inner = getattr(file, "file", file) if is_wrapped else file
    if isinstance(inner, io.BytesIO):
        return max(0, len(inner.getbuffer()) - inner.tell())
    # Not each file with a descriptor: a decompressing one gives more than it has.
    raw = inner.raw if isinstance(inner, _BUFFERED) else inner
    if not isinstance(raw, io.FileIO):
        return None
    found = os.fstat(raw.fileno())
    return max(0, found.st_size - inner.tell()) if S_ISREG(found.st_mode) else None


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
