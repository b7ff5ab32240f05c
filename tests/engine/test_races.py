"""Writers side by side: on one engine, and on many over one store."""

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

from petstore.contract import calls
from petstore.contract.call import Call
from petstore.contract.errors import NotFound, RemoteError, RuleBroken
from petstore.contract.facade import AsyncPetstore
from petstore.contract.order import OrderDraft
from petstore.contract.role import Role
from petstore.engine import roles
from petstore.engine.engine import AsyncEngine
from petstore.engine.opening import open_async_engine
from petstore.storage.transaction import Tx
from tests.engine.shops import Opener, Shop, defaults
from tests.kit.builders import a_draft, a_user_draft, an_order_draft
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


GOING: Final[dict[str, Callable[[Tx, str], object]]] = {
    "deleted": roles.delete_user,
    "clerk": partial(roles.set_role, role=Role.CLERK),
}


@pytest.mark.parametrize("first", GOING)
@pytest.mark.parametrize("second", GOING)
def test_of_two_owners_who_go_at_once_one_stays(rivals: list[Shop], first, second):
    owner = partial(roles.add_user, role=Role.OWNER)
    for name in ("ann", "bob"):
        rivals[0].engine.store.write(partial(owner, draft=a_user_draft(username=name)))
    another_store = rivals[1].engine.store

    with ThreadPoolExecutor(1) as pool:
        bobs: list[Future[object]] = []

        def go(tx: Tx) -> None:
            GOING[first](tx, "ann")
            # Bob goes before Ann is committed; he comes through at once, or waits.
            unit = partial(another_store.write, lambda tx: GOING[second](tx, "bob"))
            bobs.append(pool.submit(unit))
            wait(bobs, timeout=0.5)

        rivals[0].engine.store.write(go)
        with pytest.raises(RuleBroken, match="bob is the last owner"):
            bobs[0].result()

    found = rivals[0].engine.store.read(lambda tx: roles.list_users(tx, limit=9))
    assert ["bob"] == [one.user.username for one in found if one.role is Role.OWNER]
    rivals[0].assert_sound()


def test_writers_of_one_sqlite_file_are_never_overtaken(lone: Opener):
    shop = lone()
    shop.pets.create(a_draft())

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda one: shop.pets.update(1, name=f"{one}"), range(40)))

    assert shop.pets.get(1).version == 41
