"""Each operation on orders, under lenient and under shop rules."""

from datetime import UTC, datetime
from typing import Any

import pytest

from petstore.contract.errors import (
    Conflicted,
    Invalid,
    NotFound,
    RemoteError,
    RuleBroken,
)
from petstore.contract.model import INT64_MAX
from petstore.contract.order import Order, OrderDraft, OrderPatch, OrderStatus
from petstore.engine.order_rows import insert_order
from petstore.engine.pet_rows import insert_pet
from petstore.storage.transaction import Tx
from tests.engine.shops import PUBLIC_V2, Opener, Shop
from tests.kit.builders import a_draft, an_order, an_order_draft

# ------------------------------------------------------------------------ lenient


def test_placed_order_is_returned_as_it_is_stored(sandbox: Shop):
    placed = sandbox.store.orders.place(an_order_draft(pet_id=404, quantity=7))

    assert an_order(pet_id=404, quantity=7, version=1) == placed
    assert placed == sandbox.store.orders.get(1)
    assert placed.status is OrderStatus.PLACED


def test_order_keeps_every_field_empty_or_full(sandbox: Shop):
    bare = sandbox.store.orders.place(OrderDraft())
    full = sandbox.do(
        "placeOrder",
        order=an_order_draft(
            pet_id=-(2**63),
            quantity=-(2**31),
            ship_date=datetime(9999, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC),
            status="lost",
            complete=True,
        ),
    )

    assert Order(id=1, version=1) == sandbox.store.orders.get(bare.id)
    assert full == sandbox.store.orders.get(full.id)
    assert full.complete is True


@pytest.mark.parametrize("year", [1, 1969, 1970, 2030])
def test_instants_survive_to_the_millisecond(sandbox: Shop, year):
    ship_date = datetime(year, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)

    sandbox.store.orders.place(an_order_draft(ship_date=ship_date))

    assert ship_date == sandbox.store.orders.get(1).ship_date


@pytest.mark.parametrize("asked", [None, 0, -7])
def test_order_gets_an_id_that_is_free(sandbox: Shop, asked):
    sandbox.store.orders.place(an_order_draft(id=2))

    placed = [sandbox.store.orders.place(an_order_draft(id=asked)) for _ in range(2)]

    assert [1, 3] == [order.id for order in placed]


def test_chosen_order_id_is_kept(sandbox: Shop):
    assert sandbox.store.orders.place(an_order_draft(id=INT64_MAX)).id == INT64_MAX


def test_taken_order_id_is_refused_unless_the_policy_replaces(sandbox: Shop):
    before = sandbox.store.orders.place(an_order_draft(id=7))

    with pytest.raises(Conflicted, match="Order 7 exists"):
        sandbox.store.orders.place(an_order_draft(id=7, quantity=2))
    assert before == sandbox.store.orders.get(7)
    other = an_order_draft(id=7, quantity=2)
    replaced = sandbox.do("placeOrder", PUBLIC_V2, order=other)

    assert an_order(id=7, quantity=2, version=2) == replaced


def test_cancelled_order_is_gone_and_its_id_can_be_used_again(sandbox: Shop):
    sandbox.store.orders.place(an_order_draft(id=7))

    sandbox.store.orders.cancel(7)

    with pytest.raises(NotFound, match="There is no order 7"):
        sandbox.store.orders.get(7)
    with pytest.raises(NotFound):
        sandbox.store.orders.cancel(7)
    with pytest.raises(NotFound):
        sandbox.store.orders.update(7, complete=True)
    assert [] == list(sandbox.store.orders.list())
    assert sandbox.store.orders.place(an_order_draft(id=7)).version == 3
    actions = [change.action for change in sandbox.changes("order", 7)]
    assert ["create", "delete", "restore"] == actions


def test_patched_order_changes_what_is_named(sandbox: Shop):
    before = sandbox.store.orders.place(an_order_draft())

    patched = sandbox.store.orders.update(
        1, pet_id=None, ship_date=None, status="delivered", complete=True
    )

    expected = {"pet_id": None, "ship_date": None, "complete": True, "version": 2}
    assert patched.status is OrderStatus.DELIVERED
    assert before.model_copy(update={**expected, "status": patched.status}) == patched
    assert patched == sandbox.store.orders.get(1)


def test_patch_of_nothing_writes_nothing(sandbox: Shop):
    before = sandbox.store.orders.place(an_order_draft())

    assert before == sandbox.do("patchOrder", order_id=1, patch=OrderPatch())
    assert len(sandbox.changes("order")) == 1


def test_patch_of_an_instant_is_an_instant(sandbox: Shop):
    sandbox.store.orders.place(an_order_draft())
    ship_date = datetime(2031, 1, 1, 0, 0, 0, 1_000, tzinfo=UTC)

    sandbox.store.orders.update(1, ship_date=ship_date)

    assert ship_date == sandbox.store.orders.get(1).ship_date


