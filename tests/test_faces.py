"""
The same calls give the same answers, whichever way they take.

Five stores answer each call: embedded on SQLite and on Postgres, and served by the
native API, `/v2` and `/api/v3`. A face that has no words for a call lets the native API
of its own server answer, so that all stores stay comparable.
"""

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
from petstore.embed import Embedded
from petstore.engine.engine import Engine
from petstore.engine.opening import Options, open_engine
from petstore.engine.seeding import empty, first_units
from petstore.engine.seeds import Seed
from tests.kit.faces import as_answered, can_carry
from tests.kit.postgres import Postgres
from tests.kit.shop_calls import scripts
from tests.kit.stores import postgres

__all__ = ["postgres"]

NOW = datetime(2030, 1, 1, tzinfo=UTC)
FLAVOURS: tuple[Flavour, ...] = ("native", "v2", "v3")
# 30 in a plain run; the profile says how many a proof has.
EXAMPLE_COUNT = settings().max_examples * 3 // 10
IDS = (1, 2, 3, 4, 5)
# Explaining a failure would take minutes.
PHASES = tuple(phase for phase in Phase if phase is not Phase.explain)


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

    def answer(self, call: Call[Any]) -> Any:
        """Return what can be compared of the answer to a call."""
        can = self.face is None or can_carry(self.face, call)
        try:
            value = (self.client if can else self.native).send(call).value
        except RemoteError as error:
            return type(error), error.message, error.fields, error.extra
        # A token is random.
        return value.expires_at if isinstance(value, Token) else value

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
        url = stack.enter_context(postgres.fresh_store())
        embedded = [_embedded(url, options) for url in ("memory:", url)]
        for way in embedded:
            stack.enter_context(way.client)
        yield [*embedded, *(_served(one, options, stack) for one in FLAVOURS)]


def _embedded(url: str, options: Options) -> Way:
    engine = open_engine(url, options)
    client = Embedded(engine)
    return Way(url, None, client, client, lambda: _empty(engine))


def _empty(engine: Engine) -> None:
    for unit in (empty, *first_units("sandbox", Seed())):
        engine.store.write(unit)


def _served(flavour: Flavour, options: Options, stack: ExitStack) -> Way:
    server = stack.enter_context(petstore.serve(**options))
    client = stack.enter_context(petstore_client.Petstore(server.url, flavour=flavour))
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
        if way.face is not None and can_carry(way.face, call):
            assert as_answered(way.face, expected) == actual, way.name
        else:
            assert expected == actual, way.name


def check_agreement(seen: dict[str, Any]) -> None:
    """Compare what all ways have seen with what the first has."""
    first, *others = seen
    for name in others:
        assert seen[first] == seen[name], name
