"""
Run units on one SQLite connection.

The owner of a file has one writing connection and some that only read. Only the
writing one checkpoints, which keeps it clear of the WAL-reset bug of SQLite up to
3.51.2, where two connections that checkpoint at one instant can lose committed rows.
"""

import contextlib
import os
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

from petstore.contract.errors import (
    ConfigError,
    Conflicted,
    PetstoreError,
    ServerFault,
    StorageFull,
    Unavailable,
)
from petstore.storage.ledger import Ledger
from petstore.storage.transaction import Clock, Execute, ExecuteMany, Tx
from petstore.storage.unit import Unit, busy, fail_all, without_own_frame

# STRICT tables.
SQLITE_VERSION_MIN = (3, 37)
BUSY_TIMEOUT_S = 5.0
STATEMENTS_CACHED = 512

_SETTINGS = (
    "PRAGMA foreign_keys=ON",
    "PRAGMA trusted_schema=OFF",
    "PRAGMA cell_size_check=ON",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA cache_size=-16000",
    "PRAGMA analysis_limit=400",
)
_WRITER_SETTINGS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA journal_size_limit=67108864",
    # 16 MB of log: hot pages are written back once for many commits, not once for few.
    "PRAGMA wal_autocheckpoint=4000",
)
_READER_SETTINGS = ("PRAGMA query_only=ON", "PRAGMA wal_autocheckpoint=0")

_UNIQUE = {
    "SQLITE_CONSTRAINT_UNIQUE",
    "SQLITE_CONSTRAINT_PRIMARYKEY",
    "SQLITE_CONSTRAINT_ROWID",
}
_FULL = {"SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE"}


