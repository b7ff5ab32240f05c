"""Servers and stores leave nothing behind, and an order to stop loses nothing."""

import gc
import json
import os
import threading
import warnings
from asyncio import Task
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sanic import Sanic

import petstore
from petstore.contract.errors import ConfigError
from tests.kit.builders import a_draft
from tests.kit.pictures import a_picture

pytestmark = pytest.mark.proof

CYCLE_COUNT = 30
# The first few fill caches, which then stay as they are.
WARM_UP_COUNT = 5
# What pymalloc's arenas come and go by.
RSS_GROWTH_MB_MAX = 3.0

Tell = Callable[[str], None]


@pytest.mark.parametrize("kind", ["memory", "file"])
def test_thirty_servers_leave_nothing(kind: str, tmp_path: Path, tell: Tell):
    def cycle() -> None:
        with petstore.serve(a_store(kind, tmp_path)) as server:
            assert 1 == fetched(f"{server.url}/pet/1")["id"]
            assert fetched(f"{server.url}/pet", {"name": "Rex", "photoUrls": []})["id"]

    with leaves_nothing(tell) as rss_settled:
        for number in range(CYCLE_COUNT):
            cycle()
            rss_settled(number)


@pytest.mark.parametrize("kind", ["memory", "file"])
def test_thirty_stores_leave_nothing(kind: str, tmp_path: Path, tell: Tell):
    def cycle() -> None:
        with petstore.open(a_store(kind, tmp_path)) as shop:
            assert shop.pets.get(shop.pets.create(a_draft()).id)

    with leaves_nothing(tell) as rss_settled:
        for number in range(CYCLE_COUNT):
            cycle()
            rss_settled(number)


@pytest.mark.parametrize("kind", ["memory", "file"])
async def test_thirty_asynchronous_stores_leave_nothing(
    kind: str, tmp_path: Path, tell: Tell
):
    async def cycle() -> None:
        async with petstore.open_async(a_store(kind, tmp_path)) as shop:
            created = await shop.pets.create(a_draft())
            assert await shop.pets.get(created.id)
            # On threads of its own.
            assert (await shop.pets.upload_photo(created.id, a_picture())).url

    with leaves_nothing(tell) as rss_settled:
        for number in range(CYCLE_COUNT):
            await cycle()
            rss_settled(number)


def test_servers_of_one_process_do_not_see_each_other(tmp_path: Path):
    with ExitStack() as stack:
        kinds = ("memory", "file", "memory")
        servers = [
            petstore.serve(a_store(kind, tmp_path), seed="empty") for kind in kinds
        ]
        urls = [stack.enter_context(server).url for server in servers]
        for number, url in enumerate(urls):
            for _ in range(number):
                fetched(f"{url}/pet", {"name": url, "photoUrls": [], "status": "sold"})

        assert len(kinds) == len(set(urls))
        assert [{}, {"sold": 1}, {"sold": 2}] == [
            fetched(f"{url}/store/inventory") for url in urls
        ]
        assert [[], [urls[1]], [urls[2]] * 2] == [
            [pet["name"] for pet in fetched(f"{url}/pet")["items"]] for url in urls
        ]


def test_port_in_use_is_a_clear_error():
    with petstore.serve() as server:
        port = int(server.url.rpartition(":")[2])
        second = petstore.serve(port=port)

        with pytest.raises(ConfigError, match=f"port {port}: Address already in use"):
            second.__enter__()


@contextmanager
def leaves_nothing(tell: Tell) -> Iterator[Callable[[int], None]]:
    """Compare what this process holds before and after; to be told of each cycle."""
    rss_mb: list[float] = []

    def note(number: int) -> None:
        if number in (WARM_UP_COUNT, CYCLE_COUNT - 1):
            gc.collect()
            rss_mb.append(own_rss_mb())

    before = held()
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        yield note
        after = held()
    assert before == after
    assert [] == [str(one.message) for one in warned]
    growth_mb = rss_mb[1] - rss_mb[0]
    tell(f"RSS {growth_mb:+.1f} MB from cycle {WARM_UP_COUNT} to {CYCLE_COUNT}")
    assert growth_mb <= RSS_GROWTH_MB_MAX


def held() -> dict[str, object]:
    """Return what a server or a store could leave in this process."""
    gc.collect()
    kinds = [type(one) for one in gc.get_objects()]
    return {
        "threads": sorted(thread.name for thread in threading.enumerate()),
        "tids": sorted(Path("/proc/self/task").iterdir()),
        "files": sorted(open_files()),
        "registered": sorted(Sanic._app_registry),
        "apps": sum(issubclass(kind, Sanic) for kind in kinds),
        "tasks": sum(issubclass(kind, Task) for kind in kinds),
    }


def open_files() -> Iterator[str]:
    for link in Path("/proc/self/fd").iterdir():
        # One is gone by now: what listed them.
        with suppress(FileNotFoundError):
            yield str(link.readlink())


def own_rss_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def a_store(kind: str, folder: Path) -> str:
    return "memory:" if kind == "memory" else str(folder / "shop.db")


def fetched(url: str, body: object = None):
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=10)
    text = None if body is None else json.dumps(body)
    headers = {"Content-Type": "application/json"}
    with closing(connection):
        connection.request("POST" if text else "GET", parts.path, text, headers)
        return json.load(connection.getresponse())
