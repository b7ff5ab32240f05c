"""Connections are shared fairly, given back whatever happens, and never lost."""

import asyncio
import gc
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from time import monotonic
from typing import Any

import pytest

from petstore.contract import calls
from petstore.contract.errors import (
    ConfigError,
    DeadlineExceeded,
    TransportError,
    Unavailable,
)
from petstore_client import AsyncPetstore, Petstore, Retry, Timeout
from petstore_client._wire import CONNECTIONS_MAX
from tests.client.raw import Raw, answer_all, raw_server, say_nothing, whole

PHOTO = calls.get_photo("0" * 64)
HANG_S = 60
CROWDED = (
    f"^All {CONNECTIONS_MAX} connections .* open and unread hold {CONNECTIONS_MAX} of"
    r" them; read them to the end or close them\.$"
)
DROPPED = "dropped unread; read it to its end, or close it"


def give_photos(raw: Raw, connection) -> None:
    while head := raw.next_request(connection):
        size = 1_000_000 if b"/photos/" in head else 0
        body = b"x" * size or b'{"id":1,"name":"Rex","photoUrls":[]}'
        connection.sendall(whole(body))


@pytest.fixture
def server() -> Iterator[Raw]:
    with raw_server(answer_all) as raw:
        yield raw


@pytest.fixture
def photos() -> Iterator[Raw]:
    with raw_server(give_photos) as raw:
        yield raw


def descriptor_count() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def open_sockets(raw: Raw) -> int:
    """Return how many connections the server has, once it noticed what was closed."""
    end = monotonic() + 5
    while raw.connections and monotonic() < end:
        threading.Event().wait(0.01)
    return len(raw.connections)


