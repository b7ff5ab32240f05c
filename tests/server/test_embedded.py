"""A server in somebody's process obeys the rules of one that a command starts."""

import httpx
import pytest

import petstore
from petstore.contract.errors import ConfigError
from petstore.engine.seeding import Account

RESET = "/__petstore/reset"
EVERYWHERE = "0.0.0.0"  # noqa: S104 - that it is refused or warned of is tested


def reset_of(server):
    return httpx.post(f"{server.url}{RESET}")


def test_a_sandbox_in_memory_can_be_reset():
    with petstore.serve() as server:
        assert reset_of(server).status_code == 200


def test_asking_for_the_head_of_a_reset_erases_nothing():
    with petstore.serve() as server:
        httpx.delete(f"{server.url}/v2/pet/1")
        refused = httpx.head(f"{server.url}{RESET}")
        pet = httpx.get(f"{server.url}/v2/pet/1")

    assert (refused.status_code, refused.headers["allow"]) == (405, "POST")
    assert pet.status_code == 404


def test_a_sandbox_on_disk_is_reset_only_when_that_is_asked_for(tmp_path):
    store = str(tmp_path / "pets.db")

    with petstore.serve(store) as server:
        refused = reset_of(server)
    with petstore.serve(store, allow_reset=True) as server:
        allowed = reset_of(server)

    assert refused.status_code == 404
    assert "--allow-reset" in refused.json()["detail"]
    assert allowed.status_code == 200


def test_a_shop_answers_to_this_machine_and_to_no_web_page():
    with petstore.serve(profile="shop") as server:
        own = httpx.get(f"{server.url}/healthz")
        foreign = httpx.get(f"{server.url}/healthz", headers={"host": "evil.example"})

    assert own.status_code == 200
    assert "access-control-allow-origin" not in own.headers
    assert foreign.status_code == 400


def test_a_shop_does_not_advise_its_own_erasure():
    with petstore.serve(profile="shop") as server:
        refused = reset_of(server)

    assert refused.status_code == 404
    assert "--allow-reset" not in refused.json()["detail"]


def test_a_store_that_was_made_for_a_shop_is_served_as_one(tmp_path):
    store = str(tmp_path / "shop.db")
    petstore.open(store, profile="shop").close()

    with petstore.serve(store) as server:
        answer = httpx.get(f"{server.url}/healthz")

    assert "access-control-allow-origin" not in answer.headers


def test_a_shop_refuses_a_reset_before_it_is_made(tmp_path):
    with pytest.raises(ConfigError, match="allow-reset"):
        petstore.serve(
            str(tmp_path / "shop.db"), profile="shop", allow_reset=True
        ).__enter__()

    assert list(tmp_path.iterdir()) == []


def test_a_new_shop_has_an_owner_who_can_log_in(tmp_path):
    store = str(tmp_path / "shop.db")
    with petstore.serve(store, profile="shop") as server:
        assert isinstance(server.owner, Account)
        body = {
            "username": server.owner.username,
            "password": server.owner.password,
        }
        answer = httpx.post(f"{server.url}/tokens", json=body)

    with petstore.serve(store) as again:
        assert again.owner is None
    assert answer.is_success


def test_a_sandbox_has_no_owner():
    with petstore.serve() as server:
        assert server.owner is None


def test_a_store_may_be_named_by_a_path(tmp_path):
    with petstore.serve(tmp_path / "pets.db") as server:
        assert httpx.get(f"{server.url}/pet/1").status_code == 200

    assert (tmp_path / "pets.db").exists()


@pytest.mark.parametrize("names", [["shop.example"], "shop.example"], ids=type)
def test_a_shop_answers_to_the_names_that_it_is_given(names):
    with petstore.serve(profile="shop", allow_host=names) as server:
        statuses = {
            name: httpx.get(f"{server.url}/healthz", headers={"host": name}).status_code
            for name in ("shop.example", "localhost", "evil.example")
        }

    assert statuses == {"shop.example": 200, "localhost": 200, "evil.example": 400}


def test_a_shop_lets_the_web_pages_call_that_it_is_given():
    origin = "https://shop.example"
    with petstore.serve(profile="shop", cors_origin=origin) as server:
        answer = httpx.get(f"{server.url}/healthz", headers={"origin": origin})

    assert origin == answer.headers["access-control-allow-origin"]


def test_a_server_on_all_addresses_names_one_that_this_machine_reaches(caplog):
    with petstore.serve(host=EVERYWHERE) as server:
        answer = httpx.get(f"{server.url}/pet/1")

    assert answer.status_code == 200
    assert server.url.startswith("http://127.0.0.1:")
    assert "others on the network may read and change everything" in caplog.text


def test_a_server_for_this_machine_alone_warns_of_nothing(caplog):
    with petstore.serve(host="localhost") as server:
        assert httpx.get(f"{server.url}/pet/1").status_code == 200

    assert caplog.text == ""


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"cors_origin": "*"}, "any web page use this shop"),
        ({"cors_origin": "shop.example"}, "is no origin"),
        ({"host": EVERYWHERE}, "must know the names"),
        (
            {"host": EVERYWHERE, "allow_host": ["a.example"], "auth": "off"},
            "--auth off",
        ),
        ({"allow_host": ["http://shop.example"]}, "is no name of a host"),
        ({"host": ""}, "--host is empty"),
        ({"port": 70_000}, "port 70000"),
        ({"port": -1}, "port -1"),
        ({"host": "192.0.2.1", "allow_host": "x"}, "Cannot listen on 192.0.2.1"),
        ({"host": "x" * 64}, "Cannot listen on xxx"),
    ],
)
def test_what_the_command_refuses_a_shop_is_refused_here(tmp_path, options, words):
    server = petstore.serve(tmp_path / "shop.db", profile="shop", **options)

    with pytest.raises(ConfigError) as refused:
        server.__enter__()

    assert words in refused.value.message
    assert list(tmp_path.iterdir()) == []
