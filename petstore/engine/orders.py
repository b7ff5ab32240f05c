"""Execute the operations on orders and the inventory."""

from collections.abc import Hashable
from typing import Any, Final, cast

from sqlalchemy import BindParameter, Select, bindparam, or_, select

from petstore.contract.arguments import PAGE_SIZE_DEFAULT
from petstore.contract.errors import Conflicted, NotFound
from petstore.contract.model import Page
from petstore.contract.order import Order, OrderDraft, OrderPatch, OrderStatus
from petstore.engine import pet_rows
from petstore.engine.context import Context
from petstore.engine.merging import merged_with
from petstore.engine.order_rows import (
    COLUMNS,
    StoredOrder,
    delete_order,
    find,
    insert_order,
    order_of,
    update_order,
)
from petstore.engine.paging import read_cursor, write_cursor
from petstore.rules import (
    check_new_order,
    check_order_cancel,
    check_order_change,
    pet_status_after,
)
from petstore.storage.statement import Statement, Value
from petstore.storage.tables import INVENTORY, PURCHASE_ORDER
from petstore.storage.transaction import Tx

_FILTERS: Final = ("status", "pet_id")

_INVENTORY = Statement(
    select(INVENTORY.c.status, INVENTORY.c.pets).order_by(INVENTORY.c.status)
)
_OPEN_ORDER = Statement(
    select(PURCHASE_ORDER.c.id)
    .where(
        PURCHASE_ORDER.c.pet_id == bindparam("pet_id"),
        PURCHASE_ORDER.c.deleted_at.is_(None),
        or_(
            PURCHASE_ORDER.c.status.is_(None),
            PURCHASE_ORDER.c.status != OrderStatus.DELIVERED.value,
        ),
    )
    .order_by(PURCHASE_ORDER.c.id)
    .limit(1)
)


def inventory(tx: Tx, _: Context) -> dict[str, int]:
    """Return the number of pets of each status that any pet has, by status."""
    return dict(tx.rows(_INVENTORY))


def open_order_of(tx: Tx, pet_id: int) -> int | None:
    """Return the id of an order that still holds the pet."""
    row = tx.row(_OPEN_ORDER, {"pet_id": pet_id})
    return None if row is None else row[0]


def get(tx: Tx, _: Context, *, order_id: int) -> Order:
    """Return an order, or raise NotFound."""
    return _live(tx, order_id).order


def place(tx: Tx, context: Context, *, order: OrderDraft) -> Order:
    """
    Store a new order; under the shop's rules the pet becomes pending.

    Raises:
        Conflicted: The id is taken, and the policy does not replace.
        RuleBroken: The shop cannot sell that pet now.
    """
    has_id = order.id is not None and order.id > 0
    stored = find(tx, order.id) if has_id and order.id is not None else None
    is_live = stored is not None and not stored.is_deleted
    if is_live and not (context.policy.replace_existing and not context.has_shop_rules):
        raise Conflicted(f"Order {order.id} exists; leave the id out to get a new one.")
    order_id = order.id if has_id and order.id is not None else tx.next_id("order")
    if context.has_shop_rules:
        order = _checked_by_shop(tx, order)
    if stored is not None:
        return update_order(tx, stored, order)
    return insert_order(tx, order_id, order)


def patch(tx: Tx, context: Context, *, order_id: int, patch: OrderPatch) -> Order:
    """Merge a JSON merge patch into an order; delivering sells the pet."""
    stored = _live(tx, order_id)
    given = patch.model_dump(mode="json", exclude_unset=True)
    draft = merged_with(stored.order, given, OrderDraft)
    if context.has_shop_rules:
        after = Order.model_validate(draft.model_dump() | {"id": order_id})
        check_order_change(stored.order, after)
        if after.status != stored.order.status:
            _move_pet(tx, after.pet_id, after.status)
    return update_order(tx, stored, draft)


def delete(tx: Tx, context: Context, *, order_id: int) -> None:
    """Cancel an order; under the shop's rules that frees its pet."""
    stored = _live(tx, order_id)
    if context.has_shop_rules:
        check_order_cancel(stored.order)
        _move_pet(tx, stored.order.pet_id, None)
    delete_order(tx, stored.order)


def list_page(
    tx: Tx,
    _: Context,
    *,
    sort: str = "id",
    limit: int = PAGE_SIZE_DEFAULT,
    cursor: str | None = None,
    **filters: Any,
) -> Page[Order]:
    """Return a page of the orders that match all filters."""
    after = read_cursor(cursor, sort, (int,))
    used = tuple(name for name in _FILTERS if name in filters)
    params: dict[str, Value] = {name: filters[name] for name in used}
    params["row_count"] = limit + 1
    if "status" in params:
        params["status"] = str(params["status"])
    if after is not None:
        params["after_id"] = after[0]
    rows = tx.rows(_PAGE((used, sort, after is not None)), params)
    orders = [order_of(row) for row in rows[:limit]]
    next_cursor = write_cursor(sort, (orders[-1].id,)) if len(rows) > limit else None
    return Page[Order].model_construct(items=orders, next_cursor=next_cursor)


def _build(shape: Hashable) -> Select[tuple[object, ...]]:
    used, sort, has_after = cast(tuple[tuple[str, ...], str, bool], shape)
    order_id = PURCHASE_ORDER.c.id
    statement = select(*COLUMNS).where(PURCHASE_ORDER.c.deleted_at.is_(None))
    for name in used:
        statement = statement.where(PURCHASE_ORDER.c[name] == bindparam(name))
    is_descending = sort.startswith("-")
    if has_after:
        mark: BindParameter[int] = bindparam("after_id")
        statement = statement.where(
            order_id < mark if is_descending else order_id > mark
        )
    return statement.order_by(order_id.desc() if is_descending else order_id).limit(
        bindparam("row_count")
    )


_PAGE = Statement.of(_build)


def _live(tx: Tx, order_id: int) -> StoredOrder:
    stored = find(tx, order_id)
    if stored is None or stored.is_deleted:
        raise NotFound(f"There is no order {order_id}.")
    return stored


def _checked_by_shop(tx: Tx, order: OrderDraft) -> OrderDraft:
    """Return the order as the shop takes it, and reserve its pet."""
    stored = None if order.pet_id is None else pet_rows.find(tx, order.pet_id)
    pet = None if stored is None or stored.is_deleted else stored.pet
    check_new_order(order, pet)
    _move_pet(tx, order.pet_id, OrderStatus.PLACED)
    return order.model_copy(update={"status": OrderStatus.PLACED, "quantity": 1})


def _move_pet(tx: Tx, pet_id: int | None, order_status: str | None) -> None:
    """Give the pet of an order the status that goes with the order's."""
    stored = None if pet_id is None else pet_rows.find(tx, pet_id)
    if stored is None or stored.is_deleted:
        return
    before = stored.pet.status
    after = pet_status_after(order_status, before=before)
    if after != before:
        changed = stored.pet.model_copy(update={"status": after})
        pet_rows.update_pet(tx, stored, changed)
