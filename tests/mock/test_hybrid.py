"""A recording and the engine behind it answer as one."""

import asyncio
import json
import sys
from subprocess import run

import pytest

from petstore.contract.replies import Response
from petstore.mock.cassette import Cassette
from petstore.mock.driving import answered_async
from petstore.mock.engine_door import AsyncEngineDoor, EngineDoor, engine_setup
from petstore.mock.exchange import Exchange
from petstore.mock.session import Session
from petstore.mock.steps import Answer, Ask
from petstore.mock.story import Story
from petstore.mock.tape import Tape
from tests.mock.kit import NOW, a_pet, ask, clock, played, recorded, text_of

MERGE = "application/merge-patch+json"


class Played:
    """Play a recording with an engine behind it."""

    def __init__(self, cassette: Cassette) -> None:
        self.session = Session(Tape([cassette]), on_miss="engine", today=lambda: NOW)
        self.engine = EngineDoor(**engine_setup(self.session))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.engine.close()

    def ask(self, line, body=None, /, **headers) -> Answer:
        return played(self.session, ask(line, body, **headers), self.engine)


def by(answer: Answer) -> str:
    """Say who answered, and with which status."""
    return f"{answer.served_by.partition('/')[0]} {answer.response.status}"


def json_of(answer: Answer):
    return json.loads(text_of(answer.response))


def patched(pet_id, **fields):
    return (f"PATCH /pet/{pet_id}", json.dumps(fields).encode())


@pytest.mark.parametrize("base", ["", "/v2", "/api/v3"])
def test_pet_that_was_posted_is_there(base):
    with Played(recorded([ask(f"POST {base}/pet", a_pet())])) as play:
        posted = play.ask(f"POST {base}/pet", a_pet())
        found = play.ask(f"GET {base}/pet/{json_of(posted)['id']}")

    assert ["recording 200", "engine 200"] == [by(posted), by(found)]
    assert json_of(posted) == json_of(found)
    assert posted.response.headers == found.response.headers


def test_pet_that_was_changed_is_answered_by_the_engine_from_then_on():
    cassette = recorded([ask("GET /pet/1"), ask("GET /pet/findByStatus?status=sold")])
    with Played(cassette) as play:
        before = [play.ask("GET /pet/1"), play.ask("GET /pet/findByStatus?status=sold")]
        change = play.ask(*patched(1, status="sold"), content_type=MERGE)
        after = [play.ask("GET /pet/1"), play.ask("GET /pet/findByStatus?status=sold")]

    assert ["recording 200"] * 2 == [by(one) for one in before]
    assert ["engine 200"] * 3 == [by(one) for one in [change, *after]]
    assert "sold" == json_of(after[0])["status"]
    assert '"2"' == after[0].response.headers["etag"]
    assert [1, 5] == [pet["id"] for pet in json_of(after[1])]


def test_condition_on_a_recorded_version_holds_in_the_engine():
    requests = [
        ask(*patched(1, name=name), content_type=MERGE) for name in ("a", "b", "c")
    ]
    with Played(recorded([*requests, ask("GET /pet/1")])) as play:
        etag = play.ask("GET /pet/1").response.headers["etag"]
        change = play.ask(*patched(1, name="d"), content_type=MERGE, if_match=etag)

    assert '"4"' == etag
    assert "engine 200" == by(change)
    assert '"5"' == change.response.headers["etag"]


def test_deletion_of_nothing_leaves_recordings_true():
    """The public v3 server says 200 to it."""
    with Played(recorded([ask("GET /pet/findByStatus?status=sold")])) as play:
        deleted = play.ask("DELETE /api/v3/pet/999")
        found = play.ask("GET /pet/findByStatus?status=sold")

    assert ["engine 200", "recording 200"] == [by(deleted), by(found)]


def test_user_without_a_name_is_nobody():
    """The public v2 server answers it, and stores nothing."""
    story = [ask("GET /user"), ask("POST /v2/user", {"username": ""})]
    with Played(recorded(story)) as play:
        posted = play.ask("POST /v2/user", {"username": ""})
        found = play.ask("GET /user")

    assert ["recording 200"] * 2 == [by(posted), by(found)]


