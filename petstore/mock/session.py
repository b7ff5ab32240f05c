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
from collections.abc import Generator, Iterable
from time import monotonic, perf_counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Unpack

from petstore.contract.call import ByteStream
from petstore.contract.errors import PetstoreError
from petstore.contract.http import Request
from petstore.contract.replies import Response
from petstore.mock.api_errors import api_error
from petstore.mock.clock import REAL, Clock, ClockPlan, system_now
from petstore.mock.examples import Examples
from petstore.mock.exchange import Exchange
from petstore.mock.facts import match_of
from petstore.mock.faults import INSTEAD, NO_EFFECT, FaultRules
from petstore.mock.journal import Journal
from petstore.mock.keeping import Keeper
from petstore.mock.late import comparison, hybrid_of, story_of
from petstore.mock.misses import miss_of
from petstore.mock.overheard import Overheard
from petstore.mock.preferences import preferred_answer
from petstore.mock.recording import Recorder
from petstore.mock.redaction import Redactor, environment_secrets
from petstore.mock.refusals import UpstreamFailed, overtaken
from petstore.mock.seen import Known, Seen
from petstore.mock.steps import (
    DEFAULT_ID,
    MODES,
    ON_MISS,
    Answer,
    Ask,
    Pausing,
    Report,
    Responding,
    Setup,
    Wait,
    Whom,
    checked_name,
)
from petstore.mock.streams import kept_stream, whole_of
from petstore.mock.stubs import Stubs
from petstore.mock.take_answers import TakeAnswers
from petstore.mock.tape import Cursor, Take, Tape, recorded_at, unplayed
from petstore.mock.traffic import Traffic

if TYPE_CHECKING:
    from petstore.mock.story import Story

# Of a request whose client did not wait for the answer.
_LEFT_STATUS: Final = 0
_FAULT_STATUS: Final = 500
_UNRECORDED: Final = "upstream/unrecorded"
_FAILURE_COUNT_MAX: Final = 1_000


class _Begun(NamedTuple):
    """Say when a request began: on the clock, and behind which reset of the session."""

    seconds: float
    cursor: Cursor


