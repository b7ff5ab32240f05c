"""No operation slows down as the shop grows: plans and steps of SQLite."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from petstore.engine.blobs import MemoryBlobs
from petstore.engine.engine import Engine
from petstore.engine.paging import write_cursor
from petstore.engine.profile import SANDBOX
from petstore.engine.seeding import first_units
from petstore.engine.seeds import RandomPets, Seed
from petstore.engine.setup import Setup
from petstore.storage.address import parse
from petstore.storage.memory import MemoryDriver, open_memory
from petstore.storage.store import SyncStore
from tests.engine.shops import Shop
from tests.kit.builders import a_draft, a_user_draft, an_order_draft
from tests.kit.stores import ManualClock

FEW, MANY = 1_000, 50_000
SORTS = ("id", "-id", "name", "-name")
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
            if text.startswith("SELECT"):
                plan = connection.execute(f"EXPLAIN QUERY PLAN {text}").fetchall()
                yield text, [row[3] for row in plan]

    def steps(self, operation_id: str, **arguments: Any) -> int:
        """Count the instructions of SQLite's machine that a call takes."""
        count = itertools.count()

        def step() -> int:
            next(count)
            return 0

        self.driver.connection.set_progress_handler(step, 1)
        self.shop.do(operation_id, **arguments)
        self.driver.connection.set_progress_handler(None, 1)
        return next(count)


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


@pytest.fixture(scope="module")
def few() -> Iterator[Watched]:
    """Stock a small shop."""
    watched = stocked(FEW)
    yield watched
    watched.shop.close()


@pytest.fixture(scope="module")
def many() -> Iterator[Watched]:
    """Stock a large shop."""
    watched = stocked(MANY)
    yield watched
    watched.shop.close()


@pytest.fixture(scope="module", params=["unknown", "known"])
def planned(request: pytest.FixtureRequest) -> Iterator[Watched]:
    """Stock a small shop; SQLite gets to know its statistics, as it does at a close."""
    watched = stocked(FEW)
    if request.param == "known":
        watched.driver.connection.execute("PRAGMA analysis_limit=400")
        watched.driver.connection.execute("ANALYZE")
    yield watched
    watched.shop.close()


def two_pages(shop: Shop, operation_id: str, **arguments: Any) -> None:
    """Read two pages of five."""
    cursor = shop.do(operation_id, **arguments, limit=5).next_cursor
    assert cursor is not None
    shop.do(operation_id, **arguments, limit=5, cursor=cursor)


def is_indexed(plan: list[str]) -> bool:
    """Tell whether every table is entered by an index, or walked by its key."""
    is_walked = any(step in ("SCAN pet", "SCAN purchase_order") for step in plan)
    entries = [step for step in plan if step.startswith(("SCAN", "SEARCH"))]
    return len(entries) > 0 and (
        (is_walked and is_ordered(plan))
        or all("INDEX" in step or "PRIMARY KEY" in step for step in entries)
    )


def is_ordered(plan: list[str]) -> bool:
    """Tell whether rows come in the order that is asked for."""
    return "TEMP B-TREE" not in str(plan)


FILTERS: tuple[dict[str, Any], ...] = (
    {},
    {"status": ["available"]},
    {"tag": ["shy"]},
    {"category": "Dogs"},
    {"q": "b"},
)


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("filters", FILTERS, ids=str)
def test_page_of_pets_is_found_by_index_and_in_order(planned: Watched, filters, sort):
    plans = list(
        planned.plans(lambda: two_pages(planned.shop, "listPets", **filters, sort=sort))
    )

    # By name one index exists, for all pets and for a prefix; see pet_queries.
    has_index = sort.endswith("id") != ("q" in filters) or not filters
    assert plans
    for text, plan in plans:
        assert is_indexed(plan), (text, plan)
        assert is_ordered(plan) or not has_index, (text, plan)


@pytest.mark.parametrize(
    "filters", [{**one, **two} for one, two in itertools.combinations(FILTERS[1:], 2)]
)
def test_page_of_pets_that_meet_several_conditions_is_found_by_index(
    planned: Watched, filters
):
    def act() -> None:
        for sort in SORTS:
            planned.shop.do("listPets", **filters, sort=sort, limit=5)

    for text, plan in planned.plans(act):
        assert is_indexed(plan), (text, plan)


