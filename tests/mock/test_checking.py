"""A recording of the engine is as it should be, and each planted drift is found."""

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from petstore.contract.errors import ConfigError
from petstore.contract.flavours import FACES
from petstore.contract.replies import Response
from petstore.engine.opening import Options, open_engine
from petstore.engine.seeding import empty, first_units
from petstore.engine.seeds import Seed
from petstore.mock.cassette import Cassette, dump, load, save
from petstore.mock.checking import check_cassette
from petstore.mock.contract_stamp import contract_stamp
from petstore.mock.showing import rows_of
from petstore.mock.tidying import tidy
from tests.kit.shop_calls import scripts
from tests.mock.builders import JSON, a_cassette, an_exchange
from tests.mock.recordings import (
    GONE,
    NOW,
    a_good_recording,
    edited,
    engine_answer,
    recorded,
    requests_of,
)

FACE_KEYS = sorted(FACES)
PHASES = tuple(phase for phase in Phase if phase is not Phase.explain)
EXAMPLE_COUNT = 30


@pytest.fixture(scope="module", params=["lenient", "shop"])
def engine(request):
    options: Options = {"seed": "empty", "rules": request.param, "clock": lambda: NOW}
    engine = open_engine("memory:", options)
    yield engine
    engine.close()


def emptied(engine):
    for unit in (empty, *first_units("sandbox", Seed())):
        engine.store.write(unit)


def drifts(cassette, **checks):
    return [
        str(one) for one in check_cassette(cassette, **checks) if not one.is_warning
    ]


@pytest.mark.parametrize("key", FACE_KEYS, ids="-".join)
@settings(max_examples=EXAMPLE_COUNT, phases=PHASES)
@given(script=scripts())
def test_recording_of_the_engine_has_no_drift(engine, key, script):
    emptied(engine)
    requests = requests_of(FACES[key], script.calls)

    cassette = recorded(requests, lambda one: engine_answer(engine, one, key[1]))

    assert [] == drifts(cassette, now=NOW, max_age="1d")


@settings(max_examples=3 * EXAMPLE_COUNT, phases=PHASES)
@given(
    script=scripts(),
    draw=st.randoms(use_true_random=False),
    contract=st.sampled_from(["public", "strict"]),
)
def test_recording_of_all_faces_has_no_drift(engine, script, draw, contract):
    emptied(engine)
    faces = [FACES["native", "strict"], FACES["v2", contract], FACES["v3", contract]]
    requests = [
        r for call in script.calls for r in requests_of(draw.choice(faces), [call])
    ]
    for request in requests:
        if draw.random() < 0.2:
            request.headers = {**request.headers, "accept": "application/xml"}
        if request.method == "GET" and draw.random() < 0.2:
            request.method = "HEAD"

    cassette = recorded(requests, lambda one: engine_answer(engine, one, contract))

    assert [] == drifts(cassette)


@pytest.fixture(scope="module")
def good():
    return a_good_recording()


@pytest.fixture
def file(good, tmp_path):
    good.path = tmp_path / "good.yaml"
    save(good)
    yield good.path
    good.path = None


def test_good_recording_has_no_drift(file):
    assert [] == check_cassette(load(file), now=NOW, max_age="90d")


