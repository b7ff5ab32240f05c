"""What was asked is checked afterwards, and never found right by forgetting."""

import json

import pytest

from petstore.contract.errors import Invalid
from petstore.mock.verifying import Unverified, verify
from tests.mock.builders import a_json_request, a_request, a_session, respond


def a_session_that_was_asked():
    session = a_session()
    respond(session, a_request("GET /pet/7"))
    respond(session, a_request("GET /pet/findByStatus?status=sold"))
    for status in ("placed", "approved"):
        body = f'{{"petId": 7, "status": "{status}", "complete": true}}'
        respond(session, a_json_request("POST /store/order", body))
    return session


def numbers(rows):
    return [row.number for row in rows]


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        pytest.param({}, [1, 2, 3, 4], id="anything"),
        pytest.param({"op": "placeOrder"}, [3, 4], id="operation"),
        pytest.param({"method": "GET", "path": "/pet/7"}, [1], id="method-and-path"),
        pytest.param({"where": {"json.status": "placed"}}, [3], id="field"),
        pytest.param({"where": {"$.json.status": "placed"}}, [3], id="as-jsonpath"),
        pytest.param({"where": {"json.petId": 7}}, [3, 4], id="number"),
        pytest.param({"where": {"path.petId": 7}}, [1], id="number-in-the-path"),
        pytest.param({"where": {"query.status": "sold"}}, [2], id="one-of-a-list"),
        pytest.param({"where": {"query.status": ["sold"]}}, [2], id="a-list"),
        pytest.param({"where": {"json.complete": True}}, [3, 4], id="truth"),
        pytest.param(
            {"op": "placeOrder", "times": {"exactly": 2}}, [3, 4], id="exactly"
        ),
        pytest.param({"op": "addPet", "times": {"at_most": 0}}, [], id="never"),
        pytest.param(
            {
                "in_order": [
                    {"op": "getPetById"},
                    {"where": {"json.status": "approved"}},
                ]
            },
            [1, 4],
            id="in-order",
        ),
    ],
)
def test_what_came_is_found(expected, found):
    assert found == numbers(verify(a_session_that_was_asked(), **expected))


@pytest.mark.parametrize(
    ("expected", "words"),
    [
        pytest.param(
            {"op": "addPet"}, "addPet: expected at least 1, came 0", id="none"
        ),
        pytest.param(
            {"op": "placeOrder", "times": {"exactly": 1}}, "exactly 1, came 2", id="two"
        ),
        pytest.param(
            {"op": "placeOrder", "times": {"at_least": 1, "at_most": 1}},
            "at least 1 and at most 1, came 2",
            id="between",
        ),
        pytest.param({"where": {"json.petId": "7"}}, "came 0", id="text-is-no-number"),
        pytest.param({"where": {"json.complete": 1}}, "came 0", id="1-is-not-true"),
        pytest.param({"where": {"json.petId[0]": 7}}, "came 0", id="no-list"),
        pytest.param(
            {"in_order": [{"op": "placeOrder"}, {"op": "getPetById"}]},
            r"in_order\[1\]: getPetById did not come behind request 3",
            id="other-order",
        ),
    ],
)
def test_what_did_not_come_is_told(expected, words):
    with pytest.raises(Unverified, match=words):
        verify(a_session_that_was_asked(), **expected)


def test_nearest_request_comes_first_with_what_differs():
    with pytest.raises(Unverified) as caught:
        verify(
            a_session_that_was_asked(),
            op="placeOrder",
            where={"json.status": "approved", "json.petId": 8},
        )

    nearest = caught.value.verdict.nearest
    assert [4, 3] == [row["n"] for row in nearest[:2]]
    assert [{"path": "json.petId", "expected": 8, "sent": 7}] == nearest[0][
        "differences"
    ]


