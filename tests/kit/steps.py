"""Count how far SQLite goes for something, which no clock tells as exactly."""

import operator
import sqlite3
from collections.abc import Callable
from itertools import repeat

COUNT_MAX = 2**40


def steps_of(connection: sqlite3.Connection, act: Callable[[], object]) -> int:
    """Count the instructions of SQLite's machine that an act takes."""
    # Counts down in C: millions of calls of a function of Python take as many seconds.
    left = repeat(None, COUNT_MAX)
    connection.set_progress_handler(left.__next__, 1)
    try:
        act()
    finally:
        connection.set_progress_handler(None, 1)
    return COUNT_MAX - operator.length_hint(left)
