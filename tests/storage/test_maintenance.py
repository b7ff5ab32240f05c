"""A backup is a whole store, a restore replaces one, a check finds disagreement."""

import errno
import os
import stat
from contextlib import closing

import pytest

from petstore.contract.errors import ConfigError, ServerFault, StorageFull
from petstore.storage import maintenance
from petstore.storage.ledger import log_name
from petstore.storage.maintenance import backup, check, restore
from petstore.storage.store import open_store
from tests.storage.units import (
    add_pet,
    change,
    pet_ids,
)


@pytest.fixture
def target(tmp_path):
    """Give a path for a backup, in a folder of its own."""
    folder = tmp_path / "backups"
    folder.mkdir()
    return folder / "shop.backup"


def ids_in(path, clock):
    store = open_store(str(path), clock=clock)
    found = store.read(pet_ids)
    store.close()
    return found


def test_backup_is_a_store_for_its_user_only(shop, target, clock):
    progress: list[tuple[int, int]] = []

    copied = backup(str(shop), target, on_progress=lambda *step: progress.append(step))

    counts = copied.counts
    assert (counts["pet"], counts["pet_tag"], counts["change"]) == (3, 6, 3)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert [path.name for path in target.parent.iterdir()] == ["shop.backup"]
    assert progress[-1][0] == progress[-1][1] > 0
    assert check(str(target)) == []
    assert ids_in(target, clock) == [1, 2, 3]


def test_backup_reports_while_it_works(shop, target, monkeypatch):
    monkeypatch.setattr(maintenance, "INSTRUCTIONS_PER_REPORT", 10)
    progress: list[tuple[int, int]] = []

    backup(str(shop), target, on_progress=lambda *step: progress.append(step))

    assert len(progress) > 2
    assert [done for done, _ in progress] == sorted(done for done, _ in progress)


def test_backup_does_not_disturb_the_owner(file_url, target, clock):
    store = open_store(file_url, clock=clock)
    store.write(add_pet)

    backup(file_url, target)
    store.write(add_pet)

    assert store.read(pet_ids) == [1, 2]
    store.close()
    assert ids_in(target, clock) == [1]
    assert ids_in(file_url, clock) == [1, 2]


def test_backup_never_replaces_a_file(shop, target):
    target.write_text("my thesis")

    with pytest.raises(ConfigError, match="exists"):
        backup(str(shop), target)

    assert target.read_text() == "my thesis"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("memory:", "ends with its process"),
        ("postgresql://ann@db/shop", "pg_dump"),
        ("nowhere.db", "There is no store"),
    ],
)
def test_what_cannot_be_backed_up_says_what_can(target, url, message):
    with pytest.raises(ConfigError, match=message):
        backup(url, target)


def test_empty_file_is_not_backed_up(tmp_path, target):
    (tmp_path / "empty.db").touch()

    with pytest.raises(ConfigError, match="is empty"):
        backup(str(tmp_path / "empty.db"), target)

    assert list(target.parent.iterdir()) == []


def test_backup_into_a_missing_folder_is_told(shop, tmp_path):
    with pytest.raises(ConfigError, match="Cannot write"):
        backup(str(shop), tmp_path / "nowhere" / "shop.backup")


def test_backup_where_nothing_can_be_removed_is_told(shop):
    with pytest.raises(ConfigError, match="Not a directory"):
        backup(str(shop), shop / "shop.backup")


def test_backup_on_a_full_disk_leaves_nothing(shop, target, monkeypatch):
    def fail(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StorageFull):
        backup(str(shop), target)

    assert list(target.parent.iterdir()) == []


