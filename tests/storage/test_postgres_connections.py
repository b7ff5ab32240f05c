"""A unit on Postgres survives lost connections, and reads see one state."""

import asyncio

import psycopg
import pytest
from sqlalchemy import text

from petstore.contract.errors import (
    NotFound,
    NotSupported,
    ServerFault,
    Unavailable,
)
from petstore.storage.maintenance import check
from petstore.storage.postgres import (
    PostgresDriver,
)
from petstore.storage.statement import Statement
from petstore.storage.store import open_async_store, open_store
from petstore.storage.unit import Unit
from tests.storage.postgres_kit import (
    driver,
    failing,
    pauses,
    read,
    run_on_server,
    write,
)
from tests.storage.units import (
    INSERT_PET,
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
END_AT_COMMIT = """
CREATE FUNCTION end_me() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER end_me AFTER INSERT ON pet
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION end_me();
"""


__all__ = ["driver", "pauses"]


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
