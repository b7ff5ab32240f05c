"""Whatever answers a client, its counter, its users and its events are the same."""

from contextlib import closing
from typing import Any

import pytest

from petstore.contract.errors import (
    Conflicted,
    Invalid,
    NotFound,
    RuleBroken,
    Stale,
)
from petstore.contract.order import Order, OrderDraft
from petstore.contract.user import User
from tests.client.kinds import NOW, Shop, shop, shows, stores
from tests.kit.builders import a_draft, a_user_draft

__all__ = ["shop", "stores"]

NOWHERE = 2**50
PASSWORD = "correct horse"


def a_new_order(shop: Shop, **fields: Any) -> Order:
    pet = shop.client.pets.create(a_draft())
    return shop.client.store.orders.place(OrderDraft(pet_id=pet.id, **fields))


def a_new_user(shop: Shop) -> User:
    return shop.client.users.create(a_user_draft(username=shop.new("ann")))


@shows("store.inventory")
def test_inventory_counts_each_pet_once(shop: Shop):
    before = shop.client.store.inventory().get("sold", 0)

    shop.client.pets.create(a_draft(status="sold"))

    assert before + 1 == shop.client.store.inventory()["sold"]


@shows("store.orders.place")
def test_placed_order_holds_its_pet(shop: Shop):
    placed = a_new_order(shop, quantity=1)

    assert (1, "placed", False) == (placed.quantity, placed.status, placed.complete)
    assert shop.seen(placed.model_copy(update={"version": 1})) == placed
    assert placed.pet_id is not None
    assert "pending" == shop.client.pets.get(placed.pet_id).status


@shows("store.orders.place", Conflicted)
def test_placed_order_takes_no_id_of_another(shop: Shop):
    taken = a_new_order(shop).id

    with pytest.raises(Conflicted):
        a_new_order(shop, id=taken)


@shows("store.orders.place", RuleBroken)
def test_pet_that_was_ordered_is_not_ordered_again(shop: Shop):
    pet_id = a_new_order(shop).pet_id

    with pytest.raises(RuleBroken):
        shop.client.store.orders.place(OrderDraft(pet_id=pet_id))


@shows("store.orders.get")
def test_order_is_read_as_it_was_stored(shop: Shop):
    placed = a_new_order(shop, ship_date=NOW)

    assert placed == shop.client.store.orders.get(placed.id)


@shows("store.orders.get", NotFound)
def test_order_that_is_not_there_is_not_found(shop: Shop):
    with pytest.raises(NotFound):
        shop.client.store.orders.get(NOWHERE)


@shows("store.orders.update")
def test_delivered_order_sells_its_pet(shop: Shop):
    placed = a_new_order(shop)
    shop.client.store.orders.update(placed.id, status="approved")

    delivered = shop.client.store.orders.update(
        placed.id, status="delivered", complete=True
    )

    expected = {"status": "delivered", "complete": True, "version": 3}
    assert placed.model_copy(update=expected) == delivered
    assert placed.pet_id is not None
    assert "sold" == shop.client.pets.get(placed.pet_id).status


@shows("store.orders.update", Invalid)
def test_order_is_not_updated_by_no_field(shop: Shop):
    with pytest.raises(Invalid, match="at least one field to change"):
        shop.client.store.orders.update(a_new_order(shop).id)


@shows("store.orders.update", NotFound)
def test_order_that_is_not_there_is_not_updated(shop: Shop):
    with pytest.raises(NotFound):
        shop.client.store.orders.update(NOWHERE, complete=True)


@shows("store.orders.update", Stale)
def test_order_that_somebody_wrote_is_not_updated(shop: Shop):
    placed = a_new_order(shop)
    shop.client.store.orders.update(placed.id, status="approved")

    with pytest.raises(Stale) as caught:
        shop.client.store.orders.update(placed.id, complete=True, if_version=1)

    assert 2 == caught.value.extra["current_version"]


@shows("store.orders.update", RuleBroken)
def test_order_is_not_delivered_before_it_is_approved(shop: Shop):
    with pytest.raises(RuleBroken):
        shop.client.store.orders.update(a_new_order(shop).id, status="delivered")


