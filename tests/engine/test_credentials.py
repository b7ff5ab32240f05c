"""What a request with two credentials may do."""

from typing import Any, Final

import pytest

from petstore.contract import calls
from petstore.contract.call import Call
from petstore.contract.errors import Forbidden, Unauthorized
from petstore.engine.keys import add_key
from tests.engine.doors import KEY, READING_KEY, Doors
from tests.kit.builders import (
    a_draft,
)

INVALID: Final = ("", "not a token", "old")


def test_bearer_token_comes_before_an_api_key(doors: Doors):
    customer = doors.sent["customer"].bearer
    shop = doors.shop

    info = shop.send_as(calls.get_token(), bearer=customer, api_key=KEY).value

    assert info.username == "cid"


@pytest.mark.parametrize("invalid", INVALID)
def test_one_valid_credential_opens_beside_an_invalid_one(doors: Doors, invalid):
    shop, clerk = doors.shop, doors.sent["clerk"].bearer
    add = calls.add_pet(a_draft())

    shop.send_as(add, bearer=invalid, api_key=KEY)
    shop.send_as(add, bearer=clerk, api_key=invalid)

    assert ["all", "cleo"] == [one.actor for one in shop.changes("pet")]


def test_of_two_valid_credentials_the_one_with_the_scopes_opens(doors: Doors):
    shop, clerk = doors.shop, doors.sent["clerk"].bearer
    customer = doors.sent["customer"].bearer
    add = calls.add_pet(a_draft())

    shop.send_as(add, bearer=customer, api_key=KEY)
    shop.send_as(add, bearer=clerk, api_key=READING_KEY)

    assert ["all", "cleo"] == [one.actor for one in shop.changes("pet")]


def test_ones_own_user_opens_beside_a_key_that_does_not(doors: Doors):
    own, get = doors.sent["own user"].bearer, calls.get_user_by_name("ann")

    found = doors.shop.send_as(get, bearer=own, api_key=READING_KEY).value

    assert found.username == "ann"


@pytest.mark.parametrize("bearer", INVALID)
@pytest.mark.parametrize("api_key", INVALID)
def test_two_invalid_credentials_are_nobodys(doors: Doors, bearer, api_key):
    sent: list[Call[Any]] = [calls.add_pet(a_draft()), calls.get_token()]
    for call in sent:
        with pytest.raises(Unauthorized):
            doors.shop.send_as(call, bearer=bearer, api_key=api_key)


def test_valid_credentials_short_of_scopes_are_told_which(doors: Doors):
    customer = doors.sent["customer"].bearer
    add = calls.add_pet(a_draft())

    for bearer, api_key in ((customer, "old"), ("old", READING_KEY)):
        with pytest.raises(Forbidden, match=r"needs the scopes write:pets\."):
            doors.shop.send_as(add, bearer=bearer, api_key=api_key)


def test_scopes_of_two_credentials_are_not_put_together(doors: Doors):
    shop, customer = doors.shop, doors.sent["customer"].bearer
    half = frozenset({"write:pets"})
    shop.engine.store.write(lambda tx: add_key(tx, "half", "half", scopes=half))

    with pytest.raises(Forbidden, match="needs the scopes"):
        shop.send_as(calls.add_pet(a_draft()), bearer=customer, api_key="half")
