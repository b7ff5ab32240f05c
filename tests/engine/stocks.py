"""Stock shops in memory, and watch how SQLite reads them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from petstore.engine.blobs import MemoryBlobs
from petstore.engine.engine import Engine
from petstore.engine.profile import SANDBOX
from petstore.engine.seeding import first_units
from petstore.engine.seeds import RandomPets, Seed
from petstore.engine.setup import Setup
from petstore.storage.address import parse
from petstore.storage.memory import MemoryDriver, open_memory
from petstore.storage.store import SyncStore
from tests.engine.shops import Shop
from tests.kit.builders import a_user_draft, an_order_draft
from tests.kit.steps import steps_of
from tests.kit.stores import ManualClock

FEW = 1_000
# Copies of the rows of the first thousand, with other ids.
GROW = (
    "WITH RECURSIVE turn(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM turn WHERE n < ?)"
    " INSERT INTO {table} ({columns}) SELECT {values} FROM {table}, turn ORDER BY n"
)
SHIFTED = {
    "pet": ("id",),
    "pet_tag": ("pet_id",),
    "purchase_order": ("id", "pet_id"),
    "change": ("seq", "entity_id"),
}


@dataclass
class Watched:
    """Hold a shop in memory and the connection that is its store."""

    shop: Shop
    driver: MemoryDriver

    def plans(self, act: Callable[[], object]) -> Iterator[tuple[str, list[str]]]:
        """Yield each SELECT that is run, and how SQLite goes about it."""
        connection = self.driver.connection
        texts: list[str] = []
        connection.set_trace_callback(texts.append)
        act()
        connection.set_trace_callback(None)
        for text in texts:
            if text.startswith(("SELECT", "WITH")):
                plan = connection.execute(f"EXPLAIN QUERY PLAN {text}").fetchall()
                yield text, [row[3] for row in plan]

    def steps(self, operation_id: str, **arguments: Any) -> int:
        """Count the instructions of SQLite's machine that a call takes."""
        return steps_of(
            self.driver.connection, lambda: self.shop.do(operation_id, **arguments)
        )


def stocked(count: int) -> Watched:
    """Fill a shop with pets, orders and users, the first thousand by the engine."""
    clock = ManualClock()
    driver = open_memory(clock)
    store = SyncStore(parse("memory:"), driver, driver, release=lambda: None)
    orders = [an_order_draft(pet_id=number) for number in range(FEW)]
    users = [a_user_draft(username=f"user{number}") for number in range(100)]
    for unit in first_units("sandbox", Seed(RandomPets(FEW), orders, users)):
        store.write(unit)
    for table, keys in SHIFTED.items():
        rows = driver.connection.execute(f"SELECT * FROM {table} LIMIT 1")  # noqa: S608
        columns = [column[0] for column in rows.description]
        values = [f"{name} + n * {FEW}" if name in keys else name for name in columns]
        grow = GROW.format(
            table=table, columns=",".join(columns), values=",".join(values)
        )
        if count > FEW:
            driver.connection.execute(grow, (count // FEW - 1,))
    setup = Setup(SANDBOX, clock, lambda: "token", MemoryBlobs(clock))
    return Watched(Shop(Engine(store, setup), clock), driver)
