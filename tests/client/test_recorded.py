"""A recording answers a client as the server did that was recorded."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import closing
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import petstore
from petstore.contract.flavours import Flavour
from petstore.mock.cassette import Cassette, save
from petstore.mock.misses import UnmatchedRequest
from petstore.mock.session import Session
from petstore.mock.tape import Tape
from petstore.mock.transport import MockTransport
from petstore.mock.upstream import Upstream
from petstore_client import (
    AsyncPetstore,
    AsyncRecorded,
    ConfigError,
    NotFound,
    Petstore,
    Recorded,
    Retry,
    Timeout,
    TransportError,
    Unavailable,
)
from tests.client.kinds import OPTIONS
from tests.kit.builders import a_draft, a_user_draft, an_order_draft
from tests.kit.waited import waited
from tests.mock.builders import JSON, a_cassette, an_exchange
from tests.test_architecture import loaded_by

NOWHERE = 2**50
LONG_MS = 3_600_000
PET = {"id": 7, "name": "Mimi", "photoUrls": []}


def native_story(client: Petstore) -> Iterator[object]:
    """Yield what a client is told: values, errors, pages, pictures and events."""
    rex = client.pets.create(a_draft(name="Rex", photo_urls=[]))
    yield rex
    yield [client.pets.create(a_draft(name=f"Pet {number}")) for number in range(4)]
    yield [pet.name for pet in client.pets.list(page_size=2)]
    yield client.pets.update(rex.id, name="Max", if_version=rex.version)
    photo = client.pets.upload_photo(rex.id, picture())
    assert photo.url is not None
    yield client.pets.photo(photo.url.rpartition("/")[2])
    yield client.store.inventory()
    yield raised_by(client)
    client.pets.delete(rex.id)
    with closing(client.events(after=0)) as events:
        yield [event.action for event in islice(events, 7)]


def compatible_story(client: Petstore) -> Iterator[object]:
    """Yield what a client of the public contract is told."""
    rex = client.pets.create(a_draft(id=7, name="Rex"))
    yield rex
    yield client.pets.get(7)
    yield client.pets.find_by_status("available")
    yield client.store.orders.place(an_order_draft(pet_id=7, quantity=1))
    yield client.users.create(a_user_draft()).username
    yield raised_by(client)


STORIES: dict[Flavour, Callable[[Petstore], Iterator[object]]] = {
    "native": native_story,
    "v2": compatible_story,
    "v3": compatible_story,
}


def raised_by(client: Petstore) -> str:
    with pytest.raises(NotFound) as raised:
        client.pets.get(NOWHERE)
    return raised.value.message


def picture() -> bytes:
    stream = BytesIO()
    Image.new("RGB", (8, 8), "tan").save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture(scope="module", params=STORIES)
def story(request, tmp_path_factory) -> tuple[Flavour, Path, list[object]]:
    """Record a story of each API; give the file, and what the client was told."""
    flavour: Flavour = request.param
    path = tmp_path_factory.mktemp("story") / f"{flavour}.yaml"
    target = Cassette(path=path)
    session = Session(Tape([]), mode="record", target=target)
    with petstore.serve(**OPTIONS) as server, closing(Upstream(server.url)) as upstream:
        transport = MockTransport(session, ask=upstream)
        with Petstore(server.url, flavour=flavour, transport=transport) as client:
            told = list(STORIES[flavour](client))
    save(target)
    return flavour, path, told


def test_a_story_is_told_again(story):
    flavour, path, told = story
    recorded = Recorded(path, flavour=flavour)

    with Petstore(recorded) as client:
        assert told == list(STORIES[flavour](client))

    assert [] == recorded.report().unplayed


def test_a_story_is_told_to_coroutines(story):
    flavour, path, told = story
    recorded = AsyncRecorded(path, flavour=flavour)

    with (
        asyncio.Runner() as runner,
        closing(waited(AsyncPetstore(recorded), runner)) as client,
    ):
        assert told == list(STORIES[flavour](client))

    assert [] == recorded.report().unplayed


@pytest.fixture
def url(tmp_path) -> str:
    """Record one pet; give the URL of the recording."""
    exchange = an_exchange(response={"headers": JSON, "json": PET})
    save(a_cassette(exchange), tmp_path / "one pet.yaml")
    return f"recorded:{tmp_path / 'one pet.yaml'}"


def path_of(url: str) -> str:
    return url.removeprefix("recorded:")


def test_a_url_names_a_recording(url):
    with Petstore(url, timeout=2, retry=1) as client:
        assert "Mimi" == client.pets.get(7).name
        assert "Mimi" == client.with_options(timeout=1).pets.get(7).name


async def test_a_url_names_a_recording_for_coroutines(url):
    async with AsyncPetstore(url, flavour="native") as client:
        assert "Mimi" == (await client.pets.get(7)).name


def test_a_recording_loads_no_engine_and_no_server(url):
    loaded = loaded_by(f"from petstore_client import Petstore; Petstore({url!r})")

    assert {"sanic", "sqlmodel", "sqlalchemy", "respx"}.isdisjoint(loaded)


def test_the_environment_may_name_a_recording(url, monkeypatch):
    monkeypatch.setenv("PETSTORE_URL", url)

    with Petstore() as client:
        assert "Mimi" == client.pets.get(7).name


def test_a_call_that_was_not_recorded_is_no_error_that_an_app_catches(url):
    with Petstore(url) as client, pytest.raises(UnmatchedRequest, match="/pet/8"):
        client.pets.get(8)


async def test_a_call_of_a_coroutine_that_was_not_recorded_is_told_too(url):
    async with AsyncPetstore(url) as client:
        with pytest.raises(UnmatchedRequest, match="/pet/8"):
            await client.pets.get(8)


@pytest.mark.parametrize("given", ["recorded:", "recorded://pets.yaml"])
def test_a_url_without_a_path_names_no_recording(given):
    with pytest.raises(ConfigError, match=r"recorded:pets\.yaml would be one"):
        Petstore(given)


def test_a_recording_that_is_not_there_is_told(tmp_path):
    with pytest.raises(ConfigError, match=r"no\.yaml: No such file"):
        Petstore(f"recorded:{tmp_path}/no.yaml")


def test_a_recording_takes_no_transport(url):
    with pytest.raises(ConfigError, match="takes no transport"):
        Petstore(url, transport=lambda stock: stock)


def test_an_option_that_is_none_is_told(url):
    options: dict[str, Any] = {"onmiss": "fail"}

    with pytest.raises(TypeError, match="no option onmiss"):
        Recorded(path_of(url), **options)
    with pytest.raises(TypeError, match="no option onmiss"):
        AsyncRecorded(path_of(url), **options)


def failing(do: dict[str, Any], count: int) -> dict[str, Any]:
    return {"faults": [{"when": {"first": count}, "do": do}]}


# Their pauses would be longer than any test may take.
SLOW = Retry(attempts=3, base_s=LONG_MS, cap_s=LONG_MS)


@pytest.mark.parametrize("do", [{"reset": True}, {"status": 503}, {"truncate": 3}])
def test_what_fails_is_sent_again_at_once(url, do):
    recorded = Recorded(path_of(url), retry=SLOW, timeout=1e9, **failing(do, 2))

    with Petstore(recorded) as client:
        assert "Mimi" == client.pets.get(7).name

    assert 3 == recorded.report().requests


async def test_what_fails_for_a_coroutine_is_sent_again_at_once(url):
    faults = failing({"status": 503}, 2)
    recorded = AsyncRecorded(path_of(url), retry=SLOW, timeout=1e9, **faults)

    async with AsyncPetstore(recorded) as client:
        assert "Mimi" == (await client.pets.get(7)).name


@pytest.mark.parametrize(
    ("do", "error"),
    [
        ({"reset": True}, TransportError),
        ({"delay_ms": LONG_MS}, TransportError),
        ({"status": 503}, Unavailable),
    ],
)
def test_what_fails_too_often_is_told_as_of_a_server(url, do, error):
    timeout = Timeout(total=60, read=1)
    recorded = Recorded(path_of(url), timeout=timeout, retry=1, **failing(do, 1))

    with Petstore(recorded) as client, pytest.raises(error):
        client.pets.get(7)


def test_an_upstream_answers_what_was_not_recorded(url):
    with petstore.serve(**OPTIONS) as server:
        recorded = Recorded(path_of(url), on_miss="upstream", upstream=server.url)
        with Petstore(recorded) as client, pytest.raises(NotFound):
            client.pets.get(8)


async def test_an_upstream_answers_what_was_not_recorded_for_coroutines(url):
    with petstore.serve(**OPTIONS) as server:
        replay: dict[str, Any] = {"on_miss": "upstream", "upstream": server.url}
        async with AsyncPetstore(AsyncRecorded(path_of(url), **replay)) as client:
            with pytest.raises(NotFound):
                await client.pets.get(8)


def test_the_engine_answers_what_was_not_recorded(url):
    with Petstore(Recorded(path_of(url), on_miss="engine")) as client:
        assert 800 == client.pets.create(a_draft(id=800)).id
        assert 800 == client.pets.get(800).id


async def test_the_engine_answers_what_was_not_recorded_for_coroutines(url):
    recorded = AsyncRecorded(path_of(url), on_miss="engine")

    async with AsyncPetstore(recorded) as client:
        created = await client.pets.create(a_draft(id=800))
        events = client.events(after=0)
        assert "create" == (await anext(events)).action
        await events.aclose()

    assert 800 == created.id


def test_nobody_answers_who_was_not_named(url):
    recorded = Recorded(path_of(url), on_miss="upstream")

    with Petstore(recorded) as client, pytest.raises(ConfigError, match="no upstream"):
        client.pets.get(8)
