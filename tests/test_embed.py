"""The embeddable API: a store in somebody's process, and nothing of it left behind."""

import asyncio
import gc
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import petstore
from petstore.contract import calls
from petstore.contract.errors import (
    ConfigError,
    NotFound,
    PetstoreError,
    Unavailable,
)
from petstore.contract.facade import AsyncPetstore, Petstore
from petstore.contract.order import OrderDraft
from tests.kit.builders import a_draft, a_user_draft
from tests.kit.pictures import a_picture
from tests.kit.stores import (
    durable_url,
    file_url,
    postgres,
    postgres_url,
    store_url,
)
from tests.storage.conftest import no_leaks

__all__ = [
    "durable_url",
    "file_url",
    "no_leaks",
    "postgres",
    "postgres_url",
    "store_url",
]

Watch = Callable[[], AbstractContextManager[None]]


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Where stores on Postgres keep pictures, unless told.
    monkeypatch.chdir(tmp_path)


def test_opened_store_is_the_client_api_with_the_public_data():
    with petstore.open() as client:
        assert isinstance(client, Petstore)
        assert client.pets.get(1).name == "Cat 1"
        assert client.store.inventory() == {"available": 7, "pending": 2, "sold": 1}


async def test_opened_async_store_is_the_async_client_api():
    async with petstore.open_async() as client:
        assert isinstance(client, AsyncPetstore)
        assert (await client.pets.get(1)).name == "Cat 1"


async def test_async_store_can_be_awaited_and_closed_by_hand():
    client = await petstore.open_async(seed="empty")
    try:
        assert (await client.pets.create(a_draft())).id == 1
    finally:
        await client.close()
    async with await petstore.open_async() as again:
        assert (await again.pets.get(1)).id == 1


def test_every_kind_of_store_is_the_same(store_url: str):
    with petstore.open(store_url, seed="empty") as client:
        pet = client.pets.create(a_draft())
        client.store.orders.place(OrderDraft(pet_id=pet.id))
        client.users.create(a_user_draft())
        photo = client.pets.upload_photo(pet.id, a_picture())

        assert photo.pet == client.pets.get(pet.id)
        assert [2, 1, 1] == [
            client.pets.get(1).version,
            client.store.orders.get(1).version,
            client.users.get("ann").version,
        ]


def test_data_outlive_the_process_that_wrote_them(durable_url: str):
    with petstore.open(durable_url, seed="empty") as client:
        client.pets.create(a_draft())
        photo = client.pets.upload_photo(1, a_picture())

    with petstore.open(durable_url) as client:
        assert client.pets.get(1) == photo.pet
        assert photo.url is not None
        assert client.pets.photo(photo.url.rpartition("/")[2])


def test_option_that_does_not_exist_is_refused():
    wrong: Any = {"sed": "empty"}
    with pytest.raises(ConfigError, match="no option 'sed'"):
        petstore.open(**wrong)


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("mysql://host/db", ConfigError),
        ("", ConfigError),
        ("no/such/folder/shop.db", ConfigError),
        ("postgresql://127.0.0.1:1/nobody", Unavailable),
    ],
)
async def test_store_that_cannot_be_opened_says_why(
    url: str, kind: type[PetstoreError]
):
    with pytest.raises(kind):
        petstore.open(url)
    with pytest.raises(kind):
        await petstore.open_async(url)


def test_store_of_another_owner_is_refused_and_named(tmp_path: Path):
    path = str(tmp_path / "shop.db")
    with petstore.open(path), pytest.raises(ConfigError, match=r"shop\.db"):
        petstore.open(path)
    petstore.open(path).close()


def test_clock_gives_the_time_of_every_write():
    at = datetime(2030, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)

    with petstore.open(clock=lambda: at) as client:
        client.pets.update(1, name="Max")
        assert [at, at] == [change.at for change in client.pets.history(1)]
        assert client.store.orders.get(1).ship_date == at


# --------------------------------------------------------------------- many stores


def test_many_stores_of_one_process_know_nothing_of_each_other(tmp_path: Path):
    urls = ["memory:"] * 5 + [str(tmp_path / f"{number}.db") for number in range(5)]
    clients = [petstore.open(url, seed="empty") for url in urls]
    try:
        for number, client in enumerate(clients):
            for _ in range(number):
                client.pets.create(a_draft())
        counts = [client.store.inventory().get("available", 0) for client in clients]
    finally:
        for client in clients:
            client.close()

    assert list(range(10)) == counts


