"""
Find the exchange of a cassette that answers a request.

Equal requests are answered in the order of their recording, each exchange once. Then a
method that is safe gets the last answer again, and any other one gets none: to place an
order twice is not to place it once. The order of different requests does not matter.

HEAD is answered as GET was, and leaves what is next to GET.

A tape of files never changes, so sessions share it; a cursor is where one of them is.

Source: RFC 9110 §9.2.1 (safe methods), §9.3.2 (HEAD).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple
from urllib.parse import urlencode

from petstore.contract.call import ByteStream
from petstore.contract.http import Request
from petstore.contract.replies import Response
from petstore.mock.cassette import Cassette
from petstore.mock.exchange import Exchange, RecordedRequest
from petstore.mock.facts import Facts, Ignored, facts_of, key_of, read_ignored
from petstore.mock.patterns import Patterns
from petstore.mock.payload import encoded, write_wire

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


class Take(NamedTuple):
    """
    Hold an exchange that is ready to be served.

    Args:
        number: Its place among all, from 0.
        ignored: What may differ in a request that it answers.
    """

    number: int
    exchange: Exchange
    facts: Facts
    ignored: Ignored
    cassette: Cassette

    @property
    def source(self) -> str:
        """Say where it stands."""
        return str(self.cassette.path or "a cassette in memory")


@dataclass(frozen=True, slots=True)
class Found:
    """
    Hold the exchanges that answer equal requests.

    Args:
        takes: In the order of their recording; never empty.
        is_glance: Whether they are looked at only, as HEAD does with what GET is given.
    """

    key: str
    takes: tuple[Take, ...]
    is_glance: bool = False


class Tape:
    """
    Hold the exchanges of some cassettes, found by what is asked for.

    Args:
        cassettes: The first ones win.
        ignore: Further paths that may differ.

    Raises:
        ConfigError: A body cannot be read, or a path to ignore is none.
    """

    def __init__(
        self, cassettes: Sequence[Cassette], *, ignore: Iterable[str] = ()
    ) -> None:
        self.cassettes = tuple(cassettes)
        self.counted_headers = sorted(
            {name.lower() for one in cassettes for name in one.header.headers}
        )
        self.takes: list[Take] = []
        self._tables: dict[Ignored, dict[str, Found]] = {}
        self._patterns: dict[Ignored, Patterns] = {}
        self._by_operation: dict[str, list[Take]] = {}
        ignored = list(ignore)
        for cassette in cassettes:
            for exchange in cassette.exchanges:
                self.add(cassette, exchange, ignored)

    def find(self, facts: Facts) -> Found | None:
        """Return what answers a request; None where nothing does."""
        found = [
            one
            for ignored, table in self._tables.items()
            if (one := table.get(key_of(facts, ignored))) is not None
        ]
        if not found:
            found = self._by_pattern(facts)
        if not found and facts.method == "HEAD":
            # RFC 9110 §9.3.2: it is answered as GET is, without the body.
            of_get = self.find(facts._replace(method="GET"))
            return None if of_get is None else replace(of_get, is_glance=True)
        if len(found) < 2:
            return found[0] if found else None
        takes = sorted(take for one in found for take in one.takes)
        return Found("\n".join(one.key for one in found), tuple(takes))

    def _by_pattern(self, facts: Facts) -> list[Found]:
        group = f"{facts.method} {facts.operation}"
        return [
            self._tables[ignored][key]
            for ignored, patterns in self._patterns.items()
            if (key := patterns.find(group, key_of(facts, ignored))) is not None
        ]

    def of_operation(self, facts: Facts) -> list[Take]:
        """Return all exchanges of the same operation, or of the same path."""
        return self._by_operation.get(_operation(facts), [])

    def add(self, cassette: Cassette, exchange: Exchange, ignore: list[str]) -> None:
        """
        Add an exchange; only to a tape that nobody shares.

        Raises:
            ConfigError: Its body cannot be read, or a path to ignore is none.
        """
        facts = facts_of(wire_request(cassette, exchange.request), self.counted_headers)
        paths = {*cassette.header.ignore, *exchange.match.ignore, *ignore}
        ignored = read_ignored(sorted(paths))
        take = Take(len(self.takes), exchange, facts, ignored, cassette)
        self.takes.append(take)
        key = key_of(facts, ignored)
        table = self._tables.setdefault(ignored, {})
        before = table.get(key)
        takes = (take,) if before is None else (*before.takes, take)
        table[key] = Found(key, takes)
        patterns = self._patterns.setdefault(ignored, Patterns())
        patterns.add(f"{facts.method} {facts.operation}", key)
        self._by_operation.setdefault(_operation(facts), []).append(take)


class Cursor:
    """Know which exchanges of a tape a session was served."""

    def __init__(self) -> None:
        self._begins: dict[str, int] = {}
        self.played: dict[int, int] = {}

    def count(self, found: Found) -> int:
        """Return how many of the exchanges were served, or left behind."""
        begin = self._begins.get(found.key, 0)
        while begin < len(found.takes) and self._is_over(found.takes[begin]):
            begin += 1
        return begin

    def next(
        self, found: Found, *, first: int = 0, end: int | None = None
    ) -> Take | None:
        """
        Return what is served now, and go on; None where all was served.

        Args:
            first, end: Which of the exchanges are true now; all unless given.
        """
        takes = found.takes[:end]
        begin = max(first, self.count(found))
        take = takes[min(begin, len(takes) - 1)]
        if found.is_glance:
            return take if begin < len(takes) or repeats(take) else None
        self._begins[found.key] = begin
        if begin >= len(takes) and not repeats(take):
            return None
        self.played[take.number] = self.played.get(take.number, 0) + 1
        return take

    def _is_over(self, take: Take) -> bool:
        return take.number in self.played and take.exchange.match.times != "any"


def repeats(take: Take) -> bool:
    """Tell whether an exchange is served again once it was."""
    is_safe = take.exchange.request.method in SAFE_METHODS
    return is_safe or take.exchange.match.times == "any"


def wire_request(cassette: Cassette, request: RecordedRequest) -> Request:
    """
    Return a recorded request as it travels.

    Raises:
        ConfigError: Its body cannot be read.
    """
    body, kind = write_wire(
        request, request.headers.get("content-type", ""), cassette.fetch
    )
    headers = {**request.headers, "content-type": kind} if kind else request.headers
    pairs = [(name, value) for name, many in request.query.items() for value in many]
    return Request(request.method, request.path, urlencode(pairs), headers, body)


def wire_response(take: Take, *, is_coded: bool = False) -> Response:
    """
    Return a recorded answer as it travels; its headers are the recording's own.

    Args:
        is_coded: Whether it is compressed as it was recorded.

    Raises:
        ConfigError: Its body cannot be read.
    """
    response = take.exchange.response
    headers = response.headers
    if response.chunks is not None:
        chunks = [chunk.encode() for chunk in response.chunks]
        return Response(
            response.status,
            headers,
            ByteStream(chunks, headers.get("content-type", "")),
        )
    body, kind = write_wire(
        response, headers.get("content-type", ""), take.cassette.fetch
    )
    if kind and kind != headers.get("content-type"):
        headers = {**headers, "content-type": kind}
    if response.encoding is not None and is_coded:
        body = encoded(body, response.encoding)
        headers = {**headers, "content-encoding": response.encoding}
    return Response(response.status, headers, body)


def takes_coding(take: Take, accepted: str) -> bool:
    """Tell whether an Accept-Encoding names the coding of a recorded answer."""
    coding = take.exchange.response.encoding
    if coding is None or not accepted:
        return False
    weights = dict(_weight(one) for one in accepted.lower().split(","))
    return weights.get(coding, weights.get("*", "")) not in ("", "0", "0.0", "0.000")


def _weight(text: str) -> tuple[str, str]:
    name, _, parameter = text.partition(";")
    weight = parameter.strip().removeprefix("q=") if parameter else "1"
    return name.strip(), weight


def _operation(facts: Facts) -> str:
    return facts.operation or f"{facts.method} {facts.path}"


def unplayed(tape: Tape, played: Mapping[int, int]) -> list[str]:
    """Return the ids of what nobody has asked for."""
    return [take.exchange.id for take in tape.takes if take.number not in played]
