"""A tidy recording answers the same calls, and is tidy."""

import json
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from petstore.contract.flavours import FACES
from petstore.engine.opening import Options, open_engine
from petstore.engine.seeding import empty, first_units
from petstore.engine.seeds import Seed
from petstore.mock.cassette import Cassette, document_of, dump, parse
from petstore.mock.checking import check_cassette
from petstore.mock.session import Session
from petstore.mock.tape import Tape, wire_request
from petstore.mock.tidying import tidy
from tests.kit.shop_calls import scripts
from tests.mock.builders import (
    JSON,
    a_cassette,
    a_json_request,
    a_request,
    an_exchange,
    respond,
)
from tests.mock.recordings import (
    NOW,
    a_good_recording,
    engine_answer,
    recorded,
    requests_of,
)

EXAMPLE_COUNT = 30


@pytest.fixture(scope="module")
def engine():
    options: Options = {"seed": "empty", "clock": lambda: NOW}
    engine = open_engine("memory:", options)
    yield engine
    engine.close()


def answers(cassette, requests):
    """Return what a session answers to these requests, in their order."""
    session = Session(Tape([cassette]))
    found = []
    for request in requests:
        response = respond(session, request).response
        found.append((response.status, response.headers, response.body))
    return found


def asked(cassette):
    return [wire_request(cassette, one.request) for one in cassette.exchanges]


def script_recording(engine, script, contract):
    for unit in (empty, *first_units("sandbox", Seed())):
        engine.store.write(unit)
    faces = [FACES["native", "strict"], FACES["v2", contract], FACES["v3", contract]]
    requests = [
        request
        for number, call in enumerate(script.calls)
        for request in requests_of(faces[number % 3], [call])
    ]
    for number, request in enumerate(requests):
        if number % 4 == 1:
            request.headers = {**request.headers, "accept": "application/xml"}
    return recorded(requests, lambda one: engine_answer(engine, one, contract))


@settings(max_examples=EXAMPLE_COUNT)
@given(script=scripts(), contract=st.sampled_from(["public", "strict"]))
def test_tidy_recording_answers_the_same_calls(engine, script, contract):
    cassette = script_recording(engine, script, contract)

    tidied = tidy(cassette)

    assert answers(cassette, asked(cassette)) == answers(tidied, asked(cassette))
    assert dump(tidied) == dump(tidy(tidied))


@settings(max_examples=EXAMPLE_COUNT)
@given(script=scripts(), contract=st.sampled_from(["public", "strict"]))
def test_canonical_recording_stays_so_and_has_no_drift(engine, script, contract):
    cassette = script_recording(engine, script, contract)

    tidied = tidy(cassette, canonical=True)

    assert dump(tidied) == dump(tidy(tidied, canonical=True))
    assert [] == [one for one in check_cassette(tidied) if not one.is_warning]
    statuses = [status for status, _, _ in answers(tidied, asked(tidied))]
    assert [one.response.status for one in tidied.exchanges] == statuses


def json_of(response):
    assert isinstance(response.body, bytes)
    return json.loads(response.body)


DRAFT = '{"name": "Rex", "photoUrls": [], "status": "available"}'


def a_scenario(pets_before, later):
    """Record the same calls on a store that has numbered other pets already."""
    options: Options = {"seed": "empty", "clock": lambda: NOW + later}
    engine = open_engine("memory:", options)
    ids: dict[str, int] = {}

    def ask(request):
        response = engine_answer(engine, request, "public")
        if request.method == "POST" and response.headers.get("etag"):
            ids.setdefault(request.path, json_of(response)["id"])
        return response

    try:
        for number in range(pets_before):
            for path, body in [
                ("/pet", DRAFT),
                ("/user", f'{{"username": "u{number}"}}'),
                ("/store/order", "{}"),
            ]:
                engine_answer(engine, a_json_request(f"POST {path}", body))
        return recorded(scenario_requests(ids), ask)
    finally:
        engine.close()


def scenario_requests(ids):
    """Yield the requests; `ids` has those that the server gave until then."""
    yield a_json_request("POST /pet", DRAFT)
    pet = ids["/pet"]
    yield a_request(f"GET /pet/{pet}")
    yield a_json_request("POST /pet", '{"id": 40, "name": "Own", "photoUrls": []}')
    yield a_json_request("POST /pet", '{"id": 40, "name": "Own", "photoUrls": []}')
    yield a_json_request("POST /store/order", f'{{"petId": {pet}, "quantity": 1}}')
    order = ids["/store/order"]
    yield a_request(f"GET /v2/store/order/{order}")
    yield a_request(f"GET /store/order?petId={pet}")
    yield a_request(f"GET /v2/pet/{pet}", accept="application/xml")
    yield a_json_request("POST /v2/user", '{"username": "ann", "password": "pass!"}')
    yield a_request("GET /v2/user/login?username=ann&password=pass!")
    yield a_request("GET /user/login?username=ann&password=pass!")
    yield a_json_request("POST /tokens", '{"username": "ann", "password": "pass!"}')
    yield a_request(f"DELETE /v2/pet/{pet}")
    yield a_request(f"GET /pet/{pet}")
    yield a_request(f"DELETE /api/v3/store/order/{order}")