def test_pet_that_was_deleted_is_not_there():
    with Played(recorded([ask("GET /v2/pet/2"), ask("DELETE /v2/pet/2")])) as play:
        play.ask("GET /v2/pet/2")
        deleted = play.ask("DELETE /v2/pet/2")
        found = play.ask("GET /pet/2")

    assert ["recording 200", "engine 404"] == [by(deleted), by(found)]
    assert "not_found" == json_of(found)["code"]


def test_read_of_before_a_write_is_not_served_behind_it():
    change = ask(*patched(1, name="new"), content_type=MERGE)
    with Played(recorded([ask("GET /pet/1"), change])) as play:
        play.ask(*patched(1, name="new"), content_type=MERGE)
        found = play.ask("GET /pet/1")

    assert "engine 200" == by(found)
    assert "new" == json_of(found)["name"]


def test_read_of_behind_a_write_waits_for_it():
    change = ask(*patched(1, name="new"), content_type=MERGE)
    story = [ask("GET /pet/1"), change, ask("GET /pet/1")]
    with Played(recorded(story)) as play:
        names = [json_of(play.ask("GET /pet/1"))["name"] for _ in range(3)]
        play.ask(*patched(1, name="new"), content_type=MERGE)
        after = play.ask("GET /pet/1")

    assert ["Cat 1"] * 3 == names
    assert "recording 200" == by(after)
    assert "new" == json_of(after)["name"]


def test_answer_about_what_nobody_touched_is_served_and_taken_for_done():
    story = [ask("POST /pet", a_pet(50)), ask("GET /pet/50"), ask("GET /user/user1")]
    with Played(recorded(story)) as play:
        found = play.ask("GET /pet/50")
        change = play.ask(*patched(50, name="Eve"), content_type=MERGE)

    assert ["recording 200", "engine 200"] == [by(found), by(change)]


def test_writes_in_another_order_are_done_by_the_engine():
    story = [
        ask("GET /pet/1"),
        ask("PUT /pet", a_pet(1, name="first")),
        ask("PUT /pet", a_pet(1, name="second")),
    ]
    with Played(recorded(story)) as play:
        answers = [
            play.ask("PUT /pet", a_pet(1, name="second")),
            play.ask("PUT /pet", a_pet(1, name="first")),
            play.ask("GET /pet/1"),
        ]

    assert ["engine 200"] * 3 == [by(one) for one in answers]
    assert "first" == json_of(answers[-1])["name"]


def test_new_ids_are_above_all_that_were_recorded():
    story = [ask("POST /pet", a_pet(700)), ask("GET /store/order/900")]
    with Played(recorded(story)) as play:
        pet = play.ask("POST /pet", a_pet())

    assert "engine 200" == by(pet)
    assert 901 == json_of(pet)["id"]


def test_id_that_no_store_gives_is_left_out_of_the_count():
    story = Story(Tape([recorded([ask(f"GET /v2/pet/{2**63 - 1}")])]))

    assert 1 == story.first_id


def test_user_has_the_password_that_was_sent():
    """The recording has only a placeholder of it."""
    user = {"username": "ada", "password": "correct horse"}
    credentials = {"username": "ada", "password": "correct horse"}
    for base in ("", "/v2", "/api/v3"):
        with Played(recorded([ask(f"POST {base}/user", user)])) as play:
            posted = play.ask(f"POST {base}/user", user)
            token = play.ask("POST /tokens", credentials)
            found = play.ask("GET /user/ada")

        served = [by(one) for one in (posted, token, found)]
        assert ["recording 200", "engine 200", "engine 200"] == served
        assert 12 == json_of(found)["id"]


def test_users_of_a_list_have_their_recorded_ids():
    users = [{"username": "ada"}, {"username": "eve"}]
    story = [ask("POST /v2/user/createWithList", users), ask("GET /v2/user/eve")]
    with Played(recorded(story)) as play:
        play.ask("POST /v2/user/createWithList", users)
        found = play.ask("GET /api/v3/user/eve")

    assert "engine 200" == by(found)
    assert 13 == json_of(found)["id"]


