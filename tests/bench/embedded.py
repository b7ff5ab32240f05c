"""Measure the embedded store: against an AsyncSession, and as the shop grows."""

import statistics
from collections.abc import Callable
from pathlib import Path

import petstore
from petstore.contract import calls
from petstore.contract.facade import Petstore
from tests.bench.references import GET_COUNT, seconds, session_seconds, spread
from tests.bench.table import Row, interleaved, microseconds, ratio

SPEED_UP_MIN = 10
SMALL, LARGE = 1_000, 1_000_000
GROWTH_MAX = 1.5
PAGE_SIZE, STRIDE = 100, 1_000

Measure = Callable[[], float]


def speed_row(reference: Path, store: Path, pet_count: int) -> Row:
    """Compare `pets.get` with AsyncSession.get; creates the store."""
    with petstore.open(str(store), seed=pet_count) as shop:
        found = interleaved(
            {
                "session": lambda: session_seconds(reference, pet_count),
                "embedded": lambda: _get(shop, pet_count),
            },
            round_count=5,
        )
    return Row(
        "embedded pets.get, times as fast",
        microseconds(statistics.median(found["embedded"])),
        f"{microseconds(statistics.median(found['session']))} AsyncSession.get",
        value=ratio(found["session"], found["embedded"]),
        bar=SPEED_UP_MIN,
    )


def growth_rows(folder: Path) -> list[Row]:
    """Compare a shop of a million pets with one of a thousand; creates both."""
    with (
        petstore.open(str(folder / "small.db"), seed=SMALL) as small,
        petstore.open(str(folder / "large.db"), seed=LARGE) as large,
    ):
        of_small, of_large = _reads(small, SMALL), _reads(large, LARGE)
        return [_growth_row(name, of_small[name], of_large[name]) for name in of_small]


def _growth_row(name: str, small: Measure, large: Measure) -> Row:
    found = interleaved({"small": small, "large": large}, round_count=15)
    return Row(
        f"{LARGE:,} pets: {name}",
        microseconds(statistics.median(found["large"])),
        f"{microseconds(statistics.median(found['small']))} with {SMALL:,}",
        value=ratio(found["large"], found["small"]),
        bar=GROWTH_MAX,
        is_floor=False,
    )


def _reads(shop: Petstore, pet_count: int) -> dict[str, Measure]:
    deep = _cursor_at(shop, pet_count // 2)
    return {
        "get": lambda: _get(shop, pet_count),
        "first page": lambda: seconds(lambda: _page(shop), count=10),
        f"page {LARGE // 2:,} deep": lambda: seconds(
            lambda: _page(shop, deep), count=10
        ),
        "inventory": lambda: seconds(shop.store.inventory, count=100),
    }


def _get(shop: Petstore, pet_count: int) -> float:
    ids = iter(spread(pet_count))
    return seconds(lambda: shop.pets.get(next(ids)), count=GET_COUNT)


def _cursor_at(shop: Petstore, depth: int) -> str:
    """Walk to a page in the middle, because a cursor cannot be made up."""
    stride = min(STRIDE, depth)
    cursor = _page(shop, limit=stride)
    for _ in range(depth // stride - 1):
        cursor = _page(shop, cursor, limit=stride)
    return cursor


def _page(shop: Petstore, cursor: str | None = None, *, limit: int = PAGE_SIZE) -> str:
    page = shop.send(calls.list_pets(limit=limit, cursor=cursor)).value
    assert len(page.items) == limit
    return page.next_cursor or ""
