"""Groups commit at once, faults have names, and a full disk costs nobody else."""

import sqlite3

import pytest
from sqlalchemy import text

from petstore.contract.errors import (
    ConfigError,
    Conflicted,
    NotFound,
    PetstoreError,
    ServerFault,
    StorageFull,
    Unavailable,
)
from petstore.storage import sqlite
from petstore.storage.files import StoreFile
from petstore.storage.sqlite import SqliteDriver
from petstore.storage.statement import Statement
from petstore.storage.unit import Unit
from tests.kit.stores import START_MS
from tests.storage.units import (
    CHANGES,
    COUNTER_VALUE,
    INSERT_PET,
    PET_IDS,
    add_orphan_tag,
    add_pet,
    inventory,
    pet_ids,
    pet_row,
)

PAGE_COUNT = Statement(text("PRAGMA page_count"))


@pytest.fixture
def file(tmp_path):
    """Own a file."""
    opened = StoreFile(tmp_path / "shop.db", now=START_MS)
    yield opened
    opened.release()


@pytest.fixture
def driver(file, clock):
    """Give a fresh file's writing connection."""
    opened = file.open_writer(clock)
    yield opened
    opened.close()


@pytest.fixture
def reader(file, driver, clock):
    """Give a connection to the same file that only reads."""
    assert not driver.connection.in_transaction
    opened = file.open_reader(clock)
    yield opened
    opened.close()


def fail(tx):
    add_pet(tx, name="never")
    raise NotFound("no such owner")


def write(driver: SqliteDriver, *fns):
    units = [Unit(fn) for fn in fns]
    driver.write(units)
    return units


def read(driver, fn):
    unit = Unit(fn)
    driver.read([unit])
    return unit.outcome()


def fill_disk(tx):
    """Write more than `max_page_count` leaves room for."""
    tx.run(INSERT_PET, pet_row(900, photo_urls="x" * 1_000_000))


def limit_size(driver, *, spare_page_count):
    (used,) = read(driver, lambda tx: tx.row(PAGE_COUNT))
    driver.connection.execute(f"PRAGMA max_page_count={used + spare_page_count}")


def statements_of(driver):
    """Collect what the connection runs from now on."""
    seen: list[str] = []
    driver.connection.set_trace_callback(seen.append)
    return seen


def test_waiting_units_share_one_commit(driver, reader):
    seen = statements_of(driver)

    units = write(driver, add_pet, add_pet, add_pet)

    assert [unit.outcome() for unit in units] == [1, 2, 3]
    assert (seen.count("BEGIN IMMEDIATE"), seen.count("COMMIT")) == (1, 1)
    assert seen.count("SAVEPOINT unit") == 0
    assert read(reader, pet_ids) == [1, 2, 3]


def test_unit_that_fails_before_it_writes_costs_its_group_nothing(driver):
    def look_and_fail(tx):
        tx.rows(PET_IDS)
        raise NotFound("There is none.")

    seen = statements_of(driver)

    first, failed, last = write(driver, add_pet, look_and_fail, add_pet)

    assert (first.outcome(), last.outcome()) == (1, 2)
    with pytest.raises(NotFound):
        failed.outcome()
    assert (seen.count("BEGIN IMMEDIATE"), seen.count("COMMIT")) == (1, 1)
    assert "SAVEPOINT unit" not in seen


def test_unit_that_fails_after_it_wrote_is_undone_alone(driver, reader):
    def add_and_fail(tx):
        add_pet(tx)
        fail(tx)

    seen = statements_of(driver)

    first, failed, last = write(driver, add_pet, add_and_fail, add_pet)

    assert (first.outcome(), last.outcome()) == (1, 2)
    with pytest.raises(NotFound):
        failed.outcome()
    assert (seen.count("ROLLBACK"), seen.count("COMMIT")) == (1, 1)
    assert seen.count("SAVEPOINT unit") == 3
    assert read(reader, pet_ids) == [1, 2]
    assert read(reader, inventory) == {"available": 2}


