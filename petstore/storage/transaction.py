"""
Give a unit of work its rows, its frozen time, and the fixed end of a write.

A unit is one plain function `fn(tx)`. It may run more than once (a group commit that
was rolled back, a serialization failure), so it has no effect but through `tx`.

What a unit logs and counts is collected, and written at the end of its transaction;
see `ledger.py`.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, Protocol

from sqlalchemy import ColumnElement, Table, bindparam, func, select, update

from petstore.contract.errors import (
    RemoteError,
    ServerFault,
    StorageFull,
    Unavailable,
)
from petstore.storage.ledger import MOVE_COUNTER, Change, Ledger, Versions
from petstore.storage.statement import DialectName, Given, Params, Statement
from petstore.storage.tables import CHANGE, COUNTER, PET, PURCHASE_ORDER, SHOP_USER

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


Execute = Callable[[str, Given], Cursor]
ExecuteMany = Callable[[str, Sequence[Given]], object]


class Overtaken(Unavailable):
    """
    Say that another writer was quicker with a row that this unit had looked at.

    A unit raises it when a guarded write changes nothing. Where writers run side by
    side, the unit is then run again and sees what the other one wrote; a caller gets
    this error only when that happens over and over.
    """


def overtaken(kind: Kind, entity_id: int) -> Overtaken:
    """Return the error of a unit whose guarded write changed nothing."""
    message = f"Somebody else wrote {kind} {entity_id} at the same moment; try again."
    return Overtaken(message, retry_after=1)


class Tx:
    """
    Run statements inside one unit.

    Attributes:
        now: Milliseconds since the epoch in UTC; the same during the whole unit.
        actor: Who writes, when known.
        has_written: Whether rows may have changed, so that there is something to undo.
        written: The entity that the unit logged last, and its JSON.
        busy: What the unit fails with when a lock is not to be had now; None for what
            any unit fails with then.

    Args:
        ledger: Where the unit leaves what it logged; None when it only reads.
        execute_many: Runs a text with many params at once, where the driver can.
    """

    __slots__ = (
        "_changes",
        "_counts",
        "_dialect",
        "_execute",
        "_execute_many",
        "_ledger",
        "_starts_over",
        "_versions",
        "actor",
        "busy",
        "has_written",
        "now",
        "written",
    )

    def __init__(
        self,
        execute: Execute,
        dialect: DialectName,
        *,
        now: int,
        actor: str | None = None,
        ledger: Ledger | None = None,
        execute_many: ExecuteMany | None = None,
    ) -> None:
        self._ledger = ledger
        self.now = now
        self.actor = actor
        self.has_written = False
        self._starts_over = False
        self.written: tuple[object, bytes] | None = None
        self.busy: RemoteError | None = None
        self._execute = execute
        self._execute_many = execute_many
        self._dialect = dialect
        self._changes: list[Change] = []
        self._versions: Versions | None = None
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

    def claim(self, statement: Statement, params: Params, *, busy: RemoteError) -> bool:
        """
        Insert a row that another unit may insert as well; True when it is this one's.

        Args:
            busy: Raised when another unit that has the row does not end in time.
        """
        self.busy = busy
        is_own = self.run(statement, params) > 0
        self.busy = None
        return is_own

    def run_each(self, statement: Statement, params: Sequence[Params]) -> None:
        """Run a statement once with each of the params."""
        if self._execute_many is None or len(params) < 2:
            for one in params:
                self._run(statement, one)
            return
        text, constants, _, arranged = statement.compiled[self._dialect]
        self._require_writing()
        self.has_written = True
        if constants:
            params = [{**constants, **one} for one in params]
        self._execute_many(text, [arranged(one) for one in params])

    def log(
        self, kind: Kind, entity_id: int, version: int, action: Action, body: str | None
    ) -> None:
        """
        Record a write in the change log, at the end of the unit.

        Args:
            version: The version that the write made.
            body: JSON of the entity as written, secrets left out; None after a delete.
        """
        ledger = self._require_writing()
        if action == "create":
            ledger.ids.take(kind, entity_id)
        self._changes.append(
            {
                "kind": kind,
                "entity_id": entity_id,
                "version": version,
                "action": action,
                "at": self.now,
                "actor": self.actor,
                "body": body,
            }
        )

    def count(self, status: str, delta: int) -> None:
        """Add to the number of pets of a status, at the end of the unit."""
        self._require_writing()
        self._counts[status] = self._counts.get(status, 0) + delta

    def last_version(self, kind: Kind, entity_id: int) -> int:
        """Return the last version that was ever logged of an id; 0 when none was."""
        row = self.row(_LAST_VERSION, {"kind": kind, "entity_id": entity_id})
        stored = row[0] if row is not None and row[0] is not None else 0
        # What this unit and earlier ones of the commit logged is not written yet.
        waiting = self._require_writing().last_version(kind, entity_id)
        self._versions = self._versions or Versions(self._changes)
        return max(stored, waiting, self._versions.last(kind, entity_id))

    def next_id(self, kind: Kind) -> int:
        """
        Allocate an id that no entity of the kind has, not even a deleted one.

        Raises:
            StorageFull: No id below 2^53 is left.
        """
        ledger = self._require_writing()
        candidate = ledger.ids.next(kind)
        if candidate is None:
            candidate = self._allocate(kind, ledger)
        if candidate > ID_MAX:
            raise StorageFull(f"No {kind} id below 2^53 is left.")
        return candidate

    def start_over(self, units: Iterable[Callable[["Tx"], object]]) -> None:
        """
        Run units of which the first removes all; each writes its own end.

        So nothing of one is held in memory while the next one runs. What earlier units
        of the commit logged and counted is dropped: it is about what was removed.
        """
        self._require_writing()
        self.has_written = True
        for unit in units:
            part = Tx(
                self._execute,
                self._dialect,
                now=self.now,
                actor=self.actor,
                ledger=Ledger(),
                execute_many=self._execute_many,
            )
            unit(part)
            part.settle()
        self._starts_over = True

    def settle(self) -> None:
        """Write the end of a transaction of this unit alone."""
        self.leave()
        self._require_writing().settle(self)

    def leave(self) -> None:
        """Hand over what the unit logged and counted, once it has succeeded."""
        ledger = self._require_writing()
        if self._starts_over:
            # Only now: one that fails must leave the others' as they are.
            ledger.forget()
        ledger.take(self._changes, self._counts)

    def _run(self, statement: Statement, params: Params | None) -> Cursor:
        text, constants, is_write, arranged = statement.compiled[self._dialect]
        if is_write:
            self._require_writing()
            self.has_written = True
        if constants:
            params = {**constants, **params} if params else constants
        return self._execute(text, arranged(params or {}))

    def _require_writing(self) -> Ledger:
        if self._ledger is None:
            raise RuntimeError("A reading unit cannot write; use write().")
        return self._ledger

    def _allocate(self, kind: Kind, ledger: Ledger) -> int:
        ledger.settle_ids(self)
        row = self.row(_ALLOCATE[kind])
        if row is None:
            raise ServerFault(
                f"The store has lost its counter of {kind} ids; restore a backup."
            )
        candidate, next_taken = row
        if next_taken == candidate:
            return self._skip_taken(kind, candidate)
        end = ID_MAX + 1 if next_taken is None else min(next_taken, ID_MAX + 1)
        ledger.ids.note(kind, candidate + 1, end)
        return int(candidate)

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
        self.run(MOVE_COUNTER, {"counter": f"id.{kind}", "last": candidate})
        return candidate


def _allocate(kind: Kind, table: Table) -> Statement:
    key: ColumnElement[int] = table.c.id
    next_taken = select(func.min(key)).where(key >= COUNTER.c.value)
    return Statement(
        update(COUNTER)
        .where(COUNTER.c.name == f"id.{kind}")
        .values(value=COUNTER.c.value + 1)
        .returning(COUNTER.c.value, next_taken.scalar_subquery())
    )


_LAST_VERSION = Statement(
    select(func.max(CHANGE.c.version)).where(
        CHANGE.c.kind == bindparam("kind"),
        CHANGE.c.entity_id == bindparam("entity_id"),
    )
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
