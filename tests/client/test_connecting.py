"""One function gives the client of any store, near or far."""

import asyncio

import pytest

import petstore_client
from petstore.contract.errors import ConfigError, NotFound, Unavailable
from petstore.contract.pet import PetDraft
from tests.client.conftest import Petshop
from tests.kit.builders import a_draft
from tests.test_architecture import HEAVY, loaded_by


def test_client_of_a_server_reads_its_pets(petshop: Petshop):
    with petstore_client.connect(petshop.url) as client:
        assert client.pets.get(1).name == "Cat 1"


async def test_async_client_of_a_server_reads_its_pets(petshop: Petshop):
    async with petstore_client.connect_async(petshop.url) as client:
        assert (await client.pets.get(1)).name == "Cat 1"


def test_flavour_may_be_given_as_an_argument(petshop: Petshop):
    with petstore_client.connect(petshop.origin, flavour=petshop.flavour) as client:
        version = client.pets.get(1).version

    assert (version is not None) == (petshop.flavour == "native")


def test_client_of_a_store_in_this_process_needs_no_server(tmp_path):
    path = str(tmp_path / "shop.db")
    with petstore_client.connect(path) as client:
        created = client.pets.create(PetDraft(name="Rex", photo_urls=[]))

    with petstore_client.connect(path) as client:
        assert client.pets.get(created.id) == created


async def test_async_client_of_a_store_opens_it_at_the_first_call():
    client = petstore_client.connect_async("memory:")

    async with client:
        first = await client.pets.get(1)

        assert await client.pets.get(1) == first


async def test_calls_that_come_together_open_a_store_once():
    async with petstore_client.connect_async("memory:") as client:
        names = [f"pet {number}" for number in range(5)]
        await asyncio.gather(*(client.pets.create(a_draft(name=one)) for one in names))

        assert len(await client.pets.list().collect(100)) == 15


async def test_async_client_that_was_never_used_can_be_closed():
    await petstore_client.connect_async("memory:").close()


async def test_close_during_the_first_call_closes_what_it_opens(tmp_path):
    path = str(tmp_path / "shop.db")
    client = petstore_client.connect_async(path)
    first = asyncio.create_task(client.pets.get(1))
    await asyncio.sleep(0)

    await client.close()

    await asyncio.wait([first])
    petstore_client.connect(path).close()
    # Whichever came first, the call has an answer or is told why it has none.
    assert isinstance(first.exception(), Unavailable | NotFound | None)


async def test_call_after_the_close_opens_nothing(tmp_path):
    client = petstore_client.connect_async(str(tmp_path / "shop.db"))
    await client.close()

    with pytest.raises(Unavailable, match="The client is closed"):
        await client.pets.get(1)

    assert not list(tmp_path.iterdir())


async def test_call_that_waits_behind_a_close_opens_nothing(tmp_path):
    """The first call fails to open the store, and the second one must not try."""
    (tmp_path / "shop.db").write_bytes(b"no store" * 512)
    client = petstore_client.connect_async(str(tmp_path / "shop.db"))
    calls = [asyncio.create_task(client.pets.get(1)) for _ in range(2)]
    await asyncio.sleep(0)

    await client.close()

    await asyncio.wait(calls)
    assert [ConfigError, Unavailable] == [type(call.exception()) for call in calls]


async def test_async_client_of_a_bad_store_says_so_at_the_first_call(tmp_path):
    client = petstore_client.connect_async(f"{tmp_path}/no/such/folder/shop.db")

    with pytest.raises(ConfigError):
        await client.pets.get(1)


@pytest.mark.parametrize(
    "connect", [petstore_client.connect, petstore_client.connect_async]
)
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"flavour": "v2"}, "has no flavour v2"),
        ({"token": "t"}, "leave api_key and token out"),
        ({"api_key": "k"}, "leave api_key and token out"),
    ],
)
def test_store_in_this_process_takes_no_options_of_a_server(connect, options, message):
    with pytest.raises(ConfigError, match=message):
        connect("memory:", **options)


@pytest.mark.parametrize(
    "connect", [petstore_client.connect, petstore_client.connect_async]
)
@pytest.mark.parametrize(
    "url", ["localhost:8080", "ftp://pets.example", "http://", "http://é.."]
)
def test_wrong_url_is_told_before_anything_is_sent(connect, url):
    with pytest.raises(ConfigError):
        connect(url)


def test_names_of_the_package_load_nothing_heavy():
    loaded = loaded_by("from petstore_client import connect, connect_async")

    assert HEAVY.isdisjoint(loaded)


def test_unknown_name_of_the_package_is_an_attribute_error():
    name = "disconnect"

    with pytest.raises(AttributeError, match="no attribute 'disconnect'"):
        getattr(petstore_client, name)