def test_ids_of_callers_are_left_out_within_a_group(driver, reader):
    units = write(
        driver, add_pet, lambda tx: add_pet(tx, pet_id=3), add_pet, add_pet, add_pet
    )

    assert [unit.outcome() for unit in units] == [1, 3, 2, 4, 5]
    assert read(reader, lambda tx: tx.row(COUNTER_VALUE, {"counter": "id.pet"})) == (5,)


def test_each_unit_of_a_group_has_its_own_seq(driver, reader):
    write(driver, add_pet, lambda tx: tx.now, add_pet)

    changes = read(reader, lambda tx: tx.rows(CHANGES))

    assert [(seq, position) for seq, position, *_ in changes] == [(1, 0), (2, 0)]


def test_failed_unit_does_not_touch_its_group(driver, reader):
    first, failed, last = write(driver, add_pet, fail, add_pet)

    assert (first.outcome(), last.outcome()) == (1, 2)
    with pytest.raises(NotFound):
        failed.outcome()
    assert read(reader, pet_ids) == [1, 2]
    assert read(reader, inventory) == {"available": 2}


def test_broken_constraint_does_not_touch_its_group(driver, reader):
    first, failed, last = write(
        driver, add_pet, lambda tx: tx.run(INSERT_PET, pet_row(1)), add_pet
    )

    assert (first.outcome(), last.outcome()) == (1, 2)
    with pytest.raises(Conflicted):
        failed.outcome()
    assert read(reader, pet_ids) == [1, 2]


def test_group_that_was_rolled_back_is_run_again_one_by_one(driver, reader):
    """SQLite ends the whole transaction when the disk is full."""
    limit_size(driver, spare_page_count=30)
    seen = statements_of(driver)

    first, full, failed, last = write(driver, add_pet, fill_disk, fail, add_pet)

    assert (first.outcome(), last.outcome()) == (1, 2)
    with pytest.raises(StorageFull):
        full.outcome()
    with pytest.raises(NotFound):
        failed.outcome()
    assert seen.count("COMMIT") == 2
    assert read(reader, pet_ids) == [1, 2]
    assert read(reader, inventory) == {"available": 2}


def test_full_disk_keeps_what_there_is_and_recovers(driver, reader):
    write(driver, add_pet)
    limit_size(driver, spare_page_count=0)

    (full,) = write(driver, fill_disk)

    with pytest.raises(StorageFull, match=r"shop\.db"):
        full.outcome()
    assert read(reader, pet_ids) == [1]
    driver.connection.execute("PRAGMA max_page_count=1000000")
    (again,) = write(driver, add_pet)
    assert again.outcome() == 2


def test_failing_commit_fails_every_waiter(driver, reader):
    units = write(driver, add_pet, add_orphan_tag, fail)

    for unit in units:
        with pytest.raises(ServerFault, match="SQLITE_CONSTRAINT_FOREIGNKEY"):
            unit.outcome()
    assert read(reader, pet_ids) == []
    assert not driver.connection.in_transaction
    assert write(driver, add_pet)[0].outcome() == 1


def test_failing_commit_of_a_lone_unit_fails_it(driver, reader):
    (unit,) = write(driver, add_orphan_tag)

    with pytest.raises(ServerFault):
        unit.outcome()
    assert read(reader, pet_ids) == []


def test_group_whose_end_cannot_be_written_is_run_again_one_by_one(driver, reader):
    """Only the units that need the table suffer from its loss."""
    driver.connection.execute("ALTER TABLE change RENAME TO lost")

    logged, silent = write(driver, add_pet, lambda tx: tx.run(INSERT_PET, pet_row(7)))

    assert silent.outcome() == 1
    with pytest.raises(ServerFault):
        logged.outcome()
    assert read(reader, pet_ids) == [7]


@pytest.mark.parametrize("count", [1, 3])
def test_closed_connection_fails_every_waiter(driver, count):
    driver.close()

    for unit in write(driver, *[add_pet] * count):
        with pytest.raises(ServerFault):
            unit.outcome()


def test_closed_connection_fails_every_reader(reader):
    reader.close()
    units = [Unit(pet_ids), Unit(pet_ids)]

    reader.read(units)

    for unit in units:
        with pytest.raises(ServerFault):
            unit.outcome()


