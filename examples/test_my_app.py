"""
Test code of your own against an embedded store and against a server, with pytest.

Each test gets a store of its own: the embedded one takes a few milliseconds, the
served one speaks HTTP.
"""

from collections.abc import Iterator

import pytest

import petstore
import petstore_client
from petstore.contract.facade import Petstore
from petstore_client import NotFound, PetDraft


def sell_cheapest(shop: Petstore, name: str) -> int:
    """Be the code under test: sell the first available pet whose name starts so."""
    pet = shop.pets.list(q=name, status="available").first()
    if pet is None:
        raise LookupError(name)
    return shop.pets.update(pet.id, status="sold").id


@pytest.fixture(params=["embedded", "served"])
def shop(request: pytest.FixtureRequest) -> Iterator[Petstore]:
    """Give a shop with the public Petstore's ten pets."""
    if request.param == "embedded":
        with petstore.open() as embedded:
            yield embedded
        return
    with petstore.serve() as server, petstore_client.Petstore(server.url) as remote:
        yield remote


def test_the_first_dog_is_sold(shop: Petstore) -> None:
    assert sell_cheapest(shop, "dog") == 4
    assert shop.pets.get(4).status == "sold"


def test_a_new_pet_can_be_sold(shop: Petstore) -> None:
    rex = shop.pets.create(PetDraft(name="Rex", photo_urls=[], status="available"))

    assert sell_cheapest(shop, "rex") == rex.id


def test_a_pet_that_was_deleted_is_gone(shop: Petstore) -> None:
    shop.pets.delete(4)

    with pytest.raises(NotFound):
        shop.pets.get(4)
