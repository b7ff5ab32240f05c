"""What builders and strategies make is what a strict store takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petstore.contract.model import Model
from petstore.contract.order import OrderStatus
from petstore.contract.pet import PetStatus
from tests.kit.builders import (
    a_draft,
    a_pet,
    a_user,
    a_user_draft,
    an_order,
    an_order_draft,
)
from tests.kit.strategies import (
    order_drafts,
    orders,
    pet_drafts,
    pets,
    statuses,
    user_drafts,
    users,
)

ANY_MODEL = st.one_of(
    pets(),
    pets(unknown_status=True),
    pet_drafts(),
    pet_drafts(unknown_status=True),
    orders(),
    orders(unknown_status=True),
    order_drafts(),
    order_drafts(unknown_status=True),
    users(),
    user_drafts(),
)


def through_json(model: Model) -> Model:
    return type(model).model_validate_json(
        model.model_dump_json(), strict=True, extra="forbid"
    )


@given(ANY_MODEL)
def test_drawn_model_is_valid_and_survives_json(model):
    assert through_json(model) == model


@pytest.mark.parametrize(
    "build", [a_pet, a_draft, an_order, an_order_draft, a_user, a_user_draft]
)
def test_built_model_is_valid_and_survives_json(build):
    assert through_json(build()) == build()


def test_builder_takes_what_a_test_states():
    assert a_pet(id=7, status="sold").status is PetStatus.SOLD
    assert an_order(status=None).status is None


@given(statuses(OrderStatus))
def test_drawn_statuses_are_documented_unless_asked(status):
    assert isinstance(status, OrderStatus)
