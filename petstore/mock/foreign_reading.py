"""
Make a cassette of what was read of another tool, without secrets.

A file may hold several hosts, as a browser's does. The one that answers most of the
contract's requests is kept, and of such ones the one that answers most.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from petstore.contract.call import ByteStream
from petstore.contract.errors import PetstoreError
from petstore.contract.media import EVENTS, media_type
from petstore.contract.replies import Response
from petstore.mock.cassette import Cassette
from petstore.mock.exchange import Exchange, Header
from petstore.mock.facts import match_of
from petstore.mock.foreign import (
    NOWHERE,
    Entry,
    Reading,
    base_of,
    check_paths,
    has_times,
    reason_of,
)
from petstore.mock.payload import known_coding
from petstore.mock.recording import Recorder
from petstore.mock.redaction import Redactor, environment_secrets
from petstore.mock.rerecording import plain_header, plain_note
from petstore.mock.secrets import is_secret_header
from petstore.mock.streams import events_of
from petstore.mock.urls import headers_here


def cassette_of(reading: Reading) -> Cassette:
    """Make a cassette of what was read; adds to the losses."""
    reading.entries = _below(reading)
    entries = _of_one_origin(reading)
    reading.losses += _secrets_lost(entries)
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
            exchange = recorder.exchange(one.request, _answer_of(one))
        except (ValidationError, PetstoreError) as error:
            reading.leave_out(one.name, reason_of(error))
            continue
        exchange = _with_kept(exchange, one, redactor, taken)
        if one.kept.offsets_ms is not None and not has_times(exchange):
            reading.losses.append(f"{one.name}: offsets_ms fits no events; it is lost.")
        cassette.exchanges.append(exchange)
    return cassette


def _below(reading: Reading) -> list[Entry]:
    """Take the path of the upstream off all paths, where we put it on."""
    upstream, entries = reading.header.get("upstream"), reading.entries
    begin = urlsplit(base_of(upstream if isinstance(upstream, str) else None)).path
    if not all(one.request.path.startswith(f"{begin}/") for one in entries):
        begin = ""
    return [_without(begin, one) for one in entries]


def _without(begin: str, entry: Entry) -> Entry:
    request, response = entry.request, entry.response
    headers = headers_here(response.headers, f"{entry.origin}{begin}")
    return replace(
        entry,
        request=replace(request, path=request.path.removeprefix(begin)),
        response=Response(response.status, headers, response.body),
    )


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
        check_paths(header.ignore)
    except ValueError:
        reading.losses.append("The header of the cassette that it was is damaged.")
        header = Header(upstream=upstream)
    return plain_header(header, redactor)


def _with_kept(
    exchange: Exchange, entry: Entry, redactor: Redactor, taken: set[str]
) -> Exchange:
    kept = entry.kept
    update: dict[str, Any] = {"note": kept.note}
    if kept.id is not None and kept.id not in taken:
        update["id"] = kept.id
    elif exchange.id in taken:
        update["id"] = _free(exchange.id, taken)
    if kept.match is not None:
        update["match"] = kept.match
    request_coding, response_coding = entry.codings
    if exchange.request.kind is not None and request_coding is not None:
        update["request"] = _coded_content(exchange.request, request_coding)
    response = exchange.response
    if kept.offsets_ms and len(kept.offsets_ms) == len(response.chunks or ()):
        response = response.model_copy(update={"offsets_ms": kept.offsets_ms})
    if response.kind is not None and response_coding is not None:
        response = _coded_content(response, response_coding)
    update["response"] = response
    exchange = plain_note(exchange.model_copy(update=update), redactor)
    taken.add(exchange.id)
    return exchange


def _free(id: str, taken: set[str]) -> str:
    """Return an id that nobody has, with the next number behind it."""
    return next(one for n in count(2) if (one := f"{id}-{n}") not in taken)


def _coded_content(content: Any, coding: str) -> Any:
    return content.model_copy(update={"encoding": known_coding(coding)})


def _answer_of(entry: Entry) -> Response:
    body = entry.answered
    if not body or media_type(entry.response.headers) != EVENTS:
        return entry.response
    return replace(entry.response, body=ByteStream(events_of(body), EVENTS))


def _secrets_lost(entries: list[Entry]) -> Iterator[str]:
    names = {
        name
        for one in entries
        for name in (*one.request.headers, *one.response.headers)
        if is_secret_header(name)
    }
    if names:
        yield f"Headers that hold secrets are not kept: {', '.join(sorted(names))}."