def test_threads_may_share_a_client_and_open_their_own():
    with petstore.open(seed="empty") as shared:

        def work(_: int) -> int:
            shared.pets.create(a_draft())
            with petstore.open(seed="empty") as own:
                return own.pets.create(a_draft()).id

        with ThreadPoolExecutor(8) as pool:
            own_ids = list(pool.map(work, range(24)))

        assert {1} == set(own_ids)
        assert shared.store.inventory() == {"available": 24}


async def test_sync_and_async_stores_live_side_by_side():
    async with petstore.open_async() as one, petstore.open_async() as other:
        with petstore.open() as third:
            await one.pets.delete(1)
            await other.pets.delete(2)
            third.pets.delete(3)

            assert (await one.pets.get(2)).id == third.pets.get(2).id == 2
            assert (await other.pets.get(3)).id == 3


# ------------------------------------------------------------------- nothing is left


def test_closed_store_refuses_and_closes_twice(store_url: str):
    client = petstore.open(store_url)
    client.close()
    client.close()

    with pytest.raises(Unavailable, match="closed"):
        client.pets.get(1)


async def test_closed_async_store_refuses_and_closes_twice(store_url: str):
    client = await petstore.open_async(store_url)
    await client.close()
    await client.close()

    with pytest.raises(Unavailable, match="closed"):
        await client.pets.get(1)


def work(client: Petstore) -> None:
    """Do a little of everything that might hold something open."""
    client.pets.create(a_draft())
    photo = client.pets.upload_photo(1, a_picture())
    assert photo.url is not None
    client.send(calls.get_photo(photo.url.rpartition("/")[2]))
    pages = client.pets.list(page_size=2).pages()
    next(pages)
    with pytest.raises(NotFound):
        client.pets.get(404)


async def work_async(client: AsyncPetstore) -> None:
    """Do the same from coroutines."""
    await client.pets.create(a_draft())
    photo = await client.pets.upload_photo(1, a_picture())
    assert photo.url is not None
    await client.send(calls.get_photo(photo.url.rpartition("/")[2]))
    with pytest.raises(NotFound):
        await client.pets.get(404)


def test_closing_leaves_no_thread_no_file_and_no_warning(
    store_url: str, no_leaks: Watch
):
    with no_leaks():
        for _ in range(3):
            with petstore.open(store_url) as client:
                work(client)
        gc.collect()


def test_closing_an_async_store_leaves_nothing_either(store_url: str, no_leaks: Watch):
    async def main() -> None:
        for _ in range(3):
            async with petstore.open_async(store_url) as client:
                await work_async(client)

    with no_leaks():
        asyncio.run(main())


def test_store_that_fails_to_open_leaves_nothing(durable_url: str, no_leaks: Watch):
    petstore.open(durable_url, profile="shop").close()

    async def main() -> None:
        with pytest.raises(ConfigError):
            await petstore.open_async(durable_url, profile="sandbox")

    with no_leaks():
        for _ in range(2):
            with pytest.raises(ConfigError):
                petstore.open(durable_url, profile="sandbox")
            asyncio.run(main())


def test_store_that_is_forgotten_says_so(no_leaks: Watch):
    def forget() -> None:
        petstore.open()
        gc.collect()

    with no_leaks(), pytest.warns(ResourceWarning, match="unclosed store memory:"):
        forget()


def run_apart(script: str, folder: Path, *flags: str) -> str:
    """Run a script in a fresh interpreter, and return what it prints."""
    # The same petstore as here, be it the checkout or what is installed.
    path = os.pathsep.join(one for one in sys.path if one)
    run = subprocess.run(
        [sys.executable, *flags, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        check=False,
    )
    assert (run.stderr, run.returncode) == ("", 0)
    return run.stdout


def test_a_plain_script_runs_without_any_warning(tmp_path: Path):
    script = """
        import asyncio
        import petstore

        with petstore.open("shop.db") as client:
            client.pets.update(1, name="Max")

        async def main():
            # A busy machine is no reason to warn.
            asyncio.get_running_loop().slow_callback_duration = 60
            async with petstore.open_async() as client:
                await client.pets.update(1, name="Max")

        asyncio.run(main())
        with petstore.open("shop.db") as client:
            print(client.pets.get(1).name)
    """

    assert run_apart(script, tmp_path, "-W", "error", "-X", "dev") == "Max\n"


def test_nothing_is_loaded_that_a_sandbox_does_not_need(tmp_path: Path):
    script = """
        import sys
        import petstore

        with petstore.open() as client:
            client.pets.get(1)
        heavy = {"sanic", "typer", "textual", "argon2", "psycopg", "alembic"}
        print(sorted(heavy & sys.modules.keys()))
    """

    assert run_apart(script, tmp_path) == "[]\n"
