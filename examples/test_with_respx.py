"""
Test an app that speaks HTTP, by this client or by any: a router answers in its place.

    pip install '.[testing]'
    pytest test_with_respx.py
"""

import httpx
import pytest

from petstore_client import NotFound, PetDraft, Petstore, Retry
from petstore_client.testing import Fault, Faults, FaultyTransport, router

URL = "http://pets.example/v2"


def test_every_operation_is_answered() -> None:
    routes = router(URL)
    with Petstore(URL, transport=httpx.MockTransport(routes.handler)) as client:
        rex = client.pets.create(PetDraft(name="Rex", photo_urls=[]))

        assert client.pets.get(rex.id) == rex
    assert routes["addPet"].call_count == 1


def test_a_route_answers_what_it_is_told() -> None:
    routes = router(URL)
    routes["getPetById"].respond(404)
    with Petstore(URL, transport=httpx.MockTransport(routes.handler)) as client:
        with pytest.raises(NotFound):
            client.pets.get(1)

        # All others answer as before.
        assert client.pets.find_by_status("available")


def test_inside_of_the_router_any_code_that_uses_httpx_is_answered() -> None:
    with router(URL) as routes:
        assert httpx.get(f"{URL}/pet/1").json()["name"] == "Cat 1"

        routes["getInventory"].respond(json={"sold": 7})
        assert httpx.get(f"{URL}/store/inventory").json() == {"sold": 7}


def test_the_client_tries_again_when_the_network_fails() -> None:
    inner = httpx.MockTransport(router(URL).handler)
    plan = Faults([Fault.drop(), Fault.lost(), Fault.unavailable(), None])
    transport = FaultyTransport(inner, plan)
    with Petstore(URL, transport=transport, retry=Retry(base_s=0)) as client:
        assert client.pets.get(1).name == "Cat 1"

    assert plan.counts == {"drop": 1, "lost": 1, "unavailable": 1}
