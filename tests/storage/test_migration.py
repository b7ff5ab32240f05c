"""Migrations lead to the tables of a fresh store, and never lose a row."""

import re
import sqlite3
from pathlib import Path

import psycopg
import pytest

from petstore.contract.errors import ConfigError, ServerFault, StorageFull
from petstore.storage import schema
from petstore.storage.maintenance import check
from petstore.storage.migration import MIGRATIONS, current, history, upgrade
from petstore.storage.store import open_store
from tests.storage.units import add_pet, pet_ids

NEXT = f"{int(schema.REVISION) + 1:04}"
BACKUP = f"shop.db.{schema.REVISION}.backup"

# What a later version may do: rebuild a table that others refer to, and add a column.
REBUILD = """
import sqlalchemy as sa
from alembic import op

revision = "NEXT"
down_revision = "LAST"


def upgrade():
    '''Give pets a colour.'''
    with op.batch_alter_table("pet", recreate="always") as table:
        table.add_column(sa.Column("colour", sa.Text, nullable=True))
"""
LOSE_TAGS = """
from alembic import op

revision = "NEXT"
down_revision = "LAST"


def upgrade():
    op.execute("DELETE FROM pet_tag WHERE position = 1")
    op.execute("CREATE TABLE left_behind (id INTEGER)")
"""
BREAK_REFERENCES = """
from alembic import op

revision = "NEXT"
down_revision = "LAST"


def upgrade():
    op.execute("UPDATE pet_tag SET pet_id = pet_id + 400")
"""
FAIL_LATE = """
from alembic import op

revision = "NEXT"
down_revision = "LAST"


def upgrade():
    op.execute("CREATE TABLE left_behind (id INTEGER)")
    op.execute("SELECT no_such_column FROM pet")
"""
FILL_DISK = """
from alembic import op

revision = "NEXT"
down_revision = "LAST"


def upgrade():
    op.execute("PRAGMA max_page_count=1")
    op.execute("INSERT INTO meta VALUES ('big', printf('%.1000000c', 'x'))")
"""
POSTGRES_SHAPE = """
SELECT 'column', table_name, column_name, ordinal_position::text, data_type,
       is_nullable, collation_name, column_default
  FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL
SELECT 'constraint', conrelid::regclass::text, conname, '', pg_get_constraintdef(oid),
       '', '', '' FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL
SELECT 'index', tablename, indexname, '', indexdef, '', '', ''
  FROM pg_indexes WHERE schemaname = 'public'
ORDER BY 1, 2, 3
"""
ROWS = (
    "SELECT name, CAST(value AS TEXT) FROM counter"
    " UNION ALL SELECT name, value FROM meta"
    " UNION ALL SELECT 'revision', version_num FROM alembic_version ORDER BY 1"
)


@pytest.fixture
def with_step(tmp_path):
    """Give the migrations of this version with one more."""

    def write(step: str) -> Path:
        folder = tmp_path / "migrations"
        folder.mkdir()
        for path in MIGRATIONS.glob("revision_*.py"):
            (folder / path.name).write_text(path.read_text())
        text = step.replace("NEXT", NEXT).replace("LAST", schema.REVISION)
        path = folder / f"revision_{NEXT}.py"
        path.write_text(f'"""Do something new."""\n{text}')
        return folder

    return write


@pytest.fixture
def shop(file_url, clock):
    """Give the path of a closed store with three pets."""
    store = open_store(file_url, clock=clock)
    store.write(lambda tx: [add_pet(tx) for _ in range(3)])
    store.close()
    return Path(file_url)


def rows_of(path, query):
    connection = sqlite3.connect(path)
    rows = connection.execute(query).fetchall()
    connection.close()
    return rows


