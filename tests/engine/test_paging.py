"""Cursors, without a store."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from petstore.contract.arguments import Cursor
from petstore.contract.errors import Invalid
from petstore.contract.model import INT64_MAX, TEXT_LENGTH_MAX
from petstore.engine.paging import read_cursor, write_cursor

ANY_ID = st.integers(0, INT64_MAX)
ANY_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"))
LONGEST = st.sampled_from('\x01\x7f"\\é😀\U0010ffff').map(lambda c: c * TEXT_LENGTH_MAX)


def encoded(text: str | bytes) -> str:
    content = text.encode() if isinstance(text, str) else text
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


@given(ANY_ID)
def test_cursor_of_an_id_is_read_back(key):
    assert (key,) == read_cursor(write_cursor("id", (key,)), "id", (int,))


@given(ANY_TEXT | LONGEST, ANY_ID)
def test_cursor_of_a_name_is_read_back_and_is_a_cursor_of_the_contract(name, key):
    cursor = write_cursor("-name", (name, key))

    assert (name, key) == read_cursor(cursor, "-name", (str, int))
    assert TypeAdapter(Cursor).validate_python(cursor)
    assert cursor.isascii()


@pytest.mark.parametrize("cursor", [None, ""])
def test_no_cursor_is_the_start(cursor):
    assert read_cursor(cursor, "id", (int,)) is None


@pytest.mark.parametrize(
    "cursor",
    [
        pytest.param("!", id="no base64"),
        pytest.param("é", id="not ascii"),
        pytest.param("\ud800", id="surrogate"),
        pytest.param("a", id="one letter"),
        pytest.param(encoded(b"\xff\xfe"), id="no UTF-8"),
        pytest.param(encoded(b"id\x00\xed\xa0\x80"), id="surrogate inside"),
        pytest.param(encoded("id"), id="no key"),
        pytest.param(encoded("id\x001\x002"), id="two keys"),
        pytest.param(encoded("id\x00x"), id="no number"),
        pytest.param(encoded("id\x001.5"), id="fraction"),
        pytest.param(encoded("id\x00"), id="empty number"),
        pytest.param(encoded(f"id\x00{INT64_MAX + 1}"), id="beyond int64"),
        pytest.param(encoded("id\x00-1"), id="below every id"),
        pytest.param(encoded("id\x00" + "9" * 2_900), id="a long number"),
        pytest.param(encoded("id\x00" + "9" * 9_000), id="a very long number"),
        pytest.param(encoded("-id\x007"), id="another sort"),
        pytest.param(encoded("name\x00rex\x007"), id="another kind of sort"),
        pytest.param(encoded('["id",7]'), id="JSON"),
    ],
)
def test_what_is_no_cursor_of_the_listing_is_refused(cursor):
    with pytest.raises(Invalid) as caught:
        read_cursor(cursor, "id", (int,))

    assert ["query.cursor"] == [problem.field for problem in caught.value.fields]


@given(st.text() | st.binary().map(encoded), st.sampled_from(["id", "name"]))
def test_any_text_is_a_cursor_or_refused(cursor, sort):
    types = (int,) if sort == "id" else (str, int)
    try:
        key = read_cursor(cursor, sort, types)
    except Invalid:
        return
    if key is None:
        assert cursor == ""
        return
    assert list(types) == [type(part) for part in key]
