"""Pages of a walked listing, over plain numbers."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petstore.engine.paging import Key
from petstore.engine.walking import Window, examined_max, pick, walk


@dataclass
class Numbers:
    """List the numbers that match among those that are stored."""

    stored: list[int]
    matching: set[int]
    is_descending: bool = False
    breadth: int = 1
    sizes: list[int] = field(default_factory=list)
    count_count: int = 0

    def window(self, after: Key | None, size: int) -> Window:
        """Return the next numbers."""
        assert size > 0
        self.sizes.append(size)
        ordered = sorted(self.stored, reverse=self.is_descending)
        if after is not None:
            ordered = [
                one
                for one in ordered
                if (one < after[0] if self.is_descending else one > after[0])
            ]
        read = ordered[:size]
        until = (read[-1],) if len(read) == size else None
        return Window(
            [(one,) for one in read if one in self.matching], until, len(read)
        )

    def few(self, count_max: int) -> Iterable[Key] | None:
        """Return what matches, when it is so few."""
        self.count_count += 1
        if len(self.matching) > count_max:
            return None
        return [(one,) for one in self.matching]


def pages(listing: Numbers, limit: int, bound: int) -> list[list[int]]:
    """Return the numbers of each page."""
    found: list[list[int]] = []
    after: Key | None = None
    while True:
        keys, after = walk(listing, after=after, limit=limit, examined_max=bound)
        found.append([key[0] for key in keys])
        if after is None:
            return found


@given(
    st.sets(st.integers(0, 50)),
    st.sets(st.integers(0, 50)),
    st.booleans(),
    st.integers(1, 6),
    st.integers(1, 60),
)
def test_pages_together_are_what_matches(stored, wanted, is_descending, limit, bound):
    matching = stored & wanted
    listing = Numbers(sorted(stored), matching, is_descending)

    found = pages(listing, limit, bound)

    assert sorted(matching, reverse=is_descending) == [*chain.from_iterable(found)]
    assert all(len(page) <= limit for page in found)


def test_page_examines_no_more_than_its_bound():
    listing = Numbers(list(range(10_000)), set(range(5_000, 10_000)))

    keys, after = walk(listing, after=None, limit=10, examined_max=300)

    assert ([], (299,)) == (keys, after)
    assert sum(listing.sizes) == 300
    assert listing.count_count == 1


def test_few_that_match_come_at_once_however_many_there_are():
    listing = Numbers(list(range(10_000)), {4_000, 9_000})

    keys, after = walk(listing, after=None, limit=10, examined_max=300)

    assert ([(4_000,), (9_000,)], None) == (keys, after)
    assert listing.sizes == [11]


@pytest.mark.parametrize(("every", "sizes"), [(1, [11]), (3, [11, 22])])
def test_page_that_the_bound_is_likely_to_fill_counts_nothing(every, sizes):
    matching = range(0, 10_000, every)
    listing = Numbers(list(range(10_000)), set(matching))

    keys, after = walk(listing, after=None, limit=10, examined_max=300)

    assert ([(one,) for one in matching[:10]], (matching[9],)) == (keys, after)
    assert listing.count_count == 0
    assert listing.sizes == sizes


def test_window_of_merged_readings_has_an_entry_of_each():
    listing = Numbers(list(range(100)), set(), breadth=3)

    walk(listing, after=None, limit=4, examined_max=60)

    assert listing.sizes == [15]


@pytest.mark.parametrize("limit", [1, 100, 1_000])
def test_page_may_examine_several_times_what_it_holds(limit):
    assert examined_max(limit) >= 10 * limit
    assert examined_max(limit) <= 1_000 + 10 * limit


def test_page_is_picked_behind_the_one_before():
    keys = [(5,), (1,), (3,), (2,)]

    first, after = pick(keys, after=None, limit=2, is_descending=True)
    rest, end = pick(keys, after=after, limit=2, is_descending=True)

    assert ([(5,), (3,)], (3,)) == (first, after)
    assert ([(2,), (1,)], None) == (rest, end)
