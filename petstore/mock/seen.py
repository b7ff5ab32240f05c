"""
Know what answers a request that was seen before, without a look at the tape.

Requests are known by their bytes. What is remembered has a limit in bytes and none in
time: past it, all is forgotten and found anew.
"""

from dataclasses import dataclass
from typing import Any, Final

from petstore.contract.http import Request
from petstore.mock.clock import Clock
from petstore.mock.facts import COUNTED_HEADERS, Facts, facts_of
from petstore.mock.journal import LEFT_OUT
from petstore.mock.steps import Answer
from petstore.mock.stubs import Stubs
from petstore.mock.tape import Cursor, Found, Tape, repeats

_BODY_BYTES_MAX: Final = 4_096
ENTRY_BYTES: Final = 256
ALL_BYTES_MAX: Final = 4 * 1024 * 1024
# A larger body is neither in the journal nor here.
_JOURNAL_BODY_BYTES_MAX: Final = 64 * 1024


@dataclass(slots=True)
class Known:
    """
    Hold what is known of a request that was seen before.

    Args:
        size_bytes: Of the body.
        settled: The answer that comes each time from now on.
        is_new: Whether nobody has listened to it yet.
    """

    facts: Facts
    found: Found | None
    stub: Found | None
    size_bytes: int = 0
    settled: Answer | None = None
    is_new: bool = True

    def settle(self, answer: Answer, cursor: Cursor) -> None:
        """Remember an answer that comes each time from now on."""
        found, take = self.found, answer.take
        if found is None or take is not found.takes[-1] or self.stub is not None:
            return
        is_last = cursor.count(found) == len(found.takes) and repeats(take)
        if is_last and take.exchange.response.encoding is None:
            self.settled = answer


class Seen:
    """
    Hold what is known of requests, until it is told to forget.

    Args:
        stubs: Looked into before the tape.
        clock: What the requests are of.
    """

    def __init__(self, tape: Tape, stubs: Stubs, clock: Clock) -> None:
        self._tape = tape
        self._stubs = stubs
        self._clock = clock
        self._by_bytes: dict[Any, Known] = {}
        self._size_bytes = 0

    def forget(self) -> None:
        """Find each request anew, for what answers it is another from now on."""
        self._by_bytes.clear()
        self._size_bytes = 0

    def __len__(self) -> int:
        """Return how many requests are known."""
        return len(self._by_bytes)

    def of(self, request: Request) -> Known:
        """Return what is known of a request, which has its whole body."""
        get = request.headers.get
        body = request.body
        assert isinstance(body, bytes)
        raw = (
            request.method,
            request.path,
            request.query,
            body,
            *[get(name) for name in COUNTED_HEADERS],
            *[get(name) for name in self._tape.counted_headers],
        )
        known = self._by_bytes.get(raw)
        if known is not None:
            return known
        recorded = self._clock.as_recorded(request)
        facts = facts_of(recorded, self._tape.counted_headers)
        found = self._tape.find(facts)
        if found is not None and facts == found.takes[0].facts:
            # One of the two is enough to remember.
            facts = found.takes[0].facts
        known = Known(facts, found, self._stubs.find(facts), len(body))
        if len(body) > _JOURNAL_BODY_BYTES_MAX:
            known.facts, known.size_bytes = facts._replace(body=LEFT_OUT), 0
        # Not a miss: there is no end of requests that nobody recorded.
        is_answered = found is not None or known.stub is not None
        if is_answered and len(body) <= _BODY_BYTES_MAX:
            self._size_bytes += ENTRY_BYTES + len(body)
            if self._size_bytes > ALL_BYTES_MAX:
                self.forget()
                self._size_bytes = ENTRY_BYTES + len(body)
            self._by_bytes[raw] = known
        return known
