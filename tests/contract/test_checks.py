"""What the open models let pass is refused in the names of the wire."""

import traceback
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from petstore.contract import calls
from petstore.contract.arguments import Statuses
from petstore.contract.call import Arg, ByteStream, Call, Place
from petstore.contract.checks import (
    PROBLEMS_MAX,
    check_fields,
    check_known,
    checked,
    invalid,
    invalid_from,
)
from petstore.contract.errors import FieldProblem, Invalid
from petstore.contract.model import Model
from petstore.contract.operations import OPERATIONS
from petstore.contract.order import OrderDraft, OrderPatch
from petstore.contract.pet import PetDraft, PetStatus
from petstore.contract.pet_operations import LIST_PETS, UPLOAD_FILE
from petstore.contract.shop_operations import CREATE_TOKEN, LOGIN_USER
from petstore.contract.user import Credentials, UserDraft
from tests.kit.builders import a_draft, a_pet, a_user, a_user_draft
from tests.kit.strategies import pet_drafts

NOT_A_PET_STATUS = "Input should be one of 'available', 'pending', 'sold'"
STATUS = LIST_PETS.arg("status")


def refusal_of(annotation, data, *, is_secret=False, **options) -> Invalid:
    """Return what becomes of the error of pydantic."""
    with pytest.raises(ValidationError) as raised:
        TypeAdapter(annotation).validate_python(data, **options)
    return invalid_from(raised.value, "body", is_secret=is_secret)


def fields_of(refusal: Invalid) -> list[tuple[str, str]]:
    return [(one.field, one.kind) for one in refusal.fields]


@pytest.mark.parametrize(
    "value",
    [
        a_pet(status="sold"),
        a_pet(status=None),
        [a_pet(), a_pet(status="pending")],
        a_user(),
        OrderPatch(status="approved"),
        OrderPatch(),
        "anything, as no enum is documented",
        None,
        [],
    ],
    ids=repr,
)
def test_documented_values_pass(value):
    check_known(value, "body")


def test_status_set_as_plain_text_passes():
    pet = a_pet()
    pet.status = "sold"

    check_known(pet, "body")


@pytest.mark.parametrize(
    ("value", "field"),
    [
        (a_pet(status="boarding"), "body.status"),
        (a_pet(status=""), "body.status"),
        (a_pet(status="SOLD"), "body.status"),
        ([a_pet(), a_pet(status="boarding")], "body.1.status"),
    ],
    ids=["model", "empty", "capitals", "list"],
)
def test_unknown_value_of_a_model_is_named(value, field):
    with pytest.raises(Invalid) as refused:
        check_known(value, "body")

    assert refused.value.fields == (FieldProblem(field, NOT_A_PET_STATUS, "enum"),)
    assert refused.value.message == f"{field}: {NOT_A_PET_STATUS}."


@pytest.mark.parametrize(
    ("value", "field"),
    [("boarding", "query.status"), (["sold", "boarding"], "query.status.1")],
)
def test_unknown_plain_value_is_named(value, field):
    with pytest.raises(Invalid) as refused:
        check_known(value, "query.status", PetStatus)

    assert fields_of(refused.value) == [(field, "enum")]


def test_field_is_named_as_on_the_wire():
    class Colour(StrEnum):
        RED = "red"

    class Car(Model):
        paint_colours: list[Colour | str]

    with pytest.raises(Invalid) as refused:
        check_known(Car(paint_colours=["red", "blue"]), "body")

    assert fields_of(refused.value) == [("body.paintColours.1", "enum")]


def test_call_with_declared_fields_passes():
    check_fields(calls.add_pet(a_draft(tags=[{"id": 1}], category=None)))
    check_fields(calls.get_pet_by_id(1))


@pytest.mark.parametrize(
    ("call", "fields"),
    [
        (calls.add_pet(a_draft(tags=[{}, {"hue": 1}])), ["body.tags.1.hue"]),
        (calls.update_pet(a_pet(hue=1, size=2)), ["body.hue", "body.size"]),
        (calls.add_pet(a_draft(**{"x" * 100_000: 1})), ["body." + "x" * 100]),
        (calls.create_users_with_list([a_user_draft(hue=1)]), ["body.0.hue"]),
    ],
    ids=["part", "model", "long name", "list"],
)
def test_undeclared_fields_of_a_call_are_named(call, fields):
    with pytest.raises(Invalid, match="There is no such field") as refused:
        check_fields(call)

    assert fields_of(refused.value) == [(field, "extra_forbidden") for field in fields]


def test_undeclared_field_of_a_secret_is_not_named():
    credentials = Credentials.model_validate(
        {"username": "ann", "password": "pw", "hunter2": 1}
    )

    with pytest.raises(Invalid) as refused:
        check_fields(Call(CREATE_TOKEN, {"credentials": credentials}))

    assert fields_of(refused.value) == [("body", "extra_forbidden")]


def test_value_of_the_right_type_passes():
    assert checked(LIST_PETS.arg("limit"), 5, "query.limit") == 5
    assert checked(STATUS, ["sold"], "query.status") == ["sold"]


def test_nothing_is_converted():
    with pytest.raises(Invalid) as refused:
        checked(LIST_PETS.arg("limit"), "5", "query.limit")

    assert fields_of(refused.value) == [("query.limit", "int_type")]


