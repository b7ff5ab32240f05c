"""Read a store beside its owner, whatever the revision of its tables."""

import sqlite3
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import text

from petstore.contract.errors import ConfigError
from petstore.storage import schema, sqlite
from petstore.storage.address import Address, parse
from petstore.storage.statement import DialectName, Statement
from petstore.storage.transaction import Tx
from petstore.storage.unit import Driver, Unit

T = TypeVar("T")


class Reader:
    """
    Run units that only read; to be closed.

    Raises:
        ConfigError: There is no store at the address.
        Unavailable: Postgres cannot be reached.
    """

    def __init__(self, address: Address) -> None:
        self._shown = address.shown
        self.dialect: DialectName = "sqlite"
        self._driver: Driver
        if address.kind == "file":
            connection = _connect(address)
            self._driver = sqlite.SqliteDriver(connection, _no_clock, place=self._shown)
        else:
            # The driver library is an extra.
            from petstore.storage.postgres import PostgresDriver

            self.dialect = "postgresql"
            self._driver = PostgresDriver(address.dsn, _no_clock, place=self._shown)

    def read(self, fn: Callable[[Tx], T]) -> T:
        """Run a unit on one state of the store."""
        unit = Unit(fn)
        self._driver.read((unit,))
        value: T = unit.outcome()
        return value

    def revision(self) -> str | None:
        """
        Return the revision of the tables, or None for an empty database.

        Raises:
            ConfigError: There is something, and it is no store of ours.
        """
        return self.read(
            lambda tx: schema.revision_of(
                lambda query: tx.rows(Statement(text(query))),
                self.dialect,
                place=self._shown,
            )
        )

    def close(self) -> None:
        """Close the connection."""
        self._driver.close()


def durable_address(url: str) -> Address:
    """
    Read the URL of a store that outlives its process.

    Raises:
        ConfigError: It is one in memory, or none.
    """
    address = parse(url)
    if address.kind == "memory":
        raise ConfigError(
            "A store in memory ends with its process; give a path or a Postgres URL."
        )
    return address


def _connect(address: Address) -> sqlite3.Connection:
    connection = sqlite.connect_existing(address.path)
    try:
        connection.execute("SELECT 1 FROM sqlite_master").close()
    except sqlite3.Error as error:
        connection.close()
        raise sqlite.refusal(error, address.path) from error
    return connection


def _no_clock() -> int:
    return 0
