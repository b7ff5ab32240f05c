"""What the contract gives as an example is an answer of the contract."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from petstore.contract.call import ByteStream
from petstore.contract.errors import RemoteError
from petstore.contract.event import read_events
from petstore.contract.flavours import FACES
from petstore.contract.http import decode_request, encode_request, resolve
from petstore.contract.operations import OPERATIONS
from petstore.contract.replies import decode_reply
from petstore.mock.examples import Examples
from petstore.mock.session import Session
from petstore.mock.tape import Tape
from tests.kit.faces import can_carry
from tests.kit.operation_strategies import operation_calls
from tests.mock.builders import a_session, an_exchange
from tests.mock.kit import NOW, a_pet, ask, clock, played, recorded, text_of

ROUTES = [
    pytest.param(face, route, id=f"{face.flavour}-{face.contract}-{name}")
    for face in FACES.values()
    for name, route in face.routes.items()
]


@pytest.mark.parametrize(("face", "route"), ROUTES)
@settings(max_examples=2, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_each_example_is_an_answer_of_the_contract(face, route, data):
    call = data.draw(
        operation_calls(route.operation).filter(lambda one: can_carry(face, one))
    )
    request = encode_request(face, call)
    match = resolve(face, request.method, request.path)

    response = Examples(data.draw(st.integers())).response(match, request, NOW)

    reply = decode_reply(face, decode_request(match, request), response)
    assert 200 == reply.status
    if route.operation.endless:
        (event,) = read_events(reply.value)
        assert "pet" == event.kind


def example(line, body=None, seed=0):
    request = ask(line, body)
    match = resolve(FACES["native", "strict"], request.method, request.path)
    return Examples(seed).response(match, request, NOW)


def test_example_is_the_same_for_the_same_seed_and_another_for_another():
    lines = ["GET /pet/7", "GET /store/inventory", "GET /store/order/7"]
    told = [[text_of(example(line, seed=seed)) for line in lines] for seed in (1, 1, 2)]

    assert told[0] == told[1] != told[2]


def test_example_has_the_words_of_the_contract_and_is_about_what_was_asked():
    pet = json.loads(text_of(example("GET /pet/7")))
    user = json.loads(text_of(example("GET /user/ada")))

    assert [7, "doggie", "available"] == [pet[one] for one in ("id", "name", "status")]
    assert ["ada", "John"] == [user[one] for one in ("username", "firstName")]


def test_example_for_what_is_no_request_is_a_refusal():
    assert 422 == example("POST /pet", {"name": "Rex"}).status
    assert 400 == example("GET /pet/none").status


def test_picture_is_an_example_too():
    response = example("GET /photos/" + "0" * 64 + ".png")

    assert isinstance(response.body, ByteStream)
    assert "image/png" == response.headers["content-type"]


# ----------------------------------------------------------------------------- sessions


def session_of(*story, **setup):
    return Session(Tape([recorded(story)]), today=clock, **setup)


def test_miss_may_be_answered_by_an_example():
    session = session_of(ask("GET /pet/1"), on_miss="example", seed=3)

    answers = [played(session, ask(line)) for line in ("GET /v2/pet/9", "GET /nowhere")]

    assert ["example", "miss"] == [one.served_by for one in answers]
    assert 9 == json.loads(text_of(answers[0].response))["id"]


def test_preferred_status_is_served_from_the_recording_and_not_consumed():
    post = ask("POST /pet", a_pet(1))
    session = session_of(post, ask("POST /pet", a_pet(77)), ask("GET /pet/404"))

    for line in ("GET /pet/404", "GET /pet/1"):
        answer = played(session, ask(line, prefer="code=404"))
        assert "recording/getPetById-1" == answer.served_by
        assert "code=404" == answer.response.headers["preference-applied"]
        assert 404 == answer.response.status
    ok = played(session, ask("POST /pet", a_pet(5), prefer="code=200"))
    conflict = played(session, post)

    assert [200, 409] == [ok.response.status, conflict.response.status]
    assert ["recording/addPet-2", "recording/addPet-1"] == [
        ok.served_by,
        conflict.served_by,
    ]
    assert "preference-applied" not in conflict.response.headers


def test_preferred_status_is_of_the_nearest_request():
    session = session_of(
        ask("GET /pet/404"), ask("GET /pet/405"), ask("GET /pet/405", if_none_match="*")
    )

    served = [
        played(session, ask(line, prefer="code=404", **headers)).served_by
        for line, headers in (
            ("GET /pet/7", {}),
            ("GET /pet/405", {}),
            ("GET /pet/405", {"if_none_match": "*"}),
        )
    ]

    assert [f"recording/getPetById-{number}" for number in (1, 2, 3)] == served


@pytest.mark.parametrize(
    ("line", "body"),
    [
        ("GET /pet/1", '"code":"not_found"'),
        ("GET /pet/1", "The request prefers an answer of 404"),
        ("GET /v2/pet/1", '{"code":1,"type":"error","message":"Pet not found"}'),
        ("GET /api/v3/pet/1", "Pet not found"),
        ("GET /nowhere", '"status":404'),
    ],
)
def test_preferred_status_that_nobody_recorded_is_in_the_words_of_the_face(line, body):
    answer = played(session_of(), ask(line, prefer="code=404"))

    assert ["example", 404] == [answer.served_by, answer.response.status]
    assert body in text_of(answer.response)


@pytest.mark.parametrize("status", [429, 500, 418])
def test_any_error_may_be_preferred(status):
    answer = played(session_of(), ask("GET /v2/pet/1", prefer=f"code={status}"))

    assert status == answer.response.status


def test_preferred_success_that_nobody_recorded_is_an_example():
    answer = played(session_of(), ask("GET /pet/1", prefer="code=200"))

    assert ["example", 200] == [answer.served_by, answer.response.status]
    assert "doggie" in text_of(answer.response)


def test_example_is_preferred_to_what_was_recorded():
    session = session_of(ask("GET /pet/1"))

    answer = played(session, ask("GET /pet/1", prefer="wait=1, example"))

    assert "example" == answer.served_by
    assert "example" == answer.response.headers["preference-applied"]
    assert "doggie" in text_of(answer.response)


@pytest.mark.parametrize(
    "prefer", ["return=minimal", "code-name=x", "respond-async", ""]
)
def test_preference_that_is_no_mocks_is_left_alone(prefer):
    session = session_of(ask("GET /pet/1"))

    answer = played(session, ask("GET /pet/1", prefer=prefer))

    assert "recording/getPetById-1" == answer.served_by
    assert "preference-applied" not in answer.response.headers


@pytest.mark.parametrize("code", ["abc", "99", "101", "600", ""])
def test_preferred_code_that_is_no_status_is_told(code):
    session = session_of(ask("GET /pet/1"))

    answer = played(session, ask("GET /pet/1", prefer=f"wait=1, code={code}"))

    words = f"Prefer: code={code} should be a status from 200 to 599, as code=404."
    assert (501, "miss") == (answer.response.status, answer.served_by)
    assert f"Wrong {words}" == json.loads(text_of(answer.response))["detail"]
    assert 1 == session.journal.unmatched_count


@pytest.mark.parametrize("status", [204, 304])
def test_no_body_is_sent_with_a_status_that_has_none(status):
    written = an_exchange("GET /a", "a", status=status, response={"text": "a"})
    session = session_of(ask("GET /pet/1"))
    session.add_stub(written)

    example = played(session, ask("GET /pet/1", prefer=f"code={status}"))
    recorded = played(session, ask("GET /a"))

    assert [(status, b"")] * 2 == [
        (one.response.status, one.response.body) for one in (example, recorded)
    ]


def test_preferred_error_is_one_of_the_contract():
    call = decode_request(
        resolve(FACES["native", "strict"], "GET", "/pet/1"), ask("GET /pet/1")
    )
    answer = played(session_of(), ask("GET /pet/1", prefer='code="409"; x=1'))

    with pytest.raises(RemoteError) as raised:
        decode_reply(FACES["native", "strict"], call, answer.response)
    assert 409 == raised.value.status
    assert OPERATIONS["getPetById"] is call.operation


def test_preferred_error_of_another_request_does_not_say_what_was_wrong_with_that():
    told = {"x-petstore-problem": '{"detail": "There is no pet 99999."}'}
    session = a_session(
        an_exchange("GET /v2/pet/99999", status=404, response={"headers": told})
    )

    own, other = (
        played(session, ask(f"GET /v2/pet/{pet}", prefer="code=404")).response.headers
        for pet in (99999, 555)
    )

    assert (True, False) == ("x-petstore-problem" in own, "x-petstore-problem" in other)
