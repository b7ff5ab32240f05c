"""Writers side by side: on one engine, on many, and exactly between two statements."""

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from petstore.contract import calls
from petstore.contract.call import Call
from petstore.contract.errors import Conflicted, NotFound, RemoteError, RuleBroken
from petstore.contract.facade import AsyncPetstore
from petstore.contract.flavours import STRICT, Policy
from petstore.contract.order import OrderDraft, OrderPatch
from petstore.contract.pet import PetPatch
from petstore.engine import orders, pets, users
from petstore.engine.context import HOLDER, Context
from petstore.engine.engine import AsyncEngine
from petstore.engine.opening import open_async_engine
from petstore.storage.transaction import Overtaken, Tx
from tests.engine.shops import PUBLIC_V3, Opener, Shop, defaults, opening
from tests.kit.builders import a_draft, a_pet, a_user_draft, an_order_draft
from tests.kit.stores import ManualClock

BUYERS = 12


def outcomes(attempts: list[Callable[[], Any]]) -> Counter[str]:
    """Run all attempts at once on threads, and count how they ended."""
    barrier = threading.Barrier(len(attempts))

    def run(attempt: Callable[[], Any]) -> str:
        barrier.wait()
        return outcome(attempt)

    with ThreadPoolExecutor(len(attempts)) as pool:
        return Counter(pool.map(run, attempts))


def outcome(attempt: Callable[[], Any]) -> str:
    try:
        attempt()
    except RemoteError as error:
        return error.code
    return "done"


# ------------------------------------------------------------------ one engine


def test_of_12_buyers_on_threads_one_wins(shop: Shop):
    shop.pets.create(a_draft())
    buy = calls.place_order(OrderDraft(pet_id=1))

    found = outcomes([lambda: shop.send(buy)] * BUYERS)

    assert {"done": 1, "rule_broken": BUYERS - 1} == found
    assert [1] == [order.id for order in shop.store.orders.list()]
    shop.assert_sound()


def test_eight_threads_share_one_engine(sandbox: Shop):
    def work(number: int) -> list[int]:
        mine = []
        for turn in range(6):
            pet = sandbox.pets.create(a_draft(name=f"{number}", status="available"))
            mine.append(pet.id)
            sandbox.pets.update(pet.id, status="sold")
            sandbox.store.orders.place(an_order_draft(pet_id=pet.id))
            assert sandbox.pets.get(pet.id).version == 2
            sandbox.store.inventory()
            if turn % 3 == 0:
                sandbox.pets.delete(pet.id)
        return mine

    with ThreadPoolExecutor(8) as pool:
        ids = [pet_id for mine in pool.map(work, range(8)) for pet_id in mine]

    assert list(range(1, 49)) == sorted(ids)
    assert {"sold": 32} == sandbox.store.inventory()
    sandbox.assert_sound()


@pytest.fixture
async def async_engine(
    store_url: str, clock: ManualClock, tmp_path: Path
) -> AsyncIterator[AsyncEngine]:
    """Open a shop for this event loop, on each kind of store in turn."""
    options: Any = {**defaults(clock), "profile": "shop", "data_dir": tmp_path}
    engine = await open_async_engine(store_url, options)
    yield engine
    await engine.close()


async def test_of_12_buyers_on_a_loop_one_wins(async_engine: AsyncEngine):
    client = AsyncPetstore(async_engine)
    await client.pets.create(a_draft())

    found = await asyncio.gather(
        *(client.store.orders.place(OrderDraft(pet_id=1)) for _ in range(BUYERS)),
        return_exceptions=True,
    )

    lost = [one for one in found if isinstance(one, RuleBroken)]
    assert len(lost) == BUYERS - 1
    assert (await client.pets.get(1)).status == "pending"


async def test_200_mixed_calls_at_once(async_engine: AsyncEngine):
    client = AsyncPetstore(async_engine)
    await client.pets.create(a_draft(id=1_000))

    async def work(number: int) -> None:
        match number % 5:
            case 0:
                await client.pets.create(a_draft(status="available"))
            case 1:
                await client.pets.update(1_000, name=f"{number}")
            case 2:
                await client.pets.list(q="re").collect(3)
            case 3:
                await client.store.inventory()
            case _:
                with pytest.raises(NotFound):
                    await client.pets.get(10_000 + number)

    await asyncio.gather(*(work(number) for number in range(200)))

    assert {"available": 41} == await client.store.inventory()
    assert (await client.pets.get(1_000)).version == 41


# ----------------------------------------------------- many engines on one store


@pytest.fixture
def rivals(
    postgres_url: str, clock: ManualClock, tmp_path: Path
) -> Iterator[list[Shop]]:
    """Open one shop on Postgres several times, as several processes would."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(
                opening(postgres_url, clock, profile="shop", data_dir=tmp_path)
            )
            for _ in range(6)
        ]


def test_of_many_engines_that_buy_one_pet_one_wins(rivals: list[Shop]):
    rivals[0].pets.create(a_draft())
    buy = calls.place_order(OrderDraft(pet_id=1))

    found = outcomes([partial(one.send, buy) for one in rivals * 2])

    assert {"done": 1, "rule_broken": BUYERS - 1} == found
    rivals[0].assert_sound()


def test_no_write_of_many_engines_is_lost(rivals: list[Shop]):
    rivals[0].pets.create(a_draft(id=1))

    def work(shop: Shop) -> None:
        for number in range(10):
            shop.pets.update(1, name=f"{number}")
            shop.pets.create(a_draft())

    found = outcomes([partial(work, one) for one in rivals])

    assert {"done": 6} == found
    assert rivals[0].pets.get(1).version == 61
    assert {"available": 61} == rivals[0].store.inventory()
    rivals[0].assert_sound()


def test_one_id_and_one_name_are_given_to_one_engine(rivals: list[Shop]):
    create_pet = calls.add_pet(a_draft(id=7))
    create_user = calls.create_user(a_user_draft(password=None))

    calls_made: list[Call[Any]] = [create_pet, create_user]
    for call in calls_made:
        found = outcomes([partial(one.send, call) for one in rivals])
        assert {"done": 1, "conflicted": 5} == found
    rivals[0].assert_sound()


# --------------------------------------------- exactly between two statements


class Between:
    """Be a transaction that lets somebody act after its first look, once."""

    def __init__(self, act: Callable[[], object]) -> None:
        self.run_count = 0
        self._act: Callable[[], object] | None = act
        self._tx: Tx | None = None

    def around(self, tx: Tx) -> "Between":
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
        patch=PetPatch(tags=[{"name": "new"}]),  # type: ignore[list-item]
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


def test_who_is_overtaken_for_ever_is_told_to_try_again(rivals: list[Shop]):
    shop, other = rivals[:2]
    shop.pets.create(a_draft())
    context = Context(shop.engine.setup.profile, STRICT, HOLDER)

    def unlucky(tx: Tx) -> Any:
        between = Between(lambda: other.pets.update(1, name="x")).around(tx)
        return pets.replace(between, context, pet=a_pet())  # type: ignore[arg-type]

    with pytest.raises(Overtaken, match="try again") as caught:
        shop.engine.store.write(unlucky)

    assert caught.value.extra == {"retry_after": 1}
    shop.assert_sound()


def test_writers_of_one_sqlite_file_are_never_overtaken(lone: Opener):
    shop = lone()
    shop.pets.create(a_draft())

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda one: shop.pets.update(1, name=f"{one}"), range(40)))

    assert shop.pets.get(1).version == 41
