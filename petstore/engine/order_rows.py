"""Read orders from rows and write them to rows."""

from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, select, update

from petstore.contract.order import Order, OrderDraft, OrderStatus
from petstore.engine.changes import record
from petstore.engine.instants import from_milliseconds, to_milliseconds
from petstore.storage.statement import Statement
from petstore.storage.tables import PURCHASE_ORDER
from petstore.storage.transaction import Row, Tx, overtaken

COLUMNS = (
    PURCHASE_ORDER.c.id,
    PURCHASE_ORDER.c.pet_id,
    PURCHASE_ORDER.c.quantity,
    PURCHASE_ORDER.c.ship_date,
    PURCHASE_ORDER.c.status,
    PURCHASE_ORDER.c.complete,
    PURCHASE_ORDER.c.version,
)
_WRITTEN = (
    "pet_id",
    "quantity",
    "ship_date",
    "status",
    "complete",
    "version",
    "updated_at",
    "deleted_at",
)
_BY_ID = Statement(
    select(*COLUMNS, PURCHASE_ORDER.c.deleted_at).where(
        PURCHASE_ORDER.c.id == bindparam("order_id")
    )
)
_INSERT = Statement.inserting(
    lambda insert: insert(PURCHASE_ORDER).on_conflict_do_nothing()
)
_UPDATE = Statement(
    update(PURCHASE_ORDER)
    .where(
        and_(
            PURCHASE_ORDER.c.id == bindparam("order_id"),
            PURCHASE_ORDER.c.version == bindparam("base_version"),
        )
    )
    .values({name: bindparam(name) for name in _WRITTEN})
)
_STATUSES: dict[str | None, OrderStatus] = {one.value: one for one in OrderStatus}


class StoredOrder:
    """Hold an order as stored, and whether it is deleted."""

    __slots__ = ("is_deleted", "order")

    def __init__(self, order: Order, *, is_deleted: bool) -> None:
        self.order = order
        self.is_deleted = is_deleted


def find(tx: Tx, order_id: int) -> StoredOrder | None:
    """Return the order of that id, deleted or not; None when there never was one."""
    row = tx.row(_BY_ID, {"order_id": order_id})
    if row is None:
        return None
    return StoredOrder(order_of(row), is_deleted=row[-1] is not None)


def order_of(row: Row) -> Order:
    """Return the order of a row of COLUMNS."""
    order_id, pet_id, quantity, ship_date, status, complete, version = row[:7]
    return Order.model_construct(
        id=order_id,
        pet_id=pet_id,
        quantity=quantity,
        ship_date=None if ship_date is None else from_milliseconds(ship_date),
        status=_STATUSES.get(status, status),
        complete=bool(complete),
        version=version,
    )


def insert_order(tx: Tx, order_id: int, draft: OrderDraft) -> Order:
    """
    Store a new order under an id that none has; writes one change.

    Raises:
        Overtaken: Somebody else took the id at the same moment.
    """
    order = _as_order(order_id, draft, version=1)
    values = {**_values(order), "id": order_id, "created_at": tx.now}
    if tx.run(_INSERT, {**values, "updated_at": tx.now, "deleted_at": None}) == 0:
        raise overtaken("order", order_id)
    record(tx, "order", order, "create")
    return order


def update_order(tx: Tx, stored: StoredOrder, draft: OrderDraft) -> Order:
    """
    Store the next version of an order, reviving a deleted one; writes one change.

    Raises:
        Overtaken: Somebody else wrote it at the same moment.
    """
    order = _as_order(stored.order.id, draft, version=_version(stored.order) + 1)
    _write(tx, stored.order, _values(order), deleted_at=None)
    record(tx, "order", order, "restore" if stored.is_deleted else "update")
    return order


def delete_order(tx: Tx, order: Order) -> None:
    """Leave a tombstone in place of the order; writes one change."""
    version = _version(order) + 1
    _write(tx, order, {**_values(order), "version": version}, deleted_at=tx.now)
    tx.log("order", order.id, version, "delete", None)


def _version(order: Order) -> int:
    assert order.version is not None
    return order.version


def _as_order(order_id: int, draft: OrderDraft, *, version: int) -> Order:
    return Order.model_construct(
        id=order_id,
        pet_id=draft.pet_id,
        quantity=draft.quantity,
        ship_date=draft.ship_date,
        status=draft.status,
        complete=draft.complete,
        version=version,
    )


def _values(order: Order) -> dict[str, Any]:
    return {
        "pet_id": order.pet_id,
        "quantity": order.quantity,
        "ship_date": _milliseconds(order.ship_date),
        "status": None if order.status is None else str(order.status),
        "complete": int(order.complete),
        "version": order.version,
    }


def _milliseconds(instant: datetime | None) -> int | None:
    return None if instant is None else to_milliseconds(instant)


def _write(
    tx: Tx, before: Order, values: dict[str, Any], *, deleted_at: int | None
) -> None:
    guard = {"order_id": before.id, "base_version": before.version}
    times = {"updated_at": tx.now, "deleted_at": deleted_at}
    if tx.run(_UPDATE, {**values, **guard, **times}) == 0:
        raise overtaken("order", before.id)
