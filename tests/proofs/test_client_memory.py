"""A client stays small: over many calls, long listings, and whatever it sends."""

import asyncio
import gc
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from petstore_client import AsyncPetstore, Petstore
from tests.proofs.processes import in_a_process, started

pytestmark = pytest.mark.proof

PET_COUNT = 100_000
ITERATED_MB_MAX = 10
CALL_COUNT = 100_000
RSS_MB_MAX = 2.0

Tell = Callable[[str], None]

# In a process of its own, where nothing else grows.
MANY_CALLS = """
import asyncio, gc, json, os, sys
from pathlib import Path
from petstore_client import AsyncPetstore, Petstore

def rss_kb():
    gc.collect()
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS:")).split()[1])

def descriptors():
    return len(os.listdir("/proc/self/fd"))

def by_thread(url, count):
    with Petstore(url) as client:
        for _ in range(2_000):
            client.pets.get(1)
        before = rss_kb(), descriptors()
        for _ in range(count):
            client.pets.get(1)
        return before, (rss_kb(), descriptors())

async def by_coroutines(url, count):
    async with AsyncPetstore(url) as client:
        async def work(numbers):
            for _ in numbers:
                await client.pets.get(1)
        async def ask(count):
            numbers = iter(range(count))
            await asyncio.gather(*(work(numbers) for _ in range(8)))
        await ask(2_000)
        before = rss_kb(), descriptors()
        await ask(count)
        return before, (rss_kb(), descriptors())

url, count, kind = sys.argv[1], int(sys.argv[2]), sys.argv[3]
if kind == "threads":
    print(json.dumps(by_thread(url, count)))
else:
    print(json.dumps(asyncio.run(by_coroutines(url, count))))
"""

# The peak of a process of its own, sync or async.
UPLOAD = """
import asyncio, json, sys
from pathlib import Path
from petstore_client import AsyncPetstore, Petstore, Timeout

def peak_kb():
    # Not ru_maxrss, which begins with the peak of the parent.
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM:")).split()[1])

url, small, large, kind = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]
patient = Timeout(total=600, read=600)
told = [0]

def last(progress):
    told[0] = progress.sent_bytes

def sync():
    with Petstore(url, timeout=patient) as client:
        client.pets.upload_photo(1, small)
        before = peak_kb()
        client.pets.upload_photo(1, large, on_progress=last)
        return before

async def coroutine():
    async with AsyncPetstore(url, timeout=patient) as client:
        await client.pets.upload_photo(1, small)
        before = peak_kb()
        await client.pets.upload_photo(1, large, on_progress=last)
        return before

before = sync() if kind == "threads" else asyncio.run(coroutine())
print(json.dumps([before, peak_kb(), told[0]]))
"""
UPLOAD_BYTES = 1_000_000_000
UPLOAD_MB_MAX = 20.0


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, at_scale: Callable[[int], int]):
    """A server of many pets, as a process of its own."""
    folder = tmp_path_factory.mktemp("shop")
    arguments = ("--store", folder / "shop.db", "--seed", str(at_scale(PET_COUNT)))
    with started(folder, *arguments) as server:
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


@pytest.mark.parametrize("kind", ["threads", "coroutines"])
def test_many_calls_leave_nothing_behind(
    shop: str, kind: str, at_scale: Callable[[int], int], tell: Tell
):
    count = at_scale(CALL_COUNT)
    (rss_before, open_before), (rss_after, open_after) = in_a_process(
        MANY_CALLS, shop, str(count), kind
    )
    grown_mb = (rss_after - rss_before) / 1024
    tell(f"{count:,} calls: RSS +{grown_mb:.2f} MB of {rss_before / 1024:.0f} MB")

    assert open_before == open_after
    assert grown_mb <= RSS_MB_MAX


@pytest.mark.parametrize("kind", ["threads", "coroutines"])
def test_large_file_is_sent_in_little_memory(
    tmp_path: Path, kind: str, at_scale: Callable[[int], int], tell: Tell
):
    size = at_scale(UPLOAD_BYTES)
    small, large = tmp_path / "small.bin", tmp_path / "large.bin"
    small.write_bytes(b"x" * 100_000)
    with large.open("wb") as file:
        file.truncate(size)
    arguments = ("--store", tmp_path / "shop.db", "--upload-bytes-max", str(size))
    with started(tmp_path, *arguments) as server:
        # Only the public contract keeps what is no picture.
        url = f"{server.url()}/v2"
        before_kb, after_kb, sent_bytes = in_a_process(
            UPLOAD, url, str(small), str(large), kind
        )
        server_mb = server.rss_mb()
    grown_mb = (after_kb - before_kb) / 1024
    tell(f"{size:,} bytes: client +{grown_mb:.1f} MB, server {server_mb:.0f} MB")

    assert size == sent_bytes
    assert grown_mb <= UPLOAD_MB_MAX
