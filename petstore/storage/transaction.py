"""
Give a unit of work its rows, its frozen time, and the fixed end of a write.

A unit is one plain function `fn(tx)`. It may run more than once (a group commit that
was rolled back, a serialization failure), so it has no effect but through `tx`.

The end of a writing unit is fixed: entity rows (the unit's own) → clock, one `seq` per
unit → inventory in sorted order → change rows. Every writer takes the clock's row
before the counters, so no two of them can wait for each other, and a `seq` is given
out in the order of the commits, so the log has no gaps.
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal, Protocol

from sqlalchemy import ColumnElement, Table, bindparam, delete, exists, select, update
from sqlalchemy.dialects.postgresql import insert

from petstore.contract.errors import ServerFault, StorageFull
from petstore.storage.statement import DialectName, Params, Statement, Value
from petstore.storage.tables import (
    CHANGE,
    COUNTER,
    INVENTORY,
    PET,
    PURCHASE_ORDER,
    SHOP_USER,
)

Clock = Callable[[], int]
Row = tuple[Any, ...]
Kind = Literal["pet", "order", "user"]
Action = Literal["create", "update", "delete", "restore"]

# JavaScript's numbers are exact below 2^53.
ID_MAX = 2**53 - 1
GAP_PAGE_LENGTH = 1_000


class Cursor(Protocol):
    """Be the part of a driver's cursor that both drivers share."""

    @property
    def rowcount(self) -> int:
        """Return how many rows the statement changed."""

    def fetchone(self) -> Any:
        """Return the next row, or None."""

    def fetchall(self) -> list[Any]:
        """Return the rows that are left."""


Execute = Callable[[str, Params], Cursor]


class Tx:
    """
    Run statements inside one unit.

    Attributes:
        now: Milliseconds since the epoch in UTC; the same during the whole unit.
        actor: Who writes, when known.
    """

    __slots__ = (
        "_changes",
        "_counts",
        "_dialect",
        "_execute",
        "_is_reading",
        "actor",
        "has_allocated",
        "now",
    )

    def __init__(
        self,
        execute: Execute,
        dialect: DialectName,
        *,
        now: int,
        actor: str | None = None,
        is_reading: bool = False,
    ) -> None:
        self.now = now
        self.actor = actor
        self.has_allocated = False
        self._execute = execute
        self._dialect = dialect
        self._is_reading = is_reading
        self._changes: list[tuple[str, int, int, str, str | None]] = []
        self._counts: dict[str, int] = {}

    def rows(self, statement: Statement, params: Params | None = None) -> list[Row]:
        """Return all rows of the statement."""
        return self._run(statement, params).fetchall()

    def row(self, statement: Statement, params: Params | None = None) -> Row | None:
        """Return the first row of the statement, or None."""
        row: Row | None = self._run(statement, params).fetchone()
        return row

    def run(self, statement: Statement, params: Params | None = None) -> int:
        """Run a statement for its effect, and return how many rows it changed."""
        return self._run(statement, params).rowcount

    def run_each(self, statement: Statement, params: Sequence[Params]) -> None:
        """Run a statement once with each of the params."""
        for one in params:
            self._run(statement, one)

    def log(
        self, kind: Kind, entity_id: int, version: int, action: Action, body: str | None
    ) -> None:
        """
        Record a write in the change log, at the end of the unit.

        Args:
            version: The version that the write made.
            body: JSON of the entity as written, secrets left out; None after a delete.
        """
        self._require_writing()
        self._changes.append((kind, entity_id, version, action, body))

    def count(self, status: str, delta: int) -> None:
        """Add to the number of pets of a status, at the end of the unit."""
        self._require_writing()
        self._counts[status] = self._counts.get(status, 0) + delta

    def next_id(self, kind: Kind) -> int:
        """
        Allocate an id that no entity of the kind has, not even a deleted one.

        Raises:
            StorageFull: No id below 2^53 is left.
        """
        row = self.row(_ALLOCATE[kind])
        if row is None:
            raise ServerFault(f"the store has lost its counter of {kind} ids")
        self.has_allocated = True
        candidate, is_taken = row
        if is_taken:
            candidate = self._skip_taken(kind, candidate)
        if candidate > ID_MAX:
            raise StorageFull(f"no {kind} id below 2^53 is left")
        return int(candidate)

    def settle(self) -> None:
        """Write the end of the unit; called once, by whoever runs the unit."""
        seq = self._next_seq() if self._changes else 0
        for status in sorted(self._counts):
            self._write_count(status, self._counts[status])
        for position, (kind, entity_id, version, action, body) in enumerate(
            self._changes
        ):
            change: dict[str, Value] = {
                "seq": seq,
                "position": position,
                "kind": kind,
                "entity_id": entity_id,
                "version": version,
                "action": action,
                "at": self.now,
                "actor": self.actor,
                "body": body,
            }
            self._run(_WRITE_CHANGE, change)

    def _run(self, statement: Statement, params: Params | None) -> Cursor:
        text, constants, is_write = statement.compiled[self._dialect]
        if is_write and self._is_reading:
            self._require_writing()
        if constants:
            return self._execute(text, {**constants, **params} if params else constants)
        return self._execute(text, params or {})

    def _require_writing(self) -> None:
        if self._is_reading:
            raise RuntimeError("a reading unit cannot write; use write()")

    def _skip_taken(self, kind: Kind, candidate: int) -> int:
        # Ends, because each full page moves the candidate on, and ID_MAX stops it.
        while candidate <= ID_MAX:
            page = self.rows(_TAKEN_FROM[kind], {"candidate": candidate})
            for (taken,) in page:
                if taken != candidate:
                    break
                candidate += 1
            else:
                if len(page) == GAP_PAGE_LENGTH:
                    continue
            break
        self.run(_MOVE_COUNTER, {"counter": f"id.{kind}", "last": candidate})
        return candidate

    def _next_seq(self) -> int:
        row = self.row(_TICK)
        if row is None:
            raise ServerFault("the store has lost its clock")
        return int(row[0])

    def _write_count(self, status: str, delta: int) -> None:
        if delta == 0:
            return
        self.run(_WRITE_COUNT, {"status": status, "delta": delta})
        if delta < 0:
            self.run(_DROP_COUNT, {"status": status})


