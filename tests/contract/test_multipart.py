"""A multipart form reads the same in whatever chunks it arrives."""

import httpx
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from petstore.contract.errors import Invalid, Malformed, TooLarge
from petstore.contract.multipart import (
    PART_COUNT_MAX,
    PART_HEADER_BYTES_MAX,
    FilePart,
    MultipartReader,
    PartData,
    PartEnd,
    PartStart,
    boundary_of,
    frame_multipart,
)

BOUNDARY = "b0undary"
NAME = 'Content-Disposition: form-data; name="x"'
A_FILE = FilePart("file", "a.png", "image/png")


def parts_of(chunks, boundary: str = BOUNDARY) -> list[tuple[PartStart, bytes]]:
    """Read a whole form; each part with its content, events in the right order."""
    reader = MultipartReader(boundary)
    parts: list[tuple[PartStart, bytes]] = []
    is_open = False
    for chunk in chunks:
        for event in reader.feed(chunk):
            assert is_open is not isinstance(event, PartStart)
            is_open = not isinstance(event, PartEnd)
            if isinstance(event, PartStart):
                parts.append((event, b""))
            if isinstance(event, PartData):
                assert event.content
                start, content = parts[-1]
                parts[-1] = (start, content + event.content)
    reader.close()
    assert not is_open
    return parts


def form(*parts: str, boundary: str = BOUNDARY) -> bytes:
    """Write parts, each its headers, an empty line and its body, as a form."""
    joined = "".join(f"--{boundary}\r\n{part}\r\n" for part in parts)
    return f"{joined}--{boundary}--\r\n".encode()


def written(fields: dict[str, str], file: FilePart, content: bytes) -> bytes:
    head, tail = frame_multipart(fields, file, BOUNDARY)
    return head + content + tail


def read_one(headers: str) -> PartStart:
    ((start, _),) = parts_of([form(f"{headers}\r\n\r\n")])
    return start


# --- there and back

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
# Percent signs are not escaped (HTML standard), so these three would come back changed.
NAMES = TEXT.filter(
    lambda text: not any(code in text.upper() for code in ("%22", "%0D", "%0A"))
)
# Bytes that look like delimiters are what a reader could trip over.
CONTENT = st.lists(
    st.sampled_from([b"\r", b"\n", b"-", b"--", b"\r\n--", b"\r\n--b0undar", b"x"])
    | st.binary(max_size=20),
    max_size=8,
)


@given(
    fields=st.dictionaries(NAMES, TEXT, max_size=4),
    name=NAMES,
    filename=NAMES,
    content=CONTENT,
    data=st.data(),
)
def test_any_split_gives_the_same_parts(fields, name, filename, content, data):
    whole = b"".join(content)
    assume(f"\r\n--{BOUNDARY}".encode() not in b"\r\n" + whole)
    assume(all(f"--{BOUNDARY}" not in value for value in fields.values()))
    body = written(fields, FilePart(name, filename, "image/png"), whole)
    cuts = data.draw(st.lists(st.integers(0, len(body)), max_size=12).map(sorted))

    chunks = [body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True)]

    expected = [(PartStart(key), value.encode()) for key, value in fields.items()]
    expected.append((PartStart(name, filename, "image/png"), whole))
    assert parts_of(chunks) == expected


def test_bytes_one_by_one_give_the_same_parts():
    body = form(f"{NAME}\r\n\r\none", f"{NAME}\r\nContent-Type: a/b\r\n\r\n\r\n-two")

    assert parts_of(body[i : i + 1] for i in range(len(body))) == [
        (PartStart("x"), b"one"),
        (PartStart("x", content_type="a/b"), b"\r\n-two"),
    ]


def test_form_may_have_no_parts():
    assert parts_of([f"--{BOUNDARY}--\r\n".encode()]) == []


def test_reader_holds_back_less_than_a_delimiter():
    reader = MultipartReader(BOUNDARY)
    reader.feed(f"--{BOUNDARY}\r\n{NAME}\r\n\r\n".encode())

    (event,) = reader.feed(b"x" * 1_000_000)

    assert isinstance(event, PartData)
    assert len(event.content) > 1_000_000 - len(f"\r\n--{BOUNDARY}")


