"""
Find the orders of a page at a cost that does not grow with the shop.

An index has the order of a listing by id, of all orders or of one status. A pet's
orders are few and read all at once; those of a pet that has very many are walked.
"""

from collections.abc import Hashable, Iterable
from typing import Final, NamedTuple, TypedDict, cast

from sqlalchemy import ColumnElement, Select, bindparam, case, func, select
from sqlalchemy.sql.elements import literal_column

from petstore.engine.order_rows import COLUMNS
from petstore.engine.paging import Key
from petstore.engine.walking import Window, examined_max, pick, walk
from petstore.storage.statement import (
    Params,
    Statement,
    list_params,
    one_of,
    padded_count,
)
from petstore.storage.tables import PURCHASE_ORDER
from petstore.storage.transaction import Row, Tx

_LIVE: Final = PURCHASE_ORDER.c.deleted_at.is_(None)


class Filters(TypedDict, total=False):
    """Say which orders a listing holds."""

    status: str
    pet_id: int


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
        sort: id or -id.
        after: Key behind which the page begins, as the page before gave it.
        examined: How many entries may be looked at; None is the rule of `walking.py`.

    Returns:
        At most `limit` rows of COLUMNS in order, and the key behind which the next page
        begins; it is None only where nothing is left.
    """
    listing = _Listing(tx, filters, sort)
    if "pet_id" not in filters:
        return listing.page(after, limit)
    bound = examined_max(limit) if examined is None else examined
    few = listing.few(bound)
    keys, next_key = (
        walk(listing, after=after, limit=limit, examined_max=bound)
        if few is None
        else pick(few, after=after, limit=limit, is_descending=listing.is_descending)
    )
    return listing.rows([order_id for (order_id,) in keys]), next_key


class _Shape(NamedTuple):
    """
    Hold what the text of a statement depends on.

    Args:
        driver: Condition by whose index the statement enters.
        checked: Condition that is told per entry; None where whole rows are read.
    """

    driver: str | None
    checked: str | None
    is_descending: bool
    has_after: bool = False


class _Listing:
    """Read one listing of orders; see `walking.Listing`."""

    breadth: Final = 1

    def __init__(self, tx: Tx, filters: Filters, sort: str) -> None:
        self.is_descending: Final = sort.startswith("-")
        self._tx = tx
        self._params = cast(Params, filters)
        self._status = "status" if "status" in filters else None

    def page(self, after: Key | None, limit: int) -> tuple[list[Row], Key | None]:
        """Return the rows of a page that an index has."""
        shape = _Shape(self._status, None, self.is_descending)
        rows = self._read(shape, after, limit + 1)
        return rows[:limit], rows[limit - 1][:1] if len(rows) > limit else None

    def window(self, after: Key | None, size: int) -> Window:
        """Return the next entries of all orders, or of those of the status."""
        shape = _Shape(self._status, "pet_id", self.is_descending)
        entries = self._read(shape, after, size)
        until = entries[-1][:1] if len(entries) == size else None
        return Window(_matching(entries), until, len(entries))

    def few(self, count_max: int) -> Iterable[Key] | None:
        """Return what matches if the pet has so few orders, else None."""
        params = {**self._params, "row_count": count_max + 1}
        ((count,),) = self._tx.rows(_COUNT, params)
        if count > count_max:
            return None
        shape = _Shape("pet_id", self._status, self.is_descending)
        return _matching(self._tx.rows(_OF_PET(shape), self._params))

    def rows(self, ids: list[int]) -> list[Row]:
        """Return the rows of these orders, in this order."""
        if not ids:
            return []
        found = self._tx.rows(_ROWS(padded_count(ids)), list_params("order_id", ids))
        by_id = {row[0]: row for row in found}
        return [by_id[order_id] for order_id in ids]

    def _read(self, shape: _Shape, after: Key | None, count: int) -> list[Row]:
        params = {**self._params, "row_count": count}
        if after is not None:
            shape, params["after_id"] = shape._replace(has_after=True), after[0]
        return self._tx.rows(_IN_ORDER(shape), params)


def _matching(entries: Iterable[Row]) -> list[Key]:
    return [(order_id,) for order_id, matches in entries if matches]


def _build_in_order(key: Hashable) -> Select[tuple[object, ...]]:
    shape = cast(_Shape, key)
    order_id: ColumnElement[int] = PURCHASE_ORDER.c.id
    statement = _selected(shape, is_whole=shape.checked is None)
    if shape.has_after:
        mark: ColumnElement[int] = bindparam("after_id")
        is_behind = order_id < mark if shape.is_descending else order_id > mark
        statement = statement.where(is_behind)
    return statement.order_by(
        order_id.desc() if shape.is_descending else order_id
    ).limit(bindparam("row_count"))


def _build_of_pet(key: Hashable) -> Select[tuple[object, ...]]:
    return _selected(cast(_Shape, key), is_whole=False)


def _build_rows(key: Hashable) -> Select[tuple[object, ...]]:
    return select(*COLUMNS).where(
        one_of(PURCHASE_ORDER.c.id, "order_id", cast(int, key))
    )


def _selected(shape: _Shape, *, is_whole: bool) -> Select[tuple[object, ...]]:
    # A second condition would tempt a database to enter by the index of that.
    matches = (
        literal_column("1")
        if shape.checked is None
        else case((_is(shape.checked), 1), else_=0)
    )
    selected = COLUMNS if is_whole else (PURCHASE_ORDER.c.id, matches)
    statement = select(*selected).where(_LIVE)
    return statement if shape.driver is None else statement.where(_is(shape.driver))


def _is(name: str) -> ColumnElement[bool]:
    return PURCHASE_ORDER.c[name] == bindparam(name)


_IN_ORDER = Statement.of(_build_in_order)
_OF_PET = Statement.of(_build_of_pet)
_ROWS = Statement.of(_build_rows)
_COUNT = Statement(
    select(func.count()).select_from(
        select(PURCHASE_ORDER.c.id)
        .where(_LIVE, _is("pet_id"))
        .limit(bindparam("row_count"))
        .subquery("entries")
    )
)
