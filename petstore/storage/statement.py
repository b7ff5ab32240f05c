"""
Write a statement once, as SQLAlchemy Core, and run it as text on both engines.

A statement is compiled once per dialect, about 0.5 ms, and its text is kept. Values
given while it was written are constants and travel with the caller's parameters.
`Statement.of` makes a family of statements whose shape varies: by the set of filters
used, or by the length of an IN list. Such a list is padded to 1, 2, 4, 8 … values, so
that few shapes exist:

    FIND = Statement.of(
        lambda count: select(PET.c.id).where(one_of(PET.c.status, "status", count))
    )
    tx.rows(FIND(padded_count(statuses)), list_params("status", statuses))

An INSERT with ON CONFLICT is of a class per dialect: `Statement.inserting` picks it.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Literal, NamedTuple, TypeVar, cast

from sqlalchemy import (
    ClauseElement,
    ColumnElement,
    Executable,
    Table,
    bindparam,
    make_url,
)
from sqlalchemy.dialects.sqlite import Insert, insert
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.sql.compiler import SQLCompiler

DialectName = Literal["sqlite", "postgresql"]
Shape = TypeVar("Shape", bound=Hashable)
Value = int | str | None
Params = Mapping[str, Value]
# What a driver takes: in the order of the text, or by name.
Given = tuple[Value, ...] | Params

SHAPES_MAX = 128
LIST_LENGTH_MAX = 1_024


# Without an engine, and without the drivers: only texts are made here.
class _Dialects(dict[DialectName, Dialect]):
    """Make Postgres' at the first look-up: its import takes a tenth of a start."""

    def __missing__(self, name: DialectName) -> Dialect:
        dialect: Dialect = make_url("postgresql+psycopg://").get_dialect()()
        self[name] = dialect
        return dialect


DIALECTS: Mapping[DialectName, Dialect] = _Dialects(
    # SQLite looks each named parameter up again at every execution: a tenth of it.
    sqlite=SQLiteDialect_pysqlite(paramstyle="qmark")
)

# Makes an INSERT that has ON CONFLICT; both engines write it alike.
InsertInto = Callable[[Table], Insert]


class Compiled(NamedTuple):
    """
    Hold the text of a statement for one dialect.

    Args:
        constants: Values that the text needs beside the caller's.
        is_write: It changes rows, so a reading unit must not run it.
        arranged: Makes what the driver takes of all values by name.
    """

    text: str
    constants: dict[str, Value]
    is_write: bool
    arranged: Callable[[Params], Given]


class _CompiledByDialect(dict[DialectName, Compiled]):
    """Compile at the first look-up; every later one is a plain dict's."""

    def __init__(self, build: Callable[[DialectName], Executable]) -> None:
        super().__init__()
        self.build = build

    def __missing__(self, dialect: DialectName) -> Compiled:
        compiled = self[dialect] = _compile(self.build(dialect), DIALECTS[dialect])
        return compiled


class Statement:
    """
    Hold a Core expression and its compiled texts.

    Args:
        core: Any executable; a plain Python list inside `in_` is refused, because its
            length is part of the text: use `one_of`.
    """

    __slots__ = ("compiled",)

    def __init__(self, core: Executable) -> None:
        self.compiled = _CompiledByDialect(lambda _: core)

    @classmethod
    def inserting(cls, build: Callable[[InsertInto], Executable]) -> "Statement":
        """
        Return a statement whose INSERT has an ON CONFLICT clause.

        Args:
            build: Given what makes the dialect's own INSERT into a table.
        """
        return cls._built(lambda name: build(_insert_into(name)))

    @classmethod
    def _built(cls, build: Callable[[DialectName], Executable]) -> "Statement":
        statement = cls.__new__(cls)
        statement.compiled = _CompiledByDialect(build)
        return statement

    @staticmethod
    def of(
        build: Callable[[Shape], Executable],
    ) -> "Callable[[Shape], Statement]":
        """Return a function from a shape to its statement, each built once."""

        @lru_cache(maxsize=SHAPES_MAX)
        def of_shape(shape: Shape) -> Statement:
            # The expression is five times as large as its text, and not kept.
            return Statement._built(lambda _: build(shape))

        return of_shape


def _insert_into(dialect: DialectName) -> InsertInto:
    if dialect == "sqlite":
        return insert
    from sqlalchemy.dialects.postgresql import insert as postgres_insert

    # The two classes share no base that has ON CONFLICT, and write it alike.
    return cast(InsertInto, postgres_insert)


def padded_count(values: Sequence[Value]) -> int:
    """
    Return the length of the IN list that holds the values: 1, 2, 4, 8 …

    Raises:
        ValueError: There are none, or more than LIST_LENGTH_MAX.
    """
    if not 0 < len(values) <= LIST_LENGTH_MAX:
        raise ValueError(
            f"A list has 1 to {LIST_LENGTH_MAX} values, not {len(values)}."
        )
    return 1 << (len(values) - 1).bit_length()


def one_of(column: ColumnElement[Value], name: str, count: int) -> ColumnElement[bool]:
    """Write `column IN (:name_0, …)` with `count` parameters."""
    return column.in_([bindparam(f"{name}_{place}") for place in range(count)])


def list_params(name: str, values: Sequence[Value]) -> dict[str, Value]:
    """Return the parameters of `one_of`; the last value fills the padding."""
    last = len(values) - 1
    return {
        f"{name}_{place}": values[min(place, last)]
        for place in range(padded_count(values))
    }


def _compile(core: Executable, dialect: Dialect) -> Compiled:
    assert isinstance(core, ClauseElement)
    compiled = core.compile(dialect=dialect)
    assert isinstance(compiled, SQLCompiler)
    if compiled.post_compile_params:
        raise TypeError("An IN list of a statement is written with one_of().")
    constants = {
        name: bind.effective_value
        for bind, name in compiled.bind_names.items()
        if not bind.required
    }
    is_write = compiled.isinsert or compiled.isupdate or compiled.isdelete
    return Compiled(compiled.string, constants, is_write, _arranging(compiled))


def _arranging(compiled: SQLCompiler) -> Callable[[Params], Given]:
    names = compiled.positiontup
    if names is None:
        return lambda params: params
    if len(names) > 1:
        return itemgetter(*names)
    # The getter of one item gives no tuple.
    return lambda params: tuple([params[name] for name in names])
