"""
The same calls give the same answers, whichever way they take.

Five stores answer each call: embedded on SQLite and on Postgres, and served by the
native API, `/v2` and `/api/v3`. A face that has no words for a call lets the native API
of its own server answer, so that all stores stay comparable. A synchronous and an
asynchronous client take turns, wherever two can have one store.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from hypothesis import Phase, given, settings

import petstore
import petstore_client
from petstore.contract.call import Call
from petstore.contract.errors import RemoteError
from petstore.contract.facade import Petstore
from petstore.contract.flavours import Face, Flavour, face
from petstore.contract.user import Token
from petstore.embed import AsyncEmbedded, Embedded
from petstore.engine.engine import Engine
from petstore.engine.opening import Options, open_async_engine, open_engine
from petstore.engine.seeding import empty, first_units
from petstore.engine.seeds import Seed
from tests.kit.faces import as_answered, can_carry
from tests.kit.postgres import Postgres
from tests.kit.shop_calls import scripts
from tests.kit.stores import postgres
from tests.kit.waited import InTurn, Waiting

__all__ = ["postgres"]

NOW = datetime(2030, 1, 1, tzinfo=UTC)
FLAVOURS: tuple[Flavour, ...] = ("native", "v2", "v3")
# 30 in a plain run; the profile says how many a proof has.
EXAMPLE_COUNT = settings().max_examples * 3 // 10
IDS = (1, 2, 3, 4, 5)
# Explaining a failure would take minutes.
PHASES = tuple(phase for phase in Phase if phase is not Phase.explain)


@dataclass(frozen=True, slots=True)
class Answer:
    """Hold what can be compared of the answer to a call that was not refused."""

    value: Any
    version: int | None

    def through(self, face: Face | None) -> "Answer":
        """Return what of it a face carries; None carries all of it."""
        if face is None:
            return self
        version = self.version if face.flavour == "native" else None
        return Answer(as_answered(face, self.value), version)


@dataclass(frozen=True, slots=True)
class Way:
    """
    Hold one way to a store.

    Args:
        face: What the calls travel through; None for a store in this process.
        client: Sends them.
        native: Sends what the face has no words for, and reads.
        reset: Empties the store.
    """

    name: str
    face: Face | None
    client: Petstore
    native: Petstore
    reset: Callable[[], object]

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        # Else hypothesis would show everything that it holds.
        printer.text(self.name)

    def can_carry(self, call: Call[Any]) -> bool:
        """Tell whether its own client has words for a call."""
        return self.face is None or can_carry(self.face, call)

    def answer(self, call: Call[Any]) -> Any:
        """Return what can be compared of the answer to a call."""
        try:
            reply = (self.client if self.can_carry(call) else self.native).send(call)
        except RemoteError as error:
            return type(error), error.message, error.fields, error.extra
        value = reply.value
        # A token is random.
        shown = value.expires_at if isinstance(value, Token) else value
        return Answer(shown, reply.version)

    def state(self) -> dict[str, Any]:
        """Return what anybody can read."""
        client = self.native
        return {
            "inventory": client.store.inventory(),
            "pets": list(client.pets.list(sort="name", page_size=3)),
            "orders": list(client.store.orders.list(sort="-id", page_size=3)),
            "users": list(client.users.list()),
        }

    def histories(self) -> list[Any]:
        """Return the writes of each pet that there ever was."""
        return [self._history(pet_id) for pet_id in IDS]

    def _history(self, pet_id: int) -> Any:
        try:
            return list(self.native.pets.history(pet_id, page_size=2))
        except RemoteError as error:
            return type(error), error.message


@pytest.fixture(scope="module", params=["lenient", "shop"])
def ways(
    request: pytest.FixtureRequest,
    postgres: Postgres,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[list[Way]]:
    """All ways to stores that follow the same rules."""
    options: Options = {
        "seed": "empty",
        "contract": "strict",
        "rules": request.param,
        "clock": lambda: NOW,
        "data_dir": tmp_path_factory.mktemp("pictures"),
    }
    with ExitStack() as stack:
        runner = stack.enter_context(asyncio.Runner())
        url = stack.enter_context(postgres.fresh_store())
        yield [
            _embedded("memory:", options, stack),
            _embedded(url, options, stack, runner),
            *(_served(one, options, stack, runner) for one in FLAVOURS),
        ]


def _embedded(
    url: str,
    options: Options,
    stack: ExitStack,
    runner: asyncio.Runner | None = None,
) -> Way:
    """Open a store, and where there is a runner, twice: for either kind of caller."""
    engine = open_engine(url, options)
    native = stack.enter_context(Embedded(engine))
    client: Petstore = native
    if runner is not None:
        twin = Waiting(runner.run(_opened(url, options)), runner)
        client = stack.enter_context(Petstore(InTurn(native, twin)))
    return Way(url, None, client, native, lambda: _empty(engine))


async def _opened(url: str, options: Options) -> AsyncEmbedded:
    return AsyncEmbedded(await open_async_engine(url, options))


def _empty(engine: Engine) -> None:
    for unit in (empty, *first_units("sandbox", Seed())):
        engine.store.write(unit)


def _served(
    flavour: Flavour, options: Options, stack: ExitStack, runner: asyncio.Runner
) -> Way:
    server = stack.enter_context(petstore.serve(**options))
    twin = petstore_client.AsyncPetstore(server.url, flavour=flavour)
    turns = InTurn(
        petstore_client.Petstore(server.url, flavour=flavour), Waiting(twin, runner)
    )
    client = stack.enter_context(Petstore(turns))
    native = stack.enter_context(petstore_client.Petstore(server.url))
    http = stack.enter_context(httpx.Client(base_url=server.url))
    return Way(
        flavour,
        face(flavour, "strict"),
        client,
        native,
        lambda: http.post("/__petstore/reset").raise_for_status(),
    )


@pytest.mark.proof
@settings(max_examples=EXAMPLE_COUNT, report_multiple_bugs=False, phases=PHASES)
@given(script=scripts())
def test_every_way_to_a_store_answers_the_same(ways, script):
    for way in ways:
        way.reset()

    for call in script.calls:
        check_answers(ways, call)
        check_agreement({way.name: way.state() for way in ways})
    check_agreement({way.name: way.histories() for way in ways})


def check_answers(ways: list[Way], call: Call[Any]) -> None:
    """Let all ways answer, and compare each with the first as far as its face goes."""
    expected = ways[0].answer(call)
    for way in ways[1:]:
        actual = way.answer(call)
        shown = expected
        if isinstance(expected, Answer) and way.can_carry(call):
            shown = expected.through(way.face)
        assert shown == actual, way.name


def check_agreement(seen: dict[str, Any]) -> None:
    """Compare what all ways have seen with what the first has."""
    first, *others = seen
    for name in others:
        assert seen[first] == seen[name], name
