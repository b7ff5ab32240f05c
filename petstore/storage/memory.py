"""Keep a store in memory: one connection, gone when it is closed."""

import sqlite3
from contextlib import closing

from petstore.contract.errors import ConfigError, PetstoreError
from petstore.storage import schema, sqlite
from petstore.storage.sqlite import SqliteDriver
from petstore.storage.transaction import Clock

PLACE = "memory:"


class MemoryDriver(SqliteDriver):
    """Run units on the one connection that is the store."""

    def snapshot(self) -> bytes:
        """Return the whole store as bytes."""
        return self.connection.serialize()

    def restore(self, snapshot: bytes) -> None:
        """
        Replace the whole store by what `snapshot` returned.

        Raises:
            ConfigError: The bytes are no store of this version; nothing changed.
        """
        with closing(sqlite.connect_memory()) as trial:
            _require_store(trial, snapshot)
            # Not by deserialize: statements that were prepared before would go on
            # with what they knew of the tables.
            trial.backup(self.connection)


def open_memory(clock: Clock) -> MemoryDriver:
    """Make a fresh store in memory."""
    connection = sqlite.connect_memory()
    connection.execute("BEGIN")
    schema.create(lambda text: connection.execute(text).fetchall(), "sqlite")
    connection.execute("COMMIT")
    return MemoryDriver(connection, clock, place=PLACE)


def _require_store(trial: sqlite3.Connection, snapshot: bytes) -> None:
    """Look at the bytes in a connection of their own, so that a refusal is free."""
    try:
        # SQLite takes no bytes for a lack of memory.
        if not snapshot:
            raise ConfigError("The snapshot is empty.")
        trial.deserialize(snapshot)
        revision = schema.revision_of(
            lambda text: trial.execute(text).fetchall(),
            "sqlite",
            place="in the snapshot",
        )
    except (sqlite3.Error, PetstoreError) as error:
        raise ConfigError(
            "The snapshot holds no store; nothing was changed."
        ) from error
    if revision is None:
        raise ConfigError("The snapshot is empty; nothing was changed.")
    schema.require_current(revision, place="in the snapshot")