def _allocate(kind: Kind, table: Table) -> Statement:
    return Statement(
        update(COUNTER)
        .where(COUNTER.c.name == f"id.{kind}")
        .values(value=COUNTER.c.value + 1)
        .returning(COUNTER.c.value, exists().where(table.c.id == COUNTER.c.value))
    )


def _taken_from(table: Table) -> Statement:
    key: ColumnElement[int] = table.c.id
    return Statement(
        select(key)
        .where(key >= bindparam("candidate"))
        .order_by(key)
        .limit(GAP_PAGE_LENGTH)
    )


_TABLES: dict[Kind, Table] = {"pet": PET, "order": PURCHASE_ORDER, "user": SHOP_USER}
_ALLOCATE = {kind: _allocate(kind, table) for kind, table in _TABLES.items()}
_TAKEN_FROM = {kind: _taken_from(table) for kind, table in _TABLES.items()}
_MOVE_COUNTER = Statement(
    update(COUNTER)
    .where(COUNTER.c.name == bindparam("counter"))
    .values(value=bindparam("last"))
)
_TICK = Statement(
    update(COUNTER)
    .where(COUNTER.c.name == "clock")
    .values(value=COUNTER.c.value + 1)
    .returning(COUNTER.c.value)
)
_WRITE_COUNT = Statement(
    insert(INVENTORY)
    .values(status=bindparam("status"), pets=bindparam("delta"))
    .on_conflict_do_update(
        index_elements=["status"],
        set_={"pets": INVENTORY.c.pets + bindparam("delta")},
    )
)
_DROP_COUNT = Statement(
    delete(INVENTORY).where(
        INVENTORY.c.status == bindparam("status"), INVENTORY.c.pets == 0
    )
)
_WRITE_CHANGE = Statement(insert(CHANGE))