LOST_FILE = {
    "method": "POST",
    "path": "/pet/1/uploadImage",
    "file": "0123456789ab.png",
}
PLANTED = [
    # In the contract.
    ("getPetById-1", "response.status", 418, "status", ""),
    ("getPetById-1", "response.json.name", GONE, "missing", ""),
    ("getPetById-1", "response.json.colour", "red", "added", ""),
    ("getPetById-1", "response.json.id", "1", "type", ""),
    ("getPetById-1", "response.json.status", "avialable", "enum", ""),
    ("getPetById-1", "response.headers.content-type", "text/html", "content-type", ""),
    ("getPetById-1", "response.headers.etag", '"9"', "etag", ""),
    ("getPetById-1", "response.json", GONE, "no-body", ""),
    ("getPetById-3", "response.json", {"id": 1}, "body", ""),
    ("getPetById-6", "response.json.status", 410, "status", ""),
    ("getPetById-6", "response.json.code", "gone", "enum", ""),
    ("getOrderById-1", "response.json.shipDate", "2 Jan 2030", "date", ""),
    ("getOrderById-1", "response.json.shipDate", "2030-01-02T10:00:00", "date", ""),
    ("getOrderById-2", "response.json.shipDate", 1893578400000, "date", ""),
    ("getOrderById-2", "response.json.complete", "false", "type", ""),
    ("deletePet-1", "response.json", {}, "body", ""),
    ("deleteOrder-1", "response.json.colour", "red", "added", ""),
    ("loginUser-1", "response.headers.x-expires-after", "tomorrow", "date", ""),
    ("getPetById-5", "response.text", "<Pet><id>x</id></Pet>", "type", ""),
    ("listPets-1", "response.json.items[1].tags[0].id", "x", "type", ""),
    ("findPetsByStatus-1", "request.query.status[1]", "gone", "request-enum", ""),
    ("placeOrder-1", "request.json.quantity", "two", "request-int_type", ""),
    ("patchOrder-1", "request.json.colour", "red", "request-extra_forbidden", ""),
    ("addPet-3", "response.status", 409, "status", ""),
    ("getPetById-1", "request.path", "/pet/one", "request-int_parsing", ""),
    # In the story.
    ("getPetById-6", "request.path", "/pet/1", "lost", "response.status"),
    ("getPetById-4", "request.path", "/v2/pet/70", "id", "response.json.id"),
    ("getPetById-1", "response.json.id", 2, "id", ""),
    ("getPetById-1", "response.json.status", GONE, "value", ""),
    ("getPetById-1", "response.json.name", "Bob", "value", ""),
    ("addPet-2", "request.json.id", 1, "echo", "response.json.id"),
    ("addPet-2", "response.json.id", 1, "duplicate", "response.status"),
    ("addPet-1", "response.json.name", "Bob", "echo", ""),
    ("updatePetWithForm-1", "response.json.status", "sold", "echo", ""),
    ("getPetById-2", "response.headers.etag", '"1"', "version", ""),
    ("listPets-1", "response.json.items[0].version", 0, "version", ""),
    ("getInventory-1", "response.json.available", 2, "stock", ""),
    ("findPetsByStatus-1", "response.json[1]", GONE, "absent", "response.json"),
    (
        "findPetsByStatus-1",
        "request.query.status",
        "sold",
        "filter",
        "response.json[0].status",
    ),
    ("findPetsByStatus-3", "response.json[0].id", 70, "gone", "response.json[0]"),
    (
        "getPetHistory-1",
        "response.json.items[1].at",
        "2029-01-01T12:00:00Z",
        "order",
        "",
    ),
    # In what nobody should see, or can read.
    ("createUser-1", "request.json.password", "s3cret!", "secret", ""),
    ("loginUser-1", "request.query.password", "s3cret!", "secret", ""),
    ("loginUser-1", "response.json", "ps_t0ken", "secret", ""),
    ("post-billing-invoices-1", "response.json.token", "t0psecret", "secret", ""),
    ("post-billing-invoices-1", "request.headers.x-api-key", "k", "secret", ""),
    ("addPet-1", "match", {"ignore": ["body.x"]}, "ignore", "match.ignore[0]"),
    ("getPetById-1", "request.method", "GETT", "method", ""),
    ("uploadFile-1", "request", LOST_FILE, "unreadable", "request.file"),
    # In the header.
    ("", "ignore[0]", "body.x", "ignore", ""),
    ("", "recorded", "2029-01-01T00:00:00Z", "age", ""),
    ("", "recorded", "yesterday", "date", ""),
    ("", "recorded", GONE, "age", ""),
]


