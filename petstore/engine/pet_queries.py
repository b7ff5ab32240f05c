"""Find pets by index, one sorted reading per combination of filter values."""

import itertools
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from sqlalchemy import ColumnElement, Select, bindparam, select, tuple_

from petstore.contract.errors import FieldProblem, Invalid
from petstore.engine.paging import Key
from petstore.engine.pet_rows import COLUMNS
from petstore.rules import fold_name
from petstore.storage.statement import Statement, Value
from petstore.storage.tables import PET, PET_TAG
from petstore.storage.transaction import Row, Tx

COMBINATIONS_MAX: Final = 200
# The highest code point sorts behind every text that goes on after the prefix.
_PREFIX_END: Final = "\U0010ffff"


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


@dataclass(frozen=True, slots=True)
class _Shape:
    """Hold what the text of a statement depends on."""

    has_status: bool
    has_tag: bool
    has_category: bool
    has_prefix: bool
    sort: str
    has_after: bool


def read_matching(
    tx: Tx, filters: Filters, sort: str, *, after: Key | None, count: int
) -> Iterator[list[Row]]:
    """
    Read the first rows that match, once per combination of status and tag.

    Args:
        sort: id, -id, name or -name.
        after: Key of the last row of the page before.

    Returns:
        Sorted readings of at most `count` rows of COLUMNS.

    Raises:
        Invalid: The filters have too many combinations.
    """
    statuses: Sequence[str | None] = tuple(dict.fromkeys(filters.statuses)) or (None,)
    tags: Sequence[str | None] = tuple(dict.fromkeys(filters.tags)) or (None,)
    if len(statuses) * len(tags) > COMBINATIONS_MAX:
        message = f"may have {COMBINATIONS_MAX} combinations of status and tag at most"
        raise Invalid(
            f"The filters {message}.",
            fields=(FieldProblem("query", message, "too_many"),),
        )
    shape = _Shape(
        has_status=bool(filters.statuses),
        has_tag=bool(filters.tags),
        has_category=filters.category is not None,
        has_prefix=filters.prefix is not None,
        sort=sort,
        has_after=after is not None,
    )
    statement = _PAGE(shape)
    params = _params(filters, sort, after, count)
    for status, tag in itertools.product(statuses, tags):
        given = {"status": status, "tag": tag}
        used = {name: value for name, value in given.items() if value is not None}
        yield tx.rows(statement, {**params, **used})


def _params(
    filters: Filters, sort: str, after: Key | None, count: int
) -> dict[str, Value]:
    params: dict[str, Value] = {"row_count": count}
    if filters.category is not None:
        params["category"] = filters.category
    if filters.prefix is not None:
        folded = fold_name(filters.prefix)
        params["prefix"] = folded
        params["prefix_end"] = folded + _PREFIX_END
    if after is not None:
        params["after_id"] = after[-1]
        if sort.endswith("name"):
            params["after_name"] = after[0]
    return params


def _build(key: Hashable) -> Select[tuple[object, ...]]:
    shape = cast(_Shape, key)
    statement = select(*COLUMNS).where(PET.c.deleted_at.is_(None))
    pet_id: ColumnElement[int] = PET.c.id
    if shape.has_tag:
        # Sorting by the tag's own column lets its index give the order.
        pet_id = PET_TAG.c.pet_id if shape.sort.endswith("id") else pet_id
        statement = statement.join(PET_TAG, PET_TAG.c.pet_id == PET.c.id).where(
            PET_TAG.c.name == bindparam("tag")
        )
    if shape.has_status:
        statement = statement.where(PET.c.status == bindparam("status"))
    if shape.has_category:
        statement = statement.where(PET.c.category_name == bindparam("category"))
    if shape.has_prefix:
        folded = PET.c.name_folded
        statement = statement.where(
            folded >= bindparam("prefix"), folded < bindparam("prefix_end")
        )
    return _sorted(statement, shape, pet_id).limit(bindparam("row_count"))


def _sorted(
    statement: Select[tuple[object, ...]], shape: _Shape, pet_id: ColumnElement[int]
) -> Select[tuple[object, ...]]:
    is_descending = shape.sort.startswith("-")
    columns: list[ColumnElement[Any]] = [pet_id]
    marks: list[ColumnElement[Any]] = [bindparam("after_id")]
    if shape.sort.endswith("name"):
        columns.insert(0, PET.c.name_folded)
        marks.insert(0, bindparam("after_name"))
    if shape.has_after:
        here, mark = _row(columns), _row(marks)
        statement = statement.where(here < mark if is_descending else here > mark)
    return statement.order_by(
        *(column.desc() if is_descending else column for column in columns)
    )


def _row(columns: list[ColumnElement[Any]]) -> ColumnElement[Any]:
    return columns[0] if len(columns) == 1 else tuple_(*columns)


_PAGE = Statement.of(_build)
