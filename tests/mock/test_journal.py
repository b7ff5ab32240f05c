"""A session remembers what came last, within a bound."""

import json
import tracemalloc
from typing import Any

import pytest

from petstore.contract.replies import Response
from petstore.mock.facts import facts_of
from petstore.mock.journal import LEFT_OUT, Journal
from tests.mock.builders import a_json_request, a_session, respond

OK = Response(200)
BYTES_MAX = 16 * 1024 * 1024


def rows(*sizes: int, **limits: Any) -> list[object]:
    journal = Journal(**limits)
    for number, size in enumerate(sizes):
        facts = facts_of(a_json_request("POST /x", str(number)))
        journal.add(facts, 200, "engine", 0.0)
        if size:
            journal.weigh(size)
    return [row.facts.body.get("json", "…") for row in journal]


def test_oldest_bodies_make_room_for_new_ones():
    assert ["…", 1, "…", 3, 4] == rows(50, 0, 50, 50, 50, body_bytes_max=100)


def test_rows_that_are_gone_take_no_room():
    assert [3, 4, 5] == rows(9, 9, 9, 9, 9, 9, row_count_max=3, body_bytes_max=27)


def test_body_that_is_larger_than_all_room_is_left_out():
    assert ["…", "…"] == rows(1, 101, body_bytes_max=100)


def test_what_is_cleared_takes_no_room():
    journal = Journal(body_bytes_max=10)
    facts = facts_of(a_json_request("POST /x", "1"))
    for _ in range(2):
        journal.clear()
        journal.add(facts, 200, "engine", 0.0)
        journal.weigh(10)

    assert [{"json": 1}] == [row.facts.body for row in journal]


def test_long_body_is_not_kept_and_still_told_in_a_miss():
    long = json.dumps({"name": "a" * 60_000, "of": "b"})
    session = a_session()

    answers = [
        respond(session, a_json_request("POST /v2/pet", f"[{number},{long}]"))
        for number in range(200)
    ]

    kept = [row.facts.body for row in session.journal]
    assert (LEFT_OUT, 199) == (kept[0], kept[-1]["json"][0])
    assert all(one.miss is not None for one in answers)


@pytest.mark.parametrize(
    ("size_bytes", "count"),
    [
        pytest.param(62_000, 400, id="long"),
        pytest.param(4_000, 4_000, id="short, and known by their bytes"),
    ],
)
def test_memory_is_bounded_whatever_the_bodies_are(size_bytes, count):
    session = a_session(mode="off")
    letters = "a" * size_bytes
    tracemalloc.start()
    try:
        for number in range(count):
            request = a_json_request("POST /x", f'[{number},"{letters}"]')
            respond(session, request, OK)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert held < BYTES_MAX
