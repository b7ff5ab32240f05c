"""Give this folder's tests engines, on each kind of store in turn."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.engine.doors import Doors, furnished
from tests.engine.shops import Opener, Shop, opening
from tests.kit.stores import (
    ManualClock,
    clock,
    durable_url,
    file_url,
    postgres,
    postgres_url,
    store_url,
)

__all__ = ["clock", "durable_url", "file_url", "postgres", "postgres_url", "store_url"]


@pytest.fixture
def opened(store_url: str, clock: ManualClock, tmp_path: Path) -> Iterator[Opener]:
    """Open engines over a fresh store of each kind in turn."""
    opener = Opener(store_url, clock, data_dir=tmp_path / "data")
    yield opener
    opener.close()


@pytest.fixture
def lone(clock: ManualClock) -> Iterator[Opener]:
    """Open engines in memory, for what no kind of store changes."""
    opener = Opener("memory:", clock)
    yield opener
    opener.close()


@pytest.fixture
def sandbox(opened: Opener) -> Shop:
    """Give an empty sandbox."""
    return opened()


@pytest.fixture
def shop(opened: Opener) -> Shop:
    """Give an empty shop, under its rules; whoever holds it may do everything."""
    return opened(profile="shop")


@pytest.fixture
def rivals(
    postgres_url: str, clock: ManualClock, tmp_path: Path
) -> Iterator[list[Shop]]:
    """Open one shop on Postgres several times, as several processes would."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(
                opening(postgres_url, clock, profile="shop", data_dir=tmp_path)
            )
            for _ in range(6)
        ]


@pytest.fixture
def reopened(durable_url: str, clock: ManualClock, tmp_path: Path) -> Iterator[Opener]:
    """Open engines over a store that outlives them."""
    opener = Opener(durable_url, clock, data_dir=tmp_path / "data")
    yield opener
    opener.close()


@pytest.fixture
def doors(lone: Opener) -> Doors:
    """Open a shop in memory with users of each role, keys, and an old token."""
    return furnished(lone(profile="shop"))
