"""Lanes answer everybody once, whatever becomes of callers, threads and loops."""

import asyncio
import sqlite3
import threading
import weakref

import aiosqlite
import pytest

from petstore.contract.errors import ConfigError, NotFound, Unavailable
from petstore.storage.lanes import AiosqliteThread, Lanes, PlainThread
from petstore.storage.store import AsyncStore, open_async_store
from petstore.storage.unit import GROUP_LENGTH_MAX
from tests.storage.units import add_pet, pet_ids


class InlineThread:
    """Run functions at once, and remember how many units each hop took."""

    def __init__(self, *, fault: Exception | None = None) -> None:
        self.batch_lengths: list[int] = []
        self.fault = fault

    async def run(self, function, *batches):
        self.batch_lengths.extend(len(batch) for batch in batches)
        await asyncio.sleep(0)
        if self.fault is not None:
            raise self.fault
        return function(*batches)


def run_all(batch):
    for unit in batch:
        try:
            unit.value = unit.fn(None)
        except NotFound as error:
            unit.fail(error)


def lanes_of(*threads, **options):
    loop = asyncio.get_running_loop()
    return Lanes([(thread, run_all) for thread in threads], loop, **options)


async def test_waiting_units_share_one_hop():
    thread = InlineThread()
    lanes = lanes_of(thread)

    values = await asyncio.gather(
        *(lanes.submit(lambda _, n=n: n) for n in range(GROUP_LENGTH_MAX + 6))
    )

    assert values == list(range(GROUP_LENGTH_MAX + 6))
    assert thread.batch_lengths == [GROUP_LENGTH_MAX, 6]


async def test_free_lane_takes_what_another_one_leaves():
    first, second = InlineThread(), InlineThread()
    lanes = lanes_of(first, second, batch_length_max=2)

    await asyncio.gather(*(lanes.submit(lambda _: None) for _ in range(4)))

    assert first.batch_lengths == second.batch_lengths == [2]


async def test_idle_lanes_have_no_task():
    lanes = lanes_of(InlineThread())

    await lanes.submit(lambda _: None)
    await asyncio.sleep(0)

    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_failing_hop_fails_every_waiter_and_no_later_one():
    thread = InlineThread(fault=ValueError("the thread is gone"))
    lanes = lanes_of(thread)

    failed = await asyncio.gather(
        *(lanes.submit(lambda _: 1) for _ in range(3)), return_exceptions=True
    )
    thread.fault = None

    assert [str(error) for error in failed] == ["the thread is gone"] * 3
    assert await lanes.submit(lambda _: 1) == 1


async def test_unit_whose_caller_went_away_while_it_waited_is_not_run():
    lanes = lanes_of(InlineThread())
    ran: list[str] = []
    kept = lanes.submit(lambda _: ran.append("kept"))
    gone = lanes.submit(lambda _: ran.append("gone"))

    gone.cancel()
    await kept
    await lanes.close()

    assert ran == ["kept"]


async def test_closed_lanes_refuse_units():
    lanes = lanes_of(InlineThread())
    await lanes.close()

    with pytest.raises(Unavailable, match="closed"):
        lanes.submit(lambda _: None)


async def test_closing_answers_what_waits():
    lanes = lanes_of(InlineThread(), batch_length_max=1)
    waiting = [lanes.submit(lambda _, n=n: n) for n in range(5)]

    await lanes.close()

    assert [future.result() for future in waiting] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("has_begun", [False, True])
async def test_cancelled_drain_cancels_waiters_and_a_new_one_starts(has_begun):
    """The end of an event loop cancels every task, in any state."""
    lanes = lanes_of(InlineThread(), batch_length_max=1)
    waiting = [lanes.submit(lambda _: None) for _ in range(3)]
    if has_begun:
        await asyncio.sleep(0)
    (drain,) = asyncio.all_tasks() - {asyncio.current_task()}

    drain.cancel()
    await asyncio.wait([drain])

    assert [future.cancelled() for future in waiting[1:]] == [True, True]
    assert await lanes.submit(lambda _: "later") == "later"


async def test_store_of_another_loop_says_so(async_store: AsyncStore):
    def use():
        with pytest.raises(ConfigError, match="in another event loop"):
            asyncio.run(async_store.read(pet_ids))

    await asyncio.to_thread(use)


async def test_cancelled_caller_does_not_stop_a_unit_that_has_begun(
    async_store: AsyncStore,
):
    begun, go_on = threading.Event(), threading.Event()

    def write_slowly(tx):
        add_pet(tx)
        begun.set()
        go_on.wait(timeout=30)

    caller = asyncio.create_task(async_store.write(write_slowly))
    await asyncio.to_thread(begun.wait, 30)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    go_on.set()

    assert await async_store.write(add_pet) == 2
    assert await async_store.read(pet_ids) == [1, 2]