def test_canonical_recordings_of_equal_calls_are_equal():
    early, late = a_scenario(0, timedelta()), a_scenario(7, timedelta(days=3))

    assert dump(early) != dump(late)
    assert dump(tidy(early, canonical=True)) == dump(tidy(late, canonical=True))


def test_ids_are_changed_wherever_they_stand():
    tidied = tidy(a_scenario(7, timedelta()), canonical=True)

    by_id = {one.id: one for one in tidied.exchanges}
    assert "/pet/1" == by_id["getPetById-1"].request.path
    assert 1 == by_id["placeOrder-1"].request.json_value["petId"]
    assert ["1"] == by_id["listOrders-1"].request.query["petId"]
    assert "<id>1</id>" in str(by_id["getPetById-2"].response.text)
    assert "1" == by_id["deletePet-1"].response.json_value["message"]
    assert "There is no pet 1." == by_id["getPetById-3"].response.json_value["detail"]
    assert 40 == by_id["addPet-2"].response.json_value["id"]


def test_ids_of_the_client_are_left_out():
    def made(id, sent, given):
        pet = {"name": "Rex", "photoUrls": []}
        request = {"headers": JSON, "json": {**pet, **sent}}
        response = {"headers": JSON, "json": {**pet, "id": given}}
        return an_exchange("POST /pet", id, request=request, response=response)

    recording = a_cassette(made("a", {"id": 1}, 1), made("b", {}, 9), made("c", {}, 7))
    tidied = tidy(recording, canonical=True)

    assert [1, 2, 3] == [one.response.json_value["id"] for one in tidied.exchanges]


@pytest.mark.parametrize(
    ("line", "response"),
    [
        pytest.param(
            "GET /pet/7/history",
            {"json": {"items": [{"at": "2030-01-04T12:00:00Z"}]}},
            id="JSON",
        ),
        pytest.param(
            "GET /v2/store/order/7",
            {"json": {"id": 1, "shipDate": "2030-01-04T12:00:00.000+0000"}},
            id="JSON of the public servers",
        ),
        pytest.param(
            "GET /v2/store/order/7",
            {
                "headers": {"content-type": "application/xml"},
                "text": "<Order><shipDate>2030-01-04T12:00:00.000Z</shipDate></Order>",
            },
            id="XML",
        ),
    ],
)
def test_times_in_bodies_move(line: str, response):
    one = an_exchange(line, response={"headers": JSON, **response})

    tidied = tidy(a_cassette(one, recorded="2030-01-01T12:00:00Z"), canonical=True)

    text = dump(tidied)
    assert ("2030-01-04" not in text, 2) == (True, text.count("2030-01-01T12:00:00"))


def test_time_that_would_leave_the_calendar_stays():
    def told(id, at):
        order = {"id": 1, "shipDate": at}
        return an_exchange(
            f"GET /store/order/{id}", id, response={"headers": JSON, "json": order}
        )

    first, last = "2020-01-01T00:00:00Z", "9999-12-31T23:00:00Z"
    recording = a_cassette(told("1", first), told("2", last), recorded=NOW.isoformat())
    tidied = tidy(recording, canonical=True)

    assert last == tidied.exchanges[1].response.json_value["shipDate"]
    assert first != tidied.exchanges[0].response.json_value["shipDate"]


def test_first_time_of_the_server_is_that_of_the_recording():
    tidied = tidy(a_scenario(0, timedelta(days=3)), canonical=True)

    times = [one.response.headers.get("x-expires-after") for one in tidied.exchanges]
    assert ["Tue Jan 01 12:00:00 UTC 2030", "2030-01-01T12:00:00.000+00:00"] == [
        one for one in dict.fromkeys(times) if one
    ]


@pytest.mark.parametrize(
    ("kinds", "kept"),
    [
        pytest.param("aab", "aab", id="a repeat in the middle comes before another"),
        pytest.param("abbb", "ab", id="the last answer is repeated anyhow"),
        pytest.param("aaa", "a", id="all the same"),
    ],
)
def test_repeats_at_the_end_of_safe_requests_are_dropped(kinds, kept):
    exchanges = [
        an_exchange("GET /x", str(number), response={"text": kind})
        for number, kind in enumerate(kinds)
    ]

    tidied = tidy(a_cassette(*exchanges))

    assert list(kept) == [one.response.text for one in tidied.exchanges]


