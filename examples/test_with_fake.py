"""
Test an app without a server: a fake answers, shows its calls, and fails on demand.

    pip install '.[testing]'
    pytest test_with_fake.py
"""

from collections.abc import Iterator

import pytest

from petstore_client import NotFound, PetDraft, Petstore, PetstoreError, TransportError
from petstore_client.testing import Fake, Fault, Faults


def shown(client: Petstore, pet_id: int) -> str:
    """Be the app under test: say what a shop window says of a pet."""
    try:
        pet = client.pets.get(pet_id)
    except NotFound:
        return "gone"
    except PetstoreError as error:
        return f"ask us ({type(error).__name__})"
    return f"{pet.name}, {pet.status}"


@pytest.fixture
def fake() -> Iterator[Fake]:
    """Give a store of its own to each test; closing the client closes it."""
    with Petstore(fake := Fake(seed="empty")):
        yield fake


def test_a_pet_is_shown(fake: Fake) -> None:
    draft = PetDraft(name="Rex", photo_urls=[], status="available")
    rex = fake.store.pets.create(draft)

    assert shown(Petstore(fake), rex.id) == "Rex, available"
    assert [call.arguments for call in fake.calls] == [{"pet_id": rex.id}]


def test_a_stub_answers_as_often_as_it_is_told(fake: Fake) -> None:
    fake.stub("getPetById", TransportError("Unplugged.", sent="maybe"), times=1)

    assert shown(Petstore(fake), 1) == "ask us (TransportError)"
    assert shown(Petstore(fake), 1) == "gone"
    assert len(fake.calls_of("getPetById")) == 2


def test_a_plan_says_what_goes_wrong() -> None:
    plan = Faults([Fault.unavailable(), Fault.delay(60), None])
    # With a sleep of our own, a minute takes no time.
    with Petstore(Fake(plan, sleep=lambda _: None)) as client:
        assert shown(client, 1) == "ask us (Unavailable)"
        assert shown(client, 1) == "ask us (DeadlineExceeded)"
        assert shown(client, 1) == "Cat 1, available"
