"""A client is given what fits it, says when it is not, and shows what it calls."""

from functools import wraps
from typing import Any

import pytest

import petstore
from petstore.contract.errors import ConfigError
from petstore_client import (
    AsyncBackendWrapper,
    AsyncPetstore,
    BackendWrapper,
    Password,
    Petstore,
    connect,
    connect_async,
)
from petstore_client.testing import AsyncFake, Fake
from tests.kit.facades import AsyncNotingBackend, NotingBackend

SERVER = "https://pets.example/shop/v2"
SHOWN = "https://pets.example/shop, v2 API"


@pytest.fixture
def fakes():
    with Petstore(fake := Fake()):
        yield fake, AsyncFake()


@pytest.mark.parametrize("make", [Petstore, BackendWrapper])
def test_backend_of_coroutines_is_refused_by_what_waits(make, fakes):
    right = f"use Async{make.__name__} with it"

    for target in (connect_async(SERVER), fakes[1], AsyncPetstore("memory:")):
        with pytest.raises(ConfigError, match=right):
            make(target)


@pytest.mark.parametrize("make", [AsyncPetstore, AsyncBackendWrapper])
def test_backend_that_waits_is_refused_by_coroutines(make, fakes):
    right = rf"use {make.__name__.removeprefix('Async')} with it.*connect_async\(url\)"

    for target in (connect(SERVER), fakes[0], Petstore(fakes[0])):
        with pytest.raises(ConfigError, match=right):
            make(target)


@pytest.mark.parametrize("make", [Petstore, AsyncPetstore])
def test_class_of_a_backend_is_none(make):
    with pytest.raises(ConfigError, match=r"not its class; give Fake\(…\)"):
        make(Fake)


def test_decorated_coroutine_function_is_one():
    decorated: Any = AsyncNotingBackend()
    inner = decorated.send
    decorated.send = wraps(inner)(lambda call: inner(call))

    assert AsyncPetstore(decorated).pets


@pytest.mark.parametrize(
    ("client", "connection"), [(Petstore, connect), (AsyncPetstore, connect_async)]
)
def test_client_shows_what_it_calls_and_no_secret(client, connection):
    secret = Password("ann", "s3cret")

    assert f"{client.__name__}({SHOWN})" == repr(client(SERVER, auth=secret))
    wrapper = AsyncBackendWrapper if client is AsyncPetstore else BackendWrapper
    wrapped = client(wrapper(connection(SERVER, auth=secret)))
    assert f"{client.__name__}({wrapper.__name__}({SHOWN}))" == repr(wrapped)


async def test_client_of_a_store_shows_where_it_is(tmp_path, fakes):
    path = f"{tmp_path}/shop.db"

    assert "AsyncPetstore(Opening(memory:))" == repr(AsyncPetstore("memory:"))
    away = AsyncPetstore("postgresql://ann:s3cret@h/d?password=s3cret")
    assert "AsyncPetstore(Opening(postgresql://ann@h/d))" == repr(away)
    with Petstore(f"sqlite:///{path}") as client:
        assert f"Petstore(Embedded({path}))" == repr(client)
    async with petstore.open_async() as store:
        assert "AsyncEmbedded(memory:)" == repr(store)
    assert "Petstore(Fake(memory:))" == repr(Petstore(fakes[0]))
    assert "NotingBackend" in repr(Petstore(NotingBackend()))
