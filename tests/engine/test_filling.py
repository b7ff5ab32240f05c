"""What a new store is filled with, and what is known of one before it is opened."""

import pytest

from petstore.contract.errors import ConfigError
from petstore.engine.opening import refill, stored_profile
from petstore.engine.seeds import RandomPets, Seed
from petstore.storage.store import open_store
from tests.kit.builders import a_draft, a_user_draft


@pytest.mark.parametrize("profile", ["sandbox", "shop"])
def test_a_store_says_what_it_was_made_for(opened, profile):
    opened(profile=profile)
    is_kept = opened.url != "memory:"

    assert stored_profile(opened.url) == (profile if is_kept else None)


def test_a_file_that_is_not_there_was_made_for_nothing(tmp_path):
    path = tmp_path / "shop.db"

    assert stored_profile(str(path)) is None
    assert not path.exists()


def test_tables_without_data_were_made_for_nothing(store_url, clock):
    open_store(store_url, clock=clock).close()

    assert stored_profile(store_url) is None


def test_something_else_is_no_store(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("hello " * 1000)

    with pytest.raises(ConfigError):
        stored_profile(str(path))


def test_a_shop_hashes_the_passwords_of_its_seed(opened):
    seed = Seed(users=[a_user_draft(username="ann", password="correct horse")])

    shop = opened(profile="shop", auth="on", seed=seed)

    assert opened.hasher.count == 1
    shop.auth.login("ann", "correct horse")


def test_a_sandbox_keeps_the_passwords_of_its_seed(opened):
    seed = Seed(users=[a_user_draft(username="ann", password="correct horse")])

    sandbox = opened(seed=seed)

    assert sandbox.users.get("ann").password == "correct horse"


def test_a_seed_with_a_short_password_fills_no_shop(lone):
    users = [a_user_draft(), a_user_draft(username="bob", password="short")]

    with pytest.raises(ConfigError, match=r"users\[1\]\.password"):
        lone(profile="shop", seed=Seed(users=users))


def test_refill_brings_the_first_data_back(opened):
    seed = Seed(pets=[a_draft(id=1, name="Rex")])
    shop = opened(seed=seed)
    shop.pets.update(1, name="Max")
    shop.pets.create(a_draft(name="Ben"))

    refill(shop.engine, opened.url, {"seed": seed})

    assert [(pet.name, pet.version) for pet in shop.pets.list()] == [("Rex", 1)]
    shop.assert_sound()


def test_filling_tells_how_far_it_is(opened):
    told = []

    def on_progress(done, total):
        told.append((done, total))

    opened(seed=Seed(pets=RandomPets(2_500)), on_progress=on_progress)

    assert told[-1] == (2_500, 2_500)
    assert told == sorted(told)
