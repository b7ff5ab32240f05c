"""
Run units on one Postgres connection.

One unit is one transaction: two units in one could deadlock with another lane over the
clock's row and the entities' rows. A unit that a serialization failure, a deadlock, a
quicker writer or a race for an id stopped is run again; a connection that was lost is
opened again.
"""

import secrets
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, cast

from petstore.contract.errors import (
    ConfigError,
    Conflicted,
    PetstoreError,
    ServerFault,
    StorageFull,
    Unavailable,
)
from petstore.storage import schema
from petstore.storage.ledger import Ledger
from petstore.storage.statement import Params
from petstore.storage.transaction import Clock, Execute, Overtaken, Row, Tx
from petstore.storage.unit import Unit, busy, without_own_frame

try:
    import psycopg
    from psycopg.conninfo import conninfo_to_dict
    from psycopg.pq import TransactionStatus
except ImportError as error:
    raise ConfigError(
        "Postgres needs its driver; run: pip install 'psycopg[binary]'"
    ) from error

ATTEMPT_COUNT_MAX = 8
PAUSE_S_MAX = 0.5
CONNECT_TIMEOUT_S = 5
# A unit takes milliseconds; what lasts longer holds everybody else up.
_TIMEOUTS = (
    "-c statement_timeout=30s -c lock_timeout=10s"
    " -c idle_in_transaction_session_timeout=60s"
)

_BEGIN_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_BEGIN_WRITE = "BEGIN ISOLATION LEVEL READ COMMITTED"

# PostgreSQL, appendix A: the SQLSTATEs that this module decides on.
_SERIALIZATION_FAILURE = "40001"
_DEADLOCK = "40P01"
_UNIQUE_VIOLATION = "23505"
_READ_ONLY = "25006"
_LOCK_NOT_AVAILABLE = "55P03"
_QUERY_CANCELED = "57014"
_DUPLICATE_TABLE = "42P07"
_RESOURCES_FULL = ("53100",)
_DAMAGED = ("XX001", "XX002")


