"""What stands around a backend sees each call once, and changes nothing else."""

import copy
from typing import Any, TypeVar

import pytest

import petstore
from petstore.contract.call import AsyncBackend, Backend, Call, Reply
from petstore.contract.errors import ConfigError, Unavailable
from petstore_client import (
    AsyncBackendWrapper,
    AsyncPetstore,
    BackendWrapper,
    Petstore,
    Retry,
    connect,
    connect_async,
)
from tests.client.conftest import Petshop
from tests.client.raw import PET, Raw, raw_server, whole
from tests.kit.facades import AsyncNotingBackend, NotingBackend

T = TypeVar("T")

NO_PAUSE = Retry(base_s=0)
NOT_NOW = b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"


class Counting(BackendWrapper):
    def __init__(self, inner: Backend) -> None:
        super().__init__(inner)
        self.seen: list[str] = []

    def send(self, call: Call[T]) -> Reply[T]:
        self.seen.append(call.operation.id)
        return super().send(call)


class AsyncCounting(AsyncBackendWrapper):
    def __init__(self, inner: AsyncBackend) -> None:
        super().__init__(inner)
        self.seen: list[str] = []

    async def send(self, call: Call[T]) -> Reply[T]:
        self.seen.append(call.operation.id)
        return await super().send(call)


class Bare:
    """Have what a backend must have, and no more."""

    def __init__(self, inner: Backend) -> None:
        self.inner = inner

    def send(self, call: Call[T]) -> Reply[T]:
        return self.inner.send(call)

    def close(self) -> None:
        self.inner.close()


def fail_first(raw: Raw, connection) -> None:
    """Answer 503 to the first request, and a pet to the others."""
    while raw.next_request(connection):
        is_first = raw.request_count == 1
        connection.sendall(NOT_NOW if is_first else whole(PET))


def test_wrapper_sees_each_call_once_however_often_it_is_sent():
    with raw_server(fail_first) as raw:
        counting = Counting(connect(raw.url, retry=NO_PAUSE))
        with Petstore(counting) as client:
            assert client.pets.get(1).name == "Rex"

    assert ["getPetById"] == counting.seen
    assert 2 == raw.request_count


async def test_async_wrapper_sees_each_call_once_however_often_it_is_sent():
    with raw_server(fail_first) as raw:
        counting = AsyncCounting(connect_async(raw.url, retry=NO_PAUSE))
        async with AsyncPetstore(counting) as client:
            assert (await client.pets.get(1)).name == "Rex"

    assert ["getPetById"] == counting.seen
    assert 2 == raw.request_count


def test_other_options_go_through_a_wrapper():
    with raw_server(fail_first) as raw:
        counting = Counting(Counting(connect(raw.url)))
        with Petstore(counting) as client:
            with client.with_options(retry=1) as other, pytest.raises(Unavailable):
                other.pets.get(1)
            # Closing the other one has closed nothing.
            client.pets.get(1)
        with pytest.raises(Unavailable, match="is closed"):
            other.pets.get(1)

    assert ["getPetById"] * 3 == counting.seen


async def test_other_options_go_through_an_async_wrapper():
    with raw_server(fail_first) as raw:
        counting = AsyncCounting(connect_async(raw.url))
        async with AsyncPetstore(counting) as client:
            other = client.with_options(retry=1)
            with pytest.raises(Unavailable):
                await other.pets.get(1)
            await other.close()
            await client.pets.get(1)
        with pytest.raises(Unavailable, match="is closed"):
            await other.pets.get(1)

    assert ["getPetById"] * 3 == counting.seen


def test_wrapper_has_what_the_backend_inside_has():
    with petstore.open() as store:
        wrapped: Any = Counting(Counting(store))

        assert store.snapshot == wrapped.snapshot
        assert not hasattr(wrapped, "pause_s")
        assert not hasattr(wrapped, "_engine")
        assert not hasattr(copy.copy(wrapped), "_engine")


@pytest.mark.parametrize(
    "wrapped",
    [
        Counting(connect("http://pets.example")),
        AsyncCounting(connect_async("http://pets.example")),
    ],
)
def test_wrapper_of_a_server_can_be_followed(wrapped):
    """What the clients look for before they follow events anew."""
    assert not wrapped.is_closed
    assert callable(wrapped.pause_before_stream)


def test_wrapper_without_options_is_told_what_would_have_some():
    client = Petstore(Bare(connect("http://pets.example")))

    with pytest.raises(ConfigError, match="BackendWrapper does; Bare has none"):
        client.with_options(timeout=1)


@pytest.mark.parametrize("kind", [BackendWrapper, AsyncBackendWrapper])
def test_wrapper_of_a_store_has_no_options_either(kind):
    inner = NotingBackend() if kind is BackendWrapper else AsyncNotingBackend()

    with pytest.raises(ConfigError, match="NotingBackend has none"):
        kind(inner).with_options(timeout=1)


async def test_backend_of_any_url_can_be_wrapped(petshop: Petshop, tmp_path):
    for url in (petshop.url, f"sqlite:///{tmp_path}/shop.db"):
        with Petstore(Counting(connect(url))) as client:
            assert "available" in client.store.inventory() or "shop.db" in url
        async with AsyncPetstore(AsyncCounting(connect_async(url))) as async_client:
            assert await async_client.store.inventory() is not None


@pytest.mark.parametrize("how", [connect, connect_async])
def test_url_of_the_environment_is_connected_to(how, monkeypatch):
    monkeypatch.setenv("PETSTORE_URL", "http://pets.example")

    assert hasattr(how(), "send")


@pytest.mark.parametrize("how", [connect, connect_async])
def test_wrong_url_or_setting_is_told_at_once(how):
    with pytest.raises(ConfigError, match="names no server"):
        how("http://")
    with pytest.raises(ConfigError, match="timeout total"):
        how("http://pets.example", timeout=0)