def test_null_makes_complete_what_it_is_by_default(sandbox: Shop):
    sandbox.store.orders.place(an_order_draft(complete=True))

    patch = OrderPatch(complete=None)
    assert sandbox.do("patchOrder", order_id=1, patch=patch).complete is False


def test_orders_never_touch_pets_in_a_lenient_store(sandbox: Shop):
    before = sandbox.pets.create(a_draft())

    sandbox.store.orders.place(an_order_draft())
    sandbox.store.orders.place(an_order_draft())
    sandbox.store.orders.update(1, status="delivered")
    sandbox.store.orders.cancel(1)
    sandbox.pets.delete(1)

    assert before.model_copy(update={"version": 3}) == sandbox.pets.restore(1)


# ------------------------------------------------------------------------ listing


@pytest.mark.parametrize("sort", ["id", "-id"])
@pytest.mark.parametrize("status", [None, "placed", "lost"])
@pytest.mark.parametrize("pet_id", [None, 1, 404])
def test_pages_of_orders_are_the_whole(sandbox: Shop, sort, status, pet_id):
    statuses = ["placed", "delivered", "lost", None]
    orders = [
        sandbox.do(
            "placeOrder",
            order=an_order_draft(pet_id=number % 3, status=statuses[number % 4]),
        )
        for number in range(20)
    ]
    sandbox.store.orders.cancel(13)
    wanted = [
        order
        for order in orders
        if order.id != 13
        and status in (None, order.status)
        and pet_id in (None, order.pet_id)
    ]

    filters = {"status": status, "pet_id": pet_id}
    given: dict[str, Any] = {
        key: one for key, one in filters.items() if one is not None
    }
    page = sandbox.do("listOrders", sort=sort, limit=3, **given)
    found = page.items
    while page.next_cursor is not None:
        page = sandbox.do(
            "listOrders", sort=sort, limit=3, **given, cursor=page.next_cursor
        )
        found += page.items

    assert (wanted[::-1] if sort == "-id" else wanted) == found


def test_orders_are_found_by_a_documented_status(sandbox: Shop):
    for status in OrderStatus:
        sandbox.store.orders.place(an_order_draft(status=status))

    found = [list(sandbox.store.orders.list(status=status)) for status in OrderStatus]

    assert [[1], [2], [3]] == [[order.id for order in orders] for orders in found]


def test_cursor_of_other_orders_is_refused(sandbox: Shop):
    for _ in range(2):
        sandbox.store.orders.place(an_order_draft())
    cursor = sandbox.do("listOrders", limit=1).next_cursor

    with pytest.raises(Invalid):
        sandbox.do("listOrders", sort="-id", cursor=cursor)


# ---------------------------------------------------------------- rules of a shop


def test_order_takes_its_pet_from_available_to_sold(shop: Shop):
    shop.pets.create(a_draft())

    placed = shop.store.orders.place(OrderDraft(pet_id=1))
    statuses = [shop.pets.get(1).status]
    for status in ("approved", "delivered"):
        shop.store.orders.update(1, status=status)
        statuses.append(shop.pets.get(1).status)

    assert Order(id=1, pet_id=1, quantity=1, status="placed", version=1) == placed
    assert ["pending", "pending", "sold"] == statuses
    assert {"sold": 1} == shop.store.inventory()
    shop.assert_sound()


def test_order_and_its_pet_are_written_together(shop: Shop):
    shop.pets.create(a_draft())

    shop.store.orders.place(OrderDraft(pet_id=1))

    assert {change.seq for change in shop.changes("pet")[1:]} == {
        change.seq for change in shop.changes("order")
    }


@pytest.mark.parametrize(
    ("draft", "rule"),
    [
        (OrderDraft(), "pet-not-found"),
        (OrderDraft(pet_id=404), "pet-not-found"),
        (OrderDraft(pet_id=2), "pet-not-available"),
        (OrderDraft(pet_id=3), "pet-not-available"),
        (OrderDraft(pet_id=4), "pet-not-found"),
        (OrderDraft(pet_id=1, quantity=2), "one-animal-per-order"),
        (OrderDraft(pet_id=1, quantity=0), "one-animal-per-order"),
        (OrderDraft(pet_id=1, status="approved"), "illegal-transition"),
    ],
)
def test_shop_refuses_an_order_and_nothing_changes(shop: Shop, draft, rule):
    for status in ("available", "pending", "sold", "available"):
        shop.pets.create(a_draft(status=status))
    shop.pets.delete(4)
    before = list(shop.pets.list())

    with pytest.raises(RuleBroken) as caught:
        shop.store.orders.place(draft)

    assert rule == caught.value.extra["rule"]
    assert before == list(shop.pets.list())
    assert [] == list(shop.store.orders.list())
    shop.assert_sound()


