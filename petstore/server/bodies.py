"""Read request bodies under a limit of size and of time."""

from asyncio import get_running_loop, timeout, timeout_at
from collections.abc import AsyncGenerator, Callable
from typing import Any, Final

from sanic.http.http1 import Http
from sanic.request import Request as SanicRequest

from petstore.contract.errors import Malformed, TooLarge
from petstore.contract.uploads import UploadReader

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


async def upload_pieces(
    request: SanicRequest, reader: UploadReader, limit: int, seconds_max: float
) -> AsyncGenerator[bytes, None]:
    """
    Give the file of an upload piece by piece; the first one begins to read the body.

    Args:
        limit: What the file may have; whoever takes the pieces counts them.

    Raises:
        TooLarge, Malformed, Invalid: As `read_body` and `UploadReader`.
    """
    limit += _FRAME_BYTES_MAX
    _check_announced(request, limit)
    stream: Any = request.stream
    deadline = get_running_loop().time() + seconds_max
    size_bytes = 0
    while stream.request_body:
        try:
            async with timeout_at(deadline):
                chunk = await stream.read() or b""
        except TimeoutError as error:
            raise _too_slow(stream, seconds_max) from error
        size_bytes += len(chunk)
        if size_bytes > limit:
            raise _too_large(limit)
        for piece in reader.feed(chunk):
            yield piece
    reader.finish()


def refuse_leave(request: SanicRequest) -> None:
    """
    Let a refusal stand for the leave that a client awaits before it sends the body.

    Source: RFC 9110 §10.1.1.
    """
    stream: Any = request.stream
    if not getattr(stream, "expecting_continue", False):
        return
    # Sanic would give leave all the same, in front of the refusal.
    stream.expecting_continue = False
    if not stream.recv_buffer:
        # Nobody knows whether the body still comes, or the next request.
        stream.keep_alive, stream.request_body = False, None


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
        raise _too_slow(stream, seconds_max) from error


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


def _too_slow(stream: Any, seconds_max: float) -> Malformed:
    # Nor is the rest waited for once the refusal is sent.
    stream.keep_alive, stream.request_body = False, None
    return Malformed(f"The body took more than {seconds_max:g} seconds.")
