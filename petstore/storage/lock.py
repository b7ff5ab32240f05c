"""
Let one process own a store's file.

`shop.db.lock` is held by flock while the store is open, and says in JSON who holds it
(`pid`) and since when (`since`). The kernel lets go of a dead process, so a lock never
outlives its owner; the text that such an owner leaves behind means nothing.
"""

import contextlib
import errno
import fcntl
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from petstore.contract.errors import ConfigError, PetstoreError, StorageFull
from petstore.storage.space import is_full

ATTEMPT_COUNT_MAX = 100
RECORD_BYTES_MAX = 1_024
_READ_ONLY = (errno.EACCES, errno.EPERM, errno.EROFS)


class Lock:
    """Hold a store's file; made by `acquire`."""

    def __init__(self, path: Path, fd: int) -> None:
        self._path = path
        self._fd = fd

    def release(self) -> None:
        """Let the next process in; doing so twice is fine."""
        if self._fd < 0:
            return
        # Removed while still held: whoever opened the old file sees that it is gone.
        with contextlib.suppress(OSError):
            self._path.unlink()
        os.close(self._fd)
        self._fd = -1


@contextlib.contextmanager
def owned(store: Path) -> Iterator[None]:
    """
    Own a store's file for some work that replaces or rebuilds it.

    Raises:
        ConfigError: A process owns it, or this user may not write there.
    """
    lock = acquire(store)
    if lock is None:
        raise ConfigError(f"This user may not change the store {store}.")
    try:
        yield
    finally:
        lock.release()


def acquire(store: Path, *, now: int | None = None) -> Lock | None:
    """
    Own a store's file until `release`.

    Args:
        now: Milliseconds since the epoch, for whoever finds the store owned.

    Returns:
        The lock, or None where nobody may write: no process can own what it cannot
        change, and readers need no owner.

    Raises:
        ConfigError: Another process, or this one, owns it already; or its folder does
            not exist; or it cannot be written.
        StorageFull: No space is left to say who owns it.
    """
    _refuse_links(store)
    path = store.with_name(store.name + ".lock")
    for _ in range(ATTEMPT_COUNT_MAX):
        try:
            fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            if error.errno in _READ_ONLY and store.exists():
                return None
            advice = "Create the folder, or give a path that this user may write."
            raise _refusal(error, store, advice=advice) from error
        if _try_hold(fd, path, store):
            lock = Lock(path, fd)
            try:
                _write_record(fd, now)
            except OSError as error:
                lock.release()
                advice = "Give a path on a disk that can be written."
                raise _refusal(error, store, advice=advice) from error
            return lock
        os.close(fd)
    raise ConfigError(f"The store {store} changes hands too fast; try again.")


def _refuse_links(store: Path) -> None:
    """
    Refuse a file with a second name, which would have a second owner.

    Source: sqlite.org/howtocorrupt.html §2.5 (multiple links to the same file).
    """
    if store.is_file() and store.stat().st_nlink > 1:
        raise ConfigError(
            f"The file of the store {store} has a second name (a hard link), and two"
            " who open it by both would damage it. Remove the other name, or make a"
            " copy with `petstore db backup`."
        )


def _try_hold(fd: int, path: Path, store: Path) -> bool:
    """Hold the file; False when it is not the one at the path any more."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        owner = _owner(fd)
        os.close(fd)
        raise ConfigError(
            f"The store {store} is in use by {owner}, and a file is for one. Stop "
            "that process first, give another path, or keep the store on Postgres, "
            "which several may use."
        ) from error
    try:
        return os.path.samestat(os.fstat(fd), path.stat())
    except FileNotFoundError:
        return False


def _write_record(fd: int, now: int | None) -> None:
    record: dict[str, int | str] = {"pid": os.getpid()}
    if now is not None:
        record["since"] = _instant(now)
    os.ftruncate(fd, 0)
    os.pwrite(fd, json.dumps(record).encode() + b"\n", 0)


def _refusal(error: OSError, store: Path, *, advice: str) -> PetstoreError:
    if is_full(error):
        return StorageFull(f"No space is left for the store {store}; free some.")
    return ConfigError(f"Cannot open the store {store}: {error.strerror}. {advice}")


def _owner(fd: int) -> str:
    try:
        record = json.loads(os.pread(fd, RECORD_BYTES_MAX, 0))
        since = f" since {record['since']}" if "since" in record else ""
        return f"process {int(record['pid'])}{since}"
    except (ValueError, KeyError, TypeError):
        # It has the lock and has not written its record yet.
        return "another process"


def _instant(now: int) -> str:
    return datetime.fromtimestamp(now / 1000, UTC).isoformat(timespec="seconds")