def test_cancelled_order_frees_its_pet(shop: Shop):
    shop.pets.create(a_draft())
    shop.store.orders.place(OrderDraft(pet_id=1))

    shop.store.orders.cancel(1)

    assert shop.pets.get(1).status == "available"
    assert shop.store.orders.place(OrderDraft(pet_id=1)).id == 2


def test_delivered_order_is_history(shop: Shop):
    shop.pets.create(a_draft())
    shop.store.orders.place(OrderDraft(pet_id=1))
    for status in ("approved", "delivered"):
        shop.store.orders.update(1, status=status)

    with pytest.raises(RuleBroken):
        shop.store.orders.cancel(1)
    with pytest.raises(RuleBroken):
        shop.store.orders.update(1, status="placed")
    assert shop.store.orders.update(1, complete=True).status == "delivered"
    assert shop.pets.get(1).status == "sold"


def test_pet_that_came_back_is_not_sold_by_its_old_order(shop: Shop):
    shop.pets.create(a_draft())
    shop.store.orders.place(OrderDraft(pet_id=1))
    for status in ("approved", "delivered"):
        shop.store.orders.update(1, status=status)
    shop.pets.update(1, status="available")

    shop.store.orders.update(1, status="delivered", complete=True)

    assert shop.pets.get(1).status == "available"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"status": "delivered"}, id="skips approved"),
        pytest.param({"status": None}, id="no status"),
        pytest.param({"pet_id": 2}, id="another pet"),
        pytest.param({"pet_id": None}, id="no pet"),
        pytest.param({"quantity": 2}, id="two animals"),
    ],
)
def test_shop_refuses_a_change_of_an_order(shop: Shop, change):
    for _ in range(2):
        shop.pets.create(a_draft())
    before = shop.store.orders.place(OrderDraft(pet_id=1))

    with pytest.raises(RuleBroken):
        shop.store.orders.update(1, **change)

    assert before == shop.store.orders.get(1)
    assert shop.pets.get(1).status == "pending"


def test_open_order_holds_its_pet(shop: Shop):
    shop.pets.create(a_draft())
    shop.store.orders.place(OrderDraft(pet_id=1))

    refused: list[RemoteError] = []
    for attempt in (
        lambda: shop.pets.delete(1),
        lambda: shop.pets.update(1, status="sold"),
        lambda: shop.pets.update_with_form(1, status="available"),
    ):
        with pytest.raises(RuleBroken) as caught:
            attempt()
        refused.append(caught.value)

    assert ["has-open-order"] * 3 == [one.extra["rule"] for one in refused]
    assert shop.pets.update(1, name="Max").status == "pending"


def test_even_a_replacing_policy_keeps_the_orders_of_a_shop(shop: Shop):
    for _ in range(2):
        shop.pets.create(a_draft())
    shop.store.orders.place(OrderDraft(id=7, pet_id=1))

    with pytest.raises(Conflicted):
        shop.do("placeOrder", PUBLIC_V2, order=OrderDraft(id=7, pet_id=2))

    assert shop.pets.get(2).status == "available"


def test_shop_revives_a_cancelled_order(shop: Shop):
    shop.pets.create(a_draft())
    shop.store.orders.place(OrderDraft(id=7, pet_id=1))
    shop.store.orders.cancel(7)

    revived = shop.store.orders.place(OrderDraft(id=7, pet_id=1))

    assert revived.version == 3
    assert shop.pets.get(1).status == "pending"


# ------------------------------------------- a shop over what was lenient before


def test_pet_stays_pending_while_another_order_holds_it(lone: Opener):
    shop = lone(rules="shop")
    shop.engine.store.write(_two_orders_for_one_pet)

    shop.store.orders.cancel(1)
    held = shop.pets.get(1).status
    shop.store.orders.cancel(2)

    assert ["pending", "available"] == [held, shop.pets.get(1).status]


def test_orders_for_no_pet_can_be_brought_to_an_end(lone: Opener):
    shop = lone(rules="shop")
    shop.engine.store.write(_orders_of_old)

    for status in ("placed", "approved", "delivered"):
        shop.store.orders.update(1, status=status)
    shop.store.orders.cancel(2)

    assert shop.store.orders.get(1).status == "delivered"


def _two_orders_for_one_pet(tx: Tx) -> None:
    insert_pet(tx, 1, a_draft(status="pending"))
    insert_order(tx, 1, an_order_draft(status="placed"))
    insert_order(tx, 2, an_order_draft(status="approved"))


def _orders_of_old(tx: Tx) -> None:
    insert_order(tx, 1, an_order_draft(pet_id=404, quantity=9, status="lost"))
    insert_order(tx, 2, an_order_draft(pet_id=None, status=None))
