"""
Explain why nothing in a recording answers a request, and what would mend it.

The nearest exchange is one of the same operation, and of those the one that differs in
the fewest fields; every field that differs is named, with what was recorded and what
was sent.
"""

import json
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Any, Final, NamedTuple, Self

from petstore.contract.flavours import face_of
from petstore.contract.replies import Response
from petstore.mock import json_walk
from petstore.mock.facts import Facts, as_halves
from petstore.mock.json_walk import NOTHING, field_of
from petstore.mock.refusals import Unmatched, problem_of
from petstore.mock.secrets import WILDCARD
from petstore.mock.tape import Cursor, Found, Take, Tape

_ROW_COUNT_MAX: Final = 20
_VALUE_LENGTH_MAX: Final = 60
# Of an operation that a load test recorded ten thousand times.
_CANDIDATE_COUNT_MAX: Final = 1_000


class Difference(NamedTuple):
    """
    Say where two requests differ.

    Args:
        path: As it may be ignored: `json.shipDate`.
        recorded, sent: What stands there, as JSON; "-" for nothing.
    """

    path: str
    recorded: str
    sent: str


class Miss(NamedTuple):
    """
    Hold why there was no answer.

    Args:
        text: The whole report, for people.
        nearest: The id of the exchange that differs least.
        reason: none, differs, served, dirty or prefer.
    """

    text: str
    reason: str
    nearest: str | None
    differences: tuple[Difference, ...]

    def response(self) -> Response:
        """Return the report as a problem document (RFC 9457)."""
        refusal = Unmatched(
            self.text,
            reason=self.reason,
            nearest=self.nearest,
            differences=[one._asdict() for one in self.differences],
        )
        return problem_of(refusal)


class UnmatchedRequest(AssertionError):
    """
    Tell a test that nothing in its recording answers a request.

    No error of httpx or of a client, so code that retries or swallows those does
    neither with this one.

    Attributes:
        miss: Why there is no answer.
        report: The same, for people.
    """

    def __init__(self, miss: Miss) -> None:
        super().__init__(miss.text)
        self.miss = miss
        self.report = miss.text

    def __reduce__(self) -> tuple[type[Self], tuple[Miss]]:
        # It crosses the processes of pytest-xdist; the default gives it its text only.
        return type(self), (self.miss,)


def miss_of(
    facts: Facts, found: Found | None, tape: Tape, cursor: Cursor, *, session: str
) -> Miss:
    """Explain a miss; never raises."""
    head = _head(facts, tape, session)
    if found is not None:
        return _served(head, found)
    take, differences = _nearest(facts, tape)
    if take is None:
        return _unknown(head, facts, tape)
    rows = list(_rows(facts, take, differences))
    spent = " (already served)" if take.number in cursor.played else ""
    lines = [
        head,
        f"nearest: {take.exchange.id}{spent}",
        *rows,
        *_cures(take, differences),
    ]
    return Miss("\n".join(lines), "differs", take.exchange.id, tuple(differences))


def differences_from(take: Take, sent: Facts) -> list[Difference]:
    """Return every field in which a request differs from one that was recorded."""
    recorded, found = take.facts, []
    if recorded.method != sent.method:
        found.append(Difference("method", recorded.method, sent.method))
    # So that a header that only one has is named, and not all of them.
    none: dict[str, Any] = {"query": {}, "headers": {}}
    old = {**none, **as_halves(recorded, take.ignored)}
    new = {**none, **as_halves(sent, take.ignored)}
    found += [
        Difference(field_of(one.location), _short(one.old), _short(one.new))
        for one in json_walk.differences(old, new)
    ]
    return found


def _head(facts: Facts, tape: Tape, session: str) -> str:
    operation = f"   ({facts.operation_id})" if facts.operation else ""
    sources = ", ".join(str(one.path or "in memory") for one in tape.cassettes)
    return (
        f"No recording for  {facts.method} {facts.target}{operation}"
        f"     session {session}   cassette {sources or 'none'}"
    )


def _served(head: str, found: Found) -> Miss:
    take = found.takes[-1]
    count = len(found.takes)
    times = "once" if count == 1 else f"{count} times"
    line = (
        f"nearest: {take.exchange.id}  (recorded {times} and served as often;"
        f" {take.exchange.request.method} is not repeated, for it may not be harmless)"
    )
    cure = (
        f"fix one of:  record the call once more, or add  match: {{times: any}}  to"
        f" {take.exchange.id} in {take.source}"
    )
    return Miss("\n".join([head, line, cure]), "served", take.exchange.id, ())


