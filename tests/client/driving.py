"""Drive the decision of a call by hand: no server, no clock, no chance."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from petstore.contract.call import Arg, Call, Operation, Place, Reply, Safety
from petstore.contract.errors import PetstoreError
from petstore.contract.flavours import Flavour, face
from petstore.contract.replies import Response
from petstore_client.auth import Anonymous
from petstore_client.budget import Budget
from petstore_client.decisions import (
    Auth,
    Decision,
    Pause,
    Renew,
    Rules,
    Send,
    Step,
    decide,
)
from petstore_client.options import Retry, Timeout

PET = b'{"id":1,"name":"Rex","photoUrls":[],"tags":[]}'
STEPS_MAX = 1_000

Outcome = Response | PetstoreError


@dataclass(slots=True)
class Clock:
    """Go on only when somebody waits."""

    now_s: float = 1_000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now_s


def an_answer(status: int = 200, body: bytes = PET, **headers: str) -> Response:
    """Return an answer; underscores in names of headers stand for hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, named, body)


def some_rules(
    flavour: Flavour = "native",
    *,
    auth: Auth | None = None,
    chance: Callable[[], float] = lambda: 0.5,
    clock: Callable[[], float] | None = None,
    **options: Any,
) -> Rules:
    """Return rules whose chance is 1/2, and whose clock stands still."""
    keys = (f"key {number}" for number in range(STEPS_MAX))
    return Rules(
        face=face(flavour, "strict"),
        timeout=options.get("timeout", Timeout()),
        retry=options.get("retry", Retry()),
        budget=options.get("budget") or Budget(),
        clock=clock or Clock(),
        chance=chance,
        new_key=lambda: next(keys),
        new_boundary=lambda: "boundary",
        auth=auth or Anonymous(),
    )


@dataclass(slots=True)
class Run:
    """Hold what became of a call: its steps, and its reply or its error."""

    steps: list[Step] = field(default_factory=list)
    reply: Reply[Any] | None = None
    error: PetstoreError | None = None

    @property
    def sends(self) -> list[Send]:
        """The requests that were sent."""
        return [step for step in self.steps if isinstance(step, Send)]

    @property
    def pauses_s(self) -> list[float]:
        """How long each pause was."""
        return [step.seconds for step in self.steps if isinstance(step, Pause)]


def run(call: Call[Any], rules: Rules, outcomes: Iterable[Outcome]) -> Run:
    """Decide a call whose requests come to these outcomes, one after the other."""
    done = Run()
    try:
        done.reply = _drive(decide(call, rules), rules, iter(outcomes), done.steps)
    except PetstoreError as error:
        done.error = error
    return done


def _drive(
    decision: Decision[Any], rules: Rules, outcomes: Any, steps: list[Step]
) -> Any:
    answer: Any = None
    error: PetstoreError | None = None
    try:
        for _ in range(STEPS_MAX):
            step = decision.throw(error) if error else decision.send(answer)
            steps.append(step)
            answer, error = None, None
            try:
                answer = _outcome(step, rules, outcomes, steps)
            except PetstoreError as failure:
                error = failure
    except StopIteration as end:
        return end.value
    raise AssertionError("The decision has no end.")


def _outcome(step: Step, rules: Rules, outcomes: Any, steps: list[Step]) -> Any:
    if isinstance(step, Send):
        outcome = next(outcomes)
        if isinstance(outcome, PetstoreError):
            raise outcome
        return outcome
    if isinstance(step, Pause):
        assert isinstance(rules.clock, Clock)
        rules.clock.now_s += step.seconds
        return None
    assert isinstance(step, Renew)
    login = rules.auth.renewal(replace(rules, auth=Anonymous()))
    return _drive(login, rules, outcomes, steps)


def keyed(operation: Operation[Any], rules: Rules) -> tuple[Operation[Any], Rules]:
    """Return an operation and rules whose server takes an idempotency key for it."""
    arg = Arg("idempotency_key", "key", Place.QUERY, str, required=False)
    others = tuple(one for one in operation.args if one.name != arg.name)
    operation = replace(operation, args=(*others, arg), safety=Safety.KEYED)
    routes = dict(rules.face.routes)
    route = routes[operation.id]
    routes[operation.id] = replace(route, operation=operation, args=operation.args)
    return operation, replace(rules, face=replace(rules.face, routes=routes))
