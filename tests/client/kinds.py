"""
Give a client of every kind of backend, to tests that hold all of them equal.

A kind is an entry of `KINDS`. Each answers from an empty store that follows the rules
of a shop; the clients of the one real server share its store.
"""

import asyncio
import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, cached_property, partial
from operator import attrgetter
from typing import Any, TypeVar

import httpx
import pytest
from httpx_aiohttp import AiohttpTransport

import petstore
from petstore.contract.flavours import Flavour, face
from petstore.mock.upstream import Upstream
from petstore_client import (
    AsyncBackendWrapper,
    AsyncPetstore,
    BackendWrapper,
    Petstore,
    connect,
    connect_async,
)
from petstore_client.testing import AsyncFake, Fake, router
from tests.client.rerecording import Rerecording
from tests.kit.facades import Noted, NotingBackend, call, public_methods
from tests.kit.faces import as_answered
from tests.kit.waited import Waiting, waited

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., object])

NOW = datetime(2030, 1, 1, tzinfo=UTC)
UPLOAD_BYTES_MAX = 10_000
RESOURCES = ("pets", "store", "store.orders", "users", "auth")
# Sends to a router, and nobody else.
ROUTED = "http://petstore.test"
OPTIONS: dict[str, Any] = {
    "seed": "empty",
    "rules": "shop",
    "clock": lambda: NOW,
    "upload_bytes_max": UPLOAD_BYTES_MAX,
}


class Stores:
    """Open what answers, when it is first needed."""

    def __init__(self, stack: ExitStack) -> None:
        self.stack = stack
        self._clients: dict[str, Petstore] = {}

    def client(self, kind: str) -> Petstore:
        """Return the client of a kind, the same one each time."""
        if kind not in self._clients:
            client = KINDS[kind].open(self)
            self.stack.callback(client.close)
            self._clients[kind] = client
        return self._clients[kind]

    @cached_property
    def server_url(self) -> str:
        """Run a server."""
        server = petstore.serve(contract="strict", **OPTIONS)
        return self.stack.enter_context(server).url

    @cached_property
    def upstream(self) -> Upstream:
        """Ask the server for recordings."""
        upstream, runner = Upstream(self.server_url), self.runner
        self.stack.callback(lambda: runner.run(upstream.aclose()))
        return upstream

    @cached_property
    def runner(self) -> asyncio.Runner:
        """Run an event loop."""
        return self.stack.enter_context(asyncio.Runner())


@dataclass(frozen=True, slots=True)
class Kind:
    """
    Say what opens a client.

    Args:
        flavour: What its calls travel through; native where they do not travel.
    """

    open: Callable[[Stores], Petstore]
    flavour: Flavour = "native"


def _remote(stores: Stores, flavour: Flavour) -> Petstore:
    return Petstore(stores.server_url, flavour=flavour)


def _async_remote(stores: Stores, flavour: Flavour) -> Petstore:
    client = AsyncPetstore(stores.server_url, flavour=flavour)
    return waited(client, stores.runner)


def _wrapped(stores: Stores) -> Petstore:
    return Petstore(BackendWrapper(connect(stores.server_url)))


def _async_wrapped(stores: Stores) -> Petstore:
    wrapper = AsyncBackendWrapper(connect_async(stores.server_url))
    return waited(AsyncPetstore(wrapper), stores.runner)


def _aiohttp(stores: Stores) -> Petstore:
    client = AsyncPetstore(stores.server_url, transport=AiohttpTransport())
    return waited(client, stores.runner)


def _embedded(_: Stores) -> Petstore:
    return Petstore(petstore.open(**OPTIONS))


def _async_embedded(stores: Stores) -> Petstore:
    async def opened() -> AsyncPetstore:
        return AsyncPetstore(await petstore.open_async(**OPTIONS))

    return waited(stores.runner.run(opened()), stores.runner)


def _fake(_: Stores) -> Petstore:
    return Petstore(Fake(**OPTIONS))


def _async_fake(stores: Stores) -> Petstore:
    return waited(AsyncPetstore(AsyncFake(**OPTIONS)), stores.runner)


def _routed(stores: Stores) -> Petstore:
    fake = stores.stack.enter_context(closing(Fake(**OPTIONS)))
    transport = httpx.MockTransport(router(ROUTED, fake=fake).handler)
    return Petstore(ROUTED, transport=transport)


