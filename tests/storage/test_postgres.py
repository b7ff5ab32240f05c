"""On Postgres a unit survives deadlocks, races and lost connections."""

import threading

import pytest
from sqlalchemy import text

from petstore.contract.errors import (
    Conflicted,
    Unavailable,
)
from petstore.storage.maintenance import check
from petstore.storage.postgres import (
    ATTEMPT_COUNT_MAX,
    PAUSE_S_MAX,
    _pause,
)
from petstore.storage.statement import Statement
from petstore.storage.store import open_store
from petstore.storage.transaction import Overtaken, overtaken
from tests.storage.postgres_kit import (
    driver,
    failing,
    pauses,
    read,
    write,
)
from tests.storage.units import (
    CLAIM_PET,
    INSERT_PET,
    RENAME_PET,
    add_pet,
    pet_ids,
    pet_row,
)

__all__ = ["driver", "pauses"]


@pytest.mark.parametrize("state", ["40001", "40P01"])
def test_serialization_failure_is_tried_again(driver, pauses, state):
    assert write(driver, failing(state, state)) == 1

    assert pauses == [2, 3]
    assert read(driver, pet_ids) == [1]


def test_serialization_failure_is_not_tried_forever(driver, pauses):
    with pytest.raises(Unavailable, match="busy"):
        write(driver, failing(*["40001"] * (ATTEMPT_COUNT_MAX + 1)))

    assert len(pauses) == ATTEMPT_COUNT_MAX - 1


def test_reading_unit_is_tried_again(driver, pauses):
    states = ["40001"]

    def look(tx):
        if states:
            states.clear()
            tx.rows(
                Statement(
                    text("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$")
                )
            )
        return pet_ids(tx)

    assert read(driver, look) == []
    assert pauses == [2]


def test_unit_that_was_overtaken_is_run_again(driver, pauses):
    runs: list[int] = []

    def notice_once(tx):
        runs.append(1)
        if len(runs) == 1:
            raise overtaken("pet", 7)
        return add_pet(tx)

    assert write(driver, notice_once) == 1
    assert pauses == [2]


def test_unit_that_is_always_overtaken_is_told(driver, pauses):
    def notice(_):
        raise overtaken("pet", 7)

    with pytest.raises(Overtaken, match="pet 7"):
        write(driver, notice)

    assert len(pauses) == ATTEMPT_COUNT_MAX - 1


def test_pauses_grow_and_differ(monkeypatch):
    slept: list[float] = []
    monkeypatch.setattr("petstore.storage.postgres.time.sleep", slept.append)

    for attempt in range(2, ATTEMPT_COUNT_MAX + 1):
        for _ in range(20):
            _pause(attempt)

    assert len(set(slept[:20])) > 1
    assert max(slept[:20]) <= 0.04
    assert max(slept) <= PAUSE_S_MAX


def test_deadlock_is_resolved_by_running_one_unit_again(postgres_url, clock):
    stores = [open_store(postgres_url, clock=clock) for _ in range(2)]
    stores[0].write(lambda tx: [add_pet(tx), add_pet(tx)])
    both_hold_one = threading.Barrier(2)

    def rename_both(store, order):
        runs = 0

        def rename(tx):
            nonlocal runs
            runs += 1
            for pet_id in order:
                tx.run(RENAME_PET, {"pet_id": pet_id, "new_name": "Max"})
                if runs == 1 and pet_id == order[0]:
                    both_hold_one.wait(timeout=30)

        store.write(rename)
        counts.append(runs)

    counts: list[int] = []
    orders = ([1, 2], [2, 1])
    threads = [
        threading.Thread(target=rename_both, args=pair)
        for pair in zip(stores, orders, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(counts) == [1, 2]
    for store in stores:
        store.close()


def test_two_stores_never_give_out_one_id(postgres_url, clock):
    """A third caller brings ids of its own, just ahead of the counter."""
    stores = [open_store(postgres_url, clock=clock) for _ in range(3)]
    start = threading.Barrier(3)
    given: list[int] = []
    refused: list[int] = []

    def allocate(store):
        start.wait(timeout=30)
        given.extend([store.write(add_pet) for _ in range(40)])

    def bring(store):
        start.wait(timeout=30)
        for pet_id in range(2, 80, 3):
            try:
                store.write(lambda tx, pet_id=pet_id: add_pet(tx, pet_id=pet_id))
            except Conflicted:
                refused.append(pet_id)

    threads = [threading.Thread(target=allocate, args=(store,)) for store in stores[:2]]
    threads.append(threading.Thread(target=bring, args=(stores[2],)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(given) == len(set(given)) == 80
    assert len(stores[0].read(pet_ids)) == 80 + 26 - len(refused)
    assert check(postgres_url) == []
    for store in stores:
        store.close()


def test_id_that_another_store_takes_in_between_is_given_up(
    driver, pauses, postgres_url, clock
):
    other = open_store(postgres_url, clock=clock)
    given: list[int] = []

    def add_slowly(tx):
        given.append(tx.next_id("pet"))
        if len(given) == 1:
            other.write(lambda tx: tx.run(INSERT_PET, pet_row(1)))
        if tx.run(CLAIM_PET, pet_row(given[-1])) == 0:
            raise overtaken("pet", given[-1])

    write(driver, add_slowly)

    assert given == [1, 2]
    assert pauses == [2]
    other.close()


def test_conflict_over_an_id_of_the_callers_is_not_tried_again(driver, pauses):
    write(driver, lambda tx: add_pet(tx, pet_id=7))

    with pytest.raises(Conflicted):
        write(driver, lambda tx: add_pet(tx, pet_id=7))

    assert pauses == []
