"""
Hold exchanges as other tools know them: an origin, a request and an answer on the wire.

    cassette ──entries_of──▶ entries ──▶ a file of another tool
    a file of another tool ──▶ entries ──cassette_of──▶ cassette, redacted

Bodies of entries are whole and without their coding. Nothing of a foreign file is kept
but through the recorder, so what `redaction.py` and `recording.py` drop of a live
answer is dropped of a foreign one as well.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from petstore.contract.call import ByteStream
from petstore.contract.errors import PetstoreError
from petstore.contract.http import Request
from petstore.contract.media import EVENTS, media_type
from petstore.contract.replies import Response
from petstore.mock.cassette import Cassette
from petstore.mock.exchange import Content, Exchange, FormPart, Header, Matching
from petstore.mock.facts import facts_of, key_of, match_of, read_ignored
from petstore.mock.foreign_wire import origin_of
from petstore.mock.payload import write_wire
from petstore.mock.recording import Recorder
from petstore.mock.redaction import Redactor, environment_secrets
from petstore.mock.streams import events_of
from petstore.mock.tape import wire_request

# Where a recording says no URL that it is from; RFC 6762 keeps it off the Internet.
NOWHERE: Final = "http://petstore.local"
_NAMED_COUNT_MAX: Final = 3

T = TypeVar("T")


class Shape(BaseModel):
    """Be a piece of a foreign file; what nobody here reads may stand beside it."""

    model_config = ConfigDict(extra="ignore", frozen=True, protected_namespaces=())


class Kept(Shape):
    """Hold what only a cassette knows, where the other format has a place for it."""

    id: str | None = Field(default=None, pattern=r"^[A-Za-z0-9._-]{1,120}$")
    note: str | None = None
    match: Matching | None = None

    @property
    def shown(self) -> dict[str, Any]:
        """The fields that were given, as JSON."""
        return self.model_dump(exclude_defaults=True)


@dataclass(slots=True)
class Entry:
    """
    Hold one exchange of another tool.

    Args:
        name: For whoever reads a loss, as `entry 3`.
        origin: Scheme, host and port; "" where the format names none.
        codings: How the bodies of request and answer were compressed.
    """

    name: str
    origin: str
    request: Request
    response: Response
    codings: tuple[str | None, str | None] = (None, None)
    kept: Kept = field(default_factory=Kept)

    @property
    def asked(self) -> bytes:
        """The body of the request."""
        assert isinstance(self.request.body, bytes)
        return self.request.body

    @property
    def answered(self) -> bytes:
        """The body of the answer."""
        assert isinstance(self.response.body, bytes)
        return self.response.body


@dataclass(slots=True)
class Reading:
    """
    Hold what was read of a foreign file.

    Args:
        header: What a cassette's header said before it was converted.
        losses: What could not be read, a sentence each.
    """

    entries: list[Entry] = field(default_factory=list)
    header: dict[str, Any] = field(default_factory=dict)
    losses: list[str] = field(default_factory=list)

    def take(self, name: str, read: Callable[[], Entry]) -> None:
        """Add an entry, or say why it is left out."""
        try:
            self.entries.append(read())
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(str(step) for step in first["loc"])
            self.leave_out(name, f"{place}: {first['msg'].lower()}")
        except (PetstoreError, ValueError) as error:
            self.leave_out(name, str(error).rstrip("."))

    def leave_out(self, name: str, reason: str) -> None:
        """Say that an entry is left out."""
        self.losses.append(f"{name} is left out: {reason}.")


class Loss(NamedTuple):
    """
    State what a format has no place for.

    Args:
        says: A sentence, without its full stop.
        concerns: Tells the exchanges that lose it.
        skips: Whether they are left out as a whole.
    """

    says: str
    concerns: Callable[[Exchange], bool]
    skips: bool = False


def stated(losses: Iterable[Loss], exchanges: Sequence[Exchange]) -> list[str]:
    """Return the losses that concern one of the exchanges, and say which."""
    told = []
    for loss in losses:
        ids = [one.id for one in exchanges if loss.concerns(one)]
        if ids:
            more = len(ids) - _NAMED_COUNT_MAX
            shown = ", ".join(ids[:_NAMED_COUNT_MAX])
            told.append(f"{loss.says} ({shown}{f' and {more} more' * (more > 0)}).")
    return told


def has_broken_pieces(exchange: Exchange) -> bool:
    """Tell whether a stream has pieces that do not each hold one event."""
    chunks = exchange.response.chunks
    if chunks is None:
        return False
    return [one.encode() for one in chunks] != events_of("".join(chunks).encode())


def has_bytes(exchange: Exchange) -> bool:
    """Tell whether a body, or a part of one, is no text."""
    contents: tuple[Content, ...] = (exchange.request, exchange.response)
    pieces: list[Content | FormPart] = [*contents]
    pieces += [part for one in contents for part in one.parts or []]
    return any(one.base64 is not None or one.file is not None for one in pieces)


def has_matching(exchange: Exchange) -> bool:
    """Tell whether an exchange says how it is to be found."""
    return exchange.match != Matching()


def entries_of(cassette: Cassette) -> Iterator[Entry]:
    """
    Yield the exchanges of a cassette as other tools know them.

    Raises:
        ConfigError: A body cannot be read.
    """
    origin = origin_of(cassette.header.upstream or "") or NOWHERE
    for one in cassette.exchanges:
        headers = dict(one.response.headers)
        kind = headers.get("content-type", "")
        body, kind = write_wire(one.response, kind, cassette.fetch)
        if kind:
            headers["content-type"] = kind
        yield Entry(
            one.id,
            origin,
            wire_request(cassette, one.request),
            Response(one.response.status, headers, body),
            (one.request.encoding, one.response.encoding),
            Kept(
                id=one.id,
                note=one.note,
                match=one.match if has_matching(one) else None,
            ),
        )


def equal_ones(cassette: Cassette) -> list[list[int]]:
    """Return the numbers of exchanges with equal requests, where there are several."""
    groups: dict[str, list[int]] = {}
    for number, one in enumerate(cassette.exchanges):
        ignored = read_ignored([*cassette.header.ignore, *one.match.ignore])
        request = wire_request(cassette, one.request)
        facts = facts_of(request, cassette.header.headers)
        groups.setdefault(key_of(facts, ignored), []).append(number)
    return [numbers for numbers in groups.values() if len(numbers) > 1]


def settled(
    found: Sequence[T], place: Callable[[T], tuple[str, int] | None]
) -> list[T]:
    """
    Put the members of each group in their order, in the places that they have.

    Args:
        place: Group and rank of a member; None for what is in no group.
    """
    groups: dict[str, list[tuple[int, int]]] = {}
    for position, one in enumerate(found):
        where = place(one)
        if where is not None:
            groups.setdefault(where[0], []).append((where[1], position))
    ordered = list(found)
    for members in groups.values():
        positions = sorted(position for _, position in members)
        for position, (_, member) in zip(positions, sorted(members), strict=True):
            ordered[position] = found[member]
    return ordered


def cassette_of(reading: Reading) -> Cassette:
    """
    Make a cassette of what was read, without secrets; adds to the losses.

    A file may hold several hosts, as a browser's does. The one that answers most of the
    contract's requests is kept, and of such ones the one that answers most.
    """
    entries = _of_one_origin(reading)
    redactor = Redactor(environment_secrets())
    for one in entries:
        # A secret that the last answer tells may stand in the first request.
        redactor.redacted(one.request, one.response, match_of(one.request))
    origin = entries[0].origin if entries else ""
    cassette = Cassette(_header(reading, origin, redactor))
    recorder = Recorder(cassette, redactor)
    taken: set[str] = set()
    for one in entries:
        try:
            exchange = recorder.exchange(one.request, _streamed(one.response))
        except (ValidationError, PetstoreError) as error:
            reading.leave_out(one.name, _reason(error))
            continue
        cassette.exchanges.append(_with_kept(exchange, one, redactor, taken))
    return cassette


def url_of(entry: Entry) -> str:
    """Return the whole URL of an entry."""
    query = f"?{entry.request.query}" if entry.request.query else ""
    return f"{entry.origin}{entry.request.path}{query}"


def header_shown(header: Header) -> dict[str, Any]:
    """Return what a header says, as JSON."""
    return header.model_dump(exclude_defaults=True)


def _of_one_origin(reading: Reading) -> list[Entry]:
    of_contract = Counter(
        one.origin for one in reading.entries if match_of(one.request) is not None
    )
    counts = Counter(one.origin for one in reading.entries)
    if len(counts) < 2:
        return reading.entries
    kept = max(counts, key=lambda origin: (of_contract[origin], counts[origin]))
    others = ", ".join(sorted(origin for origin in counts if origin != kept))
    reading.losses.append(
        f"{len(reading.entries) - counts[kept]} entries of other hosts than {kept} are"
        f" left out: {others:.300}."
    )
    return [one for one in reading.entries if one.origin == kept]


def _header(reading: Reading, origin: str, redactor: Redactor) -> Header:
    upstream = origin if origin not in ("", NOWHERE) else None
    try:
        header = Header.model_validate({"upstream": upstream, **reading.header})
    except ValidationError:
        reading.losses.append("The header of the cassette that it was is damaged.")
        header = Header(upstream=upstream)
    if header.upstream is not None and "@" in header.upstream:
        upstream = origin_of(header.upstream) or None
        header = header.model_copy(update={"upstream": upstream})
    texts = {name: value for name, value in header if isinstance(value, str)}
    shown = {name: _redacted(value, redactor) for name, value in texts.items()}
    return header.model_copy(update=shown)


def _with_kept(
    exchange: Exchange, entry: Entry, redactor: Redactor, taken: set[str]
) -> Exchange:
    kept = entry.kept
    update: dict[str, Any] = {"note": _redacted(kept.note, redactor)}
    if kept.id is not None and kept.id not in taken:
        update["id"] = kept.id
    elif exchange.id in taken:
        update["id"] = f"{exchange.id}-{len(taken)}"
    if kept.match is not None:
        update["match"] = kept.match
    request_coding, response_coding = entry.codings
    if exchange.request.kind is not None and request_coding is not None:
        update["request"] = _coded_content(exchange.request, request_coding)
    if exchange.response.kind is not None and response_coding is not None:
        update["response"] = _coded_content(exchange.response, response_coding)
    exchange = exchange.model_copy(update=update)
    taken.add(exchange.id)
    return exchange


def _coded_content(content: Any, coding: str) -> Any:
    known = coding if coding in ("gzip", "deflate") else None
    return content.model_copy(update={"encoding": known})


def _redacted(text: str | None, redactor: Redactor) -> str | None:
    return None if text is None else redactor.chunk(text.encode()).decode()


def _streamed(response: Response) -> Response:
    body = response.body
    if not body or media_type(response.headers) != EVENTS:
        return response
    assert isinstance(body, bytes)
    return Response(
        response.status, response.headers, ByteStream(events_of(body), EVENTS)
    )


def _reason(error: ValidationError | PetstoreError) -> str:
    if isinstance(error, PetstoreError):
        return error.message.rstrip(".")
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg'].lower()}"