@shows("store.orders.cancel")
def test_cancelled_order_frees_its_pet(shop: Shop):
    placed = a_new_order(shop)

    shop.client.store.orders.cancel(placed.id)

    with pytest.raises(NotFound):
        shop.client.store.orders.get(placed.id)
    assert placed.pet_id is not None
    assert "available" == shop.client.pets.get(placed.pet_id).status


@shows("store.orders.cancel", NotFound)
def test_order_that_is_not_there_is_not_cancelled(shop: Shop):
    with pytest.raises(NotFound):
        shop.client.store.orders.cancel(NOWHERE)


@shows("store.orders.cancel", Stale, needs="if_version")
def test_order_that_somebody_wrote_is_not_cancelled(shop: Shop):
    placed = a_new_order(shop)

    with pytest.raises(Stale):
        shop.client.store.orders.cancel(placed.id, if_version=7)


@shows("store.orders.cancel", RuleBroken, needs="if_version")
def test_delivered_order_is_not_cancelled(shop: Shop):
    placed = a_new_order(shop)
    for status in ("approved", "delivered"):
        shop.client.store.orders.update(placed.id, status=status)

    with pytest.raises(RuleBroken):
        shop.client.store.orders.cancel(placed.id)


@shows("store.orders.list")
def test_orders_are_listed_newest_first(shop: Shop):
    placed = [a_new_order(shop) for _ in range(3)]

    newest = shop.client.store.orders.list(sort="-id", page_size=2, limit=3)
    of_pet = shop.client.store.orders.list(pet_id=placed[0].pet_id, status="placed")

    assert placed[::-1] == list(newest)
    assert [placed[0]] == list(of_pet)


@shows("users.create")
def test_created_user_is_the_draft_with_an_id(shop: Shop):
    draft = a_user_draft(username=shop.new("ann"))

    created = shop.client.users.create(draft)

    assert created.id is not None
    expected = {**draft.model_dump(), "id": created.id, "version": 1}
    assert shop.seen(User.model_validate(expected)) == created


@shows("users.create", Conflicted)
def test_username_is_taken_once(shop: Shop):
    taken = a_new_user(shop).username

    with pytest.raises(Conflicted, match="ann"):
        shop.client.users.create(a_user_draft(username=taken))


@shows("users.create_many")
def test_users_are_created_together(shop: Shop):
    names = [shop.new("bob") for _ in range(2)]

    created = shop.client.users.create_many([a_user_draft(username=n) for n in names])

    assert created == [shop.client.users.get(name) for name in names]


@shows("users.create_many", Conflicted)
def test_of_users_that_cannot_all_be_created_there_is_none(shop: Shop):
    names = [shop.new("cid"), a_new_user(shop).username]

    with pytest.raises(Conflicted):
        shop.client.users.create_many([a_user_draft(username=one) for one in names])

    with pytest.raises(NotFound):
        shop.client.users.get(str(names[0]))


@shows("users.create_with_array")
def test_users_are_created_by_the_other_operation(shop: Shop):
    name = shop.new("dan")

    (created,) = shop.client.users.create_with_array([a_user_draft(username=name)])

    assert created == shop.client.users.get(name)


@shows("users.create_with_array", Conflicted)
def test_users_of_an_array_have_different_names(shop: Shop):
    draft = a_user_draft(username=shop.new("eve"))

    with pytest.raises(Conflicted):
        shop.client.users.create_with_array([draft, draft])


@shows("users.get")
def test_user_is_read_as_it_was_stored(shop: Shop):
    created = a_new_user(shop)

    assert created == shop.client.users.get(str(created.username))


@shows("users.get", NotFound)
def test_user_that_is_not_there_is_not_found(shop: Shop):
    with pytest.raises(NotFound):
        shop.client.users.get("nobody")


@shows("users.replace")
def test_replaced_user_may_have_another_name(shop: Shop):
    created, name = a_new_user(shop), shop.new("fay/2")

    replaced = shop.client.users.replace(
        str(created.username), a_user_draft(username=name, phone=None)
    )

    expected = {"username": name, "phone": None, "version": 2}
    assert shop.seen(created.model_copy(update=expected)) == replaced
    assert replaced == shop.client.users.get(name)


