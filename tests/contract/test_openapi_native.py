"""The native document says what the table says and what the server answers."""

import json
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator

from petstore.contract.errors import remote_error
from petstore.contract.operations import OPERATIONS
from petstore.contract.pet import Pet, PetChange
from tests.contract.openapi_reader import PROBLEM, built, operations, schemas
from tests.kit.builders import a_pet, a_user, an_order


def test_native_document_minds_no_contract():
    assert built("native", "public") == built("native", "strict")


def test_native_document_has_every_operation_of_the_table():
    found = {
        (operation["operationId"], method.upper(), path)
        for path, methods in built("native")["paths"].items()
        for method, operation in methods.items()
    }

    assert found == {(one.id, one.method, one.path) for one in OPERATIONS.values()}


def test_native_arguments_are_those_of_the_table():
    described = operations(built("native"))

    for one in OPERATIONS.values():
        parameters = described[one.id].get("parameters", [])
        found = {(arg["in"], arg["name"]): arg["required"] for arg in parameters}
        expected = {
            (arg.place.value, arg.wire): arg.required
            for arg in one.args
            if arg.place in ("path", "query", "header")
        }
        assert found == expected, one.id


def test_paging_has_its_default():
    parameters = operations(built("native"))["listPets"]["parameters"]
    limit = next(one for one in parameters if one["name"] == "limit")

    assert limit["schema"]["default"] == 100
    assert (limit["schema"]["minimum"], limit["schema"]["maximum"]) == (1, 1000)


def test_native_errors_are_problems_with_their_status():
    one = built("native")
    shared = one["components"]["responses"]
    described = operations(one)

    for operation in OPERATIONS.values():
        responses = described[operation.id]["responses"]
        for error in operation.errors:
            assert error.code in codes(responses[str(error.status)], shared)
        for status in responses.keys() - {"200", "304"}:
            assert media_types(responses[status], shared) == {PROBLEM}


def test_native_examples_of_errors_can_be_read_back():
    shared = built("native")["components"]["responses"]

    for name, response in shared.items():
        example = response["content"][PROBLEM]["example"]
        error = remote_error(example["status"], example)
        assert type(error).__name__ == name
        assert error.to_problem() == example


def test_errors_of_one_status_share_a_response():
    response = operations(built("native"))["addPet"]["responses"]["409"]

    assert codes(response, {}) == {"conflicted", "rule_broken"}


def test_any_operation_lists_what_may_befall_it():
    described = operations(built("native"))
    common = {"200", "500", "503", "default"}

    assert described["getPhoto"]["responses"].keys() == common | {"400", "404", "422"}
    assert described["getInventory"]["responses"].keys() == common | {"401", "403"}
    assert described["logoutUser"]["responses"].keys() == common | {"507"}
    assert {"413", "415"} <= described["uploadFile"]["responses"].keys()


def test_native_security_is_that_of_the_table():
    described = operations(built("native"))

    for one in OPERATIONS.values():
        security = described[one.id].get("security", [])
        granted = [each.get("petstore_auth", []) for each in security]
        assert set().union(*granted) == one.scopes, one.id


def test_an_owner_stands_for_scopes():
    described = operations(built("native"))

    text = described["getUserByName"]["description"]
    assert "read:users, or to be the username of the path" in text
    assert "description" not in described["getPhoto"]


def test_credentials_are_optional_where_the_credential_is_the_matter():
    described = operations(built("native"))

    for name in ("getToken", "deleteToken", "logoutUser"):
        assert {} in described[name]["security"]
    assert "security" not in described["createToken"]


def test_entities_show_their_version_as_etag():
    described = operations(built("native"))
    with_etag = {
        name
        for name, one in described.items()
        if "ETag" in one["responses"]["200"].get("headers", {})
    }

    assert {"getPetById", "placeOrder", "updateUser", "uploadFile"} <= with_etag
    assert not with_etag & {"listPets", "getInventory", "deletePet", "createToken"}
    assert "version" in built("native")["components"]["schemas"]["Pet"]["properties"]


