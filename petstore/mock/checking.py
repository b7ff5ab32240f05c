"""
Tell whether a recording still says what is so.

    readable   each path to ignore is one; each file beside the cassette is there
    secret     nothing secret is in it
    contract   each exchange is as the contract has it (`contract_lint.py`)
    story      what the exchanges say fits together (`story_lint.py`)
    live       a server answers as was recorded (`live_check.py`); only when asked for
    age        it is not older than it should be, unless it is of the engine, whose time
               stands still; another contract was known then (a warning)

What is beyond the contract is only looked at for what is readable and secret.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Final, TypedDict, Unpack

from petstore.contract.errors import ConfigError, Malformed
from petstore.contract.http import Request
from petstore.contract.replies import Response
from petstore.mock.ages import is_ageless, limit_of
from petstore.mock.cassette import Cassette, document_of
from petstore.mock.contract_lint import Read, read_exchange
from petstore.mock.contract_stamp import contract_stamp
from petstore.mock.drifts import Drift, Finding, Lines, Place
from petstore.mock.facts import read_ignored
from petstore.mock.instants import iso_instant
from petstore.mock.json_walk import NOTHING, Location, differences, field_of
from petstore.mock.live_check import Tally, live_findings
from petstore.mock.recording import Recorder
from petstore.mock.redaction import Redactor
from petstore.mock.rerecording import (
    Unredacted,
    plain_header,
    plain_note,
    plain_response,
    rerecorded,
)
from petstore.mock.secrets import WILDCARD, is_secret_header
from petstore.mock.story_lint import story_findings
from petstore.mock.tape import wire_request

CONTRACT: Final = "contract"
_TOLD: Final = (
    "recorded something secret; right is a placeholder as <password-1>, which tidying"
    " puts in"
)
Asked = Callable[[Request], Response]


class Checks(TypedDict, total=False):
    """
    Say what is checked.

    Args:
        against: `contract`, or the URL of a server that is asked as well.
        ask: Lets a server answer; by default the one of the URL, over httpx.
        max_age: As `90d`; None takes what the recording says of itself.
        now: When it is; without it, no age is checked.
        values: Whether a live answer must have the recorded values, too.
        is_asked: Whether the network may be used although CI is set.
        tally: Counts what a server was asked for; goes on with each recording.
    """

    against: str
    ask: Asked | None
    max_age: str | None
    now: datetime | None
    values: bool
    is_asked: bool
    tally: Tally


def check_cassette(cassette: Cassette, **checks: Unpack[Checks]) -> list[Drift]:
    """
    Return what is not as it should be, in the order of the recording.

    Raises:
        ConfigError: The server cannot be asked, or max_age is none.
    """
    findings = list(_of_age(cassette, checks))
    findings += _of_header(cassette)
    reads: list[Read] = []
    made_up: set[str] = set()
    secrets = _Secrets(cassette)
    for number, exchange in enumerate(cassette.exchanges):
        place = Place(number, exchange)
        found = list(_of_form(cassette, place))
        findings += found
        if any(one.kind == "unreadable" for one in found):
            continue
        findings += secrets.findings(place)
        request = wire_request(cassette, exchange.request)
        response = plain_response(cassette, exchange.response)
        read = read_exchange(place, request, response, made_up)
        findings += read.findings
        reads.append(read)
    findings += secrets.of_header()
    findings += story_findings(reads)
    findings += _of_server(reads, checks)
    return _placed(cassette, findings)


def _of_age(cassette: Cassette, checks: Checks) -> Iterator[Finding]:
    now, header = checks.get("now"), cassette.header
    name = "recorded" if header.checked is None else "checked"
    told = header.checked or header.recorded
    at = None
    if told is not None:
        at = iso_instant(told)
        if at is None:
            words = f"recorded {told!r}; right is a time as 2030-01-31T12:00:00Z"
            yield Finding(None, (name,), "date", words)
            return
    limit = checks.get("max_age") or header.max_age
    if limit is None or now is None:
        return
    oldest = now - limit_of(limit)
    if is_ageless(header):
        return
    if at is None:
        words = f"is missing, so nobody knows whether it is older than {limit}"
        yield Finding(None, ("recorded",), "age", words)
    elif at < oldest:
        words = f"{told} is more than {limit} ago; record it anew, or check it live"
        yield Finding(None, (name,), "age", words)


def _of_header(cassette: Cassette) -> Iterator[Finding]:
    for index, path in enumerate(cassette.header.ignore):
        error = _fault_of(path)
        if error is not None:
            yield Finding(None, ("ignore", index), "ignore", error)
    told, now = cassette.header.contract, contract_stamp()
    # A new version of the same contract is no reason to record anew.
    if told is not None and told.rpartition(" ")[2] != now.rpartition(" ")[2]:
        words = f"recorded with {told!r:.100}, and the contract is {now} today"
        yield Finding(None, ("contract",), "contract", words, is_warning=True)


def _of_form(cassette: Cassette, place: Place) -> Iterator[Finding]:
    """Yield what nobody can read."""
    exchange = place.exchange
    for index, path in enumerate(exchange.match.ignore):
        error = _fault_of(path)
        if error is not None:
            location = ("match", "ignore", index)
            yield Finding(place.number, location, "ignore", error)
    reading: list[tuple[str, Callable[[], object]]] = [
        ("request", partial(wire_request, cassette, exchange.request)),
        ("response", partial(plain_response, cassette, exchange.response)),
    ]
    for half, read in reading:
        try:
            read()
        except ConfigError as error:
            kind = getattr(exchange, half).kind or "json"
            yield Finding(place.number, (half, kind), "unreadable", error.message)


def _fault_of(path: str) -> str | None:
    try:
        read_ignored([path])
    except ConfigError as error:
        return error.message
    return None


class _Secrets:
    """Find where redaction would still change something."""

    def __init__(self, cassette: Cassette) -> None:
        self._cassette = cassette
        self._scratch = Cassette(cassette.header)
        self._plain = Recorder(self._scratch, Unredacted())
        self._redactor = Redactor()
        self._redacted = Recorder(self._scratch, self._redactor)

    def of_header(self) -> Iterator[Finding]:
        """Yield what is a secret in the header; last, when all of them are known."""
        header = self._cassette.header
        plain = plain_header(header, self._redactor)
        for name in type(header).model_fields:
            if getattr(header, name) != getattr(plain, name):
                yield Finding(None, (name,), "secret", _TOLD)

    def findings(self, place: Place) -> Iterator[Finding]:
        """Yield what is a secret in an exchange."""
        yield from (
            Finding(place.number, location, "secret", _TOLD)
            for location in _secret_headers(place)
        )
        if plain_note(place.exchange, self._redactor) != place.exchange:
            yield Finding(place.number, ("note",), "secret", _TOLD)
        try:
            before, after = (
                document_of(rerecorded(recorder, self._cassette, place.exchange))
                for recorder in (self._plain, self._redacted)
            )
        except Malformed as error:
            (problem,) = error.fields
            location = (problem.field, "headers", "content-encoding")
            yield Finding(place.number, location, "unreadable", problem.message)
            return
        finally:
            self._scratch.files.clear()
        for difference in differences(before, after):
            if difference.location[1:2] != ("headers",) or difference.new not in (
                NOTHING,
                WILDCARD,
            ):
                yield Finding(place.number, difference.location, "secret", _TOLD)


def _secret_headers(place: Place) -> Iterator[Location]:
    exchange = place.exchange
    for half, headers in (
        ("request", exchange.request.headers),
        ("response", exchange.response.headers),
    ):
        for name, value in headers.items():
            if value != WILDCARD and is_secret_header(name.lower()):
                yield half, "headers", name


def _of_server(reads: list[Read], checks: Checks) -> list[Finding]:
    against, ask = checks.get("against", CONTRACT), checks.get("ask")

    def found(ask: Asked) -> list[Finding]:
        values, tally = checks.get("values", False), checks.get("tally")
        return list(live_findings(reads, ask, values=values, tally=tally))

    if ask is not None:
        return found(ask)
    if against == CONTRACT:
        return []
    # Late, for it loads httpx.
    from petstore.mock.steps import Ask
    from petstore.mock.upstream import Upstream

    upstream = Upstream(against, is_asked=checks.get("is_asked", False))
    try:
        return found(lambda request: upstream.ask(Ask("upstream", request)))
    finally:
        upstream.close()


def _placed(cassette: Cassette, findings: list[Finding]) -> list[Drift]:
    path = cassette.path
    has_file = bool(findings) and path is not None and path.is_file()
    assert path is not None or not has_file
    text = path.read_text("utf-8") if has_file and path is not None else ""
    lines = Lines(text, len(cassette.exchanges) + 1)
    findings.sort(key=lambda one: -1 if one.number is None else one.number)
    return [
        Drift(
            str(path or "a cassette in memory"),
            "" if one.number is None else cassette.exchanges[one.number].id,
            field_of(one.location),
            lines.find(one),
            one.kind,
            one.message,
            one.is_warning,
        )
        for one in findings
    ]
