"""No more are inside than fit, they come in as they came, and no place is lost."""

import asyncio
import gc
import signal
import threading
from collections import deque
from math import inf
from time import monotonic
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from petstore_client.gate import AsyncGate, Gate

SIZE = 3


def is_full(gate: Gate) -> bool:
    return not gate.enter(-inf)


def test_gate_takes_as_many_as_fit():
    gate = Gate(SIZE)

    assert [True] * SIZE == [gate.enter(inf) for _ in range(SIZE)]
    assert is_full(gate)

    gate.leave()
    assert gate.enter(inf)
    assert is_full(gate)


def test_wait_ends_when_its_time_is_over():
    gate = Gate(1)
    gate.enter(inf)
    begun = monotonic()

    assert not gate.enter(begun + 0.05)

    assert 0.05 <= monotonic() - begun < 1


def test_those_who_wait_come_in_as_they_came():
    gate, order = Gate(1), []
    gate.enter(inf)

    def pass_through(number: int) -> None:
        gate.enter(inf)
        order.append(number)
        gate.leave()

    threads = [threading.Thread(target=pass_through, args=(n,)) for n in range(20)]
    for number, thread in enumerate(threads):
        thread.start()
        wait_until(lambda number=number: len(gate._waiting) == number + 1)
    gate.leave()
    for thread in threads:
        thread.join()

    assert list(range(20)) == order
    assert gate.enter(inf)
    assert is_full(gate)


def wait_until(condition: Any) -> None:
    end = monotonic() + 10
    while not condition():
        assert monotonic() < end
        threading.Event().wait(0.001)


def test_many_threads_are_never_more_than_fit_and_lose_no_place():
    gate, inside, most = Gate(SIZE), deque[None](), []

    def come_and_go(patience_s: float) -> None:
        for _ in range(200):
            if gate.enter(monotonic() + patience_s):
                inside.append(None)
                most.append(len(inside))
                inside.pop()
                gate.leave()

    threads = [
        threading.Thread(target=come_and_go, args=(patience_s,))
        for patience_s in (0, 0.0001, 0.001, 10) * 4
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert max(most) <= SIZE
    assert [True] * SIZE == [gate.enter(-inf) for _ in range(SIZE)]
    assert is_full(gate)


def test_place_may_be_given_back_while_the_gate_is_busy():
    """As a garbage collection does, in the midst of another method of this thread."""
    gate = Gate(1)
    gate.enter(inf)

    with gate._lock:
        gate.leave()

    assert gate.enter(inf)


def test_place_given_back_in_a_collection_lets_the_next_in():
    class Cycle:
        def __init__(self) -> None:
            self.me = self

        def __del__(self) -> None:
            gate.leave()

    gate = Gate(1)
    gate.enter(inf)
    Cycle()
    entered = threading.Thread(target=gate.enter, args=(inf,))
    entered.start()

    gc.collect()

    entered.join(10)
    assert not entered.is_alive()


@pytest.fixture
def _interruptible():
    """Raise on SIGINT, which a shell lets its background jobs ignore."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_interruptible")
@pytest.mark.parametrize("is_given", [False, True])
def test_interrupted_wait_loses_no_place(is_given):
    gate = Gate(1)
    gate.enter(inf)

    def interrupt() -> None:
        wait_until(lambda: gate._waiting)
        if is_given:
            # The main thread holds it, but had no time to notice.
            with gate._lock:
                gate._waiting.popleft()
        signal.pthread_kill(main, signal.SIGINT)

    main = threading.main_thread().ident or 0
    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        gate.enter(monotonic() + 10)
    thread.join()

    assert is_given == gate.enter(-inf)
    assert is_full(gate)


def test_place_that_is_given_just_when_the_time_is_over_is_taken():
    class Late(Gate):
        def _give_up(self, turn: threading.Lock) -> bool:
            self.leave()
            return super()._give_up(turn)

    gate = Late(1)
    gate.enter(inf)

    assert gate.enter(-inf)
    assert 0 == gate._free


async def test_async_gate_takes_as_many_as_fit():
    gate = AsyncGate(SIZE)

    assert [True] * SIZE == [await gate.enter(inf) for _ in range(SIZE)]
    assert not await gate.enter(monotonic() + 0.01)

    gate.leave()
    assert await gate.enter(inf)


class Visits(RuleBasedStateMachine):
    """Enter, leave, give up and cancel in any order, beside a model of a queue."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.gate = AsyncGate(SIZE)
        self.inside: list[asyncio.Task[bool]] = []
        self.waiting: list[asyncio.Task[bool]] = []

    def settle(self) -> None:
        for _ in range(5):
            self.loop.run_until_complete(asyncio.sleep(0))

    def admit(self) -> None:
        while self.waiting and len(self.inside) < SIZE:
            self.inside.append(self.waiting.pop(0))
        self.settle()

    @rule()
    def come(self) -> None:
        self.waiting.append(self.loop.create_task(self.gate.enter(monotonic() + 99)))
        self.settle()
        self.admit()

    @precondition(lambda self: self.inside)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        self.inside.remove(data.draw(st.sampled_from(self.inside)))
        self.gate.leave()
        self.admit()

    @precondition(lambda self: self.waiting)
    @rule(data=st.data(), is_cancelled=st.booleans())
    def give_up(self, data: st.DataObject, is_cancelled: bool) -> None:
        index = data.draw(st.integers(0, len(self.waiting) - 1))
        task = self.waiting.pop(index)
        if is_cancelled:
            task.cancel()
        else:
            self.gate._give_up(self.gate._waiting[index])
        self.settle()
        assert task.cancelled() if is_cancelled else task.result() is False

    @precondition(lambda self: self.inside and self.waiting)
    @rule()
    def cancel_just_when_a_place_was_given(self) -> None:
        self.inside.pop()
        self.gate.leave()
        self.waiting.pop(0).cancel()
        self.admit()

    @invariant()
    def those_inside_are_those_who_came_first(self) -> None:
        assert all(task.done() and task.result() for task in self.inside)
        assert not any(task.done() for task in self.waiting)
        assert SIZE - len(self.inside) == self.gate._free
        assert len(self.waiting) == len(self.gate._waiting)

    def teardown(self) -> None:
        for task in self.waiting:
            task.cancel()
        self.settle()
        self.loop.close()


TestVisits = Visits.TestCase
