"""A listener goes on where it was, however often its stream breaks off."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petstore.contract.errors import (
    Invalid,
    ServerFault,
    TransportError,
    Unauthorized,
    Unavailable,
)
from petstore_client.following import Following

UNIT_LENGTHS = st.lists(st.integers(1, 4), min_size=1, max_size=6)


def event(seq: int, entity_id: int, *, is_last: bool) -> bytes:
    mark = f"a.{seq}" if is_last else f"a.{seq}.{entity_id}"
    return (
        f"event: change\nid: {mark}\n"
        f'data: {{"cursor":"{mark}","seq":{seq},"kind":"pet","entityId":{entity_id},'
        '"version":1,"action":"create","at":"2030-01-01T00:00:00Z","entity":null}\n\n'
    ).encode()


def served(unit_lengths: list[int], after: str) -> bytes:
    """Return the stream of a log from a place on; unit 1 is the first."""
    numbers = [int(number) for number in after.split(".")[1:]] or [0]
    blocks = [f"retry: 1000\nid: {after}\n\n".encode()]
    for seq, length in enumerate(unit_lengths, 1):
        for entity_id in range(1, length + 1):
            # A unit as a whole stands behind each of its writes.
            place = [seq, entity_id][: len(numbers)]
            if place > numbers:
                blocks.append(event(seq, entity_id, is_last=entity_id == length))
    return b"".join(blocks)


@given(UNIT_LENGTHS, st.lists(st.integers(0, 2_000), max_size=12), st.booleans())
def test_every_event_comes_once_wherever_streams_break_off(lengths, breaks, is_slow):
    following, seen = Following(0), []

    for length in [*breaks, None]:
        call = following.call()
        stream = served(lengths, call.arguments["after"])[:length]
        cuts = range(0, len(stream) + 1, 7) if is_slow else (0,)
        for start, end in pairwise([*cuts, len(stream)]):
            seen += [
                (one.seq, one.entity_id) for one in following.feed(stream[start:end])
            ]
        following.failed()

    assert [
        (seq, entity_id)
        for seq, length in enumerate(lengths, 1)
        for entity_id in range(1, length + 1)
    ] == seen


def test_whoever_listens_from_now_on_goes_on_from_then():
    following = Following(None)
    assert "after" not in following.call().arguments

    assert [] == list(following.feed(served([1, 1], "a.2")))

    assert "a.2" == following.call().arguments["after"]


def test_place_that_was_never_told_is_now():
    following = Following(None)

    assert [] == list(following.feed(b"retry: 1000\n\n"))

    assert "after" not in following.call().arguments


def test_failures_are_counted_from_the_last_event():
    following = Following(0)
    counts: list[int] = []
    for error in (None, TransportError("gone", sent="no"), ServerFault("down")):
        following.call()
        following.failure = error
        counts.append(following.failed()[0])

    list(following.feed(served([1], "0")))

    following.failure = Unavailable("full")
    assert [1, 2, 3, 1] == [*counts, following.failed()[0]]


@pytest.mark.parametrize("error", [Unauthorized("who?"), Invalid("no such place")])
def test_what_no_pause_helps_is_raised(error: Any):
    following = Following(0)
    following.failure = error

    with pytest.raises(type(error)) as raised:
        following.failed()

    assert error is raised.value