@pytest.mark.proof
def test_many_threads_share_a_client(server: Raw, at_scale: Callable[[int], int]):
    thread_count, call_count = max(16, at_scale(64)), max(50, at_scale(200))
    failures: list[BaseException] = []
    client = Petstore(server.url)

    def work() -> None:
        try:
            for _ in range(call_count):
                assert client.pets.get(1).name == "Rex"
        except BaseException as error:  # noqa: BLE001 - told by the main thread
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(thread_count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(HANG_S)
    hung_count = sum(thread.is_alive() for thread in threads)
    client.close()

    assert (0, []) == (hung_count, failures)
    assert thread_count * call_count == server.request_count
    assert server.connection_count <= CONNECTIONS_MAX
    assert 0 == open_sockets(server)


@pytest.mark.proof
@pytest.mark.parametrize("talk", [answer_all, say_nothing], ids=["quick", "silent"])
async def test_cancelled_calls_cost_nobody_else(talk, at_scale: Callable[[int], int]):
    """Whatever they did just then: wait, connect, send, read or close."""
    count = max(200, at_scale(1_000))
    rng = Random(1)  # noqa: S311 - it only chooses when
    with raw_server(answer_all) as server, raw_server(talk) as other:
        before = descriptor_count()
        client = AsyncPetstore(other.url, retry=1)
        for _ in range(count // 100):
            tasks = [asyncio.create_task(client.pets.get(1)) for _ in range(100)]
            for task in tasks:
                await asyncio.sleep(rng.random() / 2_000)
                task.cancel()
            await asyncio.wait(tasks)
        # A silent server would answer nobody else either.
        wire = client if talk is answer_all else AsyncPetstore(server.url, retry=1)
        pets = await asyncio.gather(*(wire.pets.get(1) for _ in range(100)))
        backend: Any = client._backend
        pool = backend.inner._sender._pools.get()
        await asyncio.sleep(0.05)
        assert 100 == len(pets)
        assert CONNECTIONS_MAX == pool.gate._free
        states = [one.info() for one in pool.transport._pool.connections]
        assert [] == [one for one in states if "IDLE" not in one]
        assert [] == pool.transport._pool._requests
        await wire.close()
        await client.close()
        assert (0, 0) == (open_sockets(other), open_sockets(server))
        assert descriptor_count() <= before + 1


@pytest.mark.proof
def test_outage_multiplies_nothing():
    with raw_server(say_nothing) as server:
        url = server.url
    attempt_count = 0
    with Petstore(url, retry=Retry(base_s=0)) as client:
        for _ in range(1_000):
            with pytest.raises(TransportError) as caught:
                client.pets.get(1)
            attempt_count += caught.value.attempts

    assert 1_000 < attempt_count <= 1_100


def test_calls_leave_no_descriptor_open(server: Raw):
    with Petstore(server.url) as warm:
        warm.pets.get(1)
    assert 0 == open_sockets(server)
    before = descriptor_count()

    for _ in range(20):
        with Petstore(server.url) as client:
            client.pets.get(1)

    assert 0 == open_sockets(server)
    assert before == descriptor_count()


def test_connection_serves_one_call_after_the_other(server: Raw):
    with Petstore(server.url) as client:
        for _ in range(5):
            client.pets.get(1)

    assert 1 == server.connection_count


def hold(client: Petstore) -> list[Any]:
    return [client.send(PHOTO).value for _ in range(CONNECTIONS_MAX)]


def test_download_holds_its_place_until_it_is_closed(photos: Raw):
    with Petstore(photos.url, timeout=Timeout(pool=0.05), retry=1) as client:
        held = hold(client)
        with pytest.raises(TransportError, match=CROWDED) as caught:
            client.pets.get(1)
        held[0].close()
        held[0].close()

        assert "no" == caught.value.sent
        assert client.pets.get(1).name == "Rex"
        assert b"" == held[0].read()
        assert 1_000_000 == sum(map(len, held[1]))
        close_all(held)


def test_download_holds_its_place_until_it_is_read(photos: Raw):
    with Petstore(photos.url, timeout=Timeout(pool=0.05), retry=1) as client:
        held = hold(client)

        assert sum(map(len, held[0])) == 1_000_000
        assert client.pets.get(1).name == "Rex"
        close_all(held)


def test_call_whose_time_ends_behind_open_downloads_says_so(photos: Raw):
    with Petstore(photos.url, retry=1) as client:
        held = hold(client)
        held.pop().close()
        held.append(client.send(PHOTO).value)
        with pytest.raises(DeadlineExceeded, match=CROWDED) as caught:
            client.with_options(timeout=0.05).pets.get(1)
        close_all(held)

        assert "busy for all of the call's 0.05 seconds" in caught.value.message


def close_all(held: list[Any]) -> None:
    for stream in held:
        stream.close()


def test_download_that_is_dropped_gives_its_place_back_and_is_warned_of(photos: Raw):
    with Petstore(photos.url, timeout=Timeout(pool=0.05), retry=1) as client:
        held = hold(client)
        next(held[0].chunks)
        held.append(held)

        with pytest.warns(ResourceWarning, match=DROPPED) as warned:  # noqa: PT031 - both may collect
            del held
            gc.collect()

        assert CONNECTIONS_MAX == len(warned)
        assert client.pets.get(1).name == "Rex"


async def hold_async(client: AsyncPetstore) -> list[Any]:
    return [(await client.send(PHOTO)).value for _ in range(CONNECTIONS_MAX)]


async def test_async_download_gives_its_place_back(photos: Raw):
    times = Timeout(pool=0.2)
    async with AsyncPetstore(photos.url, timeout=times, retry=1) as client:
        held = await hold_async(client)
        with pytest.raises(TransportError, match=CROWDED):
            await client.pets.get(1)
        with pytest.raises(DeadlineExceeded, match=CROWDED):
            await client.with_options(timeout=0.05).pets.get(1)
        await held[0].aclose()
        await held[0].aclose()
        assert (await client.pets.get(1)).name == "Rex"
        assert b"" == await held[0].aread()
        assert 1_000_000 == sum([len(piece) async for piece in held[1]])
        await anext(held[2].chunks)

        with pytest.warns(ResourceWarning, match=DROPPED) as warned:
            del held
        again = await hold_async(client)
        for stream in again:
            await stream.aclose()

        # Two were read or closed.
        assert CONNECTIONS_MAX - 2 == len(warned)
        assert (await client.pets.get(1)).name == "Rex"


async def test_cancelled_download_gives_its_place_back(photos: Raw):
    async with AsyncPetstore(photos.url, retry=1) as client:
        for _ in range(CONNECTIONS_MAX + 1):
            stream: Any = (await client.send(PHOTO)).value
            reading = asyncio.create_task(anext(stream.chunks))
            await asyncio.sleep(0)
            reading.cancel()
            with suppress(asyncio.CancelledError):
                await reading
            await stream.chunks.aclose()

        assert (await client.pets.get(1)).name == "Rex"


@contextmanager
def loops_closed_first() -> Iterator[None]:
    """Collect what closed loops left open, which Python warns of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield
        # What a finalizer held is garbage only after.
        gc.collect()
        gc.collect()


def test_client_works_in_one_loop_after_the_other(server: Raw):
    with loops_closed_first():
        names = names_by_loop(AsyncPetstore(server.url))

    assert ["Rex"] * 3 == names
    assert 3 == server.connection_count


def names_by_loop(client: AsyncPetstore) -> list[str]:
    names = [asyncio.run(client.pets.get(1)).name for _ in range(3)]
    asyncio.run(client.close())
    with pytest.raises(Unavailable, match="The client is closed"):
        asyncio.run(client.pets.get(1))
    return names


def test_download_is_read_in_the_loop_of_its_call(photos: Raw):
    with loops_closed_first():
        read_elsewhere(AsyncPetstore(photos.url))


def read_elsewhere(client: AsyncPetstore) -> None:
    stream: Any = asyncio.run(client.send(PHOTO)).value

    async def read() -> None:
        await anext(stream.chunks)

    with pytest.raises(ConfigError, match="belongs to another event loop"):
        asyncio.run(read())


FORK = """
import os, sys
from petstore_client import Petstore

client = Petstore(sys.argv[1])
client.pets.get(1)
child = os.fork()
name = client.pets.get(1).name
if child:
    _, status = os.waitpid(child, 0)
    print(name, client.pets.get(1).name, status)
client.close()
"""


def test_child_of_a_fork_makes_connections_of_its_own(server: Raw):
    done = subprocess.run(
        [sys.executable, "-c", FORK, server.url],
        capture_output=True,
        text=True,
        check=True,
        timeout=HANG_S,
    )

    assert "Rex Rex 0\n" == done.stdout
    assert (2, 4) == (server.connection_count, server.request_count)
