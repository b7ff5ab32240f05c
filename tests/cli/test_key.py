import httpx
import pytest

import petstore


@pytest.fixture
def counter(terminal):
    """Give a command line over a shop."""
    terminal("db seed shop.db --profile shop")
    return terminal


def status_with(key):
    with petstore.serve("shop.db", profile="shop") as server:
        answer = httpx.get(f"{server.url}/pet", headers={"api_key": key})
    return answer.status_code


def test_a_new_key_opens_the_shop(counter):
    added = counter.data("key add till --store shop.db")

    assert added["label"] == "till"
    assert "write:orders" in added["scopes"]
    assert status_with(added["key"]) == 200


def test_a_key_is_shown_this_once(counter, tmp_path):
    key = counter.data("key add till --store shop.db")["key"]

    assert key not in counter("key list --store shop.db").stdout
    assert key.encode() not in (tmp_path / "shop.db").read_bytes()


def test_add_shows_the_key_as_a_table(counter):
    added = counter("key add till --scope read:pets --store shop.db")

    assert added.rows[0] == ["label", "till"]
    assert added.rows[1][0] == "key"
    assert added.rows[2] == ["scopes", "read:pets"]


def test_a_key_may_do_what_its_scopes_say(counter):
    added = counter.data("key add till --scope read:orders --store shop.db")

    assert added["scopes"] == ["read:orders"]
    assert status_with(added["key"]) == 403


def test_list_shows_labels_and_scopes(counter):
    counter("key add till --role customer --store shop.db")

    (listed,) = counter.data("key list --store shop.db")

    scopes = ["place:orders", "read:orders", "read:pets"]
    assert listed.pop("createdAt").endswith("+00:00")
    assert listed == {"label": "till", "scopes": scopes}
    (row,) = counter("key list --store shop.db").rows
    assert row[:4] == ["till", *scopes]


def test_list_says_that_there_are_more(counter):
    counter("key add one --store shop.db")
    counter("key add two --store shop.db")

    assert "a higher --limit" in counter("key list --limit 1 --store shop.db").stderr


def test_delete_ends_the_key(counter):
    key = counter.data("key add till --store shop.db")["key"]

    deleted = counter("key delete till --store shop.db")

    assert deleted.stdout == "Deleted key till.\n"
    assert status_with(key) == 401


@pytest.mark.parametrize(
    ("line", "label", "code"),
    [
        pytest.param("key add --store shop.db", "till", 5, id="label-taken"),
        pytest.param("key add --store shop.db", " ", 2, id="no-label"),
        pytest.param("key add --store shop.db", "a\x1b", 2, id="unprintable-label"),
        pytest.param("key add --store shop.db", "a" * 101, 2, id="long-label"),
        pytest.param("key add --scope all --store shop.db", "x", 2, id="scope"),
        pytest.param("key add --role boss --store shop.db", "x", 2, id="role"),
        pytest.param("key delete --store shop.db", "x", 3, id="no-such-key"),
    ],
)
def test_a_refusal_has_an_exit_code(counter, line, label, code):
    counter("key add till --store shop.db")

    assert counter(line, label).code == code
