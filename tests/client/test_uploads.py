"""A file is sent from wherever it is, tells how far it is, and may be sent again."""

import asyncio
import io
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import httpx
import pytest

import petstore
from petstore.contract.errors import (
    DeadlineExceeded,
    Invalid,
    NotSupported,
    TransportError,
)
from petstore_client import AsyncPetstore, Petstore, Progress, Retry
from petstore_client.testing import AsyncFaultyTransport, Fault, Faults, FaultyTransport
from tests.kit.pictures import a_picture

PATHS = ("", "/v2", "/api/v3")
AGAIN = Retry(attempts=2, base_s=0)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with petstore.serve() as server:
        yield server.url


@pytest.fixture
def picture(tmp_path) -> Path:
    path: Path = tmp_path / "rex.png"
    path.write_bytes(a_picture())
    return path


async def pieces(content: bytes) -> AsyncIterator[bytes]:
    yield content[:10]
    yield content[10:]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("kind", ["bytes", "path", "open"])
def test_file_tells_how_far_it_is(url, picture, path, kind):
    content = picture.read_bytes()
    files: dict[str, Any] = {
        "bytes": content,
        "path": picture,
        "open": io.BytesIO(content),
    }
    total = len(content)
    told: list[Progress] = []

    with Petstore(url + path) as client:
        plain = client.pets.upload_photo(1, content)
        photo = client.pets.upload_photo(1, files[kind], on_progress=told.append)

    assert plain.url == photo.url
    assert [Progress(0, total), Progress(len(content), total)] == told


def test_picture_is_fetched_by_what_its_pet_says_of_it(url, picture):
    content = picture.read_bytes()

    with Petstore(url) as client, petstore.open() as embedded:
        photo, _ = [shop.pets.upload_photo(1, picture) for shop in (client, embedded)]
        path = str(photo.url)

        assert path in client.pets.get(1).photo_urls
        assert content == client.pets.photo(path) == embedded.pets.photo(path)
        assert content == client.with_options(timeout=10).pets.photo(url + path)
        with pytest.raises(Invalid, match="elsewhere"):
            client.pets.photo("http://example.com" + path)


async def test_coroutine_fetches_a_picture_by_its_url(url, picture):
    async with AsyncPetstore(url) as client:
        photo = await client.pets.upload_photo(1, picture)
        assert photo.url is not None

        assert picture.read_bytes() == await client.pets.photo(url + photo.url)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("kind", ["bytes", "path"])
def test_file_is_sent_whole_again_after_a_fault(url, picture, path, kind):
    content = picture.read_bytes()
    told: list[Progress] = []
    faulty = FaultyTransport(httpx.HTTPTransport(), Faults([Fault.drop()]))

    with Petstore(url + path) as client:
        plain = client.pets.upload_photo(1, content)
    with Petstore(url + path, transport=faulty, retry=AGAIN) as client:
        photo = client.pets.upload_photo(
            1, content if kind == "bytes" else picture, on_progress=told.append
        )

    assert plain.url == photo.url
    # A drop takes nothing of it.
    assert Progress(len(content), len(content)) == told[-1]


@pytest.mark.parametrize("path", PATHS)
def test_open_file_is_not_sent_again(url, picture, path):
    """What was read of it is gone."""
    faulty = FaultyTransport(httpx.HTTPTransport(), Faults([Fault.lost()]))

    with (
        Petstore(url + path, transport=faulty, retry=AGAIN) as client,
        picture.open("rb") as file,
        pytest.raises(TransportError) as caught,
    ):
        client.pets.upload_photo(1, file, on_progress=lambda _: None)

    assert 1 == caught.value.attempts


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("kind", ["bytes", "path", "pieces"])
async def test_coroutine_sends_any_file(url, picture, path, kind):
    content = picture.read_bytes()
    files: dict[str, Any] = {
        "bytes": content,
        "path": picture,
        "pieces": pieces(content),
    }
    told: list[Progress] = []
    faults = Faults([] if kind == "pieces" else [Fault.drop()])
    faulty = AsyncFaultyTransport(httpx.AsyncHTTPTransport(), faults)

    async with AsyncPetstore(url + path, transport=faulty, retry=AGAIN) as client:
        plain = await client.pets.upload_photo(1, content)
        photo = await client.pets.upload_photo(1, files[kind], on_progress=told.append)

    assert plain.url == photo.url
    assert len(content) == told[-1].sent_bytes


def test_thread_cannot_wait_for_pieces(url):
    content: Any = pieces(b"png")

    with Petstore(url) as client, pytest.raises(NotSupported, match="async iterator"):
        client.pets.upload_photo(1, content)


async def test_source_that_gives_nothing_holds_no_call_longer_than_its_time(url):
    async def stalled() -> AsyncIterator[bytes]:
        yield b"png"
        await asyncio.Event().wait()

    begun = monotonic()
    async with AsyncPetstore(url, timeout=0.3) as client:
        with pytest.raises(DeadlineExceeded):
            await client.pets.upload_photo(1, stalled())

    assert monotonic() - begun < 3
