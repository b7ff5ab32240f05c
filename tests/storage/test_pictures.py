"""A backup holds the pictures of its store, and what is wrong with one is told."""

import errno
import hashlib
import os
import shutil
import sqlite3
import stat
from pathlib import Path

import pytest

from petstore.contract.errors import StorageFull
from petstore.storage.maintenance import backup, check, restore
from petstore.storage.migration import MIGRATIONS, upgrade
from petstore.storage.schema import REVISION
from petstore.storage.store import open_store

CONTENTS = (b"red", b"green", b"blue")
NAMES = tuple(hashlib.sha256(content).hexdigest() + ".png" for content in CONTENTS)


@pytest.fixture
def shop(file_url, clock):
    """Give the path of a closed store with three pictures."""
    open_store(file_url, clock=clock).close()
    path = Path(file_url)
    photos_of(path).mkdir()
    for name, content in zip(NAMES, CONTENTS, strict=True):
        add_row(path, name)
        (photos_of(path) / name).write_bytes(content)
    return path


@pytest.fixture
def target(tmp_path):
    """Give a path for a backup, in a folder of its own."""
    folder = tmp_path / "backups"
    folder.mkdir()
    return folder / "shop.backup"


def photos_of(store: Path) -> Path:
    return store.with_name(f"{store.name}.photos")


def add_row(store: Path, name: str) -> None:
    connection = sqlite3.connect(store, isolation_level=None)
    connection.execute("INSERT INTO photo VALUES (?, 'image/png', 1, 0)", (name,))
    connection.close()


def contents(store: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in photos_of(store).iterdir()}


def found(store: Path) -> list[tuple[str, str]]:
    return [(one.check, one.message) for one in check(str(store))]


WHOLE = dict(zip(NAMES, CONTENTS, strict=True))


def test_backup_holds_the_pictures_for_its_user_only(shop, target):
    progress: list[tuple[int, int]] = []

    copied = backup(str(shop), target, on_progress=lambda *step: progress.append(step))

    assert (WHOLE, ()) == (contents(target), copied.lacking)
    assert [(1, 3), (2, 3), (3, 3)] == progress[-3:]
    modes = [photos_of(target), *photos_of(target).iterdir()]
    assert [0o700, *[0o600] * 3] == [stat.S_IMODE(one.stat().st_mode) for one in modes]
    assert [] == found(target)


def test_backup_shares_no_file_with_its_store(shop, target):
    backup(str(shop), target)

    (photos_of(shop) / NAMES[0]).write_bytes(b"damaged")

    assert WHOLE == contents(target)


def test_repeated_backup_only_adds(shop, target):
    photos_of(target).mkdir()
    there = photos_of(target) / NAMES[0]
    there.write_bytes(CONTENTS[0])
    (photos_of(target) / NAMES[1]).write_bytes(b"damaged")
    inode = there.stat().st_ino

    backup(str(shop), target)

    assert inode == there.stat().st_ino
    assert WHOLE == contents(target)


def test_backup_leaves_out_what_no_row_names(shop, target):
    (photos_of(shop) / ("0" * 64)).write_bytes(b"orphan")

    backup(str(shop), target)

    assert WHOLE == contents(target)


def test_backup_is_made_without_a_damaged_picture_and_says_so(shop, target):
    (photos_of(shop) / NAMES[0]).unlink()
    (photos_of(shop) / NAMES[1]).write_bytes(b"damaged")

    copied = backup(str(shop), target)

    assert {*NAMES[:2]} == {*copied.lacking}
    assert {NAMES[2]: CONTENTS[2]} == contents(target)


@pytest.mark.parametrize(
    "there",
    [
        pytest.param({}, id="nothing"),
        pytest.param({NAMES[0]: CONTENTS[0]}, id="whole"),
        pytest.param(dict.fromkeys(NAMES, b"damaged"), id="damaged"),
    ],
)
def test_backup_on_a_full_disk_adds_no_picture_and_takes_none(
    shop, target, monkeypatch, there
):
    for name, content in there.items():
        photos_of(target).mkdir(exist_ok=True)
        (photos_of(target) / name).write_bytes(content)
    sync, calls = os.fsync, []

    def fail(fd: int) -> None:
        calls.append(fd)
        if len(calls) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        sync(fd)

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StorageFull):
        backup(str(shop), target)

    assert {*there} == {path.name for path in photos_of(target).glob("*")}
    assert bool(there) == photos_of(target).exists()
    assert not target.exists()


def test_upgrade_leaves_the_pictures_where_they_are(shop, tmp_path):
    later = shutil.copytree(MIGRATIONS, tmp_path / "migrations")
    step = f"revision, down_revision = '9999', '{REVISION}'\ndef upgrade(): pass\n"
    (later / "revision_9999.py").write_text(step)

    made = upgrade(str(shop), migrations=later)

    assert made is not None
    assert not photos_of(made).exists()
    assert WHOLE == contents(shop)


def test_restore_brings_the_pictures_to_a_new_place(shop, target, tmp_path):
    backup(str(shop), target)

    restored = restore(target, str(tmp_path / "new.db"))

    assert (WHOLE, ()) == (contents(tmp_path / "new.db"), restored.lacking)


def test_restore_mends_pictures_and_loses_none(shop, target):
    backup(str(shop), target)
    (photos_of(shop) / NAMES[0]).unlink()
    (photos_of(shop) / NAMES[1]).write_bytes(b"damaged")
    (photos_of(shop) / ("0" * 64)).write_bytes(b"newer")

    restore(target, str(shop), overwrite=True)

    assert {**WHOLE, "0" * 64: b"newer"} == contents(shop)


def test_restore_says_which_pictures_the_backup_lacks(shop, target, tmp_path):
    backup(str(shop), target)
    (photos_of(target) / NAMES[2]).unlink()

    assert (NAMES[2],) == restore(target, str(tmp_path / "new.db")).lacking
    assert () == restore(target, str(shop), overwrite=True).lacking


@pytest.mark.parametrize(
    "name",
    [f"../elsewhere/{NAMES[0]}", f"/{NAMES[0]}", f"{NAMES[0]}/../{NAMES[0]}", "..", ""],
)
def test_hostile_name_of_a_picture_leads_nowhere(shop, target, tmp_path, name):
    backup(str(shop), target)
    add_row(target, name)
    for folder in (target.parent, tmp_path):
        (folder / "elsewhere").mkdir()
    (target.parent / "elsewhere" / NAMES[0]).write_bytes(CONTENTS[0])

    restored = restore(target, str(tmp_path / "new.db"))

    assert (name,) == restored.lacking
    assert [] == list((tmp_path / "elsewhere").iterdir())
    assert WHOLE == contents(tmp_path / "new.db")


def test_check_finds_pictures_that_are_missing_or_damaged(shop):
    (photos_of(shop) / NAMES[0]).unlink()
    (photos_of(shop) / NAMES[1]).write_bytes(b"damaged")
    (photos_of(shop) / NAMES[2]).unlink()
    (photos_of(shop) / NAMES[2]).mkdir()

    assert {
        ("pictures", f"the picture {NAMES[0]} is missing"),
        ("pictures", f"the picture {NAMES[1]} is damaged"),
        ("pictures", f"the picture {NAMES[2]} is unreadable"),
    } == {*found(shop)}


def test_check_of_whole_pictures_finds_nothing(shop):
    assert [] == found(shop)