def test_form_is_told_to_the_engine():
    form = "POST /v2/pet/1", b"name=New&status=sold"
    kind = "application/x-www-form-urlencoded"
    story = [ask("GET /v2/pet/1"), ask(*form, content_type=kind)]
    with Played(recorded(story)) as play:
        play.ask(*form, content_type=kind)
        found = play.ask("GET /pet/1")

    assert ["New", "sold"] == [json_of(found)[name] for name in ("name", "status")]


def test_order_in_xml_is_told_to_the_engine():
    order = {"petId": 1, "quantity": 3, "status": "placed"}
    xml = "application/xml"
    story = [ask("POST /v2/store/order", order, accept=xml)]
    with Played(recorded(story)) as play:
        play.ask("POST /v2/store/order", order, accept=xml)
        found = play.ask("GET /store/order/11")

    assert "engine 200" == by(found)
    assert 3 == json_of(found)["quantity"]


def test_replay_alone_asks_no_engine():
    story = [ask("GET /pet/1"), ask("POST /pet", a_pet()), ask("GET /pet")]
    session = Session(Tape([recorded(story)]), on_miss="engine")

    answers = [played(session, request) for request in story]

    assert ["recording 200"] * 3 == [by(one) for one in answers]


def test_engine_is_told_once_while_two_ask():
    story = [ask("GET /pet/1"), ask("GET /pet/2")]
    session = Session(Tape([recorded(story)]), on_miss="engine")
    first, second = (session.respond(ask("GET /pet")) for _ in range(2))

    told = [next(first), next(second), first.send(None), first.send(None)]
    last = second.send(None)

    assert [Ask, "Turn", Ask, Ask] == [
        type(one) if isinstance(one, Ask) else type(one).__name__ for one in told
    ]
    asked = [one.request.method for one in (*told, last) if isinstance(one, Ask)]
    assert ["POST", "POST", "GET", "GET"] == asked


def test_repeats_of_a_write_that_may_be_repeated_change_nothing():
    cassette = recorded([ask("GET /pet/1"), ask("PUT /pet", a_pet(1))])
    document = cassette.exchanges[1].model_dump(by_alias=True, exclude_unset=True)
    document["match"] = {"times": "any"}
    cassette.exchanges[1] = Exchange.model_validate(document)
    with Played(cassette) as play:
        answers = [play.ask("PUT /pet", a_pet(1)) for _ in range(3)]
        found = play.ask("GET /pet/1/history")

    assert ["recording 200"] * 3 == [by(one) for one in answers]
    assert [1, 2] == [one["version"] for one in json_of(found)["items"]]


def test_other_apis_are_replayed_as_they_are():
    story = [ask("GET /elsewhere"), ask("GET /pet/1")]
    with Played(recorded(story)) as play:
        assert "recording 404" == by(play.ask("GET /elsewhere"))
        assert "engine 404" == by(play.ask("GET /nowhere"))


async def test_coroutines_ask_one_engine_at_once():
    """Whoever asks second waits until the engine knows what it must."""
    story = [ask(f"GET /pet/{number}") for number in range(1, 11)]
    session = Session(Tape([recorded(story)]), on_miss="engine", today=clock)
    async with AsyncEngineDoor(**engine_setup(session)) as engine:

        async def asked(step: Ask) -> Response:
            return await engine.answer(step.request)

        requests = [ask(f"GET /v2/pet/{number}") for number in range(1, 11)]
        answers = await asyncio.gather(
            *(answered_async(session, one, asked, asyncio.sleep) for one in requests)
        )

    assert ["engine 200"] * 10 == [by(one) for one in answers]


def test_player_loads_no_engine():
    code = (
        "import sys, petstore.mock.session, petstore.mock.hybrid, petstore.mock.story;"
        "print([m for m in ('httpx', 'sqlalchemy', 'sqlmodel', 'respx') if m in"
        " sys.modules])"
    )
    done = run([sys.executable, "-c", code], capture_output=True, check=True)
    assert b"[]" == done.stdout.strip()
