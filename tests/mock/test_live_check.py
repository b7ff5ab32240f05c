"""What has no effect is asked for again, and another answer is told."""

import json

import pytest

import petstore
from petstore.contract.errors import ConfigError
from petstore.contract.replies import Response
from petstore.mock.checking import check_cassette
from tests.mock.builders import JSON, a_cassette, an_exchange
from tests.mock.recordings import NOW

PET = {"id": 1, "name": "Rex", "photoUrls": [], "tags": [{"id": 1}, {"name": "a"}]}


class Upstream:
    """Answer always the same, and remember what was asked."""

    def __init__(self, body=PET, status=200, **headers):
        kinds = {**JSON, **{k.replace("_", "-"): v for k, v in headers.items()}}
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.response = Response(status, kinds, content)
        self.asked = []

    def __call__(self, request):
        self.asked.append(f"{request.method} {request.path}")
        return self.response


def told(upstream, *exchanges, **checks):
    found = check_cassette(a_cassette(*exchanges), ask=upstream, **checks)
    return [(one.field, one.kind) for one in found]


def a_pet(line="GET /v2/pet/1", id="getPetById-1", body=PET):
    return an_exchange(line, id, response={"headers": JSON, "json": body})


DRIFTS = [
    ({"status": 404}, "response.status", "live-status"),
    (
        {"content_type": "text/html"},
        "response.headers.content-type",
        "live-content-type",
    ),
    ({"body": b"<html>"}, "response.json", "live-type"),
    ({"body": b""}, "response.json", "live-missing"),
    ({"body": {**PET, "id": "1"}}, "response.json.id", "live-type"),
    ({"body": {**PET, "colour": "red"}}, "response.json.colour", "live-added"),
    (
        {"body": {"id": 1, "name": "Rex", "tags": []}},
        "response.json.photoUrls",
        "live-missing",
    ),
    (
        {"body": {**PET, "tags": [{"id": 1}]}},
        "response.json.tags[0].name",
        "live-missing",
    ),
]


@pytest.mark.parametrize(
    ("answer", "field", "kind"),
    [pytest.param(*one, id=one[1] + one[2]) for one in DRIFTS],
)
def test_other_answer_is_told(answer, field, kind):
    assert [(field, kind)] == told(Upstream(**answer), a_pet())


def test_other_value_counts_only_when_asked_for():
    upstream = Upstream({**PET, "name": "Max"})

    assert [] == told(upstream, a_pet())
    assert [("response.json.name", "live-value")] == told(
        upstream, a_pet(), values=True
    )


def a_text(kind, text):
    headers = {"content-type": kind}
    return an_exchange("GET /notes", response={"headers": headers, "text": text})


@pytest.mark.parametrize(
    ("kind", "recorded", "answer", "expected"),
    [
        ("text/plain", "hello", b"bye", ["live-value"]),
        ("text/plain", "hello", b"hello", []),
        ("text/plain", "hello <token-1>", b"hello realtoken123456", []),
        ("application/xml", "<a><b/></a>", b"<c/>", ["live-value"]),
        ("application/xml", "<a><b/></a>", b"<a> <b></b></a>", []),
    ],
)
def test_other_body_counts_where_values_do(kind, recorded, answer, expected):
    upstream, exchange = Upstream(answer, content_type=kind), a_text(kind, recorded)

    assert [] == told(upstream, exchange)
    assert [("response.text", one) for one in expected] == told(
        upstream, exchange, values=True
    )


def test_body_of_another_type_that_is_gone_or_new_is_told():
    plain = "text/plain"
    silent = an_exchange("GET /notes", response={"headers": {"content-type": plain}})

    gone = told(Upstream(b"", content_type=plain), a_text(plain, "hello"))
    new = told(Upstream(b"hello", content_type=plain), silent)

    assert [("response.text", "live-missing")] == gone
    assert [("response.json", "live-added")] == new


def test_head_has_no_body_to_be_compared():
    assert [] == told(
        Upstream(b""), an_exchange("HEAD /notes", response={"headers": JSON})
    )


@pytest.mark.parametrize("recorded", ["<token-1>", "Hello <token-1>", {"b": "<key-1>"}])
@pytest.mark.parametrize(
    "answer", ["realtoken123456", 123456, {"b": "realtoken123456"}]
)
def test_what_a_placeholder_stands_for_is_never_told(recorded, answer):
    exchange = a_pet("GET /things/1", body={"a": recorded})

    found = check_cassette(
        a_cassette(exchange), ask=Upstream({"a": answer}), values=True
    )

    is_drift = isinstance(recorded, dict) and not isinstance(answer, dict)
    assert is_drift == bool(found)
    assert "123456" not in "\n".join(map(str, found))