async def test_cancelled_caller_takes_a_waiting_unit_back(async_store: AsyncStore):
    begun, go_on = threading.Event(), threading.Event()

    def hold_the_lane(_):
        begun.set()
        go_on.wait(timeout=30)

    holders = [asyncio.create_task(async_store.write(hold_the_lane)) for _ in range(2)]
    await asyncio.to_thread(begun.wait, 30)
    waiting = asyncio.create_task(async_store.write(add_pet))
    await asyncio.sleep(0)
    waiting.cancel()
    go_on.set()
    await asyncio.gather(*holders)

    assert waiting.cancelled() or await asyncio.wait([waiting])
    assert await async_store.read(pet_ids) == []


async def test_unit_that_raises_reaches_only_its_caller(async_store: AsyncStore):
    def fail(tx):
        add_pet(tx)
        raise NotFound("no such owner")

    outcomes = await asyncio.gather(
        async_store.write(add_pet),
        async_store.write(fail),
        async_store.write(add_pet),
        return_exceptions=True,
    )

    assert isinstance(outcomes[1], NotFound)
    assert len(await async_store.read(pet_ids)) == 2


async def test_idle_lane_keeps_nothing_of_its_last_batch(async_store: AsyncStore):
    class Rows(list[int]):
        """A value that can be watched."""

    rows = await async_store.read(lambda tx: Rows(pet_ids(tx)))
    watched = weakref.ref(rows)

    del rows
    # The loop itself holds on to what it delivers until its next step.
    await asyncio.sleep(0)

    assert watched() is None


@pytest.mark.parametrize("engine", ["memory:", "file"])
async def test_loop_that_ends_with_waiting_units_ends(engine, tmp_path, clock):
    """A caller that nobody waits for is cancelled by the end of its loop."""
    url = engine if engine == "memory:" else str(tmp_path / "shop.db")

    async def leave_units_behind():
        store = await open_async_store(url, clock=clock)
        left = [asyncio.create_task(store.write(add_pet)) for _ in range(100)]
        await asyncio.sleep(0)
        left[0].cancel()
        return store, left

    def run():
        store, left = asyncio.run(leave_units_behind())
        assert all(task.done() for task in left)
        with pytest.warns(ResourceWarning, match="unclosed store"):
            store._forgotten()

    await asyncio.to_thread(run)


async def test_aiosqlite_has_what_its_adapter_stands_on():
    """Contract: a daemon thread, `_execute` in order, and a close that ends it."""
    raw: list[sqlite3.Connection] = []

    def connect():
        raw.append(sqlite3.connect(":memory:", check_same_thread=False))
        return raw[0]

    thread = AiosqliteThread(connect)
    await thread.start()
    ran_on = await thread.run(threading.current_thread)
    assert ran_on.daemon
    assert ran_on is not threading.current_thread()

    order: list[int] = []
    await asyncio.gather(*(thread.run(order.append, n) for n in range(10)))
    assert order == list(range(10))
    with pytest.raises(ZeroDivisionError):
        await thread.run(lambda: 1 / 0)

    await thread.close()
    assert not ran_on.is_alive()
    with pytest.raises(sqlite3.ProgrammingError):
        raw[0].execute("SELECT 1")
    with pytest.raises(ValueError, match="closed"):
        await thread.run(print)


async def test_aiosqlite_ends_its_thread_when_it_cannot_connect():
    def connect():
        raise NotFound("nothing there")

    before = threading.enumerate()
    with pytest.raises(NotFound):
        await AiosqliteThread(connect).start()

    assert threading.enumerate() == before


async def test_aiosqlite_can_be_abandoned_without_its_loop():
    thread = AiosqliteThread(
        lambda: sqlite3.connect(":memory:", check_same_thread=False)
    )
    await thread.start()
    ran_on = await thread.run(threading.current_thread)

    await asyncio.to_thread(thread.abandon, print)

    assert not ran_on.is_alive()


def test_aiosqlite_is_the_version_that_was_tried():
    assert aiosqlite.__version__.startswith("0.22.")


async def test_plain_thread_ends_when_it_is_abandoned():
    thread = PlainThread("lane")
    ran_on = await thread.run(threading.current_thread)

    closed_on: list[threading.Thread] = []
    thread.abandon(lambda: closed_on.append(threading.current_thread()))
    ran_on.join(timeout=30)

    assert closed_on == [ran_on]
    assert not ran_on.is_alive()


async def test_plain_thread_that_has_ended_is_closed_where_it_is_abandoned():
    thread = PlainThread("lane")
    await thread.run(print)
    await thread.close()

    closed_on: list[threading.Thread] = []
    thread.abandon(lambda: closed_on.append(threading.current_thread()))

    assert closed_on == [threading.current_thread()]
