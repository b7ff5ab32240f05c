"""Bring a recording into the form that a recorder would give it today."""

from collections import Counter
from collections.abc import Collection
from dataclasses import replace

from petstore.contract.errors import ConfigError, Malformed
from petstore.mock.canonical import canonical as canonical_exchanges
from petstore.mock.cassette import Cassette, document_of, dump
from petstore.mock.exchange import Exchange
from petstore.mock.recording import Recorder
from petstore.mock.redaction import Redactor
from petstore.mock.rerecording import plain_header, plain_note, rerecorded
from petstore.mock.tape import SAFE_METHODS, Found, Tape


def tidy(
    cassette: Cassette,
    *,
    canonical: bool = False,
    prune: Collection[str] | None = None,
) -> Cassette:
    """
    Return a tidy recording of the same answers; a second time changes nothing.

    Headers that a recorder leaves out are left out, bodies have the form that suits
    them, and what a safe request is answered again and again stands there once.

    Args:
        canonical: Give the server's ids and times their place in the recording; see
            `canonical.py`.
        prune: Ids of the exchanges that were played; the others are dropped.

    Raises:
        ConfigError: A body cannot be read, or is not in the coding that it says.
    """
    left = [one for one in cassette.exchanges if prune is None or one.id in prune]
    tidied = redacted(replace(cassette, exchanges=left))
    tidied.exchanges = _without_repeats(tidied)
    if canonical:
        tidied.exchanges = canonical_exchanges(tidied)
    return tidied


def redacted(cassette: Cassette) -> Cassette:
    """
    Return all of a recording without the secrets that an edit left in.

    Raises:
        ConfigError: A body cannot be read, or is not in the coding that it says.
    """
    redactor = Redactor()
    redactor.count_on(dump(cassette))
    names = [name.lower() for name in cassette.header.headers]
    header = cassette.header.model_copy(update={"headers": names})
    plain = Cassette(header, [], cassette.path)
    recorder = Recorder(plain, redactor)
    anew = [_anew(recorder, cassette, one) for one in cassette.exchanges]
    # All secrets are known by now, and words may name one of them.
    plain.exchanges = [plain_note(one, redactor) for one in anew]
    plain.header = plain_header(header, redactor)
    return plain


def _anew(recorder: Recorder, cassette: Cassette, exchange: Exchange) -> Exchange:
    try:
        return rerecorded(recorder, cassette, exchange)
    except Malformed as error:
        place = "The cassette" if cassette.path is None else str(cassette.path)
        raise ConfigError(f"{place}: {exchange.id}: {error.message}") from error


def _without_repeats(cassette: Cassette) -> list[Exchange]:
    """
    Drop what a safe request is answered by anyhow: its last answer, once more.

    A repeat in the middle stays, for the answer behind it would come too early.
    """
    tape = Tape([cassette])
    groups: dict[str, Found] = {}
    for take in tape.takes:
        found = tape.find(take.facts)
        assert found is not None
        groups[found.key] = found
    # What answers unequal requests, by what they ignore, is left alone.
    shared = Counter(one.number for found in groups.values() for one in found.takes)
    dropped: set[int] = set()
    for found in groups.values():
        takes = list(found.takes)
        while len(takes) > 1 and shared[takes[-1].number] == 1:
            last = takes.pop()
            if not _repeats(takes[-1].exchange, last.exchange):
                break
            dropped.add(last.number)
    return [one for n, one in enumerate(cassette.exchanges) if n not in dropped]


def _repeats(before: Exchange, after: Exchange) -> bool:
    if after.request.method not in SAFE_METHODS or after.note is not None:
        return False
    halves = [document_of(one) for one in (before, after)]
    return all(
        halves[0].get(name) == halves[1].get(name)
        for name in ("request", "response", "match")
    )
