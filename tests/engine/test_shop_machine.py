"""Random buying, moving and deleting in a shop, against its rules in plain words."""

from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from petstore.contract.errors import NotFound, RuleBroken
from petstore.contract.order import OrderDraft
from tests.engine.shops import opening
from tests.kit.builders import a_draft, a_pet

PETS = range(1, 4)
PET_IDS = st.sampled_from(PETS)
STATUSES = st.sampled_from(["available", "pending", "sold"])
ARROWS = {
    ("available", "pending"),
    ("pending", "available"),
    ("pending", "sold"),
}
NEXT = {"placed": "approved", "approved": "delivered"}


class ShopMachine(RuleBasedStateMachine):
    """Know the status of each pet and order, and what the shop must answer."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.shop = self.stack.enter_context(opening(profile="shop"))
        for pet_id in PETS:
            self.shop.pets.create(a_draft(id=pet_id, status="available"))
        self.pets: dict[int, str] = dict.fromkeys(PETS, "available")
        self.deleted: dict[int, str] = {}
        # Of each order its pet and its status.
        self.orders: dict[int, tuple[int, str]] = {}
        self.order_count = 0

    def teardown(self) -> None:
        self.stack.close()

    def open_order(self, pet_id: int) -> int | None:
        for order_id, (ordered, status) in self.orders.items():
            if ordered == pet_id and status != "delivered":
                return order_id
        return None

    @rule(pet_id=PET_IDS)
    def place(self, pet_id: int) -> None:
        draft = OrderDraft(pet_id=pet_id)
        if self.pets.get(pet_id) != "available":
            with pytest.raises(RuleBroken):
                self.shop.store.orders.place(draft)
            return
        self.order_count += 1
        placed = self.shop.store.orders.place(draft)
        self.orders[self.order_count] = (pet_id, "placed")
        self.pets[pet_id] = "pending"
        assert self.order_count == placed.id

    @rule(order_id=st.integers(1, 6), status=st.sampled_from(["approved", "delivered"]))
    def move_order(self, order_id: int, status: str) -> None:
        if order_id not in self.orders:
            with pytest.raises(NotFound):
                self.shop.store.orders.update(order_id, status=status)
            return
        pet_id, before = self.orders[order_id]
        if status not in (before, NEXT.get(before)):
            with pytest.raises(RuleBroken):
                self.shop.store.orders.update(order_id, status=status)
            return
        self.shop.store.orders.update(order_id, status=status)
        self.orders[order_id] = (pet_id, status)
        if status == "delivered" and before != "delivered":
            self.pets[pet_id] = "sold"

    @rule(order_id=st.integers(1, 6))
    def cancel(self, order_id: int) -> None:
        pet_id, status = self.orders.get(order_id, (0, ""))
        if status in ("", "delivered"):
            with pytest.raises(RuleBroken if status else NotFound):
                self.shop.store.orders.cancel(order_id)
            return
        self.shop.store.orders.cancel(order_id)
        del self.orders[order_id]
        self.pets[pet_id] = "available"

    @rule(pet_id=PET_IDS, status=STATUSES, is_whole=st.booleans())
    def move_pet(self, pet_id: int, status: str, is_whole: bool) -> None:
        def move() -> Any:
            if is_whole:
                return self.shop.pets.replace(a_pet(id=pet_id, status=status))
            return self.shop.pets.update(pet_id, status=status)

        if pet_id not in self.pets:
            with pytest.raises(NotFound):
                move()
            return
        before = self.pets[pet_id]
        is_return = (before, status) == ("sold", "available") and not is_whole
        is_allowed = (before, status) in ARROWS or is_return
        is_held = self.open_order(pet_id) is not None
        if before != status and (is_held or not is_allowed):
            with pytest.raises(RuleBroken):
                move()
            return
        move()
        self.pets[pet_id] = status

    @rule(pet_id=PET_IDS)
    def delete_pet(self, pet_id: int) -> None:
        if pet_id not in self.pets or self.open_order(pet_id) is not None:
            with pytest.raises(RuleBroken if pet_id in self.pets else NotFound):
                self.shop.pets.delete(pet_id)
            return
        self.shop.pets.delete(pet_id)
        self.deleted[pet_id] = self.pets.pop(pet_id)

    @rule(pet_id=PET_IDS)
    def restore_pet(self, pet_id: int) -> None:
        self.shop.pets.restore(pet_id)
        self.pets[pet_id] = self.pets.get(pet_id) or self.deleted.pop(pet_id)

    @invariant()
    def shop_is_as_it_should_be(self) -> None:
        found = {pet.id: pet.status for pet in self.shop.pets.list()}
        assert self.pets == found
        orders = {
            order.id: (order.pet_id, order.status)
            for order in self.shop.store.orders.list()
        }
        assert self.orders == orders
        self.shop.assert_sound()

    @invariant()
    def nobody_is_promised_a_pet_twice(self) -> None:
        held = [pet for pet, status in self.orders.values() if status != "delivered"]
        assert len(held) == len(set(held))
        assert {self.pets[pet_id] for pet_id in held} <= {"pending"}


TestShopMachine: Any = ShopMachine.TestCase
TestShopMachine.settings = settings(max_examples=60, stateful_step_count=30)
