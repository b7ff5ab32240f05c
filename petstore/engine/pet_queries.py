"""
Find the pets of a page at a cost that does not grow with the shop.

An index has the order of a listing by id with one status, tag or category, of one by
name, and of one by name with a prefix. Several statuses or tags are several sorted
readings, merged. Every other listing is walked, see `walking.py`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from petstore.engine.paging import Key, bad_cursor
from petstore.engine.pet_rows import key_by_id, key_by_name
from petstore.engine.pet_statements import (
    COUNT,
    END,
    PAGE,
    ROWS,
    STRETCH,
    WINDOW,
    Condition,
    Kind,
    Shape,
    Span,
)
from petstore.engine.walking import Window, examined_max, walk
from petstore.rules import NAME_FOLDED_LENGTH_MAX, fold_name
from petstore.storage.statement import Params, Value, list_params, padded_count
from petstore.storage.transaction import Row, Tx

# Filled up with the highest code point, a prefix sorts behind all that begins with it.
_HIGHEST: Final = "\U0010ffff"
_ALL: Final = Condition("all")
# Filters by which a listing by id may enter, the one with the fewest pets first.
_BY_ID: Final[Sequence[Kind]] = ("tag", "category", "status")
_FEW: Final[Sequence[Kind]] = ("tag", "prefix", "category", "status")


class Filters(NamedTuple):
    """
    Say which pets are looked for; what is empty or None filters nothing.

    Args:
        statuses: Any of them counts.
        tags: Any of them counts.
        prefix: Start of the name; case does not matter.
    """

    statuses: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    category: str | None = None
    prefix: str | None = None


def read_page(
    tx: Tx,
    filters: Filters,
    sort: str,
    *,
    after: Key | None,
    limit: int,
    examined: int | None = None,
) -> tuple[list[Row], Key | None]:
    """
    Read the next rows that match.

    Args:
        sort: id, -id, name or -name.
        after: Key behind which the page begins, as the page before gave it.
        examined: How many entries may be looked at; None is the rule of `walking.py`.

    Returns:
        At most `limit` rows of COLUMNS in order, and the key behind which the next page
        begins; it is None only where nothing is left.

    Raises:
        Invalid: The key is from a listing with another prefix.
    """
    listing = _Listing(tx, filters, sort)
    listing.check(after)
    if listing.is_indexed:
        return listing.page(after, limit)
    bound = examined_max(limit) if examined is None else examined
    keys, next_key = walk(listing, after=after, limit=limit, examined_max=bound)
    return _rows(tx, [key[-1] for key in keys]), next_key


class _Listing:
    """Read one listing of pets; see `walking.Listing`."""

    def __init__(self, tx: Tx, filters: Filters, sort: str) -> None:
        self._tx = tx
        self._params, self._conditions = _asked(filters)
        order: Sequence[Kind] = ("prefix",) if sort.endswith("name") else _BY_ID
        by_order = (self._conditions[one] for one in order if one in self._conditions)
        self._shape = self._shape_of(next(by_order, _ALL), sort)
        self._values = _count_of(filters, self._shape.driver.kind)

    @property
    def is_descending(self) -> bool:
        """Tell whether keys become smaller."""
        return self._shape.is_descending

    @property
    def breadth(self) -> int:
        """Return how many values the listing is entered by."""
        return self._values

    @property
    def is_indexed(self) -> bool:
        """Tell whether an index has all that matches, and nothing else, in order."""
        shape = self._shape
        # A tag has entries of deleted pets, and several of one pet.
        return not shape.checked and self.breadth == 1 and shape.driver.kind != "tag"

    def check(self, after: Key | None) -> None:
        """Refuse a key by name that the prefix excludes: it stands for a bound."""
        prefix = self._params.get("prefix")
        if after is None or prefix is None or self._shape.driver.kind != "prefix":
            return
        if not str(after[0]).startswith(str(prefix)):
            raise bad_cursor("belongs to a listing with another q")

    def page(self, after: Key | None, limit: int) -> tuple[list[Row], Key | None]:
        """Return the rows of a page that an index has."""
        rows = self._read(PAGE, after, limit + 1)
        if len(rows) <= limit:
            return rows, None
        key = key_by_name if self._shape.is_by_name else key_by_id
        return rows[:limit], key(rows[limit - 1])

    def window(self, after: Key | None, size: int) -> Window:
        """Return the next entries: so many, or that share of each value's."""
        if self.breadth > 1:
            return self._merged(after, size)
        entries = self._read(WINDOW, after, size)
        until = entries[-1][:-1] if len(entries) == size else None
        return Window(_matching(entries), until, len(entries))

    def few(self, count_max: int) -> Iterable[Key] | None:
        """Return what matches if a condition has so few entries, else None."""
        for kind in _FEW:
            condition = self._conditions.get(kind)
            if condition is None:
                continue
            params = {**self._params, "row_count": count_max + 1}
            ((count,),) = self._tx.rows(COUNT(condition), params)
            if count <= count_max:
                shape = self._shape_of(condition, self._shape.sort)
                entries = self._tx.rows(STRETCH(shape), self._params)
                if kind == "tag" and shape.is_by_name:
                    entries = [(name, pet_id, name) for pet_id, name in entries]
                return _matching(entries)
        return None

    def _merged(self, after: Key | None, size: int) -> Window:
        # One that has this many is read no further, so neither are the others: what
        # lies up to there is complete.
        share = max(1, size // self.breadth)
        span = Span.WHOLE if after is None else Span.BEYOND
        shape = self._shape._replace(span=span)
        params = {**self._params, **_mark(after)}
        ((end,),) = self._tx.rows(END(shape), {**params, "skipped_count": share - 1})
        if end is not None:
            shape = shape._replace(has_end=True)
            params["end_id"] = end
        entries = self._tx.rows(STRETCH(shape), params)
        entries.sort(key=key_by_id, reverse=self.is_descending)
        until = None if end is None else (end,)
        return Window(_matching(entries), until, self.breadth + len(entries))

    def _read(self, statement: Any, after: Key | None, count: int) -> list[Row]:
        rows: list[Row] = []
        params = {**self._params, **_mark(after)}
        for span in _spans(after):
            if len(rows) < count:
                shape = self._shape._replace(span=span)
                limited = {**params, "row_count": count - len(rows)}
                rows += self._tx.rows(statement(shape), limited)
        return rows

    def _shape_of(self, driver: Condition, sort: str) -> Shape:
        others = (one for one in self._conditions.values() if one != driver)
        return Shape(driver, tuple(others), sort)


def _asked(filters: Filters) -> tuple[Params, Mapping[Kind, Condition]]:
    params: dict[str, Value] = {}
    conditions: dict[Kind, Condition] = {}
    given: dict[Kind, tuple[str, ...]] = {
        "status": tuple(dict.fromkeys(filters.statuses)),
        "tag": tuple(dict.fromkeys(filters.tags)),
    }
    for kind, values in given.items():
        if values:
            conditions[kind] = Condition(kind, padded_count(values))
            params.update(list_params(kind, values))
    if filters.category is not None:
        conditions["category"] = Condition("category")
        params["category"] = filters.category
    if filters.prefix is not None:
        conditions["prefix"] = Condition("prefix")
        params["prefix"] = prefix = fold_name(filters.prefix)
        params["prefix_end"] = prefix.ljust(NAME_FOLDED_LENGTH_MAX + 1, _HIGHEST)
    return params, conditions


def _count_of(filters: Filters, kind: Kind) -> int:
    given = {"status": filters.statuses, "tag": filters.tags}.get(kind, ())
    return max(1, len(set(given)))


def _spans(after: Key | None) -> Iterator[Span]:
    """Yield the parts that are, one after the other, the rest of the listing."""
    if after is None:
        yield Span.WHOLE
        return
    if len(after) > 1:
        yield Span.SAME_NAME
    yield Span.BEYOND


def _mark(after: Key | None) -> dict[str, Value]:
    if after is None:
        return {}
    if len(after) > 1:
        return {"after_name": after[0], "after_id": after[1]}
    return {"after_id": after[0]}


def _matching(entries: Iterable[Row]) -> list[Key]:
    """Return each key once; a pet may have one tag many times."""
    return list(dict.fromkeys(entry[:-1] for entry in entries if entry[-1] is not None))


def _rows(tx: Tx, ids: Sequence[int]) -> list[Row]:
    if not ids:
        return []
    rows = tx.rows(ROWS(padded_count(ids)), list_params("pet_id", ids))
    by_id = {row[0]: row for row in rows}
    return [by_id[pet_id] for pet_id in ids]
