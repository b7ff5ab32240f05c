"""On Postgres a unit survives deadlocks, races and lost connections."""

import asyncio
import os
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

import petstore
from petstore.contract.errors import (
    ConfigError,
    Conflicted,
    NotFound,
    NotSupported,
    ServerFault,
    StorageFull,
    Unavailable,
)
from petstore.storage import schema
from petstore.storage.maintenance import check
from petstore.storage.postgres import (
    ATTEMPT_COUNT_MAX,
    PAUSE_S_MAX,
    PostgresDriver,
    _fault_of,
    _pause,
)
from petstore.storage.statement import Statement
from petstore.storage.store import open_async_store, open_store
from petstore.storage.transaction import Overtaken, overtaken
from petstore.storage.unit import Unit
from tests.storage.units import (
    INSERT_PET,
    RENAME_PET,
    add_pet,
    clock_value,
    inventory,
    pet_ids,
    pet_row,
)

MY_PID = Statement(text("SELECT pg_backend_pid()"))
END_MYSELF = Statement(text("SELECT pg_terminate_backend(pg_backend_pid())"))
SLEEP = Statement(text("SELECT pg_sleep(30)"))
ISOLATION = Statement(text("SELECT current_setting('transaction_isolation')"))
CLOSED_PORT_URL = "postgresql://ann:secret@127.0.0.1:1/shop"
UNREADABLE_URL = "postgresql://ann:secret@db/shop?what=secret"
END_AT_COMMIT = """
CREATE FUNCTION end_me() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER end_me AFTER INSERT ON pet
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION end_me();
"""
IMPORT_WITHOUT_DRIVER = """
import sys
sys.modules["psycopg"] = None
from petstore.contract.errors import ConfigError
from petstore.storage.store import open_store
open_store("memory:", clock=lambda: 0).close()
try:
    open_store("postgresql://localhost/shop", clock=lambda: 0)
except ConfigError as error:
    print(error)
"""


@pytest.fixture
def pauses():
    """Collect the attempts that a driver paused before."""
    return []


@pytest.fixture
def driver(postgres_url, clock, pauses):
    """Give one connection's driver, which does not wait between attempts."""
    opened = PostgresDriver(postgres_url, clock, place="shop", pause=pauses.append)
    opened.prepare()
    yield opened
    opened.close()


def write(driver, fn):
    unit = Unit(fn)
    driver.write([unit])
    return unit.outcome()


def read(driver, fn):
    unit = Unit(fn)
    driver.read([unit])
    return unit.outcome()


def run_on_server(url, script):
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(script.encode())


def failing(*states: str) -> Callable:
    """Write a pet after the server has raised the given states, one per attempt."""
    left = list(states)

    def add_pet_in_the_end(tx):
        if left:
            state = left.pop(0)
            tx.rows(
                Statement(
                    text(
                        f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{state}'; END $$"
                    )
                )
            )
        return add_pet(tx)

    return add_pet_in_the_end


@pytest.mark.parametrize("state", ["40001", "40P01"])
def test_serialization_failure_is_tried_again(driver, pauses, state):
    assert write(driver, failing(state, state)) == 1

    assert pauses == [2, 3]
    assert read(driver, pet_ids) == [1]


def test_serialization_failure_is_not_tried_forever(driver, pauses):
    with pytest.raises(Unavailable, match="busy"):
        write(driver, failing(*["40001"] * (ATTEMPT_COUNT_MAX + 1)))

    assert len(pauses) == ATTEMPT_COUNT_MAX - 1


def test_reading_unit_is_tried_again(driver, pauses):
    states = ["40001"]

    def look(tx):
        if states:
            states.clear()
            tx.rows(
                Statement(
                    text("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$")
                )
            )
        return pet_ids(tx)

    assert read(driver, look) == []
    assert pauses == [2]


def test_unit_that_was_overtaken_is_run_again(driver, pauses):
    runs: list[int] = []

    def notice_once(tx):
        runs.append(1)
        if len(runs) == 1:
            raise overtaken("pet", 7)
        return add_pet(tx)

    assert write(driver, notice_once) == 1
    assert pauses == [2]


def test_unit_that_is_always_overtaken_is_told(driver, pauses):
    def notice(_):
        raise overtaken("pet", 7)

    with pytest.raises(Overtaken, match="pet 7"):
        write(driver, notice)

    assert len(pauses) == ATTEMPT_COUNT_MAX - 1


