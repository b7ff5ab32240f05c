"""Cut the bodies of answers that faults spoil, for a socket and in a process alike."""

from collections.abc import AsyncIterable
from itertools import pairwise
from typing import Any

from petstore.contract.call import ByteStream
from petstore.contract.replies import Response
from petstore.mock.faults import Effect


async def let_go(response: Response) -> None:
    """End a stream that nobody reads on; whatever is no stream has no end."""
    if isinstance(response.body, ByteStream):
        await response.body.aclose()


def cut(response: Response, effect: Effect) -> Response:
    """
    Return an answer whose body is bytes, to be spoilt.

    A stream that is still going on has no half: what counts is what comes first, and
    then it is let go.
    """
    body = response.body
    if not isinstance(body, ByteStream):
        return response
    chunks: Any = body.chunks
    if isinstance(chunks, bytes | list):
        return _with(
            response, chunks if isinstance(chunks, bytes) else b"".join(chunks)
        )
    pieces: list[bytes] = []
    try:
        for piece in chunks:
            pieces.append(piece)
            if _is_enough(pieces, effect):
                break
    finally:
        close = getattr(chunks, "close", None)
        if close is not None:
            close()
    return _with(response, b"".join(pieces))


async def cut_async(response: Response, effect: Effect) -> Response:
    """Return an answer whose body is bytes; see `cut`."""
    body = response.body
    chunks: Any = body.chunks if isinstance(body, ByteStream) else None
    if not isinstance(chunks, AsyncIterable):
        return cut(response, effect)
    pieces: list[bytes] = []
    try:
        async for piece in chunks:
            pieces.append(piece)
            if _is_enough(pieces, effect):
                break
    finally:
        await let_go(response)
    return _with(response, b"".join(pieces))


def _is_enough(pieces: list[bytes], effect: Effect) -> bool:
    if effect.broken == "truncate":
        return sum(map(len, pieces)) >= (effect.truncate_bytes or 0)
    return True


def _with(response: Response, body: bytes) -> Response:
    return Response(response.status, response.headers, body)


def bytes_of(response: Response) -> bytes:
    """Return the body of an answer that was cut, or is whole."""
    assert isinstance(response.body, bytes)
    return response.body


def beginning_of(body: bytes, effect: Effect) -> bytes:
    """Return what comes of a body before it breaks off: truncate, bad_chunk."""
    if effect.broken == "truncate":
        return body[: effect.truncate_bytes]
    return body[: len(body) // 2]


def promised_bytes(body: bytes, kept: bytes) -> int:
    """Return how long a body that breaks off says to be: longer than what comes."""
    return max(len(body), len(kept) + 1)


def dribbled(body: bytes, effect: Effect) -> list[tuple[float, bytes]]:
    """Return the pieces of a body, and how many seconds come before each."""
    assert effect.dribble is not None
    count = max(1, min(effect.dribble.chunks, len(body)))
    pause_s = effect.dribble.over_ms / 1000 / count
    ends = [len(body) * number // count for number in range(count + 1)]
    return [(pause_s, body[start:end]) for start, end in pairwise(ends)]