def test_what_cannot_be_a_list_is_refused_by_name():
    with pytest.raises(Invalid, match="valid list") as refused:
        calls.list_pets(status=1.5)  # type: ignore[arg-type]

    assert fields_of(refused.value) == [("query.status", "list_type")]


def test_unknown_status_is_refused_unless_open():
    with pytest.raises(Invalid):
        checked(STATUS, ["boarding"], "query.status")

    assert checked(STATUS, ["boarding"], "query.status", is_open=True) == ["boarding"]


def test_stream_passes_unread():
    stream = ByteStream(iter([b"a"]))

    assert checked(UPLOAD_FILE.arg("content"), stream, "upload.file") is stream


@pytest.mark.parametrize("content", [b"bytes", "text", None])
def test_upload_that_is_no_stream_is_refused(content):
    with pytest.raises(Invalid) as refused:
        checked(UPLOAD_FILE.arg("content"), content, "upload.file")

    assert fields_of(refused.value) == [("upload.file", "is_instance_of")]


def test_traceback_shows_no_input():
    secret = "hunter2\0"

    with pytest.raises(Invalid) as refused:
        checked(LOGIN_USER.arg("password"), secret, "query.password")

    assert "hunter2" not in "".join(traceback.format_exception(refused.value))


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_every_argument_of_the_table_can_be_checked(operation):
    for arg in operation.args:
        with pytest.raises(Invalid):
            checked(arg, object(), "here")


def test_argument_without_metadata_can_be_checked():
    assert checked(Arg("n", "n", Place.QUERY, int), 1, "query.n") == 1


def test_place_is_a_dotted_path_of_wire_names():
    data = {"name": "x", "photoUrls": ["u", 5], "tags": [{"id": "1"}]}

    assert fields_of(refusal_of(PetDraft, data, strict=True)) == [
        ("body.photoUrls.1", "string_type"),
        ("body.tags.0.id", "int_type"),
    ]


def test_whole_value_is_named_by_its_location():
    assert fields_of(refusal_of(PetDraft, 5)) == [("body", "model_type")]


@pytest.mark.parametrize(
    ("status", "kind"),
    [(5, "string_type"), ("x" * 501, "string_too_long"), (None, "string_type")],
    ids=["number", "long", "null"],
)
@pytest.mark.parametrize("strict", [True, False])
def test_open_enum_is_one_problem_of_one_field(status, kind, strict):
    refusal = refusal_of(Statuses, ["sold", status], strict=strict)

    assert fields_of(refusal) == [("body.1", kind)]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"shipDate": "2030-01-01T00:00:00"}, "time zone, such as 2030-01-31T12"),
        ({"shipDate": "9999-12-31T23:59:59-01:00"}, "the years 1 to 9999 UTC"),
        ({"status": "a\0"}, "String should have no NUL character"),
        ({"petId": 2**63}, "less than or equal to 9223372036854775807"),
        ({"novel": 1}, "There is no such field"),
    ],
)
def test_message_says_what_would_be_right(data, message):
    refusal = refusal_of(OrderDraft, data, extra="forbid")

    (problem,) = refusal.fields
    assert message in problem.message
    assert refusal.message == f"{problem.field}: {problem.message}."


def test_lone_surrogate_is_refused():
    refusal = refusal_of(UserDraft, {"username": "\ud800"})

    assert fields_of(refusal) == [("body.username", "string_unicode")]


def test_problems_are_bounded_and_their_number_is_told():
    refusal = refusal_of(list[UserDraft], [5] * 1000)

    assert len(refusal.fields) == PROBLEMS_MAX
    assert refusal.message.startswith("body.0: ")
    assert refusal.message.endswith("; and 997 more.")


def test_name_of_an_unknown_field_is_cut():
    refusal = refusal_of(UserDraft, {"x" * 100_000: 1}, extra="forbid")

    assert len(refusal.fields[0].field) < 200


_FIELDS = ("username", "password")


@given(st.text(min_size=8, max_size=20).filter(lambda text: text not in _FIELDS))
def test_secret_is_never_shown(secret):
    data = {"username": "ann", "password": f"{secret}\0", secret: 1}

    refusal = refusal_of(Credentials, data, is_secret=True, extra="forbid")

    assert fields_of(refusal) == [
        ("body.password", "string_pattern_mismatch"),
        ("body", "extra_forbidden"),
    ]


def test_refusal_lists_every_problem_while_they_are_few():
    problems = [FieldProblem(f"f{n}", "Bad", "kind") for n in range(3)]

    assert invalid(problems).message == "f0: Bad; f1: Bad; f2: Bad."
    assert invalid(problems).fields == tuple(problems)


@given(pet_drafts(unknown_status=True))
def test_documented_status_is_all_that_passes(pet):
    documented = [None, *PetStatus]

    try:
        check_known(pet, "body")
    except Invalid:
        assert pet.status not in documented
    else:
        assert pet.status in documented


def test_order_of_problems_is_the_order_of_fields():
    refusal = refusal_of(OrderDraft, {"quantity": "x", "complete": 5, "petId": "x"})

    assert [one.field for one in refusal.fields] == [
        "body.petId",
        "body.quantity",
        "body.complete",
    ]
