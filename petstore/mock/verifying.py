"""
Check what was asked of a session, after the fact.

    op, or method and path      which requests
    where: {json.status: placed}    what stands in them, by the paths of `ignore`
    times: {exactly, at_least, at_most}    how many of them; at_least: 1 unless given
    in_order: [{op: …}, {op: …}]    instead: these, one after the other, others between

The journal keeps the last requests only, and no large bodies. What it forgot could
change a count, so a check that depends on it fails and says so.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Final, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from petstore.contract.errors import ConfigError
from petstore.mock.exchange import Method, Path
from petstore.mock.facts import BODY_HALVES, Facts, as_halves, read_ignored
from petstore.mock.journal import LEFT_OUT, Journal, Row
from petstore.mock.json_walk import NOTHING
from petstore.mock.operation_ids import OperationId
from petstore.mock.session import Session
from petstore.mock.wording import Right, invalid_of

_NEAREST_COUNT_MAX: Final = 5
_STEP_COUNT_MAX: Final = 100
Steps = Sequence[str | int]


class Unverified(AssertionError):
    """
    Say that a session was not asked what a test expects.

    Attributes:
        verdict: What was found instead.
    """

    def __init__(self, verdict: "Verdict") -> None:
        super().__init__(verdict.text)
        self.verdict = verdict


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Times(_Part):
    """Say how many requests are expected."""

    exactly: int | None = Field(default=None, ge=0)
    at_least: int | None = Field(default=None, ge=0)
    at_most: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _is_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("should have exactly, at_least or at_most")
        return self

    def allows(self, count: int) -> bool:
        """Tell whether so many are right."""
        return (
            self.exactly in (None, count)
            and count >= (self.at_least or 0)
            and (self.at_most is None or count <= self.at_most)
        )

    @property
    def has_most(self) -> bool:
        """Whether one request more may be one too many."""
        return self.exactly is not None or self.at_most is not None

    def words(self) -> str:
        """Say it in words."""
        given = self.model_dump(exclude_none=True)
        return " and ".join(
            f"{name.replace('_', ' ')} {count}" for name, count in given.items()
        )


class Which(_Part):
    """Say which requests are meant."""

    op: OperationId | None = Field(default=None, description="operationId.")
    method: Method | None = None
    path: Path | None = Field(default=None, description="As it was sent.")
    where: Annotated[
        dict[str, Any], Right("paths with what stands there, as {json.status: placed}")
    ] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _has_readable_paths(self) -> Self:
        for path in self.where:
            try:
                _steps(path)
            except ConfigError:
                raise ValueError(
                    f"where: {path!r:.100} is no path; one begins with json, form,"
                    " parts, query, headers or path, as json.status"
                ) from None
        return self

    def concerns(self, facts: Facts) -> bool:
        """Tell whether a request is one of these, whatever stands in it."""
        return (
            self.op in (None, facts.operation_id)
            and self.method in (None, facts.method)
            and self.path in (None, facts.target)
        )

    def may_match(self, facts: Facts) -> bool:
        """Tell whether only a body that the journal left out could say that it is."""
        return (
            facts.body is LEFT_OUT
            and self.concerns(facts)
            and any(_is_of_body(path) for path in self.where)
            and not self.differences(facts)
        )

    def differences(self, facts: Facts) -> list[dict[str, Any]]:
        """Return where a request is not as it should be, as far as that is known."""
        halves = as_halves(facts)
        found = []
        for path, wanted in self.where.items():
            if facts.body is LEFT_OUT and _is_of_body(path):
                continue
            steps = _steps(path)
            sent = _at(halves, steps)
            # Paths and queries are text; 7 in JSON is the pet of /pet/7.
            texted = wanted if steps[0] == "json" else _texted(wanted)
            if not _is_same(sent, texted):
                shown = None if sent is NOTHING else sent
                found.append({"path": path, "expected": wanted, "sent": shown})
        return found

    def matches(self, facts: Facts) -> bool:
        """Tell whether a request is one of these."""
        return (
            self.concerns(facts)
            and not self.differences(facts)
            and not self.may_match(facts)
        )

    def words(self) -> str:
        """Say it in words."""
        named = " ".join(one for one in (self.op, self.method, self.path) if one)
        shown = f" where {_json(self.where)}" if self.where else ""
        return f"{named or 'any request'}{shown}"


class Expected(Which):
    """Say what should have been asked."""

    times: Annotated[Times, Right("exactly, at_least or at_most, as {exactly: 1}")] = (
        Times(at_least=1)
    )
    in_order: Annotated[
        list[Which], Right("a list of 100 requests at most, as [{op: placeOrder}]")
    ] = Field(default_factory=list, max_length=_STEP_COUNT_MAX)

    @model_validator(mode="after")
    def _is_one_kind(self) -> Self:
        if self.in_order and self.model_fields_set - {"in_order"}:
            raise ValueError("in_order says all there is; leave the other fields out")
        return self


class Verdict(NamedTuple):
    """
    Hold whether a session was asked what was expected.

    Args:
        rows: The requests that are meant.
        nearest: Where it was not: the requests that come closest, with what differs.
    """

    is_right: bool
    text: str
    rows: list[Row]
    nearest: list[dict[str, Any]]

    def shown(self) -> dict[str, Any]:
        """Return what the admin API tells of it."""
        return {
            "verified": self.is_right,
            "count": len(self.rows),
            "detail": self.text,
            "rows": [row.shown() for row in self.rows],
            "nearest": self.nearest,
        }


def verify(session: Session, **expected: Any) -> list[Row]:
    """
    Return the requests that were expected: `verify(session, op="placeOrder")`.

    Args:
        expected: The fields of `Expected`.

    Raises:
        Unverified: They did not come, or not as often; an AssertionError.
        Invalid: A field is not what it should be.
    """
    __tracebackhide__ = True
    try:
        wanted = Expected.model_validate(expected)
    except ValidationError as error:
        raise invalid_of(error, Expected, "expected") from None
    verdict = verdict_of(session.journal, wanted)
    if not verdict.is_right:
        raise Unverified(verdict)
    return verdict.rows


def verdict_of(journal: Journal, expected: Expected) -> Verdict:
    """Tell whether what a journal holds is what was expected."""
    # What was sent is judged, and what may be shown of it is told.
    rows = journal.as_sent()
    if expected.in_order:
        return _in_order(rows, expected.in_order, journal)
    found = [row for row in rows if expected.matches(row.facts)]
    times, unknown = expected.times, _unknown(journal, rows, [expected])
    is_right = times.allows(len(found)) and not (unknown and times.has_most)
    text = f"{expected.words()}: expected {times.words()}, came {len(found)}{unknown}."
    nearest = [] if is_right else _nearest(rows, expected, journal)
    return Verdict(is_right, text, list(map(journal.shown, found)), nearest)


def _in_order(rows: list[Row], steps: list[Which], journal: Journal) -> Verdict:
    found: list[Row] = []
    left = iter(rows)
    for step in steps:
        row = next((one for one in left if step.matches(one.facts)), None)
        if row is None:
            after = f" behind request {found[-1].number}" if found else ""
            text = (
                f"in_order[{len(found)}]: {step.words()} did not come{after}"
                f"{_unknown(journal, rows, steps)}."
            )
            nearest = _nearest(rows, step, journal)
            return Verdict(False, text, list(map(journal.shown, found)), nearest)
        found.append(row)
    text = f"All {len(steps)} came in this order."
    return Verdict(True, text, list(map(journal.shown, found)), [])


def _nearest(rows: list[Row], wanted: Which, journal: Journal) -> list[dict[str, Any]]:
    """Return the requests that lack least: first those of the same operation."""
    ranked = sorted(rows, key=lambda row: _distance(row.facts, wanted))
    return [
        {
            **shown.shown(),
            "differences": _told(wanted.differences(row.facts), shown),
        }
        for row in ranked[:_NEAREST_COUNT_MAX]
        for shown in [journal.shown(row)]
    ]


def _told(differences: list[dict[str, Any]], shown: Row) -> list[dict[str, Any]]:
    """Return differences with what may be told of what was sent."""
    halves = as_halves(shown.facts)
    told = []
    for one in differences:
        sent = _at(halves, _steps(one["path"]))
        told.append({**one, "sent": None if sent is NOTHING else sent})
    return told


def _distance(facts: Facts, wanted: Which) -> tuple[bool, int]:
    return not wanted.concerns(facts), len(wanted.differences(facts))


def _unknown(journal: Journal, rows: list[Row], wanted: list[Which]) -> str:
    """Say what the journal does not know and could change a verdict; "" for nothing."""
    forgotten = journal.count - len(rows)
    bodies = sum(any(one.may_match(row.facts) for one in wanted) for row in rows)
    said = []
    if forgotten:
        said.append(f"the journal forgot {forgotten:,} earlier ones")
    if bodies:
        said.append(f"the journal left out the bodies of {bodies:,}, which are large")
    return f" ({'; '.join(said)})" if said else ""


def _is_of_body(path: str) -> bool:
    return _steps(path)[0] in BODY_HALVES


def _steps(path: str) -> Steps:
    # `$.json.status` is what a JSONPath looks like.
    return read_ignored([path.removeprefix("$.")])[0]


def _at(value: Any, steps: Steps) -> Any:
    """Return what a path leads to; of `[*]`, all that it leads to, as a list."""
    if not steps:
        return value
    step, *rest = steps
    if step == "*" and isinstance(value, list):
        return list(_each(value, rest))
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return _at(value[step], rest)
    if isinstance(value, dict) and step in value:
        return _at(value[step], rest)
    return NOTHING


def _each(values: list[Any], rest: Steps) -> Iterator[Any]:
    for value in values:
        found = _at(value, rest)
        if found is not NOTHING:
            yield found


def _is_same(sent: Any, wanted: Any) -> bool:
    if sent is NOTHING:
        return False
    if isinstance(sent, list) and len(sent) == 1 and not isinstance(wanted, list):
        # A parameter may come more than once; mostly it does not.
        return _is_same(sent[0], wanted)
    return _json(sent) == _json(wanted)


def _texted(value: Any) -> Any:
    if isinstance(value, list):
        return [_texted(one) for one in value]
    return _json(value) if isinstance(value, bool | int | float) else value


def _json(value: Any) -> str:
    # 1 and true are equal in Python, and not in JSON.
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
