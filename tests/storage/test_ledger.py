"""Units of one commit share its end, and each keeps its own place in the log."""

import pytest

from petstore.contract.errors import NotFound
from petstore.storage.files import StoreFile
from petstore.storage.ledger import Change, Versions
from petstore.storage.unit import Unit
from tests.kit.stores import START_MS
from tests.storage.units import CHANGES, add_pet, inventory


@pytest.fixture
def driver(tmp_path, clock):
    """Give a fresh file's writing connection."""
    file = StoreFile(tmp_path / "shop.db", now=START_MS)
    opened = file.open_writer(clock)
    yield opened
    opened.close()
    file.release()


def rows_of(driver, fn):
    unit = Unit(fn)
    driver.read([unit])
    return unit.outcome()


def test_each_unit_of_a_group_has_its_own_seq_without_gaps(driver):
    driver.write([Unit(lambda tx: add_pet(tx)) for _ in range(3)])
    driver.write([Unit(lambda tx: add_pet(tx))])

    seqs = [row[0] for row in rows_of(driver, lambda tx: tx.rows(CHANGES))]

    assert seqs == [1, 2, 3, 4]


def test_unit_that_fails_in_a_group_leaves_neither_change_nor_count(driver):
    def fail(tx):
        add_pet(tx)
        raise NotFound("no")

    failing = Unit(fail)
    driver.write([Unit(lambda tx: add_pet(tx)), failing, Unit(lambda tx: add_pet(tx))])

    assert isinstance(failing.error, NotFound)
    assert len(rows_of(driver, lambda tx: tx.rows(CHANGES))) == 2
    assert sum(rows_of(driver, inventory).values()) == 2


def test_version_goes_on_within_a_group(driver):
    versions = []

    def write(tx):
        version = tx.last_version("user", 7) + 1
        tx.log("user", 7, version, "create", None)
        versions.append(version)

    driver.write([Unit(write), Unit(write)])
    driver.write([Unit(write)])

    assert versions == [1, 2, 3]


def test_each_change_is_read_once_however_often_a_version_is_asked():
    class Counting(list[Change]):
        read_count = 0

        def __getitem__(self, place):
            self.read_count += 1
            return super().__getitem__(place)

    changes = Counting(
        {"kind": "user", "entity_id": place, "version": 1} for place in range(100)
    )
    versions = Versions(changes)

    seen = [versions.last("user", place) for place in range(100)]
    changes.append({"kind": "user", "entity_id": 7, "version": 2})

    assert [1] * 100 == seen
    assert (2, 0) == (versions.last("user", 7), versions.last("pet", 7))
    assert changes.read_count == 101
