"""
Write the statements that list pets.

Each enters an index by one condition, its `driver`, and leaves the others to be told
per entry, in the last column: as conditions, they would tempt a database to enter by
another index, whose entries nobody has bounded.
"""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Literal, NamedTuple, cast

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    case,
    column,
    func,
    literal_column,
    select,
    values,
)

from petstore.engine.pet_rows import COLUMNS
from petstore.storage.statement import Statement, one_of
from petstore.storage.tables import PET, PET_TAG

_LOOKED_UP_TAGS_MAX: Final = 4

Kind = Literal["all", "status", "tag", "category", "prefix"]


@dataclass(frozen=True, slots=True)
class Condition:
    """
    Hold what the text of a condition depends on.

    Args:
        count: Length of the list of values, padded.
    """

    kind: Kind
    count: int = 1


class Span(Enum):
    """
    Say which part of a sorted listing a statement reads.

    Behind a cursor by name are first the pets of its very name, then the other names.
    As one condition on both columns, SQLite would use its index for the name only, and
    step over all pets of that name again for each page.
    """

    WHOLE = "whole"
    SAME_NAME = "same name"
    BEYOND = "beyond"


class Shape(NamedTuple):
    """
    Hold what the text of a statement depends on.

    Args:
        checked: What is told per entry.
    """

    driver: Condition
    checked: tuple[Condition, ...]
    sort: str
    span: Span = Span.WHOLE
    has_end: bool = False

    @property
    def is_by_name(self) -> bool:
        """Tell whether the name comes before the id."""
        return self.sort.endswith("name")

    @property
    def is_descending(self) -> bool:
        """Tell whether keys become smaller."""
        return self.sort.startswith("-")

    @property
    def pet_id(self) -> ColumnElement[int]:
        """Return the id; sorting by the tag's own lets its index give the order."""
        is_of_tag = self.driver.kind == "tag" and not self.is_by_name
        return PET_TAG.c.pet_id if is_of_tag else PET.c.id

    @property
    def key(self) -> list[ColumnElement[Any]]:
        """Return what the listing is sorted by."""
        return [PET.c.name_folded, self.pet_id] if self.is_by_name else [self.pet_id]


def _build_page(key: Hashable) -> Select[tuple[object, ...]]:
    shape = cast(Shape, key)
    return _in_order(select(*COLUMNS).where(*_driven(shape)), shape)


def _build_window(key: Hashable) -> Select[tuple[object, ...]]:
    shape = cast(Shape, key)
    return _in_order(_entries(shape), shape)


def _build_stretch(key: Hashable) -> Select[tuple[object, ...]]:
    shape = cast(Shape, key)
    statement = _entries(shape)
    if shape.span is Span.BEYOND:
        statement = statement.where(_behind(shape.pet_id, "after_id", shape))
    if shape.has_end:
        end: ColumnElement[int] = bindparam("end_id")
        is_up_to = shape.pet_id >= end if shape.is_descending else shape.pet_id <= end
        statement = statement.where(is_up_to)
    return statement


def _build_end(key: Hashable) -> Select[tuple[object, ...]]:
    """Find where the first of several sorted readings has given its share."""
    shape = cast(Shape, key)
    kind, count = shape.driver.kind, shape.driver.count
    table, value = (PET_TAG, PET_TAG.c.name) if kind == "tag" else (PET, PET.c.status)
    wanted = (
        values(column("value", value.type), name="wanted")
        .data([(bindparam(f"{kind}_{place}"),) for place in range(count)])
        .cte("wanted")
    )
    last = select(shape.pet_id).select_from(table).where(value == wanted.c.value)
    if kind != "tag":
        last = last.where(PET.c.deleted_at.is_(None))
    if shape.span is Span.BEYOND:
        last = last.where(_behind(shape.pet_id, "after_id", shape))
    last = last.order_by(_directed(shape.pet_id, shape))
    last = last.limit(1).offset(bindparam("skipped_count"))
    end_id = last.scalar_subquery().label("end_id")
    ends = select(end_id).select_from(wanted).subquery("ends")
    first = func.max if shape.is_descending else func.min
    return select(first(ends.c.end_id))


