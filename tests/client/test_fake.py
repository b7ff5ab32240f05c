"""A fake is a store that shows its calls, and answers what it is told to."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from petstore.contract import calls
from petstore.contract.call import ByteStream, Reply
from petstore.contract.errors import (
    ConfigError,
    NotFound,
    RuleBroken,
    TransportError,
)
from petstore.contract.order import OrderDraft
from petstore_client import AsyncPetstore, Petstore, testing
from petstore_client.testing import AsyncFake, Fake, Fault, Faults
from tests.kit.backends import refusal_of
from tests.kit.builders import a_draft, a_pet
from tests.test_architecture import HEAVY, loaded_by


def test_client_of_a_fake_finds_the_public_pets():
    with Petstore(Fake()) as client:
        assert client.pets.get(1).name == "Cat 1"


async def test_async_client_of_a_fake_finds_the_public_pets():
    async with AsyncPetstore(AsyncFake()) as client:
        assert (await client.pets.get(1)).name == "Cat 1"


def test_two_fakes_share_nothing():
    with Petstore(Fake(seed="empty")) as one, Petstore(Fake(seed="empty")) as other:
        one.pets.create(a_draft())

        assert len(one.pets.list().collect(9)) == 1
        assert len(other.pets.list().collect(9)) == 0


def test_fake_takes_the_options_of_a_store():
    now = datetime(2030, 1, 1, tzinfo=UTC)
    fake = Fake(seed=3, profile="shop", clock=lambda: now)
    with Petstore(fake) as client:
        ids = [pet.id for pet in client.pets.list()]
        for pet_id in ids:
            client.pets.update(pet_id, status="available")
        client.store.orders.place(OrderDraft(pet_id=ids[0], quantity=1))

        assert len(ids) == 3
        assert [now] * 3 == [change.at for change in client.pets.history(ids[0])]
        with pytest.raises(RuleBroken):
            client.store.orders.place(OrderDraft(pet_id=ids[0], quantity=1))


@pytest.mark.parametrize("wrong", [{"seed": "no such seed"}, {"profile": "circus"}])
def test_wrong_option_is_told_at_once(wrong):
    with pytest.raises(ConfigError):
        Fake(**wrong)


def test_every_call_is_logged_in_order_with_its_arguments():
    fake = Fake()
    with Petstore(fake) as client:
        client.pets.get(1)
        client.pets.delete(2)
        client.pets.get(3)

    assert ["getPetById", "deletePet", "getPetById"] == [
        call.operation.id for call in fake.calls
    ]
    assert [1, 3] == [call.arguments["pet_id"] for call in fake.calls_of("getPetById")]
    assert [] == fake.calls_of("addPet")


def test_log_shows_no_password():
    fake = Fake()
    with Petstore(fake) as client:
        client.auth.login("user1", "XXXXXXXXXXX")

    assert "XXXXXXXXXXX" not in repr(fake.calls)


def test_call_that_failed_is_logged():
    fake = Fake(Faults([Fault.drop()]))

    refusal_of(fake, calls.get_pet_by_id(1))

    assert len(fake.calls_of("getPetById")) == 1
    fake.close()


def test_what_is_done_to_the_store_behind_is_not_logged():
    fake = Fake(Faults([Fault.drop()]), seed="empty")
    created = fake.store.pets.create(a_draft())
    with Petstore(fake) as client:
        with pytest.raises(TransportError):
            client.pets.get(created.id)

        assert client.pets.get(created.id) == created
    assert len(fake.calls) == 2


def test_stub_answers_a_value_for_ever():
    fake = Fake()
    fake.stub("getPetById", a_pet(id=5, name="Stub", version=7))
    with Petstore(fake) as client:
        names = [client.pets.get(pet_id).name for pet_id in (1, 2, 3)]
        reply = client.send(calls.get_pet_by_id(1))

    assert ["Stub"] * 3 == names
    assert reply.version == 7


def test_stubs_that_are_counted_go_first_and_in_order():
    fake = Fake()
    fake.stub("getPetById", a_pet(name="last"))
    fake.stub("getPetById", a_pet(name="one"), times=2)
    fake.stub("getPetById", a_pet(name="two"), times=1)
    with Petstore(fake) as client:
        names = [client.pets.get(1).name for _ in range(5)]

    assert ["one", "one", "two", "last", "last"] == names


def test_store_answers_once_the_counted_stubs_are_used_up():
    fake = Fake()
    fake.stub("getPetById", NotFound("Gone."), times=1)
    with Petstore(fake) as client:
        with pytest.raises(NotFound, match="Gone") as raised:
            client.pets.get(1)

        assert client.pets.get(1).name == "Cat 1"
    assert ("getPetById", 1) == (raised.value.operation, raised.value.attempts)


def test_stub_that_is_a_function_sees_the_call():
    fake = Fake()
    fake.stub("getPetById", lambda call: a_pet(id=call.arguments["pet_id"]))
    with Petstore(fake) as client:
        assert client.pets.get(77).id == 77


def test_stub_may_raise_whatever_an_app_may_meet():
    fake = Fake()
    fake.stub("getPetById", OSError("disk"))

    assert isinstance(refusal_of(fake, calls.get_pet_by_id(1)), OSError)
    fake.close()


def test_stub_of_an_operation_without_a_value_is_none():
    fake = Fake()
    fake.stub("deletePet", None)
    with Petstore(fake) as client:
        client.pets.delete(1)

        assert client.pets.get(1).id == 1


def test_stub_may_be_a_whole_reply():
    fake = Fake()
    fake.stub("getInventory", Reply({"sold": 1}, state="stale", request_id="r1"))
    with Petstore(fake) as client:
        reply = client.send(calls.get_inventory())

    assert ({"sold": 1}, "stale", "r1") == (reply.value, reply.state, reply.request_id)


def test_stub_of_a_stream_is_read():
    fake = Fake()
    fake.stub("getPhoto", ByteStream(b"png", "image/png"))
    with Petstore(fake) as client:
        assert client.pets.photo("a" * 64) == b"png"


async def test_stub_may_be_a_coroutine_function():
    fake = AsyncFake()

    async def answer(call):
        await asyncio.sleep(0)
        return a_pet(id=call.arguments["pet_id"])

    fake.stub("getPetById", answer)
    fake.stub("getInventory", lambda _: {"sold": 1})
    async with AsyncPetstore(fake) as client:
        assert (await client.pets.get(77)).id == 77
        assert await client.store.inventory() == {"sold": 1}
    assert len(fake.calls_of("getPetById")) == 1


@pytest.mark.parametrize(
    ("operation_id", "answer", "message"),
    [
        ("getPetById", {"id": 1}, "getPetById answers Pet, not {'id': 1}"),
        ("getPetById", None, "answers Pet, not None"),
        ("deletePet", a_pet(), "deletePet answers None, not Pet"),
        ("findPetsByStatus", a_pet(), "findPetsByStatus answers list"),
        ("getInventory", 3, "getInventory answers dict"),
        ("listPets", [], "listPets answers Page"),
    ],
)
def test_stub_of_another_kind_is_told_when_it_is_given(operation_id, answer, message):
    fake = Fake()

    with pytest.raises(TypeError, match=message):
        fake.stub(operation_id, answer)
    fake.close()


def test_function_of_a_stub_that_answers_another_kind_is_told():
    fake = Fake()
    fake.stub("getPetById", lambda _: "Rex")

    assert "answers Pet, not 'Rex'" in str(refusal_of(fake, calls.get_pet_by_id(1)))
    fake.close()


def test_function_of_a_stub_that_runs_dry_is_no_answer():
    """A StopIteration would end the decision as if None were the reply."""
    fake = Fake()
    answers = iter([a_pet()])
    fake.stub("getPetById", lambda _: next(answers))
    fake.send(calls.get_pet_by_id(1))

    error = refusal_of(fake, calls.get_pet_by_id(1))

    assert isinstance(error, RuntimeError)
    assert "StopIteration" in str(error)
    fake.close()


@pytest.mark.parametrize(
    ("operation_id", "answer", "times", "message"),
    [
        ("getPet", a_pet(), None, "there are .*getPetById"),
        ("xyzzy", a_pet(), None, "there are addPet"),
        ("getPetById", NotFound, None, "not the class NotFound"),
        ("getPetById", a_pet(), 0, "once or more, not 0 times"),
    ],
)
def test_stub_that_cannot_be_is_told(operation_id, answer, times, message):
    fake = Fake()

    with pytest.raises(ConfigError, match=message):
        fake.stub(operation_id, answer, times=times)
    fake.close()


def test_misspelt_operation_has_no_empty_log():
    fake = Fake()

    with pytest.raises(ConfigError, match="there are getPetById"):
        fake.calls_of("getPetByID")
    fake.close()


def test_fake_forgets_calls_and_stubs_and_keeps_the_pets():
    fake = Fake(seed="empty")
    fake.stub("getPetById", NotFound("Gone."))
    with Petstore(fake) as client:
        created = client.pets.create(a_draft())

        fake.clear()

        assert [] == fake.calls
        assert client.pets.get(created.id) == created


def test_error_that_is_raised_often_does_not_grow():
    fake = Fake()
    error = NotFound("Gone.")
    fake.stub("getPetById", error)
    depths = []
    for _ in range(3):
        refusal_of(fake, calls.get_pet_by_id(1))
        depths.append(depth_of(error))
    fake.close()

    assert len({*depths}) == 1


def depth_of(error: BaseException) -> int:
    depth, at = 0, error.__traceback__
    while at is not None:
        depth, at = depth + 1, at.tb_next
    return depth


def test_threads_share_a_fake():
    fake = Fake(Faults([Fault.drop()] * 20), seed="empty")
    fake.stub("getInventory", {"sold": 1}, times=50)

    def ask(_: int) -> str:
        try:
            return str(fake.send(calls.get_inventory()).value)
        except TransportError:
            return "dropped"

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(ask, range(100)))
    fake.close()

    assert (20, 50, 30) == (
        told.count("dropped"),
        told.count("{'sold': 1}"),
        told.count("{}"),
    )
    assert len(fake.calls) == 100


def test_the_two_fakes_have_the_same_methods():
    methods = [
        {name for name in dir(kind) if not name.startswith("_")}
        for kind in (Fake, AsyncFake)
    ]

    assert methods[0] == methods[1]


def test_importing_the_kit_loads_nothing_heavy():
    loaded = loaded_by("import petstore_client.testing")

    assert HEAVY.isdisjoint(loaded)
    assert "respx" not in loaded


@pytest.mark.parametrize("name", testing.__all__)
def test_name_of_the_kit_is_the_thing_itself(name):
    assert name in dir(testing)
    assert name == getattr(testing, name).__name__


def test_unknown_name_of_the_kit_is_an_attribute_error():
    name = "Fakes"

    with pytest.raises(AttributeError, match="no attribute 'Fakes'"):
        getattr(testing, name)
