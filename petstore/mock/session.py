"""
Answer requests from a recording; no I/O.

`respond` is one generator for every door. It yields what it cannot do itself, and is
sent what came of it:

    request ─▶ a fault instead? ─▶ Answer
       └─▶ mode: record, check, off ─▶ Ask upstream ─▶ kept, compared ─▶ Answer
             └─ replay, extend ─▶ prefers another answer ─▶ Answer
                  ├─ found, and true (hybrid.py) ─▶ Answer
                  └─ missed, on_miss: fail ─▶ Answer of 501, with a report
                                      engine, upstream ─▶ Ask ─▶ Answer
                                      example ─▶ Answer

    Wait(seconds)   the answer is late; its outcome is None
    Ask(whom, …)    somebody else answers; its outcome is a Response
    Turn(over)      somebody else is through; its outcome is None
"""

import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from time import monotonic, perf_counter
from typing import TYPE_CHECKING, Any, Final, Unpack

from petstore.contract.call import ByteStream
from petstore.contract.http import Request
from petstore.contract.replies import Response
from petstore.mock.api_errors import api_error, preferred_error
from petstore.mock.clock import REAL, Clock, ClockPlan, system_now
from petstore.mock.examples import Examples
from petstore.mock.exchange import Exchange
from petstore.mock.facts import COUNTED_HEADERS, Facts, facts_of, match_of
from petstore.mock.faults import INSTEAD, NOTHING, FaultRules
from petstore.mock.journal import LEFT_OUT, Journal
from petstore.mock.keeping import Keeper
from petstore.mock.late import comparison, hybrid_of, story_of
from petstore.mock.misses import miss_of
from petstore.mock.preferences import confirmed, preferred_take, read_preference
from petstore.mock.recording import Recorder
from petstore.mock.redaction import Redactor, environment_secrets
from petstore.mock.steps import (
    MODES,
    ON_MISS,
    Answer,
    Ask,
    Report,
    Responding,
    Setup,
    Wait,
    Whom,
    known,
)
from petstore.mock.streams import kept_stream
from petstore.mock.stubs import Stubs
from petstore.mock.tape import (
    Cursor,
    Found,
    Take,
    Tape,
    repeats,
    takes_coding,
    unplayed,
    wire_response,
)

if TYPE_CHECKING:
    from petstore.mock.story import Story

# Of a request whose client did not wait for the answer.
LEFT_STATUS: Final = 0
UNRECORDED: Final = "upstream/unrecorded"
_ERROR_MIN: Final = 400
_FAILURE_COUNT_MAX: Final = 1_000
# Requests that were seen before are known by their bytes.
_KNOWN_COUNT_MAX: Final = 16_384
_KNOWN_BYTES_MAX: Final = 4_096
_ENTRY_BYTES: Final = 256
_ALL_KNOWN_BYTES_MAX: Final = 4 * 1024 * 1024
_REMEMBERED_BYTES_MAX: Final = 64 * 1024


@dataclass(slots=True)
class _Known:
    """
    Hold what is known of a request that was seen before.

    Args:
        size_bytes: Of the body.
        settled: The answer that comes each time from now on.
    """

    facts: Facts
    found: Found | None
    stub: Found | None
    size_bytes: int = 0
    settled: Answer | None = None