def test_pauses_grow_and_differ(monkeypatch):
    slept: list[float] = []
    monkeypatch.setattr("petstore.storage.postgres.time.sleep", slept.append)

    for attempt in range(2, ATTEMPT_COUNT_MAX + 1):
        for _ in range(20):
            _pause(attempt)

    assert len(set(slept[:20])) > 1
    assert max(slept[:20]) <= 0.04
    assert max(slept) <= PAUSE_S_MAX


def test_deadlock_is_resolved_by_running_one_unit_again(postgres_url, clock):
    stores = [open_store(postgres_url, clock=clock) for _ in range(2)]
    stores[0].write(lambda tx: [add_pet(tx), add_pet(tx)])
    both_hold_one = threading.Barrier(2)

    def rename_both(store, order):
        runs = 0

        def rename(tx):
            nonlocal runs
            runs += 1
            for pet_id in order:
                tx.run(RENAME_PET, {"pet_id": pet_id, "new_name": "Max"})
                if runs == 1 and pet_id == order[0]:
                    both_hold_one.wait(timeout=30)

        store.write(rename)
        counts.append(runs)

    counts: list[int] = []
    orders = ([1, 2], [2, 1])
    threads = [
        threading.Thread(target=rename_both, args=pair)
        for pair in zip(stores, orders, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(counts) == [1, 2]
    for store in stores:
        store.close()


def test_two_stores_never_give_out_one_id(postgres_url, clock):
    """A third caller brings ids of its own, just ahead of the counter."""
    stores = [open_store(postgres_url, clock=clock) for _ in range(3)]
    start = threading.Barrier(3)
    given: list[int] = []
    refused: list[int] = []

    def allocate(store):
        start.wait(timeout=30)
        given.extend([store.write(add_pet) for _ in range(40)])

    def bring(store):
        start.wait(timeout=30)
        for pet_id in range(2, 80, 3):
            try:
                store.write(lambda tx, pet_id=pet_id: add_pet(tx, pet_id=pet_id))
            except Conflicted:
                refused.append(pet_id)

    threads = [threading.Thread(target=allocate, args=(store,)) for store in stores[:2]]
    threads.append(threading.Thread(target=bring, args=(stores[2],)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(given) == len(set(given)) == 80
    assert len(stores[0].read(pet_ids)) == 80 + 26 - len(refused)
    assert check(postgres_url) == []
    for store in stores:
        store.close()


def test_id_that_another_store_takes_in_between_is_given_up(
    driver, pauses, postgres_url, clock
):
    other = open_store(postgres_url, clock=clock)
    given: list[int] = []

    def add_slowly(tx):
        given.append(tx.next_id("pet"))
        if len(given) == 1:
            other.write(lambda tx: tx.run(INSERT_PET, pet_row(1)))
        tx.run(INSERT_PET, pet_row(given[-1]))

    write(driver, add_slowly)

    assert given == [1, 2]
    assert pauses == [2]
    other.close()


def test_conflict_over_an_id_of_the_callers_is_not_tried_again(driver, pauses):
    write(driver, lambda tx: add_pet(tx, pet_id=7))

    with pytest.raises(Conflicted):
        write(driver, lambda tx: add_pet(tx, pet_id=7))

    assert pauses == []


def test_lost_connection_is_opened_again(driver, postgres_url):
    (pid,) = read(driver, lambda tx: tx.row(MY_PID))

    run_on_server(postgres_url, f"SELECT pg_terminate_backend({pid}, 5000)")

    assert write(driver, add_pet) == 1
    assert read(driver, lambda tx: tx.row(MY_PID)) != (pid,)


def test_unit_that_loses_its_connection_is_run_again(driver, pauses):
    runs: list[int] = []

    def lose_it_once(tx):
        runs.append(1)
        if len(runs) == 1:
            tx.rows(END_MYSELF)
        return add_pet(tx)

    assert write(driver, lose_it_once) == 1
    assert len(runs) == 2
    assert pauses == [2]
    assert read(driver, pet_ids) == [1]


def test_connection_that_ends_after_a_read_is_opened_again(driver):
    def lose_it_at_the_end(tx):
        with psycopg.connect(driver._dsn, autocommit=True) as other:
            (pid,) = tx.row(MY_PID)
            other.execute(f"SELECT pg_terminate_backend({pid}, 5000)".encode())
        return pid

    read(driver, lose_it_at_the_end)

    assert read(driver, pet_ids) == []


def test_connection_lost_in_the_commit_leaves_a_doubt(
    empty_postgres_url, clock, pauses
):
    """Nobody can know whether the server had committed, so it is not run again."""
    driver = PostgresDriver(
        empty_postgres_url, clock, place="shop", pause=pauses.append
    )
    driver.prepare()
    run_on_server(empty_postgres_url, END_AT_COMMIT)

    with pytest.raises(Unavailable, match="may or may not be stored"):
        write(driver, add_pet)

    assert pauses == []
    assert read(driver, pet_ids) == []
    driver.close()


def test_server_that_turned_read_only_is_left(driver, pauses):
    runs: list[int] = []

    def meet_a_standby(tx):
        runs.append(1)
        return failing("25006")(tx) if len(runs) == 1 else add_pet(tx)

    (pid,) = read(driver, lambda tx: tx.row(MY_PID))
    assert write(driver, meet_a_standby) == 1

    assert read(driver, lambda tx: tx.row(MY_PID)) != (pid,)
    assert pauses == [2]


def test_unit_that_hides_a_failed_statement_is_not_acknowledged(driver):
    def hide(tx):
        add_pet(tx)
        try:
            failing("22012")(tx)
        except psycopg.Error:
            return "all is well"

    with pytest.raises(ServerFault):
        write(driver, hide)

    assert read(driver, pet_ids) == []


def test_hidden_failure_at_the_end_is_not_acknowledged(driver):
    def hide(tx):
        tx.run(INSERT_PET, pet_row(1))
        try:
            failing("22012")(tx)
        except psycopg.Error:
            return "all is well"

    with pytest.raises(ServerFault, match="went on after"):
        write(driver, hide)


def test_failed_read_does_not_touch_its_batch(driver):
    write(driver, add_pet)

    def fail(_):
        raise NotFound("no")

    units = [Unit(fail), Unit(failing("22012")), Unit(pet_ids)]
    driver.read(units)

    with pytest.raises(NotFound):
        units[0].outcome()
    with pytest.raises(ServerFault, match="22012"):
        units[1].outcome()
    assert units[2].outcome() == [1]


def test_reads_of_a_batch_see_one_state(driver, postgres_url, clock):
    other = open_store(postgres_url, clock=clock)

    def look_and_write(tx):
        seen = pet_ids(tx)
        other.write(add_pet)
        return seen

    units = [Unit(look_and_write), Unit(pet_ids)]
    driver.read(units)

    assert [unit.outcome() for unit in units] == [[], []]
    assert read(driver, pet_ids) == [1]
    other.close()


def test_isolation_is_that_of_the_design(driver):
    assert read(driver, lambda tx: tx.row(ISOLATION)) == ("repeatable read",)
    assert write(driver, lambda tx: tx.row(ISOLATION)) == ("read committed",)


def test_statement_that_takes_too_long_is_stopped(postgres_url, clock):
    store = open_store(
        f"{postgres_url}&options=-c%20statement_timeout%3D20ms", clock=clock
    )

    with pytest.raises(Unavailable, match="took too long"):
        store.write(lambda tx: tx.rows(SLEEP))
    with pytest.raises(Unavailable, match="took too long"):
        store.read(lambda tx: tx.rows(SLEEP))

    assert store.write(add_pet) == 1
    store.close()


def test_lock_that_takes_too_long_is_busy(postgres_url, clock):
    store = open_store(f"{postgres_url}&options=-c%20lock_timeout%3D20ms", clock=clock)
    other = open_store(postgres_url, clock=clock)

    def wait_for_it(tx):
        tx.next_id("pet")
        with pytest.raises(Unavailable, match="busy"):
            store.write(add_pet)

    other.write(wait_for_it)

    store.close()
    other.close()


def test_own_timeouts_are_set(driver):
    shown = Statement(
        text(
            "SELECT current_setting('statement_timeout'),"
            " current_setting('lock_timeout'), current_setting('application_name')"
        )
    )

    assert read(driver, lambda tx: tx.row(shown)) == ("30s", "10s", "petstore")


async def test_lanes_count_and_log_without_gaps(postgres_url, clock):
    stores = [await open_async_store(postgres_url, clock=clock) for _ in range(2)]

    async def work(store, worker):
        for _ in range(10):
            await store.write(add_pet, actor=f"worker {worker}")

    await asyncio.gather(*(work(stores[n % 2], n) for n in range(6)))

    assert await stores[0].read(clock_value) == 60
    assert await stores[1].read(inventory) == {"available": 60}
    assert check(postgres_url) == []
    for store in stores:
        await store.close()


async def test_store_on_postgres_has_no_snapshot(postgres_url, clock):
    store = await open_async_store(postgres_url, clock=clock)

    with pytest.raises(NotSupported):
        await store.snapshot()

    await store.close()


def test_server_that_cannot_be_reached_is_told_without_the_password(clock):
    with pytest.raises(Unavailable, match="Cannot reach") as caught:
        open_store(CLOSED_PORT_URL, clock=clock)

    assert "secret" not in "".join(traceback.format_exception(caught.value))
    assert "ann@127.0.0.1:1/shop" in caught.value.message


async def test_server_that_cannot_be_reached_leaves_no_thread(clock, no_leaks):
    with no_leaks(), pytest.raises(Unavailable, match="Cannot reach"):
        await open_async_store(CLOSED_PORT_URL, clock=clock)


def test_url_that_cannot_be_read_is_told_without_the_password(clock):
    with pytest.raises(ConfigError, match="cannot be read") as caught:
        open_store(UNREADABLE_URL, clock=clock)

    assert "secret" not in "".join(traceback.format_exception(caught.value))


def test_missing_driver_is_told_how_to_install():
    child = subprocess.run(
        [sys.executable, "-c", IMPORT_WITHOUT_DRIVER],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(petstore.__path__[0]).parent)},
    )

    assert "pip install petstore[postgres]" in child.stdout


def test_empty_database_becomes_a_store(empty_postgres_url, clock):
    store = open_store(empty_postgres_url, clock=clock)
    assert store.write(add_pet) == 1
    store.close()

    store = open_store(empty_postgres_url, clock=clock)
    assert store.read(pet_ids) == [1]
    store.close()


def test_database_that_cannot_get_tables_is_told(empty_postgres_url, clock):
    url = f"{empty_postgres_url}&options=-c%20default_transaction_read_only%3Don"

    with pytest.raises(Unavailable, match="read-only"):
        open_store(url, clock=clock)


def test_two_processes_may_open_an_empty_database_at_once(empty_postgres_url, clock):
    start = threading.Barrier(4)
    written: list[int] = []

    def open_and_write():
        start.wait(timeout=30)
        store = open_store(empty_postgres_url, clock=clock)
        written.append(store.write(add_pet))
        store.close()

    threads = [threading.Thread(target=open_and_write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(written) == [1, 2, 3, 4]


def test_table_that_appears_while_a_store_is_made_is_no_race(
    empty_postgres_url, clock, monkeypatch
):
    """Somebody else's table of the same name is not a store that was made first."""
    driver = PostgresDriver(empty_postgres_url, clock, place="shop")
    revision = driver._revision

    def revision_of_a_moment_ago():
        found = revision()
        run_on_server(empty_postgres_url, "CREATE TABLE IF NOT EXISTS pet (id int)")
        return found

    monkeypatch.setattr(driver, "_revision", revision_of_a_moment_ago)
    with pytest.raises(ConfigError, match="not of petstore"):
        driver.prepare()


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("CREATE TABLE pet (id int)", "not of petstore"),
        ("UPDATE alembic_version SET version_num = '9999'", "newer version"),
        ("UPDATE alembic_version SET version_num = '0000'", "petstore db upgrade"),
    ],
)
def test_database_of_another_kind_is_refused(
    empty_postgres_url, clock, script, message
):
    if script.startswith("UPDATE"):
        open_store(empty_postgres_url, clock=clock).close()
    run_on_server(empty_postgres_url, script)

    with pytest.raises(ConfigError, match=message):
        open_store(empty_postgres_url, clock=clock)


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        (None, Unavailable),
        ("08006", Unavailable),
        ("57P01", Unavailable),
        ("57014", Unavailable),
        ("53300", Unavailable),
        ("55P03", Unavailable),
        ("40001", Unavailable),
        ("40P01", Unavailable),
        ("25006", Unavailable),
        ("53100", StorageFull),
        ("23505", Conflicted),
        ("23514", ServerFault),
        ("XX001", ServerFault),
        ("42601", ServerFault),
    ],
)
def test_fault_is_told_by_its_state(state, kind):
    assert type(_fault_of(state, "shop")) is kind


def test_fresh_store_has_the_revision_of_this_version(driver):
    assert driver._revision() == schema.REVISION
