"""Each compatible document says all that the official one of its flavour says."""

from typing import Any

import pytest

from tests.contract.official_facts import (
    ARGUMENTS,
    BASES,
    LOGIN_HEADERS,
    OFFICIAL,
    SCHEMAS,
    SCOPES,
    TAGS,
    XML_ROOTS,
    OperationFacts,
)
from tests.contract.openapi_reader import CONTRACTS, built, schemas

ORIGIN = "https://pets.example"
SHORT = {
    "json": "application/json",
    "xml": "application/xml",
    "form": "application/x-www-form-urlencoded",
    "multipart": "multipart/form-data",
    "octets": "application/octet-stream",
}
FORMS = (SHORT["form"], SHORT["multipart"])
DOCUMENTS = {
    (kind, contract): built(kind, contract, ORIGIN)
    for kind in OFFICIAL
    for contract in CONTRACTS
}
each_document = pytest.mark.parametrize(
    ("kind", "contract"), [pytest.param(*key, id="-".join(key)) for key in DOCUMENTS]
)


@each_document
def test_document_has_the_official_operations_and_no_others(kind, contract):
    found = {one["operationId"]: route for route, one in operations(kind, contract)}

    assert found == {one.id: one.route for one in OFFICIAL[kind].values()}


@each_document
def test_arguments_are_there_and_no_stricter(kind, contract):
    for facts, operation in pairs(kind, contract):
        found = arguments(operation)
        known = {name: found.get(name, "missing") for name in facts.arguments}
        more = {name: one for name, one in found.items() if name not in known}

        assert known == facts.arguments, facts.id
        assert not any(more.values()), facts.id


@each_document
def test_arguments_have_the_official_types(kind, contract):
    for _, operation in pairs(kind, contract):
        for parameter in operation.get("parameters", ()):
            if parameter["name"] in ARGUMENTS:
                expected = ARGUMENTS[parameter["name"]]
                assert type_of(parameter.get("schema", parameter)) == expected


@each_document
def test_bodies_take_the_official_media_types(kind, contract):
    for facts, operation in pairs(kind, contract):
        expected = {SHORT[name] for name in facts.media_types}
        content = operation.get("requestBody", {}).get("content", {})

        assert expected <= set(operation.get("consumes", content)), facts.id


@each_document
def test_bodies_have_the_official_schemas(kind, contract):
    bodies = {
        "addPet": "Pet",
        "updatePet": "Pet",
        "placeOrder": "Order",
        "createUser": "User",
        "createUsersWithArrayInput": "User[]",
        "createUsersWithListInput": "User[]",
        "updateUser": "User",
    }
    found = {
        facts.id: set(body_types(operation))
        for facts, operation in pairs(kind, contract)
    }

    for name in bodies.keys() & found.keys():
        assert found[name] == {bodies[name]}, name


@each_document
def test_official_statuses_are_documented(kind, contract):
    for facts, operation in pairs(kind, contract):
        assert facts.statuses <= set(operation["responses"]), facts.id


@each_document
def test_answers_have_the_official_schema(kind, contract):
    for facts, operation in pairs(kind, contract):
        if facts.answer != "-":
            answer = operation["responses"]["200"]
            assert set(answer_types(answer)) == {facts.answer}, facts.id


@each_document
def test_login_names_its_headers(kind, contract):
    operation = dict(operations(kind, contract))["GET /user/login"]
    headers = operation["responses"]["200"]["headers"]

    found = {name: type_of(one.get("schema", one)) for name, one in headers.items()}
    assert found == LOGIN_HEADERS


@each_document
def test_auth_is_the_official_one(kind, contract):
    words = {
        "key": {"api_key": []},
        "pets": {"petstore_auth": ["read:pets", "write:pets"]},
    }
    for facts, operation in pairs(kind, contract):
        expected = [words[name] for name in sorted(facts.auth)]
        assert operation.get("security", []) == expected, facts.id


@each_document
def test_models_have_the_official_fields(kind, contract):
    models = definitions(kind, contract)

    assert models.keys() == SCHEMAS.keys()
    for name, fields in SCHEMAS.items():
        required = set(models[name].get("required", ()))
        found = {
            field: type_of(schema) + ("!" if field in required else "")
            for field, schema in models[name]["properties"].items()
        }
        assert found == fields, name


