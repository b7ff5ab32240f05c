"""Each operation on users, in a sandbox and in a shop."""

from typing import Any

import pytest
from sqlalchemy import select

from petstore.contract import calls
from petstore.contract.call import Call
from petstore.contract.errors import Conflicted, Invalid, NotFound
from petstore.contract.model import INT64_MAX
from petstore.contract.user import User, UserDraft
from petstore.storage.tables import SHOP_USER, TOKEN
from tests.engine.shops import PUBLIC_V2, PUBLIC_V3, Opener, Shop
from tests.kit.builders import a_user, a_user_draft

SECRET = "a canary in the mine"


def test_created_user_is_returned_as_it_is_stored(sandbox: Shop):
    created = sandbox.users.create(a_user_draft())

    assert a_user(version=1) == created
    assert created == sandbox.users.get("ann")


def test_user_keeps_every_field_empty_or_full(sandbox: Shop):
    bare = sandbox.users.create(UserDraft(username="bare"))
    full = sandbox.users.create(
        a_user_draft(id=INT64_MAX, username="/?ü 😀", email="", user_status=-(2**31))
    )

    assert User(id=1, username="bare", version=1) == sandbox.users.get("bare")
    assert bare == sandbox.users.get("bare")
    assert full == sandbox.users.get("/?ü 😀")


def test_names_are_told_apart_by_case(sandbox: Shop):
    sandbox.users.create(a_user_draft(username="ann"))
    sandbox.users.create(a_user_draft(username="Ann"))

    with pytest.raises(NotFound, match="There is no user ANN"):
        sandbox.users.get("ANN")


def test_nobody_gives_himself_a_role(sandbox: Shop):
    draft = a_user_draft(role="owner", version=9, scopes="write:users")

    sandbox.do("createUser", user=draft)
    replaced = sandbox.do("updateUser", username="ann", user=draft)

    assert not replaced.model_extra
    assert [("customer",)] == sandbox.rows(select(SHOP_USER.c.role))


@pytest.mark.parametrize("name", ["login", "logout", "createWithArray"])
def test_a_name_that_no_path_leads_to_is_refused(shop: Shop, name):
    shop.users.create(a_user_draft())
    draft = a_user_draft(username=name, id=2)

    sent: list[Call[Any]] = [
        calls.create_user(draft),
        calls.create_users_with_list([a_user_draft(username="bob"), draft]),
        calls.update_user("ann", draft),
    ]
    for call in sent:
        with pytest.raises(Invalid, match=f"/user/{name} is another") as caught:
            shop.send(call)
        (fault,) = caught.value.fields
        assert fault.field in ("body.username", "body.1.username")
    assert [("ann",)] == shop.rows(select(SHOP_USER.c.username))


@pytest.mark.parametrize("policy", [PUBLIC_V2, PUBLIC_V3])
def test_public_servers_take_any_name(sandbox: Shop, policy):
    draft = a_user_draft(username="login")

    sandbox.do("createUser", policy, user=draft)
    renamed = sandbox.do("updateUser", policy, username="login", user=draft)
    # Whoever has the name already may keep it on every face.
    kept = sandbox.do("updateUser", username="login", user=draft)

    assert ("login", "login") == (renamed.username, kept.username)


@pytest.mark.parametrize(
    ("draft", "what"),
    [
        ({"username": "ann"}, "username ann"),
        ({"username": "ann", "id": 9}, "username ann"),
        ({"username": "bob", "id": 7}, "id 7"),
    ],
)
def test_taken_name_or_id_is_refused(sandbox: Shop, draft, what):
    before = sandbox.users.create(a_user_draft(id=7))

    with pytest.raises(Conflicted, match=f"The {what} is taken"):
        sandbox.users.create(a_user_draft(**draft))

    assert [before] == list(sandbox.users.list())


@pytest.mark.parametrize(("username", "asked"), [("ann", None), ("bob", 7)])
def test_policy_replaces_a_taken_name_or_id(sandbox: Shop, username, asked):
    sandbox.users.create(a_user_draft(id=7))

    other = a_user_draft(id=asked, username=username, email="other")
    replaced = sandbox.do("createUser", PUBLIC_V2, user=other)

    assert a_user(id=7, username=username, email="other", version=2) == replaced
    assert [replaced] == list(sandbox.users.list())


@pytest.mark.parametrize("username", [None, ""])
def test_user_needs_a_name_unless_the_policy_answers_without(sandbox: Shop, username):
    with pytest.raises(Invalid) as caught:
        sandbox.do("createUser", user=UserDraft(username=username))
    assert ["body.username"] == [one.field for one in caught.value.fields]

    assert (
        sandbox.do("createUser", PUBLIC_V2, user=UserDraft(username=username)) is None
    )
    assert [] == list(sandbox.users.list())


