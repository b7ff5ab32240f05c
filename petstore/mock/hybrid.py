"""
Let a recording and an engine answer as one, whichever of them knows an answer.

A recorded answer is served as long as it is true: the session has done the recorded
writes before it, in their order, and nothing else to the same entity. Otherwise the
engine answers, to which everything was told that happened so far: the entities that the
recording shows to be there before its own writes, and each write that was replayed.

    recorded, and true                   the recording; the engine is told of a write
    recorded, of what nobody touched     the recording; what it skips is taken for done
    else                                 the engine; a write makes its entity *dirty*:
                                         from then on only the engine knows it

The engine is told when it is first asked, so a session that only replays costs nothing.
"""

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Generator
from concurrent.futures import Future
from itertools import accumulate
from typing import Any, Final

from petstore.contract.http import Request
from petstore.contract.replies import Response
from petstore.mock.clock import Clock
from petstore.mock.deeds import Act, act_of
from petstore.mock.keys import Key
from petstore.mock.steps import Ask, Step, Turn
from petstore.mock.story import WRITES_MAX, Story, told_by
from petstore.mock.tape import Cursor, Found, Take, repeats

_WAITING_MAX: Final = 10_000


class Hybrid:
    """
    Keep one session and its engine of one mind.

    Args:
        begun: Where the session is; once it is reset, no engine hears of this story.
    """

    def __init__(self, story: Story, clock: Clock, begun: Cursor) -> None:
        self._story = story
        self._begun = begun
        self.clock = clock
        self._waiting = deque(map(clock.ahead, story.first_requests()))
        self._versions = {key: one.version for key, one in story.known.items()}
        self._told: set[int] = set()
        self._afters: dict[str, list[int]] = {}
        self._count: dict[Key, int] = {}
        self._top: dict[Key, int] = {}
        self._dirty: set[Key] = set()
        self._telling: Future[None] | None = None

    def choose(self, request: Request, found: Found, cursor: Cursor) -> Take | None:
        """Return the recorded answer that is true now; None where none is."""
        act = act_of(request)
        if act is None:
            return cursor.next(found)
        takes = found.takes
        take = takes[min(cursor.count(found), len(takes) - 1)]
        if take.number in self._story.places:
            return self._choose_read(take, found, cursor)
        return self._choose_write(take, found, cursor)

    def replayed(self, take: Take, request: Request, response: Response) -> None:
        """Note that a recorded answer was served."""
        if take.number not in self._story.writes:
            return
        act = act_of(request)
        assert act is not None
        self._waiting += self._deeds(take, act, response)
        self._done(take)

    @property
    def is_behind(self) -> bool:
        """Tell whether so much waits that the engine should be told by and by."""
        return len(self._waiting) > _WAITING_MAX

    def tell(self) -> Generator[Step, Any, None]:
        """Tell the engine what happened without it."""
        while self._telling is not None:
            # Somebody else does, at this moment.
            yield Turn(self._telling)
        over: Future[None] = Future()
        self._telling = over
        # Else who gives up his turn would end it for all who wait for it.
        over.set_running_or_notify_cancel()
        try:
            while self._waiting:
                yield Ask("engine", self._waiting[0], self._begun)
                # Later: who is cut off here has told nothing.
                self._waiting.popleft()
        finally:
            self._telling = None
            over.set_result(None)

    def asked(self, request: Request) -> Generator[Step, Any, Response]:
        """Let the engine answer, and remember what only it knows from then on."""
        yield from self.tell()
        response: Response = yield Ask("engine", request, self._begun)
        act = act_of(request)
        if act is not None:
            self._soil(act, response)
        return response

    def _soil(self, act: Act, response: Response) -> None:
        for key in act.written(response):
            self._dirty |= {key, Key(key.kind, "")}

    def _choose_read(self, take: Take, found: Found, cursor: Cursor) -> Take | None:
        key, after = self._story.places[take.number]
        if key is None:
            return cursor.next(found)
        if key in self._dirty:
            return None
        first, end = self._true(found, self._now(key))
        if first < end:
            return cursor.next(found, first=first, end=end)
        if self._is_untouched(key):
            self._take_for_done(key, after)
            return cursor.next(found)
        return None

    def _true(self, found: Found, now: int | None) -> tuple[int, int]:
        """Return which of the equal exchanges are true: from the first up to an end."""
        if now is None:
            return 0, 0
        afters = self._afters.get(found.key)
        if afters is None:
            # A write among them has no place; it never is the first of its number.
            places = [self._story.places.get(one.number) for one in found.takes]
            afters = [-1 if place is None else place.after for place in places]
            afters = list(accumulate(afters, max))
            self._afters[found.key] = afters
        return bisect_left(afters, now), bisect_right(afters, now)

    def _choose_write(self, take: Take, found: Found, cursor: Cursor) -> Take | None:
        if cursor.count(found) >= len(found.takes) and not repeats(take):
            return None
        places = self._story.writes.get(take.number, {})
        keys = [key for key in places if key.id]
        if any(key in self._dirty for key in keys):
            return None
        if take.exchange.match.times == "any":
            return cursor.next(found)
        for key in keys:
            if self._now(key) == places[key]:
                continue
            if not self._is_untouched(key):
                return None
            self._take_for_done(key, places[key])
        return cursor.next(found)

    def _now(self, key: Key) -> int | None:
        """Return how many writes of the story were done; None where it went astray."""
        count = self._count.get(key, 0)
        return count if self._top.get(key, 0) == count else None

    def _is_untouched(self, key: Key) -> bool:
        return not self._count.get(key) and key not in self._story.known

    def _take_for_done(self, key: Key, count: int) -> None:
        for take in self._story.by_key.get(key, [])[:count]:
            if take.number in self._told:
                continue
            act, response = told_by(take)
            assert act is not None
            deeds = self._deeds(take, act, response)
            self._waiting += map(self.clock.ahead, deeds)
            self._done(take)

    def _deeds(self, take: Take, act: Act, response: Response) -> list[Request]:
        """Return what the engine is told of a write, as often as versions count it."""
        deeds = act.deeds(response, self._story.user_ids)
        shown = act.shown(response)
        versions = self._versions
        if len(deeds) == 1 and len(shown) == 1 and "version" in shown[0].members:
            ((key, version),) = ((one.key, one.version) for one in shown)
            # None where nothing changed; more where it was there before, unread.
            count = version - versions.get(key, 0)
            versions[key] = version
            return deeds * max(0, min(count, WRITES_MAX))
        for key in self._story.writes[take.number]:
            versions[key] = versions.get(key, 0) + 1
        return deeds

    def _done(self, take: Take) -> None:
        if take.number in self._told:
            return
        self._told.add(take.number)
        for key, place in self._story.writes[take.number].items():
            self._count[key] = self._count.get(key, 0) + 1
            self._top[key] = max(self._top.get(key, 0), place + 1)
