"""The compatible documents say what their faces answer, under either contract."""

import json
from typing import Any

import pytest

from petstore.contract.call import ByteStream, Call, Reply
from petstore.contract.errors import NotAcceptable
from petstore.contract.flavours import Face, face
from petstore.contract.http import Request
from petstore.contract.openapi_responses import FLAVOURS
from petstore.contract.operations import OPERATIONS
from petstore.contract.pet import Photo
from petstore.contract.replies import encode_reply
from petstore.contract.user import Token
from tests.contract.openapi_reader import COMPAT, CONTRACTS, built, operations, schemas
from tests.kit.builders import a_pet, a_user, an_order

TOKEN = {"access_token": "t", "expires_at": "2030-01-01T00:00:00Z"}
VALUES: dict[str, Any] = {
    "addPet": a_pet(),
    "updatePet": a_pet(),
    "findPetsByStatus": [a_pet()],
    "findPetsByTags": [a_pet()],
    "getPetById": a_pet(),
    "updatePetWithForm": a_pet(),
    "uploadFile": Photo(pet=a_pet(), size_bytes=1),
    "getInventory": {"available": 1},
    "placeOrder": an_order(),
    "getOrderById": an_order(),
    "createUser": a_user(),
    "createUsersWithArrayInput": [a_user()],
    "createUsersWithListInput": [a_user()],
    "loginUser": Token.model_validate(TOKEN),
    "getUserByName": a_user(),
    "updateUser": a_user(),
}
ARGUMENTS = {
    "pet_id": 1,
    "order_id": 1,
    "username": "ann",
    "content": ByteStream(b"x"),
}


@pytest.mark.parametrize("kind", COMPAT)
def test_compatible_document_says_which_contract_it_describes(kind):
    texts = {
        contract: built(kind, contract)["info"]["description"] for contract in CONTRACTS
    }

    assert "those of the public server" in texts["public"]
    assert "those of this document" in texts["strict"]


@pytest.mark.parametrize("kind", ["v2", "v3"])
def test_older_dialects_have_no_newer_keywords(kind):
    keywords = {"examples", "const", "anyOf", "$defs", "exclusiveMinimum", "title"}

    assert not keywords & set(schema_keys(built(kind, "public"), inside=False))


@pytest.mark.parametrize("kind", COMPAT)
def test_compatible_documents_know_no_versions(kind):
    models = schemas(built(kind))

    assert not any("version" in model["properties"] for model in models.values())
    assert "ETag" not in json.dumps(built(kind))


@pytest.mark.parametrize("kind", COMPAT)
def test_refusals_have_a_body_where_it_is_always_the_same(kind):
    for contract, expected in (("public", False), ("strict", True)):
        refusal = operations(built(kind, contract))["getPetById"]["responses"]["404"]
        has_body = "schema" in refusal or "content" in refusal
        assert has_body is expected


def test_public_document_adds_what_the_public_server_answers():
    responses = {
        contract: operations(built("v2", contract))["addPet"]["responses"]
        for contract in CONTRACTS
    }

    assert responses["public"].keys() - responses["strict"].keys() == {"500"}


def test_public_document_says_where_a_body_is_another():
    described = operations(built("v3", "public"))
    texts = {
        name: one["responses"]["200"]["description"] for name, one in described.items()
    }

    assert "a bare text" in texts["deletePet"]
    assert "the pet" in texts["uploadFile"]
    assert "all that was stored" in texts["createUsersWithListInput"]
    assert texts["getPetById"] == "Success"


@pytest.mark.parametrize("kind", COMPAT)
def test_answers_are_shown_in_xml_where_the_server_writes_it(kind):
    strict = face(FLAVOURS[kind], "strict")
    found, expected = set(), set()
    for name, described in operations(built(kind)).items():
        answer = described["responses"]["200"]
        types = described.get("produces", answer.get("content", ()))
        if "application/xml" in types:
            found.add(name)
        if answers_xml(strict, name):
            expected.add(name)

    assert found == expected


def answers_xml(strict: Face, name: str) -> bool:
    call: Call[Any] = Call(OPERATIONS[name], ARGUMENTS)
    request = Request("GET", "/", "", {"accept": "application/xml"})
    try:
        response = encode_reply(strict, call, Reply(VALUES.get(name)), request)
    except NotAcceptable:
        return False
    return response.headers.get("content-type") == "application/xml"


def schema_keys(value: Any, *, inside: bool) -> list[str]:
    """Return the keywords used in the schemas of a document."""
    if isinstance(value, list):
        return [key for one in value for key in schema_keys(one, inside=inside)]
    if not isinstance(value, dict):
        return []
    found = list(value) if inside else []
    for key, one in value.items():
        found += schema_keys(one, inside=inside or key in ("schema", "schemas"))
    return found
