"""The table says honestly what met its bar."""

import itertools

import pytest

from tests.bench.table import Row, interleaved, ratio, render


@pytest.mark.parametrize(
    ("value", "is_floor", "is_met"),
    [
        pytest.param(0.5, True, True, id="at least, met"),
        pytest.param(0.49, True, False, id="at least, missed"),
        pytest.param(0.5, False, True, id="at most, met"),
        pytest.param(0.51, False, False, id="at most, missed"),
        pytest.param(None, True, True, id="informs only"),
    ],
)
def test_a_bar_is_a_floor_or_a_ceiling(value, is_floor, is_met):
    assert is_met == Row("x", "1", value=value, bar=0.5, is_floor=is_floor).is_met


def test_a_miss_stands_out():
    text = render([Row("start", "9 ms", "1 ms", value=9, bar=3, is_floor=False)])

    assert ["start", "9", "ms", "1", "ms", "9.00", "≤", "3", "MISS"] == (
        text.splitlines()[1].split()
    )


def test_measures_take_turns():
    clock = itertools.count()
    measures = {"a": lambda: float(next(clock)), "b": lambda: float(next(clock))}

    found = interleaved(measures, round_count=2)

    assert {"a": [0.0, 2.0], "b": [1.0, 3.0]} == found


def test_rounds_are_compared_one_by_one():
    """A noisy round slows both sides, and leaves their ratio alone."""
    assert ratio([2.0, 20.0, 6.0], [1.0, 10.0, 2.0]) == 2.0
