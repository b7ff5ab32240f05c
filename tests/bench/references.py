"""Measure the references in this process: raw sqlite3, and an AsyncSession."""

import asyncio
import random
import sqlite3
import statistics
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from time import perf_counter

import uvloop
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel.ext.asyncio.session import AsyncSession

from tests.bench import fastapi_shop
from tests.bench.table import Row, microseconds

ROUND_COUNT = 5
GET_COUNT = 500
COMMIT_COUNT = 200
SEED = 7


def sqlite_rows(path: Path, pet_count: int) -> list[Row]:
    """Measure sqlite3 alone on the file of `fastapi_shop`, for orientation."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA synchronous=FULL")
        get_s = statistics.median(_raw_get(db, pet_count) for _ in range(ROUND_COUNT))
        commit_s = statistics.median(_raw_commit(db) for _ in range(ROUND_COUNT))
    return [
        Row("raw sqlite3: a pet and its tags by id", microseconds(get_s)),
        Row("raw sqlite3: insert and commit, FULL", microseconds(commit_s)),
    ]


def session_row(path: Path, pet_count: int) -> Row:
    """Measure AsyncSession.get."""
    times_s = [session_seconds(path, pet_count) for _ in range(ROUND_COUNT)]
    return Row("AsyncSession.get", microseconds(statistics.median(times_s)))


def session_seconds(path: Path, pet_count: int) -> float:
    """Return how long one AsyncSession.get takes, each in a session of its own."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_session_seconds(path, pet_count))


def seconds(action: Callable[[], object], *, count: int) -> float:
    """Return how long one of `count` calls takes."""
    started_s = perf_counter()
    for _ in range(count):
        action()
    return (perf_counter() - started_s) / count


def spread(pet_count: int, *, count: int = GET_COUNT) -> list[int]:
    """Return ids in an order that no cache likes, the same in each run."""
    return random.Random(SEED).choices(range(1, pet_count + 1), k=count)


async def _session_seconds(path: Path, pet_count: int) -> float:
    engine = fastapi_shop.open_engine(f"{path}")
    sessions = async_sessionmaker(engine, class_=AsyncSession, expire_on_commit=False)
    async with sessions() as session:
        await session.get(fastapi_shop.Pet, 1)

    started_s = perf_counter()
    for pet_id in spread(pet_count):
        async with sessions() as session:
            pet = await session.get(fastapi_shop.Pet, pet_id)
        assert pet is not None
    took_s = perf_counter() - started_s

    await engine.dispose()
    return took_s / GET_COUNT


def _raw_get(db: sqlite3.Connection, pet_count: int) -> float:
    ids = iter(spread(pet_count))

    def get() -> None:
        pet_id = next(ids)
        db.execute("SELECT * FROM pet WHERE id = ?", (pet_id,)).fetchone()
        db.execute("SELECT * FROM tag WHERE pet_id = ?", (pet_id,)).fetchall()

    return seconds(get, count=GET_COUNT)


def _raw_commit(db: sqlite3.Connection) -> float:
    insert = "INSERT INTO pet (name, category, status, photo_urls)"
    values = "VALUES ('doggie', 'Dogs', 'available', '[]')"
    return seconds(lambda: db.execute(f"{insert} {values}"), count=COMMIT_COUNT)