def _unknown(head: str, facts: Facts, tape: Tape) -> Miss:
    known = sorted(
        {take.facts.operation_id or take.facts.target for take in tape.takes}
    )
    shown = ", ".join(known[:_ROW_COUNT_MAX]) or "nothing"
    path = next((one.path for one in tape.cassettes if one.path), None)
    cures = [_record_command(path), *_engine_cure(facts)]
    elsewhere = _elsewhere(facts, tape)
    what = facts.operation_id or f"{facts.method} {facts.target}"
    if elsewhere is None:
        line = f"Nothing of {what} was recorded; the recording has {shown}."
    else:
        # Another face of the same shop: its answers look otherwise.
        line = f"{what} was recorded at {elsewhere}, and not at {facts.target}."
        cures = [_face_cure(elsewhere), *cures]
    return Miss("\n".join([head, line, *_listed(cures)]), "none", None, ())


def _elsewhere(facts: Facts, tape: Tape) -> str | None:
    """Return a path at which the same operation was recorded on another face."""
    found = (
        take.exchange.request.path
        for take in tape.takes
        if facts.operation and take.facts.operation_id == facts.operation_id
    )
    return next(found, None)


def _face_cure(path: str) -> str:
    face = face_of(path, "public")
    base = f"{face.base} behind the URL" if face.base else "the URL alone"
    return f'ask that API: flavour="{face.flavour}" of the client, or {base}'


def _listed(cures: list[str]) -> list[str]:
    return [
        f"fix one of:  {cure}" if index == 0 else f"             {cure}"
        for index, cure in enumerate(cures)
    ]


def _nearest(facts: Facts, tape: Tape) -> tuple[Take | None, list[Difference]]:
    candidates = tape.of_operation(facts)
    if not candidates and not facts.operation:
        candidates = [take for take in tape.takes if not take.facts.operation]
    best: tuple[float, Take | None, list[Difference]] = (0.0, None, [])
    for take in candidates[:_CANDIDATE_COUNT_MAX]:
        differences = differences_from(take, facts)
        weight = sum(map(_weight, differences))
        if best[1] is None or weight < best[0]:
            best = (weight, take, differences)
    return best[1], best[2]


def _weight(difference: Difference) -> float:
    if difference.path == "method":
        return 50.0
    if difference.path == "path":
        alike = SequenceMatcher(None, difference.recorded, difference.sent).ratio()
        return 100.0 * (1 - alike) + 20.0
    return 10.0 if difference.path.startswith("path.") else 1.0


def _rows(facts: Facts, take: Take, differences: list[Difference]) -> Iterator[str]:
    yield f"  {'operation':<11}= {facts.operation_id or facts.method}"
    halves = {
        **as_halves(take.facts, take.ignored),
        **as_halves(facts, take.ignored),
    }
    shown = differences[:_ROW_COUNT_MAX]
    for half in ("method", "path", "query", "headers", *_body_halves(halves)):
        rows = [one for one in shown if _half(one.path) == half]
        if not rows and half in halves:
            yield f"  {half:<11}= {_short(halves[half])}"
        for row in rows:
            told = f"recorded {row.recorded}   sent {row.sent}"
            yield f"  {half:<11}x {row.path:<20} {told}"
    if len(differences) > len(shown):
        yield f"  and {len(differences) - len(shown)} more fields"


def _body_halves(halves: dict[str, Any]) -> list[str]:
    return [half for half in halves if half not in ("path", "query", "headers")]


def _half(path: str) -> str:
    return path.partition(".")[0].partition("[")[0]


def _cures(take: Take, differences: list[Difference]) -> list[str]:
    path = take.cassette.path or "CASSETTE"
    again = _record_command(path, take.facts.operation_id)
    cures = [
        f"petstore mock serve {path} --mode extend --upstream …  (adds it)",
        f"{again}  (replaces what is there)",
    ]
    ignorable = [one.path for one in differences if one.path not in ("method", "path")]
    if ignorable:
        # YAML takes a bracket for the end of the list.
        quoted = [f"'{one}'" if "[" in one else one for one in ignorable]
        shown = ", ".join(quoted[:_ROW_COUNT_MAX])
        cures.append(f"add  [{shown}]  to ignore: in the header of {take.source}")
    return _listed([*cures, *_engine_cure(take.facts)])


def _engine_cure(facts: Facts) -> list[str]:
    # It knows no paths beyond the contract.
    return ["or run with on_miss=engine"] if facts.operation else []


def _record_command(path: object, operation_id: str = "") -> str:
    chosen = f" --only {operation_id}" if operation_id else ""
    return f"petstore mock record {path or 'CASSETTE'}{chosen} --upstream …"


def _short(value: Any) -> str:
    if value is NOTHING:
        return "-"
    if value == WILDCARD:
        return "<secret>"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _VALUE_LENGTH_MAX else f"{text[:_VALUE_LENGTH_MAX]}…"
