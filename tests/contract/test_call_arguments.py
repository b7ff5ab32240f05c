"""Models given to a builder are copied and validated, whatever happened to them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petstore.contract import calls
from petstore.contract.call import Call
from petstore.contract.errors import Invalid
from petstore.contract.omit import OMIT, patch_of
from petstore.contract.order import OrderDraft, OrderPatch
from petstore.contract.pet import Pet, PetDraft, PetPatch, Tag
from petstore.contract.user import UserDraft
from tests.kit.builders import (
    a_draft,
    a_pet,
    a_user,
    a_user_draft,
    an_order,
    an_order_draft,
)
from tests.kit.strategies import order_drafts, pet_drafts, pets, user_drafts


def test_models_of_another_kind_are_refused():
    order: Any = an_order_draft()

    with pytest.raises(Invalid) as refused:
        calls.create_user(order)

    assert refused.value.fields[0].kind == "model_type"


@pytest.mark.parametrize("statuses", [5, b"sold", [["sold"]]], ids=repr)
def test_list_of_anything_else_is_refused(statuses):
    with pytest.raises(Invalid) as refused:
        calls.find_pets_by_status(statuses)

    assert refused.value.fields[0].field.startswith("query.status")


def test_model_changed_after_it_was_made_is_validated_again():
    pet: Any = a_pet()
    pet.name = 5
    pet.tags[0].id = "x"
    pet.category = None

    with pytest.raises(Invalid) as refused:
        calls.update_pet(pet)

    assert [one.field for one in refused.value.fields] == [
        "body.name",
        "body.tags.0.id",
    ]


def test_model_made_without_validation_is_validated():
    pet = PetDraft.model_construct(photo_urls=[])

    with pytest.raises(Invalid) as refused:
        calls.add_pet(pet)

    assert refused.value.message == "body.name: Field required."


def test_instant_without_a_zone_is_refused():
    order = an_order_draft()
    order.ship_date = datetime.fromisoformat("2030-01-01T00:00:00")

    with pytest.raises(Invalid, match=r"body\.shipDate: Input should have a time zone"):
        calls.place_order(order)


def test_one_wrong_user_of_many_is_named():
    users = [a_user_draft(), a_user_draft()]
    users[1].user_status = 2**31

    with pytest.raises(Invalid) as refused:
        calls.create_users_with_list(users)

    assert refused.value.fields[0].field == "body.1.userStatus"


def test_call_holds_a_copy_of_the_model():
    pet = a_pet(name="Rex")

    call = calls.update_pet(pet)
    pet.name = "Max"
    pet.tags.clear()

    assert call.arguments["pet"] == a_pet(name="Rex")


def test_whole_entity_stands_for_a_draft_without_what_the_store_adds():
    call = calls.update_user("ann", a_user(version=7))

    assert type(call.arguments["user"]) is UserDraft
    assert call.arguments["user"] == a_user_draft(id=1)
    assert calls.add_pet(a_pet(version=7)).arguments["pet"] == a_draft(id=1)
    assert calls.place_order(an_order(version=7)).arguments["order"] == an_order_draft(
        id=1
    )


def test_version_of_a_pet_to_replace_is_kept():
    assert calls.update_pet(a_pet(version=7)).arguments["pet"].version == 7


def test_fields_that_this_version_does_not_know_are_kept():
    pet = calls.update_pet(a_pet(novel={"a": 1})).arguments["pet"]

    assert pet.model_extra == {"novel": {"a": 1}}


@pytest.mark.parametrize("novel", ["\ud800", object()], ids=["surrogate", "object"])
def test_unknown_field_that_cannot_be_written_is_refused(novel):
    with pytest.raises(Invalid, match="body: Unknown fields should be JSON"):
        calls.add_pet(a_draft(novel=novel))


def test_patch_keeps_apart_what_is_none_and_what_is_not_set():
    patch = calls.patch_pet(1, PetPatch(category=None)).arguments["patch"]

    assert patch.model_fields_set == {"category"}


def test_patch_with_nothing_set_stays_empty():
    assert (
        calls.patch_order(1, OrderPatch()).arguments["patch"].model_fields_set == set()
    )


def test_list_appended_to_its_default_is_kept():
    pet = PetDraft(name="Rex", photo_urls=[])
    pet.tags.append(Tag(name="friendly"))

    call = calls.add_pet(pet)

    assert call.arguments["pet"].tags == [Tag(name="friendly")]
    assert "tags" in call.arguments["pet"].model_fields_set


def test_patch_of_fields_leaves_out_what_is_omitted():
    patch = patch_of(PetPatch, name="Rex", status=None, category=OMIT)

    assert patch == PetPatch(name="Rex", status=None)
    assert patch.model_fields_set == {"name", "status"}


@given(pet_drafts())
def test_valid_pet_is_taken_as_it_is(pet):
    assert calls.add_pet(pet).arguments == {"pet": pet}


@given(pets())
def test_valid_pet_to_replace_is_taken_as_it_is(pet):
    assert calls.update_pet(pet).arguments == {"pet": pet}


@given(order_drafts())
def test_valid_order_is_taken_as_it_is(order):
    assert calls.place_order(order).arguments == {"order": order}


@given(st.lists(user_drafts(), max_size=3))
def test_valid_users_are_taken_as_they_are(users):
    assert calls.create_users_with_array(users).arguments == {"users": users}


def built(
    build: Callable[[], Call[Any]],
) -> tuple[Call[Any] | None, Invalid | None]:
    """Return the call or its refusal; any other error is a bug."""
    try:
        return build(), None
    except Invalid as refused:
        return None, refused


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.text(st.characters(categories=["Cs"]), min_size=1)
    | st.binary()
    | st.builds(object),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text(), inner) | st.sets(st.text())
    ),
    max_leaves=5,
)


@given(
    st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(
            ["status", "tag", "category", "q", "sort", "limit", "cursor"], ANYTHING
        ),
    )
)
def test_any_filters_are_taken_or_told(filters):
    given_names = {name for name, value in filters.items() if value is not None}

    call, refused = built(lambda: calls.list_pets(**filters))

    assert refused is None or refused.fields
    assert call is None or call.arguments.keys() == given_names


@given(ANYTHING, ANYTHING, ANYTHING, ANYTHING)
def test_any_fields_of_a_model_are_taken_or_told(name, status, tags, category):
    pet: Any = Pet.model_construct(
        None,
        id=1,
        name=name,
        photo_urls=[],
        status=status,
        tags=tags,
        category=category,
    )

    call, refused = built(lambda: calls.update_pet(pet))

    assert refused is None or all(
        one.field.startswith("body.") for one in refused.fields
    )
    assert call is None or isinstance(call.arguments["pet"].name, str)


def test_orders_without_anything_may_be_placed():
    assert calls.place_order(OrderDraft()).arguments == {"order": OrderDraft()}