def _build_count(key: Hashable) -> Select[Any]:
    condition = cast(Condition, key)
    entries: Select[Any] = select(literal_column("1").label("one"))
    if condition.kind == "tag":
        entries = entries.where(one_of(PET_TAG.c.name, "tag", condition.count))
    else:
        entries = entries.where(PET.c.deleted_at.is_(None), *_met(condition))
    return select(func.count()).select_from(
        entries.limit(bindparam("row_count")).subquery("entries")
    )


def _build_rows(key: Hashable) -> Select[tuple[object, ...]]:
    return select(*COLUMNS).where(one_of(PET.c.id, "pet_id", cast(int, key)))


PAGE = Statement.of(_build_page)
WINDOW = Statement.of(_build_window)
STRETCH = Statement.of(_build_stretch)
END = Statement.of(_build_end)
COUNT = Statement.of(_build_count)
ROWS = Statement.of(_build_rows)


def _entries(shape: Shape) -> Select[tuple[object, ...]]:
    """Select what `Shape.key` names, and what is NULL unless an entry matches."""
    matches = [one for condition in shape.checked for one in _met(condition)]
    if shape.driver.kind != "tag":
        told = case((and_(*matches), 1)) if matches else literal_column("1")
        return select(*shape.key, told).where(*_driven(shape))
    # The tags of a deleted pet stay for its return. The pet is looked up per entry: of
    # a join, Postgres may make one that reads all pets.
    name = select(PET.c.name_folded).where(
        PET.c.id == PET_TAG.c.pet_id, PET.c.deleted_at.is_(None), *matches
    )
    told = name.limit(1).correlate(PET_TAG).scalar_subquery()
    return select(PET_TAG.c.pet_id, told).where(*_driven(shape))


def _driven(shape: Shape) -> Iterator[ColumnElement[bool]]:
    driver = shape.driver
    if driver.kind == "tag":
        yield one_of(PET_TAG.c.name, "tag", driver.count)
        return
    yield PET.c.deleted_at.is_(None)
    if driver.kind != "prefix":
        yield from _met(driver)
        return
    # SQLite takes one bound of each side for the index, and not always the tighter one:
    # beside the cursor, the prefix's would make it walk from the first page.
    is_behind_name = shape.span is not Span.WHOLE
    if not is_behind_name or shape.is_descending:
        yield PET.c.name_folded >= bindparam("prefix")
    if not is_behind_name or not shape.is_descending:
        yield PET.c.name_folded < bindparam("prefix_end")


def _met(condition: Condition) -> Iterator[ColumnElement[bool]]:
    if condition.kind == "status":
        yield one_of(PET.c.status, "status", condition.count)
    elif condition.kind == "category":
        yield PET.c.category_name == bindparam("category")
    elif condition.kind == "prefix":
        yield PET.c.name_folded >= bindparam("prefix")
        yield PET.c.name_folded < bindparam("prefix_end")
    elif condition.kind == "tag":
        yield _has_tag(condition.count)


def _has_tag(count: int) -> ColumnElement[bool]:
    name: ColumnElement[Any] = PET_TAG.c.name
    if count > _LOOKED_UP_TAGS_MAX:
        # SQLite would look up each of the tags for each pet, which has but a few.
        name = name.concat(literal_column("''"))
    place = select(PET_TAG.c.position).where(
        PET_TAG.c.pet_id == PET.c.id, one_of(name, "tag", count)
    )
    # As an EXISTS, Postgres may look at all pets of the tags, to hash them.
    return place.limit(1).scalar_subquery().is_not(None)


def _in_order(
    statement: Select[tuple[object, ...]], shape: Shape
) -> Select[tuple[object, ...]]:
    key = shape.key
    if shape.span is Span.SAME_NAME:
        statement = statement.where(key[0] == bindparam("after_name"))
        statement = statement.where(_behind(key[1], "after_id", shape))
    elif shape.span is Span.BEYOND:
        mark = "after_name" if shape.is_by_name else "after_id"
        statement = statement.where(_behind(key[0], mark, shape))
    statement = statement.order_by(*(_directed(one, shape) for one in key))
    return statement.limit(bindparam("row_count"))


def _behind(column: ColumnElement[Any], mark: str, shape: Shape) -> ColumnElement[bool]:
    place: ColumnElement[Any] = bindparam(mark)
    return column < place if shape.is_descending else column > place


def _directed(column: ColumnElement[Any], shape: Shape) -> ColumnElement[Any]:
    return column.desc() if shape.is_descending else column