def test_form_that_httpx_sends_is_read():
    request = httpx.Request(
        "POST",
        "http://test/",
        data={"additionalMetadata": "a \u00fc"},
        files={"file": ('a "b"\u00fc.png', b"\x89PNG", "image/png")},
    )

    boundary = boundary_of(request.headers["Content-Type"])

    assert parts_of([request.read()], boundary) == [
        (PartStart("additionalMetadata"), "a \u00fc".encode()),
        (PartStart("file", 'a "b"\u00fc.png', "image/png"), b"\x89PNG"),
    ]


# --- writing


def test_form_is_written_as_browsers_write_it():
    file = FilePart("file", '"\r\n\\ü', "application/octet-stream")

    assert written({"k": "v"}, file, b"123").decode() == (
        "--b0undary\r\n"
        'Content-Disposition: form-data; name="k"\r\n\r\n'
        "v\r\n"
        "--b0undary\r\n"
        'Content-Disposition: form-data; name="file"; filename="%22%0D%0A\\\\ü"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
        "123\r\n"
        "--b0undary--\r\n"
    )


@pytest.mark.parametrize(
    ("fields", "file"),
    [
        pytest.param({"k\ud800": "v"}, A_FILE, id="name"),
        pytest.param({"k": "\ud800"}, A_FILE, id="text"),
        pytest.param({}, FilePart("k", "\udcff", "a/b"), id="filename"),
        pytest.param({}, FilePart("k", "a", "a/b\r\nX: y"), id="media-type"),
    ],
)
def test_what_no_form_can_carry_is_invalid(fields, file):
    with pytest.raises(Invalid) as caught:
        frame_multipart(fields, file, BOUNDARY)

    assert caught.value.fields[0].field.startswith("form.k")


def test_bad_boundary_of_our_own_is_a_bug():
    with pytest.raises(ValueError, match="boundary"):
        frame_multipart({}, A_FILE, "a\r\nb")


# --- reading


@pytest.mark.parametrize(
    ("header", "boundary"),
    [
        pytest.param("multipart/form-data; boundary=abc", "abc", id="bare"),
        pytest.param('multipart/form-data; boundary="a b:c"', "a b:c", id="quoted"),
        pytest.param(
            "multipart/form-data;charset=utf-8 ; Boundary=--x", "--x", id="third"
        ),
        pytest.param(f"multipart/form-data; boundary={'x' * 70}", "x" * 70, id="long"),
    ],
)
def test_boundary_is_found(header, boundary):
    assert boundary_of(header) == boundary


@pytest.mark.parametrize(
    ("header", "message"),
    [
        pytest.param("multipart/form-data", "has no boundary", id="none"),
        pytest.param("multipart/form-data; boundary=", "1 to 70", id="empty"),
        pytest.param("multipart/form-data; boundary=é", "1 to 70", id="non-ascii"),
        pytest.param(
            f"multipart/form-data; boundary={'x' * 71}", "1 to 70", id="too-long"
        ),
        pytest.param('multipart/form-data; boundary="a "', "1 to 70", id="ends-blank"),
    ],
)
def test_missing_or_bad_boundary_is_malformed(header, message):
    with pytest.raises(Malformed, match=message):
        boundary_of(header)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        pytest.param(NAME, PartStart("x"), id="field"),
        pytest.param(
            "content-type:  a/b \r\nCONTENT-DISPOSITION:FORM-DATA ;NAME=x",
            PartStart("x", content_type="a/b"),
            id="case-and-space",
        ),
        pytest.param(
            f'{NAME}; filename="a;name=b\\"c\\\\d"',
            PartStart("x", 'a;name=b"c\\d'),
            id="quoted-pairs",
        ),
        pytest.param(
            f'{NAME}; filename="C:\\photos\\rex.png"',
            PartStart("x", "C:\\photos\\rex.png"),
            id="path-of-an-old-browser",
        ),
        pytest.param(
            f'{NAME}; filename="a%22%0d%0Ab%20"',
            PartStart("x", 'a"\r\nb%20'),
            id="html-escapes",
        ),
        pytest.param(
            f"{NAME}; filename*=UTF-8''%e2%82%ac.png; filename=\"x\"",
            PartStart("x", "€.png"),
            id="rfc-5987",
        ),
        pytest.param(
            f"{NAME}; filename*=latin-9''%a4.png",
            PartStart("x"),
            id="rfc-5987-other-charset",
        ),
        pytest.param(f'{NAME}; filename=""', PartStart("x", ""), id="no-file-chosen"),
        pytest.param(
            'Content-Disposition: form-data;\r\n\tname="x";\r\n filename="y"',
            PartStart("x", "y"),
            id="folded",
        ),
        pytest.param(
            f"{NAME}\r\nContent-Transfer-Encoding: 8BIT", PartStart("x"), id="8bit"
        ),
    ],
)
def test_headers_are_read_as(headers, expected):
    assert read_one(headers) == expected