@each_document
def test_xml_has_the_roots_that_the_server_writes(kind, contract):
    models = definitions(kind, contract)
    names = tuple(models[name]["xml"]["name"] for name in ("Pet", "Order", "User"))

    assert names == XML_ROOTS["v3" if kind == "v3" else "v2"]
    photos = models["Pet"]["properties"]["photoUrls"]
    assert photos["xml"] == {"wrapped": True}
    assert photos["items"]["xml"] == {"name": "photoUrl"}
    assert models["Tag"]["xml"] == {"name": "tag"}


@each_document
def test_tags_schemes_and_address_are_the_official_ones(kind, contract):
    one = DOCUMENTS[kind, contract]
    schemes = one.get("securityDefinitions") or one["components"]["securitySchemes"]
    flows = schemes["petstore_auth"].get("flows", {})
    implicit = flows.get("implicit", schemes["petstore_auth"])
    page = "dialog" if kind == "seed" else "authorize"

    assert {tag["name"] for tag in one["tags"]} == TAGS
    assert schemes.keys() == {"petstore_auth", "api_key"}
    assert schemes["api_key"] == {"type": "apiKey", "name": "api_key", "in": "header"}
    assert implicit["scopes"].keys() == SCOPES
    assert implicit["authorizationUrl"] == f"{ORIGIN}/oauth/{page}"
    assert "POST /tokens" in schemes["petstore_auth"]["description"]
    assert address(one) == ORIGIN + BASES[kind]


def operations(kind: str, contract: str) -> list[tuple[str, dict[str, Any]]]:
    """Return each operation object with its method and path."""
    paths = DOCUMENTS[kind, contract]["paths"]
    return [
        (f"{method.upper()} {path}", operation)
        for path, methods in paths.items()
        for method, operation in methods.items()
    ]


def pairs(kind: str, contract: str) -> list[tuple[OperationFacts, dict[str, Any]]]:
    """Return the facts of each operation with its object."""
    return [
        (OFFICIAL[kind][operation["operationId"]], operation)
        for _, operation in operations(kind, contract)
    ]


def definitions(kind: str, contract: str) -> dict[str, Any]:
    return schemas(DOCUMENTS[kind, contract])


def arguments(operation: dict[str, Any]) -> dict[str, bool]:
    """Return the arguments in the notation of the facts, whatever the form."""
    places = {"formData": "form"}
    found = {}
    for one in operation.get("parameters", ()):
        place = places.get(one["in"], one["in"])
        name = "" if place == "body" else one["name"]
        found[f"{name}@{place}"] = one["required"]
    body = operation.get("requestBody", {"content": {}})
    for media, one in body["content"].items():
        is_form = "properties" in one["schema"]
        assert not is_form or media in FORMS
        for name in one["schema"].get("properties", ()):
            found[f"{name}@form"] = name in one["schema"].get("required", ())
        if not is_form:
            found["@body"] = body["required"]
    return found


def body_types(operation: dict[str, Any]) -> list[str]:
    for one in operation.get("parameters", ()):
        if one["in"] == "body":
            return [type_of(one["schema"])]
    content = operation.get("requestBody", {}).get("content", {})
    return [type_of(one["schema"]) for one in content.values()]


def answer_types(answer: dict[str, Any]) -> list[str]:
    if "schema" in answer:
        return [type_of(answer["schema"])]
    return [type_of(one["schema"]) for one in answer["content"].values()]


def type_of(schema: Any) -> Any:
    """Return a schema's type in the notation of the facts."""
    if "$ref" in schema:
        return schema["$ref"].rpartition("/")[2]
    if "enum" in schema:
        return "/".join(schema["enum"])
    if schema["type"] == "array":
        return f"{type_of(schema['items'])}[]"
    if schema["type"] == "object" and "additionalProperties" in schema:
        return f"{{{type_of(schema['additionalProperties'])}}}"
    return schema.get("format", schema["type"])


def address(one: Any) -> Any:
    if "servers" in one:
        return one["servers"][0]["url"]
    return f"{one['schemes'][0]}://{one['host']}{one['basePath']}"