# ---------------------------------------------------------------------- many at once


@pytest.mark.parametrize(
    "operation_id", ["createUsersWithListInput", "createUsersWithArrayInput"]
)
def test_many_users_are_created_at_once(sandbox: Shop, operation_id):
    users = [a_user_draft(username=name) for name in ("bob", "ann")]

    created = sandbox.do(operation_id, users=users)

    assert ["bob", "ann"] == [user.username for user in created]
    assert ["ann", "bob"] == [user.username for user in sandbox.users.list()]
    (first, second) = sandbox.changes("user")
    assert (first.seq, 0, second.seq, 1) == (
        second.seq,
        first.position,
        first.seq,
        second.position,
    )


@pytest.mark.parametrize(
    ("last", "error", "field"),
    [
        (a_user_draft(username="ann"), Conflicted, None),
        (a_user_draft(username="bob"), Conflicted, None),
        (UserDraft(), Invalid, "body.2.username"),
    ],
)
def test_of_many_users_all_are_created_or_none(sandbox: Shop, last, error, field):
    sandbox.users.create(a_user_draft(username="ann"))
    users = [a_user_draft(username="bob"), a_user_draft(username="eve"), last]

    with pytest.raises(error) as caught:
        sandbox.users.create_many(users)

    assert [field] * (field is not None) == [one.field for one in caught.value.fields]
    assert ["ann"] == [user.username for user in sandbox.users.list()]
    assert len(sandbox.changes("user")) == 1
    assert sandbox.users.create(a_user_draft(username="bob")).id == 2


def test_nobody_at_once_is_nothing(sandbox: Shop):
    assert [] == sandbox.users.create_many([])
    assert [] == sandbox.changes("user")


def test_policy_leaves_out_nameless_users_among_many(sandbox: Shop):
    users = [UserDraft(), a_user_draft(), a_user_draft(email="other")]

    created = sandbox.do("createUsersWithListInput", PUBLIC_V2, users=users)

    assert [1, 2] == [user.version for user in created]


# ------------------------------------------------------------- replace and delete


def test_replaced_user_keeps_its_id_and_loses_what_is_left_out(sandbox: Shop):
    sandbox.users.create(a_user_draft())

    replaced = sandbox.users.replace("ann", UserDraft(id=99, email="new"))

    expected = User(
        id=1, username="ann", email="new", password="correct horse", version=2
    )
    assert expected == replaced
    assert expected == sandbox.users.get("ann")


def test_name_in_the_body_renames(sandbox: Shop):
    sandbox.users.create(a_user_draft())

    sandbox.users.replace("ann", a_user_draft(username="eve"))

    assert sandbox.users.get("eve").id == 1
    with pytest.raises(NotFound):
        sandbox.users.get("ann")
    assert sandbox.users.create(a_user_draft(username="ann")).id == 2


def test_renaming_to_a_taken_name_is_refused(sandbox: Shop):
    for name in ("ann", "bob"):
        sandbox.users.create(a_user_draft(username=name))

    with pytest.raises(Conflicted, match="username bob is taken"):
        sandbox.users.replace("ann", a_user_draft(username="bob"))

    assert sandbox.users.get("bob").id == 2


def test_user_who_is_missing_cannot_be_replaced(sandbox: Shop):
    with pytest.raises(NotFound):
        sandbox.users.replace("ann", a_user_draft())

    created = sandbox.do("updateUser", PUBLIC_V2, username="ann", user=UserDraft())

    assert User(id=1, username="ann", version=1) == created


def test_deleted_user_is_gone_and_the_versions_go_on(sandbox: Shop):
    sandbox.users.create(a_user_draft(id=7))
    sandbox.users.delete("ann")

    with pytest.raises(NotFound):
        sandbox.users.delete("ann")
    again = sandbox.users.create(a_user_draft(id=7, username="eve"))

    assert again.version == 3
    actions = [change.action for change in sandbox.changes("user", 7)]
    assert ["create", "delete", "create"] == actions
    sandbox.assert_sound()


# --------------------------------------------------------------------------- listing


@pytest.mark.parametrize("sort", [None, "username", "-username"])
def test_pages_of_users_are_the_whole_by_name(sandbox: Shop, sort):
    names = ["b", "B", "a", "é", "\U0001f600", "\uffff", "ab", "\x01" * 500, "z" * 500]
    for name in names:
        sandbox.users.create(a_user_draft(username=name))

    found = [user.username for user in sandbox.users.list(sort=sort, page_size=2)]

    assert sorted(names, reverse=sort == "-username") == found


