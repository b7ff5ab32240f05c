"""A store in memory can be taken as a whole and put back."""

from pathlib import Path
from typing import Any

import pytest

import petstore
from petstore.contract.errors import ConfigError, NotFound, NotSupported
from tests.kit.builders import a_draft
from tests.kit.pictures import a_picture
from tests.kit.stores import durable_url, file_url, postgres, postgres_url

__all__ = ["durable_url", "file_url", "postgres", "postgres_url"]


def test_restored_store_is_as_it_was_pictures_included():
    with petstore.open() as client:
        kept = client.pets.upload_photo(1, a_picture("red"))
        before = list(client.pets.list()), list(client.pets.history(1))
        snapshot = client.snapshot()

        lost = client.pets.upload_photo(1, a_picture("blue"))
        client.pets.delete(2)
        client.pets.create(a_draft())
        client.restore(snapshot)

        assert before == (list(client.pets.list()), list(client.pets.history(1)))
        assert kept.url is not None
        assert client.pets.photo(kept.url.rpartition("/")[2])
        assert lost.url is not None
        with pytest.raises(NotFound):
            client.pets.photo(lost.url.rpartition("/")[2])
        assert client.pets.create(a_draft()).id == 11


def test_snapshot_can_be_restored_often_and_elsewhere():
    with petstore.open(seed="empty") as client, petstore.open() as other:
        client.pets.upload_photo(client.pets.create(a_draft()).id, a_picture())
        snapshot = client.snapshot()
        expected = list(client.pets.list())
        for target in (client, other, other):
            target.pets.create(a_draft())
            target.restore(snapshot)

            assert expected == list(target.pets.list())
            assert target.pets.photo(expected[0].photo_urls[-1].rpartition("/")[2])


async def test_async_store_has_snapshots_too():
    async with petstore.open_async(seed="empty") as client:
        await client.pets.create(a_draft())
        snapshot = await client.snapshot()
        await client.pets.delete(1)

        await client.restore(snapshot)

        assert (await client.pets.get(1)).version == 1


async def test_snapshot_of_another_profile_is_refused():
    with petstore.open() as sandbox, petstore.open(profile="shop") as shop:
        before = list(sandbox.users.list())
        with pytest.raises(ConfigError, match="made with profile=shop"):
            sandbox.restore(shop.snapshot())
        assert before == list(sandbox.users.list())
        snapshot = sandbox.snapshot()
    async with petstore.open_async(profile="shop") as client:
        with pytest.raises(ConfigError, match="made with profile=sandbox"):
            await client.restore(snapshot)


@pytest.mark.parametrize("junk", [b"junk", "text", None, object()], ids=type)
async def test_only_a_snapshot_can_be_restored(junk: Any):
    says = "is no snapshot"
    with petstore.open() as client:
        with pytest.raises(ConfigError, match=says):
            client.restore(junk)
        assert client.pets.get(1).id == 1
    async with petstore.open_async() as client_async:
        with pytest.raises(ConfigError, match=says):
            await client_async.restore(junk)


async def test_only_memory_has_snapshots(
    durable_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    # Where stores on Postgres keep pictures, unless told.
    monkeypatch.chdir(tmp_path)
    with petstore.open() as memory:
        snapshot = memory.snapshot()
    with petstore.open(durable_url) as client:
        with pytest.raises(NotSupported):
            client.snapshot()
        with pytest.raises(NotSupported):
            client.restore(snapshot)
        assert client.pets.get(1).id == 1
    async with petstore.open_async(durable_url) as client_async:
        with pytest.raises(NotSupported):
            await client_async.snapshot()
        with pytest.raises(NotSupported):
            await client_async.restore(snapshot)
