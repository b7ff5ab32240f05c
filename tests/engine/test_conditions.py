"""A write for a version that is no more is refused; what a caller knows is not sent."""

from collections.abc import Callable
from typing import Any

import pytest

from petstore.contract import calls
from petstore.contract.call import Call
from petstore.contract.errors import NotFound, RuleBroken, Stale
from petstore.contract.order import OrderPatch
from petstore.contract.pet import PetPatch
from petstore.contract.versions import ANY_VERSION
from tests.engine.shops import Shop
from tests.kit.builders import a_draft, a_pet, a_user_draft, an_order_draft

Build = Callable[[Any], Call[Any]]

# Each conditional write of what `stocked` holds, all in version 1.
WRITES: dict[str, Build] = {
    "updatePet": lambda seen: calls.update_pet(a_pet(name="Max"), if_version=seen),
    "patchPet": lambda seen: calls.patch_pet(1, PetPatch(name="Max"), if_version=seen),
    "updatePetWithForm": lambda seen: calls.update_pet_with_form(
        1, name="Max", if_version=seen
    ),
    "deletePet": lambda seen: calls.delete_pet(1, if_version=seen),
    "patchOrder": lambda seen: calls.patch_order(
        1, OrderPatch(quantity=2), if_version=seen
    ),
    "deleteOrder": lambda seen: calls.delete_order(1, if_version=seen),
    "updateUser": lambda seen: calls.update_user(
        "ann", a_user_draft(email="new"), if_version=seen
    ),
    "deleteUser": lambda seen: calls.delete_user("ann", if_version=seen),
}
READS: dict[str, Build] = {
    "getPetById": lambda seen: calls.get_pet_by_id(1, unless_version=seen),
    "getOrderById": lambda seen: calls.get_order_by_id(1, unless_version=seen),
    "getUserByName": lambda seen: calls.get_user_by_name("ann", unless_version=seen),
}


@pytest.fixture
def stocked(sandbox: Shop) -> Shop:
    """Give a sandbox with a pet, an order and a user, each in version 1."""
    sandbox.pets.create(a_draft())
    sandbox.store.orders.place(an_order_draft())
    sandbox.users.create(a_user_draft())
    return sandbox


def written(shop: Shop) -> int:
    """Count the writes of anything."""
    return sum(len(shop.changes(kind)) for kind in ("pet", "order", "user"))


@pytest.mark.parametrize("name", WRITES)
def test_write_for_another_version_is_refused(stocked: Shop, name):
    for seen in (2, [2, 3], []):
        with pytest.raises(Stale, match="has version 1 now") as refused:
            stocked.send(WRITES[name](seen))
        assert {"current_version": 1} == refused.value.extra

    assert 3 == written(stocked)


@pytest.mark.parametrize("seen", [1, [5, 1], ANY_VERSION, None], ids=repr)
@pytest.mark.parametrize("name", WRITES)
def test_write_for_the_stored_version_is_done(stocked: Shop, name, seen):
    stocked.send(WRITES[name](seen))

    assert 4 == written(stocked)


@pytest.mark.parametrize("name", WRITES)
def test_what_is_missing_is_missing_in_any_version(sandbox: Shop, name):
    """RFC 9110 §13.2.1: conditions count where the write would be done."""
    for seen in (1, ANY_VERSION):
        with pytest.raises(NotFound):
            sandbox.send(WRITES[name](seen))


def test_version_is_looked_at_before_the_rules(shop: Shop):
    """Who decided on something old is told so, whatever else is wrong with it."""
    shop.pets.create(a_draft())
    shop.store.orders.place(an_order_draft())

    with pytest.raises(Stale):
        shop.pets.delete(1, if_version=1)
    with pytest.raises(RuleBroken):
        shop.pets.delete(1, if_version=2)


@pytest.mark.parametrize("name", READS)
def test_known_version_is_not_read_again(stocked: Shop, name):
    for seen in (1, [4, 1], ANY_VERSION):
        reply = stocked.send(READS[name](seen))
        assert (304, None, 1) == (reply.status, reply.value, reply.version)


@pytest.mark.parametrize("name", READS)
def test_other_version_is_read(stocked: Shop, name):
    others: list[Any] = [2, [], None]
    for seen in others:
        reply = stocked.send(READS[name](seen))
        assert (200, 1, 1) == (reply.status, reply.value.version, reply.version)


def test_pet_that_was_read_is_replaced_as_it_was_read(sandbox: Shop):
    pet = sandbox.pets.create(a_draft())
    pet.name = "Max"

    sandbox.pets.replace(pet)

    with pytest.raises(Stale):
        sandbox.pets.replace(pet)
    assert 3 == sandbox.pets.replace(pet, if_version=None).version
    assert 4 == sandbox.pets.replace(pet, if_version=3).version
    assert 5 == sandbox.pets.replace(a_pet()).version


def test_user_that_was_read_is_replaced_as_it_was_read(sandbox: Shop):
    ann = sandbox.users.create(a_user_draft())

    sandbox.users.replace("ann", ann)

    with pytest.raises(Stale):
        sandbox.users.replace("ann", ann)
    assert 3 == sandbox.users.replace("ann", ann, if_version=None).version
    assert 4 == sandbox.users.replace("ann", a_user_draft()).version


@pytest.mark.parametrize(
    "write",
    [
        lambda shop: shop.pets.update(1, name="Max", if_version=2),
        lambda shop: shop.pets.update_with_form(1, name="Max", if_version=2),
        lambda shop: shop.pets.delete(1, if_version=2, missing_ok=True),
        lambda shop: shop.store.orders.update(1, quantity=2, if_version=2),
        lambda shop: shop.store.orders.cancel(1, if_version=2),
        lambda shop: shop.users.delete("ann", if_version=2),
    ],
    ids=["update", "update_with_form", "delete", "order", "cancel", "user"],
)
def test_method_of_the_facade_takes_a_version(stocked: Shop, write):
    with pytest.raises(Stale):
        write(stocked)
