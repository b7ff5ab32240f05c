"""A server in somebody's process obeys the rules of one that a command starts."""

import httpx
import pytest

import petstore
from petstore.contract.errors import ConfigError
from petstore.engine.seeding import Account

RESET = "/__petstore/reset"


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
