"""One process owns a store's file, and a second one is told who."""

import errno
import fcntl
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import petstore
from petstore.contract.errors import ConfigError, StorageFull
from petstore.storage import lock
from petstore.storage.store import open_async_store, open_store
from tests.kit.stores import START_MS

SINCE = "2030-01-01T00:00:00+00:00"
# Opens a store, says so, and keeps it until its input ends.
OWNER = f"""
import sys
from petstore.storage.store import open_store
store = open_store(sys.argv[1], clock=lambda: {START_MS})
print("open", flush=True)
sys.stdin.read()
store.close()
"""


def test_file_with_two_names_is_not_opened(file_url, clock, tmp_path):
    open_store(file_url, clock=clock).close()
    other = tmp_path / "other.db"
    other.hardlink_to(file_url)

    for name in (file_url, str(other)):
        with pytest.raises(ConfigError, match="has a second name"):
            open_store(name, clock=clock)

    other.unlink()
    open_store(file_url, clock=clock).close()


@pytest.fixture
def owner(file_url):
    """Let another process own the store."""
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, file_url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(petstore.__path__[0]).parent)},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdout.readline() == b"open\n"
    yield process
    process.stdin.close()
    process.stdout.close()
    process.wait(timeout=30)


def test_second_process_is_told_who_owns_the_store(owner, file_url, clock):
    with pytest.raises(ConfigError, match=f"process {owner.pid} since") as caught:
        open_store(file_url, clock=clock)

    assert SINCE in caught.value.message


async def test_second_process_is_told_on_lanes_as_well(owner, file_url, clock):
    with pytest.raises(ConfigError, match=f"process {owner.pid} since"):
        await open_async_store(file_url, clock=clock)


def test_lock_of_a_killed_process_is_free(owner, file_url, clock):
    owner.kill()
    owner.wait(timeout=30)

    open_store(file_url, clock=clock).close()


def test_one_process_cannot_open_a_file_twice(file_url, clock):
    store = open_store(file_url, clock=clock)

    with pytest.raises(ConfigError, match=f"process {os.getpid()} since"):
        open_store(file_url, clock=clock)

    store.close()
    open_store(file_url, clock=clock).close()


def test_lock_is_gone_after_its_release(tmp_path):
    held = lock.acquire(tmp_path / "shop.db", now=START_MS)
    assert held is not None
    path = tmp_path / "shop.db.lock"
    record = json.loads(path.read_text())

    held.release()
    held.release()

    assert record == {"pid": os.getpid(), "since": SINCE}
    assert not path.exists()


def test_lock_that_changed_hands_is_taken_at_its_new_place(tmp_path, monkeypatch):
    """Between opening and locking, its owner may let go and remove it."""
    store = tmp_path / "shop.db"
    held = lock.acquire(store)
    assert held is not None
    flock = fcntl.flock

    def release_first(fd, operation):
        held.release()
        flock(fd, operation)

    monkeypatch.setattr(fcntl, "flock", release_first)
    taken = lock.acquire(store)

    assert taken is not None
    with pytest.raises(ConfigError, match="in use"):
        lock.acquire(store)
    taken.release()


def test_lock_that_never_stays_is_given_up(tmp_path, monkeypatch):
    path = tmp_path / "shop.db.lock"
    monkeypatch.setattr(fcntl, "flock", lambda *_: path.unlink())

    with pytest.raises(ConfigError, match="changes hands"):
        lock.acquire(tmp_path / "shop.db")


@pytest.mark.parametrize("record", ["", "{", "[]", '{"pid": "x", "since": 1}'])
def test_owner_without_a_record_is_another_process(tmp_path, record):
    held = lock.acquire(tmp_path / "shop.db")
    (tmp_path / "shop.db.lock").write_text(record)

    with pytest.raises(ConfigError, match="in use by another process"):
        lock.acquire(tmp_path / "shop.db")

    assert held is not None
    held.release()


def test_work_on_a_store_owns_it_without_a_time(tmp_path):
    with (
        lock.owned(tmp_path / "shop.db"),
        pytest.raises(ConfigError, match=re.escape(f"process {os.getpid()}, and")),
    ):
        lock.acquire(tmp_path / "shop.db")


def test_missing_folder_is_named(tmp_path):
    with pytest.raises(ConfigError, match="Create the folder"):
        lock.acquire(tmp_path / "nowhere" / "shop.db")


@pytest.mark.parametrize(
    ("number", "refusal"),
    [
        (errno.ENOSPC, StorageFull("free some")),
        (errno.EDQUOT, StorageFull("free some")),
        (errno.EIO, ConfigError("Give a path")),
    ],
)
@pytest.mark.parametrize("call", ["ftruncate", "pwrite"])
def test_record_that_cannot_be_written_leaves_nothing_behind(
    tmp_path, monkeypatch, no_leaks, number, refusal, call
):
    def fail(*_):
        raise OSError(number, os.strerror(number))

    with no_leaks(), monkeypatch.context() as patched:
        patched.setattr(os, call, fail)
        with pytest.raises(type(refusal), match=refusal.message) as caught:
            lock.acquire(tmp_path / "shop.db")

    assert str(tmp_path / "shop.db") in caught.value.message
    assert not (tmp_path / "shop.db.lock").exists()


def test_full_disk_is_not_taken_for_a_missing_folder(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", fail)
        with pytest.raises(StorageFull, match="free some"):
            lock.acquire(tmp_path / "shop.db")