class SqliteDriver:
    """
    Run units on a connection, on whatever thread calls, one call at a time.

    Args:
        place: Names the store in messages.
        is_tidy: Refresh what the planner knows before the connection closes.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        clock: Clock,
        *,
        place: str,
        is_tidy: bool = False,
    ) -> None:
        self.connection = connection
        self._clock = clock
        self._place = place
        self._is_tidy = is_tidy
        # Both drivers' cursors are what a Tx needs; the stubs do not say so.
        self._execute = cast(Execute, connection.execute)
        self._execute_many = cast(ExecuteMany, connection.executemany)

    def read(self, units: Sequence[Unit]) -> None:
        """Run units that only read, all on one state of the store."""
        execute = self._execute
        tx = Tx(execute, "sqlite", now=self._clock())
        try:
            for unit in units:
                if not self.connection.in_transaction:
                    execute("BEGIN", {})
                try:
                    unit.value = unit.fn(tx)
                except BaseException as error:  # noqa: BLE001
                    unit.fail(self._classified(error))
            if self.connection.in_transaction:
                execute("COMMIT", {})
        except sqlite3.Error as error:
            self._roll_back()
            fail_all(units, self._classified(error))

    def write(self, units: Sequence[Unit]) -> None:
        """
        Run units that write, several of them in one commit.

        Nearly every unit that fails does so before it wrote anything, with nothing
        to undo; so a group begins without savepoints, a tenth of its time.
        When one fails later, the group is run again, each unit in a savepoint of its
        own. SQLITE_FULL and I/O errors roll the whole transaction back; every unit is
        then run again, alone.
        """
        if len(units) > 1 and (
            self._write_group(units, self._write_member)
            or self._write_group(units, self._write_guarded)
        ):
            return
        for unit in units:
            self._write_alone(unit)

    def close(self) -> None:
        """Close the connection; closing twice is fine."""
        if self._is_tidy:
            self._is_tidy = False
            # A full or read-only disk is no reason not to close.
            with contextlib.suppress(sqlite3.Error):
                self.connection.execute("PRAGMA optimize")
        self.connection.close()

    def _write_alone(self, unit: Unit) -> None:
        execute = self._execute
        tx = self._tx(unit.actor, Ledger())
        try:
            execute("BEGIN IMMEDIATE", {})
            unit.value = unit.fn(tx)
            tx.settle()
            execute("COMMIT", {})
        except BaseException as error:  # noqa: BLE001
            self._roll_back()
            unit.fail(self._classified(error))
        else:
            unit.error = None

    def _write_group(
        self, units: Sequence[Unit], write: Callable[[Unit, Ledger], bool]
    ) -> bool:
        """Commit all units at once; False when that was rolled back on the way."""
        execute = self._execute
        try:
            execute("BEGIN IMMEDIATE", {})
            ledger = Ledger()
            for unit in units:
                if not write(unit, ledger):
                    self._roll_back()
                    return False
            if not self._settle(ledger):
                return False
            execute("COMMIT", {})
        except BaseException as error:  # noqa: BLE001
            self._roll_back()
            fail_all(units, self._classified(error))
        return True

    def _write_member(self, unit: Unit, ledger: Ledger) -> bool:
        """Run a unit of a group; False when it failed and left something to undo."""
        tx = self._tx(unit.actor, ledger)
        try:
            unit.value = unit.fn(tx)
            tx.leave()
        except BaseException as error:  # noqa: BLE001
            if tx.has_written or not self.connection.in_transaction:
                return False
            ledger.ids.undo()
            unit.fail(self._classified(error))
        else:
            unit.error = None
        return True

    def _write_guarded(self, unit: Unit, ledger: Ledger) -> bool:
        """Run a unit of a group in a savepoint; False when that is gone with all."""
        execute = self._execute
        tx = self._tx(unit.actor, ledger)
        execute("SAVEPOINT unit", {})
        try:
            unit.value = unit.fn(tx)
            tx.leave()
        except BaseException as error:  # noqa: BLE001
            if not self.connection.in_transaction:
                return False
            execute("ROLLBACK TO unit", {})
            ledger.ids.undo()
            unit.fail(self._classified(error))
        else:
            unit.error = None
        execute("RELEASE unit", {})
        return True

    def _settle(self, ledger: Ledger) -> bool:
        """Write what the group leaves; False when that failed, for whomever."""
        try:
            ledger.settle(self._tx(None, ledger))
        except sqlite3.Error:
            self._roll_back()
            return False
        return True

    def _tx(self, actor: str | None, ledger: Ledger) -> Tx:
        return Tx(
            self._execute,
            "sqlite",
            now=self._clock(),
            actor=actor,
            execute_many=self._execute_many,
            ledger=ledger,
        )

    def _roll_back(self) -> None:
        # A closed connection has nothing to roll back, and says so by an error.
        with contextlib.suppress(sqlite3.Error):
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")

    def _classified(self, error: BaseException) -> BaseException:
        without_own_frame(error)
        if isinstance(error, sqlite3.Error):
            return classify(error, self._place)
        return error


def connect_memory() -> sqlite3.Connection:
    """Return a connection to a new database in memory."""
    _require_version()
    connection = _connect(":memory:")
    for setting in _SETTINGS:
        connection.execute(setting)
    return connection


def connect_file(path: Path) -> sqlite3.Connection:
    """Return a connection that may write; makes a file where there is none."""
    _require_version()
    _make_private(path)
    return _connect(f"{path.as_uri()}?mode=rwc", uri=True)


def connect_existing(path: Path) -> sqlite3.Connection:
    """
    Return a connection to a file that somebody else may own.

    It may write where the folder can be written, because readers of WAL make two files
    there. Where they cannot, and nothing waits in the log, the file cannot change.

    Raises:
        ConfigError: There is no such file.
    """
    _require_version()
    if not path.is_file():
        raise ConfigError(f"There is no store at {path}; check the path.")
    options = "mode=rw"
    if not os.access(path.parent, os.W_OK, effective_ids=True):
        has_log = path.with_name(path.name + "-wal").exists()
        options = "mode=ro" if has_log else "mode=ro&immutable=1"
    return _connect(f"{path.as_uri()}?{options}", uri=True)


def apply_settings(connection: sqlite3.Connection, *, is_reader: bool) -> None:
    """Set up a connection to a file that is known to be a store."""
    settings = _READER_SETTINGS if is_reader else _WRITER_SETTINGS
    for setting in (*_SETTINGS, *settings):
        connection.execute(setting)


def refusal(error: sqlite3.Error, path: Path) -> PetstoreError:
    """Return why a file cannot be opened as a store."""
    if getattr(error, "sqlite_errorname", "") == "SQLITE_NOTADB":
        return no_database(path)
    return classify(error, str(path))


def no_database(path: Path) -> ConfigError:
    """Return why a file that is something else is left alone."""
    return ConfigError(
        f"The file {path} is no SQLite database, or its header is damaged; nothing was "
        "changed, give another path."
    )


def classify(error: sqlite3.Error, place: str) -> PetstoreError:
    """Return the error of the product for what SQLite reports, by its name."""
    name = getattr(error, "sqlite_errorname", "SQLITE_MISUSE")
    fault = _fault_of(name, place)
    fault.place = place
    fault.__cause__ = error
    return fault


def _fault_of(name: str, place: str) -> PetstoreError:
    primary = "_".join(name.split("_")[:2])
    if name in _UNIQUE:
        return Conflicted("That id or name is taken; choose another one.")
    if name in _FULL:
        return StorageFull(f"No space is left for the store {place}; free some.")
    if primary in ("SQLITE_BUSY", "SQLITE_LOCKED"):
        return busy(place)
    if primary == "SQLITE_READONLY":
        return Unavailable(f"The store {place} is read-only; it answers reads only.")
    if primary in ("SQLITE_CORRUPT", "SQLITE_NOTADB"):
        return ServerFault(
            f"The store {place} is damaged ({name}); stop, and restore a backup."
        )
    if primary == "SQLITE_CANTOPEN":
        return ConfigError(
            f"Cannot open the store {place}; check that its folder exists and that "
            "this user may read and write there."
        )
    return ServerFault(f"The store {place} failed ({name}).")


def _connect(database: str, *, uri: bool = False) -> sqlite3.Connection:
    return sqlite3.connect(
        database,
        timeout=BUSY_TIMEOUT_S,
        # Units begin and end their transactions themselves.
        isolation_level=None,
        # A connection is used by one thread at a time, not always the same.
        check_same_thread=False,
        cached_statements=STATEMENTS_CACHED,
        uri=uri,
    )


def _make_private(path: Path) -> None:
    """Make the file where there is none; its -wal and -shm take over the mode."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        return
    except OSError as error:
        raise _fault_of("SQLITE_CANTOPEN", str(path)) from error


def _require_version() -> None:
    if sqlite3.sqlite_version_info < SQLITE_VERSION_MIN:
        raise ConfigError(
            f"SQLite {sqlite3.sqlite_version} is too old; use a Python built with "
            f"{SQLITE_VERSION_MIN[0]}.{SQLITE_VERSION_MIN[1]} or newer."
        )