def test_field_that_held_a_secret_and_is_gone_is_told():
    exchange = a_pet("GET /things/1", body={"a": "<token-1>"})

    assert [("response.json.a", "live-missing")] == told(Upstream({}), exchange)


@pytest.mark.parametrize(
    ("path", "request_"),
    [
        ("/reset/%3Ctoken-1%3E", {}),
        ("/reset/<token-1>", {}),
        ("/find", {"query": {"q": ["<token-1>"]}}),
        ("/find", {"query": {"q": ["*"]}}),
        ("/find", {"headers": {"x-tenant": "*"}}),
        ("/find", {"headers": {"x-tenant": "<token-1>"}}),
        ("/find", {"query": {"api_key": ["k"]}}),
    ],
)
def test_what_needs_a_secret_is_not_sent(path, request_):
    upstream = Upstream()

    told(upstream, an_exchange(f"GET {path}", request=request_))

    assert [] == upstream.asked


def test_stream_beyond_the_contract_is_not_sent():
    upstream = Upstream()
    stream = {"headers": {"content-type": "text/event-stream"}, "chunks": ["data: 1"]}

    told(upstream, an_exchange("GET /feed", response=stream))

    assert [] == upstream.asked


def test_only_what_has_no_effect_is_sent():
    upstream = Upstream()
    lines = [
        "DELETE /v2/pet/5", "POST /billing", "GET /v2/user/login",
        "GET /v2/user/logout", "GET /events",
        "GET /v2/pet/5", "GET /billing?api_key=%3Ckey-1%3E",
    ]  # fmt: skip
    exchanges = [
        an_exchange(line.partition("?")[0], f"a-{n}") for n, line in enumerate(lines)
    ]
    secret = exchanges[-1].request.model_copy(
        update={"query": {"api_key": ["<key-1>"]}}
    )
    exchanges[-1] = exchanges[-1].model_copy(update={"request": secret})

    told(upstream, *exchanges, a_pet())

    assert ["GET /v2/pet/1"] == upstream.asked


def test_equal_requests_are_sent_once_and_fit_any_answer():
    upstream = Upstream()
    other = {**PET, "colour": "red"}

    found = told(upstream, a_pet(), a_pet(id="b", body=other))

    assert (["GET /v2/pet/1"], []) == (
        upstream.asked,
        [one for one in found if one[1].startswith("live")],
    )


def test_statuses_of_an_inventory_are_no_fields():
    recorded = an_exchange(
        "GET /store/inventory", response={"headers": JSON, "json": {"sold": 1}}
    )

    assert [] == told(Upstream({"pending": 2}), recorded)
    assert [("response.json", "live-type")] == told(
        Upstream({"pending": "2"}), recorded
    )


def test_server_of_a_url_is_asked():
    with petstore.serve(clock=lambda: NOW) as server:
        found = check_cassette(
            a_cassette(a_pet("GET /v2/pet/987654"), a_pet("GET /v2/pet/1", "b")),
            against=server.url,
        )

    assert [("getPetById-1", "live-status")] == [
        (one.exchange, one.kind) for one in found if one.kind == "live-status"
    ]


def test_url_is_asked_over_the_network_only_when_that_is_wanted(monkeypatch):
    monkeypatch.setenv("CI", "1")

    with pytest.raises(ConfigError, match="no network"):
        check_cassette(a_cassette(a_pet()), against="https://petstore.example")


def test_secret_that_a_server_answers_is_not_told():
    recorded = a_pet(body={"id": 1, "pin": 1, "token": "<token-1>"})
    body = {"id": "1", "password": "hunter2", "pin": "hunter2", "token": "hunter2"}
    upstream = Upstream({**body, "of": {"secret": "hunter2"}})

    found = check_cassette(a_cassette(recorded), ask=upstream, values=True)

    fields = [one.field for one in found if one.kind.startswith("live-")]
    assert ["response.json.id", "response.json.of", "response.json.password",
            "response.json.pin"] == sorted(fields)  # fmt: skip
    assert "hunter2" not in "\n".join(map(str, found))
    assert "the server answers something secret" in "\n".join(map(str, found))
