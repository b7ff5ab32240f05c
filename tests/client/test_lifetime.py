"""A client serves forks and event loops, and may be closed in the midst of calls."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from time import monotonic

import pytest

from petstore.contract.errors import PetstoreError, TransportError, Unavailable
from petstore_client import AsyncPetstore, Petstore, Retry
from tests.client.raw import PET, Raw, answer_all, raw_server, say_nothing, whole

CALL_COUNT = 64
HANG_S = 30
# Any call in the midst of which it is closed would else be waited for much longer.
SOON_S = 5.0
NO_PAUSE = Retry(base_s=0)


def answer_late(raw: Raw, connection) -> None:
    while raw.next_request(connection):
        raw.is_over.wait(0.05)
        connection.sendall(whole(PET))


@pytest.fixture
def server() -> Iterator[Raw]:
    with raw_server(answer_all) as raw:
        yield raw


def until_requested(raw: Raw, count: int) -> None:
    end = monotonic() + HANG_S
    while raw.request_count < count:
        assert monotonic() < end
        threading.Event().wait(0.001)


def until_gone(raw: Raw) -> int:
    """Return how many connections are left once the server noticed what was closed."""
    end = monotonic() + SOON_S
    while raw.connections and monotonic() < end:
        threading.Event().wait(0.01)
    return len(raw.connections)


@pytest.mark.parametrize("talk", [answer_late, say_nothing], ids=["late", "silent"])
def test_threads_whose_client_is_closed_are_answered_or_told(talk):
    outcomes: list[object] = []

    def work() -> None:
        try:
            outcomes.append(client.pets.get(1).name)
        except PetstoreError as error:
            outcomes.append(error)

    with raw_server(talk) as raw:
        client = Petstore(raw.url, retry=NO_PAUSE)
        threads = [threading.Thread(target=work) for _ in range(CALL_COUNT)]
        for thread in threads:
            thread.start()
        until_requested(raw, 8)
        begun = monotonic()
        client.close()
        for thread in threads:
            thread.join(HANG_S)
        took_s = monotonic() - begun
        left_count = until_gone(raw)

    check_told(outcomes)
    assert took_s <= SOON_S
    assert 0 == left_count


async def test_last_attempt_says_that_the_client_was_closed():
    with raw_server(say_nothing) as raw:
        with Petstore(raw.url, retry=1) as client:
            asking = asyncio.create_task(asyncio.to_thread(client.pets.get, 1))
            await asyncio.to_thread(until_requested, raw, 1)
        async with AsyncPetstore(raw.url, retry=1) as async_client:
            async_asking = asyncio.create_task(async_client.pets.get(1))
            await asyncio.to_thread(until_requested, raw, 2)
        errors = await asyncio.gather(asking, async_asking, return_exceptions=True)

    message = f"The client was closed before {raw.url} had answered."
    assert [(TransportError, message)] * 2 == [(type(e), str(e)) for e in errors]


def ask_to_wait(raw: Raw, connection) -> None:
    while raw.next_request(connection):
        connection.sendall(
            b"HTTP/1.1 503 No\r\nRetry-After: 20\r\nContent-Length: 0\r\n\r\n"
        )


async def test_pause_ends_when_the_client_is_closed():
    with raw_server(ask_to_wait) as raw:
        begun = monotonic()
        with Petstore(raw.url) as client:
            asking = asyncio.create_task(asyncio.to_thread(client.pets.get, 1))
            await asyncio.to_thread(until_requested, raw, 1)
        async with AsyncPetstore(raw.url) as async_client:
            async_asking = asyncio.create_task(async_client.pets.get(1))
            await asyncio.to_thread(until_requested, raw, 2)
        errors = await asyncio.gather(asking, async_asking, return_exceptions=True)
        took_s = monotonic() - begun

    assert [Unavailable] * 2 == [type(error) for error in errors]
    assert took_s <= SOON_S


@pytest.mark.parametrize("talk", [answer_late, say_nothing], ids=["late", "silent"])
async def test_coroutines_whose_client_is_closed_are_answered_or_told(talk):
    with raw_server(talk) as raw:
        client = AsyncPetstore(raw.url, retry=NO_PAUSE)
        tasks = [asyncio.create_task(client.pets.get(1)) for _ in range(CALL_COUNT)]
        await asyncio.to_thread(until_requested, raw, 8)
        begun = monotonic()
        await client.close()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        took_s = monotonic() - begun
        left_count = until_gone(raw)

    check_told(outcomes)
    assert took_s <= SOON_S
    assert 0 == left_count


def check_told(outcomes: list) -> None:
    errors = [one for one in outcomes if isinstance(one, BaseException)]
    assert CALL_COUNT == len(outcomes)
    assert errors
    assert {(Unavailable, "The client is closed.")} == {
        (type(error), str(error)) for error in errors
    }


# A child that hangs says where.
FORK = """
import asyncio, faulthandler, os, sys, threading
from petstore_client import AsyncPetstore, Petstore