def sqlite_shape(path):
    """Return the text of each table and index, without its white space."""
    shape = rows_of(path, "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    return {name: re.sub(r"\s+", " ", sql) for name, sql in shape}


def postgres_rows(url, query):
    with psycopg.connect(url) as connection:
        return connection.execute(query.encode()).fetchall()


def test_migrations_lead_to_the_fresh_tables_on_sqlite(tmp_path, clock):
    fresh, migrated = tmp_path / "fresh.db", tmp_path / "migrated.db"
    open_store(str(fresh), clock=clock).close()
    migrated.touch()

    assert upgrade(str(migrated)) is None

    assert sqlite_shape(migrated) == sqlite_shape(fresh)
    assert rows_of(migrated, ROWS) == rows_of(fresh, ROWS)
    open_store(str(migrated), clock=clock).close()


def test_migrations_lead_to_the_fresh_tables_on_postgres(
    empty_postgres_url, postgres_url, clock
):
    assert upgrade(empty_postgres_url) is None

    assert postgres_rows(empty_postgres_url, POSTGRES_SHAPE) == postgres_rows(
        postgres_url, POSTGRES_SHAPE
    )
    assert postgres_rows(empty_postgres_url, ROWS) == postgres_rows(postgres_url, ROWS)
    open_store(empty_postgres_url, clock=clock).close()


def test_store_of_the_first_version_becomes_one_of_this(tmp_path, clock):
    first = tmp_path / "first"
    first.mkdir()
    source = (MIGRATIONS / "revision_0001.py").read_text()
    (first / "revision_0001.py").write_text(source)
    old, fresh = tmp_path / "old.db", tmp_path / "fresh.db"
    old.touch()
    open_store(str(fresh), clock=clock).close()
    upgrade(str(old), migrations=first)
    assert current(str(old)) == "0001"

    upgrade(str(old))

    assert sqlite_shape(old) == sqlite_shape(fresh)
    assert rows_of(old, ROWS) == rows_of(fresh, ROWS)
    assert check(str(old)) == []


def test_history_ends_at_the_revision_of_this_version():
    revisions = history()

    assert revisions[0].name == schema.REVISION
    assert [revision.name for revision in revisions] == sorted(
        (revision.name for revision in revisions), reverse=True
    )
    assert revisions[-1].summary == "Make the first tables."


def test_current_names_the_revision(durable_url, clock):
    open_store(durable_url, clock=clock).close()

    assert current(durable_url) == schema.REVISION


def test_current_store_is_left_alone(durable_url, clock):
    open_store(durable_url, clock=clock).close()

    assert upgrade(durable_url) is None


def test_upgrade_keeps_every_row_and_a_backup(shop, with_step):
    """With foreign keys on, rebuilding `pet` would delete every tag."""
    done: list[tuple[int, int]] = []

    backup = upgrade(
        str(shop),
        migrations=with_step(REBUILD),
        on_progress=lambda *progress: done.append(progress),
    )

    assert backup == shop.with_name(BACKUP)
    assert rows_of(shop, "SELECT id, name, colour FROM pet") == [
        (pet_id, "Rex", None) for pet_id in (1, 2, 3)
    ]
    assert rows_of(shop, "SELECT count(*) FROM pet_tag") == [(6,)]
    assert rows_of(backup, "SELECT count(*) FROM pet_tag") == [(6,)]
    assert done == [(1, 1)]
    assert current(str(shop)) == NEXT
    assert current(str(backup)) == schema.REVISION


def test_second_backup_gets_another_name(shop, with_step):
    shop.with_name(BACKUP).write_text("from an earlier try")

    backup = upgrade(str(shop), migrations=with_step(REBUILD))

    assert backup == shop.with_name(f"{BACKUP}.2")


def test_backups_do_not_pile_up_without_end(shop, with_step, monkeypatch):
    monkeypatch.setattr("petstore.storage.migration._TAILS", ("",))
    shop.with_name(BACKUP).write_text("from an earlier try")

    with pytest.raises(ConfigError, match="Too many backups"):
        upgrade(str(shop), migrations=with_step(REBUILD))


@pytest.mark.parametrize(
    ("step", "message"),
    [
        pytest.param(LOSE_TAGS, "3 of 6 rows in pet_tag", id="lost rows"),
        pytest.param(BREAK_REFERENCES, "broke 6 references", id="broken references"),
        pytest.param(FAIL_LATE, "A step of the upgrade failed", id="failing step"),
    ],
)
def test_bad_step_changes_nothing(shop, with_step, clock, step, message):
    before = sqlite_shape(shop)

    with pytest.raises(ServerFault, match=message):
        upgrade(str(shop), migrations=with_step(step))

    assert sqlite_shape(shop) == before
    assert check(str(shop)) == []
    store = open_store(str(shop), clock=clock)
    assert store.read(pet_ids) == [1, 2, 3]
    store.close()


def test_bad_step_changes_nothing_on_postgres(postgres_url, with_step, clock):
    store = open_store(postgres_url, clock=clock)
    store.write(add_pet)
    store.close()

    with pytest.raises(ServerFault, match="1 of 2 rows in pet_tag"):
        upgrade(postgres_url, migrations=with_step(LOSE_TAGS))

    assert current(postgres_url) == schema.REVISION
    assert check(postgres_url) == []


def test_upgrade_without_space_is_told(shop, with_step):
    with pytest.raises(StorageFull):
        upgrade(str(shop), migrations=with_step(FILL_DISK))

    assert check(str(shop)) == []


def test_newer_store_is_refused(durable_url, clock):
    open_store(durable_url, clock=clock).close()
    change = "UPDATE alembic_version SET version_num = '9999'"
    if durable_url.startswith("postgresql"):
        with psycopg.connect(durable_url, autocommit=True) as session:
            session.execute(change)
    else:
        connection = sqlite3.connect(durable_url)
        connection.execute(change)
        connection.commit()
        connection.close()

    with pytest.raises(ConfigError, match="newer version"):
        upgrade(durable_url)


def test_owned_store_is_not_upgraded(file_url, clock, with_step):
    store = open_store(file_url, clock=clock)

    with pytest.raises(ConfigError, match="in use by process"):
        upgrade(file_url, migrations=with_step(REBUILD))

    store.close()


def test_store_in_memory_has_no_revision():
    for ask in (current, upgrade):
        with pytest.raises(ConfigError, match="ends with its process"):
            ask("memory:")


def test_missing_store_is_not_made_by_an_upgrade(file_url):
    for ask in (current, upgrade):
        with pytest.raises(ConfigError, match="There is no store"):
            ask(file_url)

    assert not Path(file_url).exists()
