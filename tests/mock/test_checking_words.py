"""What a hand wrote wrongly is told at its place, and what a server may say is not."""

from typing import Any

import pytest

from petstore.mock.checking import check_cassette
from tests.mock.builders import a_cassette, an_exchange


@pytest.mark.parametrize("half", ["request", "response"])
def test_coding_that_a_body_is_not_in_is_told_of_its_half(half):
    coded: dict[str, Any] = {
        half: {"headers": {"content-encoding": "gzip"}, "base64": "iVBORw=="}
    }
    cassette = a_cassette(an_exchange("POST /invoices", **coded))

    (drift,) = check_cassette(cassette)

    assert ("unreadable", f"{half}.headers.content-encoding") == (
        drift.kind,
        drift.field,
    )


def test_method_that_a_path_refused_is_no_drift():
    refused = an_exchange("PATCH /store/inventory", status=405)

    assert [] == [one for one in check_cassette(a_cassette(refused)) if one.field]


def of_pets(text: str, line: str = "GET /v2/pet/findByStatus") -> Any:
    """Return a recording of a list in XML."""
    answer = {"headers": {"content-type": "application/xml"}, "text": text}
    return a_cassette(an_exchange(line, "findPetsByStatus-1", response=answer))


REX = "<Pet><id>1</id><name>Rex</name><photoUrls/><status>sold</status></Pet>"


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("not xml at all", "type", "no well-formed XML"),
        ("<pets>Rex</pets>", "type", "holds text"),
        ("<!DOCTYPE a><pets/>", "type", "document type"),
        (f"<pets>{REX.replace('>1<', '>zzz<')}</pets>", "type", "integer"),
        (f"<pets>{REX.replace('name', 'colour')}</pets>", "added", "no such field"),
        (f"<pets><Pet>Rex</Pet>{REX}</pets>", "type", "holds text"),
        (f"<pets>{REX}{REX.replace('sold', 'asleep')}</pets>", "enum", "pending"),
    ],
)
def test_list_in_xml_is_read(text, kind, words):
    drifts = check_cassette(of_pets(text))

    assert {("findPetsByStatus-1", "response.text")} == {
        (one.exchange, one.field) for one in drifts
    }
    assert any(one.kind == kind and words in one.message for one in drifts), drifts


@pytest.mark.parametrize("text", ["<pets/>", f"<pets>{REX}{REX}</pets>"])
def test_list_in_xml_that_is_as_the_contract_says_is_no_drift(text):
    assert [] == check_cassette(of_pets(text))


def test_list_in_xml_is_part_of_the_story():
    gone = an_exchange("DELETE /v2/pet/1", "deletePet-1")
    told = of_pets(f"<pets>{REX}</pets>").exchanges[0]

    drifts = check_cassette(a_cassette(gone, told))

    found = [(one.kind, one.field) for one in drifts if one.exchange == told.id]
    assert [("gone", "response.text")] == found


@pytest.mark.parametrize(
    ("line", "base"),
    [
        ("GET /v2/store/inventry", "/v2"),
        ("GET /api/v3/store/inventry", "/api/v3"),
        ("POST /v2/pets", "/v2"),
    ],
)
def test_path_below_a_face_that_is_of_no_operation_is_a_warning(line, base):
    (drift,) = check_cassette(a_cassette(an_exchange(line)))

    assert ("request.path", "path", True) == (drift.field, drift.kind, drift.is_warning)
    assert f"the path of an operation of {base}" in drift.message


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("GET /v2/store/inventry", 404),
        ("OPTIONS /v2/store/inventry", 200),
        ("GET /v2/swagger.json", 200),
        ("GET /api/v3/openapi.yaml", 200),
        ("GET /billing/invoices", 200),
        ("GET /v2x", 200),
    ],
)
def test_path_that_is_another_apis_or_was_not_found_is_no_drift(line, status):
    assert [] == check_cassette(a_cassette(an_exchange(line, status=status)))


def test_fewer_than_no_pets_are_a_drift():
    stock = {"available": -7, "pending": 0}
    answer = {"headers": {"content-type": "application/json"}, "json": stock}

    (drift,) = check_cassette(
        a_cassette(an_exchange("GET /v2/store/inventory", response=answer))
    )

    assert ("response.json.available", "stock") == (drift.field, drift.kind)
    assert "right is 0 or more" in drift.message


def test_order_that_is_deleted_may_bring_its_pet_back():
    """By the shop's rules a pet changes with its order."""
    kind = {"content-type": "application/json"}
    done = {"code": 200, "type": "unknown", "message": "1"}

    def stock(id: str, **counts: int) -> Any:
        answer = {"headers": kind, "json": counts}
        return an_exchange("GET /v2/store/inventory", id, response=answer)

    deleted = an_exchange(
        "DELETE /v2/store/order/1", "b", response={"headers": kind, "json": done}
    )
    before, after = stock("a", pending=1), stock("c", available=1)

    assert [] == check_cassette(a_cassette(before, deleted, after))
    assert ["stock", "stock"] == [
        one.kind for one in check_cassette(a_cassette(before, after))
    ]


@pytest.mark.parametrize(("face", "is_found"), [("/v2", True), ("/api/v3", False)])
def test_refusal_with_200_is_one_of_the_public_v3_server_alone(face, is_found):
    headers = {"content-type": "application/json", "x-petstore-problem": "{}"}
    answer = {"headers": headers, "json": {"code": 1, "message": "Pet not found"}}
    one = an_exchange(f"GET {face}/pet/7", response=answer)

    kinds = {drift.kind for drift in check_cassette(a_cassette(one))}

    assert is_found is ("missing" in kinds)
