"""Give this folder's tests the kit's stores."""

import gc
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from petstore.storage.store import open_store
from tests.kit.stores import (
    ManualClock,
    async_store,
    clock,
    durable_url,
    empty_postgres_url,
    file_url,
    postgres,
    postgres_url,
    store,
    store_url,
)
from tests.storage.units import add_pet

__all__ = [
    "async_store",
    "clock",
    "durable_url",
    "empty_postgres_url",
    "file_url",
    "postgres",
    "postgres_url",
    "store",
    "store_url",
]


@pytest.fixture
def shop(file_url: str, clock: ManualClock) -> Path:
    """Give the path of a closed store with three pets."""
    opened = open_store(file_url, clock=clock)
    opened.write(lambda tx: [add_pet(tx) for _ in range(3)])
    opened.close()
    return Path(file_url)


@pytest.fixture
def no_leaks() -> Callable[[], AbstractContextManager[None]]:
    """Give a block that leaves no thread and no open file behind."""

    @contextmanager
    def watch() -> Iterator[None]:
        gc.collect()
        threads, files = set(threading.enumerate()), _open_files()
        yield
        gc.collect()
        for ending in set(threading.enumerate()) - threads:
            ending.join(timeout=1)
        assert set(threading.enumerate()) <= threads
        assert _open_files() == files

    return watch


def _open_files() -> list[str]:
    # Listing the folder opens it, and its own number is gone afterwards.
    numbers = os.listdir("/dev/fd")  # noqa: PTH208
    return sorted(number for number in numbers if _is_open(int(number)))


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True
