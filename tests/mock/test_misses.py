"""A miss names every field that differs, and what would mend it."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petstore.mock.misses import Miss
from tests.mock.builders import (
    JSON,
    a_json_request,
    a_request,
    a_session,
    an_exchange,
    respond,
)

ORDER = an_exchange(
    "POST /store/order",
    "placeOrder-1",
    request={"headers": JSON, "json": {"petId": 7, "quantity": 1, "status": "placed"}},
    response={"headers": JSON, "json": {"id": 1}},
)
PET = an_exchange("GET /v2/pet/7", "getPetById-1")
FIND = an_exchange(
    "GET /v2/pet/findByStatus",
    "findPetsByStatus-1",
    request={"query": {"status": "sold"}},
)
OTHER = an_exchange(
    "GET /other/thing", "get-other-thing-1", request={"query": {"a": "1"}}
)


def missed(request, *exchanges, before=()) -> Miss:
    session = a_session(*(exchanges or (ORDER, PET, FIND, OTHER)), id="buy twice")
    for one in before:
        respond(session, one)
    answer = respond(session, request)
    assert answer.miss is not None
    return answer.miss


def order(text: str):
    return a_json_request("POST /store/order", text)


GOLDEN = Path(__file__).parent / "golden"
MISSES = {
    "body": order('{"petId":7,"quantity":2,"rush":true}'),
    "path": a_request("GET /v2/pet/8"),
    "query": a_request("GET /v2/pet/findByStatus?status=sold&status=pending"),
    "other": a_request("GET /other/things?a=1"),
    "unknown": a_request("DELETE /v2/pet/7"),
    "elsewhere": a_request("GET /pet/7"),
    "served": order('{"petId":7,"quantity":1,"status":"placed"}'),
    "header": a_request("GET /v2/pet/7", accept="application/xml"),
    "invalid": order('{"petId":7,'),
}


@pytest.mark.parametrize("name", MISSES)
def test_report_is_to_the_letter(name):
    expected = (GOLDEN / f"{name}.txt").read_text()

    assert expected == missed(MISSES[name], before=[MISSES["served"]]).text + "\n"


def test_report_shows_no_secret():
    login = an_exchange(
        "GET /user/login",
        "loginUser-1",
        request={"query": {"username": "ann", "password": "<password-1>"}},
    )

    miss = missed(a_request("GET /user/login?username=bob&password=hunter2"), login)

    assert "hunter2" not in miss.text
    assert [("query.username[0]", '"ann"', '"bob"')] == list(miss.differences)


def test_what_may_differ_is_not_shown_as_a_difference():
    one = an_exchange(
        "POST /store/order",
        "one",
        request={"headers": JSON, "json": {"at": 1, "n": 1}},
        match={"ignore": ["json.at"]},
    )

    assert ["json.n"] == [
        d.path for d in missed(order('{"at":2,"n":2}'), one).differences
    ]


def test_problem_document_says_all_of_it():
    body = missed(a_request("GET /v2/pet/8")).response().body
    assert isinstance(body, bytes)
    document = json.loads(body)

    assert (501, "unmatched", "differs", "getPetById-1") == (
        document["status"], document["code"], document["reason"], document["nearest"]
    )  # fmt: skip
    assert [{"path": "path.petId", "recorded": '"7"', "sent": '"8"'}] == document[
        "differences"
    ]


@given(st.binary(max_size=40), st.sampled_from([*JSON.values(), "", "application/xml"]))
def test_report_never_fails(body, kind):
    request = a_request("POST /store/order", body, content_type=kind)

    assert missed(request, ORDER, PET).text
