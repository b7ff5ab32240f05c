"""A fake fails by a plan, as a network and a server in trouble would."""

import pytest

from petstore.contract import calls
from petstore.contract.errors import (
    ConfigError,
    DeadlineExceeded,
    TransportError,
    Unavailable,
)
from petstore_client import AsyncPetstore, Petstore
from petstore_client.testing import AsyncFake, Fake, Fault, Faults
from tests.kit.backends import refusal_of
from tests.kit.builders import a_draft


async def test_async_fake_raises_what_it_is_told_to():
    fake = AsyncFake(Faults([Fault.lost()]), seed="empty")
    fake.stub("getInventory", Unavailable("Busy.", retry_after=3))
    async with AsyncPetstore(fake) as client:
        with pytest.raises(TransportError):
            await client.pets.create(a_draft())
        with pytest.raises(Unavailable) as raised:
            await client.store.inventory()

        assert len(await fake.store.pets.list().collect(9)) == 1
    assert raised.value.retry_after_s == 3


def test_dropped_call_changes_nothing_and_was_never_sent():
    fake = Fake(Faults([Fault.drop()]), seed="empty")

    error = refusal_of(fake, calls.add_pet(a_draft()))

    assert ("no", "addPet", 1) == (error.sent, error.operation, error.attempts)
    assert [] == fake.store.pets.list().collect(9)
    fake.close()


def test_call_whose_answer_is_lost_was_done():
    fake = Fake(Faults([Fault.lost()]), seed="empty")

    error = refusal_of(fake, calls.add_pet(a_draft()))

    assert error.sent == "maybe"
    assert len(fake.store.pets.list().collect(9)) == 1
    fake.close()


def test_refusal_is_lost_like_any_answer():
    fake = Fake(Faults([Fault.lost()]))

    assert isinstance(refusal_of(fake, calls.get_pet_by_id(999)), TransportError)
    fake.close()


def test_unavailable_store_says_when_to_come_back():
    fake = Fake(Faults([Fault.unavailable(retry_after_s=9)]), seed="empty")

    error = refusal_of(fake, calls.add_pet(a_draft()))

    assert isinstance(error, Unavailable)
    assert error.retry_after_s == 9
    assert [] == fake.store.pets.list().collect(9)
    fake.close()


def test_late_answer_takes_no_real_time_with_a_sleep_of_ones_own():
    slept: list[float] = []
    fake = Fake(Faults([Fault.delay(20)]), sleep=slept.append)
    with Petstore(fake) as client:
        assert client.pets.get(1).name == "Cat 1"

    assert [20] == slept


def test_answer_that_is_too_late_ends_at_the_deadline():
    slept: list[float] = []
    fake = Fake(Faults([Fault.delay(20)]), sleep=slept.append, timeout=5, seed="empty")

    error = refusal_of(fake, calls.add_pet(a_draft()))

    assert isinstance(error, DeadlineExceeded)
    assert [5] == slept
    assert len(fake.store.pets.list().collect(9)) == 1
    fake.close()


async def test_late_answer_to_a_coroutine_ends_at_the_deadline():
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    fake = AsyncFake(Faults([Fault.delay(20), Fault.delay(3)]), sleep=sleep, timeout=5)
    async with AsyncPetstore(fake) as client:
        with pytest.raises(DeadlineExceeded):
            await client.pets.get(1)
        assert (await client.pets.get(1)).id == 1

    assert [5, 3] == slept


def test_app_that_sets_options_is_answered_from_the_same_store():
    slept: list[float] = []
    fake = Fake(Faults([Fault.delay(20)]), sleep=slept.append)
    with Petstore(fake) as client:
        hasty = client.with_options(timeout=2, retry=1)
        with hasty, pytest.raises(DeadlineExceeded):
            hasty.pets.get(1)

        assert client.pets.get(1).id == 1
    assert [2] == slept
    assert len(fake.calls_of("getPetById")) == 2


async def test_async_client_with_other_options_closes_nothing():
    async with AsyncPetstore(AsyncFake()) as client:
        async with client.with_options(retry=2) as other:
            await other.pets.get(1)

        assert (await client.pets.get(1)).id == 1


@pytest.mark.parametrize("wrong", [{"timeout": 0}, {"retry": 0}])
def test_wrong_option_of_a_call_is_told(wrong):
    with Petstore(Fake()) as client, pytest.raises(ConfigError):
        client.with_options(**wrong)
