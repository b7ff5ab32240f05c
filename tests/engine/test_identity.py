"""Who may do what: every operation, for everybody who may call."""

from collections.abc import Callable
from typing import Any, Final

import pytest
from sqlalchemy import select

from petstore.contract import calls
from petstore.contract.arguments import READ_PETS, SCOPES
from petstore.contract.call import Call
from petstore.contract.errors import Forbidden, Unauthorized
from petstore.contract.flavours import STRICT
from petstore.contract.operations import OPERATIONS
from petstore.contract.order import OrderDraft, OrderPatch
from petstore.contract.role import Role
from petstore.engine.context import Caller, Credentials, Principal
from petstore.engine.identity import ROLE_SCOPES, TOKEN_LIFE_MS, add_credential
from petstore.storage.tables import TOKEN
from tests.engine.doors import (
    ACTORS,
    KEY,
    PASSWORD,
    READING_KEY,
    ROLES,
    Doors,
    furnished,
)
from tests.engine.shops import Opener
from tests.kit.builders import (
    a_draft,
    a_pet,
    a_user_draft,
)

# What it takes to pass: anybody, anybody known, or a role; `own` when one's own user
# will do as well. An operation without a row fails the tests.
NEEDED: Final = {
    "addPet": "clerk",
    "updatePet": "clerk",
    "listPets": "customer",
    "findPetsByStatus": "customer",
    "findPetsByTags": "customer",
    "getPetById": "customer",
    "updatePetWithForm": "clerk",
    "patchPet": "clerk",
    "deletePet": "clerk",
    "restorePet": "clerk",
    "getPetHistory": "customer",
    "uploadFile": "clerk",
    "getPhoto": "anybody",
    "getInventory": "customer",
    "placeOrder": "customer",
    "listOrders": "customer",
    "getOrderById": "customer",
    "patchOrder": "clerk",
    "deleteOrder": "clerk",
    "createUser": "owner",
    "createUsersWithArrayInput": "owner",
    "createUsersWithListInput": "owner",
    "listUsers": "clerk",
    "loginUser": "anybody",
    "logoutUser": "anybody",
    "getUserByName": "clerk or own",
    "updateUser": "owner or own",
    "deleteUser": "owner or own",
    "createToken": "anybody",
    "getToken": "known",
    "deleteToken": "anybody",
    "getEvents": "known",
}


def expected(needed: str, actor: str, operation_id: str) -> str:
    """Say in plain words what the table means."""
    least, _, own = needed.partition(" or ")
    if least == "anybody":
        return "passed"
    if actor in ("nobody", "stranger", "expired"):
        return "401"
    if least == "known" or actor in ("owner", "key") or (own and actor == "own user"):
        return "passed"
    if actor == "reading key":
        is_reading = READ_PETS >= OPERATIONS[operation_id].scopes
        return "passed" if is_reading else "403"
    role = "customer" if actor == "own user" else actor
    return "passed" if ROLES.index(role) >= ROLES.index(least) else "403"


def test_every_operation_says_what_it_needs():
    assert OPERATIONS.keys() == NEEDED.keys()
    open_to_anybody = {name for name, one in OPERATIONS.items() if not one.scopes}
    assert {
        name for name, needed in NEEDED.items() if needed in ("anybody", "known")
    } == open_to_anybody


@pytest.mark.parametrize("operation_id", OPERATIONS)
def test_auth_on_lets_in_who_may(lone: Opener, operation_id):
    found = {}
    for actor in ACTORS:
        found[actor] = furnished(lone(profile="shop")).refusal(operation_id, actor)

    needed = NEEDED[operation_id]
    assert {actor: expected(needed, actor, operation_id) for actor in ACTORS} == found


@pytest.mark.parametrize("operation_id", OPERATIONS)
def test_auth_off_never_refuses(lone: Opener, operation_id):
    doors = furnished(lone(profile="shop", auth="off"))

    assert {"passed"} == {doors.refusal(operation_id, actor) for actor in ACTORS}


@pytest.mark.parametrize("operation_id", OPERATIONS)
def test_whoever_holds_the_store_may_do_everything(doors: Doors, operation_id):
    nobody: Any = None
    # Trusted, see Caller.
    doors.sent["holder"] = nobody

    assert doors.refusal(operation_id, "holder") == "passed"


@pytest.mark.parametrize("operation_id", ["getUserByName", "updateUser", "deleteUser"])
def test_somebody_elses_user_is_not_ones_own(doors: Doors, operation_id):
    assert doors.refusal(operation_id, "customer") == "403"


def test_refusal_names_the_scopes_that_are_missing(doors: Doors):
    call = calls.add_pet(a_draft())
    customer = doors.sent["customer"].bearer

    with pytest.raises(Forbidden, match=r"needs the scopes write:pets\."):
        doors.shop.send_as(call, bearer=customer)
    with pytest.raises(Unauthorized, match="needs the scopes read:pets, write:pets"):
        doors.shop.send_as(call)


@pytest.mark.parametrize("sent", ["", " ", "\x00", "\udc80", "x" * 10_000, "ann"])
def test_strange_tokens_are_nobodys(doors: Doors, sent):
    asked: list[Call[Any]] = [calls.get_inventory(), calls.get_token()]
    for call in asked:
        with pytest.raises(Unauthorized):
            doors.shop.send_as(call, bearer=sent)


