"""
Read long listings page by page, at the same cost however deep.

A cursor names the sort and the key behind which the next page begins, so that page
starts with an index look-up.
"""

import base64
from typing import Any, Final

from petstore.contract.errors import FieldProblem, Invalid
from petstore.contract.model import INT64_MAX

Key = tuple[Any, ...]

# No text of a store holds it, so it needs no escape, and a cursor stays short.
_SEPARATOR: Final = "\0"


def write_cursor(sort: str, key: Key) -> str:
    """Return the opaque text of a position."""
    text = _SEPARATOR.join((sort, *map(str, key)))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(
    cursor: str | None, sort: str, types: tuple[type[int] | type[str], ...]
) -> Key | None:
    """
    Return the key of a cursor; None for none and for an empty one.

    Raises:
        Invalid: It is none of ours, or of another sort.
    """
    if not cursor:
        return None
    made_for, *parts = _text(cursor).split(_SEPARATOR)
    if made_for != sort:
        raise bad_cursor("belongs to a listing with another sort")
    try:
        key = tuple(kind(part) for kind, part in zip(types, parts, strict=True))
    except ValueError as error:
        raise bad_cursor() from error
    # Neither engine can look for a larger number, and no id is below 1.
    if any(isinstance(part, int) and not 0 <= part <= INT64_MAX for part in key):
        raise bad_cursor()
    return key


def bad_cursor(message: str = "is not one of this listing") -> Invalid:
    """Return the refusal of a cursor."""
    return Invalid(
        f"The cursor {message}; begin again without one.",
        fields=(FieldProblem("query.cursor", message, "cursor"),),
    )


def _text(cursor: str) -> str:
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        return base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except ValueError as error:
        raise bad_cursor() from error
