"""A unit is whole or not at all, and ends the same way on every engine."""

import asyncio
import threading
from functools import partial

import pytest

from petstore.contract.errors import Conflicted, NotFound, ServerFault, StorageFull
from petstore.storage.ledger import MOVE_COUNTER
from petstore.storage.statement import Value
from petstore.storage.store import AsyncStore, SyncStore
from petstore.storage.transaction import GAP_PAGE_LENGTH, ID_MAX
from tests.kit.stores import START_MS, ManualClock
from tests.storage.units import (
    BUY,
    CHANGES,
    COUNTER_VALUE,
    DELETE_PETS,
    DROP_COUNTER,
    FIND_PET,
    FIND_TAGS,
    INSERT_ORDER,
    INSERT_PET,
    INSERT_USER,
    PET_IDS,
    RENAME_PET,
    STOCK_UP,
    add_pet,
    clock_value,
    inventory,
    order_row,
    pet_ids,
    pet_row,
    user_row,
)


def test_rows_come_back_as_plain_tuples(store: SyncStore):
    store.write(add_pet)

    pet, tags = store.read(
        lambda tx: (tx.row(FIND_PET, {"pet_id": 1}), tx.rows(FIND_TAGS, {"pet_id": 1}))
    )

    expected = pet_row(1, created_at=START_MS)
    assert pet == tuple(expected.values())
    assert tags == [(1, "friendly"), (1, "small")]


def test_row_that_does_not_exist_is_none(store: SyncStore):
    assert store.read(lambda tx: tx.row(FIND_PET, {"pet_id": 404})) is None


def test_run_counts_the_rows_that_it_changed(store: SyncStore):
    store.write(add_pet)
    rename: dict[str, Value] = {"pet_id": 1, "new_name": "Max"}

    assert store.write(lambda tx: tx.run(RENAME_PET, rename)) == 1
    assert store.write(lambda tx: tx.run(RENAME_PET, {**rename, "pet_id": 2})) == 0


def test_time_stands_still_during_a_unit(store: SyncStore, clock: ManualClock):
    def look_twice(tx):
        first = tx.now
        clock.advance(5)
        return first, tx.now

    assert store.write(look_twice) == (START_MS, START_MS)
    assert store.read(lambda tx: tx.now) == START_MS + 5


def test_log_holds_each_write_with_time_and_actor(store: SyncStore):
    def write_twice(tx):
        tx.log("pet", 7, 1, "create", "{}")
        tx.log("order", 8, 2, "delete", None)

    store.write(write_twice, actor="ann")
    store.write(lambda tx: tx.log("user", 9, 1, "create", "{}"))

    assert store.read(lambda tx: tx.rows(CHANGES)) == [
        (1, 0, "pet", 7, 1, "create", START_MS, "ann", "{}"),
        (1, 1, "order", 8, 2, "delete", START_MS, "ann", None),
        (2, 0, "user", 9, 1, "create", START_MS, None, "{}"),
    ]


def test_unit_that_logged_nothing_takes_no_seq(store: SyncStore):
    store.write(lambda tx: tx.run(INSERT_PET, pet_row(1)))

    assert store.read(clock_value) == 0


def test_inventory_counts_what_units_collected(store: SyncStore):
    def count(tx):
        tx.count("sold", 2)
        tx.count("available", 3)
        tx.count("sold", -1)
        tx.count("moved", 1)
        tx.count("moved", -1)

    store.write(count)
    store.write(lambda tx: tx.count("available", -1))

    assert store.read(inventory) == {"available": 2, "sold": 1}


def test_status_without_pets_has_no_row(store: SyncStore):
    store.write(lambda tx: tx.count("sold", 1))
    store.write(lambda tx: tx.count("sold", -1))

    assert store.read(inventory) == {}


def test_failed_unit_leaves_nothing(store: SyncStore):
    def fail(tx):
        add_pet(tx)
        raise NotFound("no such owner")

    with pytest.raises(NotFound):
        store.write(fail)

    assert store.read(pet_ids) == []
    assert store.read(inventory) == {}
    assert store.read(clock_value) == 0
    assert store.write(add_pet) == 1


def test_taken_id_is_a_conflict(store: SyncStore):
    store.write(lambda tx: add_pet(tx, pet_id=7))

    with pytest.raises(Conflicted):
        store.write(lambda tx: add_pet(tx, pet_id=7))


def test_taken_username_is_a_conflict(store: SyncStore):
    store.write(lambda tx: tx.run(INSERT_USER, user_row(1, username="ann")))

    with pytest.raises(Conflicted):
        store.write(lambda tx: tx.run(INSERT_USER, user_row(2, username="ann")))


def test_row_that_breaks_a_check_is_a_fault_of_ours(store: SyncStore):
    with pytest.raises(ServerFault):
        store.write(lambda tx: tx.run(INSERT_ORDER, order_row(1, complete=2)))


def test_ids_count_up_per_kind(store: SyncStore):
    assert store.write(lambda tx: [tx.next_id("pet") for _ in range(3)]) == [1, 2, 3]
    assert store.write(lambda tx: tx.next_id("order")) == 1
    assert store.write(lambda tx: tx.next_id("user")) == 1


def test_id_of_a_failed_unit_is_given_out_again(store: SyncStore):
    def fail(tx):
        tx.next_id("pet")
        raise NotFound("no")

    with pytest.raises(NotFound):
        store.write(fail)

    assert store.write(lambda tx: tx.next_id("pet")) == 1


