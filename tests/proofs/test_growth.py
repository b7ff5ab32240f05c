"""A shop that grows is read at the same cost, and a server that works stays small."""

import asyncio
import sqlite3
import statistics
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any, cast

import pytest

import petstore
from petstore.contract import calls
from petstore.contract.call import Call
from petstore.contract.model import Page
from petstore.embed import Embedded
from petstore.engine.paging import write_cursor
from tests.kit.steps import steps_of
from tests.proofs.processes import started
from tests.proofs.wire import Connection, connect, request

pytestmark = pytest.mark.proof

SMALL = 1_000
LARGE = 1_000_000
GROWTH_MAX = 1.5
PAGE_SIZE = 100
COUNTED_COUNT = 20
TIMED_S = 0.1

REQUEST_COUNT = 20_000
CONNECTION_COUNT = 16
RSS_MB_MAX = 120
RSS_GROWTH_MAX = 1.05

Tell = Callable[[str], None]
Draw = Callable[[], Call[Any]]


def test_reads_of_a_large_shop_cost_what_they_cost_in_a_small_one(
    tmp_path: Path, rng: Random, at_scale: Callable[[int], int], tell: Tell
):
    count = at_scale(LARGE)
    growth: dict[str, float] = {}
    with (
        petstore.open(str(tmp_path / "small.db"), seed=SMALL) as small,
        petstore.open(str(tmp_path / "large.db"), seed=count) as large,
    ):
        of_small, of_large = reads(SMALL, rng), reads(count, rng)
        for name in of_small:
            pair = ((small, of_small[name]), (large, of_large[name]))
            few, many = (steps(shop, draw) for shop, draw in pair)
            growth[name] = many / few
            before_us, after_us = times_us(pair)
            tell(
                f"{name}, {count:,} pets to {SMALL:,}: {growth[name]:.2f} of"
                f" {few:,.0f} steps, {after_us / before_us:.2f} of {before_us:,.0f} us"
            )

    # At its full size it holds half a gigabyte.
    (tmp_path / "large.db").unlink()
    assert {} == {name: value for name, value in growth.items() if value > GROWTH_MAX}


def reads(count: int, rng: Random) -> dict[str, Draw]:
    """Return what draws each kind of read of a shop of so many pets."""
    middle = write_cursor("id", (count // 2,))
    find = partial(calls.find_pets_by_status, ["available"])
    return {
        "get": lambda: calls.get_pet_by_id(rng.randint(1, count)),
        "first page": lambda: calls.list_pets(limit=PAGE_SIZE),
        "deep page": lambda: calls.list_pets(limit=PAGE_SIZE, cursor=middle),
        "inventory": calls.get_inventory,
        "findByStatus": find,
        "deep findByStatus": lambda: find(cursor=middle),
        "tag of none": lambda: calls.find_pets_by_tags(["none"]),
        "category of none": lambda: calls.list_pets(category="none"),
        "name of none": lambda: calls.list_pets(q="none"),
        "status by name": lambda: calls.list_pets(status="sold", sort="name"),
        "status and category": lambda: calls.list_pets(status="sold", category="Cats"),
        "tag and category": lambda: calls.list_pets(tag="shy", category="Cats"),
        "name and status": lambda: calls.list_pets(q="b", status="sold"),
    }


def steps(shop: Embedded, draw: Draw) -> float:
    """Return how many of SQLite's instructions a row of the answer takes."""
    row_count = 0

    def read() -> None:
        nonlocal row_count
        row_count = sum(rows(shop.send(draw()).value) for _ in range(COUNTED_COUNT))

    return steps_of(reading_connection(shop), read) / row_count


def times_us(pair: Iterable[tuple[Embedded, Draw]]) -> list[float]:
    """Return the median time of a row in each shop, measured in turns."""
    found: list[list[float]] = [[], []]
    end_s = perf_counter() + TIMED_S
    while perf_counter() < end_s:
        for took_us, (shop, draw) in zip(found, pair, strict=True):
            call = draw()
            began_s = perf_counter()
            row_count = rows(shop.send(call).value)
            took_us.append((perf_counter() - began_s) * 1e6 / row_count)
    return [statistics.median(took_us) for took_us in found]


def rows(value: Any) -> int:
    """Return how many rows an answer holds; a shorter page must not seem cheaper."""
    if isinstance(value, Page):
        value = value.items
    return max(1, len(value)) if isinstance(value, list) else 1


def reading_connection(shop: Embedded) -> sqlite3.Connection:
    # Nobody but a proof has to look inside.
    store = cast(Any, shop)._engine.store
    return cast(sqlite3.Connection, store._reader.driver.connection)


async def test_working_server_stays_small(tmp_path: Path, rng: Random, tell: Tell):
    options = ("--store", tmp_path / "shop.db")
    with started(tmp_path, *options) as server:
        port = await asyncio.to_thread(server.port)
        fresh_mb = server.rss_mb()
        began_s = perf_counter()
        await work(port, REQUEST_COUNT // 2, rng)
        half_mb = server.rss_mb()
        await work(port, REQUEST_COUNT // 2, rng)
        took_s = perf_counter() - began_s
        full_mb = server.rss_mb()

    tell(
        f"RSS {fresh_mb:.1f} MB at the start, {half_mb:.1f} MB half-way,"
        f" {full_mb:.1f} MB after {REQUEST_COUNT:,} requests in {took_s:.0f} s"
    )
    assert full_mb <= RSS_MB_MAX
    assert full_mb <= half_mb * RSS_GROWTH_MAX


async def work(port: int, count: int, rng: Random) -> None:
    """Send mixed requests over a few connections."""
    left = iter(range(count))

    async def one(connection: Connection) -> None:
        for _ in left:
            answer = await connection.ask(draw(rng))
            assert answer.status < 500, answer

    connections = [await connect(port) for _ in range(CONNECTION_COUNT)]
    try:
        await asyncio.gather(*(one(connection) for connection in connections))
    finally:
        for connection in connections:
            connection.close()


def draw(rng: Random) -> bytes:
    """Return one of what clients send, some of it wrong."""
    pet_id = rng.randint(1, 200)
    pet = {
        "id": pet_id,
        "name": f"Rex {pet_id}",
        "photoUrls": ["https://example.com/a.jpg"],
        "category": {"id": 1, "name": "Dogs"},
        "tags": [{"id": 1, "name": "friendly"}],
        "status": rng.choice(("available", "pending", "sold")),
    }
    return rng.choice(
        (
            request("GET", f"/pet/{pet_id}"),
            request("GET", f"/v2/pet/{pet_id}"),
            request("GET", f"/api/v3/pet/{pet_id}"),
            request("GET", "/pet?limit=20"),
            request("GET", "/v2/pet/findByStatus?status=available"),
            request("GET", "/v2/store/inventory"),
            request("GET", f"/pet/{pet_id}/history?limit=5"),
            request("GET", f"/store/order/{pet_id}"),
            request("POST", "/v2/pet", pet),
            request("PUT", "/v2/pet", pet),
            request("DELETE", f"/v2/pet/{pet_id}"),
            request("POST", "/store/order", {"petId": pet_id, "quantity": 1}),
            request("POST", "/pet", {"name": 7}),
            request("GET", "/v2/pet/no-number"),
            request("GET", "/nowhere"),
        )
    )
