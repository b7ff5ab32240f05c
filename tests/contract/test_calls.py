"""Builders give the call of each operation, or say what is wrong with the arguments."""

import re
from typing import Any

import pytest

from petstore.contract import calls
from petstore.contract.call import ByteStream
from petstore.contract.errors import Invalid
from petstore.contract.operations import OPERATIONS
from petstore.contract.order import OrderPatch
from petstore.contract.pet import (
    PetPatch,
    PetStatus,
)
from petstore.contract.user import Credentials
from petstore.contract.versions import ANY_VERSION
from tests.kit.builders import (
    a_draft,
    a_pet,
    a_user_draft,
    an_order_draft,
)

DIGEST = "0" * 64
STREAM = ByteStream(b"png")
KEY: Any = {"idempotency_key": "k-1"}

# Every builder with all of its arguments, and what the call holds.
BUILT: dict[str, tuple[Any, dict[str, Any]]] = {
    "addPet": (lambda: calls.add_pet(a_draft(), **KEY), {"pet": a_draft(), **KEY}),
    "updatePet": (
        lambda: calls.update_pet(a_pet(), if_version=3),
        {"pet": a_pet(), "if_version": [3]},
    ),
    "listPets": (
        lambda: calls.list_pets(
            status=["sold"],
            tag="friendly",
            category="Dogs",
            q="re",
            sort="-name",
            limit=10,
            cursor="c",
        ),
        {
            "status": ["sold"],
            "tag": ["friendly"],
            "category": "Dogs",
            "q": "re",
            "sort": "-name",
            "limit": 10,
            "cursor": "c",
        },
    ),
    "findPetsByStatus": (
        lambda: calls.find_pets_by_status(("sold", PetStatus.PENDING), cursor="c"),
        {"status": ["sold", "pending"], "cursor": "c"},
    ),
    "findPetsByTags": (
        lambda: calls.find_pets_by_tags(["a", "b"], cursor="c"),
        {"tags": ["a", "b"], "cursor": "c"},
    ),
    "getPetById": (
        lambda: calls.get_pet_by_id(1, unless_version=[3, 4]),
        {"pet_id": 1, "unless_version": [3, 4]},
    ),
    "updatePetWithForm": (
        lambda: calls.update_pet_with_form(
            1, name="Rex", status="sold", if_version=3, **KEY
        ),
        {"pet_id": 1, "name": "Rex", "status": "sold", "if_version": [3], **KEY},
    ),
    "patchPet": (
        lambda: calls.patch_pet(1, PetPatch(name="Rex"), if_version=3),
        {"pet_id": 1, "patch": PetPatch(name="Rex"), "if_version": [3]},
    ),
    "deletePet": (
        lambda: calls.delete_pet(1, if_version=[ANY_VERSION, 3]),
        {"pet_id": 1, "if_version": [ANY_VERSION]},
    ),
    "restorePet": (lambda: calls.restore_pet(1, **KEY), {"pet_id": 1, **KEY}),
    "getPetHistory": (
        lambda: calls.get_pet_history(1, limit=10, cursor="c"),
        {"pet_id": 1, "limit": 10, "cursor": "c"},
    ),
    "uploadFile": (
        lambda: calls.upload_file(1, STREAM, additional_metadata="front", **KEY),
        {"pet_id": 1, "content": STREAM, "additional_metadata": "front", **KEY},
    ),
    "getPhoto": (
        lambda: calls.get_photo(f"{DIGEST}.png"),
        {"name": f"{DIGEST}.png"},
    ),
    "getInventory": (lambda: calls.get_inventory(), {}),
    "placeOrder": (
        lambda: calls.place_order(an_order_draft(), **KEY),
        {"order": an_order_draft(), **KEY},
    ),
    "listOrders": (
        lambda: calls.list_orders(
            status="placed", pet_id=1, sort="-id", limit=10, cursor="c"
        ),
        {"status": "placed", "pet_id": 1, "sort": "-id", "limit": 10, "cursor": "c"},
    ),
    "getOrderById": (
        lambda: calls.get_order_by_id(1, unless_version=3),
        {"order_id": 1, "unless_version": [3]},
    ),
    "patchOrder": (
        lambda: calls.patch_order(1, OrderPatch(complete=True), if_version=3),
        {"order_id": 1, "patch": OrderPatch(complete=True), "if_version": [3]},
    ),
    "deleteOrder": (
        lambda: calls.delete_order(1, if_version=3),
        {"order_id": 1, "if_version": [3]},
    ),
    "createUser": (
        lambda: calls.create_user(a_user_draft(), **KEY),
        {"user": a_user_draft(), **KEY},
    ),
    "createUsersWithArrayInput": (
        lambda: calls.create_users_with_array((a_user_draft(),), **KEY),
        {"users": [a_user_draft()], **KEY},
    ),
    "createUsersWithListInput": (
        lambda: calls.create_users_with_list([a_user_draft()], **KEY),
        {"users": [a_user_draft()], **KEY},
    ),
    "listUsers": (
        lambda: calls.list_users(sort="-username", limit=10, cursor="c"),
        {"sort": "-username", "limit": 10, "cursor": "c"},
    ),
    "loginUser": (
        lambda: calls.login_user("ann", "pw"),
        {"username": "ann", "password": "pw"},
    ),
    "logoutUser": (lambda: calls.logout_user(), {}),
    "getUserByName": (
        lambda: calls.get_user_by_name("ann", unless_version=3),
        {"username": "ann", "unless_version": [3]},
    ),
    "updateUser": (
        lambda: calls.update_user("ann", a_user_draft(), if_version=3),
        {"username": "ann", "user": a_user_draft(), "if_version": [3]},
    ),
    "deleteUser": (
        lambda: calls.delete_user("ann", if_version=3),
        {"username": "ann", "if_version": [3]},
    ),
    "createToken": (
        lambda: calls.create_token("ann", "pw"),
        {"credentials": Credentials(username="ann", password="pw")},
    ),
    "getToken": (lambda: calls.get_token(), {}),
    "getEvents": (
        lambda: calls.get_events(after=7, last_event_id="a.8"),
        {"after": "7", "last_event_id": "a.8"},
    ),
    "deleteToken": (lambda: calls.delete_token(), {}),
}


