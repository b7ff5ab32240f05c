"""
Give stores to tests; the same bodies run in memory, on a file and on Postgres.

Fixtures, which a folder's conftest imports by name.
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from petstore.storage.store import AsyncStore, SyncStore, open_async_store, open_store
from tests.kit.postgres import Postgres, running_server

ENGINES = ("memory", "file", "postgres")
DURABLE_ENGINES = ("file", "postgres")
START_MS = 1_893_456_000_000


class ManualClock:
    """Show the time that a test sets, in milliseconds since the epoch."""

    def __init__(self, now: int = START_MS) -> None:
        self.now = now

    def __call__(self) -> int:
        """Return the time."""
        return self.now

    def advance(self, milliseconds: int) -> None:
        """Let time pass."""
        self.now += milliseconds


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One server for the whole session."""
    with running_server() as url:
        server = Postgres(url)
        yield server
        server.close()


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """Give a fresh store on Postgres, for one test."""
    with postgres.fresh_store() as url:
        yield url


@pytest.fixture
def empty_postgres_url(postgres: Postgres) -> Iterator[str]:
    """Give an empty database on Postgres, for one test."""
    with postgres.empty_database() as url:
        yield url


@pytest.fixture
def file_url(tmp_path: Path) -> str:
    """Give the path of a store that does not exist yet."""
    return str(tmp_path / "shop.db")


@pytest.fixture(params=ENGINES)
def store_url(request: pytest.FixtureRequest) -> str:
    """Give a fresh store of each engine in turn."""
    return url_of(request.param, request)


@pytest.fixture(params=DURABLE_ENGINES)
def durable_url(request: pytest.FixtureRequest) -> str:
    """Give a fresh store of each engine that outlives its connections."""
    return url_of(request.param, request)


@pytest.fixture
def clock() -> ManualClock:
    """Give a clock that stands still."""
    return ManualClock()


@pytest.fixture
def store(store_url: str, clock: ManualClock) -> Iterator[SyncStore]:
    """Give an open synchronous store."""
    opened = open_store(store_url, clock=clock)
    yield opened
    opened.close()


@pytest.fixture
async def async_store(store_url: str, clock: ManualClock) -> AsyncIterator[AsyncStore]:
    """Give an open asynchronous store."""
    opened = await open_async_store(store_url, clock=clock)
    yield opened
    await opened.close()


def url_of(engine: str, request: pytest.FixtureRequest) -> str:
    """Return the URL of a fresh store on one engine."""
    if engine == "memory":
        return "memory:"
    fixture = "file_url" if engine == "file" else "postgres_url"
    return str(request.getfixturevalue(fixture))
