"""A recording has a limit, beyond which answers only pass through."""

import logging

import pytest

from petstore.contract.replies import Response
from petstore.mock.opening import shortcomings
from petstore.mock.room import Room
from tests.mock.builders import JSON, a_cassette, a_request, a_session, respond


@pytest.mark.parametrize("limit", [{"count_max": 1}, {"size_bytes_max": 12}])
def test_what_has_no_room_is_passed_on_and_told(limit, caplog):
    target = a_cassette()
    session = a_session(mode="record", target=target)
    assert session._keeper is not None
    session._keeper._room = Room(**limit)

    with caplog.at_level(logging.WARNING, "petstore.mock"):
        answers = [
            respond(
                session,
                a_request(f"GET /pet/{n}"),
                Response(200, dict(JSON), b'{"id":7}'),
            )
            for n in range(3)
        ]

    assert [b'{"id":7}'] * 3 == [one.response.body for one in answers]
    assert 1 == len(target.exchanges)
    assert 1 == caplog.text.count("passed on and not recorded")
    assert ["2 answers were not recorded"] == shortcomings(session)
