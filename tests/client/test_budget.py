"""Retries help against passing faults, and add next to nothing in an outage."""

from random import Random

import pytest

from petstore.contract import calls
from petstore.contract.errors import TransportError
from petstore_client.budget import CAPACITY, Budget
from petstore_client.options import Retry
from tests.client.driving import an_answer, run, some_rules

CALL = calls.get_pet_by_id(1)
LOST_SHARE = 0.20
BUSY_SHARE = 0.05


def outcomes(rng: Random):
    """Yield what comes of attempts: a fifth is lost, a twentieth of the rest busy."""
    while True:
        if rng.random() < LOST_SHARE:
            yield TransportError("Lost.", sent="maybe")
        elif rng.random() < BUSY_SHARE:
            yield an_answer(503, b"")
        else:
            yield an_answer()


@pytest.mark.parametrize("seed", range(3))
def test_hardly_a_call_is_given_up_when_a_quarter_of_the_attempts_fail(seed):
    rng = Random(seed)  # noqa: S311 - it only chooses what fails
    rules = some_rules(chance=rng.random)

    done = [run(CALL, rules, outcomes(rng)) for _ in range(2_000)]

    given_up = [one for one in done if one.error is not None]
    assert len(given_up) <= 14
    # None for want of budget: each one had all its attempts.
    assert {4} >= {len(one.sends) for one in given_up}


def test_three_attempts_would_give_up_three_times_as_often():
    def given_up_count(attempts: int) -> int:
        rng = Random(1)  # noqa: S311 - it only chooses what fails
        rules = some_rules(retry=Retry(attempts=attempts), chance=rng.random)
        return sum(
            run(CALL, rules, outcomes(rng)).error is not None for _ in range(2_000)
        )

    assert given_up_count(3) > 2.5 * given_up_count(4)


def test_outage_costs_35_retries_whatever_the_number_of_calls():
    rules = some_rules()
    outage = [TransportError("No.", sent="no")] * 4

    sent_count = sum(len(run(CALL, rules, outage).sends) for _ in range(1_000))

    assert 1_035 == sent_count


def test_budget_comes_back_after_an_outage():
    rules = some_rules()
    outage = [TransportError("No.", sent="no")] * 4
    while len(run(CALL, rules, outage).sends) > 1:
        pass

    for _ in range(14):
        run(CALL, rules, [an_answer()])

    assert len(run(CALL, rules, outage).sends) == 2


def test_budget_never_holds_more_than_it_began_with():
    budget = Budget()
    for _ in range(10):
        budget.succeed(7)

    assert budget.take(CAPACITY)
    assert not budget.take(1)


def test_pause_has_a_longest_one_however_often_it_failed():
    assert Retry().cap_s == Retry().pause_s_max(100_000)
