"""What a writer on Postgres does when another acts exactly between two statements."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from petstore.contract.errors import Conflicted, NotFound, RuleBroken
from petstore.contract.flavours import STRICT, Policy
from petstore.contract.order import OrderDraft, OrderPatch
from petstore.contract.pet import PetPatch
from petstore.engine import accounts, orders, pets, user_rows, users
from petstore.engine.context import HOLDER, Context
from petstore.storage.tables import TOKEN
from petstore.storage.transaction import Overtaken, Tx
from tests.engine.shops import PUBLIC_V3, Shop
from tests.kit.builders import a_draft, a_pet, a_user_draft


class Between:
    """Be a transaction that lets somebody act after its first look, once."""

    def __init__(self, act: Callable[[], object]) -> None:
        self.run_count = 0
        self._act: Callable[[], object] | None = act
        self._tx: Tx | None = None

    def around(self, tx: Tx) -> Any:
        self.run_count += 1
        self._tx = tx
        return self

    def rows(self, *args: Any) -> Any:
        return self._looked(self._inner.rows(*args))

    def row(self, *args: Any) -> Any:
        return self._looked(self._inner.row(*args))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    @property
    def _inner(self) -> Tx:
        assert self._tx is not None
        return self._tx

    def _looked(self, found: Any) -> Any:
        act, self._act = self._act, None
        if act is not None:
            act()
        return found


@pytest.fixture
def overtaking(rivals: list[Shop]) -> Callable[..., int]:
    """Run a unit on one engine while another one acts after its first look."""
    shop, other = rivals[:2]

    def run(
        unit: Callable[..., Any],
        act: Callable[[Shop], object],
        policy: Policy = STRICT,
        **arguments: Any,
    ) -> int:
        between = Between(lambda: act(other))
        context = Context(shop.engine.setup.profile, policy, HOLDER)
        try:
            shop.engine.store.write(
                lambda tx: unit(between.around(tx), context, **arguments)
            )
        finally:
            shop.assert_sound()
        return between.run_count

    return run


def test_overtaken_buyer_loses(rivals: list[Shop], overtaking: Callable[..., int]):
    rivals[0].pets.create(a_draft())

    with pytest.raises(RuleBroken, match="is pending"):
        overtaking(
            orders.place,
            lambda other: other.store.orders.place(OrderDraft(pet_id=1)),
            order=OrderDraft(pet_id=1),
        )
    assert len(list(rivals[0].store.orders.list())) == 1


def test_overtaken_change_is_made_on_top(
    rivals: list[Shop], overtaking: Callable[..., int]
):
    rivals[0].pets.create(a_draft(name="Rex", tags=[]))

    run_count = overtaking(
        pets.patch,
        lambda other: other.pets.update(1, name="Max"),
        pet_id=1,
        patch=PetPatch.model_validate({"tags": [{"name": "new"}]}),
    )

    pet = rivals[0].pets.get(1)
    assert (2, "Max", 3, ["new"]) == (
        run_count,
        pet.name,
        pet.version,
        [tag.name for tag in pet.tags],
    )


@pytest.mark.parametrize(
    ("policy", "expected"), [(STRICT, Conflicted), (PUBLIC_V3, None)]
)
def test_overtaken_create_meets_what_the_other_made(
    rivals: list[Shop], overtaking: Callable[..., int], policy, expected
):
    def run() -> int:
        return overtaking(
            pets.add,
            lambda other: other.pets.create(a_draft(id=7)),
            policy,
            pet=a_draft(id=7, name="Mine"),
        )

    if expected is None:
        assert run() == 2
        assert rivals[0].pets.get(7).name == "Mine"
    else:
        with pytest.raises(expected, match="Pet 7 exists"):
            run()


def test_overtaken_order_id_is_refused(
    rivals: list[Shop], overtaking: Callable[..., int]
):
    for _ in range(2):
        rivals[0].pets.create(a_draft())

    with pytest.raises(Conflicted, match="Order 7 exists"):
        overtaking(
            orders.place,
            lambda other: other.store.orders.place(OrderDraft(id=7, pet_id=2)),
            order=OrderDraft(id=7, pet_id=1),
        )
    assert rivals[0].pets.get(1).status == "available"


@pytest.mark.parametrize(
    ("unit", "arguments", "act"),
    [
        pytest.param(
            pets.delete, {"pet_id": 1}, lambda other: other.pets.delete(1), id="pet"
        ),
        pytest.param(
            orders.delete,
            {"order_id": 1},
            lambda other: other.store.orders.cancel(1),
            id="order",
        ),
        pytest.param(
            orders.patch,
            {"order_id": 1, "patch": OrderPatch(status="approved")},
            lambda other: other.store.orders.cancel(1),
            id="patched order",
        ),
        pytest.param(
            users.delete,
            {"username": "ann"},
            lambda other: other.users.delete("ann"),
            id="user",
        ),
        pytest.param(
            users.replace,
            {"username": "ann", "user": a_user_draft(password=None)},
            lambda other: other.users.delete("ann"),
            id="replaced user",
        ),
    ],
)
def test_what_somebody_removed_meanwhile_is_not_found(
    rivals: list[Shop], overtaking: Callable[..., int], unit, arguments, act
):
    shop = rivals[0]
    shop.pets.create(a_draft())
    shop.users.create(a_user_draft(password=None))
    if "order_id" in arguments:
        shop.store.orders.place(OrderDraft(pet_id=1))

    with pytest.raises(NotFound):
        overtaking(unit, act, **arguments)


def test_deleting_what_somebody_orders_meanwhile_is_refused(
    rivals: list[Shop], overtaking: Callable[..., int]
):
    rivals[0].pets.create(a_draft())

    with pytest.raises(RuleBroken, match="order 1 is open"):
        overtaking(
            pets.delete,
            lambda other: other.store.orders.place(OrderDraft(pet_id=1)),
            pet_id=1,
        )
    assert rivals[0].pets.get(1).status == "pending"


def test_overtaken_username_is_refused(overtaking: Callable[..., int]):
    with pytest.raises(Conflicted, match="username ann is taken"):
        overtaking(
            users.create,
            lambda other: other.users.create(a_user_draft(password=None)),
            user=a_user_draft(password=None, email="other"),
        )


def test_login_overtaken_by_a_new_password_gives_no_token(rivals: list[Shop]):
    shop, other = rivals[:2]
    shop.users.create(a_user_draft())
    checked = shop.engine.store.read(lambda tx: user_rows.find(tx, "ann"))
    assert checked is not None
    new = a_user_draft(password="another horse")
    between = Between(lambda: other.users.replace("ann", new))

    token = shop.engine.store.write(
        lambda tx: accounts.give_token(between.around(tx), "secret", checked)
    )

    assert (None, 2) == (token, between.run_count)
    assert [] == shop.rows(select(TOKEN.c.hash))


def test_who_is_overtaken_for_ever_is_told_to_try_again(rivals: list[Shop]):
    shop, other = rivals[:2]
    shop.pets.create(a_draft())
    context = Context(shop.engine.setup.profile, STRICT, HOLDER)

    def unlucky(tx: Tx) -> Any:
        between = Between(lambda: other.pets.update(1, name="x")).around(tx)
        return pets.replace(between, context, pet=a_pet())

    with pytest.raises(Overtaken, match="try again") as caught:
        shop.engine.store.write(unlucky)

    assert caught.value.extra == {"retry_after": 1}
    shop.assert_sound()
