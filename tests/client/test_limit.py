"""Each step of a request gets what is left, and nothing is left open."""

import asyncio
import ssl
import threading
from math import inf
from time import monotonic
from typing import Any, cast

import httpcore
import pytest

from petstore_client._limit import Limit, interruptible, under
from petstore_client._network import AsyncDeadlineBackend, DeadlineBackend

TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class Inner(httpcore.NetworkStream):
    """Note what is asked of it."""

    def __init__(self) -> None:
        self.times: list[Any] = []
        self.sizes: list[int] = []
        self.is_closed = False

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self.times.append(timeout)
        return b""

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.times.append(timeout)
        self.sizes.append(len(buffer))

    def start_tls(self, *_: Any) -> httpcore.NetworkStream:
        raise httpcore.ConnectError("No.")

    def close(self) -> None:
        self.is_closed = True

    def connect_tcp(self, *_: Any) -> httpcore.NetworkStream:
        return self


class Reading(Inner):
    """Read as long as the peer sends nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.has_begun = threading.Event()
        self.is_over = threading.Event()

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self.has_begun.set()
        self.is_over.wait(timeout)
        return b""


class Securable(Inner):
    """Take TLS."""

    def __init__(self) -> None:
        super().__init__()
        self.secured = Inner()

    def start_tls(self, *_: Any) -> httpcore.NetworkStream:
        return self.secured


class AsyncInner(httpcore.AsyncNetworkStream):
    """Wait for ever."""

    def __init__(self) -> None:
        self.is_closed = False

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - httpcore's
        await asyncio.Event().wait()
        return b""

    async def start_tls(self, *_: Any) -> httpcore.AsyncNetworkStream:
        await asyncio.Event().wait()
        return self

    async def aclose(self) -> None:
        self.is_closed = True

    async def connect_tcp(self, *_: Any) -> httpcore.AsyncNetworkStream:
        return self


def connected(inner: Any) -> httpcore.NetworkStream:
    return DeadlineBackend(inner).connect_tcp("127.0.0.1", 1, timeout=5)


async def connected_async(inner: Any) -> httpcore.AsyncNetworkStream:
    return await AsyncDeadlineBackend(inner).connect_tcp("127.0.0.1", 1, timeout=5)


@pytest.mark.parametrize(
    ("left", "timeout", "expected"),
    [(9, 5, 5), (9, None, 9), (3, 5, 3)],
)
def test_step_gets_the_shorter_of_its_time_and_what_is_left(left, timeout, expected):
    step_s = Limit(monotonic() + left).left(timeout)

    assert expected == pytest.approx(step_s, abs=0.5)


@pytest.mark.parametrize("timeout", [None, 5])
def test_no_step_begins_when_the_time_is_over(timeout):
    with pytest.raises(httpcore.ReadTimeout):
        Limit(monotonic()).left(timeout)


def test_without_a_limit_a_step_has_its_own_time():
    inner = Inner()
    stream = connected(inner)

    stream.read(1, timeout=7)
    stream.read(1)

    assert [7, None] == inner.times


def test_long_writes_are_cut_so_that_each_part_gets_what_is_left():
    inner = Inner()
    with under(Limit(monotonic() + 3)):
        connected(inner).write(b"x" * 200_000, timeout=5)

    assert 200_000 == sum(inner.sizes)
    assert max(inner.sizes) <= 65_536
    assert sorted(inner.times, reverse=True) == inner.times


def test_connection_that_was_made_during_a_close_is_closed():
    inner = Inner()
    backend = DeadlineBackend(cast(Any, inner))

    backend.close()

    with pytest.raises(httpcore.ConnectError, match="the client is closed"):
        backend.connect_tcp("127.0.0.1", 1)
    assert inner.is_closed


async def test_async_connection_that_was_made_during_a_close_is_closed():
    inner = AsyncInner()
    backend = AsyncDeadlineBackend(cast(Any, inner))

    await backend.aclose()

    with pytest.raises(httpcore.ConnectError, match="the client is closed"):
        await backend.connect_tcp("127.0.0.1", 1)
    assert inner.is_closed


async def test_close_ends_the_tls_of_a_connection_in_its_place():
    plain = Securable()
    backend = DeadlineBackend(cast(Any, plain))
    backend.connect_tcp("127.0.0.1", 1).start_tls(TLS)

    backend.close()

    assert (False, True) == (plain.is_closed, plain.secured.is_closed)
    assert [] == backend._opened.end()


def test_connection_in_use_is_closed_by_who_uses_it():
    """Else its number may be that of another one, by the time that it is read."""
    inner = Reading()
    stream = connected(inner)
    thread = threading.Thread(target=stream.read, args=(1, 30))
    thread.start()
    inner.has_begun.wait(30)

    stream.close()
    was_closed_in_use = inner.is_closed
    inner.is_over.set()
    thread.join()

    assert (False, True) == (was_closed_in_use, inner.is_closed)


@pytest.mark.parametrize("left_s", [0, 9])
def test_connection_without_its_tls_is_closed(left_s):
    inner = Inner()
    stream = connected(inner)

    with (
        under(Limit(monotonic() + left_s)),
        pytest.raises((httpcore.ConnectError, httpcore.ReadTimeout)),
    ):
        stream.start_tls(TLS, None, 5)

    assert inner.is_closed


async def test_aborted_step_looks_like_a_network_that_failed():
    limit, stream = Limit(inf), await connected_async(AsyncInner())

    with under(limit):
        reading = asyncio.create_task(stream.read(1))
    await asyncio.sleep(0)
    limit.abort()

    with pytest.raises(httpcore.ReadTimeout):
        await reading
    with under(limit), pytest.raises(httpcore.ReadTimeout):
        await stream.read(1)


async def test_cancelled_task_is_cancelled_where_nothing_was_aborted():
    stream = await connected_async(AsyncInner())

    with under(Limit(inf)):
        reading = asyncio.create_task(stream.read(1))
    await asyncio.sleep(0)
    reading.cancel()

    with pytest.raises(asyncio.CancelledError):
        await reading


async def test_aborted_tls_is_closed():
    inner, limit = AsyncInner(), Limit(inf)
    stream = await connected_async(inner)

    with under(limit):
        starting = asyncio.create_task(stream.start_tls(TLS, None, 5))
    await asyncio.sleep(0)
    limit.abort()

    with pytest.raises(httpcore.ReadTimeout):
        await starting
    assert inner.is_closed


async def test_abort_ends_the_wait_for_a_piece_of_an_upload():
    async def stuck():
        yield b"a"
        await asyncio.Event().wait()

    limit = Limit(inf)

    async def send() -> None:
        async for _ in interruptible(stuck()):
            pass

    with under(limit):
        sending = asyncio.create_task(send())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    limit.abort()

    with pytest.raises(httpcore.ReadTimeout):
        await sending
