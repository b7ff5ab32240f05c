"""An upload is read piece by piece, and written so that it can be."""

import itertools
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petstore.contract.call import ByteStream
from petstore.contract.errors import Invalid, Malformed, UnsupportedMedia
from petstore.contract.flavours import Route, face
from petstore.contract.media import FORM, JSON, MULTIPART, OCTETS
from petstore.contract.uploads import UploadReader, packed_upload

V2 = face("v2", "strict").routes["uploadFile"]
V3 = face("v3", "strict").routes["uploadFile"]
FORM_KIND = f"{MULTIPART}; boundary=b"


def read(
    route: Route, kind: str, body: bytes, *cuts: int
) -> tuple[UploadReader, bytes]:
    """Feed a body in the pieces between the cuts, and return what is the file."""
    reader = UploadReader(route, {"content-type": kind} if kind else {})
    edges = [0, *sorted(cut % (len(body) + 1) for cut in cuts), len(body)]
    pieces = [body[a:b] for a, b in itertools.pairwise(edges)]
    kept = b"".join(one for piece in pieces for one in reader.feed(piece))
    reader.finish()
    return reader, kept


def part(name: str, content: bytes, more: str = "", kind: str = "") -> bytes:
    head = f'--b\r\nContent-Disposition: form-data; name="{name}"{more}\r\n'
    media_type = f"Content-Type: {kind}\r\n" if kind else ""
    return f"{head}{media_type}\r\n".encode() + content + b"\r\n"


BODY = (
    part("additionalMetadata", "léft".encode())
    + part("file", b"\r\n--png--\r\n", '; filename="a.png"', "image/png")
    + b"--b--\r\n"
)


@given(st.lists(st.integers(0, 10_000), max_size=8))
def test_form_may_be_cut_anywhere(cuts):
    reader, kept = read(V2, FORM_KIND, BODY, *cuts)

    assert kept == b"\r\n--png--\r\n"
    assert reader.arguments == {"additional_metadata": "léft"}
    assert (reader.file_name, reader.media_type) == ("a.png", "image/png")


@pytest.mark.parametrize("route", [V2, V3])
@pytest.mark.parametrize("kind", [OCTETS, "image/png", "IMAGE/PNG; x=1"])
def test_bare_body_is_the_file(route, kind):
    reader, kept = read(route, kind, b"png", 1, 2)

    assert kept == b"png"
    assert reader.media_type == kind.partition(";")[0].lower()
    assert (reader.file_name, reader.arguments) == (None, {})


def test_part_without_media_type_is_octets():
    reader, _ = read(V2, FORM_KIND, part("file", b"x", '; filename="a"') + b"--b--")

    assert reader.media_type == OCTETS


def test_file_may_have_no_name():
    reader, kept = read(V2, FORM_KIND, part("file", b"x") + b"--b--")

    assert (reader.file_name, kept) == (None, b"x")


def test_field_that_is_empty_or_unknown_is_no_argument():
    body = part("additionalMetadata", b"") + part("colour", b"red") + part("file", b"x")

    reader, _ = read(V2, FORM_KIND, body + b"--b--")

    assert reader.arguments == {}


def test_long_field_is_cut():
    body = part("additionalMetadata", b"x" * 100_000) + part("file", b"x") + b"--b--"

    reader = UploadReader(V2, {"content-type": FORM_KIND}, is_open=True)
    for start in range(0, len(body), 30_000):
        list(reader.feed(body[start : start + 30_000]))
    reader.finish()

    assert reader.arguments == {"additional_metadata": "x" * 65_536}


@pytest.mark.parametrize(
    ("route", "kind"),
    [
        (V2, JSON),
        (V2, FORM),
        (V2, "text/plain"),
        (V3, MULTIPART),
        (V3, "video/mp4"),
    ],
)
def test_other_media_type_is_refused(route, kind):
    with pytest.raises(UnsupportedMedia, match=f"not '{kind}'"):
        UploadReader(route, {"content-type": kind})


def test_upload_needs_a_media_type():
    with pytest.raises(UnsupportedMedia, match=r"not a body without Content-Type\."):
        UploadReader(V2, {})


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (OCTETS, b""),
        (FORM_KIND, part("additionalMetadata", b"x") + b"--b--"),
        (FORM_KIND, b"--b--\r\n"),
    ],
)
def test_upload_without_a_file_says_so(kind, body):
    with pytest.raises(Invalid, match=r"is empty|holds no file") as caught:
        read(V2, kind, body)

    assert caught.value.extra["reason"] == "no_file"
    assert [problem.field for problem in caught.value.fields] == ["form.file"]


def test_second_file_is_refused():
    body = part("file", b"AAA") + part("file", b"BBB") + b"--b--"

    with pytest.raises(Invalid, match="two parts `file`") as caught:
        read(V2, FORM_KIND, body)

    assert ["form.file"] == [problem.field for problem in caught.value.fields]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (FORM_KIND, BODY[:-5]),
        (FORM_KIND, b""),
        (MULTIPART, BODY),
        (FORM_KIND, b"--b\r\nX: y\r\n\r\nx\r\n--b--"),
    ],
)
def test_broken_form_cannot_be_read(kind, body):
    with pytest.raises(Malformed):
        read(V2, kind, body)


FILE = ByteStream(b"png", "image/png", 3, "a.png")


def packed(route: Route, content: ByteStream) -> tuple[str, Any]:
    form = [("additionalMetadata", "left")] if route is V2 else []
    return packed_upload(route, form, content, "b")


def test_bytes_are_packed_as_bytes():
    assert packed(V3, FILE) == ("image/png", b"png")
    kind, body = packed(V2, FILE)

    reader, kept = read(V2, kind, body)
    assert kept == b"png"
    assert reader.arguments == {"additional_metadata": "left"}
    assert (reader.file_name, reader.media_type) == ("a.png", "image/png")


def test_media_type_that_no_route_takes_is_octets():
    assert packed(V3, ByteStream(b"x", "text/plain")) == (OCTETS, b"x")


@pytest.mark.parametrize("size_bytes", [3, None])
def test_stream_stays_one_and_knows_its_size(size_bytes):
    stream = ByteStream(iter([b"p", b"ng"]), "image/png", size_bytes, "a.png")

    kind, body = packed(V2, stream)
    content = b"".join(body.chunks)

    assert read(V2, kind, content)[1] == b"png"
    assert body.size_bytes == (None if size_bytes is None else len(content))


def test_bare_stream_is_sent_as_it_is():
    stream = ByteStream(iter([b"png"]), "image/png", 3)

    assert packed(V3, stream) == ("image/png", stream)


async def test_async_stream_stays_one():
    async def chunks() -> AsyncIterator[bytes]:
        yield b"p"
        yield b"ng"

    kind, body = packed(V2, ByteStream(chunks(), "image/png", 3, "a.png"))
    content = b"".join([chunk async for chunk in body.chunks])

    assert read(V2, kind, content)[1] == b"png"
    assert body.size_bytes == len(content)


def test_form_can_be_read_as_often_as_its_file():
    _, body = packed(V2, ByteStream([b"p", b"ng"], "image/png", 3, "a.png"))

    assert b"".join(body.chunks) == b"".join(body.chunks) != b""
