"""A sweep removes what no picture needs, and never what one may be shown from."""

from pathlib import Path

import pytest

from petstore.engine.blobs import DiskBlobs
from petstore.engine.photos import SWEEP_AGE_MS, sweep
from tests.engine.shops import Shop, opening
from tests.kit.builders import a_draft
from tests.kit.pictures import a_picture
from tests.kit.stores import ManualClock


@pytest.fixture
def shop(file_url: str, clock: ManualClock):
    """Give a shop in a file with two pets."""
    with opening(file_url, clock) as shop:
        for _ in range(2):
            shop.pets.create(a_draft(photo_urls=[]))
        yield shop


def swept(shop: Shop) -> int:
    return sweep(shop.engine.store, shop.engine.setup)


def orphan(shop: Shop, content: bytes = b"orphan") -> Path:
    """Leave what an upload leaves that ends after its picture and before its row."""
    blobs = shop.engine.setup.blobs
    assert isinstance(blobs, DiskBlobs)
    with blobs.writer() as writer:
        writer.write(content)
        return blobs.path(writer.finish(".png"))


def test_picture_without_a_row_goes_after_an_hour(shop: Shop):
    old = orphan(shop)
    shop.clock.advance(SWEEP_AGE_MS)
    young = orphan(shop, b"another")

    assert 0 == swept(shop)
    shop.clock.advance(1)
    assert 1 == swept(shop)
    assert (False, True) == (old.exists(), young.exists())


def test_picture_with_a_row_stays_whoever_shows_it(shop: Shop):
    """A restored pet, and the history of a pet, still name it."""
    names = []
    for pet_id, colour in ((1, "red"), (2, "blue")):
        url = shop.pets.upload_photo(pet_id, a_picture(colour)).url
        assert url is not None
        names.append(url.removeprefix("/photos/"))
    shop.pets.update(1, photo_urls=["url1"])
    shop.pets.delete(2)
    shop.clock.advance(10 * SWEEP_AGE_MS)

    assert 0 == swept(shop)
    assert all(shop.pets.photo(name) for name in names)
    assert [f"/photos/{names[1]}"] == shop.pets.restore(2).photo_urls


def test_picture_that_is_sent_again_gets_time_for_its_row(shop: Shop):
    orphan(shop)
    shop.clock.advance(2 * SWEEP_AGE_MS)

    again = orphan(shop)

    assert 0 == swept(shop)
    assert again.exists()
