"""
Bring a store's tables to the revision of this version, with Alembic in this process.

All steps of an upgrade and the checks after them are one transaction. On SQLite the
foreign keys are off meanwhile: rebuilding a table drops it for a moment, and with them
on, SQLite would delete the rows of the tables that refer to it.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, MigrationStep, RevisionStep
from alembic.script import ScriptDirectory

from petstore.contract.errors import ConfigError, PetstoreError, ServerFault
from petstore.storage import lock, schema, sqlite
from petstore.storage.address import Address
from petstore.storage.maintenance import OnProgress, backup
from petstore.storage.reader import Reader, durable_address
from petstore.storage.tables import META

MIGRATIONS = Path(__file__).with_name("migrations")
BACKUP_COUNT_MAX = 100

_TAILS = ("", *(f".{number}" for number in range(2, BACKUP_COUNT_MAX + 1)))


@dataclass(frozen=True, slots=True)
class Revision:
    """
    Name one step of the tables' history.

    Args:
        summary: What the step changes.
    """

    name: str
    summary: str


def history(*, migrations: Path = MIGRATIONS) -> list[Revision]:
    """Return every revision that this version knows, newest first."""
    return [
        Revision(script.revision, script.doc)
        for script in _scripts(migrations).walk_revisions()
    ]


def current(url: str) -> str | None:
    """
    Return the revision of a store's tables, or None for an empty database.

    Raises:
        ConfigError: There is no store, or something else.
        Unavailable: Postgres cannot be reached.
    """
    with closing(Reader(durable_address(url))) as reader:
        return reader.revision()


def upgrade(
    url: str,
    *,
    on_progress: OnProgress | None = None,
    migrations: Path = MIGRATIONS,
) -> Path | None:
    """
    Bring a store's tables to the newest revision, or leave it as it was.

    A file is backed up first, beside itself.

    Args:
        on_progress: Called with the count of steps done and to do.

    Returns:
        The backup, if one was made.

    Raises:
        ConfigError: There is no store, another process owns it, or it is newer.
        ServerFault: A step failed or lost rows; nothing was changed.
        StorageFull: There is no space for the backup or the new tables.
    """
    address = durable_address(url)
    head = str(_scripts(migrations).get_current_head())
    with ExitStack() as stack:
        if address.kind == "file":
            stack.enter_context(lock.owned(address.path))
        revision = current(url)
        if revision == head:
            return None
        if revision is not None and revision > head:
            schema.require_not_newer(revision, place=address.shown)
        made = None
        if address.kind == "file" and revision is not None:
            made = _unused_path(address.path, revision)
            # An upgrade changes tables only.
            backup(url, made, with_pictures=False)
        try:
            _run(address, migrations, on_progress)
        except sa.exc.DBAPIError as error:
            raise _fault(error, address) from error
        return made


def _unused_path(store: Path, revision: str) -> Path:
    names = (f"{store.name}.{revision}.backup{tail}" for tail in _TAILS)
    for path in map(store.with_name, names):
        if not path.exists():
            return path
    raise ConfigError(f"Too many backups lie beside {store}; move some elsewhere.")


def _run(address: Address, migrations: Path, on_progress: OnProgress | None) -> None:
    with _engine(address) as engine, engine.begin() as connection:
        counts_before = _counts(connection)
        _run_steps(connection, migrations, on_progress)
        if not counts_before:
            _sign(connection)
        counts_after = _counts(connection)
        for table in counts_before.keys() & counts_after.keys():
            if counts_before[table] != counts_after[table]:
                raise ServerFault(
                    f"The upgrade left {counts_after[table]} of "
                    f"{counts_before[table]} rows in {table}; nothing was changed."
                )
        if address.kind == "file":
            _require_references(connection)


def _run_steps(
    connection: sa.Connection, migrations: Path, on_progress: OnProgress | None
) -> None:
    scripts = _scripts(migrations)
    todo = 0
    done = count(1)

    def plan(revision: Any, _: MigrationContext) -> list[RevisionStep]:
        nonlocal todo
        newest_first = scripts.iterate_revisions("head", revision, implicit_base=True)
        steps = [
            MigrationStep.upgrade_from_script(scripts.revision_map, script)
            for script in newest_first
        ]
        todo = len(steps)
        return steps[::-1]

    def report() -> None:
        if on_progress is not None:
            on_progress(next(done), todo)

    with EnvironmentContext(Config(), scripts, fn=plan) as environment:
        environment.configure(
            connection=connection, on_version_apply=lambda *_, **__: report()
        )
        environment.run_migrations()


def _fault(error: sa.exc.DBAPIError, address: Address) -> PetstoreError:
    if isinstance(error.orig, sqlite3.Error):
        fault = sqlite.classify(error.orig, address.shown)
        if not isinstance(fault, ServerFault):
            return fault
    return ServerFault(
        f"A step of the upgrade failed ({error.orig}); nothing was changed."
    )


def _scripts(migrations: Path) -> ScriptDirectory:
    return ScriptDirectory(str(migrations), version_locations=[str(migrations)])


def _sign(connection: sa.Connection) -> None:
    made_by = {"name": "created_by", "value": schema.created_by()}
    connection.execute(sa.insert(META).values(made_by))


def _counts(connection: sa.Connection) -> dict[str, int]:
    names = set(sa.inspect(connection).get_table_names()) - {"alembic_version"}
    counting = sa.select(sa.func.count())
    return {
        name: connection.execute(counting.select_from(sa.table(name))).scalar_one()
        for name in names
    }


def _require_references(connection: sa.Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        raise ServerFault(
            f"The upgrade broke {len(broken)} references; nothing was changed."
        )


@contextmanager
def _engine(address: Address) -> Iterator[sa.Engine]:
    if address.kind == "file":
        engine = sa.create_engine(
            "sqlite://",
            creator=lambda: sqlite.connect_file(address.path),
            poolclass=sa.NullPool,
        )
        # The connection begins nothing by itself, so that DDL is rolled back as well.
        sa.event.listen(
            engine, "begin", lambda at: at.exec_driver_sql("BEGIN IMMEDIATE")
        )
    else:
        # The driver library is an extra.
        from petstore.storage.postgres import connect_for_upgrade

        engine = sa.create_engine(
            "postgresql+psycopg://",
            creator=lambda: connect_for_upgrade(address.dsn, place=address.shown),
            poolclass=sa.NullPool,
        )
    try:
        yield engine
    finally:
        engine.dispose()
