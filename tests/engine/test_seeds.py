"""A seed is what it says, and a wrong one is refused with its places."""

import itertools
import json
import tracemalloc
from collections import Counter
from datetime import UTC, datetime

import pytest

from petstore.contract.errors import ConfigError
from petstore.contract.order import OrderDraft
from petstore.contract.pet import PetDraft
from petstore.contract.user import UserDraft
from petstore.engine.seeds import (
    PROBLEM_COUNT_MAX,
    Seed,
    parse_seed,
    public_seed,
    random_seed,
    seed_file,
)

A_PET = {"name": "Rex", "photoUrls": []}
NOW = datetime(2030, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)


# --- public


def test_public_pets_are_those_of_the_public_petstore():
    pets = [
        (
            pet.id,
            pet.name,
            pet.category and (pet.category.id, pet.category.name),
            [(tag.id, tag.name) for tag in pet.tags],
            pet.status,
        )
        for pet in public_seed().pets
    ]

    first = [(1, "tag1"), (2, "tag2")]
    second = [(1, "tag2"), (2, "tag3")]
    third = [(1, "tag3"), (2, "tag4")]
    assert pets == [
        (1, "Cat 1", (2, "Cats"), first, "available"),
        (2, "Cat 2", (2, "Cats"), second, "available"),
        (3, "Cat 3", (2, "Cats"), third, "pending"),
        (4, "Dog 1", (1, "Dogs"), first, "available"),
        (5, "Dog 2", (1, "Dogs"), second, "sold"),
        (6, "Dog 3", (1, "Dogs"), third, "pending"),
        (7, "Lion 1", (4, "Lions"), first, "available"),
        (8, "Lion 2", (4, "Lions"), second, "available"),
        (9, "Lion 3", (4, "Lions"), third, "available"),
        (10, "Rabbit 1", (3, "Rabbits"), third, "available"),
    ]
    assert all(pet.photo_urls == ["url1", "url2"] for pet in public_seed().pets)


def test_public_inventory_is_that_of_the_public_petstore():
    assert Counter(pet.status for pet in public_seed().pets) == {
        "available": 7,
        "pending": 2,
        "sold": 1,
    }


def test_public_orders_are_those_of_the_public_petstore():
    orders = public_seed(NOW).orders

    assert [order.id for order in orders] == list(range(1, 11))
    assert [order.pet_id for order in orders] == [1, 1, 2, 2, 3, 3, 3, 3, 3, 3]
    assert [order.id for order in orders if order.status == "delivered"] == [2, 4]
    assert {order.status for order in orders} == {"placed", "delivered"}
    assert {order.quantity for order in orders} == {2}
    assert {order.complete for order in orders} == {False}
    assert {order.ship_date for order in orders} == {NOW}


def test_public_users_are_those_of_the_public_petstore():
    users = public_seed().users

    assert [user.username for user in users] == [
        *(f"user{number}" for number in range(1, 11)),
        "user?10",
    ]
    assert [user.user_status for user in users] == [1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 1]
    assert users[2] == UserDraft(
        id=3,
        username="user3",
        first_name="first name 3",
        last_name="last name 3",
        email="email3@test.com",
        password="XXXXXXXXXXX",
        phone="123-456-7890",
        user_status=3,
    )
    assert (users[10].id, users[10].email) == (11, "email101@test.com")


# --- random


def test_random_pets_are_the_same_each_time():
    pets = list(random_seed(50))

    assert list(random_seed(50)) == pets
    assert list(itertools.islice(random_seed(1_000_000), 50)) == pets
    assert list(random_seed(50, seed=1)) != pets
    assert len({pet.name for pet in pets}) > 20


def test_random_pets_do_not_change_between_releases():
    (pet,) = random_seed(1)

    assert (pet.name, pet.status) == ("Rosie the Iguana", "available")


def test_random_pets_pass_strict_validation():
    for pet in random_seed(200):
        again = PetDraft.model_validate_json(
            pet.model_dump_json(), strict=True, extra="forbid"
        )
        assert again == pet


def test_random_pets_have_every_status_and_several_categories():
    pets = list(random_seed(500))

    assert set(Counter(pet.status for pet in pets)) == {"available", "pending", "sold"}
    assert len({pet.category.id for pet in pets if pet.category}) == 6


def test_many_random_pets_are_never_held_at_once():
    seed = parse_seed("1000000")

    tracemalloc.start()
    for _ in itertools.islice(seed.pets, 5_000):
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert len(seed.pets) == 1_000_000
    assert peak < 1_000_000


# --- files


@pytest.fixture
def write(tmp_path):
    path = tmp_path / "seed.json"

    def write(content):
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        path.write_bytes(raw)
        return path

    return write


