"""
Hold exchanges as other tools know them: an origin, a request and an answer on the wire.

    cassette ──entries_of──▶ entries ──▶ a file of another tool
    a file of another tool ──▶ entries ──▶ cassette, redacted (`foreign_reading.py`)

Bodies of entries are whole and without their coding. Nothing of a foreign file is kept
but through the recorder, so what `redaction.py` and `recording.py` drop of a live
answer is dropped of a foreign one as well.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from petstore.contract.errors import ConfigError, PetstoreError
from petstore.contract.http import Request
from petstore.contract.replies import Response
from petstore.mock.cassette import Cassette
from petstore.mock.exchange import (
    ID_PATTERN,
    Content,
    Exchange,
    FormPart,
    Header,
    Matching,
    Offsets,
)
from petstore.mock.facts import facts_of, key_of, read_ignored
from petstore.mock.payload import write_wire
from petstore.mock.streams import events_of
from petstore.mock.tape import wire_request
from petstore.mock.urls import checked_url
from petstore.mock.wording import faults_of, unheld

# Where a recording says no URL that it is from; RFC 6762 keeps it off the Internet.
NOWHERE: Final = "http://petstore.local"
_NAMED_COUNT_MAX: Final = 3

T = TypeVar("T")


class Shape(BaseModel):
    """Be a piece of a foreign file; what nobody here reads may stand beside it."""

    model_config = ConfigDict(extra="ignore", frozen=True, protected_namespaces=())

    @classmethod
    def read(cls, value: Any) -> Self:
        """
        Read a piece.

        Raises:
            ConfigError: It is none; says which field, and what would be right.
        """
        try:
            return cls.model_validate(value)
        except ValidationError as error:
            raise refused(error, cls) from None


def refused(error: ValidationError, kind: Any) -> ConfigError:
    """Return the refusal of what is no such piece: which field, and what is right."""
    first = faults_of(error, kind)[0]
    return ConfigError(f"{first.field or 'it'}: {first.message}")


class Kept(Shape):
    """Hold what only a cassette knows, where the other format has a place for it."""

    id: str | None = Field(default=None, pattern=ID_PATTERN)
    note: str | None = None
    match: Matching | None = None
    offsets_ms: Offsets | None = None

    @field_validator("match")
    @classmethod
    def _names_paths(cls, match: Matching | None) -> Matching | None:
        check_paths([] if match is None else match.ignore)
        return match

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
        origin: Scheme, host and port, and the path of the upstream where it has one;
            "" where the format names none.
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
        except (PetstoreError, ValueError) as error:
            self.leave_out(name, reason_of(error))

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


def broken_pieces_lost(tool: str) -> Loss:
    """State what becomes of a stream of events where bodies are whole texts."""
    return Loss(
        f"A stream of events is one text in {tool}, and comes back in one piece per"
        " event, without the times of the pieces",
        _has_broken_pieces,
    )


def _has_broken_pieces(exchange: Exchange) -> bool:
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


def check_paths(paths: list[str]) -> None:
    """
    Refuse paths to ignore that are none.

    Raises:
        ValueError: One of them is none; says which.
    """
    try:
        read_ignored(paths)
    except ConfigError as error:
        raise ValueError(error.message) from None


def has_times(exchange: Exchange) -> bool:
    """Tell whether a stream says when its pieces came."""
    return exchange.response.offsets_ms is not None


def has_matching(exchange: Exchange) -> bool:
    """Tell whether an exchange says how it is to be found."""
    return exchange.match != Matching()


def base_of(upstream: str | None) -> str:
    """Return the URL below which an upstream's paths lie; "" for none."""
    try:
        base = checked_url(upstream or "")
        # It is read when it is asked for, and raises then.
        _ = urlsplit(base).port
    except (ConfigError, ValueError):
        return ""
    return base


def entries_of(cassette: Cassette) -> Iterator[Entry]:
    """
    Yield the exchanges of a cassette as other tools know them.

    Raises:
        ConfigError: A body cannot be read.
    """
    base = base_of(cassette.header.upstream) or NOWHERE
    for one in cassette.exchanges:
        headers = dict(one.response.headers)
        kind = headers.get("content-type", "")
        body, kind = write_wire(one.response, kind, cassette.fetch)
        if kind:
            headers["content-type"] = kind
        yield Entry(
            one.id,
            base,
            wire_request(cassette, one.request),
            Response(one.response.status, headers, body),
            (one.request.encoding, one.response.encoding),
            Kept(
                id=one.id,
                note=one.note,
                match=one.match if has_matching(one) else None,
                offsets_ms=None if _has_broken_pieces(one) else one.response.offsets_ms,
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


def url_of(entry: Entry) -> str:
    """Return the whole URL of an entry."""
    query = f"?{entry.request.query}" if entry.request.query else ""
    return f"{entry.origin}{entry.request.path}{query}"


def header_shown(header: Header) -> dict[str, Any]:
    """Return what a header says, as JSON."""
    return header.model_dump(exclude_defaults=True)


def reason_of(error: ValueError | PetstoreError) -> str:
    """Say why something is left out, without a full stop."""
    if isinstance(error, ValidationError):
        return unheld(error)
    return str(error).rstrip(".")
