"""
Fill a page of a listing with a bounded look at the store, however large that is.

A listing whose filters and order no single index has is walked in its order, window by
window, and each entry says whether it matches. Two things keep a page short. When so
few do that the bound would not fill it, and few entries can match at all, those few are
read instead. And a page examines a stated number of entries at most: then it ends
early, perhaps empty, and its cursor goes on behind the last examined entry.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple, Protocol

from petstore.engine.paging import Key

# 2,000 entries, for a page of 100, take 2 to 5 ms. A longer page may look at more, for
# what it holds takes longer too.
EXAMINED_MIN: Final = 1_000
EXAMINED_PER_ITEM: Final = 10


def examined_max(limit: int) -> int:
    """Return how many entries a page of so many items may examine."""
    return EXAMINED_MIN + EXAMINED_PER_ITEM * limit


class Window(NamedTuple):
    """
    Hold what was read of a listing in one go.

    Args:
        matching: Keys of the entries that match, in order, each once.
        until: Key up to which nothing is left to read; None at the end.
        examined: How many entries were looked at, at least 1.
    """

    matching: Sequence[Key]
    until: Key | None
    examined: int


class Listing(Protocol):
    """Be a listing that can be walked; a key is what it is sorted by."""

    @property
    def is_descending(self) -> bool:
        """Tell whether keys become smaller."""

    @property
    def breadth(self) -> int:
        """Return how many sorted readings a window is merged of."""

    def window(self, after: Key | None, size: int) -> Window:
        """Return the entries behind a key: about `size`, at least one of each."""

    def few(self, count_max: int) -> Iterable[Key] | None:
        """Return what matches if so few entries can, in any order; else None."""


def walk(
    listing: Listing, *, after: Key | None, limit: int, examined_max: int
) -> tuple[list[Key], Key | None]:
    """
    Return the keys of a page, and the key behind which the next one begins.

    One more than asked is looked for, which tells whether there is a next page.

    Args:
        after: Where the page before ended.
        limit: How many keys at most; there may be fewer, even none.

    Returns:
        None instead of a key only where nothing is left.
    """
    found: list[Key] = []
    left = examined_max
    size = (limit + 1) * listing.breadth
    has_counted = False
    while len(found) <= limit:
        window = listing.window(after, min(size, left))
        found += window.matching
        after = window.until
        left -= window.examined
        size *= 2
        if after is None or left <= 0:
            break
        lacking = limit + 1 - len(found)
        if has_counted or lacking * (examined_max - left) <= len(found) * left:
            continue
        has_counted = True
        if (few := listing.few(left)) is not None:
            found += _behind(after, few, is_descending=listing.is_descending)
            after = None
            break
    return _cut(found, after, limit)


def pick(
    keys: Iterable[Key], *, after: Key | None, limit: int, is_descending: bool
) -> tuple[list[Key], Key | None]:
    """Return the keys of a page as `walk` does, where all that match are known."""
    return _cut(_behind(after, keys, is_descending=is_descending), None, limit)


def _behind(
    after: Key | None, keys: Iterable[Key], *, is_descending: bool
) -> list[Key]:
    if after is not None:
        keys = (key for key in keys if (key < after if is_descending else key > after))
    return sorted(keys, reverse=is_descending)


def _cut(
    found: list[Key], after: Key | None, limit: int
) -> tuple[list[Key], Key | None]:
    return (found[:limit], found[limit - 1]) if len(found) > limit else (found, after)
