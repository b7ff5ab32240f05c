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
from typing import Final, NamedTuple, TypedDict
from urllib.parse import urlencode

from petstore.contract.accept import accepts_coding
from petstore.contract.call import ByteStream
from petstore.contract.errors import ConfigError
from petstore.contract.http import Request
from petstore.contract.lines import WITHOUT_BODY
from petstore.contract.replies import Response
from petstore.mock.cadence import Paced
from petstore.mock.cassette import Cassette
from petstore.mock.exchange import Exchange, RecordedRequest, RecordedResponse
from petstore.mock.facts import Facts, Ignored, facts_of, key_of, read_ignored
from petstore.mock.fields import pairs_of
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


class Unplayed(TypedDict):
    """Name an exchange; its id alone may stand in other cassettes as well."""

    cassette: str
    id: str


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
            ConfigError: Its body cannot be read or is missing, or a path to ignore is
                none.
        """
        paths = {*cassette.header.ignore, *exchange.match.ignore, *ignore}
        try:
            request = wire_request(cassette, exchange.request)
            ignored = read_ignored(sorted(paths))
            cassette.check_files(exchange)
        except ConfigError as error:
            raise _placed(cassette, exchange, error) from error
        facts = facts_of(request, self.counted_headers)
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
    query = urlencode(pairs_of(request.query))
    return Request(request.method, request.path, query, headers, body)


def wire_response(
    take: Take, *, is_coded: bool = False, is_realtime: bool = False
) -> Response:
    """
    Return a recorded answer as it travels; its headers are the recording's own.

    Args:
        is_coded: Whether it is compressed as it was recorded.
        is_realtime: Whether the pieces of a stream have the times they came at.

    Raises:
        ConfigError: Its body cannot be read.
    """
    response = take.exchange.response
    headers = response.headers
    if response.status in WITHOUT_BODY:
        # They end with their header, whatever somebody wrote below one.
        return Response(response.status, headers, b"")
    kind = headers.get("content-type", "")
    try:
        body, kind = wire_body(take.cassette, response, kind)
    except ConfigError as error:
        raise _placed(take.cassette, take.exchange, error) from error
    if kind and kind != headers.get("content-type"):
        headers = {**headers, "content-type": kind}
    if isinstance(body, bytes) and response.encoding is not None and is_coded:
        body = encoded(body, response.encoding)
        headers = {**headers, "content-encoding": response.encoding}
    if isinstance(body, ByteStream) and is_realtime and response.offsets_ms:
        body = Paced(body.chunks, body.media_type, offsets_ms=response.offsets_ms)
    return Response(response.status, headers, body)


def wire_body(
    cassette: Cassette, response: RecordedResponse, content_type: str
) -> tuple[bytes | ByteStream, str]:
    """
    Return a recorded body without its coding, and its type.

    Raises:
        ConfigError: It cannot be read.
    """
    if response.chunks is None:
        return write_wire(response, content_type, cassette.fetch)
    chunks = [chunk.encode() for chunk in response.chunks]
    return ByteStream(chunks, content_type), content_type


def takes_coding(take: Take, accepted: str) -> bool:
    """Tell whether an Accept-Encoding names the coding of a recorded answer."""
    coding = take.exchange.response.encoding
    return coding is not None and accepted != "" and accepts_coding(accepted, coding)


def _placed(cassette: Cassette, exchange: Exchange, error: ConfigError) -> ConfigError:
    place = "" if cassette.path is None else f"{cassette.path}: "
    return ConfigError(f"{place}{exchange.id}: {error.message}")


def _operation(facts: Facts) -> str:
    return facts.operation or f"{facts.method} {facts.path}"


def unplayed(tape: Tape, played: Mapping[int, int]) -> list[Unplayed]:
    """Return what nobody has asked for, in the order of the recordings."""
    return [
        {"cassette": take.source, "id": take.exchange.id}
        for take in tape.takes
        if take.number not in played
    ]


def recorded_at(cassettes: Iterable[Cassette | None]) -> str | None:
    """Return when a recording was made, as the first header says that does."""
    told = (one.header.recorded for one in cassettes if one is not None)
    return next((one for one in told if one is not None), None)
