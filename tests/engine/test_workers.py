"""Long work waits apart by its kind, in queues that end, on threads that end."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

import pytest

from petstore.contract.errors import Unavailable
from petstore.contract.facade import AsyncPetstore
from petstore.engine.opening import open_async_engine
from petstore.engine.workers import THREAD_COUNT, WAITING_COUNT_MAX, Workers
from tests.engine.shops import FakeHasher, defaults
from tests.kit.builders import a_draft, a_user_draft
from tests.kit.pictures import a_picture
from tests.kit.stores import ManualClock

PASSWORD_COUNT_MAX = THREAD_COUNT + WAITING_COUNT_MAX["passwords"]
WAIT_S = 10


@pytest.fixture
async def workers() -> AsyncIterator[Workers]:
    workers = Workers()
    yield workers
    await workers.close()


class Held:
    """Be work that lasts until it is let go."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.end_count = 0
        self._free = threading.Event()

    def __call__(self) -> None:
        self.begun.release()
        assert self._free.wait(WAIT_S)
        self.end_count += 1

    def let_go(self) -> None:
        self._free.set()

    async def has_begun(self, count: int = 1) -> None:
        for _ in range(count):
            assert await asyncio.to_thread(self.begun.acquire, timeout=WAIT_S)


def own_threads() -> list[str]:
    names = [thread.name for thread in threading.enumerate()]
    return [name for name in names if name.startswith("petstore-")]


def begin(workers: Workers, fn: Callable[[], Any], count: int) -> list[Any]:
    return [asyncio.create_task(workers.run("passwords", fn)) for _ in range(count)]


async def test_passwords_that_wait_hold_up_no_picture_and_no_file(workers: Workers):
    held = Held()
    logins = begin(workers, held, PASSWORD_COUNT_MAX)
    await held.has_begun(THREAD_COUNT)

    assert await workers.run("pictures", lambda: "drawn") == "drawn"
    assert await workers.run("files", lambda: "read") == "read"

    held.let_go()
    await asyncio.gather(*logins)


async def test_queue_that_is_full_takes_no_more_until_it_moves(workers: Workers):
    held = Held()
    logins = begin(workers, held, PASSWORD_COUNT_MAX)
    await held.has_begun(THREAD_COUNT)

    with pytest.raises(Unavailable, match="Try again") as caught:
        await workers.run("passwords", held)
    held.let_go()
    await asyncio.gather(*logins)

    assert caught.value.extra == {"retry_after": 1}
    assert await workers.run("passwords", lambda: "done") == "done"


async def test_what_has_begun_goes_on_in_a_full_queue(workers: Workers):
    held = Held()
    logins = begin(workers, held, PASSWORD_COUNT_MAX)
    await held.has_begun(THREAD_COUNT)

    rest = asyncio.create_task(
        workers.run("passwords", lambda: "the rest", is_begun=True)
    )
    await asyncio.sleep(0)
    held.let_go()

    assert await rest == "the rest"
    await asyncio.gather(*logins)


async def test_work_that_is_cancelled_while_it_waits_is_never_done(workers: Workers):
    held = Held()
    first = begin(workers, held, THREAD_COUNT)
    await held.has_begun(THREAD_COUNT)
    (waiting,) = begin(workers, held, 1)
    await asyncio.sleep(0)

    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    held.let_go()
    await asyncio.gather(*first)

    assert held.end_count == THREAD_COUNT


async def test_work_that_is_cancelled_ends_before_its_caller(workers: Workers):
    """The caller closes what the work uses."""
    held = Held()
    (login,) = begin(workers, held, 1)
    await held.has_begun()

    for _ in range(2):
        login.cancel()
        await asyncio.sleep(0)
    assert not login.done()
    held.let_go()

    with pytest.raises(asyncio.CancelledError):
        await login
    assert held.end_count == 1


@pytest.mark.parametrize("piece_count", [0, 1, 7])
async def test_pieces_are_written_in_order_beside_the_loop(
    workers: Workers, piece_count: int
):
    pieces = [bytes([number]) * 100_000 for number in range(piece_count)]
    written: list[bytes] = []
    threads: set[str] = set()

    async def chunks() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    def write(content: bytes) -> None:
        written.append(content)
        threads.add(threading.current_thread().name.rpartition("_")[0])

    await workers.drain(chunks(), write)

    assert b"".join(pieces) == b"".join(written)
    assert len(written) == -(-piece_count // 3)
    assert threads <= {"petstore-files"}


async def test_what_fails_after_it_is_cancelled_is_forgotten(workers: Workers):
    held = Held()

    def fail() -> None:
        held()
        raise ValueError("nobody asked")

    (login,) = begin(workers, fail, 1)
    await held.has_begun()
    login.cancel()
    await asyncio.sleep(0)
    held.let_go()

    with pytest.raises(asyncio.CancelledError):
        await login


async def test_close_ends_what_waits_and_every_thread(workers: Workers):
    held = Held()
    logins = begin(workers, held, THREAD_COUNT + 1)
    await held.has_begun(THREAD_COUNT)

    closing = asyncio.create_task(workers.close())
    await asyncio.sleep(0)
    with pytest.raises(Unavailable, match="closed"):
        await workers.run("files", held)
    held.let_go()
    await closing
    await workers.close()

    assert held.end_count == THREAD_COUNT + 1
    assert [None] * len(logins) == await asyncio.gather(*logins)
    assert [] == own_threads()


async def test_close_that_is_cancelled_ends_the_threads_all_the_same():
    workers, held = Workers(), Held()
    (login,) = begin(workers, held, 1)
    await held.has_begun()
    closing = asyncio.create_task(workers.close())
    await asyncio.sleep(0)
    threads = [one for one in threading.enumerate() if one.name in own_threads()]

    closing.cancel()
    with suppress(asyncio.CancelledError):
        await closing
    held.let_go()
    await login
    for thread in threads:
        await asyncio.to_thread(thread.join, WAIT_S)

    assert [] == own_threads()


async def test_engine_ends_the_threads_of_its_work(clock: ManualClock):
    options: Any = {**defaults(clock), "profile": "shop", "hasher": FakeHasher()}
    engine = await open_async_engine("memory:", options)
    client = AsyncPetstore(engine)
    await client.pets.create(a_draft())
    await client.users.create(a_user_draft())
    photo = await client.pets.upload_photo(1, a_picture())
    assert photo.url is not None
    await client.pets.photo(photo.url.removeprefix("/photos/"))
    names = {name.rpartition("_")[0] for name in own_threads()}

    await engine.close()

    assert {"petstore-passwords", "petstore-pictures", "petstore-files"} == names
    assert [] == own_threads()
