"""Dates in Java's format come back, whatever the locale calls days and months."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given

from petstore.contract.java_date import java_date, read_java_date
from tests.kit.strategies import instants

NEW_YEAR = datetime(2018, 1, 1, 5, 2, 48, tzinfo=UTC)


@pytest.mark.parametrize(
    ("days_later", "text"),
    [
        (0, "Mon Jan 01 05:02:48 UTC 2018"),
        (36, "Tue Feb 06 05:02:48 UTC 2018"),
        (65, "Wed Mar 07 05:02:48 UTC 2018"),
        (94, "Thu Apr 05 05:02:48 UTC 2018"),
        (123, "Fri May 04 05:02:48 UTC 2018"),
        (152, "Sat Jun 02 05:02:48 UTC 2018"),
        (181, "Sun Jul 01 05:02:48 UTC 2018"),
        (212, "Wed Aug 01 05:02:48 UTC 2018"),
        (243, "Sat Sep 01 05:02:48 UTC 2018"),
        (273, "Mon Oct 01 05:02:48 UTC 2018"),
        (304, "Thu Nov 01 05:02:48 UTC 2018"),
        (364, "Mon Dec 31 05:02:48 UTC 2018"),
    ],
)
def test_days_and_months_have_english_names(days_later, text):
    instant = NEW_YEAR + timedelta(days=days_later)

    assert java_date(instant) == text
    assert read_java_date(text) == instant


@given(instants())
def test_every_second_comes_back(instant):
    assert read_java_date(java_date(instant)) == instant.replace(microsecond=0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tomorrow",
        "Mon Jan 01 05:02:48 CET 2018",
        "Mon Mai 01 05:02:48 UTC 2018",
        "Mon Jan 32 05:02:48 UTC 2018",
        "Mon Jan 01 05:02:48 UTC 2018 AD",
    ],
)
def test_anything_else_is_no_date(text):
    with pytest.raises(ValueError, match=r".+"):
        read_java_date(text)
