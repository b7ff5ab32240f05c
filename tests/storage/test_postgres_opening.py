"""A database on Postgres is opened, made into a store, or refused with advice."""

import os
import subprocess
import sys
import threading
import traceback
from pathlib import Path

import pytest

import petstore
from petstore.contract.errors import (
    ConfigError,
    Conflicted,
    ServerFault,
    StorageFull,
    Unavailable,
)
from petstore.storage import schema
from petstore.storage.postgres import (
    PostgresDriver,
    _fault_of,
)
from petstore.storage.store import open_async_store, open_store
from tests.storage.postgres_kit import (
    driver,
    pauses,
    run_on_server,
)
from tests.storage.units import (
    add_pet,
    pet_ids,
)

CLOSED_PORT_URL = "postgresql://ann:secret@127.0.0.1:1/shop"
UNREADABLE_URL = "postgresql://ann:secret@db/shop?what=secret"
IMPORT_WITHOUT_DRIVER = """
import sys
sys.modules["psycopg"] = None
from petstore.contract.errors import ConfigError
from petstore.storage.store import open_store
open_store("memory:", clock=lambda: 0).close()
try:
    open_store("postgresql://localhost/shop", clock=lambda: 0)
except ConfigError as error:
    print(error)
"""


__all__ = ["driver", "pauses"]


def test_server_that_cannot_be_reached_is_told_without_the_password(clock):
    with pytest.raises(Unavailable, match="Cannot reach") as caught:
        open_store(CLOSED_PORT_URL, clock=clock)

    assert "secret" not in "".join(traceback.format_exception(caught.value))
    assert "ann@127.0.0.1:1/shop" in caught.value.message
    assert "127.0.0.1" not in caught.value.public_message


async def test_server_that_cannot_be_reached_leaves_no_thread(clock, no_leaks):
    with no_leaks(), pytest.raises(Unavailable, match="Cannot reach"):
        await open_async_store(CLOSED_PORT_URL, clock=clock)


def test_url_that_cannot_be_read_is_told_without_the_password(clock):
    with pytest.raises(ConfigError, match="cannot be read") as caught:
        open_store(UNREADABLE_URL, clock=clock)

    assert "secret" not in "".join(traceback.format_exception(caught.value))


def test_missing_driver_is_told_how_to_install():
    child = subprocess.run(
        [sys.executable, "-c", IMPORT_WITHOUT_DRIVER],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(petstore.__path__[0]).parent)},
    )

    assert "pip install 'psycopg[binary]'" in child.stdout


def test_empty_database_becomes_a_store(empty_postgres_url, clock):
    store = open_store(empty_postgres_url, clock=clock)
    assert store.write(add_pet) == 1
    store.close()

    store = open_store(empty_postgres_url, clock=clock)
    assert store.read(pet_ids) == [1]
    store.close()


def test_database_that_cannot_get_tables_is_told(empty_postgres_url, clock):
    url = f"{empty_postgres_url}&options=-c%20default_transaction_read_only%3Don"

    with pytest.raises(Unavailable, match="read-only"):
        open_store(url, clock=clock)


def test_two_processes_may_open_an_empty_database_at_once(empty_postgres_url, clock):
    start = threading.Barrier(4)
    written: list[int] = []

    def open_and_write():
        start.wait(timeout=30)
        store = open_store(empty_postgres_url, clock=clock)
        written.append(store.write(add_pet))
        store.close()

    threads = [threading.Thread(target=open_and_write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(written) == [1, 2, 3, 4]


def test_table_that_appears_while_a_store_is_made_is_no_race(
    empty_postgres_url, clock, monkeypatch
):
    """Somebody else's table of the same name is not a store that was made first."""
    driver = PostgresDriver(empty_postgres_url, clock, place="shop")
    revision = driver._revision

    def revision_of_a_moment_ago():
        found = revision()
        run_on_server(empty_postgres_url, "CREATE TABLE IF NOT EXISTS pet (id int)")
        return found

    monkeypatch.setattr(driver, "_revision", revision_of_a_moment_ago)
    with pytest.raises(ConfigError, match="not of petstore"):
        driver.prepare()


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("CREATE TABLE pet (id int)", "not of petstore"),
        ("UPDATE alembic_version SET version_num = '9999'", "newer version"),
        ("UPDATE alembic_version SET version_num = '0000'", "petstore db upgrade"),
    ],
)
def test_database_of_another_kind_is_refused(
    empty_postgres_url, clock, script, message
):
    if script.startswith("UPDATE"):
        open_store(empty_postgres_url, clock=clock).close()
    run_on_server(empty_postgres_url, script)

    with pytest.raises(ConfigError, match=message):
        open_store(empty_postgres_url, clock=clock)


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        (None, Unavailable),
        ("08006", Unavailable),
        ("57P01", Unavailable),
        ("57014", Unavailable),
        ("53300", Unavailable),
        ("55P03", Unavailable),
        ("40001", Unavailable),
        ("40P01", Unavailable),
        ("25006", Unavailable),
        ("53100", StorageFull),
        ("23505", Conflicted),
        ("23514", ServerFault),
        ("XX001", ServerFault),
        ("42601", ServerFault),
    ],
)
def test_fault_is_told_by_its_state(state, kind):
    assert type(_fault_of(state, "shop")) is kind


def test_fresh_store_has_the_revision_of_this_version(driver):
    assert driver._revision() == schema.REVISION
