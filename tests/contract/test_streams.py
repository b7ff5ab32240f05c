"""Whatever a caller calls a file becomes a stream, and a stream becomes bytes."""

import gzip
import io
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from petstore.contract.call import ByteStream
from petstore.contract.errors import Invalid, NotSupported
from petstore.contract.streams import (
    Progress,
    byte_stream,
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

    assert stream.read() == CONTENT
    assert stream.read() == CONTENT


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

        assert stream.read() == CONTENT[1000:]
        assert (stream.file_name, stream.media_type) == ("Rex.PNG", "image/png")
        assert not file.closed


def test_open_file_without_a_name_has_none():
    stream = byte_stream(io.BytesIO(b"abc"))

    assert (stream.file_name, stream.media_type) == (None, "application/octet-stream")


def test_descriptor_is_no_name():
    with tempfile.TemporaryFile() as file:
        assert byte_stream(file).file_name is None


class Reading:
    """Be read by coroutines only, as the uploads of some web frameworks."""

    async def read(self, size: int = -1) -> bytes:
        return b"x" * size


class Written(io.RawIOBase):
    """Can be written, but not read."""

    def writable(self) -> bool:
        return True


def text_file() -> Any:
    return tempfile.NamedTemporaryFile("w+")


def closed_file() -> io.BytesIO:
    file = io.BytesIO(b"abc")
    file.close()
    return file


@pytest.mark.parametrize(
    ("make", "advice"),
    [
        pytest.param(lambda: "Rex.png", r"as a Path: Path\('Rex.png'\)", id="str"),
        pytest.param(lambda: 5, "bytes, a Path or an open file, not 5", id="number"),
        pytest.param(lambda: None, "bytes, a Path or an open file", id="nothing"),
        pytest.param(lambda: io.StringIO("abc"), r"open\(path, 'rb'\)", id="text"),
        pytest.param(text_file, r"open\(path, 'rb'\)", id="wrapped text"),
        pytest.param(closed_file, "upload it while it is open", id="closed"),
        pytest.param(Written, "open for writing only", id="written"),
        pytest.param(Reading, "give an async iterator", id="coroutine"),
    ],
)
def test_what_cannot_be_read_as_bytes_is_told_at_once(make, advice):
    with closing_all(make()) as file, pytest.raises(Invalid, match=advice) as caught:
        byte_stream(file)

    assert ["form.file"] == [field.field for field in caught.value.fields]


@contextmanager
def closing_all(file: Any) -> Iterator[Any]:
    yield file
    if hasattr(file, "close"):
        file.close()


def test_directory_is_told_at_once(tmp_path):
    with pytest.raises(IsADirectoryError, match=tmp_path.name):
        byte_stream(tmp_path)


@pytest.mark.parametrize("kind", [bytearray, memoryview])
def test_what_changes_is_copied(kind):
    content = bytearray(b"abc")

    stream = byte_stream(kind(content))
    content[0] = ord("x")

    assert ByteStream(b"abc", size_bytes=3) == stream


def test_open_file_tells_how_much_of_it_is_left(picture):
    with picture.open("rb") as file, tempfile.NamedTemporaryFile() as temporary:
        memory = io.BytesIO(CONTENT)
        temporary.write(CONTENT)
        left = []
        for one in (file, temporary, memory):
            one.seek(1000)
            left.append(byte_stream(one).size_bytes)
        with picture.open("rb", buffering=0) as raw:
            left.append(byte_stream(raw).size_bytes)
        memory.seek(len(CONTENT) + 1)

        assert [len(CONTENT) - 1000] * 3 + [len(CONTENT)] == left
        assert 0 == byte_stream(memory).size_bytes


def test_size_of_what_has_to_be_read_for_it_is_not_known(tmp_path):
    (tmp_path / "rex.gz").write_bytes(gzip.compress(CONTENT))
    reading, writing = os.pipe()

    with (
        gzip.open(tmp_path / "rex.gz") as opened,
        os.fdopen(reading, "rb") as piped,
        os.fdopen(writing, "wb"),
    ):
        packed: Any = opened
        sizes = [byte_stream(file).size_bytes for file in (packed, piped)]
        content = byte_stream(packed).read()

    assert [None, None] == sizes
    assert CONTENT == content


def test_size_of_a_path_that_is_no_file_is_not_known():
    assert byte_stream(Path(os.devnull)).size_bytes is None


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
    assert await ByteStream(content()).aread() == expected


@pytest.mark.parametrize("content", [b"ab", [b"a", b"b"]], ids=["bytes", "iterable"])
async def test_stream_is_iterated_and_read(content):
    stream = ByteStream(content)

    assert b"ab" == b"".join(stream) == stream.read()
    assert b"ab" == b"".join([piece async for piece in stream])


async def test_stream_for_coroutines_says_so():
    stream = ByteStream(chunks())

    with pytest.raises(NotSupported, match="`async for`"):
        iter(stream)
    with pytest.raises(NotSupported, match=r"await stream.aclose\(\)"):
        stream.close()

    assert b"ab" == await stream.aread()


async def test_stream_that_is_closed_has_no_more_pieces():
    iterator, async_iterator = iter([b"a"]), chunks()
    stream, async_stream = ByteStream(each(iterator)), ByteStream(async_iterator)

    stream.close()
    await async_stream.aclose()
    for held in (b"ab", [b"ab"]):
        ByteStream(held).close()
        await ByteStream(held).aclose()

    assert (b"", b"") == (stream.read(), await async_stream.aread())
    assert [b"a"] == list(iterator)


def each(iterator: Iterator[bytes]) -> Iterator[bytes]:
    yield from iterator


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
        assert CONTENT == stream.read()

    assert [Progress(step, len(CONTENT)) for step in STEPS] * 2 == told


def test_file_that_is_read_once_stays_one():
    told: list[Progress] = []
    stream: Any = byte_stream(io.BytesIO(CONTENT), told.append)

    assert CONTENT == b"".join(stream.chunks)
    assert b"" == b"".join(stream.chunks)
    assert [Progress(step, len(CONTENT)) for step in STEPS] == told


async def test_progress_of_pieces_is_told_as_well():
    told: list[Progress] = []
    once, often = byte_stream(pieces(), told.append), byte_stream(Pieces(), told.append)

    read = [await one.aread() for one in (once, once, often, often)]

    assert [b"abc", b"", b"abc", b"abc"] == read
    assert [Progress(step, None) for step in (0, 2, 3)] * 3 == told


async def test_pieces_are_a_stream():
    assert b"abc" == await byte_stream(pieces()).aread()