def test_reads_of_a_batch_see_one_state(driver, reader):
    write(driver, add_pet)

    def look_and_write(tx):
        seen = pet_ids(tx)
        write(driver, add_pet)
        return seen

    units = [Unit(look_and_write), Unit(pet_ids)]
    reader.read(units)

    assert [unit.outcome() for unit in units] == [[1], [1]]
    assert read(reader, pet_ids) == [1, 2]


def test_failed_read_does_not_touch_its_batch(driver, reader):
    write(driver, add_pet)

    def fail_to_read(_):
        raise NotFound("no")

    units = [Unit(fail_to_read), Unit(pet_ids)]
    reader.read(units)

    with pytest.raises(NotFound):
        units[0].outcome()
    assert units[1].outcome() == [1]


def test_reading_connection_cannot_write(reader):
    with pytest.raises(sqlite3.OperationalError):
        reader.connection.execute("DELETE FROM pet")


def test_another_writer_makes_the_store_busy(file, driver):
    """Somebody looks at the file with a tool, and has begun to write."""
    tool = sqlite3.connect(file.path, isolation_level=None)
    tool.execute("BEGIN IMMEDIATE")
    driver.connection.execute("PRAGMA busy_timeout=1")

    units = write(driver, add_pet, add_pet)

    for unit in units:
        with pytest.raises(Unavailable, match="busy"):
            unit.outcome()
    tool.close()


def test_error_keeps_the_units_frames_but_not_the_drivers(driver):
    """A driver's frame holds the unit, which holds the error: a cycle."""
    (unit,) = write(driver, fail)
    assert unit.error is not None

    frames = []
    traceback = unit.error.__traceback__
    while traceback is not None:
        frames.append(traceback.tb_frame.f_code.co_name)
        traceback = traceback.tb_next

    assert frames == ["fail"]


def test_stop_iteration_does_not_end_the_callers_loop(driver):
    (unit,) = write(driver, lambda _: next(iter(())))

    with pytest.raises(RuntimeError, match="StopIteration"):
        unit.outcome()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("SQLITE_BUSY", Unavailable),
        ("SQLITE_BUSY_SNAPSHOT", Unavailable),
        ("SQLITE_LOCKED", Unavailable),
        ("SQLITE_READONLY", Unavailable),
        ("SQLITE_READONLY_DIRECTORY", Unavailable),
        ("SQLITE_FULL", StorageFull),
        ("SQLITE_IOERR_WRITE", StorageFull),
        ("SQLITE_IOERR_FSYNC", ServerFault),
        ("SQLITE_CORRUPT", ServerFault),
        ("SQLITE_CORRUPT_INDEX", ServerFault),
        ("SQLITE_NOTADB", ServerFault),
        ("SQLITE_CANTOPEN", ConfigError),
        ("SQLITE_CANTOPEN_ISDIR", ConfigError),
        ("SQLITE_CONSTRAINT_UNIQUE", Conflicted),
        ("SQLITE_CONSTRAINT_PRIMARYKEY", Conflicted),
        ("SQLITE_CONSTRAINT_ROWID", Conflicted),
        ("SQLITE_CONSTRAINT_CHECK", ServerFault),
        ("SQLITE_ERROR", ServerFault),
    ],
)
def test_fault_is_told_by_its_name(name, kind):
    reported = sqlite3.OperationalError("the text does not matter")
    reported.sqlite_errorname = name

    fault = sqlite.classify(reported, "shop.db")

    assert type(fault) is kind
    assert isinstance(fault, PetstoreError)
    assert fault.__cause__ is reported
    assert "shop.db" not in fault.public_message


def test_damaged_file_is_a_fault_with_advice(file, driver, reader):
    for _ in range(50):
        write(driver, add_pet)
    driver.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    size = file.path.stat().st_size
    with file.path.open("r+b") as bytes_of_store:
        bytes_of_store.seek(4096)
        bytes_of_store.write(b"\xff" * (size - 4096))

    with pytest.raises(ServerFault, match="restore a backup"):
        read(reader, pet_ids)
    with pytest.raises(ServerFault, match="restore a backup"):
        file.open_reader(lambda: 0)


def test_old_sqlite_is_refused(monkeypatch):
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 36, 0))

    with pytest.raises(ConfigError, match=r"3\.37 or newer"):
        sqlite.connect_memory()
