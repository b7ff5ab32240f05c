"""Look for what must never be: damage, and rows that disagree with each other."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

from sqlalchemy import Table, bindparam, exists, func, select, text

from petstore.storage.ledger import log_begin
from petstore.storage.pictures import fault_of
from petstore.storage.statement import DialectName, Statement
from petstore.storage.tables import (
    CHANGE,
    COUNTER,
    IDEMPOTENCY,
    INVENTORY,
    PET,
    PHOTO,
    PURCHASE_ORDER,
    SHOP_USER,
)
from petstore.storage.transaction import Kind, Tx

FINDINGS_MAX = 100

Check = Callable[[Tx], list[str]]


@dataclass(frozen=True, slots=True)
class Finding:
    """
    Say one thing that is wrong with a store.

    Args:
        check: Name of the check that found it.
        message: What is damaged, or what disagrees with what.
    """

    check: str
    message: str


def checks(dialect: DialectName, pictures: Path | None = None) -> dict[str, Check]:
    """
    Return every check by its name; each finds at most FINDINGS_MAX faults.

    Args:
        pictures: Where the files of the pictures lie; None leaves them out.
    """
    of_rows: dict[str, Check] = {
        "inventory": _inventory,
        "versions": _versions,
        "log": _log,
        "keys": _keys,
    }
    if pictures is not None:
        of_rows["pictures"] = partial(_pictures, directory=pictures)
    if dialect == "postgresql":
        return of_rows
    return {"integrity": _integrity, "references": _references, **of_rows}


def _integrity(tx: Tx) -> list[str]:
    found = [str(row[0]) for row in tx.rows(_INTEGRITY)]
    return [] if found == ["ok"] else found


def _references(tx: Tx) -> list[str]:
    return [
        f"a row of {table} refers to a row of {parent} that does not exist"
        for table, _, parent, _ in tx.rows(_REFERENCES)[:FINDINGS_MAX]
    ]


def _inventory(tx: Tx) -> list[str]:
    counted: dict[str, int] = dict(tx.rows(_COUNTED))
    kept: dict[str, int] = dict(tx.rows(_KEPT))
    return [
        f"the inventory has {kept.get(status, 0)} pets of status {status!r}, and "
        f"{counted.get(status, 0)} exist"
        for status in sorted(counted.keys() | kept.keys())
        if counted.get(status) != kept.get(status)
    ][:FINDINGS_MAX]


def _versions(tx: Tx) -> list[str]:
    found: list[str] = []
    for kind, statement in _UNLIKE_LOG.items():
        found.extend(
            f"{kind} {entity_id} has version {version}, and its newest change {logged}"
            for entity_id, version, logged in tx.rows(statement)
        )
    for kind, statement in _WITHOUT_ROW.items():
        found.extend(
            f"{kind} {entity_id} has changes and no row"
            for (entity_id,) in tx.rows(statement)
        )
    return found[:FINDINGS_MAX]


def _log(tx: Tx) -> list[str]:
    begin = log_begin(tx)
    after_gaps = tx.rows(_AFTER_GAP, {"first": begin + 1})
    found = [f"the log has no change {seq - 1}" for (seq,) in after_gaps]
    found.extend(
        f"change {seq} is not whole: {count} positions, the last is {last}"
        for seq, count, last in tx.rows(_NOT_WHOLE)
    )
    newest = (tx.row(_NEWEST) or (None,))[0] or begin
    clock = (tx.row(_CLOCK) or (None,))[0]
    if clock != newest:
        found.append(f"the clock stands at {clock}, and the newest change is {newest}")
    return found[:FINDINGS_MAX]


def _keys(tx: Tx) -> list[str]:
    return [
        f"an idempotency key of {operation} has no answer"
        for (operation,) in tx.rows(_UNANSWERED)
    ]


def _pictures(tx: Tx, *, directory: Path) -> list[str]:
    """Each file is written before its row, so none is looked for too early."""
    looked_at = ((name, fault_of(directory, name)) for (name,) in tx.rows(PICTURES))
    found = (f"the picture {name} is {fault}" for name, fault in looked_at if fault)
    return list(islice(found, FINDINGS_MAX))


def _unlike_log(kind: Kind, table: Table) -> Statement:
    """Find the entities whose version is not that of their newest change."""
    newest = (
        select(CHANGE.c.version)
        .where(CHANGE.c.kind == kind, CHANGE.c.entity_id == table.c.id)
        .order_by(CHANGE.c.seq.desc(), CHANGE.c.position.desc())
        .limit(1)
        .scalar_subquery()
    )
    return Statement(
        select(table.c.id, table.c.version, newest)
        .where(func.coalesce(newest, 0) != table.c.version)
        .limit(FINDINGS_MAX)
    )


def _without_row(kind: Kind, table: Table) -> Statement:
    """Find the entities of the log that left not even a tombstone."""
    return Statement(
        select(CHANGE.c.entity_id)
        .where(CHANGE.c.kind == kind, ~exists().where(table.c.id == CHANGE.c.entity_id))
        .distinct()
        .limit(FINDINGS_MAX)
    )


PICTURES = Statement(select(PHOTO.c.name).order_by(PHOTO.c.name))
_INTEGRITY = Statement(text(f"PRAGMA integrity_check({FINDINGS_MAX})"))
_REFERENCES = Statement(text("PRAGMA foreign_key_check"))
_COUNTED = Statement(
    select(PET.c.status, func.count())
    .where(PET.c.deleted_at.is_(None), PET.c.status.is_not(None))
    .group_by(PET.c.status)
)
_KEPT = Statement(select(INVENTORY.c.status, INVENTORY.c.pets))
_UNLIKE_LOG: dict[Kind, Statement] = {
    "pet": _unlike_log("pet", PET),
    "order": _unlike_log("order", PURCHASE_ORDER),
    "user": _unlike_log("user", SHOP_USER),
}
# A user who is deleted is gone.
_WITHOUT_ROW: dict[Kind, Statement] = {
    "pet": _without_row("pet", PET),
    "order": _without_row("order", PURCHASE_ORDER),
}
_BEFORE = CHANGE.alias("before")
_AFTER_GAP = Statement(
    select(CHANGE.c.seq)
    .where(
        CHANGE.c.position == 0,
        CHANGE.c.seq > bindparam("first"),
        ~exists().where(_BEFORE.c.seq == CHANGE.c.seq - 1, _BEFORE.c.position == 0),
    )
    .order_by(CHANGE.c.seq)
    .limit(FINDINGS_MAX)
)
_NOT_WHOLE = Statement(
    select(CHANGE.c.seq, func.count(), func.max(CHANGE.c.position))
    .group_by(CHANGE.c.seq)
    .having(func.count() != func.max(CHANGE.c.position) + 1)
    .order_by(CHANGE.c.seq)
    .limit(FINDINGS_MAX)
)
# A claim and its answer are of one transaction.
_UNANSWERED = Statement(
    select(IDEMPOTENCY.c.operation).where(IDEMPOTENCY.c.body == "").limit(FINDINGS_MAX)
)
_NEWEST = Statement(select(func.max(CHANGE.c.seq)))
_CLOCK = Statement(select(COUNTER.c.value).where(COUNTER.c.name == "clock"))