@pytest.mark.parametrize(
    ("operation_id", "arguments"),
    [
        ("listOrders", {}),
        ("listOrders", {"sort": "-id"}),
        ("listOrders", {"status": "placed"}),
        ("listOrders", {"status": "placed", "sort": "-id"}),
        ("listUsers", {}),
        ("listUsers", {"sort": "-username"}),
    ],
)
def test_other_pages_are_found_by_index_and_in_order(
    planned: Watched, operation_id, arguments
):
    def act() -> None:
        two_pages(planned.shop, operation_id, **arguments)

    for text, plan in planned.plans(act):
        assert is_indexed(plan), (text, plan)
        assert is_ordered(plan), (text, plan)


LOOKED_UP: tuple[tuple[str, dict[str, Any]], ...] = (
    ("getPetById", {"pet_id": 500}),
    ("getPetHistory", {"pet_id": 500}),
    ("getOrderById", {"order_id": 500}),
    ("listOrders", {"pet_id": 500}),
    ("getUserByName", {"username": "user7"}),
)
FOUND: tuple[tuple[str, dict[str, Any]], ...] = (
    ("findPetsByStatus", {"status": ["available"]}),
    ("findPetsByStatus", {"status": ["available", "pending", "sold"]}),
    ("findPetsByTags", {"tags": ["shy"]}),
    ("findPetsByTags", {"tags": ["shy", "loud"]}),
)


@pytest.mark.parametrize(("operation_id", "arguments"), [*LOOKED_UP, *FOUND])
def test_entity_is_found_by_index(planned: Watched, operation_id, arguments):
    plans = planned.plans(lambda: planned.shop.do(operation_id, **arguments))

    for text, plan in plans:
        assert is_indexed(plan), (text, plan)


# ---------------------------------------------------------------- steps of a large shop


@pytest.mark.parametrize(
    ("operation_id", "arguments"), [*LOOKED_UP, ("getInventory", {})]
)
def test_answer_takes_as_many_steps_in_a_large_shop(
    few: Watched, many: Watched, operation_id, arguments
):
    small, large = (one.steps(operation_id, **arguments) for one in (few, many))

    assert large <= small * 1.1


@pytest.mark.parametrize(("operation_id", "arguments"), FOUND)
def test_first_thousand_takes_as_many_steps_per_pet_in_a_large_shop(
    few: Watched, many: Watched, operation_id, arguments
):
    small, large = (
        one.steps(operation_id, **arguments)
        / len(one.shop.do(operation_id, **arguments))
        for one in (few, many)
    )

    # Readings of several values overlap: of each, 1,000 are read.
    assert large <= small * 1.1 * sum(len(one) for one in arguments.values())


@pytest.mark.parametrize(
    ("filters", "sort"),
    [
        *(({}, sort) for sort in SORTS),
        *((one, sort) for one in FILTERS[1:4] for sort in ("id", "-id")),
        *(({"q": "b"}, sort) for sort in ("name", "-name")),
    ],
)
def test_page_takes_as_many_steps_in_a_large_shop_however_deep(
    few: Watched, many: Watched, filters, sort
):
    listing = {**filters, "sort": sort, "limit": 20}

    first = [one.steps("listPets", **listing) for one in (few, many)]
    deep = many.steps("listPets", **listing, cursor=middle(many.shop, listing))

    assert first[1] <= first[0] * 1.1
    # Behind a cursor by name two statements are run.
    assert deep <= first[1] * 1.2 + 50


def middle(shop: Shop, listing: dict[str, Any]) -> str:
    """Return a cursor deep inside of a listing; among many pets of one name."""
    sort = listing["sort"]
    if sort.endswith("id"):
        return write_cursor(sort, (MANY // 2,))
    prefix = "bella" if "q" in listing else "m"
    pet = shop.do("listPets", q=prefix, sort=sort, limit=20).items[-1]
    return write_cursor(sort, (pet.name.casefold(), pet.id))


def test_new_pet_costs_the_same_in_a_large_shop(few: Watched, many: Watched):
    for one in (few, many):
        # The copies were made behind the counter's back, and are skipped once.
        one.shop.pets.create(a_draft())

    small, large = (one.steps("addPet", pet=a_draft()) for one in (few, many))

    assert large <= small * 1.1