@pytest.mark.parametrize(
    ("exchange", "field", "value", "kind", "found"),
    [
        pytest.param(*one, id=f"{number} {one[0]} {one[1]} {one[3]}")
        for number, one in enumerate(PLANTED)
    ],
)
def test_planted_drift_is_found(file, exchange, field, value, kind, found):
    edited(file, exchange, field, value)

    drifts = check_cassette(load(file), now=NOW)

    assert (exchange, found or field, kind) in [
        (one.exchange, one.field, one.kind) for one in drifts
    ]
    assert all(one.line and one.path == str(file) for one in drifts)


def test_message_says_recorded_and_right_and_in_which_line(file):
    edited(file, "getPetById-1", "response.json.id", 2)
    lines = file.read_text().splitlines()

    (drift, *_) = check_cassette(load(file))

    assert "recorded 2; right is 1, as the request has it" == drift.message
    assert drift.line is not None
    assert "    id: 2" == lines[drift.line - 1]
    assert (
        f"{file}:{drift.line}: getPetById-1: response.json.id: {drift.message} [id]"
        == str(drift)
    )


def test_drift_of_one_in_memory_has_no_line():
    cassette = a_cassette(an_exchange("GET /pet/7", status=418))

    (drift,) = check_cassette(cassette)

    assert ("a cassette in memory", None) == (drift.path, drift.line)


def test_secret_is_in_no_message(file):
    edited(file, "createUser-1", "request.json.password", ["s3cret!"])
    edited(file, "post-billing-invoices-1", "response.json.token", "t0psecret")

    drifts = check_cassette(load(file))

    assert {"createUser-1", "post-billing-invoices-1"} <= {
        one.exchange for one in drifts
    }
    assert not any("s3cret" in str(one) or "t0ps" in str(one) for one in drifts)


def test_order_for_a_deleted_pet_is_a_warning(good):
    order = next(one for one in good.exchanges if one.id == "placeOrder-1")
    late = order.model_copy(
        update={
            "id": "late",
            "request": order.request.model_copy(update={"json_value": {"petId": 70}}),
            "response": order.response.model_copy(
                update={
                    "headers": {**order.response.headers, "etag": '"1"'},
                    "json_value": {"id": 9, "petId": 70, "version": 1},
                }
            ),
        }
    )
    cassette = Cassette(good.header, [*good.exchanges, late])

    (drift,) = check_cassette(cassette)

    assert ("late", "request.json.petId", "gone-pet") == drift[1:3] + drift[4:5]
    assert drift.is_warning


def test_reset_of_the_store_is_part_of_the_story():
    pet = {"id": 1, "name": "Rex", "photoUrls": [], "version": 1}
    seen = {"headers": {**JSON, "etag": '"1"'}, "json": pet}
    gone = {
        "headers": {"content-type": "application/problem+json"},
        "json": {"status": 404, "code": "not_found"},
    }
    reset = an_exchange("POST /__petstore/reset", "b", 204)
    exchanges = [
        an_exchange("GET /pet/1", "a", response=seen),
        an_exchange("GET /pet/1", "c", 404, response=gone),
    ]

    assert ["lost"] == [one.kind for one in check_cassette(a_cassette(*exchanges))]
    assert [] == check_cassette(a_cassette(exchanges[0], reset, exchanges[1]))


def test_repeated_answer_tells_no_story():
    pet = {"id": 1, "name": "Rex", "photoUrls": [], "version": 1}
    request = {"headers": JSON, "json": {"name": "Rex", "photoUrls": []}}
    headers = {**JSON, "etag": '"1"'}
    made = an_exchange(
        "POST /pet", "a", request=request, response={"headers": headers, "json": pet}
    )
    again = {"headers": {**headers, "idempotency-replayed": "true"}, "json": pet}
    repeated = an_exchange("POST /pet", "b", request=request, response=again)

    assert [] == check_cassette(a_cassette(made, repeated))
    assert ["duplicate"] == [
        one.kind
        for one in check_cassette(a_cassette(made, made.model_copy(update={"id": "b"})))
    ]