def test_repeats_that_count_are_kept():
    post = [an_exchange("POST /x", str(number)) for number in range(2)]
    noted = [an_exchange("GET /y", "a"), an_exchange("GET /y", "b", note="again")]

    assert 4 == len(tidy(a_cassette(*post, *noted)).exchanges)


def test_what_was_not_played_is_pruned():
    exchanges = [an_exchange(f"GET /{name}", name) for name in "abc"]

    tidied = tidy(a_cassette(*exchanges), prune={"a", "c"})

    assert ["a", "c"] == [one.id for one in tidied.exchanges]


HAND_WRITTEN = """\
petstore: cassette/1
headers: [X-Tenant]
---
id: createUser-1
note: keep me
request:
  method: POST
  path: /user
  headers: {X-Tenant: a, Authorization: Bearer abcdefgh, User-Agent: me}
  json: {username: ann, password: hunter22}
response:
  status: 200
  headers: {Date: now, Content-Type: application/json, ETag: '"1"'}
  text: '{"id": 1, "username": "ann", "password": "hunter22", "version": 1}'
match: {times: any}
---
id: createUser-2
request:
  method: POST
  path: /user
  json: {username: bob, password: <password-1>}
response: {status: 200, encoding: gzip, json: {token: abc}}
...
"""


def test_hand_edits_get_the_form_of_a_recorder():
    tidied = tidy(parse(HAND_WRITTEN))

    first, second = map(document_of, tidied.exchanges)
    assert {
        "id": "createUser-1",
        "request": {
            "method": "POST",
            "path": "/user",
            "headers": {"x-tenant": "a"},
            # <password-1> is taken by another one.
            "json": {"username": "ann", "password": "<password-2>"},
        },
        "response": {
            "status": 200,
            "headers": {"content-type": "application/json", "etag": '"1"'},
            "json": {
                "id": 1, "username": "ann", "password": "<password-2>", "version": 1,
            },
        },
        "match": {"times": "any"},
        "note": "keep me",
    } == first  # fmt: skip
    assert {"username": "bob", "password": "<password-1>"} == second["request"]["json"]
    assert {"status": 200, "encoding": "gzip", "json": {"token": "<token-1>"}} == (
        second["response"]
    )
    assert dump(tidied) == dump(tidy(tidied))
    assert "hunter22" not in dump(tidied)


def test_no_secret_stays_in_what_is_said_of_a_recording():
    login = an_exchange("GET /x", "b", request={"json": {"password": "hunter22"}})
    noted = an_exchange("GET /y", "a", note="password=hunter23 or hunter22")
    header = {"name": "hunter22", "upstream": "http://ann:hunter24@a.test/shop"}
    recording = a_cassette(noted, login, **header)

    tidied = tidy(recording)

    secrets = [
        (one.exchange, one.field)
        for one in check_cassette(recording)
        if one.kind == "secret"
    ]
    expected = [("", "name"), ("", "upstream"), ("a", "note"), ("b", "request.json")]
    assert expected == [(id, field.removesuffix(".password")) for id, field in secrets]
    assert "hunter2" not in dump(tidied)
    assert ("http://a.test/shop", dump(tidied)) == (
        tidied.header.upstream,
        dump(tidy(tidied)),
    )
    assert "secret" not in [one.kind for one in check_cassette(tidied)]


def test_large_bodies_come_along():
    cassette = Cassette()
    name = cassette.keep(bytes(range(256)) * 8, "bin")
    cassette.exchanges.append(an_exchange("GET /x", response={"file": name}))

    tidied = tidy(cassette)

    assert bytes(range(256)) * 8 == tidied.fetch(name)
    assert name == tidied.exchanges[0].response.file


def test_good_recording_has_no_drift_once_it_is_canonical():
    good = a_good_recording()

    tidied = tidy(good, canonical=True)

    assert [] == check_cassette(tidied, now=NOW)
    assert len(good.exchanges) == len(tidied.exchanges)
    assert JSON["content-type"] == tidied.exchanges[0].request.headers["content-type"]


def test_repeat_that_answers_an_unequal_request_too_is_kept():
    def named(id, query, name, *ignore):
        return an_exchange(
            "GET /find",
            id,
            request={"query": {"q": query}},
            response={"text": name},
            match={"ignore": list(ignore)},
        )

    cassette = a_cassette(
        named("a", "1", "any", "query.q"),
        named("b", "2", "two"),
        named("c", "1", "any", "query.q"),
    )
    requests = [a_request("GET /find?q=2")] * 3

    assert answers(cassette, requests) == answers(tidy(cassette), requests)
