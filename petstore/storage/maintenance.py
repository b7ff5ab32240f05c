"""
Back up, restore and check a store.

A copy is taken from one state of the store and looked at before it gets its name, so a
file of that name is a whole store. A backup does not disturb the owner of the store; a
restore takes the owner's place.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select, table

from petstore.contract.errors import (
    ConfigError,
    PetstoreError,
    ServerFault,
    StorageFull,
)
from petstore.storage import lock, pictures, schema, sqlite
from petstore.storage.address import Address
from petstore.storage.findings import PICTURES, Finding, checks
from petstore.storage.ledger import LOG_NAME_FACT, new_log_name
from petstore.storage.reader import Reader, durable_address
from petstore.storage.space import is_full
from petstore.storage.statement import DIALECTS, Statement
from petstore.storage.tables import CHANGE
from petstore.storage.transaction import Tx

OnProgress = Callable[[int, int], None]
Counts = dict[str, int]

PAGES_PER_STEP = 1_000
INSTRUCTIONS_PER_REPORT = 100_000


@dataclass(frozen=True, slots=True)
class Copied:
    """
    Say what a backup or a restore brought over.

    Args:
        counts: How many rows each table of the copy has.
        lacking: Names of the pictures that it has rows for and no whole file.
    """

    counts: Counts
    lacking: tuple[str, ...] = ()


def backup(
    store_url: str,
    target: Path | str,
    *,
    with_pictures: bool = True,
    on_progress: OnProgress | None = None,
) -> Copied:
    """
    Copy a store to a new file, which is a store itself, and its pictures beside that.

    Args:
        with_pictures: False where they stay as they are.
        on_progress: Called with the bytes written and to write, about; then with the
            pictures.

    Raises:
        ConfigError: There is no store, the target exists, or it is Postgres.
        StorageFull: The target's disk is full; nothing was left there.
    """
    address = _file_address(store_url, "pg_dump")
    target = Path(target).resolve()
    if target.exists():
        raise ConfigError(f"The file {target} exists; give a new path for the backup.")
    with closing(Reader(address)) as reader, _new_file(target) as temporary:
        if reader.revision() is None:
            raise ConfigError(f"The database {address.shown} is empty.")
        logged_before = reader.read(_logged)
        _vacuum_into(address.path, temporary, on_progress)
        counts = _verified_counts(temporary)
        logged_after = reader.read(_logged)
        if not logged_before <= counts["change"] <= logged_after:
            raise ServerFault(f"The backup of {address.shown} lost rows of the log.")
        lacking: tuple[str, ...] = ()
        if with_pictures:
            lacking = _copy_pictures(temporary, address.path, target, on_progress)
    return Copied(counts, lacking)


def restore(
    backup: Path | str,
    store_url: str,
    *,
    overwrite: bool = False,
    on_progress: OnProgress | None = None,
) -> Copied:
    """
    Put a backup in a store's place; pictures are added, and damaged ones mended.

    Args:
        overwrite: Replace a store that is there.
        on_progress: Called with the pages copied and to copy; then with the pictures.

    Raises:
        ConfigError: The backup is no store, or newer than this version; the store
            exists or a process owns it; or it is Postgres. Nothing was changed.
    """
    source = Path(backup).resolve()
    address = _file_address(store_url, "psql or pg_restore")
    with lock.owned(address.path):
        if address.path.exists() and not overwrite:
            raise ConfigError(
                f"The store {address.path} exists; allow it to be overwritten, or give "
                "another path."
            )
        with closing(Reader(Address("file", str(source), path=source))) as reader:
            revision = reader.revision()
        if revision is None:
            raise ConfigError(f"The backup {source} is empty.")
        schema.require_not_newer(revision, place=str(source))
        with _new_file(address.path) as temporary:
            _copy(source, temporary, on_progress)
            counts = _verified_counts(temporary)
            _begin_log(temporary)
            lacking = _copy_pictures(temporary, source, address.path, on_progress)
            _fold_log(address.path)
    return Copied(counts, lacking)


def check(store_url: str, *, on_progress: OnProgress | None = None) -> list[Finding]:
    """
    Look for damage and for disagreement between rows, inventory, log and pictures.

    The pictures of a store on Postgres are not looked at.

    Args:
        on_progress: Called with the count of checks done and to do.

    Returns:
        What is wrong, at most 100 of each check; empty when all is well.

    Raises:
        ConfigError: There is no store, or one of another revision.
    """
    address = durable_address(store_url)
    found: list[Finding] = []
    with closing(Reader(address)) as reader:
        revision = reader.revision()
        if revision is None:
            raise ConfigError(f"The database {address.shown} is empty.")
        schema.require_current(revision, place=address.shown)
        place = pictures.directory_of(address.path) if address.kind == "file" else None
        todo = checks(reader.dialect, place)
        for done, (name, find) in enumerate(todo.items(), start=1):
            try:
                found.extend(Finding(name, message) for message in reader.read(find))
            except ServerFault as damage:
                # Too damaged to be looked at; the other checks may still be possible.
                found.append(Finding(name, damage.message))
            _report(on_progress, done, len(todo))
    return found


def _file_address(store_url: str, instead: str) -> Address:
    address = durable_address(store_url)
    if address.kind == "postgres":
        raise ConfigError(
            f"The store {address.shown} is a Postgres database; use {instead}, and copy"
            " its pictures, which lie in the --data-dir of its servers."
        )
    return address


@contextmanager
def _new_file(target: Path) -> Iterator[Path]:
    """Give a path beside the target; what is there afterwards gets its name."""
    temporary = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        yield temporary
        pictures.sync(temporary)
        temporary.replace(target)
        pictures.sync(target.parent)
    except sqlite3.Error as error:
        raise sqlite.classify(error, str(target)) from error
    except OSError as error:
        raise _os_fault(error, target) from error
    finally:
        # Where nothing could be written, nothing can be removed either.
        with suppress(OSError):
            temporary.unlink()


def _vacuum_into(source: Path, target: Path, on_progress: OnProgress | None) -> None:
    """Copy one state of a store, without its free pages and without its log."""
    with closing(sqlite.connect_existing(source)) as connection:
        size = _pragma(connection, "page_count") * _pragma(connection, "page_size")

        def report() -> None:
            _report(on_progress, min(target.stat().st_size, size), size)

        connection.set_progress_handler(report, INSTRUCTIONS_PER_REPORT)
        connection.execute("VACUUM INTO ?", (str(target),))
    _report(on_progress, size, size)


def _copy(source: Path, target: Path, on_progress: OnProgress | None) -> None:
    def report(_: int, remaining: int, total: int) -> None:
        _report(on_progress, total - remaining, total)

    with (
        closing(sqlite.connect_existing(source)) as origin,
        closing(sqlite.connect_existing(target)) as copy,
    ):
        origin.backup(copy, pages=PAGES_PER_STEP, progress=report)


def _begin_log(copy: Path) -> None:
    """Let no listener take the log of the store that was for the one of the backup."""
    with closing(sqlite.connect_existing(copy)) as connection, connection:
        connection.execute(
            "INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)",
            (LOG_NAME_FACT, new_log_name()),
        )


def _verified_counts(copy: Path) -> Counts:
    """Look at every page of a copy, and count its rows."""
    with closing(sqlite.connect_existing(copy)) as connection:
        found = connection.execute("PRAGMA quick_check").fetchall()
        if found != [("ok",)]:
            raise ServerFault(f"The copy is damaged: {found[0][0]}. Check the store.")
        names = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table'"
            " AND name NOT LIKE 'sqlite_%' ORDER BY name"
        ).fetchall()
        return {name: _count(connection, name) for (name,) in names}


def _count(connection: sqlite3.Connection, name: str) -> int:
    counting = select(func.count()).select_from(table(name))
    query = counting.compile(dialect=DIALECTS["sqlite"]).string
    return int(connection.execute(query).fetchone()[0])


def _copy_pictures(
    copy: Path, origin: Path, target: Path, on_progress: OnProgress | None
) -> tuple[str, ...]:
    """Bring what a copy has rows for from beside its origin to beside its target."""
    with closing(Reader(Address("file", str(copy), path=copy))) as reader:
        names = [str(name) for (name,) in reader.read(lambda tx: tx.rows(PICTURES))]
    places = pictures.directory_of(origin), pictures.directory_of(target)
    return tuple(pictures.copy(names, *places, on_progress=on_progress))


def _fold_log(path: Path) -> None:
    """
    Leave nothing in the log of a store that is about to be replaced.

    SQLite would write it into the new file.
    """
    log, shared = (path.with_name(path.name + suffix) for suffix in ("-wal", "-shm"))
    if path.exists() and log.exists():
        # A store that is too damaged for it is replaced all the same.
        with suppress(sqlite3.Error), closing(sqlite.connect_existing(path)) as last:
            last.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    log.unlink(missing_ok=True)
    shared.unlink(missing_ok=True)


def _logged(tx: Tx) -> int:
    (count,) = tx.row(_LOG_LENGTH) or (0,)
    return int(count)


def _report(on_progress: OnProgress | None, done: int, total: int) -> None:
    if on_progress is not None:
        on_progress(done, total)


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def _os_fault(error: OSError, target: Path) -> PetstoreError:
    if is_full(error):
        return StorageFull(f"No space is left for {target}; free some.")
    return ConfigError(
        f"Cannot write {target}: {error.strerror}. Give a path that this user may "
        "write."
    )


_LOG_LENGTH = Statement(select(func.count()).select_from(CHANGE))
