"""A stub answers before the recording does, and ends as the recording does."""

from typing import Any

import pytest
from pydantic import ValidationError

from petstore.contract.errors import ConfigError, Conflicted, Unavailable
from petstore.mock.session import Session
from petstore.mock.stubs import Stubs
from petstore.mock.tape import Tape
from tests.mock.builders import (
    JSON,
    a_cassette,
    a_json_request,
    a_request,
    a_session,
    an_exchange,
    respond,
)

SOLD: dict[str, Any] = {"response": {"json": {"status": "sold"}}}


def test_stub_wins_over_the_recording():
    session = a_session(an_exchange())
    first = respond(session, a_request())

    session.add_stub(an_exchange(id="sold", **SOLD))
    second = respond(session, a_request())

    assert ("recording/getPetById-1", "stub/sold") == (
        first.served_by,
        second.served_by,
    )
    assert b'{"status":"sold"}' == second.response.body


def test_unsafe_stub_answers_once_and_leaves_the_rest_to_the_recording():
    order: dict[str, Any] = {"request": {"json": {"petId": 7}}}
    session = a_session(an_exchange("POST /store/order", "placeOrder-1", **order))
    session.add_stub(an_exchange("POST /store/order", "refused", 409, **order))

    asked = [a_json_request("POST /store/order", '{"petId": 7}') for _ in range(3)]

    assert [409, 200, 501] == [respond(session, one).response.status for one in asked]


def test_safe_stub_answers_again():
    session = a_session()
    session.add_stub(an_exchange(id="one"))

    assert ["stub/one"] * 2 == [
        respond(session, a_request()).served_by for _ in range(2)
    ]


def test_stub_is_for_one_session_only():
    tape = Tape([a_cassette(an_exchange())])
    one, other = Session(tape), Session(tape)

    one.add_stub(an_exchange(id="sold"))

    assert "recording/getPetById-1" == respond(other, a_request()).served_by


def test_ignored_fields_of_a_stub_may_differ():
    session = a_session()
    stub = an_exchange("POST /store/order", "any", request={"json": {"petId": 7}})

    session.add_stub(stub, ["json.petId"])
    answer = respond(session, a_json_request("POST /store/order", '{"petId": 8}'))

    assert "stub/any" == answer.served_by


def test_header_that_the_cassette_counts_tells_stubs_apart():
    session = Session(Tape([a_cassette(headers=["x-shop"])]))
    session.add_stub(an_exchange(id="north", request={"headers": {"x-shop": "north"}}))

    north, south = (
        respond(session, a_request(x_shop=one)) for one in ("north", "south")
    )

    assert ("stub/north", "miss") == (north.served_by, south.served_by)


def test_reset_serves_stubs_anew():
    session = a_session()
    session.add_stub(an_exchange("POST /store/order", "one"))
    request = a_request("POST /store/order")
    before = [respond(session, request).served_by for _ in range(2)]

    session.reset()

    assert ["stub/one", "miss"] == before
    assert "stub/one" == respond(session, request).served_by


def test_id_of_a_stub_is_taken_once():
    found = Stubs()
    found.add(an_exchange(id="one"))

    with pytest.raises(Conflicted, match="one"):
        found.add(an_exchange(id="one"))


def test_number_of_stubs_is_bounded():
    found = Stubs(count_max=1)
    found.add(an_exchange(id="one"))

    with pytest.raises(Unavailable, match="1 stubs"):
        found.add(an_exchange(id="more"))


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"x\r\ny": "1"}, "is no name of a header"),
        ({"": "1"}, "is no name of a header"),
        ({"x": "1\r\ny: 2"}, "x has a line break"),
    ],
)
def test_header_that_would_be_two_is_refused(headers, words):
    with pytest.raises(ValidationError, match=words):
        an_exchange(response={"headers": headers})


def test_stubs_are_compared_each_with_what_it_ignores():
    session = a_session()
    order = an_exchange("POST /x", "a", request={"headers": JSON, "json": {"n": 1}})
    session.add_stub(order, ["json.n"])
    session.add_stub(an_exchange("POST /y", "b"))

    asked = a_json_request("POST /x", '{"n":2}')

    assert "stub/a" == respond(session, asked).served_by


@pytest.mark.parametrize(
    "body",
    [
        {"file": "0123456789ab.bin"},
        {"parts": [{"name": "a", "file": "0123456789ab.bin"}]},
    ],
)
def test_stub_whose_answer_cannot_be_read_is_refused(body):
    found = Stubs()

    with pytest.raises(ConfigError, match=r"one: .*0123456789ab\.bin"):
        found.add(an_exchange(id="one", response=body))

    found.add(an_exchange(id="one"))
