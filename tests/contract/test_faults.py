"""A plan says what goes wrong with each attempt, and says the same each time."""

import itertools
import math
from typing import Any

import pytest

from petstore.contract.errors import ConfigError, TransportError, Unavailable
from petstore.contract.faults import NO_FAULT, Fault, Faults


def drawn(plan: Faults, count: int) -> list[Fault]:
    return [plan.next() for _ in range(count)]


def test_dropped_request_was_never_sent():
    error = Fault.drop().before()

    assert isinstance(error, TransportError)
    assert error.sent == "no"


def test_lost_answer_comes_after_the_store_acted():
    fault = Fault.lost()

    error = fault.after()

    assert fault.before() is None
    assert error is not None
    assert error.sent == "maybe"


def test_unavailable_store_asks_to_wait_only_when_told():
    plain, asking = Fault.unavailable(), Fault.unavailable(retry_after_s=0)

    errors = [plain.before(), asking.before()]

    asked = [one.extra for one in errors if isinstance(one, Unavailable)]
    assert [{}, {"retry_after": 0}] == asked


@pytest.mark.parametrize("fault", [NO_FAULT, Fault.delay(1)])
def test_fault_that_refuses_nothing_lets_request_and_answer_through(fault):
    assert (None, None) == (fault.before(), fault.after())


@pytest.mark.parametrize("fault", [Fault.drop(), Fault.unavailable()])
def test_refused_request_has_no_answer_to_lose(fault):
    assert fault.after() is None


@pytest.mark.parametrize(
    ("delay_s", "patience_s", "wait_s", "is_late"),
    [
        pytest.param(0, 1, 0, False, id="none"),
        pytest.param(0, 0, 0, False, id="none for the most impatient"),
        pytest.param(1, 2, 1, False, id="short"),
        pytest.param(1, 1, 1, True, id="just as long"),
        pytest.param(3, 2, 2, True, id="long"),
        pytest.param(3, math.inf, 3, False, id="for whom waits for ever"),
    ],
)
def test_delay_is_waited_for_until_patience_ends(delay_s, patience_s, wait_s, is_late):
    fault = Fault.delay(delay_s)

    assert wait_s == fault.wait_s(patience_s)
    assert is_late == fault.is_late(patience_s)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"kind": "explode"}, "no fault 'explode'; there are none, drop"),
        ({"delay_s": -1}, "A delay is"),
        ({"delay_s": math.inf}, "A delay is"),
        ({"delay_s": "1"}, "A delay is"),
        ({"kind": "unavailable", "retry_after_s": -1}, "Retry-After is"),
        ({"kind": "unavailable", "retry_after_s": 0.5}, "whole seconds, not 0.5"),
    ],
)
def test_fault_that_cannot_be_is_told(fields, message):
    with pytest.raises(ConfigError, match=message):
        Fault(**fields)


def test_listed_faults_come_in_order_and_then_none():
    plan = Faults([Fault.drop(), None, Fault.lost()])

    assert [Fault.drop(), NO_FAULT, Fault.lost(), NO_FAULT] == drawn(plan, 4)


def test_iterator_of_faults_may_go_on_for_ever():
    plan = Faults(itertools.cycle([Fault.drop(), None]))

    assert [Fault.drop(), NO_FAULT] * 50 == drawn(plan, 100)


def test_plan_counts_what_happened():
    late = Fault("lost", delay_s=1)
    plan = Faults([Fault.drop(), None, late, Fault.delay(2)])

    drawn(plan, 5)

    assert {"drop": 1, "lost": 1, "delay": 2} == plan.counts


def test_something_else_in_a_plan_is_told():
    steps: list[Any] = ["drop"]
    wrong = Faults(steps)

    with pytest.raises(ConfigError, match="Fault or None, not 'drop'"):
        wrong.next()


def test_same_seed_and_rates_give_the_same_faults():
    plans = [Faults.at_rates(7, drop=0.2, lost=0.2, delay=0.5) for _ in range(2)]

    first, second = (drawn(plan, 200) for plan in plans)

    assert first == second
    assert first != drawn(Faults.at_rates(8, drop=0.2, lost=0.2, delay=0.5), 200)


def test_rates_are_kept_to():
    plan = Faults.at_rates(1, drop=0.1, unavailable=0.2, lost=0.3, delay=0.5)

    drawn(plan, 10_000)

    shares = {name: count / 10_000 for name, count in plan.counts.items()}
    assert shares == pytest.approx(
        {"drop": 0.1, "unavailable": 0.2, "lost": 0.3, "delay": 0.5}, abs=0.02
    )


def test_rate_of_one_is_always():
    plan = Faults.at_rates(1, unavailable=1, delay=1, delay_s=3, retry_after_s=2)

    assert {Fault("unavailable", delay_s=3, retry_after_s=2)} == set(drawn(plan, 50))


def test_rates_leave_each_other_alone():
    """A delay more or less must not move the losses to other attempts."""
    with_delay = Faults.at_rates(3, lost=0.3, delay=0.4, retry_after_s=1)
    without = Faults.at_rates(3, lost=0.3)

    kinds = [[fault.kind for fault in drawn(one, 100)] for one in (with_delay, without)]

    assert kinds[0] == kinds[1]


@pytest.mark.parametrize(
    ("rates", "message"),
    [
        ({"drop": 1.1}, "The rate drop is from 0 to 1, not 1.1"),
        ({"delay": -0.1}, "The rate delay"),
        ({"lost": "0.1"}, "The rate lost"),
        ({"drop": 0.5, "lost": 0.6}, "at most 1 together"),
        ({"delay_s": -1}, "A delay is"),
        ({"retry_after_s": 0.5}, "Retry-After is"),
    ],
)
def test_rates_that_cannot_be_are_told_before_the_first_attempt(rates, message):
    with pytest.raises(ConfigError, match=message):
        Faults.at_rates(1, **rates)


def test_misspelt_rate_is_an_error():
    rates: dict[str, Any] = {"drops": 0.1}

    with pytest.raises(TypeError, match="no rate drops"):
        Faults.at_rates(1, **rates)