def test_allocation_skips_ids_that_callers_chose(store: SyncStore):
    for taken in (1, 2, 4, 1_000):
        store.write(partial(add_pet, pet_id=taken))

    assert store.write(lambda tx: [add_pet(tx) for _ in range(3)]) == [3, 5, 6]


@pytest.mark.parametrize("taken_count", [GAP_PAGE_LENGTH, 2 * GAP_PAGE_LENGTH + 5])
def test_allocation_skips_a_long_run_of_taken_ids(store: SyncStore, taken_count):
    rows = [pet_row(pet_id) for pet_id in range(1, taken_count + 1)]
    store.write(lambda tx: tx.run_each(INSERT_PET, rows))

    assert store.write(add_pet) == taken_count + 1
    # The next one does not walk that way again.
    value = store.read(lambda tx: tx.row(COUNTER_VALUE, {"counter": "id.pet"}))
    assert value == (taken_count + 1,)


def test_id_ends_below_two_to_the_53rd(store: SyncStore):
    counter: dict[str, Value] = {"counter": "id.pet", "last": ID_MAX - 1}
    store.write(lambda tx: tx.run(MOVE_COUNTER, counter))

    assert store.write(add_pet) == ID_MAX
    with pytest.raises(StorageFull):
        store.write(add_pet)


def test_taken_last_id_is_not_skipped_over_the_end(store: SyncStore):
    counter: dict[str, Value] = {"counter": "id.pet", "last": ID_MAX - 1}
    store.write(lambda tx: tx.run(MOVE_COUNTER, counter))
    store.write(lambda tx: add_pet(tx, pet_id=ID_MAX))

    with pytest.raises(StorageFull):
        store.write(add_pet)


@pytest.mark.parametrize("lost", ["id.pet", "clock"])
def test_lost_counter_is_a_fault_not_a_number(store: SyncStore, lost):
    store.write(lambda tx: tx.run(DROP_COUNTER, {"counter": lost}))

    with pytest.raises(ServerFault):
        store.write(add_pet)


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(lambda tx: tx.run(DELETE_PETS), id="run"),
        pytest.param(lambda tx: tx.rows(DELETE_PETS), id="rows"),
        pytest.param(lambda tx: tx.next_id("pet"), id="next_id"),
        pytest.param(lambda tx: tx.count("sold", 1), id="count"),
        pytest.param(lambda tx: tx.log("pet", 1, 1, "create", None), id="log"),
    ],
)
def test_reading_unit_cannot_write(store: SyncStore, write):
    with pytest.raises(RuntimeError, match="reading unit"):
        store.read(write)


def test_unit_cannot_use_its_store(store: SyncStore):
    with pytest.raises(RuntimeError, match="pass its tx on"):
        store.write(lambda _: store.write(add_pet))

    assert store.write(add_pet) == 1


def test_last_pieces_are_sold_once_each(store: SyncStore):
    store.write(lambda tx: tx.run(STOCK_UP, {"pieces": 5}))
    start = threading.Barrier(12)
    sold: list[int] = []

    def buy():
        start.wait()
        sold.append(store.write(lambda tx: tx.run(BUY)))

    buyers = [threading.Thread(target=buy) for _ in range(12)]
    for buyer in buyers:
        buyer.start()
    for buyer in buyers:
        buyer.join()

    assert sorted(sold) == [0] * 7 + [1] * 5


async def test_last_pieces_are_sold_once_each_on_lanes(async_store: AsyncStore):
    await async_store.write(lambda tx: tx.run(STOCK_UP, {"pieces": 5}))

    sold = await asyncio.gather(
        *(async_store.write(lambda tx: tx.run(BUY)) for _ in range(12))
    )

    assert sorted(sold) == [0] * 7 + [1] * 5
    left = await async_store.read(
        lambda tx: tx.row(COUNTER_VALUE, {"counter": "stock"})
    )
    assert left == (0,)


async def test_reads_of_one_unit_see_one_state(async_store: AsyncStore):
    """A pet and its two tags are written together, so nobody sees some of them."""

    def look(tx):
        pets = tx.rows(PET_IDS)
        return [len(tx.rows(FIND_TAGS, {"pet_id": pet_id})) for (pet_id,) in pets]

    async def write_all():
        for _ in range(20):
            await async_store.write(add_pet)

    async def read_all():
        return [await async_store.read(look) for _ in range(40)]

    _, *looks = await asyncio.gather(write_all(), *(read_all() for _ in range(4)))

    assert {count for seen in looks for counts in seen for count in counts} <= {2}


# -------------------------------------------------------------------- start over


def test_start_over_writes_the_log_of_each_unit_before_the_next(store: SyncStore):
    counts = []

    def count(tx):
        counts.append(len(tx.rows(CHANGES)))
        add_pet(tx)

    store.write(lambda tx: tx.start_over([count] * 3))

    assert counts == [0, 1, 2]
    assert store.read(clock_value) == 3
    assert store.read(inventory) == {"available": 3}


def test_start_over_that_fails_leaves_nothing(store: SyncStore):
    def fail(tx):
        add_pet(tx)
        raise NotFound("no")

    with pytest.raises(NotFound):
        store.write(lambda tx: tx.start_over([add_pet, fail]))

    assert store.read(lambda tx: tx.rows(CHANGES)) == []
    assert store.read(pet_ids) == []
    assert store.read(clock_value) == 0
