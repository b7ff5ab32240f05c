"""What an app is tested with answers as the store and the server that it stands for."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any

import httpx
import pytest
from hypothesis import given, settings

import petstore
from petstore.contract import calls
from petstore.contract.call import Call
from petstore.contract.errors import PetstoreError
from petstore.contract.faults import Rates
from petstore.contract.flavours import Flavour, face
from petstore_client import AsyncPetstore, Petstore, Retry
from petstore_client.testing import AsyncFake, Fake, Faults, FaultyTransport, router
from tests.kit.builders import a_draft
from tests.kit.shop_calls import scripts
from tests.kit.waited import Waiting
from tests.test_faces import (
    EXAMPLE_COUNT,
    FLAVOURS,
    NOW,
    PHASES,
    Way,
    check_agreement,
    check_answers,
)

ORIGIN = "http://petstore.test"
OPTIONS: dict[str, Any] = {"seed": "empty", "clock": lambda: NOW}
CALL_COUNT = 60
RATES: Rates = {"drop": 0.1, "unavailable": 0.15, "lost": 0.15}


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


def all_ways(rules: str, runner: asyncio.Runner, stack: ExitStack) -> list[Way]:
    """Return the ways to a fresh store, the embedded one first."""
    options = {**OPTIONS, "rules": rules}
    embedded = stack.enter_context(petstore.open(**options))
    fake = stack.enter_context(Petstore(Fake(**options)))
    waiting = Waiting(AsyncFake(**options), runner)
    async_fake = stack.enter_context(Petstore(waiting))
    return [
        _way("embedded", embedded),
        _way("fake", fake),
        _way("async fake", async_fake),
        *(_routed(flavour, options, stack) for flavour in FLAVOURS),
        _async_routed(options, runner, stack),
    ]


def _way(name: str, client: Any) -> Way:
    return Way(name, None, client, client, reset=lambda: None)


def _routed(flavour: Flavour, options: dict[str, Any], stack: ExitStack) -> Way:
    fake = stack.enter_context(closing(Fake(**options)))
    client, native = (
        stack.enter_context(
            Petstore(
                ORIGIN,
                flavour=one,
                transport=httpx.MockTransport(
                    router(ORIGIN, flavour=one, fake=fake).handler
                ),
            )
        )
        for one in (flavour, "native")
    )
    spoken = face(flavour, "strict")
    return Way(f"{flavour} router", spoken, client, native, reset=lambda: None)


def _async_routed(
    options: dict[str, Any], runner: asyncio.Runner, stack: ExitStack
) -> Way:
    fake = AsyncFake(**options)
    stack.callback(Waiting(fake, runner).close)
    transport = httpx.MockTransport(router(ORIGIN, fake=fake).async_handler)
    remote = Waiting(AsyncPetstore(ORIGIN, transport=transport), runner)
    client = stack.enter_context(Petstore(remote))
    return Way(
        "async router", face("native", "strict"), client, client, reset=lambda: None
    )


@pytest.mark.proof
@pytest.mark.parametrize("rules", ["lenient", "shop"])
@settings(max_examples=EXAMPLE_COUNT // 3, report_multiple_bugs=False, phases=PHASES)
@given(script=scripts())
def test_fakes_and_routers_answer_as_an_embedded_store(rules, runner, script):
    with ExitStack() as stack:
        ways = all_ways(rules, runner, stack)
        for call in script.calls:
            check_answers(ways, call)
        check_agreement({way.name: way.state() for way in ways})
        check_agreement({way.name: way.histories() for way in ways})


@pytest.mark.uncounted
@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_router_and_server_fail_alike_under_one_plan(seed, flavour):
    """Retries are the client's, so they must not differ by what it talks to."""
    with petstore.serve(seed="empty") as server:
        served = outcomes(server.url, httpx.HTTPTransport(), seed, flavour)
    with closing(Fake(seed="empty")) as fake:
        routes = router(ORIGIN, flavour=flavour, fake=fake)
        routed = outcomes(ORIGIN, httpx.MockTransport(routes.handler), seed, flavour)
        done = len(fake.store.pets.list().collect(CALL_COUNT * 2))

    assert served == routed
    assert len({*served}) > 4
    acknowledged = sum(isinstance(one[0], int) and one[1] == "addPet" for one in routed)
    assert acknowledged <= done <= CALL_COUNT


def outcomes(url: str, inner: Any, seed: int, flavour: Flavour) -> list[Any]:
    """Return what became of each call: its attempts and value, or its error."""
    transport = FaultyTransport(inner, Faults.at_rates(seed, **RATES))
    client = Petstore(url, flavour=flavour, transport=transport, retry=Retry(base_s=0))
    with client:
        return [_outcome(client, call) for call in _calls()]


def _calls() -> Iterator[Call[Any]]:
    for number in range(CALL_COUNT):
        yield calls.add_pet(a_draft(name=f"Pet {number}"))
        yield calls.get_pet_by_id(number)
        yield calls.delete_pet(number + 2)


def _outcome(client: Petstore, call: Call[Any]) -> Any:
    try:
        reply = client.send(call)
    except PetstoreError as error:
        sent = getattr(error, "sent", None)
        return type(error), call.operation.id, error.attempts, error.message, sent
    return reply.attempts, call.operation.id, str(reply.value)
