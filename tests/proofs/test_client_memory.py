"""A client stays small: over many calls, long listings, and whatever it sends."""

import asyncio
import gc
import json
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

import petstore
from petstore_client import AsyncPetstore, Petstore
from tests.proofs.processes import started

pytestmark = pytest.mark.proof

PET_COUNT = 100_000
ITERATED_MB_MAX = 10
CALL_COUNT = 100_000
RSS_MB_MAX = 2.0

Tell = Callable[[str], None]

# In a process of its own, where nothing else grows.
MANY_CALLS = """
import gc, json, os, sys
from pathlib import Path
from petstore_client import Petstore

def rss_kb():
    gc.collect()
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS:")).split()[1])

def descriptors():
    return len(os.listdir("/proc/self/fd"))

url, count = sys.argv[1], int(sys.argv[2])
with Petstore(url) as client:
    for _ in range(2_000):
        client.pets.get(1)
    before = rss_kb(), descriptors()
    for _ in range(count):
        client.pets.get(1)
    after = rss_kb(), descriptors()
print(json.dumps([before, after]))
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, at_scale: Callable[[int], int]):
    """A server of many pets, as a process of its own."""
    folder = tmp_path_factory.mktemp("shop")
    arguments = ("--store", folder / "shop.db", "--seed", str(at_scale(PET_COUNT)))
    with started(folder, *arguments, is_measured=False) as server:
        yield server.url()


@pytest.mark.parametrize("kind", ["threads", "coroutines"])
def test_long_listing_is_iterated_in_little_memory(
    shop: str, kind: str, at_scale: Callable[[int], int], tell: Tell
):
    iterate = by_thread if kind == "threads" else by_coroutine
    iterate(shop, 10)
    gc.collect()
    tracemalloc.start()
    try:
        base, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        count = iterate(shop, 1_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    grown_mb = (peak - base) / 2**20
    tell(f"{count:,} pets in {grown_mb:.1f} MB")

    assert at_scale(PET_COUNT) == count
    assert grown_mb <= ITERATED_MB_MAX


def by_thread(url: str, page_size: int) -> int:
    with Petstore(url) as client:
        return sum(1 for _ in client.pets.list(page_size=page_size))


def by_coroutine(url: str, page_size: int) -> int:
    async def iterate() -> int:
        async with AsyncPetstore(url) as client:
            count = 0
            async for _ in client.pets.list(page_size=page_size):
                count += 1
            return count

    return asyncio.run(iterate())


def test_many_calls_leave_nothing_behind(
    shop: str, at_scale: Callable[[int], int], tell: Tell
):
    count = at_scale(CALL_COUNT)
    root = str(Path(petstore.__path__[0]).parent)
    run = subprocess.run(
        [sys.executable, "-c", MANY_CALLS, shop, str(count)],
        env={**os.environ, "PYTHONPATH": root},
        capture_output=True,
        text=True,
        check=True,
    )
    (rss_before, open_before), (rss_after, open_after) = json.loads(run.stdout)
    grown_mb = (rss_after - rss_before) / 1024
    tell(f"{count:,} calls: RSS +{grown_mb:.2f} MB of {rss_before / 1024:.0f} MB")

    assert open_before == open_after
    assert grown_mb <= RSS_MB_MAX
