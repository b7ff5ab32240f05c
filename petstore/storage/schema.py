"""
Make a store's tables, and tell a store of ours from anything else.

A store says what it is in two places: `meta` holds a `format` row, and
`alembic_version` the revision of its tables. A fresh store is made from the metadata
in one go; the migrations beside this file lead to the same tables (a test holds both
equal).
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from sqlalchemy import (
    Column,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    insert,
)
from sqlalchemy.schema import CreateIndex, CreateTable

from petstore.contract.errors import ConfigError
from petstore.contract.version import __version__
from petstore.storage.statement import DIALECTS, DialectName
from petstore.storage.tables import COUNTER, META, METADATA

REVISION = "0002"
FORMAT = "petstore 1"
COUNTER_NAMES = ("id.pet", "id.order", "id.user", "clock")

# Text with nothing to bind, and its rows; both drivers run it as it is.
Ask = Callable[[str], list[tuple[Any, ...]]]

_TABLE_NAMES: dict[DialectName, str] = {
    "sqlite": (
        "SELECT name FROM sqlite_master WHERE type = 'table'"
        " AND name NOT LIKE 'sqlite_%'"
    ),
    "postgresql": (
        "SELECT table_name FROM information_schema.tables"
        " WHERE table_schema = current_schema()"
    ),
}
_VERSION = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)


def revision_of(ask: Ask, dialect: DialectName, *, place: str) -> str | None:
    """
    Return the revision of a store's tables, or None for an empty database.

    Raises:
        ConfigError: There is something, and it is no store of ours.
    """
    names = {name for (name,) in ask(_TABLE_NAMES[dialect])}
    if not names:
        return None
    if {"meta", "alembic_version"} <= names:
        formats = ask("SELECT value FROM meta WHERE name = 'format'")
        revisions = ask("SELECT version_num FROM alembic_version")
        if formats == [(FORMAT,)] and len(revisions) == 1:
            return str(revisions[0][0])
    raise ConfigError(
        f"The database {place} is not of petstore; nothing was changed, give another "
        "path or an empty database."
    )


def require_current(revision: str, *, place: str) -> None:
    """
    Refuse a store whose tables are not those of this version.

    Raises:
        ConfigError: They are older (says how to upgrade), or newer.
    """
    require_not_newer(revision, place=place)
    if revision != REVISION:
        raise ConfigError(
            f"The store {place} has revision {revision} and this version needs "
            f"{REVISION}; run `petstore db upgrade {place}`."
        )


def require_not_newer(revision: str, *, place: str) -> None:
    """
    Refuse a store that this version cannot know.

    Raises:
        ConfigError: A newer version made or upgraded it.
    """
    if revision > REVISION:
        raise ConfigError(
            f"The store {place} has revision {revision}, made by a newer version; this "
            f"one ({created_by()}) knows {REVISION}. Install a newer petstore."
        )


def create(ask: Ask, dialect: DialectName) -> None:
    """Make the tables of a fresh store, inside the caller's transaction."""
    for statement in fresh_statements(dialect):
        ask(statement)


@cache
def fresh_statements(dialect: DialectName) -> tuple[str, ...]:
    """Return what makes a fresh store, in order."""
    ddl: list[CreateTable | CreateIndex] = []
    for table in (*METADATA.sorted_tables, _VERSION):
        ddl.append(CreateTable(table))
        indexes = sorted(table.indexes, key=lambda index: str(index.name))
        ddl.extend(_create_index(index, dialect) for index in indexes)
    seeds = (
        insert(COUNTER).values([{"name": name, "value": 0} for name in COUNTER_NAMES]),
        insert(META).values(name="format", value=FORMAT),
        insert(META).values(name="created_by", value=created_by()),
        insert(_VERSION).values(version_num=REVISION),
    )
    engine = DIALECTS[dialect]
    literal = {"literal_binds": True}
    return (
        *(str(element.compile(dialect=engine)) for element in ddl),
        *(str(seed.compile(dialect=engine, compile_kwargs=literal)) for seed in seeds),
    )


def _create_index(index: Index, dialect: DialectName) -> CreateIndex:
    if dialect == "postgresql" and "where" in index.info:
        index.dialect_options["postgresql"]["where"] = index.info["where"]
    return CreateIndex(index)


def created_by() -> str:
    """Return the name and version of this product."""
    return f"petstore {__version__}"
