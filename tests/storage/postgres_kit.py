"""Give tests a driver on Postgres, with pauses that are noted instead of made."""

from collections.abc import Callable

import psycopg
import pytest
from sqlalchemy import text

from petstore.storage.postgres import (
    PostgresDriver,
)
from petstore.storage.statement import Statement
from petstore.storage.unit import Unit
from tests.storage.units import (
    add_pet,
)


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
