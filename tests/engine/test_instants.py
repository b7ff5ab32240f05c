"""Instants in models and milliseconds in stores are the same."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petstore.engine.instants import from_milliseconds, to_milliseconds
from tests.kit.strategies import instants

FIRST, LAST = (
    to_milliseconds(datetime(year, month, day, tzinfo=UTC))
    for year, month, day in ((1, 1, 1), (9999, 12, 31))
)


@given(st.integers(FIRST, LAST))
def test_milliseconds_survive(at):
    assert at == to_milliseconds(from_milliseconds(at))


@given(instants())
def test_instants_survive(instant):
    assert instant == from_milliseconds(to_milliseconds(instant))


def test_time_zones_do_not_matter_but_one_must_be_known():
    instant = datetime(2030, 1, 2, 3, tzinfo=timezone(timedelta(hours=3)))

    assert from_milliseconds(to_milliseconds(instant)) == datetime(
        2030, 1, 2, tzinfo=UTC
    )
    with pytest.raises(TypeError):
        to_milliseconds(instant.replace(tzinfo=None))
