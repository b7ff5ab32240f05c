"""The steps of SQLite's machine are counted."""

import sqlite3
from contextlib import closing
from functools import partial

from tests.kit.steps import steps_of

COUNT_TO = (
    "WITH RECURSIVE turn(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM turn WHERE n < ?)"
    " SELECT max(n) FROM turn"
)


def test_twice_the_work_takes_twice_the_steps():
    with closing(sqlite3.connect(":memory:")) as connection:
        few, many, none = (
            steps_of(connection, partial(run, connection, count))
            for count in (1_000, 2_000, 0)
        )

    assert 1_000 < few
    assert (many - few) * 999 == (few - none) * 1_000


def run(connection: sqlite3.Connection, count: int) -> None:
    assert connection.execute(COUNT_TO, (count,)).fetchone() == (max(count, 1),)
