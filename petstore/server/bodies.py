"""Read request bodies under a limit of size and of time."""

import contextlib
import tempfile
from asyncio import timeout
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, Final, cast

from sanic.http.http1 import Http
from sanic.request import Request as SanicRequest

from petstore.contract.call import ByteStream
from petstore.contract.errors import Malformed, TooLarge
from petstore.contract.uploads import UploadReader
from petstore.storage.space import temporary_files

_SPOOL_BYTES_MAX: Final = 1024 * 1024
_CHUNK_BYTES: Final = 64 * 1024
# What Sanic says of a body, until it was read.
_OF_KNOWN_LENGTH: Final[Any] = True
# A multipart upload is larger than its file by its frame and its few fields.
_FRAME_BYTES_MAX: Final = 256 * 1024


async def read_body(request: SanicRequest, limit: int, seconds_max: float) -> bytes:
    """
    Return the whole body.

    Raises:
        TooLarge: It exceeds the limit; nothing beyond it was kept.
        Malformed: It took too long to arrive.
    """
    stream: Any = request.stream
    if _has_arrived(stream):
        return _take(stream, limit)
    pieces: list[bytes] = []
    await _read(request, pieces.append, limit, seconds_max)
    return b"".join(pieces)


async def spool_upload(
    request: SanicRequest, reader: UploadReader, limit: int, seconds_max: float
) -> tuple[ByteStream, BinaryIO]:
    """
    Keep the file of an upload aside, on disk when it is large.

    Returns:
        The file as a stream, and what to close when it was read.

    Raises:
        TooLarge, Malformed, Invalid: As `read_body` and `UploadReader`.
        StorageFull, Unavailable: The disk is full, or cannot be written.
    """
    file = _spool()
    try:
        body_limit = limit + _FRAME_BYTES_MAX

        def keep(chunk: bytes) -> None:
            with temporary_files():
                file.writelines(reader.feed(chunk))

        await _read(request, keep, body_limit, seconds_max)
        reader.finish()
        with temporary_files():
            size_bytes = _checked_size(file, limit)
            file.seek(0)
    except BaseException:
        # It writes what is buffered, which fails again on a full disk, and is closed.
        with contextlib.suppress(OSError):
            file.close()
        raise
    stream = ByteStream(_chunks(file), reader.media_type, size_bytes, reader.file_name)
    return stream, file


def _spool() -> BinaryIO:
    # Whoever asked for the upload closes it, once the engine has read it.
    spool = tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES_MAX)  # noqa: SIM115
    return cast(BinaryIO, spool)


def _checked_size(file: BinaryIO, limit: int) -> int:
    size_bytes = file.tell()
    if size_bytes > limit:
        raise TooLarge(f"A picture may have {limit:,} bytes at most.")
    return size_bytes


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK_BYTES):
        yield chunk


async def _read(
    request: SanicRequest,
    keep: Callable[[bytes], object],
    limit: int,
    seconds_max: float,
) -> None:
    # Sanic limits neither the size of a streamed body nor the time of a dripping one.
    _check_announced(request, limit)
    stream: Any = request.stream
    try:
        async with timeout(seconds_max):
            await _receive(stream, keep, limit)
    except TimeoutError as error:
        # Nor is the rest waited for once the refusal is sent.
        stream.keep_alive, stream.request_body = False, None
        raise Malformed(f"The body took more than {seconds_max:g} seconds.") from error


def _take(stream: Any, limit: int) -> bytes:
    """Do what Sanic's reader would, without waiting for anything."""
    size_bytes = stream.request_bytes_left
    if size_bytes > limit:
        raise _too_large(limit)
    buffer = stream.recv_buffer
    body = bytes(buffer[:size_bytes])
    del buffer[:size_bytes]
    stream.request_bytes_left, stream.request_body = 0, None
    return body


def _has_arrived(stream: Any) -> bool:
    """Tell whether the whole body came with its header, and nobody need watch it."""
    is_plain = isinstance(stream, Http) and stream.request_body is _OF_KNOWN_LENGTH
    if not is_plain or stream.expecting_continue:
        return False
    return bool(len(stream.recv_buffer) >= stream.request_bytes_left)


async def _receive(stream: Any, keep: Callable[[bytes], object], limit: int) -> None:
    size_bytes = 0
    while stream.request_body:
        chunk = await stream.read()
        if not chunk:
            continue
        size_bytes += len(chunk)
        if size_bytes > limit:
            raise _too_large(limit)
        keep(chunk)


def _check_announced(request: SanicRequest, limit: int) -> None:
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limit:
        raise _too_large(limit)


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"The body may have {limit:,} bytes at most.")
