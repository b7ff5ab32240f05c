"""Turn what a caller calls a file into a stream, and a stream into bytes."""

from collections.abc import AsyncIterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from petstore.contract.call import ByteStream
from petstore.contract.media import OCTETS

File = bytes | Path | BinaryIO | ByteStream

_CHUNK_BYTES: Final = 64 * 1024
# Not `mimetypes`, which answers differently on each machine.
_MEDIA_TYPES: Final = {
    ".gif": "image/gif",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
}


def byte_stream(file: File) -> ByteStream:
    """
    Return the stream of a file.

    A path is opened when the stream is read, and each time that it is; an open file is
    read from where it stands, once, and left open.

    Raises:
        OSError: The path cannot be looked at.
        TypeError: It is no file, such as a path that is a str.
    """
    if isinstance(file, ByteStream):
        return file
    if isinstance(file, bytes):
        return ByteStream(file, size_bytes=len(file))
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


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK_BYTES):
        yield chunk


def _media_type(path: Path) -> str:
    return _MEDIA_TYPES.get(path.suffix.lower(), OCTETS)