@pytest.mark.parametrize("operation_id", OPERATIONS)
def test_builder_gives_the_call_of_its_operation(operation_id):
    build, expected = BUILT[operation_id]

    call = build()

    assert call.operation is OPERATIONS[operation_id]
    assert call.arguments == expected
    assert set(expected) == {arg.name for arg in call.operation.args}


@pytest.mark.parametrize("operation_id", OPERATIONS)
def test_builder_is_named_as_its_operation(operation_id):
    words = re.sub(r"([A-Z])", r"_\1", operation_id.removesuffix("Input")).lower()

    assert callable(getattr(calls, words))


def test_optional_arguments_that_are_none_are_left_out():
    assert calls.list_pets(status=None, limit=None).arguments == {}
    assert calls.update_pet_with_form(1, name=None).arguments == {"pet_id": 1}


def test_empty_list_is_kept():
    assert calls.find_pets_by_tags([]).arguments == {"tags": []}


def test_misspelt_filter_is_an_error():
    misspelt: Any = {"stauts": "sold"}

    with pytest.raises(TypeError, match="listPets takes no argument stauts"):
        calls.list_pets(**misspelt)


WRONG: Any = 5.5


@pytest.mark.parametrize(
    ("build", "field", "kind"),
    [
        (lambda: calls.get_pet_by_id(WRONG), "path.petId", "int_type"),
        (lambda: calls.get_pet_by_id(2**63), "path.petId", "less_than_equal"),
        (
            lambda: calls.delete_pet(1, if_version=-1),
            "header.If-Match",
            "greater_than_equal",
        ),
        (
            lambda: calls.add_pet(a_draft(), idempotency_key="a b"),
            "header.Idempotency-Key",
            "string_pattern_mismatch",
        ),
        (lambda: calls.get_photo("../x"), "path.name", "string_pattern_mismatch"),
        (lambda: calls.list_pets(limit=0), "query.limit", "greater_than_equal"),
        (lambda: calls.list_pets(sort="age"), "query.sort", "string_pattern_mismatch"),
        (lambda: calls.list_pets(status="boarding"), "query.status", "enum"),
        (lambda: calls.list_pets(q="x" * 501), "query.q", "string_too_long"),
        (lambda: calls.update_pet_with_form(1, status="x"), "form.status", "enum"),
        (lambda: calls.upload_file(1, WRONG), "upload.file", "is_instance_of"),
        (lambda: calls.add_pet(WRONG), "body", "model_type"),
        (lambda: calls.add_pet(a_draft(status="boarding")), "body.status", "enum"),
        (lambda: calls.create_token("ann", WRONG), "body.password", "string_type"),
    ],
)
def test_wrong_argument_is_told_with_its_place_and_kind(build, field, kind):
    with pytest.raises(Invalid) as refused:
        build()

    assert [(one.field, one.kind) for one in refused.value.fields] == [(field, kind)]


@pytest.mark.parametrize("pet_id", ["1", 1.0, True, None, b"1"], ids=repr)
def test_id_is_an_int_and_nothing_else(pet_id):
    with pytest.raises(Invalid) as refused:
        calls.get_pet_by_id(pet_id)

    assert refused.value.fields[0].field == "path.petId"


def test_all_wrong_arguments_are_told_at_once():
    with pytest.raises(Invalid) as refused:
        calls.list_pets(status=["a", "b"], sort="age", limit=1001)

    assert [one.field for one in refused.value.fields] == [
        "query.status",
        "query.sort",
        "query.limit",
    ]
