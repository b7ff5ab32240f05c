"""
Test how an app bears a network that fails, without waiting for it.

    pytest test_flaky_network.py
"""

import httpx
import pytest

from petstore.mock.transport import MockTransport
from petstore_client import Petstore, Recorded, TransportError

RESET_TWICE = {"when": {"op": "getPetById", "first": 2}, "do": {"reset": True}}
BUSY_ONCE = {"when": {"nth": 1}, "do": {"status": 503, "retry_after": 1}}
SLOW = {"do": {"delay_ms": 60_000}}
CASSETTE = "cassettes/test_with_recording/test_a_pet_is_adopted.yaml"


@pytest.mark.petstore(cassette=CASSETTE, faults=[SLOW])
def test_a_slow_server_takes_no_time(petstore_transport: MockTransport) -> None:
    with (
        httpx.Client(transport=petstore_transport, base_url="http://shop") as client,
        pytest.raises(httpx.ReadTimeout),
    ):
        client.get("/v2/pet/1", timeout=5)


@pytest.mark.petstore(cassette=CASSETTE, faults=[RESET_TWICE])
def test_an_app_without_retries_fails(petstore_transport: MockTransport) -> None:
    with (
        httpx.Client(transport=petstore_transport, base_url="http://shop") as client,
        pytest.raises(httpx.ReadError),
    ):
        client.get("/v2/pet/1")


@pytest.mark.parametrize("faults", [[RESET_TWICE], [BUSY_ONCE]])
def test_our_client_tries_again(faults: list[dict[str, object]]) -> None:
    with Petstore(Recorded(CASSETTE, flavour="v2", faults=faults)) as client:
        assert client.pets.get(1).name == "Cat 1"


def test_our_client_gives_up_where_nothing_helps() -> None:
    always = {"do": {"reset": True}}
    with (
        Petstore(Recorded(CASSETTE, flavour="v2", faults=[always])) as client,
        pytest.raises(TransportError),
    ):
        client.pets.get(1)