def test_conditions_are_texts_and_their_answers_are_listed():
    described = operations(built("native"))
    guarded = {name for name, one in described.items() if "412" in one["responses"]}
    cached = {name for name, one in described.items() if "304" in one["responses"]}
    (condition,) = [
        one for one in described["deletePet"]["parameters"] if one["in"] == "header"
    ]

    assert guarded == {
        *("updatePet", "patchPet", "updatePetWithForm", "deletePet"),
        *("patchOrder", "deleteOrder", "updateUser", "deleteUser"),
    }
    assert cached == {"getPetById", "getOrderById", "getUserByName"}
    assert "ETag" in described["getPetById"]["responses"]["304"]["headers"]
    assert condition["name"] == "If-Match"
    assert condition["schema"] == {"type": "string", "examples": ['"3"']}
    assert "(412)" in condition["description"]


def test_posts_take_a_key_unless_they_issue_tokens():
    described = operations(built("native"))
    keyed = {
        name
        for name, one in described.items()
        for arg in one.get("parameters", [])
        if arg["name"] == "Idempotency-Key"
    }
    posts = {one.id for one in OPERATIONS.values() if one.method == "POST"}

    assert keyed == posts - {"createToken"}
    for name in keyed:
        assert "Idempotency-Replayed" in described[name]["responses"]["200"]["headers"]
        assert "409" in described[name]["responses"]


def test_events_are_a_text_that_a_credential_may_open():
    described = operations(built("native"))["getEvents"]

    assert described["responses"]["200"]["content"] == {
        "text/event-stream": {"schema": {"type": "string"}}
    }
    assert {} in described["security"]
    assert {"401", "403"} <= described["responses"].keys()


def test_only_a_patch_shows_null():
    models = schemas(built("native"))
    patch = models["PetPatch"]["properties"]

    assert patch["name"]["type"] == ["string", "null"]
    assert patch["status"]["enum"][-1] is None
    assert patch["category"]["anyOf"][-1] == {"type": "null"}
    assert "null" not in json.dumps([models["Pet"], models["PetDraft"]])


def test_what_is_only_sent_is_closed():
    models = schemas(built("native"))
    closed = {
        name for name, one in models.items() if one.get("additionalProperties") is False
    }

    assert closed == {
        "Credentials",
        "OrderDraft",
        "OrderPatch",
        "PetDraft",
        "PetPatch",
        "UserDraft",
    }


def test_trying_a_draft_out_asks_for_an_id():
    models = schemas(built("native"))

    for name in ("PetDraft", "OrderDraft", "UserDraft"):
        assert models[name]["properties"]["id"]["examples"] == [0]
    assert models["Pet"]["properties"]["id"]["examples"] == [10]


def test_pages_are_named_after_their_items():
    models = schemas(built("native"))

    for name in ("Pet", "Order", "User", "PetChange"):
        items = models[f"{name}Page"]["properties"]["items"]["items"]
        assert items == {"$ref": f"#/components/schemas/{name}"}


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(a_pet(version=3), id="pet"),
        pytest.param(an_order(version=1), id="order"),
        pytest.param(a_user(version=1), id="user"),
        pytest.param(
            PetChange.model_validate(
                {
                    "seq": 1,
                    "version": 1,
                    "action": "create",
                    "at": "2030-01-01T00:00:00Z",
                    "pet": a_pet(),
                }
            ),
            id="change",
        ),
    ],
)
def test_what_the_server_writes_fits_its_schema(value):
    reference = {"$ref": f"#/components/schemas/{type(value).__name__}"}
    schema = {**reference, "components": built("native")["components"]}
    written = json.loads(value.model_dump_json(by_alias=True, exclude_none=True))

    OAS31Validator(schema).validate(written)


def test_what_the_schema_refuses_the_model_refuses():
    reference = {"$ref": "#/components/schemas/Pet"}
    schema = {**reference, "components": built("native")["components"]}

    assert not OAS31Validator(schema).is_valid({"name": "Rex", "photoUrls": []})
    with pytest.raises(ValueError, match="id"):
        Pet.model_validate({"name": "Rex", "photoUrls": []})


def codes(response: Any, shared: Any) -> set[str]:
    content = resolved(response, shared)["content"][PROBLEM]
    if "example" in content:
        return {content["example"]["code"]}
    return {one["value"]["code"] for one in content["examples"].values()}


def media_types(response: Any, shared: Any) -> set[str]:
    return set(resolved(response, shared)["content"])


def resolved(response: Any, shared: Any) -> Any:
    if "$ref" in response:
        return shared[response["$ref"].rpartition("/")[2]]
    return response
