import pytest

import petstore
from petstore.contract.errors import Unauthorized


@pytest.fixture
def counter(terminal):
    """Give a command line over a shop with one owner, ann."""
    terminal("db seed shop.db --profile shop")
    terminal("user add ann --role owner --store shop.db")
    return terminal


def test_add_makes_a_password_and_shows_it_this_once(counter):
    added = counter.data(
        "user add bob --role clerk --email b@example.com --store shop.db"
    )

    password = added.pop("password")
    assert added == {
        "id": 2,
        "username": "bob",
        "role": "clerk",
        "email": "b@example.com",
    }
    assert password not in counter("user list --store shop.db").stdout
    with petstore.open("shop.db") as client:
        client.auth.login("bob", password)


def test_add_shows_what_it_made_as_a_table(counter):
    added = counter("user add bob --store shop.db")

    assert added.rows[:3] == [["id", "2"], ["username", "bob"], ["role", "customer"]]
    assert added.rows[3][0] == "password"


def test_add_takes_a_password_from_stdin(counter):
    line = "user add bob --password-stdin --store shop.db --json"

    added = counter(line, stdin="correct horse\n")

    assert "password" not in added.data
    with petstore.open("shop.db") as client:
        client.auth.login("bob", "correct horse")


def test_a_shop_keeps_no_password(counter, tmp_path):
    line = "user add bob --password-stdin --store shop.db"
    counter(line, stdin="correct horse\n")

    assert b"correct horse" not in (tmp_path / "shop.db").read_bytes()


@pytest.mark.parametrize(
    ("name", "password"),
    [
        pytest.param("bob", "short\n", id="short-password"),
        pytest.param("bob", "", id="no-password"),
        pytest.param("", "correct horse\n", id="no-name"),
        pytest.param("b" * 501, "correct horse\n", id="long-name"),
    ],
)
def test_add_refuses_what_the_contract_refuses(counter, name, password):
    line = "user add --password-stdin --store shop.db"

    assert counter(line, name, stdin=password).code == 2
    assert len(counter.data("user list --store shop.db")) == 1


def test_a_name_is_given_once(counter):
    refused = counter("user add ann --store shop.db")

    assert refused.code == 5
    assert "taken" in refused.stderr


def test_list_shows_roles(counter):
    assert counter.data("user list --store shop.db") == [
        {"id": 1, "username": "ann", "role": "owner"}
    ]
    assert counter("user list --store shop.db").rows == [["1", "ann", "owner"]]


def test_list_says_that_there_are_more(terminal):
    terminal("db seed shop.db")

    cut = terminal("user list --limit 3 --store shop.db")

    assert len(cut.rows) == 3
    assert "a higher --limit" in cut.stderr


def test_set_role_gives_another_role(counter):
    counter("user add bob --store shop.db")

    changed = counter("user set-role bob clerk --store shop.db")

    assert changed.stdout == "bob has the role clerk.\n"
    roles = [user["role"] for user in counter.data("user list --store shop.db")]
    assert roles == ["owner", "clerk"]


def test_delete_ends_the_account(counter):
    line = "user add bob --password-stdin --store shop.db"
    counter(line, stdin="correct horse\n")

    deleted = counter("user delete bob --store shop.db")

    assert deleted.stdout == "Deleted user bob.\n"
    with petstore.open("shop.db") as client, pytest.raises(Unauthorized):
        client.auth.login("bob", "correct horse")


@pytest.mark.parametrize("line", ["user delete ann", "user set-role ann clerk"])
def test_a_shop_keeps_an_owner(counter, line):
    refused = counter(f"{line} --store shop.db")

    assert refused.code == 5
    assert "last owner" in refused.stderr


@pytest.mark.parametrize("line", ["user delete bob", "user set-role bob clerk"])
def test_nobody_is_not_found(counter, line):
    assert counter(f"{line} --store shop.db").code == 3
