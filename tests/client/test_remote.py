"""A client of a server does all that a client of a store in this process does."""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import petstore_client
from petstore.contract import calls
from petstore.contract.call import ByteStream
from petstore.contract.errors import Invalid, NoSuchPath, NotFound, NotSupported
from petstore.contract.order import OrderDraft
from petstore.contract.pet import Category
from petstore_client import Bearer
from tests.client.conftest import Petshop
from tests.kit.builders import a_draft, a_user_draft
from tests.kit.pictures import PNG

THREAD_COUNT = 8


def name_of(petshop: Petshop, test: str) -> str:
    """Return a username that no other test of the same server uses."""
    return f"{test} at {petshop.flavour}"


def test_pet_lives_from_create_to_delete(petshop: Petshop):
    with petstore_client.Petstore(petshop.url) as client:
        created = client.pets.create(a_draft(name="Rex", tags=[{"name": "remote"}]))
        replaced = client.pets.replace(
            created.model_copy(update={"category": Category(id=2, name="Cats")})
        )
        renamed = client.pets.update_with_form(created.id, name="Max", status="sold")
        found = client.pets.find_by_tags("remote")
        client.pets.delete(created.id)

        assert replaced.category == Category(id=2, name="Cats")
        assert (renamed.name, renamed.status) == ("Max", "sold")
        assert created.id in [pet.id for pet in found]
        with pytest.raises(NotFound):
            client.pets.get(created.id)
        with pytest.raises(NotFound):
            client.pets.delete(created.id)
        client.pets.delete(created.id, missing_ok=True)


def test_wrong_url_is_no_missing_pet(petshop: Petshop):
    """Or an app with a typo in its URL deletes nothing, and believes that it did."""
    with (
        petstore_client.Petstore(f"{petshop.url}/shop", flavour="native") as client,
        pytest.raises(NoSuchPath, match=r"nothing at .*/shop/pet/1"),
    ):
        client.pets.delete(1, missing_ok=True)


def test_order_lives_from_place_to_cancel(petshop: Petshop):
    with petstore_client.Petstore(petshop.url) as client:
        placed = client.store.orders.place(OrderDraft(pet_id=1, quantity=2))

        assert client.store.orders.get(placed.id) == placed
        assert client.store.inventory()["available"] > 0
        client.store.orders.cancel(placed.id)
        with pytest.raises(NotFound):
            client.store.orders.get(placed.id)


async def test_user_that_an_answer_leaves_out_is_read_afterwards(petshop: Petshop):
    name = name_of(petshop, "ann")
    async with petstore_client.AsyncPetstore(petshop.url) as client:
        created = await client.users.create(a_user_draft(username=name))
        kept = await client.users.replace(name, a_user_draft(username=None, phone="1"))
        renamed = await client.users.replace(name, a_user_draft(username=f"{name}/2"))

        assert (created.username, created.password) == (name, "correct horse")
        assert (kept.username, kept.phone) == (name, "1")
        assert renamed == await client.users.get(f"{name}/2")
        assert created.id == kept.id == renamed.id


@pytest.mark.parametrize("count", [0, 1, 3])
def test_users_of_a_list_come_back_in_order(petshop: Petshop, count: int):
    names = [name_of(petshop, f"one {index} of {count}") for index in range(count)]
    with petstore_client.Petstore(petshop.url) as client:
        users = client.users.create_many([a_user_draft(username=one) for one in names])

    assert names == [user.username for user in users]


def test_user_without_a_name_is_refused_or_none(petshop: Petshop):
    """The public v2 server answers such a user, and stores nothing."""
    is_answered = (petshop.flavour, petshop.contract) == ("v2", "public")
    with petstore_client.Petstore(petshop.url) as client:
        call = calls.create_user(a_user_draft(username=None))
        if is_answered:
            assert client.send(call).value is None
        else:
            with pytest.raises(Invalid):
                client.send(call)