def test_hash_of_a_token_is_no_token(doors: Doors):
    for (kept,) in doors.shop.rows(select(TOKEN.c.hash)):
        with pytest.raises(Unauthorized):
            doors.shop.send_as(calls.get_inventory(), bearer=kept)


def test_a_customer_orders_and_leaves_the_orders_of_others_alone(doors: Doors):
    shop, customer = doors.shop, doors.sent["customer"].bearer
    shop.pets.create(a_draft())

    placed = shop.send_as(calls.place_order(OrderDraft(pet_id=1)), bearer=customer)

    found = shop.send_as(calls.get_order_by_id(placed.value.id), bearer=customer)
    assert placed.value == found.value
    # An order names no customer, so nobody can tell one's own from another's.
    changes: list[Call[Any]] = [
        calls.delete_order(placed.value.id),
        calls.patch_order(placed.value.id, OrderPatch(status="approved")),
    ]
    for call in changes:
        with pytest.raises(Forbidden, match=r"needs the scopes write:orders\."):
            shop.send_as(call, bearer=customer)


def test_roles_hold_only_scopes_that_exist_and_an_owner_all():
    assert ROLE_SCOPES[Role.CUSTOMER] < ROLE_SCOPES[Role.CLERK]
    assert ROLE_SCOPES[Role.CLERK] < ROLE_SCOPES[Role.OWNER]
    assert SCOPES.keys() == ROLE_SCOPES[Role.OWNER]
    assert ROLE_SCOPES.keys() == set(Role)


def test_credentials_and_principals_show_no_secret():
    assert "hidden" not in repr(Credentials(api_key="hidden", bearer="hidden"))
    assert "hidden" not in repr(Caller(STRICT, Credentials(bearer="hidden")))
    assert Principal().is_user is False


# ------------------------------------------------------------------- life of a token


def test_token_says_whose_it_is_what_it_allows_and_until_when(doors: Doors):
    token = doors.sent["clerk"].bearer

    info = doors.shop.send_as(calls.get_token(), bearer=token).value

    assert info.username == "cleo"
    assert sorted(ROLE_SCOPES[Role.CLERK]) == info.scopes
    expires_ms = (info.expires_at.timestamp() if info.expires_at else 0) * 1000
    assert doors.shop.clock() + TOKEN_LIFE_MS == expires_ms


def test_api_key_says_its_label_and_has_no_end(doors: Doors):
    info = doors.shop.send_as(calls.get_token(), api_key=READING_KEY).value

    assert ("some", ["read:pets"], None) == (
        info.username,
        info.scopes,
        info.expires_at,
    )


def test_with_auth_off_everybody_is_told_of_all_scopes(lone: Opener):
    doors = furnished(lone(profile="shop", auth="off"))

    for actor in ("nobody", "stranger", "customer", "reading key"):
        sent = doors.sent[actor]
        shop = doors.shop
        info = shop.send_as(
            calls.get_token(), bearer=sent.bearer, api_key=sent.api_key
        ).value
        assert sorted(SCOPES) == info.scopes


def test_token_ends_after_an_hour(doors: Doors):
    clock, token = doors.shop.clock, doors.sent["owner"].bearer

    clock.advance(TOKEN_LIFE_MS - 1)
    doors.shop.send_as(calls.get_inventory(), bearer=token)
    clock.advance(1)

    with pytest.raises(Unauthorized):
        doors.shop.send_as(calls.get_inventory(), bearer=token)


@pytest.mark.parametrize("log_out", [calls.delete_token, calls.logout_user])
def test_logging_out_ends_this_token_only_and_may_be_repeated(
    doors: Doors, log_out: Callable[[], Call[None]]
):
    shop, first = doors.shop, doors.sent["customer"].bearer
    second = shop.auth.login("cid", PASSWORD).access_token

    for _ in range(2):
        shop.send_as(log_out(), bearer=first)

    with pytest.raises(Unauthorized):
        shop.send_as(calls.get_inventory(), bearer=first)
    assert shop.send_as(calls.get_token(), bearer=second).value.username == "cid"


def test_logging_out_keeps_an_api_key(doors: Doors):
    doors.shop.send_as(calls.delete_token(), api_key=KEY)

    assert doors.shop.send_as(calls.get_inventory(), api_key=KEY).value == {}


def test_token_goes_on_under_a_new_name(doors: Doors):
    shop, token = doors.shop, doors.sent["own user"].bearer

    shop.send_as(
        calls.update_user("ann", a_user_draft(username="eve", password=None)),
        bearer=token,
    )

    assert shop.send_as(calls.get_token(), bearer=token).value.username == "eve"
    assert shop.send_as(calls.get_user_by_name("eve"), bearer=token).value.id == 4
    with pytest.raises(Forbidden):
        shop.send_as(calls.get_user_by_name("ann"), bearer=token)


def test_token_of_a_user_who_is_gone_opens_nothing(doors: Doors):
    shop = doors.shop
    shop.engine.store.write(
        lambda tx: add_credential(
            tx, "lost", scopes=" ".join(SCOPES), user_id=404, expires_at=tx.now + 1
        )
    )

    with pytest.raises(Unauthorized):
        shop.send_as(calls.get_inventory(), bearer="lost")


def test_writes_name_their_actor(doors: Doors):
    shop = doors.shop
    shop.send_as(calls.add_pet(a_draft()), bearer=doors.sent["clerk"].bearer)
    shop.send_as(calls.update_pet(a_pet()), api_key=KEY)
    shop.pets.delete(1)

    assert ["cleo", "all", None] == [one.actor for one in shop.changes("pet")]
