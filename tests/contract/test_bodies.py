"""A body is read strictly; what the public servers convert is converted after that."""

import codecs
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petstore.contract.arguments import UserDrafts
from petstore.contract.bodies import FIELDS_MAX, Body, Repair, read_body
from petstore.contract.errors import Invalid, Malformed
from petstore.contract.media import FORM, JSON, XML
from petstore.contract.order import Order, OrderDraft
from petstore.contract.pet import Pet, PetDraft
from petstore.contract.user import Credentials, UserDraft
from petstore.contract.xml import to_xml, xml_root
from tests.kit.strategies import order_drafts, orders, pet_drafts, pets, user_drafts

REX: dict[str, Any] = {"name": "Rex", "photoUrls": []}


def read(
    content: bytes | Any,
    kind: Any = PetDraft,
    *,
    media_type: str = JSON,
    repair: Repair = Repair.NEAR_TYPES,
    extra: Any = "ignore",
) -> Any:
    """Read a body; anything but bytes is sent as JSON."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return read_body(Body(body, media_type, kind), extra=extra, repair=repair)


ANY_DRAFT = st.one_of(
    pet_drafts(unknown_status=True), order_drafts(), user_drafts(), pets(), orders()
)


@given(ANY_DRAFT)
def test_proper_json_is_read_as_it_is(draft):
    content = draft.model_dump_json(by_alias=True, exclude_none=True).encode()

    for repair in Repair:
        assert read(content, type(draft), repair=repair, extra="forbid") == draft


@given(ANY_DRAFT)
def test_numbers_sent_as_texts_are_read_as_numbers(draft):
    def as_texts(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: as_texts(one) for name, one in value.items()}
        if isinstance(value, list):
            return [as_texts(one) for one in value]
        is_number = isinstance(value, int) and not isinstance(value, bool)
        return f" {value} " if is_number else value

    members = draft.model_dump(mode="json", by_alias=True, exclude_none=True)

    assert read(as_texts(members), type(draft)) == draft


@pytest.mark.parametrize("content", [b"", b" ", b"\r\n\t "])
@pytest.mark.parametrize("media_type", [JSON, XML, FORM])
def test_empty_body_says_so(content, media_type):
    with pytest.raises(Malformed, match="A body is required") as caught:
        read(content, media_type=media_type)

    assert caught.value.extra["reason"] == "empty_body"


@pytest.mark.parametrize(
    "content",
    [b"{", b"\xff", b"[" * 100_000, b'{"name":"\\ud800"', b"{'name':'a'}", b"NULL"],
)
@pytest.mark.parametrize("repair", Repair)
def test_what_is_no_json_cannot_be_read(content, repair):
    with pytest.raises(Malformed, match="The body is no JSON: ") as caught:
        read(content, repair=repair)

    assert caught.value.extra["reason"] == "not_json"


@pytest.mark.parametrize("mark", [codecs.BOM_UTF8, codecs.BOM_UTF16, codecs.BOM_UTF32])
def test_byte_order_mark_is_named_as_what_to_leave_out(mark):
    with pytest.raises(Malformed, match="begins with a byte order mark") as caught:
        read(mark + json.dumps(REX).encode(), repair=Repair.NOTHING)

    assert caught.value.extra["reason"] == "not_json"


@pytest.mark.parametrize("repair", Repair)
@pytest.mark.parametrize(
    ("sent", "number"),
    [("469.0", 469), ("-0.0", 0), ("1e3", 1000), ("9007199254740991.0", 2**53 - 1)],
)
def test_integer_may_be_written_with_a_fraction_of_zero(sent, number, repair):
    """JSON Schema 2020-12 (core) §6.1.1: its value counts, not its spelling."""
    body = f'{{"id": {sent}, "quantity": 7.0}}'.encode()

    order = read(body, OrderDraft, repair=repair, extra="forbid")

    assert (order.id, order.quantity) == (number, 7)
    assert type(order.id) is int


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param('{"id": 469.5}', id="fraction"),
        pytest.param('{"id": 9007199254740993.0}', id="not exact"),
        pytest.param('{"id": 1e400}', id="infinite"),
        pytest.param('{"id": "469.0"}', id="text"),
        pytest.param('{"id": true}', id="boolean"),
        pytest.param('{"quantity": 2147483648.0}', id="no int32"),
        pytest.param('{"id": 469.0, "quantity": 1.5}', id="one of two"),
    ],
)
def test_any_other_number_is_no_integer(sent):
    with pytest.raises(Invalid):
        read(sent.encode(), OrderDraft, repair=Repair.NOTHING)


# swagger-petstore 1.0.7 with Jackson 2.9: what it converts, row by row.


@pytest.mark.parametrize(
    ("sent", "name", "expected"),
    [
        pytest.param({"id": "101"}, "id", 101, id="number as text"),
        pytest.param({"id": " 7 "}, "id", 7, id="number as text with spaces"),
        pytest.param({"id": "+7"}, "id", 7, id="number as text with sign"),
        pytest.param({"id": ""}, "id", 0, id="number as empty text"),
        pytest.param({"id": None}, "id", 0, id="no number"),
        pytest.param({"id": 1.9}, "id", 1, id="fraction"),
        pytest.param({"id": -1.9}, "id", -1, id="negative fraction"),
        pytest.param({"id": 1e3}, "id", 1000, id="exponent"),
        pytest.param({"name": 555}, "name", "555", id="text as number"),
        pytest.param({"name": 1.5}, "name", "1.5", id="text as fraction"),
        pytest.param({"name": True}, "name", "true", id="text as truth"),
        pytest.param({"name": None}, "name", "", id="no text"),
        pytest.param({"photoUrls": None}, "photo_urls", [], id="no list"),
        pytest.param({"tags": None}, "tags", [], id="no tags"),
        pytest.param({"photoUrls": [5]}, "photo_urls", ["5"], id="text in a list"),
        pytest.param({"status": 5}, "status", "5", id="status as number"),
        pytest.param({"category": None}, "category", None, id="no category"),
    ],
)
def test_near_type_in_a_pet_is_converted(sent, name, expected):
    pet = read({**REX, **sent}, Pet if "id" in sent else PetDraft)

    assert getattr(pet, name) == expected


@pytest.mark.parametrize(
    ("sent", "tag_id", "tag_name"),
    [
        ({"id": "5", "name": 5}, 5, "5"),
        ({"id": 5.5}, 5, None),
        ({"id": None, "name": None}, None, None),
    ],
)
def test_near_type_in_a_part_is_converted(sent, tag_id, tag_name):
    pet = read({**REX, "tags": [{"id": 1}, sent], "category": sent})

    assert (pet.tags[1].id, pet.tags[1].name) == (tag_id, tag_name)
    assert (pet.category.id, pet.category.name) == (tag_id, tag_name)


@pytest.mark.parametrize(
    ("sent", "name", "expected"),
    [
        pytest.param({"quantity": "2"}, "quantity", 2, id="number as text"),
        pytest.param({"complete": "true"}, "complete", True, id="truth as text"),
        pytest.param({"complete": "false"}, "complete", False, id="falsehood as text"),
        pytest.param({"complete": ""}, "complete", False, id="truth as empty text"),
        pytest.param({"complete": 1}, "complete", True, id="truth as number"),
        pytest.param({"complete": 0}, "complete", False, id="falsehood as number"),
        pytest.param({"complete": None}, "complete", False, id="no truth"),
    ],
)
def test_near_type_in_an_order_is_converted(sent, name, expected):
    assert getattr(read(sent, OrderDraft), name) == expected


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        pytest.param("2030-01-02", (2,), id="date"),
        pytest.param("2030-01-02T03:04:05", (2, 3, 4, 5), id="no zone"),
        pytest.param("2030-01-02T03:04:05+01:00", (2, 2, 4, 5), id="zone"),
        pytest.param(
            "2030-01-02T03:04:05.678+0000", (2, 3, 4, 5, 678_000), id="its own"
        ),
        pytest.param(1_893_553_445_678, (2, 3, 4, 5, 678_000), id="milliseconds"),
    ],
)
def test_instant_is_read_in_any_form_that_jackson_reads(sent, expected):
    order = read({"shipDate": sent}, OrderDraft)

    day, hour, minute, second, microsecond = (*expected, 0, 0, 0, 0)[:5]
    instant = datetime(2030, 1, day, hour, minute, second, microsecond, tzinfo=UTC)
    assert order.ship_date == instant


@pytest.mark.parametrize(
    ("sent", "kind", "field"),
    [
        ({**REX, "id": "x"}, Pet, "body.id"),
        ({**REX, "id": "1_000"}, Pet, "body.id"),
        ({**REX, "id": "9" * 5_000}, Pet, "body.id"),
        ({**REX, "id": "9223372036854775808"}, Pet, "body.id"),
        ({**REX, "id": 9223372036854775808}, Pet, "body.id"),
        ({**REX, "id": [1]}, Pet, "body.id"),
        ({**REX, "tags": "a"}, PetDraft, "body.tags"),
        ({**REX, "tags": ["a"]}, PetDraft, "body.tags.0"),
        ({**REX, "category": "a"}, PetDraft, "body.category"),
        ({**REX, "photoUrls": {}}, PetDraft, "body.photoUrls"),
        ({**REX, "name": {}}, PetDraft, "body.name"),
        ({**REX, "name": "a\0"}, PetDraft, "body.name"),
        ({"shipDate": "soon"}, OrderDraft, "body.shipDate"),
        ({"shipDate": True}, OrderDraft, "body.shipDate"),
        ({"shipDate": 10**30}, OrderDraft, "body.shipDate"),
        ({"shipDate": []}, OrderDraft, "body.shipDate"),
        ({"quantity": 2**31}, OrderDraft, "body.quantity"),
        ({"complete": "yes"}, OrderDraft, "body.complete"),
        ({"complete": []}, OrderDraft, "body.complete"),
        ([], PetDraft, "body"),
        (None, PetDraft, "body"),
        ("Rex", PetDraft, "body"),
        ({}, UserDrafts, "body"),
        ([{}, 5], UserDrafts, "body.1"),
    ],
)
def test_what_is_no_near_type_is_refused(sent, kind, field):
    with pytest.raises(Invalid) as caught:
        read(sent, kind)

    assert field in [problem.field for problem in caught.value.fields]
    assert caught.value.extra["reason"] == "body"


def test_absent_name_is_kept_apart_from_an_empty_one():
    absent, null = read({}), read({"name": None})
    empty = read({**REX, "name": "", "id": "1"}, Pet)

    assert "" == absent.name == null.name == empty.name
    assert "name" not in absent.model_fields_set | null.model_fields_set
    assert "name" in empty.model_fields_set


def test_users_of_a_list_are_converted_each():
    users = read([{"id": "1"}, {"userStatus": "2", "username": 3}], UserDrafts)

    assert users == [UserDraft(id=1), UserDraft(user_status=2, username="3")]


@pytest.mark.parametrize("sent", [{"id": "1"}, {"name": 5}, {"tags": None}])
def test_nothing_is_converted_unless_asked(sent):
    with pytest.raises(Invalid):
        read({**REX, **sent}, Pet, repair=Repair.NOTHING)


@pytest.mark.parametrize(
    ("sent", "is_read"),
    [
        ({"quantity": "2"}, True),
        ({"complete": "true"}, True),
        ({"shipDate": "2030-01-02"}, False),
        ({"status": 5}, False),
    ],
)
def test_texts_may_be_all_that_is_converted(sent, is_read):
    if is_read:
        read(sent, OrderDraft, repair=Repair.TEXTS)
        return
    with pytest.raises(Invalid):
        read(sent, OrderDraft, repair=Repair.TEXTS)


def test_unknown_property_is_dropped_kept_or_refused():
    sent = {**REX, "colour": "red"}

    assert not read(sent).model_extra
    assert read(sent, extra="allow").model_extra == {"colour": "red"}
    with pytest.raises(Invalid, match=r"body\.colour"):
        read(sent, extra="forbid", repair=Repair.NOTHING)


def test_unknown_property_beside_a_converted_one_is_kept_as_well():
    pet = read({**REX, "id": "1", "colour": "red"}, Pet, extra="allow")

    assert pet.model_extra == {"colour": "red"}


def test_unknown_names_of_a_secret_body_are_not_shown():
    body = Body(b'{"username":"a","password":"b","hush":1}', JSON, Credentials, True)

    with pytest.raises(Invalid) as caught:
        read_body(body, extra="forbid", repair=Repair.NOTHING)

    assert "hush" not in repr(caught.value) + repr(caught.value.fields)


def test_refusal_shows_no_input_in_its_traceback():
    with pytest.raises(Invalid) as caught:
        read({"name": ["hush"]}, repair=Repair.NOTHING)

    assert caught.value.__suppress_context__


@given(order_drafts() | orders() | pet_drafts() | pets())
def test_xml_is_read_as_what_it_was(draft):
    members = draft.model_dump(by_alias=True, exclude_none=True)
    content = to_xml(members, flavour_root=xml_root(type_of(draft), "v2"))

    read_again = read(content, type(draft), media_type=XML, repair=Repair.NOTHING)

    assert (
        to_xml(
            read_again.model_dump(by_alias=True, exclude_none=True),
            flavour_root=xml_root(type_of(draft), "v2"),
        )
        == content
    )


def type_of(draft: Any) -> type:
    return Order if isinstance(draft, OrderDraft) else Pet


def test_xml_that_is_none_cannot_be_read():
    with pytest.raises(Malformed):
        read(b"<Pet>", media_type=XML)


@pytest.mark.parametrize(
    ("content", "kind", "expected"),
    [
        (
            b"id=1&name=R+x&photoUrls=a&photoUrls=b&status=sold",
            Pet,
            Pet(id=1, name="R x", photo_urls=["a", "b"], status="sold"),
        ),
        (b"name=a&name=b&photoUrls=", PetDraft, PetDraft(name="a", photo_urls=[""])),
        (
            b"petId=1&quantity=2&complete=true&shipDate=2030-01-02T00:00:00Z",
            OrderDraft,
            OrderDraft(
                pet_id=1,
                quantity=2,
                complete=True,
                ship_date=datetime(2030, 1, 2, tzinfo=UTC),
            ),
        ),
        (
            b"username=%C3%BC&userStatus=1",
            UserDraft,
            UserDraft(username="ü", user_status=1),
        ),
        (b"username=a&colour=red", UserDraft, UserDraft(username="a")),
    ],
)
def test_form_is_read_by_field(content, kind, expected):
    """Its numbers are texts, so these are converted under any contract."""
    assert read(content, kind, media_type=FORM, repair=Repair.NOTHING) == expected


@pytest.mark.parametrize("content", [b"name=\xff", b"name=%ff", b"a=1&" * 2_001])
def test_form_that_is_none_cannot_be_read(content):
    with pytest.raises(Malformed):
        read(content, media_type=FORM)


def test_form_of_too_many_fields_is_not_read():
    fields = b"&".join([b"name=a"] * FIELDS_MAX)

    with pytest.raises(Malformed, match="The form may have 2,000 fields at most"):
        read(fields + b"&name=a", media_type=FORM)


def test_form_that_breaks_the_schema_is_refused():
    with pytest.raises(Invalid, match=r"body\.quantity"):
        read(b"quantity=two", OrderDraft, media_type=FORM, repair=Repair.NOTHING)