url = sys.argv[1]
client, coroutines = Petstore(url), AsyncPetstore(url)
is_over = threading.Event()

def work():
    while not is_over.is_set():
        client.pets.get(1)

client.pets.get(1)
asyncio.run(coroutines.pets.get(1))
threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads:
    thread.start()
statuses = []
for _ in range(20):
    child = os.fork()
    if not child:
        faulthandler.dump_traceback_later(20, exit=True)
        client.pets.get(1)
        asyncio.run(coroutines.pets.get(1))
        os._exit(0)
    statuses.append(os.waitpid(child, 0)[1])
is_over.set()
for thread in threads:
    thread.join()
client.close()
print(statuses)
"""


def test_child_of_a_fork_in_the_midst_of_calls_makes_its_own(server: Raw):
    """Whatever locks the threads of the parent held just then."""
    done = subprocess.run(
        [sys.executable, "-c", FORK, server.url],
        capture_output=True,
        text=True,
        check=True,
        timeout=2 * HANG_S,
    )

    assert f"{[0] * 20}\n" == done.stdout, done.stderr


# At the fork, a thread is inside of what the client keeps for its loops: that asks
# whether the first loop is closed, which here takes until the child is done.
LOCKED_FORK = """
import asyncio, faulthandler, os, sys, threading
from petstore_client import AsyncPetstore

class Slow(asyncio.SelectorEventLoop):
    is_armed = False

    def is_closed(self):
        if self.is_armed and threading.current_thread() is asking:
            is_inside.set()
            is_over.wait()
        return super().is_closed()

url = sys.argv[1]
is_inside, is_over = threading.Event(), threading.Event()
client = AsyncPetstore(url)
slow = Slow()
slow.run_until_complete(client.pets.get(1))
slow.is_armed = True
asking = threading.Thread(target=lambda: asyncio.run(client.pets.get(1)))
asking.start()
assert is_inside.wait(20)
child = os.fork()
if not child:
    faulthandler.dump_traceback_later(20, exit=True)
    asyncio.run(client.pets.get(1))
    asyncio.run(client.close())
    os._exit(0)
status = os.waitpid(child, 0)[1]
is_over.set()
asking.join()
slow.is_armed = False
slow.run_until_complete(client.close())
slow.close()
print(status)
"""


def test_child_of_a_fork_waits_for_no_lock_of_another_thread(server: Raw):
    assert "0\n" == forked(LOCKED_FORK, server)


READING_FORK = """
import faulthandler, os, sys
from petstore.contract import calls
from petstore_client import ConfigError, Petstore

client = Petstore(sys.argv[1])
stream = client.send(calls.get_photo("0" * 64)).value
pieces = iter(stream)
next(pieces)
child = os.fork()
if not child:
    faulthandler.dump_traceback_later(20, exit=True)
    try:
        next(pieces)
    except ConfigError as error:
        is_told = "is a fork of" in error.message
    stream.close()
    os._exit(not is_told)
status = os.waitpid(child, 0)[1]
print(status, len(stream.read()) > 0)
client.close()
"""


def test_download_is_read_by_the_process_that_began_it():
    """A child that closes it takes nothing from its parent."""
    with raw_server(give_in_pieces) as raw:
        assert "0 True\n" == forked(READING_FORK, raw)


def give_in_pieces(raw: Raw, connection) -> None:
    while raw.next_request(connection):
        connection.sendall(whole(b"x" * 10_000_000, kind=b"image/png"))


def forked(code: str, raw: Raw) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, raw.url],
        capture_output=True,
        text=True,
        check=False,
        timeout=2 * HANG_S,
    )
    assert 0 == done.returncode, done.stderr
    return done.stdout


async def test_client_works_in_several_loops_at_once(server: Raw):
    """And who closes it closes the connections of all."""
    names: list[str] = []
    all_begun, is_over = threading.Barrier(4), threading.Event()

    async def read() -> None:
        pets = [await client.pets.get(1)]
        await asyncio.to_thread(all_begun.wait, HANG_S)
        pets += await asyncio.gather(*(client.pets.get(1) for _ in range(50)))
        names.extend(pet.name for pet in pets)
        await asyncio.to_thread(all_begun.wait, HANG_S)

    async def read_and_wait() -> None:
        await read()
        await asyncio.to_thread(is_over.wait, HANG_S)

    client = AsyncPetstore(server.url)
    others = [
        threading.Thread(target=asyncio.run, args=(read_and_wait(),)) for _ in range(3)
    ]
    for thread in others:
        thread.start()
    await read()
    await client.close()
    left_count = await asyncio.to_thread(until_gone, server)
    is_over.set()
    for thread in others:
        thread.join(HANG_S)

    assert ["Rex"] * 4 * 51 == names
    assert 0 == left_count
