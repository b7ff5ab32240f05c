"""
Find pets by index, one sorted reading per combination of filter values.

With one kind of filter and sorted by id, or sorted by name with at most a prefix, a
page costs the same however many pets match. A second kind of filter is checked pet by
pet, and for other sorts of a filtered listing no index has both, so the database sorts
what matches: these grow with the pets that match the first filter.
"""

import itertools
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, cast

from sqlalchemy import ColumnElement, Select, bindparam, exists, select

from petstore.contract.errors import FieldProblem, Invalid
from petstore.engine.paging import Key, bad_cursor
from petstore.engine.pet_rows import COLUMNS
from petstore.rules import NAME_FOLDED_LENGTH_MAX, fold_name
from petstore.storage.statement import Params, Statement, Value
from petstore.storage.tables import PET, PET_TAG
from petstore.storage.transaction import Row, Tx

COMBINATIONS_MAX: Final = 200
# Filled up with the highest code point, a prefix sorts behind all that begins with it.
_HIGHEST: Final = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Filters:
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


class _Part(Enum):
    """
    Say which part of a sorted listing a statement reads.

    Behind a cursor by name are first the pets of its very name, then the other names.
    As one condition on both columns, SQLite would use its index for the name only, and
    step over all pets of that name again for each page.
    """

    WHOLE = "whole"
    SAME_NAME = "same name"
    BEYOND = "beyond"


@dataclass(frozen=True, slots=True)
class _Shape:
    """Hold what the text of a statement depends on."""

    has_status: bool
    has_tag: bool
    has_category: bool
    has_prefix: bool
    sort: str
    part: _Part

    @property
    def is_by_name(self) -> bool:
        return self.sort.endswith("name")

    @property
    def is_descending(self) -> bool:
        return self.sort.startswith("-")


def read_matching(
    tx: Tx, filters: Filters, sort: str, *, after: Key | None, count: int
) -> Iterator[list[Row]]:
    """
    Read the first rows that match, once per combination of status and tag.

    Args:
        sort: id, -id, name or -name.
        after: Key of the last row of the page before.

    Returns:
        Sorted readings of at most `count` rows of COLUMNS, no pet twice in one.

    Raises:
        Invalid: The filters have too many combinations, or the cursor is from a
            listing with another prefix.
    """
    statuses: Sequence[str | None] = tuple(dict.fromkeys(filters.statuses)) or (None,)
    tags: Sequence[str | None] = tuple(dict.fromkeys(filters.tags)) or (None,)
    if len(statuses) * len(tags) > COMBINATIONS_MAX:
        message = f"may have {COMBINATIONS_MAX} combinations of status and tag at most"
        raise Invalid(
            f"The filters {message}.",
            fields=(FieldProblem("query", message, "too_many"),),
        )
    params = _params(filters, sort, after)
    statements = [_PAGE(shape) for shape in _shapes(filters, sort, after)]
    for status, tag in itertools.product(statuses, tags):
        given = {"status": status, "tag": tag}
        used = {name: value for name, value in given.items() if value is not None}
        yield _read(tx, statements, {**params, **used}, count)


def _read(
    tx: Tx, statements: Sequence[Statement], params: Params, count: int
) -> list[Row]:
    rows: list[Row] = []
    for statement in statements:
        if len(rows) < count:
            rows += tx.rows(statement, {**params, "row_count": count - len(rows)})
    return rows


def _shapes(filters: Filters, sort: str, after: Key | None) -> Iterator[_Shape]:
    """Yield the shapes of the statements whose rows, in turn, are the listing."""
    parts = [_Part.WHOLE]
    if after is not None:
        is_by_name = sort.endswith("name")
        parts = [_Part.SAME_NAME, _Part.BEYOND] if is_by_name else [_Part.BEYOND]
    for part in parts:
        yield _Shape(
            has_status=bool(filters.statuses),
            has_tag=bool(filters.tags),
            has_category=filters.category is not None,
            has_prefix=filters.prefix is not None,
            sort=sort,
            part=part,
        )


def _params(filters: Filters, sort: str, after: Key | None) -> dict[str, Value]:
    params: dict[str, Value] = {}
    after_name: str | None = None
    if after is not None:
        params["after_id"] = after[-1]
    if after is not None and sort.endswith("name"):
        params["after_name"] = after_name = after[0]
    if filters.category is not None:
        params["category"] = filters.category
    if filters.prefix is not None:
        prefix = fold_name(filters.prefix)
        params["prefix"] = prefix
        params["prefix_end"] = prefix.ljust(NAME_FOLDED_LENGTH_MAX + 1, _HIGHEST)
        # The cursor takes the place of one bound, see `_in_prefix`.
        if after_name is not None and not after_name.startswith(prefix):
            raise bad_cursor("belongs to a listing with another q")
    return params


def _build(key: Hashable) -> Select[tuple[object, ...]]:
    shape = cast(_Shape, key)
    statement = select(*COLUMNS).where(PET.c.deleted_at.is_(None))
    pet_id: ColumnElement[int] = PET.c.id
    if shape.has_tag:
        # Sorting by the tag's own column lets its index give the order.
        pet_id = pet_id if shape.is_by_name else PET_TAG.c.pet_id
        statement = statement.join(PET_TAG, PET_TAG.c.pet_id == PET.c.id).where(
            PET_TAG.c.name == bindparam("tag"), ~_REPEATS_A_TAG
        )
    if shape.has_status:
        statement = statement.where(PET.c.status == bindparam("status"))
    if shape.has_category:
        statement = statement.where(PET.c.category_name == bindparam("category"))
    if shape.has_prefix:
        statement = statement.where(*_in_prefix(shape))
    return _sorted(statement, shape, pet_id).limit(bindparam("row_count"))


_EARLIER = PET_TAG.alias("earlier")
# A pet may have one tag name many times; only the first one brings it into a listing.
_REPEATS_A_TAG = exists().where(
    _EARLIER.c.pet_id == PET_TAG.c.pet_id,
    _EARLIER.c.name == PET_TAG.c.name,
    _EARLIER.c.position < PET_TAG.c.position,
)


def _in_prefix(shape: _Shape) -> Iterator[ColumnElement[bool]]:
    # SQLite takes one bound of each side for the index, and not always the tighter one:
    # beside the cursor, the prefix's would make it walk from the first page.
    is_behind_name = shape.is_by_name and shape.part is not _Part.WHOLE
    if not is_behind_name or shape.is_descending:
        yield PET.c.name_folded >= bindparam("prefix")
    if not is_behind_name or not shape.is_descending:
        yield PET.c.name_folded < bindparam("prefix_end")


def _sorted(
    statement: Select[tuple[object, ...]], shape: _Shape, pet_id: ColumnElement[int]
) -> Select[tuple[object, ...]]:
    folded: ColumnElement[str] = PET.c.name_folded
    columns: list[ColumnElement[Any]] = (
        [folded, pet_id] if shape.is_by_name else [pet_id]
    )
    if shape.part is _Part.SAME_NAME:
        statement = statement.where(folded == bindparam("after_name"))
        statement = statement.where(_behind(pet_id, "after_id", shape))
    elif shape.part is _Part.BEYOND:
        mark = "after_name" if shape.is_by_name else "after_id"
        statement = statement.where(_behind(columns[0], mark, shape))
    return statement.order_by(
        *(column.desc() if shape.is_descending else column for column in columns)
    )


def _behind(
    column: ColumnElement[Any], mark: str, shape: _Shape
) -> ColumnElement[bool]:
    place: ColumnElement[Any] = bindparam(mark)
    return column < place if shape.is_descending else column > place


_PAGE = Statement.of(_build)
