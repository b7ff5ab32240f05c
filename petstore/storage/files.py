"""Own a store's file, and open connections to it."""

import sqlite3
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from petstore.storage import lock, schema, sqlite
from petstore.storage.sqlite import SqliteDriver
from petstore.storage.transaction import Clock

# SQLite takes a file of one byte for an empty one, and would write over it.
DATABASE_BYTES_MIN = 512


class StoreFile:
    """
    Own a file while it is open.

    Where this user may not write, the file is only read, and nobody owns it.

    Args:
        now: Milliseconds since the epoch, for whoever finds the store owned.

    Raises:
        ConfigError: Another process owns it, or its folder does not exist.
    """

    def __init__(self, path: Path, *, now: int) -> None:
        self.path = path
        self._lock = lock.acquire(path, now=now)
        self._is_read_only = self._lock is None

    def open_writer(self, clock: Clock) -> SqliteDriver:
        """
        Open the writing connection, before any other; makes a fresh store's tables.

        Raises:
            ConfigError: The file is no store, or one of another version; it stays
                untouched.
        """
        connection = self._open(self._prepare)
        place = str(self.path)
        return SqliteDriver(connection, clock, place=place, is_tidy=True)

    def open_reader(self, clock: Clock) -> SqliteDriver:
        """Open a connection that only reads."""
        connection = self._open(partial(sqlite.apply_settings, is_reader=True))
        return SqliteDriver(connection, clock, place=str(self.path))

    def release(self) -> None:
        """Let the next process in; every connection is closed by now."""
        if self._lock is not None:
            self._lock.release()

    def _open(
        self, prepare: Callable[[sqlite3.Connection], None]
    ) -> sqlite3.Connection:
        connect = sqlite.connect_existing if self._is_read_only else sqlite.connect_file
        with ExitStack() as undo:
            try:
                connection = connect(self.path)
                undo.callback(connection.close)
                prepare(connection)
            except sqlite3.Error as error:
                raise sqlite.refusal(error, self.path) from error
            undo.pop_all()
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        def ask(text: str) -> list[tuple[Any, ...]]:
            return connection.execute(text).fetchall()

        place = str(self.path)
        # Before the settings, of which WAL would change somebody else's file.
        revision = schema.revision_of(ask, "sqlite", place=place)
        if revision is not None:
            schema.require_current(revision, place=place)
        elif 0 < self.path.stat().st_size < DATABASE_BYTES_MIN:
            raise sqlite.no_database(self.path)
        self._apply_settings(connection)
        if revision is None:
            connection.execute("BEGIN IMMEDIATE")
            schema.create(ask, "sqlite")
            connection.execute("COMMIT")

    def _apply_settings(self, connection: sqlite3.Connection) -> None:
        try:
            sqlite.apply_settings(connection, is_reader=self._is_read_only)
        except sqlite3.OperationalError as error:
            if not error.sqlite_errorname.startswith("SQLITE_READONLY"):
                raise
            # The folder can be written, the file cannot.
            sqlite.apply_settings(connection, is_reader=True)
