"""A store can be opened, kept in bytes, closed twice, and forgotten."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

import petstore
from petstore.contract.errors import ConfigError, NotSupported, Unavailable
from petstore.storage.maintenance import check
from petstore.storage.store import (
    AsyncStore,
    SyncStore,
    open_async_store,
    open_store,
)
from petstore.storage.unit import Unit
from tests.kit.stores import START_MS
from tests.storage.units import add_pet, clock_value, inventory, pet_ids

EXIT_TIMEOUT_S = 30
FORGET = f"""
import asyncio, sys
from petstore.storage.store import open_async_store, open_store

def clock():
    return {START_MS}

def touch(tx):
    return tx.next_id("pet")

async def forget():
    store = await open_async_store(sys.argv[2], clock=clock)
    await store.write(touch)
    await store.read(lambda tx: tx.now)
    return store

if sys.argv[1] == "sync":
    store = open_store(sys.argv[2], clock=clock)
    store.write(touch)
else:
    store = asyncio.run(forget())
"""


def test_store_says_where_it_is(store: SyncStore, store_url):
    assert store.shown == store_url.partition("?")[0]


async def test_units_of_both_faces_are_the_same(async_store: AsyncStore):
    assert await async_store.write(add_pet, actor="ann") == 1
    assert await async_store.read(pet_ids) == [1]
    assert await async_store.read(inventory) == {"available": 1}


async def test_written_units_are_there_for_the_next_reader(async_store: AsyncStore):
    async def write_and_look():
        pet_id = await async_store.write(add_pet)
        return pet_id in await async_store.read(pet_ids)

    assert all(await asyncio.gather(*(write_and_look() for _ in range(40))))
    assert await async_store.read(clock_value) == 40


def test_both_faces_open_the_same_rows(durable_url, clock):
    sync_store = open_store(durable_url, clock=clock)
    sync_store.write(add_pet)
    sync_store.close()

    async def look():
        async_store = await open_async_store(durable_url, clock=clock)
        seen = await async_store.read(pet_ids)
        await async_store.close()
        return seen

    assert asyncio.run(look()) == [1]
    assert check(durable_url) == []


def test_closed_store_refuses_units(store: SyncStore):
    store.close()
    store.close()

    for use in (store.read, store.write):
        with pytest.raises(Unavailable, match="closed"):
            use(pet_ids)


def test_unit_that_waited_while_the_store_closed_is_refused(store: SyncStore):
    """It would open a connection that nobody closes."""
    waited_for = (store._reader, store._writer)
    store.close()

    for gate in waited_for:
        with pytest.raises(Unavailable, match="closed"):
            gate.run(gate.driver.read, Unit(pet_ids))


async def test_closed_store_refuses_units_of_a_loop(async_store: AsyncStore):
    await async_store.close()
    await async_store.close()

    for use in (async_store.read, async_store.write):
        with pytest.raises(Unavailable, match="closed"):
            await use(pet_ids)
    with pytest.raises(Unavailable, match="closed"):
        await async_store.snapshot()


def test_store_in_memory_cannot_be_replaced_inside_its_unit(clock):
    store = open_store("memory:", clock=clock)

    with pytest.raises(RuntimeError, match="pass its tx on"):
        store.write(lambda _: store.restore(b""))

    store.close()


def test_closing_leaves_nothing_behind(store_url, clock, no_leaks):
    with no_leaks():
        store = open_store(store_url, clock=clock)
        store.write(add_pet)
        store.read(pet_ids)
        store.close()


async def test_closing_lanes_leaves_nothing_behind(store_url, clock, no_leaks):
    with no_leaks():
        for _ in range(3):
            store = await open_async_store(store_url, clock=clock)
            await asyncio.gather(*(store.write(add_pet) for _ in range(5)))
            await asyncio.gather(*(store.read(pet_ids) for _ in range(5)))
            await store.close()


async def test_cancelled_close_is_finished_by_the_next_one(file_url, clock, no_leaks):
    with no_leaks():
        store = await open_async_store(file_url, clock=clock)
        closing = asyncio.create_task(store.close())
        await asyncio.sleep(0)

        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing
        await store.close()

        open_store(file_url, clock=clock).close()


async def test_close_is_begun_anew_when_every_task_was_cancelled(
    file_url, clock, no_leaks
):
    """As at the end of a loop, which cancels what the close has started, too."""
    with no_leaks():
        store = await open_async_store(file_url, clock=clock)
        tasks = {asyncio.create_task(store.close())}
        await asyncio.sleep(0)

        tasks |= asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        await store.close()

        open_store(file_url, clock=clock).close()


async def test_closing_answers_what_waits(async_store: AsyncStore):
    waiting = [asyncio.create_task(async_store.write(add_pet)) for _ in range(10)]
    await asyncio.sleep(0)

    await async_store.close()

    assert sorted([await task for task in waiting]) == list(range(1, 11))


def test_snapshot_holds_a_whole_store(clock):
    store, other = (open_store("memory:", clock=clock) for _ in range(2))
    store.write(add_pet)
    kept = store.snapshot()
    store.write(add_pet)

    store.restore(kept)
    other.restore(kept)

    for restored in (store, other):
        assert restored.read(pet_ids) == [1]
        assert restored.write(add_pet) == 2
        restored.close()


async def test_snapshot_works_on_lanes(clock):
    store = await open_async_store("memory:", clock=clock)
    await store.write(add_pet)
    kept = await store.snapshot()
    await store.write(add_pet)

    await store.restore(kept)

    assert await store.read(pet_ids) == [1]
    await store.close()


def an_empty_database() -> bytes:
    connection = sqlite3.connect(":memory:")
    connection.execute("VACUUM")
    content = connection.serialize()
    connection.close()
    return content


@pytest.mark.parametrize(
    "snapshot",
    [
        pytest.param(b"", id="no bytes"),
        pytest.param(b"nothing", id="few bytes"),
        pytest.param(b"x" * 4096, id="a page"),
        pytest.param(an_empty_database(), id="empty database"),
    ],
)
def test_bytes_that_are_no_store_change_nothing(clock, snapshot):
    store = open_store("memory:", clock=clock)
    store.write(add_pet)

    with pytest.raises(ConfigError, match="nothing was changed"):
        store.restore(snapshot)

    assert store.read(pet_ids) == [1]
    store.close()


def test_snapshot_is_for_memory_only(file_url, clock):
    store = open_store(file_url, clock=clock)

    with pytest.raises(NotSupported, match="make a backup"):
        store.snapshot()
    with pytest.raises(NotSupported, match="make a backup"):
        store.restore(b"")

    store.close()


@pytest.mark.parametrize("face", ["sync", "async"])
def test_forgotten_close_ends_the_process_and_warns(face, store_url):
    """Nothing hangs at exit, and what was acknowledged is there."""
    child = subprocess.run(
        [
            sys.executable,
            "-W",
            "always::ResourceWarning",
            "-c",
            FORGET,
            face,
            store_url,
        ],
        capture_output=True,
        text=True,
        timeout=EXIT_TIMEOUT_S,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(petstore.__path__[0]).parent)},
    )

    assert child.returncode == 0, child.stderr
    assert "ResourceWarning: unclosed store" in child.stderr
    assert "Traceback" not in child.stderr
    if store_url != "memory:":
        assert check(store_url) == []


def test_forgotten_store_lets_go_of_everything(store_url, clock, no_leaks):
    with no_leaks():
        store = open_store(store_url, clock=clock)
        store.write(add_pet)
        with pytest.warns(ResourceWarning, match="unclosed store"):
            del store


async def test_forgotten_lanes_let_go_of_everything(store_url, clock, no_leaks):
    with no_leaks():
        store = await open_async_store(store_url, clock=clock)
        await store.write(add_pet)
        # Lets the lane go idle.
        await asyncio.sleep(0)
        with pytest.warns(ResourceWarning, match="unclosed store"):
            del store