@pytest.mark.parametrize(
    ("expected", "words"),
    [
        ({"where": {"status": 1}}, "where: 'status' is no path"),
        ({"opp": "addPet"}, "opp: there is no such field; did you mean op?"),
        ({"times": 1}, "times: is 1, and should be .*, as {exactly: 1}"),
        ({"method": "get"}, "method: is 'get', and should be a method in capitals"),
        ({"path": "pet/7"}, "path: is 'pet/7', and should be a path, as /pet/7"),
        ({"in_order": ["addPet"]}, "in_order.0: is a text, .* of op, method, path"),
        ({"times": {}}, "exactly, at_least or at_most"),
        ({"times": {"exactly": -1}}, "times.exactly"),
        (
            {"op": "addPet", "in_order": [{"op": "addPet"}]},
            "leave the other fields out",
        ),
    ],
)
def test_expectation_that_is_none_is_refused(expected, words):
    with pytest.raises(Invalid, match=words):
        verify(a_session(), **expected)


@pytest.mark.parametrize(
    ("where", "count"),
    [
        ({"json.tags[0].id": 1}, 1),
        ({"json.tags[1].id": 1}, 0),
        ({"json.tags[*].id": [1, 2]}, 1),
        ({"json.tags[*].id": [2, 1]}, 0),
        ({"json.tags[*].name": ["friendly"]}, 1),
    ],
)
def test_lists_are_looked_into(where, count):
    session = a_session()
    tags = '[{"id": 1}, {"id": 2, "name": "friendly"}]'
    respond(session, a_json_request("POST /pet", f'{{"tags": {tags}}}'))

    assert count == len(verify(session, where=where, times={"at_least": 0}))


def test_count_that_the_journal_may_have_forgotten_is_never_right():
    session = a_session()
    for number in range(1_001):
        respond(session, a_request(f"GET /pet/{number}"))

    with pytest.raises(Unverified, match="forgot 1 earlier"):
        verify(session, path="/pet/1", times={"exactly": 1})
    assert [2] == numbers(verify(session, path="/pet/1"))


def test_password_is_never_shown():
    session = a_session()
    respond(session, a_request("GET /user/login?username=ada&password=hunter22"))

    with pytest.raises(Unverified) as caught:
        verify(session, where={"query.username": "bob"})

    assert "hunter22" not in repr(caught.value.verdict)


def an_order(note="", **more):
    body = json.dumps({"petId": 7, "note": note, **more})
    return a_json_request("POST /store/order", body)


LARGE = "n" * 70_000
OF_PET_7 = {"op": "placeOrder", "where": {"json.petId": 7}}


@pytest.mark.parametrize(
    "expected",
    [
        pytest.param({**OF_PET_7, "times": {"exactly": 0}}, id="exactly"),
        pytest.param({**OF_PET_7, "times": {"at_most": 1}}, id="at-most"),
        pytest.param(OF_PET_7 | {"times": {"at_least": 2}}, id="at-least"),
        pytest.param({"in_order": [OF_PET_7, OF_PET_7]}, id="in-order"),
    ],
)
def test_body_that_was_left_out_makes_nothing_right(expected):
    session = a_session()
    respond(session, an_order())
    respond(session, an_order(LARGE))

    with pytest.raises(Unverified, match=r"left out the bodies of 1, which are large"):
        verify(session, **expected)


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        pytest.param({**OF_PET_7, "times": {"at_least": 1}}, [1], id="enough"),
        pytest.param(
            {"op": "placeOrder", "times": {"exactly": 2}}, [1, 2], id="any-body"
        ),
        pytest.param(
            {**OF_PET_7, "op": "addPet", "times": {"exactly": 0}}, [], id="another"
        ),
        pytest.param(
            {"where": {"json.petId": 7, "query.a": "b"}, "times": {"at_most": 0}},
            [],
            id="another-query",
        ),
    ],
)
def test_body_that_was_left_out_matters_only_where_it_may(expected, found):
    session = a_session()
    respond(session, an_order())
    respond(session, an_order(LARGE))

    assert found == numbers(verify(session, **expected))
