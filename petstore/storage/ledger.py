"""
Collect what the units of one transaction leave behind, and write it at its end.

The end of a writing transaction is fixed: entity rows (the units' own) → clock, one
`seq` per unit → inventory in sorted order → change rows. Every writer takes the
clock's row before the counters, so no two of them can wait for each other, and a `seq`
is given out in the order of the commits, so the log has no gaps.

A group commit ends many units at once: one look at the clock, one statement per status.
"""

import secrets
from collections.abc import Sequence
from itertools import islice
from typing import Final, Protocol

from sqlalchemy import bindparam, delete, insert, select, update

from petstore.contract.errors import ServerFault
from petstore.storage.free_ids import FreeIds
from petstore.storage.statement import Params, Statement, Value
from petstore.storage.tables import CHANGE, COUNTER, INVENTORY, META

Change = dict[str, Value]

# A reset ends the log at the clock of then; a store that had none has no such fact.
LOG_BEGIN_FACT: Final = "log.begin"
LOG_NAME_FACT: Final = "log.name"


class Writer(Protocol):
    """Be what the end of a transaction needs of one."""

    def row(self, statement: Statement, params: Params) -> tuple[int, ...] | None:
        """Return the first row of the statement, or None."""

    def run(self, statement: Statement, params: Params) -> int:
        """Run a statement for its effect."""

    def run_each(self, statement: Statement, params: Sequence[Params]) -> None:
        """Run a statement once with each of the params."""


class Versions:
    """
    Know the last version of each id in a list of changes, which only grows.

    Reads each change once, at the first question after it came: nearly no unit asks.
    """

    __slots__ = ("_changes", "_last", "_read_count")

    def __init__(self, changes: Sequence[Change]) -> None:
        self._changes = changes
        self._read_count = 0
        self._last: dict[tuple[Value, Value], int] = {}

    def last(self, kind: str, entity_id: int) -> int:
        """Return the last version of an id; 0 when it has none."""
        for place in range(self._read_count, len(self._changes)):
            change = self._changes[place]
            key = (change["kind"], change["entity_id"])
            self._last[key] = int(change["version"] or 0)
        self._read_count = len(self._changes)
        return self._last.get((kind, entity_id), 0)


class Ledger:
    """
    Hold the changes and counts of the units that succeeded so far.

    Attributes:
        ids: The ids that the next unit may give out.
    """

    __slots__ = ("_changes", "_counts", "_lengths", "_versions", "ids")

    def __init__(self) -> None:
        self.forget()

    def take(self, changes: list[Change], counts: dict[str, int]) -> None:
        """Add what one unit leaves; a unit that logged nothing gets no `seq`."""
        self.ids.keep()
        if changes:
            self._changes += changes
            self._lengths.append(len(changes))
        for status, delta in counts.items():
            self._counts[status] = self._counts.get(status, 0) + delta

    def last_version(self, kind: str, entity_id: int) -> int:
        """Return the last version that waits to be written; 0 when none does."""
        return self._versions.last(kind, entity_id)

    def forget(self) -> None:
        """Drop all of it, and the ids that were known to be free."""
        self._changes: list[Change] = []
        # How many of them each unit left, in order.
        self._lengths: list[int] = []
        self._versions = Versions(self._changes)
        self._counts: dict[str, int] = {}
        self.ids = FreeIds()

    def settle(self, tx: Writer) -> None:
        """Write everything; called once, right before the commit."""
        self.settle_ids(tx)
        if self._changes:
            self._number(tx)
        for status in sorted(self._counts):
            self._write_count(tx, status)
        if self._changes:
            tx.run_each(_WRITE_CHANGE, self._changes)

    def settle_ids(self, tx: Writer) -> None:
        """Write the last ids that were given out from memory."""
        for kind, last in self.ids.drain():
            tx.run(MOVE_COUNTER, {"counter": f"id.{kind}", "last": last})

    def _number(self, tx: Writer) -> None:
        count = len(self._lengths)
        row = tx.row(_TICK, {"unit_count": count})
        if row is None:
            raise ServerFault("The store has lost its clock; restore a backup.")
        changes = iter(self._changes)
        for seq, length in enumerate(self._lengths, row[0] - count + 1):
            for position, change in enumerate(islice(changes, length)):
                change["seq"] = seq
                change["position"] = position

    def _write_count(self, tx: Writer, status: str) -> None:
        delta = self._counts[status]
        if delta == 0:
            return
        tx.run(_WRITE_COUNT, {"status": status, "delta": delta})
        if delta < 0:
            tx.run(_DROP_COUNT, {"status": status})


def log_begin(tx: Writer) -> int:
    """Return the `seq` after which the log begins."""
    row = tx.row(_FACT, {"fact": LOG_BEGIN_FACT})
    return 0 if row is None else int(row[0])


def new_log_name() -> str:
    """Name a log anew, for it goes on otherwise than its listeners know."""
    return secrets.token_hex(4)


def log_name(tx: Writer) -> str:
    """Return what tells this log from those of other stores, and of before a reset."""
    row = tx.row(_FACT, {"fact": LOG_NAME_FACT})
    # Stores had no such fact before version 0.2.
    return "0" if row is None else str(row[0])


MOVE_COUNTER = Statement(
    update(COUNTER)
    .where(COUNTER.c.name == bindparam("counter"))
    .values(value=bindparam("last"))
)
_TICK = Statement(
    update(COUNTER)
    .where(COUNTER.c.name == "clock")
    .values(value=COUNTER.c.value + bindparam("unit_count"))
    .returning(COUNTER.c.value)
)
_WRITE_COUNT = Statement.inserting(
    lambda insert: (
        insert(INVENTORY)
        .values(status=bindparam("status"), pets=bindparam("delta"))
        .on_conflict_do_update(
            index_elements=["status"],
            set_={"pets": INVENTORY.c.pets + bindparam("delta")},
        )
    )
)
_DROP_COUNT = Statement(
    delete(INVENTORY).where(
        INVENTORY.c.status == bindparam("status"), INVENTORY.c.pets == 0
    )
)
_FACT = Statement(select(META.c.value).where(META.c.name == bindparam("fact")))
_WRITE_CHANGE = Statement(insert(CHANGE))
