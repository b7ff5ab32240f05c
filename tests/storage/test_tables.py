"""The tables keep to the few things that both engines and their kin do alike."""

import re

import pytest
from sqlalchemy import UniqueConstraint
from sqlmodel import SQLModel

from petstore.storage.schema import fresh_statements
from petstore.storage.tables import METADATA

COLUMNS = [column for table in METADATA.sorted_tables for column in table.columns]


def test_tables_of_a_host_application_stay_untouched():
    assert not set(METADATA.tables) & set(SQLModel.metadata.tables)


@pytest.mark.parametrize(
    ("dialect", "types"),
    [
        pytest.param("sqlite", {"INTEGER", "TEXT"}, id="sqlite"),
        pytest.param("postgresql", {"BIGINT", 'TEXT COLLATE "C"'}, id="postgresql"),
    ],
)
def test_only_two_column_types_exist(dialect, types):
    tables = [text for text in fresh_statements(dialect) if "CREATE TABLE" in text]
    # The last one is Alembic's.
    columns = re.findall(
        r'^\t\w+ ((?:\w+)(?: COLLATE "C")?)', "\n".join(tables[:-1]), re.M
    )
    found = {column for column in columns if not column.startswith("pk_")}

    assert found - {"pk", "fk", "uq"} >= types
    assert {word for word in found if word.isupper() or "COLLATE" in word} == types


def test_every_sqlite_table_is_strict():
    tables = [text for text in fresh_statements("sqlite") if "CREATE TABLE" in text]

    assert all("STRICT" in text for text in tables[:-1])


def test_every_constraint_and_index_has_a_name():
    constraints = [one for table in METADATA.sorted_tables for one in table.constraints]
    indexes = [one for table in METADATA.sorted_tables for one in table.indexes]

    assert all(one.name for one in constraints)
    assert all(one.name for one in indexes)
    assert any(isinstance(one, UniqueConstraint) for one in constraints)


def test_postgres_makes_no_serial():
    assert not any("SERIAL" in text for text in fresh_statements("postgresql"))


@pytest.mark.parametrize("column", COLUMNS, ids=str)
def test_key_columns_hold_no_null(column):
    if column.primary_key:
        assert not column.nullable