def test_backup_of_a_damaged_store_is_refused(shop, target):
    with shop.open("r+b") as damaged:
        damaged.seek(shop.stat().st_size // 2)
        damaged.write(b"\xff" * 20_000)

    with pytest.raises(ServerFault):
        backup(str(shop), target)

    assert list(target.parent.iterdir()) == []


def test_copy_is_looked_at_page_by_page(shop, target, tmp_path):
    """Every row of this one can be read, and yet it is damaged."""
    backup(str(shop), target)
    with target.open("r+b") as damaged:
        # The database file format, §1.3: how many pages are free.
        damaged.seek(36)
        damaged.write((7).to_bytes(4, "big"))

    with pytest.raises(ServerFault, match="The copy is damaged"):
        restore(target, str(tmp_path / "new.db"))

    assert not (tmp_path / "new.db").exists()


def test_restore_makes_a_store_where_there_is_none(shop, target, tmp_path, clock):
    backup(str(shop), target)
    progress: list[tuple[int, int]] = []

    restored = restore(
        target,
        str(tmp_path / "new.db"),
        on_progress=lambda *step: progress.append(step),
    )

    assert restored.counts["pet"] == 3
    assert progress[-1][0] == progress[-1][1] > 0
    assert stat.S_IMODE((tmp_path / "new.db").stat().st_mode) == 0o600
    assert ids_in(tmp_path / "new.db", clock) == [1, 2, 3]
    assert ids_in(target, clock) == [1, 2, 3]


def test_restore_replaces_a_store_only_when_told(shop, target, clock):
    backup(str(shop), target)
    store = open_store(str(shop), clock=clock)
    store.write(add_pet)
    store.close()

    with pytest.raises(ConfigError, match="allow it to be overwritten"):
        restore(target, str(shop))
    assert ids_in(shop, clock) == [1, 2, 3, 4]

    restore(target, str(shop), overwrite=True)
    assert ids_in(shop, clock) == [1, 2, 3]


def test_restored_store_has_a_log_of_another_name(shop, target, clock):
    """Or a listener would take its changes for those of the store that was."""
    backup(str(shop), target)

    restore(target, str(shop), overwrite=True)

    with closing(open_store(str(shop), clock=clock)) as store:
        assert store.read(log_name) != "0"


def test_restore_leaves_nothing_of_a_killed_stores_log(shop, target, clock):
    """SQLite would write the old log into the new file."""
    backup(str(shop), target)
    store = open_store(str(shop), clock=clock)
    store.write(lambda tx: [add_pet(tx) for _ in range(50)])
    log = shop.with_name("shop.db-wal")
    killed = log.read_bytes()
    store.close()
    log.write_bytes(killed)

    restore(target, str(shop), overwrite=True)

    assert ids_in(shop, clock) == [1, 2, 3]
    assert check(str(shop)) == []


def test_restore_replaces_a_store_that_is_beyond_repair(shop, target, clock):
    backup(str(shop), target)
    shop.write_bytes(b"\xff" * 8_192)
    shop.with_name("shop.db-wal").write_bytes(b"\xff" * 4_096)

    restore(target, str(shop), overwrite=True)

    assert ids_in(shop, clock) == [1, 2, 3]


def test_owned_store_is_not_restored(shop, target, clock):
    backup(str(shop), target)
    store = open_store(str(shop), clock=clock)

    with pytest.raises(ConfigError, match="in use by process"):
        restore(target, str(shop), overwrite=True)

    store.close()


@pytest.mark.parametrize("content", [b"", b"Dear diary,\n" * 200])
def test_file_that_is_no_backup_is_not_restored(shop, target, content, clock):
    target.write_bytes(content)

    with pytest.raises(ConfigError):
        restore(target, str(shop), overwrite=True)

    assert ids_in(shop, clock) == [1, 2, 3]


def test_backup_of_a_newer_version_is_not_restored(shop, target, clock):
    backup(str(shop), target)
    change(str(target), "UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(ConfigError, match="newer version"):
        restore(target, str(shop), overwrite=True)

    assert ids_in(shop, clock) == [1, 2, 3]


def test_backup_of_an_older_version_is_restored_for_an_upgrade(shop, target, clock):
    backup(str(shop), target)
    change(str(target), "UPDATE alembic_version SET version_num = '0000'")

    restore(target, str(shop), overwrite=True)

    with pytest.raises(ConfigError, match="petstore db upgrade"):
        open_store(str(shop), clock=clock)


def test_damaged_backup_is_not_restored(shop, target, clock):
    backup(str(shop), target)
    with target.open("r+b") as damaged:
        damaged.seek(target.stat().st_size // 2)
        damaged.write(b"\xff" * 20_000)

    with pytest.raises(ServerFault):
        restore(target, str(shop), overwrite=True)

    assert ids_in(shop, clock) == [1, 2, 3]


def test_restore_on_postgres_points_to_its_tools(shop):
    with pytest.raises(ConfigError, match="pg_restore"):
        restore(shop, "postgresql://ann@db/shop")
