"""A recording answers in its order, each exchange once, and only what is safe again."""

import gzip

import pytest

from petstore.contract.call import ByteStream
from petstore.mock.facts import facts_of
from petstore.mock.tape import Cursor, Tape, takes_coding, unplayed, wire_response
from tests.mock.builders import (
    JSON,
    a_cassette,
    a_json_request,
    a_request,
    a_session,
    an_exchange,
    respond,
)


def served(tape: Tape, *requests) -> list[str | None]:
    """Return the ids of what answers requests, one after another."""
    cursor, ids = Cursor(), []
    for request in requests:
        found = tape.find(facts_of(request, tape.counted_headers))
        take = None if found is None else cursor.next(found)
        ids.append(None if take is None else take.exchange.id)
    return ids


def test_equal_requests_are_answered_in_order_and_safe_ones_repeated():
    tape = Tape([a_cassette(*(an_exchange(id=f"get-{n}") for n in (1, 2)))])

    assert ["get-1", "get-2", "get-2", "get-2"] == served(tape, *[a_request()] * 4)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_unsafe_request_is_not_repeated(method):
    line = f"{method} /pet/7"
    tape = Tape([a_cassette(an_exchange(line, "one"))])

    assert ["one", None] == served(tape, *[a_request(line)] * 2)


def test_exchange_may_be_served_any_number_of_times():
    line = "POST /pet/7"
    any_time = an_exchange(line, "one", match={"times": "any"})
    tape = Tape([a_cassette(any_time, an_exchange(line, "two"))])

    assert ["one"] * 3 == served(tape, *[a_request(line)] * 3)


def test_order_of_different_requests_does_not_matter():
    exchanges = [an_exchange(f"GET /pet/{n}", f"get-{n}") for n in (1, 2, 3)]
    tape = Tape([a_cassette(*exchanges)])

    assert ["get-3", "get-1"] == served(
        tape, a_request("GET /pet/3"), a_request("GET /pet/1")
    )


def test_first_cassette_wins():
    tapes = [a_cassette(an_exchange(id=name)) for name in ("session", "base")]

    assert ["session", "base"] == served(Tape(tapes), a_request(), a_request())


def test_what_may_differ_is_said_for_all_for_one_and_by_whoever_plays():
    line, body = "POST /store/order", {"json": {"a": 1, "b": 1, "c": 1}}
    one = an_exchange(line, "one", match={"ignore": ["json.b"]}, request=body)
    other = an_exchange(line, "two", request=body)
    tape = Tape([a_cassette(one, other, ignore=["json.a"])], ignore=["json.c"])

    assert ["one", None, "two"] == served(
        tape,
        a_json_request(line, '{"a":2,"b":2,"c":2}'),
        a_json_request(line, '{"a":2,"b":2}'),
        a_json_request(line, '{"a":2,"b":1}'),
    )


def test_what_nobody_asked_for_is_known():
    tape = Tape([a_cassette(an_exchange(id="a"), an_exchange("GET /pet/8", "b"))])
    cursor = Cursor()
    found = tape.find(facts_of(a_request()))
    assert found is not None
    cursor.next(found)

    told = [{"cassette": "a cassette in memory", "id": "b"}]
    assert told == unplayed(tape, cursor.played)


@pytest.mark.parametrize(
    ("accepted", "is_coded"),
    [
        ("gzip, deflate", True),
        ("br, *", True),
        ("GZIP;q=0.5", True),
        ("", False),
        ("br", False),
        ("gzip;q=0", False),
        ("identity", False),
    ],
)
def test_coding_is_put_on_for_whoever_takes_it(accepted, is_coded):
    response = {"encoding": "gzip", "headers": JSON, "json": {"a": 1}}
    (take,) = Tape([a_cassette(an_exchange(response=response))]).takes

    sent = wire_response(take, is_coded=takes_coding(take, accepted))

    assert isinstance(sent.body, bytes)
    assert is_coded is ("content-encoding" in sent.headers)
    assert b'{"a":1}' == (gzip.decompress(sent.body) if is_coded else sent.body)


def test_events_come_piece_by_piece():
    chunks = ["id: 1\n\n", "data: é\n\n"]
    (take,) = Tape([a_cassette(an_exchange(response={"chunks": chunks}))]).takes

    sent = wire_response(take)

    assert isinstance(sent.body, ByteStream)
    assert [chunk.encode() for chunk in chunks] == sent.body.chunks


def test_ten_thousand_exchanges_are_found_as_fast_as_ten():
    """By one look-up, whatever the number."""
    exchanges = [an_exchange(f"GET /pet/{n}", f"get-{n}") for n in range(2_000)]
    tape = Tape([a_cassette(*exchanges)])

    found = tape.find(facts_of(a_request("GET /pet/1999")))

    assert found is not None
    assert ["get-1999"] == [take.exchange.id for take in found.takes]


def test_head_is_answered_as_get_was_and_takes_nothing():
    session = a_session(an_exchange(id="a"), an_exchange(id="b", status=404))

    found = [
        respond(session, a_request(f"{method} /pet/7")).served_by
        for method in ("HEAD", "HEAD", "GET", "HEAD", "GET", "HEAD", "GET")
    ]

    assert ["a", "a", "a", "b", "b", "b", "b"] == [one[-1] for one in found]


def test_head_finds_what_was_recorded_of_it_first():
    session = a_session(an_exchange(id="get"), an_exchange("HEAD /pet/7", "head"))

    assert "recording/head" == respond(session, a_request("HEAD /pet/7")).served_by