def test_cursor_of_other_users_is_refused(sandbox: Shop):
    for name in ("ann", "bob"):
        sandbox.users.create(a_user_draft(username=name))
    cursor = sandbox.do("listUsers", limit=1).next_cursor

    with pytest.raises(Invalid):
        sandbox.do("listUsers", sort="-username", cursor=cursor)


# ------------------------------------------------------------------------- passwords


def test_sandbox_gives_passwords_back(sandbox: Shop):
    sandbox.users.create(a_user_draft(password="short"))

    assert sandbox.users.get("ann").password == "short"
    assert [user.password for user in sandbox.users.list()] == ["short"]


def test_shop_never_shows_a_password_and_keeps_a_hash(opened: Opener):
    shop = opened(profile="shop")

    answers = [
        shop.users.create(a_user_draft(password=SECRET)),
        *shop.users.create_many([a_user_draft(username="bob", password=SECRET)]),
        shop.users.replace("ann", a_user_draft(password=SECRET + "!")),
        shop.users.get("ann"),
        *shop.users.list(),
        shop.do("createUser", PUBLIC_V2, user=a_user_draft(password=SECRET)),
    ]

    assert {None} == {user.password for user in answers}
    kept = [row[0] for row in shop.rows(select(SHOP_USER.c.password))]
    assert [opened.hasher.hash(SECRET)] * 2 == kept
    assert "password" not in str(shop.changes("user"))


def test_no_secret_reaches_the_file_of_a_shop(opened: Opener, tmp_path):
    shop = opened(profile="shop")
    shop.users.create(a_user_draft(password=SECRET))
    shop.users.replace("ann", a_user_draft(password=SECRET))
    token = shop.auth.login("ann", SECRET).access_token
    shop.users.replace("ann", a_user_draft(email="new"))
    opened.close()

    files = [path for path in tmp_path.rglob("*") if path.is_file()]

    for secret in (SECRET.encode(), token.encode()):
        assert not [path for path in files if secret in path.read_bytes()]


def test_sandbox_keeps_what_is_secret_out_of_the_log(sandbox: Shop):
    sandbox.users.create(a_user_draft(password=SECRET))
    sandbox.users.replace("ann", a_user_draft(password=SECRET + "!"))

    described = User.model_json_schema()["properties"]
    secrets = {name for name, one in described.items() if "password" in str(one)}
    for change in sandbox.changes("user"):
        assert described.keys() - secrets == change.body.keys()
    assert SECRET not in str(sandbox.changes("user"))


@pytest.mark.parametrize("password", ["", "1234567"])
def test_shop_refuses_short_passwords_and_says_where(shop: Shop, password):
    short, fine = a_user_draft(password=password), a_user_draft(username="bob")

    found = []
    for operation_id, arguments in (
        ("createUser", {"user": short}),
        ("updateUser", {"username": "ann", "user": short}),
        ("createUsersWithListInput", {"users": [fine, short]}),
    ):
        with pytest.raises(Invalid, match="8 characters") as caught:
            shop.do(operation_id, **arguments)
        found += [one.field for one in caught.value.fields]

    assert ["body.password", "body.password", "body.1.password"] == found
    assert [] == list(shop.users.list())


def test_user_of_a_shop_may_have_no_password(opened: Opener):
    shop = opened(profile="shop")

    shop.users.create(a_user_draft(password=None))

    assert opened.hasher.count == 0
    assert [(None,)] == shop.rows(select(SHOP_USER.c.password))


def test_replace_without_a_password_keeps_it_and_the_tokens(shop: Shop):
    shop.users.create(a_user_draft())
    shop.auth.login("ann", "correct horse")

    shop.users.replace("ann", a_user_draft(password=None, email="new"))

    assert len(shop.rows(select(TOKEN.c.hash))) == 1
    assert shop.auth.login("ann", "correct horse")


@pytest.mark.parametrize("profile", ["sandbox", "shop"])
@pytest.mark.parametrize("ending", ["new password", "delete"])
def test_tokens_end_with_the_password_and_with_the_user(
    opened: Opener, profile, ending
):
    shop = opened(profile=profile)
    for name in ("ann", "bob"):
        shop.users.create(a_user_draft(username=name))
        shop.auth.login(name, "correct horse")

    if ending == "delete":
        shop.users.delete("ann")
    else:
        shop.users.replace("ann", a_user_draft(password="another horse"))

    left = shop.rows(select(TOKEN.c.user_id).where(TOKEN.c.user_id.is_not(None)))
    assert [(2,)] == left
