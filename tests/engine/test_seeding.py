"""The first data of a store, and who fills it."""

import itertools
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from petstore.contract import calls
from petstore.contract.errors import (
    ConfigError,
    Unauthorized,
    Unavailable,
)
from petstore.contract.pet import PetDraft
from petstore.engine.opening import stored_profile
from petstore.engine.seeding import claimed, empty
from petstore.engine.seeds import RandomPets, Seed
from petstore.storage.tables import META, SHOP_USER, TOKEN
from tests.engine.shops import Opener, Shop
from tests.kit.builders import a_draft, a_user_draft, an_order_draft
from tests.kit.stores import ManualClock


def test_public_seed_is_the_data_of_the_public_petstore(opened: Opener):
    shop = opened(seed="public")

    assert [f"{pet.id} {pet.name}" for pet in shop.pets.list()][::9] == [
        "1 Cat 1",
        "10 Rabbit 1",
    ]
    assert {"available": 7, "pending": 2, "sold": 1} == shop.store.inventory()
    assert list(range(1, 11)) == [order.id for order in shop.store.orders.list()]
    assert shop.store.orders.get(1).ship_date == datetime(2030, 1, 1, tzinfo=UTC)
    assert shop.users.get("user1").password == "XXXXXXXXXXX"
    assert shop.users.get("user?10").id == 11
    assert [1, 4, 7] == [pet.id for pet in shop.pets.find_by_tags("tag1")]
    shop.assert_sound()


def test_new_ids_follow_those_of_the_seed(opened: Opener):
    shop = opened(seed="public")

    assert (11, 11, 12) == (
        shop.pets.create(a_draft()).id,
        shop.store.orders.place(an_order_draft()).id,
        shop.users.create(a_user_draft()).id,
    )


def test_sandbox_has_the_public_key_and_a_shop_has_none(lone: Opener):
    sandbox, shop = lone(auth="on"), lone(profile="shop")

    assert sandbox.send_as(calls.get_inventory(), api_key="special-key").value == {}
    with pytest.raises(Unauthorized):
        shop.send_as(calls.get_inventory(), api_key="special-key")
    assert [] == shop.rows(select(TOKEN.c.hash))


def test_default_is_public_data_for_a_sandbox_and_none_for_a_shop(lone: Opener):
    assert len(list(lone(seed=None).pets.list())) == 10
    assert [] == list(lone(seed=None, profile="shop").pets.list())


def test_seed_of_a_number_is_that_many_pets_and_always_the_same(lone: Opener):
    told: list[tuple[int, int]] = []

    pets = [
        list(lone(seed=given, on_progress=told_to).pets.list(page_size=1_000))
        for given, told_to in ((2_500, lambda *done: told.append(done)), ("2500", None))
    ]

    assert pets[0] == pets[1]
    assert len(pets[0]) == 2_500
    assert [(1_000, 2_500), (2_000, 2_500), (2_500, 2_500)] == told[:3]
    assert {(2_500, 2_500)} == set(told[2:])


def test_seed_of_a_file(opened: Opener, tmp_path: Path):
    path = tmp_path / "seed.json"
    pets = [{"name": "Any", "photoUrls": []}, {"id": 1, "name": "One", "photoUrls": []}]
    users = [{"username": "eve"}, {"id": 1, "username": "ann"}]
    orders = [{"id": -1, "petId": 1}, {"id": 1, "petId": 2}, {"id": 0}]
    path.write_text(json.dumps({"pets": pets, "users": users, "orders": orders}))

    shop = opened(seed=str(path))

    # Those that name an id have it, whatever stands before them.
    assert {1: "One", 2: "Any"} == {pet.id: pet.name for pet in shop.pets.list()}
    assert {1: "ann", 2: "eve"} == {one.id: one.username for one in shop.users.list()}
    assert {1: 2, 2: 1, 3: None} == {
        one.id: one.pet_id for one in shop.store.orders.list()
    }
    shop.assert_sound()


def test_shop_keeps_hashes_of_the_passwords_of_a_seed(opened: Opener):
    shop = opened(profile="shop", seed="public")

    kept = {row[0] for row in shop.rows(select(SHOP_USER.c.password))}
    assert {opened.hasher.hash("XXXXXXXXXXX")} == kept
    assert shop.auth.login("user1", "XXXXXXXXXXX")


def test_shop_refuses_a_seed_with_a_short_password(lone: Opener):
    users = [a_user_draft(), a_user_draft(username="bob", password="short")]

    with pytest.raises(ConfigError, match=r"users\[1\]\.password must have 8"):
        lone(profile="shop", seed=Seed(users=users))


def test_opening_again_keeps_what_was_written(reopened: Opener):
    shop = reopened(seed="public")
    shop.pets.delete(1)
    shop.pets.create(a_draft())
    shop.close()

    again = reopened(seed=1_000)

    assert list(range(2, 12)) == [pet.id for pet in again.pets.list()]
    assert again.pets.create(a_draft()).id == 12


class BrokenPets:
    """Be a source of pets that fails after many of them."""

    def __len__(self) -> int:
        return 3_000

    def __iter__(self) -> Iterator[PetDraft]:
        yield from RandomPets(1_500)
        raise OSError("the disk with the pets is gone")


def test_store_that_was_half_filled_is_filled_anew(reopened: Opener):
    with pytest.raises(OSError, match="is gone"):
        reopened(seed=Seed(pets=BrokenPets()))
    assert stored_profile(reopened.url) is None

    shop = reopened(seed="public")

    assert {"available": 7, "pending": 2, "sold": 1} == shop.store.inventory()
    assert shop.pets.create(a_draft()).id == 11
    shop.assert_sound()


def test_store_that_two_fill_at_once_is_whole(
    postgres_url: str, clock: ManualClock, tmp_path: Path
):
    opener = Opener(postgres_url, clock, data_dir=tmp_path)

    class OvertakenPets:
        def __len__(self) -> int:
            return 1_500

        def __iter__(self) -> Iterator[PetDraft]:
            yield from RandomPets(1_200)
            opener(seed="public").pets.create(a_draft())
            yield from RandomPets(300)

    with pytest.raises(Unavailable, match="Another process fills this store"):
        opener(seed=Seed(pets=OvertakenPets()))

    shop = opener()
    assert list(range(1, 12)) == [pet.id for pet in shop.pets.list()]
    assert "filling" not in {row[0] for row in shop.rows(select(META.c.name))}
    shop.assert_sound()
    opener.close()


def test_store_that_was_filled_a_moment_ago_is_left_alone(sandbox: Shop):
    sandbox.pets.create(a_draft())

    for unit in itertools.islice(claimed([empty]), 1):
        with pytest.raises(Unavailable):
            sandbox.engine.store.write(unit)

    assert [1] == [pet.id for pet in sandbox.pets.list()]
    assert "filling" not in {row[0] for row in sandbox.rows(select(META.c.name))}
