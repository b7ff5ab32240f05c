"""Models are open, bounded, and the same after a trip through JSON."""

import json
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from petstore.contract.model import (
    INT32_MAX,
    INT64_MAX,
    TEXT_LENGTH_MAX,
    Instant,
    Model,
    Page,
    enum_fields,
    enum_in,
)
from petstore.contract.order import Order, OrderDraft, OrderPatch, OrderStatus
from petstore.contract.pet import Pet, PetDraft, PetPatch, PetStatus, PetStatusText
from petstore.contract.user import Credentials, Token, User, UserDraft
from tests.kit.builders import a_draft, a_pet, a_user, an_order
from tests.kit.strategies import orders, pets, users

ZONES = st.integers(-23 * 60, 23 * 60).map(
    lambda minutes: timezone(timedelta(minutes=minutes))
)


class Moment(Model):
    at: Instant


@given(
    pets(unknown_status=True)
    | orders(unknown_status=True)
    | users()
    | st.builds(
        lambda items: Page[Pet](items=items, next_cursor="c"),
        st.lists(pets(), max_size=2),
    )
)
def test_model_survives_json(model):
    assert model == type(model).model_validate_json(
        model.model_dump_json(), strict=True
    )


def test_json_is_in_camel_case():
    assert json.loads(a_draft(photo_urls=["u"]).model_dump_json())["photoUrls"] == ["u"]
    assert set(a_user().model_dump()) == {
        "id",
        "username",
        "firstName",
        "lastName",
        "email",
        "password",
        "phone",
        "userStatus",
        "version",
    }


@pytest.mark.parametrize("name", ["photo_urls", "photoUrls"])
def test_field_is_read_by_either_name(name):
    pet = PetDraft.model_validate({"name": "Rex", name: ["u"]})

    assert pet.photo_urls == ["u"]


@pytest.mark.parametrize("model", [PetDraft, Pet, OrderDraft, Order, UserDraft, User])
def test_unknown_fields_are_kept(model):
    data = {"id": 1, "name": "Rex", "photoUrls": [], "novel": {"a": 1}}

    read = model.model_validate(data)

    assert json.loads(read.model_dump_json())["novel"] == {"a": 1}


@pytest.mark.parametrize("patch", [PetPatch, OrderPatch])
def test_patch_refuses_a_misspelt_field(patch):
    with pytest.raises(ValidationError, match="extra_forbidden"):
        patch.model_validate({"statsu": "sold"})


def test_known_status_is_read_as_its_enum():
    assert a_pet(status="sold").status is PetStatus.SOLD
    assert an_order(status="placed").status is OrderStatus.PLACED


def test_unknown_status_is_kept_as_text():
    assert (
        json.loads(a_pet(status="boarding").model_dump_json())["status"] == "boarding"
    )


def test_default_tags_are_not_shared():
    first, second = (PetDraft(name="Rex", photo_urls=[]) for _ in range(2))

    first.tags.append(a_pet().tags[0])

    assert second.tags == []


@given(
    st.datetimes(
        datetime.fromisoformat("0002-01-01"),
        datetime.fromisoformat("9998-12-31"),
        timezones=ZONES,
    )
)
def test_instant_is_kept_to_the_millisecond_in_utc(instant):
    at = Moment(at=instant).at

    assert at.tzinfo is UTC
    assert at.microsecond % 1000 == 0
    assert timedelta(0) <= instant - at < timedelta(milliseconds=1)


@given(st.datetimes(timezones=st.just(UTC)))
def test_instant_is_kept_as_it_was_stored(instant):
    at = Moment(at=instant).at

    assert Moment(at=at).at == at


@pytest.mark.parametrize(
    "text", ["9999-12-31T23:59:59-00:01", "0001-01-01T00:00:00+00:01"]
)
def test_instant_beyond_the_calendar_is_refused(text):
    with pytest.raises(ValidationError, match="years 1 to 9999"):
        Moment.model_validate({"at": text})


def test_instant_without_a_zone_is_refused():
    with pytest.raises(ValidationError, match="timezone_aware"):
        Moment.model_validate({"at": "2030-01-01T00:00:00"})


@pytest.mark.parametrize(
    ("build", "field", "low", "high"),
    [
        (a_pet, "id", -INT64_MAX - 1, INT64_MAX),
        (an_order, "pet_id", -INT64_MAX - 1, INT64_MAX),
        (an_order, "quantity", -INT32_MAX - 1, INT32_MAX),
        (a_user, "user_status", -INT32_MAX - 1, INT32_MAX),
    ],
)
def test_integer_is_bounded_as_its_format_says(build, field, low, high):
    assert [getattr(build(**{field: one}), field) for one in (low, high)] == [low, high]
    for beyond in (low - 1, high + 1):
        with pytest.raises(ValidationError, match="Input should be"):
            build(**{field: beyond})


def test_text_is_bounded():
    assert a_pet(name="x" * TEXT_LENGTH_MAX)
    with pytest.raises(ValidationError, match="string_too_long"):
        a_pet(name="x" * (TEXT_LENGTH_MAX + 1))


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "a\0"},
        {"status": "a\0"},
        {"photo_urls": ["a\0"]},
        {"tags": [{"name": "a\0"}]},
        {"category": {"name": "a\0"}},
    ],
    ids=str,
)
def test_nul_is_refused_wherever_text_is_stored(fields):
    with pytest.raises(ValidationError, match="string_pattern_mismatch"):
        a_pet(**fields)


def test_line_breaks_are_text():
    assert a_pet(name="a\nb\r\n").name == "a\nb\r\n"


def test_repr_shows_no_secret():
    shown = (
        a_user(password="hunter2"),
        Credentials(username="ann", password="hunter2"),
        Token(access_token="hunter2", expires_at=datetime(2030, 1, 1, tzinfo=UTC)),
    )

    assert "hunter2" not in repr(shown)


def test_enums_of_a_model_are_found():
    assert enum_fields(Pet) == (("status", PetStatus),)
    assert enum_fields(OrderPatch) == (("status", OrderStatus),)
    assert enum_fields(User) == ()


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (PetStatus, PetStatus),
        (PetStatusText | None, PetStatus),
        (list[PetStatusText], PetStatus),
        (StrEnum | None, StrEnum),
        (str, None),
        (Pet, None),
    ],
    ids=str,
)
def test_enum_of_an_annotation_is_found(annotation, expected):
    assert enum_in(annotation) is expected
