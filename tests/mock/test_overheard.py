"""What a client told as a secret is shown to nobody when it comes again elsewhere."""

import json
from dataclasses import asdict

import pytest

from petstore.contract.replies import Response
from petstore.mock.cassette import Cassette
from petstore.mock.misses import UnmatchedRequest
from petstore.mock.opening import open_session
from petstore.mock.overheard import Overheard
from petstore.mock.session import Session
from petstore.mock.verifying import Expected, Unverified, verdict_of, verify
from tests.mock.builders import (
    JSON,
    a_json_request,
    a_request,
    a_session,
    an_exchange,
    respond,
)
from tests.mock.doors import DOORS
from tests.mock.servers import served

TOKEN = "tok/en-4711+x"
WRITTEN = "tok%2Fen-4711%2Bx"


def told(session: Session) -> str:
    """Return all that a session tells of what it was asked."""
    rows = [row.shown() for row in session.journal]
    verdict = verdict_of(
        session.journal, Expected.model_validate({"where": {"json.a": 1, "path": "x"}})
    )
    return json.dumps([rows, verdict.shown(), asdict(session.report())])


def asked(door, session: Session, line: str, **options) -> str:
    """Return what a door says of a request that was not recorded."""
    try:
        return str(door(session, line, **options).text)
    except UnmatchedRequest as error:
        return f"{error.report}{error.miss}"


@pytest.mark.parametrize("door", DOORS)
def test_credential_of_a_header_is_hidden_in_later_requests(door):
    session = a_session(an_exchange())
    door(session, "GET /pet/7", headers={"authorization": f"Bearer {TOKEN}"})

    report = asked(door, session, f"GET /keys/{WRITTEN}?of={WRITTEN}")

    assert "/keys/*" in report
    for text in (report, told(session)):
        assert "4711" not in text


@pytest.mark.parametrize("door", DOORS)
def test_credential_of_the_same_request_is_hidden(door):
    session = a_session()
    told_by = {"authorization": f"Bearer {TOKEN}"}

    report = asked(door, session, f"GET /keys/{WRITTEN}", headers=told_by)

    for text in (report, told(session)):
        assert "4711" not in text


def test_another_credential_of_a_request_that_is_known_is_hidden():
    session = a_session(an_exchange())
    for number in (1, 2):
        respond(session, a_request("GET /pet/7", x_api_key=f"key-number-{number}"))

    report = respond(session, a_request("GET /keys/key-number-2")).response

    assert b"key-number-2" not in report.body
    assert "key-number-2" not in told(session)


def test_field_that_is_a_secret_is_hidden_elsewhere():
    session = a_session(an_exchange("POST /x", "x", request={"json": {"a": "b"}}))
    respond(session, a_json_request("POST /y", '{"password":"hunter2-and-more"}'))

    answer = respond(session, a_json_request("POST /x", '{"a":"hunter2-and-more"}'))

    assert b"hunter2-and-more" not in answer.response.body
    assert "hunter2-and-more" not in told(session)


def test_what_is_told_later_is_hidden_in_what_came_before():
    session = a_session()
    respond(session, a_request("GET /keys/token-4711"))

    respond(session, a_request("GET /pet/7", authorization="Bearer token-4711"))

    assert "token-4711" not in told(session)


def test_word_is_shown():
    session = a_session()
    respond(session, a_json_request("POST /y", '{"password":"sunshine"}'))

    respond(session, a_request("GET /keys/sunshine"))

    assert "/keys/sunshine" in told(session)


def test_token_that_the_engine_gave_is_hidden():
    session = open_session(on_miss="engine")
    with served(session) as client:
        login = client.get("/v2/user/login?username=a&password=b").json()["message"]
        token = login.rpartition(":")[2]
        client.get(f"/v2/pet/{token}")

    assert len(token) > 9
    assert token not in told(session)


def test_token_that_an_upstream_gave_is_hidden():
    session = a_session(mode="off")
    answer = Response(200, dict(JSON), b'{"accessToken":"token-4711"}')
    respond(session, a_request("POST /tokens"), answer)

    respond(session, a_request("GET /keys/token-4711"), answer)

    assert "token-4711" not in told(session)


def test_drift_and_what_cannot_be_recorded_hide_it_too():
    secret = a_request("GET /keys/token-4711", authorization="Bearer token-4711")
    checked = a_session(an_exchange(), mode="check")
    respond(checked, secret, Response(200))
    target = Cassette()
    session = a_session(mode="record", target=target)
    broken = Response(200, {"content-encoding": "gzip"}, b"no gzip")
    respond(session, secret, broken)

    assert ["GET /keys/*: was not recorded [new]"] == checked.report().drifts
    assert 1 == len(session.report().unrecorded)
    assert "token-4711" not in told(checked) + told(session)


def test_what_was_told_long_ago_is_forgotten():
    overheard = Overheard(value_count_max=10)
    for number in range(100):
        overheard.hear(a_request("GET /", x_api_key=f"key-{number:04}"), is_new=False)

    assert ["/*", "/*"] == [overheard.path(f"/key-00{one}") for one in (99, 90)]
    assert "/key-0001" == overheard.path("/key-0001")


def test_what_was_sent_is_checked_and_no_secret_of_it_told():
    session = a_session()
    body = {"name": TOKEN, "photoUrls": []}
    respond(session, a_json_request("POST /pet", json.dumps(body), api_key=TOKEN))

    found = verify(session, op="addPet", where={"json.name": TOKEN})

    assert [1] == [row.number for row in found]
    assert "*" == found[0].facts.body["json"]["name"]
    with pytest.raises(Unverified) as caught:
        verify(session, op="addPet", where={"json.name": TOKEN}, times={"exactly": 0})
    with pytest.raises(Unverified) as other:
        verify(session, op="addPet", where={"json.name": "Rex"})
    assert TOKEN not in str(other.value)
    assert "came 1" in str(caught.value)


def test_body_that_the_journal_left_out_stays_unknown_beside_a_secret():
    session = a_session()
    body = json.dumps({"name": "Mimi", "photoUrls": ["x" * 70_000]})
    respond(session, a_json_request("POST /pet", body, authorization="Bearer tok4711x"))

    with pytest.raises(Unverified, match="left out"):
        verify(session, op="addPet", where={"json.name": "Mimi"}, times={"exactly": 0})
