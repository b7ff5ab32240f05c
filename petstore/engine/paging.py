"""
Read long listings page by page, at the same cost however deep.

A cursor names the sort and the last key of the page before, so the next page starts
with an index look-up. A listing with several filter values of one kind is several
sorted readings, merged here: an IN list would make the database sort all matches.
"""

import base64
import binascii
import heapq
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from petstore.contract.errors import FieldProblem, Invalid
from petstore.storage.transaction import Row

Key = tuple[Any, ...]


def write_cursor(sort: str, key: Key) -> str:
    """Return the opaque text of a position."""
    text = json.dumps([sort, *key], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(cursor: str | None, sort: str, types: tuple[type, ...]) -> Key | None:
    """
    Return the key of a cursor; None for none.

    Raises:
        Invalid: It is none of ours, or of another sort.
    """
    if cursor is None:
        return None
    try:
        padded = cursor.encode() + b"=" * (-len(cursor) % 4)
        made_for, *key = json.loads(base64.urlsafe_b64decode(padded))
    except (binascii.Error, ValueError, TypeError, RecursionError) as error:
        raise _bad_cursor("is not a cursor of this listing") from error
    if made_for != sort:
        raise _bad_cursor(f"belongs to sort={made_for}; use the same sort for all pages")
    if [type(part) for part in key] != list(types):
        raise _bad_cursor("is not a cursor of this listing")
    return tuple(key)


def _bad_cursor(message: str) -> Invalid:
    return Invalid(
        f"The cursor {message}.",
        fields=(FieldProblem("query.cursor", message, "cursor"),),
    )


def merge(
    readings: Iterable[Sequence[Row]],
    key: Callable[[Row], Key],
    *,
    count: int,
    is_descending: bool = False,
) -> list[Row]:
    """
    Merge sorted readings into the first `count` rows, each key once.

    Args:
        readings: Each holds its own first `count` rows.
    """
    merged: list[Row] = []
    last: Key | None = None
    for row in heapq.merge(*readings, key=key, reverse=is_descending):
        if key(row) == last:
            continue
        last = key(row)
        merged.append(row)
        if len(merged) == count:
            break
    return merged
