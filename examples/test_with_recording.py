"""
Test an app against a recording: no network, and a request too many fails the test.

    pytest test_with_recording.py
    pytest test_with_recording.py --petstore-mode=record --petstore-upstream=engine

The second line records `cassettes/test_with_recording/…` anew, from the store in the
process; a URL in place of `engine` records a server.
"""

import httpx

from petstore.mock.transport import MockTransport
from petstore.testing import PetstoreMock


def adopt(client: httpx.Client, pet_id: int) -> str:
    """Be the app under test."""
    pet = client.get(f"/v2/pet/{pet_id}")
    if pet.status_code == httpx.codes.NOT_FOUND:
        return "gone"
    order = client.post("/v2/store/order", json={"petId": pet_id, "quantity": 1})
    order.raise_for_status()
    return f"{pet.json()['name']} is yours"


def test_a_pet_is_adopted(petstore_mock: PetstoreMock) -> None:
    with httpx.Client(base_url=petstore_mock.url) as client:
        assert adopt(client, 1) == "Cat 1 is yours"

    petstore_mock.verify(op="placeOrder", where={"json.petId": 1}, times={"exactly": 1})
    petstore_mock.verify(in_order=[{"op": "getPetById"}, {"op": "placeOrder"}])


def test_a_pet_that_is_gone_is_not_ordered(petstore_transport: MockTransport) -> None:
    with httpx.Client(transport=petstore_transport, base_url="http://shop") as client:
        assert adopt(client, 404) == "gone"