class Session:
    """
    Serve one client, or one test, from a tape.

    Attributes:
        reset_count: How often it went back to the start. What began before that, with
            another cursor, is answered, and neither counted nor recorded.

    Raises:
        ConfigError: There is no such mode, or no such on_miss.
    """

    def __init__(self, tape: Tape, **setup: Unpack[Setup]) -> None:
        self.id = setup.get("id", DEFAULT_ID)
        self.tape = tape
        self.mode = checked_name("mode", setup.get("mode", "replay"), MODES)
        self.on_miss = checked_name("on_miss", setup.get("on_miss", "fail"), ON_MISS)
        self.target = setup.get("target")
        self.seed = setup.get("seed", 0)
        self.data = setup.get("data")
        self._plan = setup.get("clock", REAL)
        self._today = setup.get("today", system_now)
        self.story: Story | None = None
        if self.mode == "replay" and self.on_miss == "engine":
            self.story = setup.get("hybrid") or story_of(tape)
        self.faults = setup.get("faults") or FaultRules()
        self._overheard = Overheard()
        self.journal = Journal(shown=self._overheard.row)
        self._is_timed = setup.get("is_timed", False)
        self._is_realtime = setup.get("is_realtime", False)
        self.stubs = Stubs(tape.counted_headers, is_realtime=self._is_realtime)
        self._now_s = setup.get("now_s", monotonic)
        # Why requests had no answer, the last ones.
        self.failures: deque[str] = deque(maxlen=_FAILURE_COUNT_MAX)
        self.reset_count = 0
        self.traffic = Traffic(self.id)
        # Whoever drives `respond` from several threads holds it at each step.
        self.lock = threading.Lock()
        self._begin()

    def _begin(self) -> None:
        self.cursor = Cursor()
        self._set(self._clock_of(self._plan))
        self._examples = Examples(self.seed)
        self._hybrid = None
        if self.story is not None:
            self._hybrid = hybrid_of(self.story, self.clock, self.cursor)
        self._comparison = None
        if self.mode == "check":
            self._comparison = comparison(self._overheard.path)
        self._keeper = None
        if self.target is not None:
            recorder = Recorder(self.target, Redactor(environment_secrets()))
            self._keeper = Keeper(self.target, recorder, self._overheard.path)

    def reset(self) -> None:
        """Go back to the start: nothing was served, nothing remembered."""
        self.reset_count += 1
        self.journal.clear()
        self.failures.clear()
        self.faults.reset()
        self.stubs.rewind()
        self._begin()

    def add_stub(self, exchange: Exchange, ignore: Iterable[str] = ()) -> None:
        """Answer with an exchange before any recording does; see `Stubs.add`."""
        self.stubs.add(exchange, ignore)
        self._seen.forget()

    def set_clock(self, plan: ClockPlan) -> None:
        """
        Let it be another time from now on.

        Raises:
            ConfigError: The recording does not say when it was made.
        """
        clock = self._clock_of(plan)
        self._plan = plan
        self._set(clock)
        if self._hybrid is not None:
            self._hybrid.clock = clock

    def _clock_of(self, plan: ClockPlan) -> Clock:
        recorded = recorded_at([*self.tape.cassettes, self.target])
        return Clock(plan, recorded=recorded, today=self._today)

    def _set(self, clock: Clock) -> None:
        self.clock = clock
        # What was made ready before is of the time that was.
        self._seen = Seen(self.tape, self.stubs, clock)
        self._answers = TakeAnswers(clock, is_realtime=self._is_realtime)

    def report(self) -> Report:
        """Say how the session went so far."""
        recorded = [] if self.target is None else self.target.exchanges
        drifts = [] if self._comparison is None else self._comparison.drifts
        unrecorded = [] if self._keeper is None else self._keeper.unkept
        return Report(
            self.id,
            self.mode,
            self.on_miss,
            played=len(self.cursor.played),
            unplayed=unplayed(self.tape, self.cursor.played),
            unmatched=self.journal.unmatched_count,
            recorded=len(recorded),
            requests=self.journal.count,
            drifts=[self._overheard.text(one) for one in drifts],
            unrecorded=[self._overheard.text(one) for one in unrecorded],
        )

    def respond(self, request: Request) -> Responding:
        """
        Answer a request.

        Args:
            request: With its whole body, and a mapping of headers that is given names
                in lower case.

        Raises:
            ConfigError: The recording names a file that is missing.
            NoSuchSession: It was stopped.
            Overtaken: It was reset while the request waited.
        """
        begun = _Begun(perf_counter(), self.cursor)
        self.traffic.begin()
        try:
            known = self._seen.of(request)
            self._overheard.hear(request, is_new=known.is_new)
            known.is_new = False
            try:
                answer = yield from self._responded(request, known, begun)
            except PetstoreError as error:
                self._failed(known, error, begun)
                raise
            report = None if answer.miss is None else answer.miss.text
            self._note(known, answer.response.status, answer.served_by, begun, report)
            return answer
        finally:
            self.traffic.end()

    def _responded(self, request: Request, known: Known, begun: "_Begun") -> Responding:
        effect = NO_EFFECT
        if self.faults.rules:
            effect = self.faults.effect(known.facts, self._now_s())
        if effect.delay_s:
            yield from self._delayed(known, effect.delay_s, begun)
        if effect.status is not None or effect.broken in INSTEAD:
            answer = Answer(api_error(request, effect), "fault", effect=effect)
        elif known.settled is not None and effect is NO_EFFECT:
            answer = known.settled
        else:
            answer = yield from self._answer(request, known)
            answer.effect = effect
            if effect is NO_EFFECT and self._hybrid is None:
                known.settle(answer, self.cursor)
        return answer

    def _delayed(self, known: Known, delay_s: float, begun: "_Begun") -> Pausing:
        try:
            yield Wait(delay_s)
        except GeneratorExit:
            # The client left, and it did ask.
            self._note(known, _LEFT_STATUS, "fault", begun)
            raise
        if begun.cursor is not self.cursor:
            raise overtaken(self.id)

    def _note(
        self,
        known: Known,
        status: int,
        served_by: str,
        begun: "_Begun",
        report: str | None = None,
    ) -> None:
        if begun.cursor is not self.cursor:
            return
        seconds = perf_counter() - begun.seconds
        self.journal.add(known.facts, status, served_by, seconds, report)
        if known.size_bytes:
            self.journal.weigh(known.size_bytes)

    def _failed(self, known: Known, error: PetstoreError, begun: "_Begun") -> None:
        """Note a request that has no answer, through no fault of its own."""
        if begun.cursor is self.cursor:
            self.failures.append(error.message)
        served_by, status = "miss", _FAULT_STATUS
        if isinstance(error, UpstreamFailed):
            served_by, status = "upstream", error.status
        self._note(known, status, served_by, begun, error.message)

    def _answer(self, request: Request, known: Known) -> Responding:
        if known.stub is not None:
            stubbed = self.stubs.answer(known.stub, request)
            if stubbed is not None:
                return stubbed
        if self.mode == "check":
            return (yield from self._compared(request, known))
        if self.mode in ("record", "off"):
            return (yield from self._forwarded(request, known))
        preferred = preferred_answer(
            request,
            known.facts,
            tape=self.tape,
            answers=self._answers,
            example=self._example,
        )
        if preferred is not None:
            return preferred
        take = self._chosen(request, known)
        if take is not None:
            return (yield from self._replayed(take, request))
        if self.mode == "extend":
            return (yield from self._forwarded(request, known))
        return (yield from self._missed(request, known))

    def _example(self, request: Request) -> Answer | None:
        match = match_of(request)
        if match is None:
            return None
        response = self._examples.response(match, request, self.clock.now())
        return Answer(response, "example")

    def _chosen(self, request: Request, known: Known) -> Take | None:
        if known.found is None:
            return None
        if self._hybrid is not None:
            return self._hybrid.choose(request, known.found, self.cursor)
        return self.cursor.next(known.found)

    def _replayed(self, take: Take, request: Request) -> Responding:
        answer = self._answers.of(take, request)
        if self._hybrid is not None:
            self._hybrid.replayed(take, request, answer.response)
            if self._hybrid.is_behind:
                yield from self._hybrid.tell()
        return answer

    def _compared(self, request: Request, known: Known) -> Responding:
        comparison, cursor = self._comparison, self.cursor
        answer = yield from self._forwarded(request, known)
        assert comparison is not None
        comparison.add(request, answer.response, known.found, cursor)
        return answer

    def _told(self, request: Request, known: Known) -> Generator[Ask, Any, Response]:
        """Return what the upstream answers; note a client that leaves before."""
        begun = _Begun(perf_counter(), self.cursor)
        try:
            response: Response = yield Ask("upstream", request, self.cursor)
        except GeneratorExit:
            self._note(known, _LEFT_STATUS, "upstream", begun)
            if self._keeper is not None and begun.cursor is self.cursor:
                why = "its client left before it was answered."
                self._keeper.leave_out(request, why)
            raise
        self._overheard.hear_answer(request, response)
        return response

    def _forwarded(self, request: Request, known: Known) -> Responding:
        # Of now: an answer that comes after a reset is not of what is recorded then.
        keeper = self._keeper
        response = yield from self._told(request, known)
        body = response.body
        if keeper is None:
            return Answer(response, "upstream")
        if keeper is not self._keeper:
            return Answer(response, _UNRECORDED)
        whole = whole_of(body)
        if whole is not None:
            told = Response(response.status, response.headers, whole)
            is_kept = keeper.keep(request, told)
            return Answer(response, "upstream" if is_kept else _UNRECORDED)
        assert isinstance(body, ByteStream)

        def ended(whole: ByteStream) -> None:
            told = Response(response.status, response.headers, whole)
            with self.lock:
                if keeper is self._keeper:
                    keeper.keep(request, told)

        def broken_off(error: Exception) -> None:
            asked = f"{request.method} {self._overheard.path(request.path)}"
            with self.lock:
                if keeper is self._keeper:
                    self.failures.append(f"{asked} is not whole: {error}")

        stream = kept_stream(
            body,
            ended,
            broken_off=broken_off,
            among=self.traffic.streams,
            now_s=self._now_s if self._is_timed else None,
        )
        streamed = Response(response.status, response.headers, stream)
        return Answer(streamed, "upstream")

    def _missed(self, request: Request, known: Known) -> Responding:
        if self._hybrid is not None:
            answered = yield from self._hybrid.asked(request)
            self._overheard.hear_answer(request, answered)
            return Answer(answered, "engine")
        if self.on_miss in ("engine", "upstream"):
            whom: Whom = "engine" if self.on_miss == "engine" else "upstream"
            response: Response = yield Ask(whom, request, self.cursor)
            self._overheard.hear_answer(request, response)
            return Answer(response, whom)
        example = self._example(request) if self.on_miss == "example" else None
        if example is not None:
            return example
        facts = self._overheard.facts(known.facts)
        miss = miss_of(facts, known.found, self.tape, self.cursor, session=self.id)
        return Answer(miss.response(), "miss", miss=miss)