@shows("users.replace", NotFound)
def test_user_that_is_not_there_is_not_replaced(shop: Shop):
    with pytest.raises(NotFound):
        shop.client.users.replace("nobody", a_user_draft(username="nobody"))


@shows("users.replace", Conflicted)
def test_replaced_user_takes_no_name_of_another(shop: Shop):
    mine, taken = a_new_user(shop), a_new_user(shop)

    with pytest.raises(Conflicted):
        shop.client.users.replace(
            str(mine.username), a_user_draft(username=taken.username)
        )


@shows("users.replace", Stale, needs="if_version")
def test_user_that_somebody_wrote_is_not_replaced(shop: Shop):
    mine = a_new_user(shop)
    name = str(mine.username)
    shop.client.users.replace(name, mine)

    with pytest.raises(Stale):
        shop.client.users.replace(name, mine)

    assert 3 == shop.client.users.replace(name, mine, if_version=None).version


@shows("users.get")
@pytest.mark.parametrize("name", ["...", "a/b", "../x", "%2F", "?#", "ü ;"])
def test_user_of_any_name_is_read_and_deleted(shop: Shop, name: str):
    # A store that several kinds share may have it from another one.
    shop.client.users.delete(name, missing_ok=True)
    created = shop.client.users.create(a_user_draft(username=name))

    assert created == shop.client.users.get(name)
    shop.client.users.delete(name)


@shows("users.delete")
def test_deleted_user_is_gone(shop: Shop):
    name = str(a_new_user(shop).username)

    shop.client.users.delete(name)

    with pytest.raises(NotFound):
        shop.client.users.get(name)


@shows("users.delete", NotFound)
def test_user_that_is_not_there_is_not_deleted(shop: Shop):
    with pytest.raises(NotFound):
        shop.client.users.delete("nobody")
    shop.client.users.delete("nobody", missing_ok=True)


@shows("users.delete", Stale, needs="if_version")
def test_user_that_somebody_wrote_is_not_deleted(shop: Shop):
    name = str(a_new_user(shop).username)

    with pytest.raises(Stale):
        shop.client.users.delete(name, if_version=7)


@shows("users.list")
def test_users_are_listed_by_name(shop: Shop):
    names = [str(a_new_user(shop).username) for _ in range(2)]

    listed = [user.username for user in shop.client.users.list(page_size=2)]

    assert sorted(map(str, listed)) == listed
    assert {*names} <= {*listed}


@shows("auth.login")
def test_login_gives_a_token(shop: Shop):
    name = str(a_new_user(shop).username)

    first, second = (shop.client.auth.login(name, PASSWORD) for _ in range(2))

    assert first.access_token != second.access_token
    assert first.expires_at == second.expires_at > NOW


@shows("auth.login_user")
def test_login_of_the_public_contract_gives_a_token(shop: Shop):
    name = str(a_new_user(shop).username)

    token = shop.client.auth.login_user(name, PASSWORD)

    assert token.access_token.isdigit()
    assert token.expires_at > NOW


@shows("auth.logout")
def test_logout_without_a_token_does_nothing(shop: Shop):
    shop.client.auth.logout()


@shows("auth.logout_user")
def test_logout_of_the_public_contract_does_nothing_without_a_token(shop: Shop):
    shop.client.auth.logout_user()


@shows("auth.me")
def test_credential_is_described(shop: Shop):
    assert shop.client.auth.me()


@shows("events")
def test_events_tell_of_each_write(shop: Shop):
    before = shop.client.pets.create(a_draft())
    (change,) = shop.client.pets.history(before.id)
    created = shop.client.pets.create(a_draft())

    with closing(shop.client.events(after=change.seq)) as events:
        told = next(events)

    expected = ("pet", created.id, "create", 1)
    assert expected == (told.kind, told.entity_id, told.action, told.version)


@shows("events", Invalid)
def test_events_begin_at_no_place_that_never_was(shop: Shop):
    with pytest.raises(Invalid), closing(shop.client.events(after=NOWHERE)) as events:
        next(events)