def _async_routed(stores: Stores) -> Petstore:
    fake = AsyncFake(**OPTIONS)
    stores.stack.callback(Waiting(fake, stores.runner).close)
    transport = httpx.MockTransport(router(ROUTED, fake=fake).async_handler)
    return waited(AsyncPetstore(ROUTED, transport=transport), stores.runner)


def _rerecorded(stores: Stores, flavour: Flavour) -> Petstore:
    transport = Rerecording(stores.upstream)
    return Petstore(stores.server_url, flavour=flavour, transport=transport)


def _async_rerecorded(stores: Stores) -> Petstore:
    transport = Rerecording(stores.upstream)
    client = AsyncPetstore(stores.server_url, transport=transport)
    return waited(client, stores.runner)


KINDS: dict[str, Kind] = {
    "native": Kind(partial(_remote, flavour="native")),
    "v2": Kind(partial(_remote, flavour="v2"), "v2"),
    "v3": Kind(partial(_remote, flavour="v3"), "v3"),
    "wrapped": Kind(_wrapped),
    "embedded": Kind(_embedded),
    "fake": Kind(_fake),
    "router": Kind(_routed),
    "recorded": Kind(partial(_rerecorded, flavour="native")),
    "recorded v2": Kind(partial(_rerecorded, flavour="v2"), "v2"),
    "recorded v3": Kind(partial(_rerecorded, flavour="v3"), "v3"),
    "async native": Kind(partial(_async_remote, flavour="native")),
    "async v2": Kind(partial(_async_remote, flavour="v2"), "v2"),
    "async v3": Kind(partial(_async_remote, flavour="v3"), "v3"),
    "async wrapped": Kind(_async_wrapped),
    "aiohttp": Kind(_aiohttp),
    "async embedded": Kind(_async_embedded),
    "async fake": Kind(_async_fake),
    "async router": Kind(_async_routed),
    "async recorded": Kind(_async_rerecorded),
}


class Shop:
    """
    Be a shop, as one kind of client sees it.

    Attributes:
        client: Sends the calls.
    """

    _numbers = itertools.count(1)

    def __init__(self, kind: str, client: Petstore) -> None:
        self.client = client
        self._face = face(KINDS[kind].flavour, "strict")

    def new(self, name: str) -> str:
        """Return a name that nobody has in any of the stores."""
        return f"{name} {next(self._numbers)}"

    def seen(self, value: T) -> T:
        """Return what this kind of client can see of a value."""
        seen: T = as_answered(self._face, value)
        return seen


@pytest.fixture(scope="module")
def stores() -> Iterator[Stores]:
    """Give stores that are opened as they are needed."""
    with ExitStack() as stack:
        yield Stores(stack)


@pytest.fixture
def shop(request: pytest.FixtureRequest, stores: Stores) -> Shop:
    """Give the shop of the kind that `shows` asks for."""
    return Shop(request.param, stores.client(request.param))


# Which error of which method a test shows; None is what it does when it succeeds.
SHOWN: set[tuple[str, str | None]] = set()


def shows(
    method: str, error: type[Exception] | None = None, *, needs: str | None = None
) -> Callable[[F], F]:
    """
    Say what a test shows of a facade, and run it on each kind that has it.

    Args:
        method: Such as `pets.get`.
        needs: An argument that not every flavour has.
    """
    SHOWN.add((method, None if error is None else error.__name__))
    kinds = [name for name in KINDS if has(name, method, needs=needs)]
    mark: Callable[[F], F] = pytest.mark.parametrize("shop", kinds, indirect=True)
    return mark


def has(kind: str, method: str, *, needs: str | None = None) -> bool:
    """Tell whether the calls of a kind can say what a method does."""
    route = face(KINDS[kind].flavour, "strict").routes.get(operation_of()[method])
    if route is None:
        return False
    return needs is None or any(arg.name == needs for arg in route.args)


@cache
def operation_of() -> dict[str, str]:
    """Return the id of the operation that each method of a facade sends."""
    backend = NotingBackend()
    methods = dict(named_methods(Petstore(backend)))
    for method in methods.values():
        with suppress(Noted):
            call(method)
    return dict(zip(methods, backend.noted, strict=True))


def named_methods(client: Petstore) -> Iterator[tuple[str, Any]]:
    """Return each method that sends a call, by the name that a caller writes."""
    yield "events", client.events
    for path in RESOURCES:
        resource = attrgetter(path)(client)
        for method in public_methods(resource):
            yield f"{path}.{method.__name__}", method
