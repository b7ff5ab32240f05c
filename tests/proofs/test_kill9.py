"""A server that is killed at any moment has kept every write that it acknowledged."""

import asyncio
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from random import Random

import pytest

import petstore
from petstore.storage.maintenance import check
from tests.proofs.clerks import Clerk, a_crew, settle
from tests.proofs.processes import Program, started, until
from tests.proofs.wire import connect

pytestmark = pytest.mark.proof

ROUND_COUNT = 50
ROUND_COUNT_MIN = 3
CLERK_COUNT = 32
KILLED_AFTER_S_MAX = 0.8
ROUND_TIMEOUT_S = 60
# Several transactions' worth, and about how long SQLite's log is after them.
PET_COUNT = 2_500
FILLED_LOG_BYTES = 1_500_000

Tell = Callable[[str], None]


async def test_killed_server_has_kept_every_acknowledged_write(
    tmp_path: Path,
    rng: Random,
    at_scale: Callable[[int], int],
    tell: Tell,
):
    store = tmp_path / "shop.db"
    crew = a_crew(CLERK_COUNT, rng)
    round_count = max(ROUND_COUNT_MIN, at_scale(ROUND_COUNT))
    began_s, acknowledged_count = time.monotonic(), 0

    for _ in range(round_count):
        arguments = ("--store", store, "--seed", "empty")
        with started(tmp_path, *arguments) as server:
            async with asyncio.timeout(ROUND_TIMEOUT_S):
                acknowledged_count += await work_until_killed(server, crew, rng)
            assert -signal.SIGKILL == server.end()

        assert [] == check(str(store))
        settle(crew, store)

    took_s = time.monotonic() - began_s
    tell(f"{round_count} rounds, {acknowledged_count:,} acknowledged, {took_s:.0f} s")


def test_store_that_was_killed_while_it_was_filled_is_filled_again(
    tmp_path: Path, rng: Random, at_scale: Callable[[int], int], tell: Tell
):
    store = tmp_path / "shop.db"
    options = ("--store", store, "--seed", str(PET_COUNT))
    round_count = max(ROUND_COUNT_MIN, at_scale(ROUND_COUNT))
    stored_counts = []
    for _ in range(round_count):
        log_bytes = rng.randint(1, FILLED_LOG_BYTES)
        with started(tmp_path, *options) as server:
            until(partial(has_logged, store, log_bytes), within_s=ROUND_TIMEOUT_S)
            server.process.kill()
            server.end()
        stored_counts.append(pet_count(store))

        with petstore.open(str(store), seed=PET_COUNT) as shop:
            assert list(range(1, PET_COUNT + 1)) == [pet.id for pet in shop.pets.list()]
        assert [] == check(str(store))
        remove(store)

    tell(f"killed after as many pets, so often: {dict(Counter(stored_counts))}")


def has_logged(store: Path, size_bytes: int) -> bool:
    log = store.with_name(f"{store.name}-wal")
    return log.exists() and log.stat().st_size >= size_bytes


def pet_count(store: Path) -> int:
    with closing(sqlite3.connect(store)) as connection:
        if not connection.execute("SELECT name FROM sqlite_master").fetchall():
            return 0
        (count,) = connection.execute("SELECT count(*) FROM pet").fetchone()
    return int(count)


def remove(store: Path) -> None:
    for path in store.parent.glob(f"{store.name}*"):
        path.unlink()


async def work_until_killed(server: Program, crew: list[Clerk], rng: Random) -> int:
    """Let the crew write, kill the server; return the count of writes it took."""
    port = await asyncio.to_thread(server.port)
    loop = asyncio.get_running_loop()
    counted = 0

    def count() -> None:
        nonlocal counted
        if not counted:
            # From the first write on, any moment is as likely as another.
            loop.call_later(rng.uniform(0, KILLED_AFTER_S_MAX), server.process.kill)
        counted += 1

    connections = [await connect(port) for _ in crew]
    await asyncio.gather(
        *(
            clerk.work(connection, count)
            for clerk, connection in zip(crew, connections, strict=True)
        )
    )
    return counted
