"""A file is a store of this version, becomes one, or is refused untouched."""

import os
import pwd
import sqlite3
import stat
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from petstore.contract.errors import ConfigError, StorageFull, Unavailable
from petstore.storage import schema
from petstore.storage.files import StoreFile
from petstore.storage.maintenance import backup
from petstore.storage.migration import upgrade
from petstore.storage.sqlite import SqliteDriver
from petstore.storage.store import open_async_store, open_store
from tests.kit.stores import START_MS
from tests.storage.units import add_pet, pet_ids


@pytest.fixture
def readable_folder():
    """Give a folder that a user without rights may look into."""
    with tempfile.TemporaryDirectory(prefix="petstore-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)
        Path(folder).chmod(0o755)


@contextmanager
def without_rights():
    """Be a user whom file permissions bind; root is not."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(pwd.getpwnam("nobody").pw_uid)
    try:
        yield
    finally:
        os.seteuid(0)


def pragma(connection, name):
    return connection.execute(f"PRAGMA {name}").fetchone()[0]


def a_store(path, clock):
    store = open_store(str(path), clock=clock)
    store.write(add_pet)
    store.close()
    return path


def set_revision(path, revision):
    connection = sqlite3.connect(path)
    connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
    connection.commit()
    connection.close()


def test_settings_are_those_of_the_design(tmp_path, clock):
    file = StoreFile(tmp_path / "shop.db", now=START_MS)
    writer, reader = file.open_writer(clock), file.open_reader(clock)

    for connection in (writer.connection, reader.connection):
        assert pragma(connection, "journal_mode") == "wal"
        assert pragma(connection, "foreign_keys") == 1
        assert pragma(connection, "trusted_schema") == 0
        assert pragma(connection, "busy_timeout") == 5_000
    assert pragma(writer.connection, "synchronous") == 2
    assert pragma(writer.connection, "query_only") == 0
    assert pragma(reader.connection, "query_only") == 1
    assert pragma(reader.connection, "wal_autocheckpoint") == 0

    reader.close()
    writer.close()
    file.release()


def test_files_are_for_their_user_only(tmp_path, clock):
    store = open_store(str(tmp_path / "shop.db"), clock=clock)
    store.write(add_pet)

    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()
    }
    store.close()

    assert modes == {
        "shop.db": 0o600,
        "shop.db-shm": 0o600,
        "shop.db-wal": 0o600,
        "shop.db.lock": 0o600,
    }
    assert [path.name for path in tmp_path.iterdir()] == ["shop.db"]


def test_rows_outlive_the_store(tmp_path, clock):
    a_store(tmp_path / "shop.db", clock)

    store = open_store(f"sqlite:///{tmp_path}/shop.db", clock=clock)

    assert store.read(pet_ids) == [1]
    store.close()


def test_closing_refreshes_what_the_planner_knows(tmp_path, clock):
    path = a_store(tmp_path / "shop.db", clock)
    store = open_store(str(path), clock=clock)
    store.write(lambda tx: [add_pet(tx) for _ in range(500)])
    store.read(pet_ids)
    statements: list[str] = []
    driver = store._writer.driver
    assert isinstance(driver, SqliteDriver)
    driver.connection.set_trace_callback(statements.append)

    store.close()

    assert "PRAGMA optimize" in statements


def test_older_store_is_told_how_to_upgrade(tmp_path, clock):
    path = a_store(tmp_path / "shop.db", clock)
    set_revision(path, "0000")

    with pytest.raises(ConfigError, match=f"petstore db upgrade {path}"):
        open_store(str(path), clock=clock)


def test_newer_store_is_refused_with_both_versions(tmp_path, clock):
    path = a_store(tmp_path / "shop.db", clock)
    set_revision(path, "9999")
    before = path.read_bytes()

    with pytest.raises(ConfigError, match="newer version") as caught:
        open_store(str(path), clock=clock)

    assert "9999" in caught.value.message
    assert schema.REVISION in caught.value.message
    assert path.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["shop.db"]


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("CREATE TABLE pet (id);", id="somebody's table"),
        pytest.param(
            "CREATE TABLE meta (name, value);"
            "CREATE TABLE alembic_version (version_num);"
            "INSERT INTO alembic_version VALUES ('0001');",
            id="tables of the same names",
        ),
    ],
)
def test_database_of_another_kind_stays_untouched(tmp_path, clock, script):
    path = tmp_path / "shop.db"
    connection = sqlite3.connect(path)
    connection.executescript(script)
    connection.close()
    before = path.read_bytes()

    with pytest.raises(ConfigError, match="not of petstore"):
        open_store(str(path), clock=clock)

    assert path.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["shop.db"]


@pytest.mark.parametrize("content", [b"Dear diary,\n" * 200, b"x"])
def test_file_that_is_no_database_stays_untouched(tmp_path, clock, content):
    path = tmp_path / "notes.txt"
    path.write_bytes(content)

    with pytest.raises(ConfigError, match="no SQLite database"):
        open_store(str(path), clock=clock)

    assert path.read_bytes() == content
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


async def test_refusal_on_lanes_leaves_no_thread(tmp_path, clock, no_leaks):
    path = tmp_path / "notes.txt"
    path.write_bytes(b"Dear diary,\n" * 200)

    with no_leaks(), pytest.raises(ConfigError, match="no SQLite database"):
        await open_async_store(str(path), clock=clock)


@pytest.mark.parametrize(
    ("path", "told"),
    [
        pytest.param("nowhere/shop.db", "Cannot open the store", id="no folder"),
        pytest.param(".", "is a folder; give the path of a file", id="dir"),
    ],
)
def test_path_that_cannot_be_a_file_is_named(tmp_path, clock, path, told):
    with pytest.raises(ConfigError, match=told):
        open_store(str(tmp_path / path), clock=clock)


def test_empty_file_becomes_a_store(tmp_path, clock):
    path = tmp_path / "shop.db"
    path.touch()

    a_store(path, clock)


def test_disk_that_fills_while_a_store_is_made_is_told(tmp_path, clock, monkeypatch):
    """An empty file stays, and becomes a store once there is space."""
    path = tmp_path / "shop.db"
    file = StoreFile(path, now=START_MS)
    apply = file._apply_settings

    def apply_and_limit(connection):
        apply(connection)
        connection.execute("PRAGMA max_page_count=3")

    monkeypatch.setattr(file, "_apply_settings", apply_and_limit)
    with pytest.raises(StorageFull):
        file.open_writer(clock)
    file.release()

    a_store(path, clock)


def test_read_only_file_answers_reads_and_refuses_writes(readable_folder, clock):
    path = a_store(readable_folder / "shop.db", clock)
    path.chmod(0o444)
    # The folder can be written, so the lock and SQLite's own files can be made.
    readable_folder.chmod(0o777)

    with without_rights():
        store = open_store(str(path), clock=clock)
        assert store.read(pet_ids) == [1]
        with pytest.raises(Unavailable, match="read-only"):
            store.write(add_pet)
        assert store.read(pet_ids) == [1]
        store.close()


def assert_only_read(path, clock):
    with without_rights():
        store = open_store(str(path), clock=clock)
        assert store.read(pet_ids) == [1]
        with pytest.raises(Unavailable, match="read-only"):
            store.write(add_pet)
        store.close()


def test_read_only_backup_answers_reads_and_refuses_writes(readable_folder, clock):
    """A backup has no log, and cannot get one here."""
    path = readable_folder / "shop.backup"
    backup(str(a_store(readable_folder / "shop.db", clock)), path)
    path.chmod(0o444)
    readable_folder.chmod(0o777)

    assert_only_read(path, clock)


def test_read_only_folder_cannot_be_upgraded(readable_folder, clock):
    path = a_store(readable_folder / "shop.db", clock)
    set_revision(path, "0000")
    path.chmod(0o444)
    readable_folder.chmod(0o555)

    with without_rights(), pytest.raises(ConfigError, match="may not change"):
        upgrade(str(path))


@pytest.mark.parametrize("has_log", [False, True])
def test_read_only_folder_answers_reads_and_refuses_writes(
    readable_folder, clock, has_log
):
    path = a_store(readable_folder / "shop.db", clock)
    if has_log:
        # What a killed owner leaves behind.
        store = open_store(str(path), clock=clock)
        store.write(lambda tx: tx.count("sold", 1))
        copies = {
            other: other.read_bytes()
            for other in readable_folder.iterdir()
            if other.suffix in (".db-wal", ".db-shm")
        }
        store.close()
        for other, content in copies.items():
            other.write_bytes(content)
    for file in readable_folder.iterdir():
        file.chmod(0o444)
    readable_folder.chmod(0o555)

    assert_only_read(path, clock)


def test_read_only_folder_without_a_store_is_told(readable_folder, clock):
    readable_folder.chmod(0o555)

    with without_rights(), pytest.raises(ConfigError, match="may write"):
        open_store(str(readable_folder / "shop.db"), clock=clock)


def test_file_that_may_not_be_read_is_told(readable_folder, clock):
    path = a_store(readable_folder / "shop.db", clock)
    path.chmod(0o000)
    readable_folder.chmod(0o777)

    with without_rights(), pytest.raises(ConfigError, match="Cannot open the store"):
        open_store(str(path), clock=clock)