class PostgresDriver:
    """
    Run units on a connection, on whatever thread calls, one call at a time.

    It connects at the first unit, and again after a lost connection.

    Args:
        place: Names the store in messages, without a password.
        pause: Waits before the given attempt, from 2.
    """

    def __init__(
        self,
        dsn: str,
        clock: Clock,
        *,
        place: str,
        pause: Callable[[int], None] | None = None,
    ) -> None:
        self._dsn = dsn
        self._clock = clock
        self._place = place
        self._pause = pause or _pause
        self._connection: psycopg.Connection[Row] | None = None

    def prepare(self) -> None:
        """
        Make the tables of a fresh store, or check those that are there.

        Raises:
            ConfigError: It is no store, or one of another version.
            Unavailable: The server cannot be reached.
        """
        try:
            revision = self._revision() or self._create()
            schema.require_current(revision, place=self._place)
        except psycopg.Error as error:
            self.close()
            raise self._fault(error) from error
        except BaseException:
            self.close()
            raise

    def read(self, units: Sequence[Unit]) -> None:
        """
        Run units that only read, on one state of the store.

        A unit that fails ends that state; those after it see a newer one.
        """
        for unit in units:
            self._repeat(unit, self._read_once)
        self._leave()

    def write(self, units: Sequence[Unit]) -> None:
        """Run units that write, each in a transaction of its own."""
        for unit in units:
            self._repeat(unit, self._write_once)

    def close(self) -> None:
        """Close the connection; closing twice is fine."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _repeat(self, unit: Unit, run_once: Callable[[Unit], bool]) -> None:
        for attempt in range(1, ATTEMPT_COUNT_MAX + 1):
            if attempt > 1:
                self._pause(attempt)
            if run_once(unit):
                return

    def _read_once(self, unit: Unit) -> bool:
        """Run the unit; False when it failed and may be run again."""
        try:
            connection = self._connected()
            if connection.info.transaction_status == TransactionStatus.IDLE:
                connection.execute(_BEGIN_READ)
            execute = cast(Execute, connection.execute)
            tx = Tx(execute, "postgresql", now=self._clock())
            unit.value = unit.fn(tx)
        except BaseException as error:  # noqa: BLE001
            return self._give_up(unit, error)
        unit.error = None
        return True

    def _write_once(self, unit: Unit) -> bool:
        """Run the unit; False when it failed and may be run again."""
        is_committing = False
        tx = None
        try:
            connection = self._connected()
            execute = cast(Execute, connection.execute)
            tx = Tx(
                execute,
                "postgresql",
                now=self._clock(),
                actor=unit.actor,
                ledger=Ledger(),
                execute_many=partial(_execute_many, connection),
            )
            connection.execute(_BEGIN_WRITE)
            unit.value = unit.fn(tx)
            tx.settle()
            is_committing = True
            _commit(connection)
        except BaseException as error:  # noqa: BLE001
            if tx is not None and tx.busy is not None and _is_locked_out(error):
                error = tx.busy
            return self._give_up(unit, error, is_committing=is_committing)
        unit.error = None
        return True

    def _give_up(
        self, unit: Unit, error: BaseException, *, is_committing: bool = False
    ) -> bool:
        """Fail the unit; False when it may be run again all the same."""
        without_own_frame(error)
        is_lost = self._roll_back(error)
        if not isinstance(error, psycopg.Error):
            unit.fail(error)
            return not isinstance(error, Overtaken)
        if is_lost and is_committing:
            unit.fail(self._doubt(error))
            return True
        unit.fail(self._fault(error))
        is_in_the_way = error.sqlstate in (_SERIALIZATION_FAILURE, _DEADLOCK)
        return not (is_lost or is_in_the_way)

    def _connected(self) -> "psycopg.Connection[Row]":
        if self._connection is None:
            self._connection = connect(self._dsn, place=self._place)
        return self._connection

    def _leave(self) -> None:
        """End a reading transaction; losing the connection now loses nothing."""
        try:
            if self._connection is not None:
                self._connection.execute("COMMIT")
        except psycopg.Error:
            self.close()

    def _roll_back(self, error: BaseException) -> bool:
        """Make the connection usable again; True when it was lost."""
        connection = self._connection
        if connection is None:
            return False
        # The server that this connects to takes no writes any more.
        is_stale = isinstance(error, psycopg.Error) and error.sqlstate == _READ_ONLY
        try:
            if not is_stale:
                connection.execute("ROLLBACK")
                return False
        except psycopg.Error:
            is_stale = True
        self.close()
        return is_stale

    def _revision(self) -> str | None:
        connection = self._connected()
        return schema.revision_of(
            lambda text: _ask(connection, text), "postgresql", place=self._place
        )

    def _create(self) -> str:
        connection = self._connected()
        try:
            with connection.transaction():
                for statement in schema.fresh_statements("postgresql"):
                    _ask(connection, statement)
        except psycopg.Error as error:
            # Two processes may open one empty database at the same time.
            is_race = error.sqlstate in (_UNIQUE_VIOLATION, _DUPLICATE_TABLE)
            revision = self._revision() if is_race else None
            if revision is None:
                raise
            return revision
        return schema.REVISION

    def _fault(self, error: psycopg.Error) -> PetstoreError:
        fault = _fault_of(error.sqlstate, self._place)
        fault.place = self._place
        fault.__cause__ = error
        return fault

    def _doubt(self, error: psycopg.Error) -> PetstoreError:
        fault = Unavailable(
            f"The connection to the store {self._place} was lost at the last moment; "
            "the write may or may not be stored."
        )
        fault.place = self._place
        fault.__cause__ = error
        return fault


def connect(dsn: str, *, place: str) -> "psycopg.Connection[Row]":
    """
    Return a connection that commits each statement by itself.

    Raises:
        ConfigError: The URL cannot be read.
        Unavailable: The server cannot be reached, or refuses.
    """
    try:
        # Its stubs type each option by itself, and a URL may hold any of them.
        options: dict[str, Any] = conninfo_to_dict(dsn)
    except psycopg.ProgrammingError:
        # Its text may hold the password.
        raise ConfigError(f"The URL of the store {place} cannot be read.") from None
    options.setdefault("connect_timeout", CONNECT_TIMEOUT_S)
    options.setdefault("application_name", "petstore")
    # The caller's own come last and win.
    options["options"] = f"{_TIMEOUTS} {options.get('options') or ''}"
    try:
        return psycopg.connect(**options, autocommit=True)
    except psycopg.Error as error:
        raise _unreachable(place, error) from error


def connect_for_upgrade(dsn: str, *, place: str) -> "psycopg.Connection[Row]":
    """Return a connection for steps that may take long; see `connect`."""
    connection = connect(dsn, place=place)
    connection.execute("SET statement_timeout = 0")
    connection.autocommit = False
    return connection


def _commit(connection: "psycopg.Connection[Row]") -> None:
    # COMMIT of a transaction that failed before is a ROLLBACK, without an error.
    if connection.execute("COMMIT").statusmessage != "COMMIT":
        raise ServerFault("A unit went on after one of its statements had failed.")


def _execute_many(
    connection: "psycopg.Connection[Row]", text: str, params: Sequence[Params]
) -> None:
    """Run a text with many params in few round trips."""
    connection.cursor().executemany(text.encode(), params)


def _is_locked_out(error: BaseException) -> bool:
    return isinstance(error, psycopg.Error) and error.sqlstate == _LOCK_NOT_AVAILABLE


def _ask(connection: "psycopg.Connection[Row]", text: str) -> list[Row]:
    cursor = connection.execute(text.encode())
    return cursor.fetchall() if cursor.description else []


def _unreachable(place: str, error: psycopg.Error) -> Unavailable:
    # Made here: a frame that raises and holds an error keeps both until a collection.
    *_, reason = str(error).strip().splitlines() or ["no reason was given"]
    fault = Unavailable(
        f"Cannot reach the store {place} ({reason.strip()}); check that the server"
        " runs, that the database exists, and the user's name and password."
    )
    fault.place = place
    return fault


def _fault_of(state: str | None, place: str) -> PetstoreError:
    if state == _UNIQUE_VIOLATION:
        return Conflicted("That id or name is taken; choose another one.")
    if state is None or state[:2] in ("08", "57", "53", "40", "55"):
        return _unavailable(state, place)
    if state == _READ_ONLY:
        return Unavailable(f"The store {place} is read-only; it answers reads only.")
    if state in _DAMAGED:
        return ServerFault(f"The store {place} is damaged ({state}); restore a backup.")
    return ServerFault(f"The store {place} failed (SQLSTATE {state}).")


def _unavailable(state: str | None, place: str) -> PetstoreError:
    if state in _RESOURCES_FULL:
        return StorageFull(f"No space is left for the store {place}; free some.")
    if state == _QUERY_CANCELED:
        return Unavailable(f"The store {place} took too long; try again.")
    if state in (_SERIALIZATION_FAILURE, _DEADLOCK, _LOCK_NOT_AVAILABLE):
        return busy(place)
    return Unavailable(f"The connection to the store {place} was lost; try again.")


def _pause(attempt: int) -> None:
    """Wait longer each time, and not as long as the others that wait."""
    limit_s = min(PAUSE_S_MAX, 0.01 * 2**attempt)
    time.sleep(limit_s * secrets.randbelow(1_000) / 1_000)