def test_name_in_bad_utf_8_is_repaired():
    body = form('Content-Disposition: form-data; name="\u00ff"\r\n\r\n')

    ((start, _),) = parts_of([body.replace("\u00ff".encode(), b"\xff")])

    assert start == PartStart("\ufffd")


def test_preamble_epilogue_and_padding_are_dropped():
    body = (
        b"This is MIME.\r\n--b0undary \t\r\n" + NAME.encode() + b"\r\n\r\nv"
        b"\r\n--b0undary--  \r\nbye\r\n--b0undary\r\n"
    )

    assert parts_of([body, b"more"]) == [(PartStart("x"), b"v")]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        pytest.param(b"", "ends within its preamble", id="nothing"),
        pytest.param(b"{}", "ends within its preamble", id="json"),
        pytest.param(b"--b0undary", "ends within its delimiter", id="delimiter"),
        pytest.param(b"--b0undary-", "ends within its delimiter", id="half-close"),
        pytest.param(b"--b0undary \r", "ends within its delimiter", id="half-line"),
        pytest.param(b"--b0undary\r\n", "ends within its headers", id="headers"),
        pytest.param(form(f"{NAME}\r\n\r\nv")[:-16], "within its body", id="body"),
        pytest.param(b"--b0undaryX\r\n", "only begins like", id="longer-boundary"),
        pytest.param(form("\r\nv"), "has no name", id="no-headers"),
        pytest.param(form("A: b\r\n\r\nv"), "has no name", id="no-disposition"),
        pytest.param(
            form("Content-Disposition: form-data\r\n\r\nv"), "no name", id="no-name"
        ),
        pytest.param(
            form('Content-Disposition: attachment; name="x"\r\n\r\nv'),
            "form-data",
            id="attachment",
        ),
        pytest.param(form("Colonless\r\n\r\nv"), "without a colon", id="no-colon"),
        pytest.param(
            form(f"{NAME}\r\nContent-Transfer-Encoding: base64\r\n\r\nv"),
            "base64 is not supported",
            id="base64",
        ),
    ],
)
def test_bad_form_is_malformed(body, message):
    with pytest.raises(Malformed, match=message):
        parts_of([body])


def test_more_parts_than_the_limit_are_too_large():
    part = f"{NAME}\r\n\r\nv"

    assert len(parts_of([form(*[part] * PART_COUNT_MAX)])) == PART_COUNT_MAX
    with pytest.raises(TooLarge, match="16 parts at most"):
        parts_of([form(*[part] * (PART_COUNT_MAX + 1))])


@pytest.mark.parametrize(
    "start",
    [
        pytest.param(f"--{BOUNDARY}\r\n{NAME}\r\nX: ".encode(), id="headers"),
        pytest.param(f"--{BOUNDARY}".encode(), id="padding"),
    ],
)
def test_endless_headers_are_too_large(start):
    reader = MultipartReader(BOUNDARY)
    reader.feed(start)

    with pytest.raises(TooLarge, match="8,192 bytes at most"):
        reader.feed(b" " * (PART_HEADER_BYTES_MAX + 1))
