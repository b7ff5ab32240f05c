"""Uploading pictures of pets, and getting them back."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import delete, select

from petstore.contract import calls
from petstore.contract.call import ByteStream, Call
from petstore.contract.errors import (
    Invalid,
    NotFound,
    NotSupported,
    TooLarge,
)
from petstore.contract.facade import AsyncPetstore
from petstore.contract.flavours import Policy
from petstore.contract.model import ITEMS_MAX
from petstore.contract.operations import OPERATIONS
from petstore.contract.pet import Pet, Photo
from petstore.engine.blobs import DiskBlobs, MemoryBlobs
from petstore.engine.context import Caller
from petstore.engine.opening import open_async_engine
from petstore.storage.statement import Statement
from petstore.storage.tables import PHOTO
from tests.engine.shops import PUBLIC_V2, PUBLIC_V3, Opener, Shop, defaults
from tests.kit.builders import a_draft
from tests.kit.pictures import a_picture
from tests.kit.stores import ManualClock

ANY_UPLOAD = Policy(any_upload=True)


def kept(shop: Shop) -> set[str]:
    """Return the names of all blobs."""
    blobs = shop.engine.setup.blobs
    if isinstance(blobs, MemoryBlobs):
        return set(blobs.snapshot())
    assert isinstance(blobs, DiskBlobs)
    directory = blobs._directory
    return {path.name for path in directory.iterdir()} if directory.exists() else set()


def upload(shop: Shop, content: Any, policy: Policy = ANY_UPLOAD, **more: Any) -> Photo:
    """Upload to pet 1."""
    stream = content if isinstance(content, ByteStream) else ByteStream(content)
    photo = shop.do("uploadFile", policy, **{"pet_id": 1, "content": stream, **more})
    assert isinstance(photo, Photo)
    return photo


@pytest.fixture
def one_pet(sandbox: Shop) -> Shop:
    """Give a sandbox with one pet without pictures."""
    sandbox.pets.create(a_draft(photo_urls=["url1"]))
    return sandbox


# -------------------------------------------------------------------------- upload


@pytest.mark.parametrize(
    ("media_type", "extension"), [("PNG", "png"), ("JPEG", "jpg"), ("WEBP", "webp")]
)
def test_uploaded_picture_is_named_by_its_content_and_added(
    one_pet: Shop, media_type, extension
):
    photo = one_pet.pets.upload_photo(1, a_picture(media_type=media_type))

    assert photo.url is not None
    name = photo.url.removeprefix("/photos/")
    assert (64, extension) == (len(name.partition(".")[0]), name.partition(".")[2])
    assert f"image/{media_type.lower()}" == photo.media_type
    pet = one_pet.pets.get(1)
    assert (["url1", photo.url], 2) == (pet.photo_urls, pet.version)
    assert pet == photo.pet
    content = one_pet.pets.photo(name)
    assert photo.size_bytes == len(content)
    assert Image.open(BytesIO(content)).size == (4, 3)
    assert {name} == kept(one_pet)


def test_reply_carries_the_version_of_the_pet(one_pet: Shop):
    call = calls.upload_file(1, ByteStream(a_picture()))

    assert one_pet.send(call).version == 2


def test_same_picture_is_added_once_and_kept_once(one_pet: Shop):
    one_pet.pets.create(a_draft(photo_urls=[]))

    urls = [one_pet.pets.upload_photo(pet_id, a_picture()).url for pet_id in (1, 1, 2)]

    assert len(set(urls)) == 1
    assert one_pet.pets.get(1).version == 2
    assert one_pet.pets.get(2).photo_urls == urls[:1]
    assert len(one_pet.rows(select(PHOTO.c.name))) == len(kept(one_pet)) == 1


def test_strict_store_takes_pictures_only(one_pet: Shop):
    for content in (b"", b"GIF", b"no picture", a_picture()[:40], b"<svg/>"):
        with pytest.raises(Invalid) as caught:
            one_pet.pets.upload_photo(1, content)
        assert ["form.file"] == [one.field for one in caught.value.fields]

    assert one_pet.pets.get(1).version == 1
    assert set() == kept(one_pet)


@pytest.mark.parametrize("content", [b"no picture", b""])
def test_public_store_takes_any_bytes_and_shows_only_pictures_as_such(
    one_pet: Shop, content
):
    photo = upload(one_pet, content, PUBLIC_V3)

    assert ("application/octet-stream", len(content)) == (
        photo.media_type,
        photo.size_bytes,
    )
    assert photo.url is not None
    name = photo.url.removeprefix("/photos/")
    assert len(name) == 64
    assert content == one_pet.pets.photo(name)


def test_public_store_keeps_a_picture_as_it_came(one_pet: Shop):
    photo = upload(one_pet, a_picture() + b"and more", PUBLIC_V2)

    assert photo.media_type == "image/png"
    assert photo.url is not None
    name = photo.url.removeprefix("/photos/")
    assert a_picture() + b"and more" == one_pet.pets.photo(name)


@pytest.mark.parametrize("pet_id", [404, 2])
def test_upload_needs_a_pet_unless_the_policy_says_otherwise(one_pet: Shop, pet_id):
    one_pet.pets.create(a_draft(id=2))
    one_pet.pets.delete(2)

    with pytest.raises(NotFound):
        one_pet.pets.upload_photo(pet_id, a_picture())
    assert set() == kept(one_pet)
    photo = upload(one_pet, b"bytes", PUBLIC_V2, pet_id=pet_id)

    assert photo.pet is None
    assert len(kept(one_pet)) == 1
    assert one_pet.pets.restore(2).photo_urls == ["url1"]


def test_pet_that_is_deleted_during_the_upload_gets_nothing(one_pet: Shop):
    def chunks() -> Iterator[bytes]:
        yield b"some"
        one_pet.pets.delete(1)
        yield b"thing"

    with pytest.raises(NotFound):
        upload(one_pet, chunks())

    assert [] == one_pet.rows(select(PHOTO.c.name))


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([b"12345678"], id="at once"),
        pytest.param([b"1234", b"", b"5678"], id="in pieces"),
    ],
)
def test_upload_may_be_as_large_as_the_limit_and_no_larger(lone: Opener, pieces):
    shop = lone(upload_bytes_max=8)
    shop.pets.create(a_draft(photo_urls=[]))

    assert upload(shop, iter(pieces)).size_bytes == 8
    endless = iter(lambda: b"12345678", b"")
    for more in (iter([*pieces, b"9"]), endless):
        with pytest.raises(TooLarge, match="8 bytes at most"):
            upload(shop, more)

    assert len(kept(shop)) == 1
    assert shop.pets.get(1).version == 2


def test_picture_that_grows_when_drawn_again_is_kept_all_the_same(lone: Opener):
    tiny = a_picture(media_type="GIF")
    shop = lone(upload_bytes_max=len(tiny))
    shop.pets.create(a_draft())

    assert shop.pets.upload_photo(1, tiny).url


def test_pet_takes_a_thousand_pictures_and_can_still_be_changed(lone: Opener):
    shop = lone()
    urls = [f"url{number}" for number in range(ITEMS_MAX - 1)]
    shop.pets.create(a_draft(photo_urls=urls))

    shop.pets.upload_photo(1, a_picture("red"))
    with pytest.raises(TooLarge, match="1,000 pictures"):
        shop.pets.upload_photo(1, a_picture("blue"))
    shop.pets.upload_photo(1, a_picture("red"))

    assert shop.pets.update(1, name="Max").version == 3
    assert len(shop.rows(select(PHOTO.c.name))) == 1


def test_large_upload_needs_no_other_disk_than_that_of_pictures(
    one_pet: Shop, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("tempfile.tempdir", "/nowhere")
    content = bytes(range(256)) * 8 * 1024

    photo = upload(one_pet, iter([content[:1_000], content[1_000:]]))

    assert photo.url is not None
    assert content == one_pet.pets.photo(photo.url.removeprefix("/photos/"))


def test_every_kind_of_file_can_be_uploaded(one_pet: Shop, tmp_path: Path):
    content = a_picture()
    path = tmp_path / "rex.png"
    path.write_bytes(content)

    for file in (content, BytesIO(content), path, ByteStream([content])):
        assert one_pet.pets.upload_photo(1, file).media_type == "image/png"


def test_stream_that_fails_leaves_nothing(one_pet: Shop):
    def chunks() -> Iterator[bytes]:
        yield b"some"
        raise ValueError("the network is gone")

    with pytest.raises(ValueError, match="the network is gone"):
        upload(one_pet, chunks())

    assert set() == kept(one_pet)


def test_synchronous_store_says_that_it_reads_no_async_stream(one_pet: Shop):
    with pytest.raises(NotSupported, match="async iterator"):
        upload(one_pet, async_chunks(b"some"))


# ------------------------------------------------------------------------ download


@pytest.mark.parametrize("name", ["0" * 64, "0" * 64 + ".png", "../../etc/passwd", ""])
def test_unknown_picture_is_not_found(sandbox: Shop, name):
    with pytest.raises(NotFound):
        sandbox.do("getPhoto", name=name)


def test_picture_without_a_row_is_not_shown(one_pet: Shop):
    photo = one_pet.pets.upload_photo(1, a_picture())
    assert photo.url is not None
    one_pet.engine.store.write(lambda tx: tx.run(Statement(delete(PHOTO))))

    with pytest.raises(NotFound):
        one_pet.pets.photo(photo.url.removeprefix("/photos/"))


def test_row_without_a_picture_is_not_found_before_anything_is_sent(one_pet: Shop):
    photo = one_pet.pets.upload_photo(1, a_picture())
    assert photo.url is not None
    one_pet.engine.setup.blobs.sweep((), older_than=2**53)

    with pytest.raises(NotFound):
        one_pet.do("getPhoto", name=photo.url.removeprefix("/photos/"))


def test_download_says_what_it_is_and_can_be_left_or_read_again(one_pet: Shop):
    photo = one_pet.pets.upload_photo(1, a_picture())
    assert photo.url is not None
    name = photo.url.removeprefix("/photos/")

    stream = one_pet.send(calls.get_photo(name)).value
    one_pet.send(calls.get_photo(name))

    assert ("image/png", photo.size_bytes, name) == (
        stream.media_type,
        stream.size_bytes,
        stream.file_name,
    )
    assert stream.read() == stream.read() == one_pet.pets.photo(name)


# ---------------------------------------------------------------------------- async


async def async_chunks(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda content: content, id="bytes"),
        pytest.param(lambda content: iter([content]), id="iterator"),
        pytest.param(
            lambda content: async_chunks(content[:9], content[9:]), id="async"
        ),
    ],
)
async def test_async_store_reads_every_kind_of_stream(
    store_url: str, clock: ManualClock, tmp_path: Path, make: Callable[[bytes], Any]
):
    options: Any = {**defaults(clock), "data_dir": tmp_path / "data"}
    engine = await open_async_engine(store_url, options)
    try:
        client = AsyncPetstore(engine)
        await client.pets.create(a_draft())

        photo = await client.pets.upload_photo(1, ByteStream(make(a_picture())))

        assert photo.pet == await client.pets.get(1)
        assert photo.url is not None
        content = await client.pets.photo(photo.url.removeprefix("/photos/"))
        assert photo.size_bytes == len(content)
    finally:
        await engine.close()


async def test_upload_that_is_cancelled_leaves_nothing(clock: ManualClock):
    options: Any = defaults(clock)
    engine = await open_async_engine("memory:", options)
    begun = asyncio.Event()

    async def chunks() -> AsyncIterator[bytes]:
        yield a_picture()
        begun.set()
        await asyncio.Event().wait()

    client = AsyncPetstore(engine)
    await client.pets.create(a_draft())
    task = asyncio.create_task(client.pets.upload_photo(1, ByteStream(chunks())))
    await begun.wait()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert isinstance(engine.setup.blobs, MemoryBlobs)
    assert {} == engine.setup.blobs.snapshot()
    assert (await client.pets.get(1)).version == 1
    await engine.close()


async def test_async_stream_that_fails_leaves_nothing(clock: ManualClock):
    options: Any = defaults(clock)
    engine = await open_async_engine("memory:", options)
    try:
        client = AsyncPetstore(engine)
        await client.pets.create(a_draft())

        async def chunks() -> AsyncIterator[bytes]:
            yield b"some"
            raise ValueError("the network is gone")

        call: Any = Call(
            OPERATIONS["uploadFile"], {"pet_id": 1, "content": ByteStream(chunks())}
        )
        with pytest.raises(ValueError, match="the network is gone"):
            await engine.send(call, Caller(ANY_UPLOAD))

        assert isinstance(engine.setup.blobs, MemoryBlobs)
        assert {} == engine.setup.blobs.snapshot()
        assert isinstance(await client.pets.get(1), Pet)
    finally:
        await engine.close()
