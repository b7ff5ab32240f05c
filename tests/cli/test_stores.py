import httpx
import pytest

import petstore
from petstore.cli.stores import KEY_VARIABLE, STORE_VARIABLE


def test_a_command_makes_no_store(terminal, tmp_path):
    refused = terminal("pet list --store typo.db")

    assert refused.code == 2
    assert refused.stderr == (
        "error: There is no store at typo.db. Check the name, or make one: petstore db"
        " seed typo.db\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_an_empty_database_is_no_store(terminal, empty_postgres_url):
    refused = terminal("pet list --store", empty_postgres_url)

    assert refused.code == 2
    assert "There is no store at postgresql://" in refused.stderr


def test_a_store_on_postgres_is_one_like_any_other(terminal, empty_postgres_url):
    terminal("db seed --seed 3", empty_postgres_url)

    assert len(terminal.data("pet list --store", empty_postgres_url)) == 3


def test_memory_has_the_public_data(terminal):
    assert len(terminal.data("pet list --store memory:")) == 10


def test_a_store_that_is_in_use_names_its_owner(terminal):
    terminal("db seed shop.db")

    with petstore.open("shop.db"):
        refused = terminal("pet list --store shop.db")

    assert refused.code == 2
    assert "is in use by process" in refused.stderr


def test_without_a_server_it_says_how_to_start_one(terminal):
    refused = terminal("pet list --store http://127.0.0.1:1")

    assert refused.code == 1
    assert "http://127.0.0.1:1" in refused.stderr
    assert "petstore serve" in refused.stderr


def test_a_url_without_a_scheme_is_no_file(terminal):
    refused = terminal("pet list --store localhost:8080")

    assert refused.code == 2
    assert "http://localhost:8080" in refused.stderr


def test_an_operation_that_a_face_lacks_is_a_wrong_setting(terminal):
    with petstore.serve() as server:
        refused = terminal(f"pet list --store {server.url}/v2")
        answered = terminal(f"pet get 1 --store {server.url}/v2")

    assert refused.code == 2
    assert answered.code == 0


def test_the_key_for_a_server_comes_from_the_environment(terminal, monkeypatch):
    with petstore.serve(auth="on") as server:
        monkeypatch.setenv(STORE_VARIABLE, server.url)
        refused = terminal("pet list")
        monkeypatch.setenv(KEY_VARIABLE, "special-key")
        answered = terminal("pet list")

    assert (refused.code, answered.code) == (4, 0)


def test_a_key_is_not_for_a_store_in_this_process(terminal, monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, "special-key")

    assert terminal("inventory --store memory:").code == 0


@pytest.mark.parametrize("line", ["user list", "key list"])
@pytest.mark.parametrize("store", ["http://127.0.0.1:1", "memory:", "typo.db"])
def test_users_and_keys_need_a_store_that_lasts(terminal, line, store):
    assert terminal(f"{line} --store {store}").code == 2


@pytest.mark.parametrize("line", ["user list", "key list"])
def test_users_and_keys_need_a_store_at_all(terminal, line):
    assert terminal(line).code == 2


@pytest.mark.parametrize("line", ["user set-role ann clerk", "key add till"])
def test_users_and_keys_of_a_served_store_say_how_to_change_them(terminal, line):
    terminal("db seed shop.db --profile shop")

    with petstore.serve("shop.db", profile="shop") as server:
        by_path = terminal(f"{line} --store shop.db")
        by_url = terminal(f"{line} --store {server.url}")

    assert (2, 2) == (by_path.code, by_url.code)
    assert "Stop that process" in by_path.stderr
    assert f"{server.url} is a server. Stop it" in by_url.stderr
    for refused in (by_path, by_url):
        assert "keep the store on Postgres" in refused.stderr


@pytest.mark.parametrize("command", ["user", "key", "user add", "key add"])
def test_help_says_when_users_and_keys_can_be_changed(terminal, command):
    shown = " ".join(terminal(f"{command} --help").stdout.replace("│", " ").split())

    assert "stop its server first" in shown
    assert "Postgres" in shown


def test_a_key_is_added_while_a_store_on_postgres_is_served(
    terminal, empty_postgres_url, tmp_path
):
    with petstore.serve(
        empty_postgres_url, profile="shop", data_dir=tmp_path
    ) as server:
        added = terminal.data("key add till --store", empty_postgres_url)
        headers = {"api_key": added["key"]}
        answer = httpx.get(f"{server.url}/pet", headers=headers)

    assert answer.status_code == 200
