"""
Let requests to a mock fail as rules say: which requests, and what goes wrong.

    when:  op, method, path   whom; `path` may end with *
           nth, first         the n-th of these requests, or the first n of them
           probability        by chance, the same for the same seed
    do:    delay_ms, or delay: {min, max} or {median, sigma} in ms
           status             an error in the words of the API; retry_after in seconds
           limit: {n, window_s}   429 beyond so many in a while
           reset              the connection is reset
           empty              the connection ends without an answer
           garbage            bytes that are no HTTP
           truncate           so many bytes of the body, then the connection ends
           bad_chunk          chunks that are none, in mid-body
           dribble: {chunks, over_ms}   the body comes in pieces, slowly

What answers instead of the recording leaves the recording where it is; what spoils an
answer takes the next one. Each of them means the same on a socket and in a process.
"""

import math
import random
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from petstore.contract.checks import sentence
from petstore.contract.errors import ConfigError
from petstore.mock.exchange import Method, Path
from petstore.mock.facts import Facts
from petstore.mock.operation_ids import OperationId
from petstore.mock.wording import Right, faults_of

Break = Literal["reset", "empty", "garbage", "truncate", "bad_chunk", "dribble"]
# They come in the place of an answer.
INSTEAD: Final = ("reset", "empty", "garbage")
_PARTS: Final = ("reset", "empty", "garbage", "bad_chunk")
DELAY_S_MAX: Final = 3600.0


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Limit(_Part):
    """Say how many requests may come in a while."""

    n: int = Field(ge=0)
    window_s: float = Field(gt=0)


class Dribble(_Part):
    """Say in how many pieces a body comes, and over which time."""

    chunks: int = Field(ge=1, le=10_000)
    over_ms: float = Field(ge=0, le=DELAY_S_MAX * 1000)


class Delay(_Part):
    """Say how long a delay is, in milliseconds: even, or log-normal."""

    min: float | None = Field(default=None, ge=0)
    max: float | None = Field(default=None, ge=0)
    median: float | None = Field(default=None, gt=0)
    sigma: float | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _is_one_kind(self) -> Self:
        given = set(self.model_dump(exclude_none=True))
        if given not in ({"min", "max"}, {"median", "sigma"}):
            raise ValueError("should be {min, max} or {median, sigma}")
        return self

    def drawn_ms(self, chance: random.Random) -> float:
        """Return one delay."""
        if self.min is not None and self.max is not None:
            return chance.uniform(self.min, self.max)
        assert self.median is not None
        assert self.sigma is not None
        return chance.lognormvariate(math.log(self.median), self.sigma)


class When(_Part):
    """Say which requests a rule is about; nothing is all of them."""

    op: OperationId | None = Field(default=None, description="operationId.")
    method: Method | None = None
    path: Path | None = Field(default=None, description="Ends with * for all below.")
    nth: int | None = Field(default=None, ge=1)
    first: int | None = Field(default=None, ge=1)
    probability: Annotated[float | None, Right("a number from 0 to 1")] = Field(
        default=None, ge=0, le=1
    )

    def concerns(self, facts: Facts) -> bool:
        """Tell whether a request is one of these."""
        return (
            self.op in (None, facts.operation_id)
            and self.method in (None, facts.method)
            and self._has_path(facts.target)
        )

    def _has_path(self, path: str) -> bool:
        if self.path is None or not self.path.endswith("*"):
            return self.path in (None, path)
        return path.startswith(self.path[:-1])


class Do(_Part):
    """Say what goes wrong."""

    delay_ms: float | None = Field(default=None, ge=0, le=DELAY_S_MAX * 1000)
    delay: Annotated[
        Delay | None,
        Right("{min, max} or {median, sigma} in ms; one that is fixed is delay_ms: 30"),
    ] = None
    status: Annotated[int | None, Right("an error's, from 400 to 599")] = Field(
        default=None, ge=400, le=599
    )
    retry_after: Annotated[int | None, Right("whole seconds, 0 or more")] = Field(
        default=None, ge=0
    )
    limit: Annotated[
        Limit | None, Right("how many in how long, as {n: 5, window_s: 60}")
    ] = None
    reset: bool = False
    empty: bool = False
    garbage: bool = False
    truncate: Annotated[
        int | None, Right("the number of bytes that come, 0 or more")
    ] = Field(default=None, ge=0)
    bad_chunk: bool = False
    dribble: Annotated[
        Dribble | None,
        Right("how many pieces in how long, as {chunks: 5, over_ms: 1000}"),
    ] = None

    @model_validator(mode="after")
    def _is_something(self) -> Self:
        said = self.model_dump(exclude_defaults=True)
        if not said.keys() - {"retry_after"}:
            raise ValueError("should say what goes wrong, such as reset: true")
        clashing = [*self.breaks, *(["status"] if self.status is not None else [])]
        if len(clashing) > 1:
            raise ValueError(f"has {' and '.join(clashing)}; one of them is right")
        return self

    @property
    def breaks(self) -> list[Break]:
        """Name what spoils the connection."""
        named: list[Break] = [one for one in _PARTS if getattr(self, one)]
        if self.truncate is not None:
            named.append("truncate")
        if self.dribble is not None:
            named.append("dribble")
        return named


