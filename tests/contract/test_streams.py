"""Whatever a caller calls a file becomes a stream, and a stream becomes bytes."""

import io
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from petstore.contract.call import ByteStream
from petstore.contract.streams import (
    Progress,
    byte_stream,
    read_stream,
    read_stream_async,
)

CONTENT = bytes(range(256)) * 1000


@pytest.fixture
def picture(tmp_path) -> Path:
    path: Path = tmp_path / "Rex.PNG"
    path.write_bytes(CONTENT)
    return path


def test_bytes_are_a_stream_of_known_size():
    assert byte_stream(b"abc") == ByteStream(
        b"abc", "application/octet-stream", 3, None
    )


def test_stream_stays_as_it_is():
    stream = ByteStream(b"abc", "image/png")

    assert byte_stream(stream) is stream


def test_path_tells_size_name_and_media_type(picture):
    stream = byte_stream(picture)

    assert (stream.size_bytes, stream.file_name, stream.media_type) == (
        len(CONTENT),
        "Rex.PNG",
        "image/png",
    )


def test_path_can_be_read_as_often_as_a_call_is_sent(picture):
    stream = byte_stream(picture)

    assert read_stream(stream) == CONTENT
    assert read_stream(stream) == CONTENT


def test_path_is_read_in_pieces(picture):
    chunks: Any = byte_stream(picture).chunks

    assert max(len(chunk) for chunk in chunks) == 64 * 1024


def test_path_that_does_not_exist_is_told_at_once(tmp_path):
    with pytest.raises(FileNotFoundError):
        byte_stream(tmp_path / "none.png")


def test_open_file_is_read_from_where_it_stands_and_left_open(picture):
    with picture.open("rb") as file:
        file.seek(1000)
        stream = byte_stream(file)

        assert read_stream(stream) == CONTENT[1000:]
        assert (stream.file_name, stream.media_type) == ("Rex.PNG", "image/png")
        assert not file.closed


def test_open_file_without_a_name_has_none():
    stream = byte_stream(io.BytesIO(b"abc"))

    assert (stream.file_name, stream.media_type) == (None, "application/octet-stream")


def test_descriptor_is_no_name():
    with tempfile.TemporaryFile() as file:
        assert byte_stream(file).file_name is None


@pytest.mark.parametrize("file", ["Rex.png", 5, None])
def test_what_is_no_file_is_told_at_once(file):
    with pytest.raises(TypeError, match="A file is bytes, a Path or an open file"):
        byte_stream(file)


@pytest.mark.parametrize("name", ["a.jpg", "a.jpeg", "a.gif", "a.webp"])
def test_media_type_comes_from_the_extension(tmp_path, name):
    (tmp_path / name).touch()

    assert byte_stream(tmp_path / name).media_type.startswith("image/")


async def chunks() -> AsyncIterator[bytes]:
    yield b"a"
    yield b"b"


@pytest.mark.parametrize(
    ("content", "expected"),
    [(lambda: b"ab", b"ab"), (lambda: [b"a", b"b"], b"ab"), (chunks, b"ab")],
    ids=["bytes", "iterable", "async iterable"],
)
async def test_any_stream_can_be_read_in_a_coroutine(content, expected):
    assert await read_stream_async(ByteStream(content())) == expected


async def pieces() -> AsyncIterator[bytes]:
    yield b"ab"
    yield b"c"


class Pieces:
    """Can be read as often as wanted."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        return pieces()


KIB_64 = 64 * 1024
STEPS = [0, *range(KIB_64, len(CONTENT), KIB_64), len(CONTENT)]


@pytest.mark.parametrize("kind", ["bytes", "path"])
def test_progress_is_told_anew_each_time_that_a_file_is_read(picture, kind):
    told: list[Progress] = []
    stream = byte_stream(CONTENT if kind == "bytes" else picture, told.append)

    for _ in range(2):
        assert CONTENT == read_stream(stream)

    assert [Progress(step, len(CONTENT)) for step in STEPS] * 2 == told


def test_file_that_is_read_once_stays_one():
    told: list[Progress] = []
    stream: Any = byte_stream(io.BytesIO(CONTENT), told.append)

    assert CONTENT == b"".join(stream.chunks)
    assert b"" == b"".join(stream.chunks)
    assert [Progress(step, None) for step in STEPS] == told


async def test_progress_of_pieces_is_told_as_well():
    told: list[Progress] = []
    once, often = byte_stream(pieces(), told.append), byte_stream(Pieces(), told.append)

    read = [await read_stream_async(one) for one in (once, once, often, often)]

    assert [b"abc", b"", b"abc", b"abc"] == read
    assert [Progress(step, None) for step in (0, 2, 3)] * 3 == told


async def test_pieces_are_a_stream():
    assert b"abc" == await read_stream_async(byte_stream(pieces()))
