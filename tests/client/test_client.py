"""One class is the client of any store, near or far."""

import asyncio
import io
from collections.abc import AsyncIterator

import pytest

import petstore
import petstore_client
from petstore.contract.errors import ConfigError, NotFound, Unavailable
from petstore.contract.pet import PetDraft
from petstore.contract.user import UserDraft
from petstore_client import ApiKey, AsyncPetstore, Petstore, Progress
from tests.client.conftest import Petshop
from tests.kit.builders import a_draft
from tests.kit.facades import AsyncNotingBackend, NotingBackend, signatures
from tests.kit.pictures import a_picture
from tests.test_architecture import HEAVY, loaded_by


def test_client_of_a_server_reads_its_pets(petshop: Petshop):
    with petstore_client.Petstore(petshop.url) as client:
        assert client.pets.get(1).name == "Cat 1"


async def test_async_client_of_a_server_reads_its_pets(petshop: Petshop):
    async with petstore_client.AsyncPetstore(petshop.url) as client:
        assert (await client.pets.get(1)).name == "Cat 1"


def test_flavour_may_be_given_as_an_argument(petshop: Petshop):
    with petstore_client.Petstore(petshop.origin, flavour=petshop.flavour) as client:
        version = client.pets.get(1).version

    assert (version is not None) == (petshop.flavour == "native")


def test_client_of_a_store_in_this_process_needs_no_server(tmp_path):
    path = f"sqlite:///{tmp_path}/shop.db"
    with petstore_client.Petstore(path) as client:
        created = client.pets.create(PetDraft(name="Rex", photo_urls=[]))

    with petstore_client.Petstore(path) as client:
        assert client.pets.get(created.id) == created


async def test_async_client_of_a_store_opens_it_at_the_first_call():
    client = petstore_client.AsyncPetstore("memory:")

    async with client:
        first = await client.pets.get(1)

        assert await client.pets.get(1) == first


async def test_calls_that_come_together_open_a_store_once():
    async with petstore_client.AsyncPetstore("memory:") as client:
        names = [f"pet {number}" for number in range(5)]
        await asyncio.gather(*(client.pets.create(a_draft(name=one)) for one in names))

        assert len(await client.pets.list().collect(100)) == 15


async def test_async_client_that_was_never_used_can_be_closed():
    await petstore_client.AsyncPetstore("memory:").close()


async def test_close_during_the_first_call_closes_what_it_opens(tmp_path):
    path = f"sqlite:///{tmp_path}/shop.db"
    client = petstore_client.AsyncPetstore(path)
    first = asyncio.create_task(client.pets.get(1))
    await asyncio.sleep(0)

    await client.close()

    await asyncio.wait([first])
    petstore_client.Petstore(path).close()
    # Whichever came first, the call has an answer or is told why it has none.
    assert isinstance(first.exception(), Unavailable | NotFound | None)


async def test_call_after_the_close_opens_nothing(tmp_path):
    client = petstore_client.AsyncPetstore(f"sqlite:///{tmp_path}/shop.db")
    await client.close()

    with pytest.raises(Unavailable, match="The client is closed"):
        await client.pets.get(1)

    assert not list(tmp_path.iterdir())


async def test_call_that_waits_behind_a_close_opens_nothing(tmp_path):
    """The first call fails to open the store, and the second one must not try."""
    (tmp_path / "shop.db").write_bytes(b"no store" * 512)
    client = petstore_client.AsyncPetstore(f"sqlite:///{tmp_path}/shop.db")
    calls = [asyncio.create_task(client.pets.get(1)) for _ in range(2)]
    await asyncio.sleep(0)

    await client.close()

    await asyncio.wait(calls)
    assert [ConfigError, Unavailable] == [type(call.exception()) for call in calls]


async def test_async_client_of_a_bad_store_says_so_at_the_first_call(tmp_path):
    client = petstore_client.AsyncPetstore(
        f"sqlite:///{tmp_path}/no/such/folder/shop.db"
    )

    with pytest.raises(ConfigError):
        await client.pets.get(1)


