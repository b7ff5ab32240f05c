"""A session answers from its recording, and asks somebody else where it is told to."""

import json

import pytest

from petstore.contract.call import ByteStream
from petstore.contract.errors import ConfigError
from petstore.contract.replies import Response
from petstore.mock.faults import FaultRules
from petstore.mock.steps import Ask
from tests.mock.builders import (
    JSON,
    a_cassette,
    a_json_request,
    a_request,
    a_session,
    an_exchange,
    respond,
    waits,
)

PET = an_exchange(response={"headers": JSON, "json": {"id": 7}})
ELSEWHERE = Response(200, dict(JSON), b'{"from":"elsewhere"}')


def test_recorded_answer_is_served():
    answer = respond(a_session(PET), a_request())

    assert ("recording/getPetById-1", b'{"id":7}') == (
        answer.served_by,
        answer.response.body,
    )


def test_miss_is_501_and_never_an_answer_of_the_api():
    session = a_session(PET)

    answer = respond(session, a_request("GET /pet/8"))

    assert (501, "miss") == (answer.response.status, answer.served_by)
    assert "application/problem+json" == answer.response.headers["content-type"]
    assert 1 == session.report().unmatched


def test_miss_is_answered_by_whom_it_is_told():
    session = a_session(PET, on_miss="upstream")

    hit, miss = (
        respond(session, a_request(f"GET /pet/{n}"), ELSEWHERE) for n in (7, 8)
    )

    assert ["recording/getPetById-1", "upstream"] == [hit.served_by, miss.served_by]
    assert ELSEWHERE is miss.response


@pytest.mark.parametrize("mode", ["record", "off", "check"])
def test_request_is_passed_on_whatever_is_recorded(mode):
    request, session = a_request(), a_session(PET, mode=mode)

    step = next(session.respond(request))

    assert Ask("upstream", request, session.cursor) == step


def test_what_is_passed_on_is_recorded_without_secrets():
    target = a_cassette()
    session = a_session(mode="record", target=target)
    request = a_json_request("POST /tokens", '{"username":"ann","password":"hunter2"}')

    answer = respond(
        session, request, Response(200, dict(JSON), b'{"accessToken":"t0ken"}')
    )

    assert b'{"accessToken":"t0ken"}' == answer.response.body
    (kept,) = target.exchanges
    assert {"username": "ann", "password": "<password-1>"} == kept.request.json_value
    assert {"accessToken": "<token-1>"} == kept.response.json_value
    assert 1 == session.report().recorded


def test_only_what_is_new_is_recorded_beside_a_recording():
    target = a_cassette()
    session = a_session(PET, mode="extend", target=target)

    answers = [respond(session, a_request(f"GET /pet/{n}"), ELSEWHERE) for n in (7, 8)]

    assert ["recording/getPetById-1", "upstream"] == [one.served_by for one in answers]
    assert ["/pet/8"] == [one.request.path for one in target.exchanges]


@pytest.mark.parametrize("is_read_to_its_end", [True, False])
def test_events_are_recorded_once_they_are_over(is_read_to_its_end):
    target = a_cassette()
    session = a_session(mode="record", target=target)
    events = ByteStream(iter([b"id: 1\n\n", b"id: 2\n\n"]), "text/event-stream")
    response = Response(200, {"content-type": "text/event-stream"}, events)

    answer = respond(session, a_request("GET /events"), response)

    assert [] == target.exchanges
    assert isinstance(answer.response.body, ByteStream)
    pieces = iter(answer.response.body)
    assert b"id: 1\n\n" == next(pieces)
    if is_read_to_its_end:
        assert [b"id: 2\n\n"] == list(pieces)
    else:
        answer.response.body.close()
    expected = ["id: 1\n\n", "id: 2\n\n"][: 1 + is_read_to_its_end]
    assert [expected] == [one.response.chunks for one in target.exchanges]


def test_fault_in_place_of_an_answer_leaves_the_recording_where_it_is():
    rules = [{"when": {"nth": 1}, "do": {"status": 503, "retry_after": 1}}]
    session = a_session(
        an_exchange("POST /store/order", "one"), faults=FaultRules.of(rules)
    )
    request = a_json_request("POST /store/order", "")

    first, second = respond(session, request), respond(session, request)

    assert (503, "fault", "1") == (
        first.response.status, first.served_by, first.response.headers["retry-after"]
    )  # fmt: skip
    assert "recording/one" == second.served_by


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/pet/7", b'"code":"rate_limited"'),
        ("/v2/pet/7", b'"type":"'),
        ("/other", b'"code":"rate_limited"'),
    ],
)
def test_fault_speaks_as_the_api_does(path, expected):
    session = a_session(faults=FaultRules.of([{"do": {"status": 429}}]))

    response = respond(session, a_request(f"GET {path}")).response

    assert 429 == response.status
    assert isinstance(response.body, bytes)
    assert expected in response.body


@pytest.mark.parametrize("path", ["/v2/pet/7", "/api/v3/pet/7", "/v2/nothing"])
@pytest.mark.parametrize("status", [405, 408, 418, 422, 503])
def test_fault_says_its_own_status_in_its_body(path, status):
    session = a_session(faults=FaultRules.of([{"do": {"status": status}}]))

    response = respond(session, a_request(f"GET {path}")).response

    assert status == response.status
    assert isinstance(response.body, bytes)
    assert status == json.loads(response.body)["code"]
    assert status == json.loads(response.headers["x-petstore-problem"])["status"]


def test_fault_may_have_a_status_that_nobody_registered():
    session = a_session(faults=FaultRules.of([{"do": {"status": 499}}]))

    assert 499 == respond(session, a_request("GET /api/v3/pet/7")).response.status


def test_delay_is_left_to_the_door():
    session = a_session(PET, faults=FaultRules.of([{"do": {"delay_ms": 250}}]))

    assert [0.25] == waits(session, a_request())


def test_journal_tells_of_each_request():
    session = a_session(PET)
    for line in ("GET /pet/7", "GET /pet/8", "GET /x?password=hunter2"):
        respond(session, a_request(line))

    rows = [row.shown() for row in session.journal]

    assert [
        (1, "getPetById", "/pet/7", 200, "recording/getPetById-1"),
        (2, "getPetById", "/pet/8", 501, "miss"),
        (3, None, "/x", 501, "miss"),
    ] == [(r["n"], r["op"], r["path"], r["status"], r["served_by"]) for r in rows]
    assert "hunter2" not in str(list(session.journal))


def test_reset_goes_back_to_the_start():
    session = a_session(an_exchange("DELETE /pet/7", "deletePet-1"))
    request = a_request("DELETE /pet/7")
    answers = [respond(session, request), respond(session, request)]

    session.reset()

    assert 0 == session.report().requests
    assert [one.served_by for one in answers] == [
        respond(session, request).served_by for _ in range(2)
    ]


def test_report_says_what_was_not_asked_for():
    session = a_session(PET, an_exchange("GET /pet/9", "getPetById-2"))
    respond(session, a_request())

    report = session.report()

    assert (1, ["getPetById-2"], 0) == (
        report.played,
        [one["id"] for one in report.unplayed],
        report.unmatched,
    )


@pytest.mark.parametrize(
    ("setup", "words"),
    [
        ({"mode": "reply"}, "There is no mode 'reply'; did you mean replay"),
        ({"on_miss": "404"}, "There is no on_miss '404'; there are fail, engine"),
    ],
)
def test_setting_that_is_none_is_refused(setup, words):
    with pytest.raises(ConfigError, match=words):
        a_session(**setup)
