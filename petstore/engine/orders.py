"""Execute the operations on orders and the inventory."""

from collections.abc import Sequence
from typing import Final, Unpack

from sqlalchemy import bindparam, or_, select

from petstore.contract.arguments import PAGE_SIZE_DEFAULT
from petstore.contract.call import Reply
from petstore.contract.errors import Conflicted, NotFound
from petstore.contract.model import Page
from petstore.contract.order import Order, OrderDraft, OrderPatch, OrderStatus
from petstore.engine import pet_rows
from petstore.engine.conditions import require_version, unless_known
from petstore.engine.context import Context
from petstore.engine.ids import given_id
from petstore.engine.merging import merged_with
from petstore.engine.order_queries import Filters, read_page
from petstore.engine.order_rows import (
    StoredOrder,
    delete_order,
    find,
    insert_order,
    order_of,
    update_order,
)
from petstore.engine.paging import read_cursor, write_cursor
from petstore.engine.pet_rows import StoredPet
from petstore.rules import (
    check_new_order,
    check_order_cancel,
    check_order_change,
    pet_status_after,
)
from petstore.storage.statement import Statement
from petstore.storage.tables import INVENTORY, PURCHASE_ORDER
from petstore.storage.transaction import Tx

_ANY_OPEN: Final = 0

_INVENTORY = Statement(
    select(INVENTORY.c.status, INVENTORY.c.pets).order_by(INVENTORY.c.status)
)
_OPEN_ORDER = Statement(
    select(PURCHASE_ORDER.c.id)
    .where(
        PURCHASE_ORDER.c.pet_id == bindparam("pet_id"),
        PURCHASE_ORDER.c.id != bindparam("beside"),
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


def open_order_of(tx: Tx, pet_id: int, *, beside: int = _ANY_OPEN) -> int | None:
    """
    Return the id of an order that still holds the pet.

    Args:
        beside: An order that does not count.
    """
    row = tx.row(_OPEN_ORDER, {"pet_id": pet_id, "beside": beside})
    return None if row is None else row[0]


def get(
    tx: Tx, _: Context, *, order_id: int, unless_version: Sequence[int] | None = None
) -> Order | Reply[None]:
    """Return an order, or 304 for one that the caller knows, or raise NotFound."""
    order = _live(tx, order_id).order
    return order if unless_version is None else unless_known(order, unless_version)


def place(tx: Tx, context: Context, *, order: OrderDraft) -> Order:
    """
    Store a new order; under the shop's rules the pet becomes pending.

    Raises:
        Conflicted: The id is taken, and the policy does not replace.
        RuleBroken: The shop cannot sell that pet now.
    """
    order_id = given_id(order.id)
    stored = None if order_id is None else find(tx, order_id)
    # A shop never forgets an order, for its pet would stay pending.
    may_replace = context.policy.replace_existing and not context.has_shop_rules
    if stored is not None and not stored.is_deleted and not may_replace:
        raise Conflicted(f"Order {order_id} exists; leave the id out to get a new one.")
    if context.has_shop_rules:
        order = _reserved(tx, order)
    if stored is not None:
        return update_order(tx, stored, order)
    return insert_order(tx, order_id or tx.next_id("order"), order)


def patch(
    tx: Tx,
    context: Context,
    *,
    order_id: int,
    patch: OrderPatch,
    if_version: Sequence[int] | None = None,
) -> Order:
    """
    Merge a JSON merge patch into an order; under the shop's rules delivering sells.

    An empty one writes nothing.

    Raises:
        NotFound: There is no such order.
        Stale: It has another version.
        RuleBroken: The shop does not allow the change.
    """
    stored = _live(tx, order_id)
    _require_version(stored, if_version)
    given = patch.model_dump(mode="json", exclude_unset=True)
    if not given:
        return stored.order
    draft = merged_with(stored.order, given, OrderDraft)
    if context.has_shop_rules:
        _check_change(tx, stored.order, draft)
    return update_order(tx, stored, draft)


def delete(
    tx: Tx, context: Context, *, order_id: int, if_version: Sequence[int] | None = None
) -> None:
    """
    Cancel an order; under the shop's rules that frees its pet.

    Raises:
        NotFound: There is no such order.
        Stale: It has another version.
        RuleBroken: It is delivered, and a shop keeps that.
    """
    stored = _live(tx, order_id)
    _require_version(stored, if_version)
    if context.has_shop_rules:
        check_order_cancel(stored.order)
        _free_pet(tx, stored.order)
    delete_order(tx, stored.order)


def list_page(
    tx: Tx,
    _: Context,
    *,
    sort: str = "id",
    limit: int = PAGE_SIZE_DEFAULT,
    cursor: str | None = None,
    **filters: Unpack[Filters],
) -> Page[Order]:
    """Return a page of the orders that match all filters."""
    after = read_cursor(cursor, sort, (int,))
    rows, next_key = read_page(tx, filters, sort, after=after, limit=limit)
    return Page[Order].model_construct(
        items=[order_of(row) for row in rows],
        next_cursor=None if next_key is None else write_cursor(sort, next_key),
    )


def _live(tx: Tx, order_id: int) -> StoredOrder:
    stored = find(tx, order_id)
    if stored is None or stored.is_deleted:
        raise NotFound(f"There is no order {order_id}.")
    return stored


def _require_version(stored: StoredOrder, if_version: Sequence[int] | None) -> None:
    require_version(stored.order, if_version, what=f"Order {stored.order.id}")


def _reserved(tx: Tx, order: OrderDraft) -> OrderDraft:
    """Return the order as the shop takes it, and make its pet pending."""
    stored = _pet(tx, order.pet_id)
    check_new_order(order, None if stored is None else stored.pet)
    _move_pet(tx, stored, OrderStatus.PLACED)
    return order.model_copy(update={"status": OrderStatus.PLACED, "quantity": 1})


def _check_change(tx: Tx, before: Order, draft: OrderDraft) -> None:
    after = before.model_copy(
        update={name: getattr(draft, name) for name in OrderDraft.model_fields}
    )
    check_order_change(before, after)
    if after.status != before.status:
        _move_pet(tx, _pet(tx, before.pet_id), after.status)


def _free_pet(tx: Tx, order: Order) -> None:
    pet = _pet(tx, order.pet_id)
    # A store that was lenient before may have several orders for one pet.
    if pet is not None and open_order_of(tx, pet.pet.id, beside=order.id) is None:
        _move_pet(tx, pet, None)


def _pet(tx: Tx, pet_id: int | None) -> StoredPet | None:
    """Return the pet of an order, if the shop has it."""
    stored = None if pet_id is None else pet_rows.find(tx, pet_id)
    return None if stored is None or stored.is_deleted else stored


def _move_pet(tx: Tx, stored: StoredPet | None, order_status: str | None) -> None:
    """
    Give the pet of an order the status that goes with the order's.

    Args:
        stored: As it was when the move was decided: read again, it may be another's.
    """
    if stored is None:
        return
    before = stored.pet.status
    after = pet_status_after(order_status, before=before)
    if after != before:
        changed = stored.pet.model_copy(update={"status": after})
        pet_rows.update_pet(tx, stored, changed)
