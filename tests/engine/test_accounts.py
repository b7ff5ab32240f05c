"""Logging in, and the hashing that happens outside of transactions."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from petstore.contract import calls
from petstore.contract.errors import Forbidden, Invalid, TooLarge, Unauthorized
from petstore.engine.accounts import HASHED_MAX, write_users
from petstore.engine.context import EMBEDDED
from petstore.engine.flows import Read, Visit, Work, Write
from petstore.engine.identity import TOKEN_LIFE_MS, hash_token
from petstore.engine.instants import from_milliseconds
from petstore.engine.passwords import Argon2Hasher, default_hasher, is_right, protected
from petstore.engine.profile import SHOP
from petstore.storage.tables import TOKEN
from tests.engine.shops import FakeHasher, Opener, Shop
from tests.kit.builders import a_user_draft

PASSWORD = "correct horse"
WRONG = "The username or the password is wrong."


def tokens(shop: Shop) -> list[Any]:
    return shop.rows(
        select(TOKEN.c.hash, TOKEN.c.user_id).where(TOKEN.c.label.is_(None))
    )


@pytest.fixture(params=["sandbox", "shop"])
def profile(request: pytest.FixtureRequest) -> str:
    """Name both profiles in turn."""
    return str(request.param)


def test_login_gives_a_token_that_is_kept_as_a_hash(opened: Opener, profile):
    shop = opened(profile=profile, auth="on")
    shop.users.create(a_user_draft())

    token = shop.auth.login("ann", PASSWORD)

    assert [(hash_token(token.access_token), 1)] == tokens(shop)
    expected = from_milliseconds(shop.clock()) + timedelta(milliseconds=TOKEN_LIFE_MS)
    assert expected == token.expires_at
    info = shop.send_as(calls.get_token(), bearer=token.access_token).value
    assert info.username == "ann"


def test_both_logins_do_the_same(opened: Opener, profile):
    shop = opened(profile=profile, auth="on")
    shop.users.create(a_user_draft())

    given = {
        shop.auth.login("ann", PASSWORD).access_token,
        shop.auth.login_user("ann", PASSWORD).access_token,
    }

    assert len(given) == 2
    # Clients of the public Petstore look for a number, and nobody guesses 128 bits.
    assert all(one.isdigit() and int(one) < 2**128 for one in given)
    assert {hash_token(one) for one in given} == {row[0] for row in tokens(shop)}


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("ann", "wrong horse"),
        ("ann", ""),
        ("ann", PASSWORD.upper()),
        ("Ann", PASSWORD),
        ("eve", PASSWORD),
        ("", ""),
        ("keyless", ""),
        ("keyless", PASSWORD),
    ],
)
def test_wrong_name_and_wrong_password_are_told_alike(
    opened: Opener, profile, username, password
):
    shop = opened(profile=profile, auth="on")
    shop.users.create(a_user_draft())
    shop.users.create(a_user_draft(username="keyless", password=None))

    for operation in (shop.auth.login, shop.auth.login_user):
        with pytest.raises(Unauthorized) as caught:
            operation(username, password)
        assert caught.value.message == WRONG
    assert [] == tokens(shop)


def test_empty_password_opens_nothing_even_where_it_is_stored(sandbox: Shop):
    on = sandbox.engine.setup.profile
    assert on.keeps_passwords
    sandbox.users.create(a_user_draft(password=""))

    assert not is_right("", "", None)
    sandbox.auth.login("ann", "")
    assert [] == tokens(sandbox)


@pytest.mark.parametrize("username", ["ann", "eve", "keyless"])
def test_every_refusal_in_a_shop_hashes_once(lone: Opener, username):
    shop = lone(profile="shop")
    shop.users.create(a_user_draft())
    shop.users.create(a_user_draft(username="keyless", password=None))
    before = lone.hasher.count

    with pytest.raises(Unauthorized):
        shop.auth.login(username, "wrong horse")

    assert before + 1 == lone.hasher.count


def test_with_auth_off_anything_logs_in_and_only_real_users_get_real_tokens(
    opened: Opener, profile
):
    shop = opened(profile=profile, auth="off")
    shop.users.create(a_user_draft())

    for username, password in (("ann", "wrong"), ("eve", PASSWORD), ("", "")):
        token = shop.auth.login(username, password)
        assert token.expires_at > from_milliseconds(shop.clock())
        call = calls.get_token()
        info = shop.send_as(call, bearer=token.access_token).value
        assert info.username is None
    assert [] == tokens(shop)
    real = shop.auth.login("ann", PASSWORD).access_token
    assert shop.send_as(calls.get_token(), bearer=real).value.username == "ann"


def test_public_login_may_leave_everything_out(sandbox: Shop):
    assert sandbox.do("loginUser").access_token.isdigit()


def test_login_sweeps_this_users_expired_tokens(sandbox: Shop):
    for name in ("ann", "bob"):
        sandbox.users.create(a_user_draft(username=name))
        sandbox.auth.login(name, PASSWORD)
    sandbox.clock.advance(TOKEN_LIFE_MS - 1)
    sandbox.auth.login("ann", PASSWORD)
    sandbox.clock.advance(1)

    last = sandbox.auth.login("ann", PASSWORD).access_token

    kept = tokens(sandbox)
    assert [1, 1, 2] == sorted(row[1] for row in kept)
    assert hash_token(last) in {row[0] for row in kept}


@pytest.mark.parametrize("ending", ["new password", "delete", "another"])
def test_login_that_is_overtaken_gives_no_token(opened: Opener, ending):
    shop = opened(profile="shop")
    shop.users.create(a_user_draft())

    def act() -> None:
        if ending == "new password":
            shop.users.replace("ann", a_user_draft(password="another horse"))
            return
        shop.users.delete("ann")
        if ending == "another":
            shop.users.create(a_user_draft(password="another horse"))

    opened.hasher.before = act

    with pytest.raises(Unauthorized) as caught:
        shop.auth.login("ann", PASSWORD)

    assert caught.value.message == WRONG
    assert [] == tokens(shop)


def test_overtaken_login_is_let_in_all_the_same_with_auth_off(lone: Opener):
    shop = lone(profile="shop", auth="off")
    shop.users.create(a_user_draft())
    lone.hasher.before = lambda: shop.users.delete("ann")

    assert shop.auth.login("ann", PASSWORD).access_token.isdigit()
    assert [] == tokens(shop)


def test_login_goes_on_when_something_else_of_the_user_changes(opened: Opener):
    shop = opened(profile="shop")
    shop.users.create(a_user_draft())
    opened.hasher.before = lambda: shop.users.replace(
        "ann", a_user_draft(username="eve", password=None)
    )

    token = shop.auth.login("ann", PASSWORD).access_token

    assert shop.send_as(calls.get_token(), bearer=token).value.username == "eve"


def test_nothing_is_hashed_for_who_may_not_write(lone: Opener):
    shop = lone(profile="shop")

    for refused in (
        lambda: shop.send_as(calls.create_user(a_user_draft())),
        lambda: shop.send_as(calls.create_user(a_user_draft()), bearer="x"),
    ):
        with pytest.raises(Unauthorized):
            refused()
    shop.users.create(a_user_draft())
    token = shop.auth.login("ann", PASSWORD).access_token
    before = lone.hasher.count
    with pytest.raises(Forbidden):
        shop.send_as(calls.create_user(a_user_draft()), bearer=token)

    assert before == lone.hasher.count


def test_each_password_of_a_list_is_work_of_its_own():
    """So logins have their turn in between."""
    users = [a_user_draft(username=f"user{number}") for number in range(3)]
    setup: Any = SimpleNamespace(profile=SHOP, hasher=FakeHasher)
    flow = write_users(Visit(calls.create_users_with_list(users), EMBEDDED, setup))

    assert isinstance(next(flow), Read)
    for _ in users:
        work = flow.send(users[0])
        assert isinstance(work, Work)
    assert isinstance(flow.send(users[0]), Write)


def test_list_with_more_passwords_than_a_shop_hashes_is_refused(opened: Opener):
    shop = opened(profile="shop", auth="off")
    users = [a_user_draft(username=f"user{n}") for n in range(HASHED_MAX + 1)]

    with pytest.raises(TooLarge, match="takes 50 users in one call"):
        shop.users.create_many(users)

    assert opened.hasher.count == 0
    assert len(shop.users.create_many(users[:-1])) == HASHED_MAX


def test_sandbox_hashes_nothing(lone: Opener):
    shop = lone()
    shop.users.create(a_user_draft())
    shop.auth.login("ann", PASSWORD)

    assert lone.hasher.count == 0


# --------------------------------------------------------------------------- hashing


def test_argon2_knows_the_right_password():
    hasher = Argon2Hasher()

    first, second = hasher.hash(PASSWORD), hasher.hash(PASSWORD)

    assert first != second
    assert first.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert hasher.verify(first, PASSWORD)
    assert not hasher.verify(first, PASSWORD + "!")


@pytest.mark.parametrize("stored", ["", "plain text", "$argon2id$v=19$m=1$x"])
def test_what_is_no_hash_is_nobodys_password(stored):
    assert not default_hasher().verify(stored, stored)


def test_short_password_is_never_repeated_in_the_refusal(lone: Opener):
    with pytest.raises(Invalid) as caught:
        protected(a_user_draft(password="abc1234"), lone.hasher)

    assert "abc1234" not in repr(caught.value.to_problem())