class Session:
    """
    Serve one client, or one test, from a tape.

    Raises:
        ConfigError: There is no such mode, or no such on_miss.
    """

    def __init__(self, tape: Tape, **setup: Unpack[Setup]) -> None:
        self.id = setup.get("id", "default")
        self.tape = tape
        self.mode = known("mode", setup.get("mode", "replay"), MODES)
        self.on_miss = known("on_miss", setup.get("on_miss", "fail"), ON_MISS)
        self.target = setup.get("target")
        self.seed = setup.get("seed", 0)
        self.data = setup.get("data")
        self._plan = setup.get("clock", REAL)
        self._today = setup.get("today", system_now)
        self.story: Story | None = None
        if self.mode == "replay" and self.on_miss == "engine":
            self.story = setup.get("hybrid") or story_of(tape)
        self.faults = setup.get("faults") or FaultRules()
        self.journal = Journal()
        self.stubs = Stubs(tape.counted_headers)
        self._now_s = setup.get("now_s", monotonic)
        # What nobody answered who was asked, in the driver's words.
        self.failures: deque[str] = deque(maxlen=_FAILURE_COUNT_MAX)
        # Whoever drives `respond` from several threads holds it at each step.
        self.lock = threading.Lock()
        self._begin()

    def _begin(self) -> None:
        self.cursor = Cursor()
        self._known: dict[Any, _Known] = {}
        self._known_bytes = 0
        self._responses: dict[int, Response] = {}
        self.clock = Clock(self._plan, recorded=self._recorded(), today=self._today)
        self._examples = Examples(self.seed)
        self._hybrid = None if self.story is None else hybrid_of(self.story, self.clock)
        self._comparison = comparison() if self.mode == "check" else None
        self._keeper = None
        if self.target is not None:
            recorder = Recorder(self.target, Redactor(environment_secrets()))
            self._keeper = Keeper(self.target, recorder)

    def reset(self) -> None:
        """Go back to the start: nothing was served, nothing remembered."""
        self.journal.clear()
        self.failures.clear()
        self.faults.reset()
        self.stubs.rewind()
        self._begin()

    def add_stub(self, exchange: Exchange, ignore: Iterable[str] = ()) -> None:
        """Answer with an exchange before any recording does; see `Stubs.add`."""
        self.stubs.add(exchange, ignore)
        self._known.clear()

    def set_clock(self, plan: ClockPlan) -> None:
        """
        Let it be another time from now on.

        Raises:
            ConfigError: The recording does not say when it was made.
        """
        clock = Clock(plan, recorded=self._recorded(), today=self._today)
        self.clock, self._plan = clock, plan
        # They are of the time that was.
        self._known.clear()
        self._responses.clear()
        if self._hybrid is not None:
            self._hybrid.clock = clock

    def report(self) -> Report:
        """Say how the session went so far."""
        recorded = [] if self.target is None else self.target.exchanges
        return Report(
            self.id,
            self.mode,
            self.on_miss,
            played=len(self.cursor.played),
            unplayed=unplayed(self.tape, self.cursor.played),
            unmatched=self.journal.unmatched_count + len(self.failures),
            recorded=len(recorded),
            requests=self.journal.count,
            drifts=[] if self._comparison is None else list(self._comparison.drifts),
            unrecorded=[] if self._keeper is None else list(self._keeper.unkept),
        )

    def respond(self, request: Request) -> Responding:
        """
        Answer a request.

        Args:
            request: With its whole body, and a mapping of headers that is given names
                in lower case.

        Raises:
            ConfigError: The recording names a file that is missing.
        """
        begun = perf_counter()
        known = self._seen(request)
        effect = NOTHING
        if self.faults.rules:
            effect = self.faults.effect(known.facts, self._now_s())
        if effect.delay_s:
            try:
                yield Wait(effect.delay_s)
            except GeneratorExit:
                # The client left, and it did ask.
                seconds = perf_counter() - begun
                self.journal.add(known.facts, LEFT_STATUS, "fault", seconds)
                raise
        if effect.status is not None or effect.broken in INSTEAD:
            answer = Answer(api_error(request, effect), "fault", effect=effect)
        elif known.settled is not None and effect is NOTHING:
            answer = known.settled
        else:
            answer = yield from self._answer(request, known)
            answer.effect = effect
            if effect is NOTHING:
                self._settle(known, answer)
        self.journal.add(
            known.facts,
            answer.response.status,
            answer.served_by,
            perf_counter() - begun,
            None if answer.miss is None else answer.miss.text,
        )
        if known.size_bytes:
            self.journal.weigh(known.size_bytes)
        return answer

    def _answer(self, request: Request, known: _Known) -> Responding:
        if known.stub is not None:
            stubbed = self.stubs.answer(known.stub, request)
            if stubbed is not None:
                return stubbed
        if self.mode == "check":
            return (yield from self._compared(request, known))
        if self.mode in ("record", "off"):
            return (yield from self._forwarded(request))
        preferred = self._preferred(request, known)
        if preferred is not None:
            return preferred
        take = self._chosen(request, known)
        if take is not None:
            return (yield from self._replayed(take, request))
        if self.mode == "extend":
            return (yield from self._forwarded(request))
        return (yield from self._missed(request, known))

    def _settle(self, known: _Known, answer: Answer) -> None:
        found, take = known.found, answer.take
        if found is None or take is not found.takes[-1] or known.stub is not None:
            return
        is_last = self.cursor.count(found) == len(found.takes) and repeats(take)
        is_plain = take.exchange.response.encoding is None
        if is_last and is_plain and self._hybrid is None:
            known.settled = answer

    def _preferred(self, request: Request, known: _Known) -> Answer | None:
        """Return the answer that the client asks for, of those that there are."""
        prefer = request.headers.get("prefer")
        preference = None if prefer is None else read_preference(prefer)
        if preference is None:
            return None
        answer: Answer | None = None
        status = preference.status
        if status is not None:
            takes = self.tape.of_operation(known.facts)
            take = preferred_take(takes, known.facts, status)
            if take is not None:
                answer = self._of_take(take, request)
            elif status >= _ERROR_MIN:
                answer = Answer(preferred_error(request, status), "example")
        if answer is None:
            answer = self._example(request)
            if answer is None:
                return None
            answer.response.status = status or answer.response.status
        answer.response = confirmed(answer.response, preference)
        return answer

    def _example(self, request: Request) -> Answer | None:
        match = match_of(request)
        if match is None:
            return None
        response = self._examples.response(match, request, self.clock.now())
        return Answer(response, "example")

    def _chosen(self, request: Request, known: _Known) -> Take | None:
        if known.found is None:
            return None
        if self._hybrid is not None:
            return self._hybrid.choose(request, known.found, self.cursor)
        return self.cursor.next(known.found)

    def _replayed(self, take: Take, request: Request) -> Responding:
        answer = self._of_take(take, request)
        if self._hybrid is not None:
            self._hybrid.replayed(take, request, answer.response)
            if self._hybrid.is_behind:
                yield from self._hybrid.tell()
        return answer

    def _of_take(self, take: Take, request: Request) -> Answer:
        accepted = ""
        if take.exchange.response.encoding is not None:
            accepted = request.headers.get("accept-encoding", "")
        is_coded = takes_coding(take, accepted)
        # Below 0 stands what is compressed.
        key = ~take.number if is_coded else take.number
        response = self._responses.get(key)
        if response is None:
            response = self.clock.as_today(wire_response(take, is_coded=is_coded))
            if len(self._responses) >= _KNOWN_COUNT_MAX:
                self._responses.clear()
            self._responses[key] = response
        return Answer(response, f"recording/{take.exchange.id}", take)

    def _compared(self, request: Request, known: _Known) -> Responding:
        answer = yield from self._forwarded(request)
        assert self._comparison is not None
        self._comparison.add(request, answer.response, known.found, self.cursor)
        return answer

    def _forwarded(self, request: Request) -> Responding:
        response: Response = yield Ask("upstream", request)
        body = response.body
        keeper = self._keeper
        if keeper is None:
            return Answer(response, "upstream")
        if not isinstance(body, ByteStream):
            is_kept = keeper.keep(request, response)
            return Answer(response, "upstream" if is_kept else UNRECORDED)

        def ended(whole: ByteStream) -> None:
            told = Response(response.status, response.headers, whole)
            with self.lock:
                keeper.keep(request, told)

        stream = kept_stream(body, ended)
        streamed = Response(response.status, response.headers, stream)
        return Answer(streamed, "upstream")

    def _missed(self, request: Request, known: _Known) -> Responding:
        if self._hybrid is not None:
            return Answer((yield from self._hybrid.asked(request)), "engine")
        if self.on_miss in ("engine", "upstream"):
            whom: Whom = "engine" if self.on_miss == "engine" else "upstream"
            response: Response = yield Ask(whom, request)
            return Answer(response, whom)
        example = self._example(request) if self.on_miss == "example" else None
        if example is not None:
            return example
        miss = miss_of(
            known.facts, known.found, self.tape, self.cursor, session=self.id
        )
        return Answer(miss.response(), "miss", miss=miss)

    def _recorded(self) -> str | None:
        """Return when the recording was made, as its first header says that does."""
        cassettes = [*self.tape.cassettes, self.target]
        told = (one.header.recorded for one in cassettes if one is not None)
        return next((one for one in told if one is not None), None)

    def _seen(self, request: Request) -> _Known:
        get = request.headers.get
        body = request.body
        assert isinstance(body, bytes)
        raw = (
            request.method,
            request.path,
            request.query,
            body,
            *[get(name) for name in COUNTED_HEADERS],
            *[get(name) for name in self.tape.counted_headers],
        )
        known = self._known.get(raw)
        if known is not None:
            return known
        recorded = self.clock.as_recorded(request)
        facts = facts_of(recorded, self.tape.counted_headers)
        found = self.tape.find(facts)
        if found is not None and facts == found.takes[0].facts:
            # One of the two is enough to remember.
            facts = found.takes[0].facts
        known = _Known(facts, found, self.stubs.find(facts), len(body))
        if len(body) > _REMEMBERED_BYTES_MAX:
            known.facts, known.size_bytes = facts._replace(body=LEFT_OUT), 0
        # Not a miss: there is no end of requests that nobody recorded.
        is_answered = found is not None or known.stub is not None
        if is_answered and len(body) <= _KNOWN_BYTES_MAX:
            self._known_bytes += _ENTRY_BYTES + len(body)
            if self._known_bytes > _ALL_KNOWN_BYTES_MAX:
                self._known.clear()
                self._known_bytes = _ENTRY_BYTES + len(body)
            self._known[raw] = known
        return known
