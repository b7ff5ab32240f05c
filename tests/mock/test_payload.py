"""A body comes back as the same bytes, whatever form a cassette shows it in."""

import gzip
import json
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from petstore.contract.errors import Malformed
from petstore.contract.multipart import FilePart, frame_multipart
from petstore.mock.cassette import Cassette
from petstore.mock.exchange import Content
from petstore.mock.payload import (
    BOUNDARY,
    BYTES_MAX,
    TEXT_CHARACTERS_MAX,
    Wire,
    decoded,
    encoded,
    read_wire,
    write_wire,
)
from tests.mock.test_yaml_stream import VALUES

KINDS = [
    "application/json",
    "application/problem+json",
    "application/x-www-form-urlencoded",
    "application/xml",
    "text/plain",
    "image/png",
    "application/octet-stream",
    "",
]


def shown(wire: Wire) -> dict[str, Any]:
    return read_wire(wire, Cassette().keep)


def there_and_back(wire: Wire) -> Wire:
    cassette = Cassette()
    content = Content.model_validate(read_wire(wire, cassette.keep))
    return write_wire(content, wire.content_type, cassette.fetch)


@given(st.binary(max_size=60) | st.text().map(str.encode), st.sampled_from(KINDS))
def test_any_bytes_come_back(body, kind):
    again = there_and_back(Wire(body, kind))

    if "json" in shown(Wire(body, kind)):
        assert json.loads(body) == json.loads(again.body)
    elif "form" not in shown(Wire(body, kind)):
        assert body == again.body


@given(VALUES)
def test_json_comes_back_without_its_white_space(value):
    body = json.dumps(value, indent=2).encode()

    tight = there_and_back(Wire(body, "application/json")).body

    assert value == json.loads(tight)
    assert tight == there_and_back(Wire(tight, "application/json")).body


@pytest.mark.parametrize(
    ("body", "kind", "expected"),
    [
        (b'{"a": 1.5, "b": [null]}', "application/json", "json"),
        (b'{"a":"\\u00e9"}', "application/json", "json"),
        ('{"a":"é"}'.encode(), "application/json; charset=utf-8", "json"),
        (b'{"a":1.50}', "application/json", "text"),
        (b'{"a":1,"a":2}', "application/json", "text"),
        (b'{"a":"\\ud800"}', "application/json", "text"),
        (b"{", "application/json", "text"),
        (b"a=1&b=2&a=3", KINDS[2], "text"),
        (b"a=1&a=3&b=%20x", KINDS[2], "form"),
        (b"<Pet/>", "application/xml", "text"),
        (b"\x89PNG", "image/png", "base64"),
        (b"a\x00b", "text/plain", "base64"),
        (b"\xff" * (BYTES_MAX + 1), "image/jpeg", "file"),
        (b"x" * (TEXT_CHARACTERS_MAX + 1), "text/plain", "file"),
    ],
)
def test_body_has_the_form_that_suits_it(body, kind, expected):
    assert [expected] == list(shown(Wire(body, kind)))


def test_no_body_is_nothing():
    assert {} == shown(Wire(b"", "application/json"))
    assert b"" == there_and_back(Wire(b"", "text/plain")).body


def test_form_is_written_anew():
    wire = Wire(b"name=Rex+the+dog&status=sold", KINDS[2])

    assert {"form": {"name": "Rex the dog", "status": "sold"}} == shown(wire)
    assert wire == there_and_back(wire)


def test_multipart_form_keeps_its_parts_and_no_boundary():
    body = (
        b'--xyz\r\ncontent-disposition: form-data; name="note"\r\n\r\nhi\r\n'
        b'--xyz\r\ncontent-disposition: form-data; name="file"; filename="a.png"\r\n'
        b"content-type: image/png\r\n\r\n\x89PNG\r\n--xyz--\r\n"
    )
    wire = Wire(body, "multipart/form-data; boundary=xyz")

    assert {
        "parts": [
            {"name": "note", "text": "hi"},
            {
                "name": "file",
                "filename": "a.png",
                "type": "image/png",
                "base64": "iVBORw==",
            },
        ]
    } == shown(wire)
    assert body.replace(b"xyz", BOUNDARY.encode()) == there_and_back(wire).body
    assert (
        f"multipart/form-data; boundary={BOUNDARY}" == there_and_back(wire).content_type
    )


@pytest.mark.parametrize("name", ['a "b".png', "a\\", 'C:\\x\\"y"', "a\r\nb"])
def test_file_of_a_form_keeps_its_name(name):
    file = FilePart("file", name, "image/png")
    head, tail = frame_multipart({}, file, "xyz")
    wire = Wire(head + b"x" + tail, "multipart/form-data; boundary=xyz")

    assert name == shown(wire)["parts"][0]["filename"]
    assert shown(wire) == shown(there_and_back(wire))


def test_broken_multipart_form_is_kept_as_text():
    wire = Wire(b"--xyz\r\nno end", "multipart/form-data; boundary=xyz")

    assert wire.body == there_and_back(wire).body


@pytest.mark.parametrize(
    ("coding", "compress"),
    [
        ("gzip", gzip.compress),
        ("x-gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", lambda body: zlib.compress(body)[2:-4]),
    ],
    ids=["gzip", "x-gzip", "deflate", "deflate without a frame"],
)
def test_coding_is_taken_off(coding, compress):
    body, kept = decoded(compress(b"a" * 100), coding)

    assert (b"a" * 100, coding.removeprefix("x-")) == (body, kept)
    assert (body, kept) == decoded(encoded(body, str(kept)), str(kept))
    assert encoded(body, str(kept)) == encoded(body, str(kept))


def test_unknown_coding_stays_on():
    assert (b"...", None) == decoded(b"...", "br")


@pytest.mark.parametrize(
    "body", [b"no", gzip.compress(b"a" * 100, mtime=0)[:-9]], ids=["other", "cut"]
)
def test_body_in_another_coding_than_it_says_is_told(body):
    with pytest.raises(Malformed, match="says it is in gzip is not"):
        decoded(body, "gzip")


def test_base64_that_is_none_is_told():
    with pytest.raises(ValidationError, match="is no base64"):
        Content.model_validate({"base64": "***"})
