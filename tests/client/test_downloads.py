"""A download is read piece by piece, and holds its connection no longer than that."""

import gzip
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from petstore.contract import calls
from petstore.contract.errors import NotFound, TransportError
from tests.client.wire import send, send_async

DIGEST = "0" * 64


class Pieces(httpx.SyncByteStream, httpx.AsyncByteStream):
    """Give pieces, note how many were taken, and fail after the last if asked to."""

    def __init__(self, *pieces: bytes, error: Exception | None = None) -> None:
        self.taken_count = 0
        self.is_closed = False
        self._pieces = pieces
        self._error = error

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self.taken_count += 1
            yield piece
        if self._error is not None:
            raise self._error

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in iter(self):
            yield piece

    def close(self) -> None:
        self.is_closed = True

    async def aclose(self) -> None:
        self.is_closed = True


def download(pieces: Pieces, **headers: str) -> httpx.Response:
    headers = {"content-type": "image/png", **headers}
    return httpx.Response(200, headers=headers, stream=pieces)


async def test_download_is_read_piece_by_piece():
    pieces, async_pieces = Pieces(b"a", b"b"), Pieces(b"a", b"b")

    sync = send(lambda _: download(pieces), calls.get_photo(DIGEST)).value
    first = next(iter(sync.chunks))
    reply = await send_async(lambda _: download(async_pieces), calls.get_photo(DIGEST))
    content = [chunk async for chunk in reply.value.chunks]

    taken_count = pieces.taken_count
    sync.close()

    assert (first, taken_count) == (b"a", 1)
    assert pieces.is_closed
    assert (content, async_pieces.is_closed) == ([b"a", b"b"], True)


def test_download_knows_size_and_media_type():
    answer = download(Pieces(b"ab"), **{"content-length": "2"})

    stream = send(lambda _: answer, calls.get_photo(DIGEST)).value

    assert (stream.size_bytes, stream.media_type) == (2, "image/png")
    assert b"ab" == stream.read()


def test_size_of_a_compressed_download_is_not_known():
    content = gzip.compress(b"ab")
    sizes = {"content-encoding": "gzip", "content-length": str(len(content))}

    stream = send(
        lambda _: download(Pieces(content), **sizes), calls.get_photo(DIGEST)
    ).value

    assert stream.size_bytes is None
    assert b"".join(stream.chunks) == b"ab"


async def test_download_that_breaks_off_says_so():
    def broken() -> Pieces:
        return Pieces(b"a", error=httpx.ReadError("reset"))

    pieces, async_pieces = broken(), broken()
    stream = send(lambda _: download(pieces), calls.get_photo(DIGEST)).value
    reply = await send_async(lambda _: download(async_pieces), calls.get_photo(DIGEST))

    with pytest.raises(TransportError, match="reset"):
        b"".join(stream.chunks)
    with pytest.raises(TransportError, match="reset"):
        [chunk async for chunk in reply.value.chunks]

    assert pieces.is_closed
    assert async_pieces.is_closed


def test_refused_download_is_an_error_at_once():
    with pytest.raises(NotFound):
        send(lambda _: httpx.Response(404), calls.get_photo(DIGEST))