def test_seed_file_is_read(write):
    path = write(
        {
            "pets": [
                {"name": "Rex", "photoUrls": [], "status": "sold"},
                {"id": 7} | A_PET,
            ],
            "orders": [{"petId": 7, "shipDate": "2030-01-02T03:04:05.678Z"}],
            "users": [{"username": "ann"}],
        }
    )

    assert parse_seed(str(path)) == Seed(
        pets=(
            PetDraft(name="Rex", photo_urls=[], status="sold"),
            PetDraft(id=7, name="Rex", photo_urls=[]),
        ),
        orders=(OrderDraft(pet_id=7, ship_date=NOW),),
        users=(UserDraft(username="ann"),),
    )


def test_every_part_of_a_seed_file_is_optional(write):
    assert seed_file(write({})) == Seed((), (), ())


def test_ids_that_ask_for_a_new_one_may_repeat(write):
    pets = [A_PET, A_PET, {"id": 0} | A_PET, {"id": 0} | A_PET, {"id": -1} | A_PET]

    assert len(seed_file(write({"pets": [*pets, pets[-1]]})).pets) == 6


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        pytest.param(b"", "Invalid JSON: EOF", id="empty"),
        pytest.param(b"{", "line 1 column 1", id="no-json"),
        pytest.param(b'{"pets": "\xff"}', "Invalid JSON", id="no-utf-8"),
        pytest.param(b"[" * 10_000, "Invalid JSON", id="deep"),
        pytest.param([], "should be an object", id="list"),
        pytest.param({"animals": []}, "animals: Extra inputs", id="unknown-part"),
        pytest.param({"pets": {}}, "pets: Input should be", id="part-no-list"),
        pytest.param(
            {"pets": [A_PET, {"photoUrls": []}]},
            "pets[1].name: Field required",
            id="field-missing",
        ),
        pytest.param(
            {"pets": [{"id": "1"} | A_PET]}, "pets[0].id: Input should be", id="type"
        ),
        pytest.param(
            {"pets": [{"id": 2**63} | A_PET]}, "pets[0].id: Input should", id="int64"
        ),
        pytest.param(
            {"pets": [{"version": 1} | A_PET]},
            "pets[0].version: Extra inputs",
            id="unknown-field",
        ),
        pytest.param(
            {"pets": [A_PET | {"tags": [{"name": "a\0"}]}]},
            "pets[0].tags[0].name: String should match",
            id="nul",
        ),
        pytest.param(
            {"pets": [A_PET, A_PET | {"status": "gone"}]},
            "pets[1].status: one of available, pending, sold would be right",
            id="pet-status",
        ),
        pytest.param(
            {"orders": [{"status": "lost"}]},
            "orders[0].status: one of placed, approved, delivered would be right",
            id="order-status",
        ),
        pytest.param(
            {"orders": [{"shipDate": "tomorrow"}]}, "orders[0].shipDate: ", id="date"
        ),
        pytest.param(
            {"orders": [{"id": 5}, {"id": 6}, {"id": 5}]},
            "orders[2].id: 5 is that of orders[0] already",
            id="id-twice",
        ),
        pytest.param(
            {"users": [{"username": "ann"}, {"username": "ann"}]},
            "users[1].username: 'ann' is that of users[0] already",
            id="username-twice",
        ),
        pytest.param(
            {"users": [{}, {"username": ""}]},
            "users[0].username: a user needs one",
            id="no-username",
        ),
    ],
)
def test_wrong_seed_file_is_refused_with_its_place(write, content, problem):
    path = write(content)

    with pytest.raises(ConfigError) as caught:
        seed_file(path)

    assert caught.value.message.startswith(f"The seed {str(path)!r} is wrong:\n")
    assert problem in caught.value.message


def test_only_the_first_problems_are_listed(write):
    path = write({"pets": [{}] * 20})

    with pytest.raises(ConfigError, match="and 30 more") as caught:
        seed_file(path)

    assert len(caught.value.message.splitlines()) == 1 + PROBLEM_COUNT_MAX + 1


# --- settings


def test_empty_seed_holds_nothing():
    assert parse_seed("empty") == Seed()
    assert len(Seed().pets) == 0


def test_public_seed_is_named():
    assert parse_seed("public", now=NOW) == public_seed(NOW)


def test_number_asks_for_that_many_pets():
    assert [pet.name for pet in parse_seed("3").pets] == [
        pet.name for pet in random_seed(3)
    ]
    assert len(parse_seed("0").pets) == 0


@pytest.mark.parametrize("text", ["", "pubic", "-1", "1e6", "³", "\0", "/"])
def test_anything_else_is_refused(text):
    with pytest.raises(ConfigError, match="public, empty, a number of pets, or the"):
        parse_seed(text)
