"""However calls are mixed, a recording with its engine is as the engine alone."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from petstore.contract.http import Request
from petstore.contract.order import OrderDraft
from petstore.contract.pet import PetDraft
from petstore.contract.replies import Response
from petstore.contract.user import UserDraft
from petstore.engine.seeds import Seed
from petstore.mock.engine_door import EngineDoor, engine_setup
from petstore.mock.facts import facts_of
from petstore.mock.session import Session
from petstore.mock.tape import Tape
from tests.mock.kit import NOW, a_pet, ask, clock, played, recorded

KNOWN = (1, 2, 3)
NAMES = ("", "ada", "eve", "kim")
BASES = ("", "/v2", "/api/v3")
MERGE = "application/merge-patch+json"
SEED = Seed(
    pets=[
        PetDraft(id=one, name=f"Pet {one}", photo_urls=["u"], status="available")
        for one in KNOWN
    ],
    orders=[OrderDraft(id=one, pet_id=1, ship_date=NOW) for one in KNOWN],
    users=[UserDraft(id=one, username=NAMES[one], email="a@b.c") for one in KNOWN],
)
FIRST = [
    *(ask(f"GET /pet/{one}") for one in KNOWN),
    *(ask(f"GET /store/order/{one}") for one in KNOWN),
    *(ask(f"GET /user/{NAMES[one]}") for one in KNOWN),
]
_STATUSES = ("available", "pending", "sold")
_WORDS = ("Rex", "Ada", "é")


def calls(ids: tuple[int, ...]) -> st.SearchStrategy[Request]:
    """Draw calls on entities of these ids, on any face."""
    one_of = st.tuples(
        st.sampled_from(BASES),
        st.sampled_from(ids),
        st.sampled_from(_STATUSES),
        st.sampled_from(_WORDS),
    )
    return st.tuples(st.sampled_from(_KINDS), one_of).map(lambda two: two[0](*two[1]))


def _get(base, number, *_):
    return ask(f"GET {base}/pet/{number}")


def _post(base, number, status, name):
    return ask(f"POST {base}/pet", a_pet(number, status=status, name=name))


def _put(base, number, status, name):
    return ask(f"PUT {base}/pet", a_pet(number, status=status, name=name))


def _patch(_, number, status, __):
    body = json.dumps({"status": status}).encode()
    return ask(f"PATCH /pet/{number}", body, content_type=MERGE)


def _form(base, number, status, _):
    if base == "/api/v3":
        return ask(f"POST {base}/pet/{number}?name=Form&status={status}")
    body = f"status={status}".encode()
    kind = "application/x-www-form-urlencoded"
    return ask(f"POST {base}/pet/{number}", body, content_type=kind)


def _delete(base, number, *_):
    return ask(f"DELETE {base}/pet/{number}")


def _restore(_, number, *__):
    return ask(f"POST /pet/{number}/restore")


def _find(base, _, status, __):
    return ask(f"GET {base}/pet/findByStatus?status={status}")


def _inventory(base, *_):
    return ask(f"GET {base}/store/inventory")


def _pets(*_):
    return ask("GET /pet")


def _order(base, number, *_):
    return ask(f"POST {base}/store/order", {"id": number, "petId": number})


def _order_read(base, number, *_):
    return ask(f"GET {base}/store/order/{number}")


def _order_delete(base, number, *_):
    return ask(f"DELETE {base}/store/order/{number}")


def _user(base, number, _, name):
    user = {"id": number, "username": NAMES[number % 4] or "zoe", "firstName": name}
    return ask(f"POST {base}/user", user)


def _user_read(base, number, *_):
    return ask(f"GET {base}/user/{NAMES[number % 4] or 'zoe'}")


def _user_write(base, number, _, name):
    username = NAMES[number % 4] or "zoe"
    return ask(f"PUT {base}/user/{username}", {"id": number, "phone": name})


def _user_delete(base, number, *_):
    return ask(f"DELETE {base}/user/{NAMES[number % 4] or 'zoe'}")


def _users(*_):
    return ask("GET /user")


_KINDS = [
    *(_get, _get, _post, _put, _patch, _form, _delete, _restore, _find, _inventory),
    *(_pets, _order, _order_read, _order_delete),
    *(_user, _user_read, _user_write, _user_delete, _users),
]


def shown(response: Response) -> tuple[int, object, str | None]:
    """Return what of an answer is the store's."""
    return response.status, response.body, response.headers.get("etag")


@pytest.mark.parametrize(
    ("ids", "may_repeat"),
    [
        pytest.param(KNOWN, True, id="known"),
        # What nobody touched is taken for done, so here only what nobody recorded.
        pytest.param((*KNOWN, 4, 5), False, id="unknown"),
    ],
)
@settings(max_examples=60)
@given(data=st.data())
def test_mixed_calls_are_answered_as_by_the_engine_alone(ids, may_repeat, data):
    story = data.draw(st.lists(calls(ids), max_size=6), label="recorded")
    others = data.draw(st.lists(calls(ids), max_size=8), label="others")
    places = data.draw(
        st.lists(
            st.integers(0, len(story)), min_size=len(others), max_size=len(others)
        ),
        label="places",
    )
    tape = Tape([recorded([*FIRST, *story], seed=SEED)])
    if not may_repeat:
        others = [one for one in others if tape.find(facts_of(one)) is None]
    mixed = [(place, 0, one) for place, one in zip(places, others, strict=False)]
    mixed += [(place, 1, one) for place, one in enumerate(story)]
    calls_of_it = [one for *_, one in sorted(mixed, key=lambda row: row[:2])]

    session = Session(tape, on_miss="engine", today=clock)
    with (
        EngineDoor(seed=SEED, clock=clock) as alone,
        EngineDoor(**engine_setup(session)) as behind,
    ):
        for request in calls_of_it:
            expected = alone.answer(request)
            answer = played(session, request, behind)
            assert shown(expected) == shown(answer.response), (
                answer.served_by,
                request,
            )
