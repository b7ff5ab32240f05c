"""A check finds what disagrees in a store, and nothing in a sound one."""

import sqlite3

import pytest

from petstore.contract.errors import ConfigError
from petstore.storage.maintenance import check
from petstore.storage.store import open_store
from tests.storage.units import (
    INSERT_ORDER,
    INSERT_USER,
    add_pet,
    change,
    order_row,
    user_row,
)


@pytest.fixture
def checked_url(durable_url, clock):
    """Give a closed store of each engine with rows of every kind."""

    def fill(tx):
        add_pet(tx)
        add_pet(tx, status="sold")
        tx.run(INSERT_ORDER, order_row(1))
        tx.log("order", 1, 1, "create", "{}")
        tx.run(INSERT_USER, user_row(1))
        tx.log("user", 1, 1, "create", "{}")
        tx.log("user", 2, 1, "create", "{}")
        tx.log("user", 2, 2, "delete", None)

    store = open_store(durable_url, clock=clock)
    store.write(fill)
    store.write(add_pet)
    store.close()
    return durable_url


def test_check_of_a_sound_store_finds_nothing(checked_url):
    progress: list[tuple[int, int]] = []

    assert check(checked_url, on_progress=lambda *step: progress.append(step)) == []

    total = progress[-1][1]
    assert progress == [(done, total) for done in range(1, total + 1)]


@pytest.mark.parametrize(
    ("statement", "name", "message"),
    [
        pytest.param(
            "INSERT INTO idempotency VALUES ('k', 'addPet', 'f', 0, NULL, '', 1)",
            "keys",
            "an idempotency key of addPet has no answer",
            id="claim without answer",
        ),
        pytest.param(
            "UPDATE inventory SET pets = 9 WHERE status = 'sold'",
            "inventory",
            "the inventory has 9 pets of status 'sold', and 1 exist",
            id="wrong count",
        ),
        pytest.param(
            "DELETE FROM inventory WHERE status = 'sold'",
            "inventory",
            "the inventory has 0 pets of status 'sold', and 1 exist",
            id="no count",
        ),
        pytest.param(
            "INSERT INTO inventory VALUES ('lost', 1)",
            "inventory",
            "the inventory has 1 pets of status 'lost', and 0 exist",
            id="count of none",
        ),
        pytest.param(
            "UPDATE pet SET version = 7 WHERE id = 1",
            "versions",
            "pet 1 has version 7, and its newest change 1",
            id="wrong version",
        ),
        pytest.param(
            "DELETE FROM purchase_order",
            "versions",
            "order 1 has changes and no row",
            id="no row",
        ),
        pytest.param(
            "UPDATE shop_user SET id = 3",
            "versions",
            "user 3 has version 1, and its newest change None",
            id="no change",
        ),
        pytest.param(
            "UPDATE change SET seq = 3 WHERE seq = 2",
            "log",
            "the log has no change 2",
            id="gap",
        ),
        pytest.param(
            "DELETE FROM change WHERE kind = 'order'",
            "log",
            "change 1 is not whole: 5 positions, the last is 5",
            id="lost position",
        ),
        pytest.param(
            "UPDATE counter SET value = 9 WHERE name = 'clock'",
            "log",
            "the clock stands at 9, and the newest change is 2",
            id="clock ahead",
        ),
    ],
)
def test_check_finds_what_disagrees(checked_url, statement, name, message):
    change(checked_url, statement)

    found = [(finding.check, finding.message) for finding in check(checked_url)]

    assert (name, message) in found


def test_check_finds_rows_that_refer_to_nothing(shop):
    change(str(shop), "INSERT INTO pet_tag VALUES (404, 0, 1, 'lost')")

    found = [finding for finding in check(str(shop)) if finding.check == "references"]

    assert [finding.message for finding in found] == [
        "a row of pet_tag refers to a row of pet that does not exist"
    ]


def test_check_finds_damage(shop, clock):
    store = open_store(str(shop), clock=clock)
    store.write(lambda tx: [add_pet(tx) for _ in range(400)])
    store.close()
    change(str(shop), "PRAGMA journal_mode=DELETE")
    connection = sqlite3.connect(shop)
    (page,) = connection.execute(
        "SELECT rootpage FROM sqlite_master WHERE name = 'ix_pet_name_folded'"
    ).fetchone()
    connection.close()
    # The index forgets its entries.
    with shop.open("r+b") as damaged:
        damaged.seek((page - 1) * 4096 + 3)
        damaged.write(b"\x00\x00")

    assert "integrity" in {finding.check for finding in check(str(shop))}


def test_check_runs_beside_the_owner(file_url, clock):
    store = open_store(file_url, clock=clock)
    store.write(add_pet)

    assert check(file_url) == []
    assert store.write(add_pet) == 2
    store.close()


def test_check_of_an_empty_database_is_refused(tmp_path, empty_postgres_url):
    (tmp_path / "empty.db").touch()

    for url in (str(tmp_path / "empty.db"), empty_postgres_url):
        with pytest.raises(ConfigError, match="is empty"):
            check(url)


def test_check_of_an_older_store_is_refused(shop):
    change(str(shop), "UPDATE alembic_version SET version_num = '0000'")

    with pytest.raises(ConfigError, match="petstore db upgrade"):
        check(str(shop))