CLIENTS = [petstore_client.Petstore, petstore_client.AsyncPetstore]
BACKENDS = {Petstore: NotingBackend, AsyncPetstore: AsyncNotingBackend}


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"flavour": "v2"}, "takes no flavour"),
        ({"auth": ApiKey("k")}, "takes no auth"),
        ({"timeout": 3, "retry": 1}, "takes no timeout and no retry"),
        ({"transport": object()}, "takes no transport"),
    ],
)
@pytest.mark.parametrize("is_url", [True, False], ids=["url", "object"])
def test_only_a_server_takes_settings(client, is_url, settings, message):
    target = "memory:" if is_url else BACKENDS[client]()

    with pytest.raises(ConfigError, match=rf"{message}, for .*; leave (it|them) out\."):
        client(target, **settings)


@pytest.mark.parametrize("client", CLIENTS)
def test_settings_that_are_none_are_not_given(client):
    client(BACKENDS[client](), timeout=None, auth=None)


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize(
    "url",
    [
        "localhost:8080",
        "api.example.com",
        "shop.db",
        "",
        "  ",
        "memory",
        "memory:x",
        "ftp://pets.example",
        "http://",
        "http://é..",
        "http://a b",
    ],
)
def test_wrong_url_is_told_before_anything_is_sent(client, url, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(ConfigError):
        client(url)

    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize(
    "settings",
    [
        {"timeout": 0},
        {"timeout": -1},
        {"timeout": float("nan")},
        {"timeout": float("inf")},
        {"timeout": "3"},
        {"timeout": True},
        {"retry": 0},
        {"retry": -1},
        {"retry": 21},
        {"retry": 1.5},
        {"retry": "3"},
        {"retry": True},
        {"flavour": "v4"},
    ],
)
def test_wrong_setting_is_told_before_anything_is_sent(client, settings):
    with pytest.raises(ConfigError):
        client("http://pets.example", **settings)


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize(
    ("auth", "kind"),
    [
        pytest.param("s3cret", "str", id="key"),
        pytest.param("", "str", id="empty"),
        pytest.param(("ann", "s3cret"), "tuple", id="pair"),
        pytest.param(ApiKey, "class", id="class"),
    ],
)
def test_auth_that_proves_nothing_is_told_without_showing_it(client, auth, kind):
    with pytest.raises(ConfigError, match=rf"ApiKey\(…\).*not a {kind}\.") as new:
        client("http://pets.example", auth=auth)
    with pytest.raises(ConfigError) as other:
        client("http://pets.example").with_options(auth=auth)

    assert str(new.value) == str(other.value)
    assert "s3cret" not in str(new.value)


@pytest.mark.parametrize("client", CLIENTS)
def test_misspelt_setting_is_an_error(client):
    with pytest.raises(TypeError, match="no setting timeouts"):
        client("http://pets.example", timeouts=3)
    with pytest.raises(TypeError, match="no setting flavour"):
        client("http://pets.example").with_options(flavour="v2")


@pytest.mark.parametrize("client", CLIENTS)
def test_target_that_answers_nothing_is_told(client, tmp_path):
    with pytest.raises(ConfigError, match="a URL or a backend"):
        client(tmp_path)


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("blank", [None, "", "  "])
def test_without_a_target_the_environment_decides(client, blank, monkeypatch):
    monkeypatch.delenv("PETSTORE_URL", raising=False)
    if blank is not None:
        monkeypatch.setenv("PETSTORE_URL", blank)

    with pytest.raises(ConfigError, match="set PETSTORE_URL"):
        client()


def test_environment_names_what_is_called(petshop: Petshop, monkeypatch):
    monkeypatch.setenv("PETSTORE_URL", petshop.url)

    with petstore_client.Petstore() as client:
        assert client.pets.get(1).name == "Cat 1"


async def test_backend_is_used_as_it_is():
    with petstore.open() as store, petstore_client.Petstore(store) as client:
        assert client.pets.get(1).name == "Cat 1"
    async with (
        petstore.open_async() as async_store,
        petstore_client.AsyncPetstore(async_store) as async_client,
    ):
        assert (await async_client.pets.get(1)).name == "Cat 1"


@pytest.mark.parametrize("client", CLIENTS)
def test_backend_without_options_has_none_to_change(client):
    with pytest.raises(ConfigError, match="Only a client of a server"):
        client(BACKENDS[client]()).with_options(timeout=1)


def test_the_two_clients_have_the_same_methods_and_signatures():
    sync = signatures(petstore_client.Petstore(NotingBackend()))
    twin = signatures(petstore_client.AsyncPetstore(AsyncNotingBackend()))

    assert sync == twin
    assert "Petstore.with_options" in sync


@pytest.mark.parametrize("base", ["", "/v2", "/api/v3"])
@pytest.mark.parametrize("name", [".", ".."])
def test_user_whose_name_is_dots_is_reached(base, name):
    """Not over aiohttp, which resolves dots even where they are encoded."""
    with petstore.serve() as server, Petstore(f"{server.url}{base}") as client:
        client.users.create(UserDraft(username=name, first_name="Dot"))

        assert "Dot" == client.users.get(name).first_name
        client.users.delete(name)
        with pytest.raises(NotFound):
            client.users.get(name)


async def test_client_with_other_options_is_closed_by_its_root(petshop: Petshop):
    with petstore_client.Petstore(petshop.url) as client:
        with client.with_options(timeout=9, retry=1) as other:
            assert other.pets.get(1) == client.pets.get(1)
        assert client.pets.get(1).name == "Cat 1"
    with pytest.raises(Unavailable, match="The client is closed"):
        other.pets.get(1)

    async with petstore_client.AsyncPetstore(petshop.url) as async_client:
        async with async_client.with_options(timeout=9) as async_other:
            assert (await async_other.pets.get(1)).name == "Cat 1"
        assert (await async_client.pets.get(1)).name == "Cat 1"
    with pytest.raises(Unavailable, match="The client is closed"):
        await async_other.pets.get(1)


def test_client_that_was_never_used_can_be_closed_twice():
    client = petstore_client.Petstore("http://pets.example")

    client.close()
    client.close()


def test_names_of_the_package_load_nothing_heavy():
    names = ", ".join(petstore_client.__all__)

    assert HEAVY.isdisjoint(loaded_by(f"from petstore_client import {names}"))


def test_importing_the_package_loads_little():
    assert len(loaded_by("import petstore_client") - loaded_by("pass")) <= 60


@pytest.mark.parametrize("name", petstore_client.__all__)
def test_name_of_the_package_is_the_thing_itself(name):
    thing = getattr(petstore_client, name)

    assert name in dir(petstore_client)
    assert getattr(thing, "__name__", name).rpartition(".")[2] == name or name == "OMIT"


def test_unknown_name_of_the_package_is_an_attribute_error():
    name = "disconnect"

    with pytest.raises(AttributeError, match="no attribute 'disconnect'"):
        getattr(petstore_client, name)


@pytest.mark.parametrize("kind", ["memory", "file"])
def test_store_of_another_event_loop_says_so(kind: str, tmp_path):
    """In whatever loop it is closed."""
    url = "memory:" if kind == "memory" else f"sqlite:///{tmp_path / 'a.db'}"
    client = AsyncPetstore(url)

    async def follow() -> None:
        await anext(client.events(after=0))

    async def upload() -> None:
        await client.pets.upload_photo(1, a_picture())

    async def count() -> None:
        await client.store.inventory()

    asyncio.run(count())
    for use in (count, upload, follow):
        with pytest.raises(ConfigError, match=r"one asyncio\.run, or open it anew"):
            asyncio.run(use())
    asyncio.run(client.close())


async def test_embedded_store_tells_how_far_an_upload_is(tmp_path):
    content = a_picture()
    path = tmp_path / "rex.png"
    path.write_bytes(content)
    told: list[Progress] = []
    async_told: list[Progress] = []
    files = (content, path, io.BytesIO(content))

    with Petstore("memory:") as client:
        for file in files:
            client.pets.upload_photo(1, file, on_progress=told.append)
    async with AsyncPetstore("memory:") as async_client:
        for file in (*files[:2], io.BytesIO(content), pieces(content)):
            await async_client.pets.upload_photo(1, file, on_progress=async_told.append)

    whole = [Progress(0, len(content)), Progress(len(content), len(content))]
    assert whole * 3 == told
    assert [*whole * 3, Progress(0, None), Progress(len(content), None)] == async_told


async def pieces(content: bytes) -> AsyncIterator[bytes]:
    yield content