def test_login_gives_a_token(petshop: Petshop):
    with petstore_client.Petstore(petshop.url) as client:
        first = client.auth.login_user("user1", "XXXXXXXXXXX")
        second = client.auth.login_user("user1", "XXXXXXXXXXX")

    assert first.access_token.isdigit()
    assert first.access_token != second.access_token
    assert first.expires_at.tzinfo is not None


def test_token_goes_with_each_request(petshop: Petshop):
    with petstore_client.Petstore(petshop.url) as client:
        token = client.auth.login_user("user1", "XXXXXXXXXXX").access_token
    with petstore_client.Petstore(petshop.origin, auth=Bearer(token)) as client:
        assert client.auth.me().username == "user1"


def test_operation_that_a_flavour_lacks_is_refused_before_anything_is_sent():
    with (
        petstore_client.Petstore("http://localhost:9/v2") as client,
        pytest.raises(NotSupported, match="no operation listPets"),
    ):
        client.pets.list().first()


def test_picture_is_uploaded_from_a_path(petshop: Petshop, tmp_path: Path):
    file = tmp_path / "Rex.png"
    file.write_bytes(PNG)
    with petstore_client.Petstore(petshop.url) as client:
        pet_id = client.pets.create(a_draft(photo_urls=[])).id
        client.pets.upload_photo(pet_id, file, additional_metadata="left side")
        (url,) = client.pets.get(pet_id).photo_urls
    with petstore_client.Petstore(petshop.origin) as client:
        assert client.pets.photo(url.rpartition("/")[2]).startswith(PNG[:8])


async def as_chunks(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), 10):
        yield content[start : start + 10]


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(lambda: ByteStream(as_chunks(PNG), "image/png"), id="async"),
        pytest.param(lambda: ByteStream([PNG[:10], PNG[10:]], "image/png"), id="sync"),
        pytest.param(lambda: ByteStream(PNG, "image/png", len(PNG)), id="bytes"),
    ],
)
async def test_picture_is_uploaded_from_a_coroutine(petshop: Petshop, file):
    async with petstore_client.AsyncPetstore(petshop.url) as client:
        pet_id = (await client.pets.create(a_draft(photo_urls=[]))).id
        await client.pets.upload_photo(pet_id, file())
        (url,) = (await client.pets.get(pet_id)).photo_urls
    async with petstore_client.AsyncPetstore(petshop.origin) as client:
        photo = await client.pets.photo(url.rpartition("/")[2])

    assert photo.startswith(PNG[:8])


def test_upload_is_answered_with_what_the_face_has(petshop: Petshop):
    with petstore_client.Petstore(petshop.url) as client:
        pet_id = client.pets.create(a_draft(photo_urls=[])).id
        photo = client.pets.upload_photo(pet_id, PNG)

    has_pet = petshop.flavour == "native" or (
        (petshop.flavour, petshop.contract) == ("v3", "public")
    )
    assert has_pet == (photo.pet is not None)
    assert has_pet or "bytes" in str(photo.message)


def test_listing_is_walked_page_by_page(petshop: Petshop):
    with petstore_client.Petstore(petshop.origin) as client:
        pages = list(client.pets.list(page_size=4, limit=10).pages())

    assert [len(page.items) for page in pages] == [4, 4, 2]


def test_any_thread_may_send(petshop: Petshop):
    names: list[str] = []
    with petstore_client.Petstore(petshop.url) as client:

        def read() -> None:
            names.extend(client.pets.get(1).name for _ in range(10))

        threads = [threading.Thread(target=read) for _ in range(THREAD_COUNT)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert ["Cat 1"] * THREAD_COUNT * 10 == names


async def test_coroutines_share_the_connections(petshop: Petshop):
    async with petstore_client.AsyncPetstore(petshop.url) as client:
        pets = await asyncio.gather(*(client.pets.get(1) for _ in range(100)))

    assert {pet.name for pet in pets} == {"Cat 1"}


def test_closing_twice_does_nothing(petshop: Petshop):
    client = petstore_client.Petstore(petshop.url)
    client.pets.get(1)

    client.close()
    client.close()