def test_value_beyond_an_enum_that_the_client_made_up_is_no_drift():
    pet = {"id": 1, "name": "Rex", "photoUrls": [], "status": "asleep"}
    seen = {"headers": JSON, "json": pet}
    made = an_exchange("POST /v2/pet", "a", request=seen, response=seen)
    read = an_exchange("GET /v2/pet/1", "b", response=seen)

    assert [] == check_cassette(a_cassette(made, read))
    assert ["enum"] == [one.kind for one in check_cassette(a_cassette(read))]


@pytest.mark.parametrize("limit", ["3 weeks", "9999999999d"])
def test_unreadable_max_age_is_an_error(limit):
    with pytest.raises(ConfigError, match="90d is one"):
        check_cassette(
            a_cassette(recorded="2030-01-01T12:00:00Z"), max_age=limit, now=NOW
        )


def test_age_counts_from_the_last_check():
    header = {"recorded": "2020-01-01T00:00:00Z", "checked": "2029-12-31T00:00:00Z"}

    assert [] == check_cassette(a_cassette(**header), max_age="90d", now=NOW)


def test_recording_of_the_engine_has_no_age():
    """Its time is the same whenever it is made."""
    header = {"recorded": "2020-01-01T00:00:00Z", "upstream": "engine"}

    assert [] == check_cassette(a_cassette(**header), max_age="90d", now=NOW)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 2**64)
    | st.floats(0, 9)
    | st.text(max_size=3),
    lambda one: (
        st.lists(one, max_size=2)
        | st.dictionaries(
            st.sampled_from(["id", "petId", "items", "pet", "message", "tags", "x"]),
            one,
            max_size=3,
        )
    ),
    max_leaves=4,
)


@st.composite
def damages(draw):
    """Draw which exchange is damaged, in which half, how deep, and by what."""
    half = draw(st.sampled_from(["request", "response"]))
    picks = draw(st.lists(st.integers(0, 9), max_size=3))
    return draw(st.integers(0, 27)), half, picks, draw(VALUES)


def damaged(value, picks, damage):
    if not picks or not value or not isinstance(value, dict | list):
        return damage
    pick, *rest = picks
    if isinstance(value, list):
        at = pick % len(value)
        return [
            damaged(one, rest, damage) if n == at else one
            for n, one in enumerate(value)
        ]
    name = list(value)[pick % len(value)]
    return {**value, name: damaged(value[name], rest, damage)}


@settings(max_examples=4 * EXAMPLE_COUNT, phases=PHASES)
@given(several=st.lists(damages(), min_size=1, max_size=3))
def test_no_edit_keeps_a_check_from_its_end(good, several):
    """Whatever somebody wrote into a body, it is checked, tidied and shown."""
    exchanges = list(good.exchanges)
    for number, half, picks, damage in several:
        one = getattr(exchanges[number], half)
        body = damaged(one.json_value, picks, damage)
        fields = {
            name: getattr(one, name)
            for name in one.model_fields_set
            if name in ("method", "path", "query", "headers", "status")
        }
        new = type(one).model_validate({**fields, "json": body})
        exchanges[number] = exchanges[number].model_copy(update={half: new})
    cassette = Cassette(good.header, exchanges)

    check_cassette(cassette, now=NOW)
    check_cassette(cassette, ask=lambda _: Response(200, JSON, b"[]"), values=True)
    tidied = tidy(cassette, canonical=True)

    assert len(rows_of(tidied)) <= len(exchanges)
    assert dump(tidied) == dump(tidy(tidied, canonical=True))


def test_recording_of_another_contract_is_a_warning():
    (drift,) = check_cassette(a_cassette(contract="0.0.1 sha256:5d1c0b2a9f3e"))

    assert ("contract", "contract", True) == (drift.field, drift.kind, drift.is_warning)
    for version in (contract_stamp(), contract_stamp().replace("0.1", "0.0")):
        assert [] == check_cassette(a_cassette(contract=version))
