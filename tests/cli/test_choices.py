from typing import get_args

import pytest

from petstore.cli import choices
from petstore.contract import flavours, openapi, order, pet
from petstore.engine import profile
from petstore.mock import convert, steps


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (choices.ProfileName, get_args(profile.ProfileName)),
        (choices.Auth, get_args(profile.Auth)),
        (choices.Rules, get_args(profile.Rules)),
        (choices.Contract, get_args(flavours.Contract)),
        (choices.Flavour, get_args(openapi.Kind)),
        (choices.PetStatus, tuple(pet.PetStatus)),
        (choices.OrderStatus, tuple(order.OrderStatus)),
        (choices.MockMode, ("auto", *steps.MODES)),
        (choices.OnMiss, steps.ON_MISS),
        (choices.Format, convert.FORMATS),
    ],
)
def test_choices_are_those_of_the_product(choice, expected):
    assert sorted(expected) == sorted(get_args(choice))
