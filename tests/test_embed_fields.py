"""An embedded store takes the fields of the contract, as the native API does."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

import petstore
import petstore_client
from petstore.contract.errors import Invalid
from petstore.contract.facade import Petstore
from petstore.contract.flavours import Flavour
from petstore.contract.pet import Pet
from tests.kit.builders import a_draft, a_pet, a_user_draft, an_order_draft

Send = Callable[[Petstore], object]

FLAVOURS: tuple[Flavour, ...] = ("native", "v2", "v3")

UNKNOWN = [
    pytest.param(
        lambda client: client.pets.create(a_draft(colour="red", size=5)),
        ["body.colour", "body.size"],
        id="draft",
    ),
    pytest.param(
        lambda client: client.pets.create(
            a_draft(category={"rank": 1}, tags=[{"id": 1}, {"colour": "red"}])
        ),
        ["body.category.rank", "body.tags.1.colour"],
        id="parts",
    ),
    pytest.param(
        lambda client: client.pets.replace(a_pet(colour="red")),
        ["body.colour"],
        id="replacement",
    ),
    pytest.param(
        lambda client: client.store.orders.place(an_order_draft(gift=True)),
        ["body.gift"],
        id="order",
    ),
    pytest.param(
        lambda client: client.users.create_many(
            [a_user_draft(), a_user_draft(username="bob", shoe_size=44)]
        ),
        ["body.1.shoe_size"],
        id="list",
    ),
]


@pytest.fixture(scope="module")
def clients() -> Iterator[dict[str, Petstore]]:
    """Clients of equal stores: in this process, and behind each face of a server."""
    with ExitStack() as stack:
        url = stack.enter_context(petstore.serve()).url
        opened: dict[str, Petstore] = {"embedded": petstore.open()}
        for flavour in FLAVOURS:
            opened[flavour] = petstore_client.Petstore(url, flavour=flavour)
        for client in opened.values():
            stack.enter_context(client)
        yield opened


def refusal_of(client: Petstore, send: Send) -> Invalid:
    with pytest.raises(Invalid) as refused:
        send(client)
    return refused.value


@pytest.mark.parametrize(("send", "fields"), UNKNOWN)
def test_unknown_field_is_refused_in_the_words_of_the_native_api(clients, send, fields):
    embedded = refusal_of(clients["embedded"], send)
    native = refusal_of(clients["native"], send)

    assert fields == [one.field for one in embedded.fields]
    assert native.fields == embedded.fields
    assert native.message == embedded.message


async def test_async_store_refuses_it_too():
    async with petstore.open_async(seed="empty") as client:
        with pytest.raises(Invalid, match=r"body\.colour: There is no such field"):
            await client.pets.create(a_draft(colour="red"))
        assert await client.store.inventory() == {}


@pytest.mark.parametrize("flavour", ["v2", "v3"])
def test_public_faces_ignore_it(clients, flavour):
    pet = clients[flavour].pets.create(a_draft(colour="red"))

    assert pet.model_extra == {}


def test_what_the_store_returned_can_be_sent_back(clients):
    client = clients["embedded"]
    pet = client.pets.get(1)
    order = client.store.orders.get(1)
    user = client.users.get("user1")

    assert client.pets.replace(pet).name == pet.name
    client.store.orders.cancel(1)
    assert client.store.orders.place(order).pet_id == order.pet_id
    assert client.users.replace("user1", user).email == user.email


def test_fields_that_a_program_added_to_its_own_model_stay_with_it(clients):
    class OwnPet(Pet):
        colour: str = "red"

    pet = clients["embedded"].pets.create(OwnPet(id=77, name="Rex", photo_urls=[]))

    assert pet.id == 77
