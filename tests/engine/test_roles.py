from functools import partial

import pytest
from sqlalchemy import select

from petstore.contract import calls
from petstore.contract.errors import (
    Conflicted,
    Invalid,
    NotFound,
    RuleBroken,
    Unauthorized,
)
from petstore.contract.role import Role
from petstore.engine import roles
from petstore.storage.tables import SHOP_USER
from tests.kit.builders import a_user_draft


def add(shop, username, role):
    draft = a_user_draft(username=username)
    add_user = partial(roles.add_user, draft=draft, role=Role(role))
    return shop.engine.store.write(add_user)


def set_role(shop, username, role):
    new_role = Role(role)
    shop.engine.store.write(lambda tx: roles.set_role(tx, username, role=new_role))


def listed(shop, **page):
    found = shop.engine.store.read(lambda tx: roles.list_users(tx, **page))
    return [(one.user.username, one.role) for one in found]


def test_users_are_listed_by_name_with_their_roles(shop):
    for name, role in (("cid", "customer"), ("ann", "owner"), ("bob", "clerk")):
        add(shop, name, role)

    assert listed(shop, limit=2) == [("ann", "owner"), ("bob", "clerk")]
    assert listed(shop, after="bob", limit=2) == [("cid", "customer")]


@pytest.mark.parametrize("role", Role)
def test_a_role_is_stored_as_its_value(shop, role):
    add(shop, "ann", "customer")
    add(shop, "bob", role)
    set_role(shop, "ann", role)

    assert [(role.value,)] * 2 == shop.rows(select(SHOP_USER.c.role))
    assert ("ann", role) in listed(shop, limit=9)


def test_a_name_is_given_once(shop):
    add(shop, "ann", "owner")

    with pytest.raises(Conflicted):
        add(shop, "ann", "clerk")

    assert listed(shop, limit=9) == [("ann", "owner")]


def test_a_name_that_no_path_leads_to_is_refused(shop):
    with pytest.raises(Invalid, match="/user/login is another") as caught:
        add(shop, "login", "clerk")

    assert [one.field for one in caught.value.fields] == ["user.username"]
    assert listed(shop, limit=9) == []


def test_a_new_role_is_one_change(shop):
    add(shop, "ann", "owner")
    bob = add(shop, "bob", "customer").user

    set_role(shop, "bob", "clerk")

    assert listed(shop, limit=9) == [("ann", "owner"), ("bob", "clerk")]
    assert [one.action for one in shop.changes("user", bob.id)] == ["create", "update"]
    shop.assert_sound()


def test_a_new_role_ends_the_tokens_of_the_old_one(opened):
    shop = opened(profile="shop", auth="on")
    shop.users.create(a_user_draft(username="bob", password="correct horse"))
    token = shop.auth.login("bob", "correct horse").access_token

    set_role(shop, "bob", "clerk")

    with pytest.raises(Unauthorized):
        shop.send_as(calls.get_token(), bearer=token)
    token = shop.auth.login("bob", "correct horse").access_token
    allowed = shop.send_as(calls.get_token(), bearer=token).value.scopes
    assert "write:pets" in allowed


@pytest.mark.parametrize("role", ["owner", "clerk"])
def test_a_role_is_for_users_who_exist(shop, role):
    with pytest.raises(NotFound):
        set_role(shop, "ann", role)


def test_the_last_owner_stays(shop):
    add(shop, "ann", "owner")

    with pytest.raises(RuleBroken, match="last owner"):
        set_role(shop, "ann", "clerk")
    with pytest.raises(RuleBroken, match="last owner"):
        shop.engine.store.write(lambda tx: roles.delete_user(tx, "ann"))

    assert listed(shop, limit=9) == [("ann", "owner")]


def test_one_of_two_owners_may_go(shop):
    add(shop, "ann", "owner")
    add(shop, "bob", "owner")

    set_role(shop, "ann", "owner")
    set_role(shop, "ann", "clerk")
    shop.engine.store.write(lambda tx: roles.delete_user(tx, "ann"))

    assert listed(shop, limit=9) == [("bob", "owner")]


def test_nobody_cannot_be_deleted(shop):
    with pytest.raises(NotFound):
        shop.engine.store.write(lambda tx: roles.delete_user(tx, "ann"))


def add_first_owner(shop, username):
    draft = a_user_draft(username=username)
    return shop.engine.store.write(lambda tx: roles.add_first_owner(tx, draft))


def test_the_first_owner_is_added_once(shop):
    assert add_first_owner(shop, "ann")
    assert not add_first_owner(shop, "bob")

    assert listed(shop, limit=9) == [("ann", "owner")]


def test_a_customer_is_not_made_owner_by_the_name(shop):
    add(shop, "owner", "customer")

    with pytest.raises(Conflicted, match="petstore user set-role"):
        add_first_owner(shop, "owner")


def test_the_last_owner_cannot_be_deleted_through_the_api_either(shop):
    add(shop, "ann", "owner")

    with pytest.raises(RuleBroken, match="last owner"):
        shop.send(calls.delete_user("ann"))

    add(shop, "bob", "owner")
    shop.send(calls.delete_user("ann"))
    assert listed(shop, limit=9) == [("bob", "owner")]
