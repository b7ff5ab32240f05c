"""What stands around the stock transport sees each attempt, and takes nothing away."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

import httpx
import pytest

from petstore.contract.errors import (
    ConfigError,
    DeadlineExceeded,
    TransportError,
    Unavailable,
)
from petstore_client import (
    AsyncPetstore,
    AsyncTransport,
    Attempt,
    Petstore,
    Retry,
    Transport,
)
from petstore_client._wire import CONNECTIONS_MAX
from petstore_client.transports import ATTEMPT
from tests.client.raw import (
    PET,
    Raw,
    answer_all,
    drip_body,
    drip_head,
    raw_server,
    say_nothing,
    whole,
)

NO_PAUSE = Retry(base_s=0)
NOT_NOW = b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"
LATE_S = 0.15
TURNS_MAX = 1_000_000


class Marking:
    """Mark each request, and note what it is for."""

    def __init__(self, inner: Transport) -> None:
        self.inner = inner
        self.attempts: list[Attempt] = []
        self.statuses: list[int] = []

    def handle_request(self, request: Any) -> Any:
        request.headers["x-mark"] = "seen"
        self.attempts.append(request.extensions[ATTEMPT])
        response = self.inner.handle_request(request)
        self.statuses.append(response.status_code)
        return response

    def close(self) -> None:
        self.inner.close()


class AsyncMarking:
    """Be the same for coroutines."""

    def __init__(self, inner: AsyncTransport) -> None:
        self.inner = inner
        self.attempts: list[Attempt] = []
        self.statuses: list[int] = []
        self.is_closed = False

    async def handle_async_request(self, request: Any) -> Any:
        request.headers["x-mark"] = "seen"
        self.attempts.append(request.extensions[ATTEMPT])
        response = await self.inner.handle_async_request(request)
        self.statuses.append(response.status_code)
        return response

    async def aclose(self) -> None:
        self.is_closed = True
        await self.inner.aclose()


class Made(list[Any]):
    """Make transports of a kind, and keep them for a look."""

    def __init__(self, kind: Any) -> None:
        super().__init__()
        self.kind = kind

    def __call__(self, inner: Any) -> Any:
        self.append(self.kind(inner))
        return self[-1]


def fail_unmarked(raw: Raw, connection) -> None:
    """Answer 503 to the first request, then a pet to those that are marked."""
    while head := raw.next_request(connection):
        is_good = b"x-mark: seen" in head and raw.request_count > 1
        connection.sendall(whole(PET) if is_good else NOT_NOW)


@contextmanager
def timed(at_least_s: float) -> Iterator[None]:
    begun = monotonic()
    yield
    assert at_least_s - 0.01 <= monotonic() - begun <= at_least_s + LATE_S


BOTH_ATTEMPTS = [
    Attempt("getPetById", "/pet/{petId}", 1),
    Attempt("getPetById", "/pet/{petId}", 2),
]


def test_what_stands_around_the_transport_sees_each_attempt():
    made = Made(Marking)
    with (
        raw_server(fail_unmarked) as raw,
        Petstore(raw.url, transport=made, retry=NO_PAUSE) as client,
    ):
        assert client.pets.get(1).name == "Rex"

    assert BOTH_ATTEMPTS == made[0].attempts
    assert [503, 200] == made[0].statuses


async def test_what_stands_around_the_async_transport_sees_each_attempt():
    made = Made(AsyncMarking)
    with raw_server(fail_unmarked) as raw:
        async with AsyncPetstore(raw.url, transport=made, retry=NO_PAUSE) as client:
            assert (await client.pets.get(1)).name == "Rex"

    assert BOTH_ATTEMPTS == made[0].attempts
    assert [503, 200] == made[0].statuses


def test_class_of_transports_is_a_function_that_makes_one():
    with (
        raw_server(answer_all) as raw,
        Petstore(raw.url, transport=Marking) as client,
    ):
        assert client.pets.get(1).name == "Rex"


@pytest.mark.parametrize("talk", [drip_head, drip_body, say_nothing])
async def test_wrapped_stock_transport_keeps_to_the_time_of_its_call(talk):
    with raw_server(talk) as raw:
        with (
            Petstore(raw.url, timeout=0.3, transport=Marking) as client,
            timed(0.3),
            pytest.raises(DeadlineExceeded),
        ):
            client.pets.get(1)
        async with AsyncPetstore(
            raw.url, timeout=0.3, transport=AsyncMarking
        ) as async_client:
            with timed(0.3), pytest.raises(DeadlineExceeded):
                await async_client.pets.get(1)


class Dawdling(AsyncMarking):
    async def handle_async_request(self, request: Any) -> Any:
        await asyncio.Event().wait()


async def test_wrapper_that_dawdles_keeps_to_the_time_of_its_call():
    async with AsyncPetstore(
        "http://pets.example", timeout=0.05, transport=Dawdling
    ) as client:
        with pytest.raises(DeadlineExceeded):
            await client.pets.get(1)


def closed_port() -> str:
    with raw_server(answer_all) as raw:
        return raw.url


async def test_wrapped_stock_transport_is_not_believed_that_nothing_was_sent():
    """A wrapper may have sent the request elsewhere, or for a second time."""
    url = closed_port()
    with (
        Petstore(url, transport=Marking, retry=1) as client,
        pytest.raises(TransportError, match="nothing listens there") as caught,
    ):
        client.pets.get(1)
    async with AsyncPetstore(url, transport=AsyncMarking, retry=1) as async_client:
        with pytest.raises(TransportError, match="nothing listens") as caught_async:
            await async_client.pets.get(1)

    assert "maybe" == caught.value.sent == caught_async.value.sent


async def test_wrapped_stock_transport_has_no_more_connections():
    with raw_server(answer_all) as raw:
        async with AsyncPetstore(raw.url, transport=AsyncMarking) as client:
            await asyncio.gather(*(client.pets.get(1) for _ in range(100)))

    assert 1 <= raw.connection_count <= CONNECTIONS_MAX


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(TURNS_MAX):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("It never came.")


async def test_cancelled_calls_leave_nothing_in_a_wrapped_pool():
    made = Made(AsyncMarking)
    with raw_server(say_nothing) as raw:
        async with AsyncPetstore(raw.url, transport=made) as client:
            tasks = [asyncio.create_task(client.pets.get(1)) for _ in range(100)]
            # Wherever they are: waiting for a place, connecting, waiting for an answer.
            for task in tasks:
                await asyncio.sleep(0)
                task.cancel()
            ends = await asyncio.gather(*tasks, return_exceptions=True)
            pool = made[0].inner._stock._pool
            await until(lambda: not pool.connections and not pool._requests)

    assert {asyncio.CancelledError} == {type(end) for end in ends}


def test_each_event_loop_has_a_wrapper_of_its_own():
    made = Made(AsyncMarking)
    with raw_server(answer_all) as raw:
        client = AsyncPetstore(raw.url, transport=made)

        async def get() -> None:
            await client.pets.get(1)
            await made[-1].inner.aclose()

        asyncio.run(get())
        asyncio.run(get())

    assert 2 == len(made)


async def test_closing_the_client_closes_its_wrappers():
    made = Made(AsyncMarking)
    with raw_server(answer_all) as raw:
        client = AsyncPetstore(raw.url, transport=made)
        await client.pets.get(1)
        await client.close()

        with pytest.raises(Unavailable):
            await client.pets.get(1)

    assert made[0].is_closed


def test_client_that_was_never_used_makes_no_wrapper():
    made = Made(Marking)
    Petstore("http://pets.example", transport=made).close()

    assert [] == made


@pytest.mark.parametrize(
    ("client", "transport", "method"),
    [
        (Petstore, object(), "handle_request"),
        (AsyncPetstore, object(), "handle_async_request"),
        (Petstore, httpx.AsyncHTTPTransport(), "handle_request"),
        (AsyncPetstore, httpx.HTTPTransport(), "handle_async_request"),
    ],
)
def test_what_is_no_transport_is_told_at_once(client, transport, method):
    with pytest.raises(ConfigError, match=f"of this client has {method}"):
        client("http://pets.example", transport=transport)


async def test_function_that_makes_no_transport_is_told():
    with (
        Petstore("http://pets.example", transport=lambda _: None) as client,
        pytest.raises(ConfigError, match="not None, which has no handle_request"),
    ):
        client.pets.get(1)
    async with AsyncPetstore("http://pets.example", transport=Marking) as async_client:
        with pytest.raises(ConfigError, match="no handle_async_request"):
            await async_client.pets.get(1)