class Rule(_Part):
    """Hold one rule."""

    when: Annotated[When, Right("fields, as {op: getPetById, nth: 2}")] = Field(
        default_factory=When
    )
    do: Annotated[Do, Right("what goes wrong, as {reset: true}")]


class Effect(NamedTuple):
    """
    Say what goes wrong with one request.

    Args:
        status: Of an error that comes instead of an answer.
        retry_after: What that error asks to wait, in seconds.
        broken: What spoils the connection.
    """

    delay_s: float = 0.0
    status: int | None = None
    retry_after: int | None = None
    broken: Break | None = None
    truncate_bytes: int = 0
    dribble: Dribble | None = None


NO_EFFECT: Final = Effect()


class FaultRules:
    """
    Decide what goes wrong with each request of a session.

    Args:
        seed: The same one gives the same faults for the same requests.
    """

    def __init__(self, rules: Iterable[Rule] = (), *, seed: int = 0) -> None:
        self.rules = list(rules)
        self._seed = seed
        self._begin()

    @classmethod
    def of(cls, rules: Iterable[Mapping[str, Any] | Rule], *, seed: int = 0) -> Self:
        """
        Read rules.

        Raises:
            ConfigError: One of them is none; says which, and what would be right.
        """
        read = []
        for number, rule in enumerate(rules):
            try:
                read.append(Rule.model_validate(rule))
            except ValidationError as error:
                first = faults_of(error, Rule)[0]
                place = f"faults[{number}].{first.field}".rstrip(".")
                words = sentence(f"Wrong {place}: {first.message}")
                raise ConfigError(words) from None
        return cls(read, seed=seed)

    def _begin(self) -> None:
        self._counts = [0] * len(self.rules)
        self._windows: list[deque[float]] = [deque() for _ in self.rules]
        # Chance that can be repeated is what a test wants; it keeps no secret.
        self._chance = random.Random(self._seed)  # noqa: S311

    def reset(self) -> None:
        """Begin to count anew."""
        self._begin()

    def effect(self, facts: Facts, now_s: float) -> Effect:
        """
        Return what goes wrong with the next request.

        Args:
            now_s: Seconds of a clock that only goes on.
        """
        effect = NO_EFFECT
        for number, rule in enumerate(self.rules):
            if rule.when.concerns(facts) and self._happens(number, rule.when):
                effect = self._with(effect, number, rule.do, now_s)
        return effect

    def _happens(self, number: int, when: When) -> bool:
        self._counts[number] += 1
        count = self._counts[number]
        if when.nth is not None and count != when.nth:
            return False
        if when.first is not None and count > when.first:
            return False
        return when.probability is None or self._chance.random() < when.probability

    def _with(self, effect: Effect, number: int, do: Do, now_s: float) -> Effect:
        delay_ms = do.delay_ms or 0.0
        if do.delay is not None:
            delay_ms += do.delay.drawn_ms(self._chance)
        delay_s = min(effect.delay_s + delay_ms / 1000, DELAY_S_MAX)
        effect = effect._replace(delay_s=delay_s)
        if do.limit is not None:
            return self._limited(effect, number, do.limit, now_s)
        if do.status is not None:
            return effect._replace(status=do.status, retry_after=do.retry_after)
        for broken in do.breaks:
            effect = effect._replace(
                broken=broken,
                truncate_bytes=do.truncate or 0,
                dribble=do.dribble,
            )
        return effect

    def _limited(
        self, effect: Effect, number: int, limit: Limit, now_s: float
    ) -> Effect:
        window = self._windows[number]
        while window and window[0] <= now_s - limit.window_s:
            window.popleft()
        if len(window) < limit.n:
            window.append(now_s)
            return effect
        left_s = limit.window_s if not window else window[0] + limit.window_s - now_s
        return effect._replace(status=429, retry_after=math.ceil(left_s))
