"""
Read from a recording which entities there are, and how each of them went on.

Every recorded write that succeeded has a place in the story of each entity that it
changed, and in that of its kind; every read has one between two writes. So it can be
told whether a recorded answer is still true for a session: it is as long as the session
has done the writes before it, and no others.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from petstore.contract.http import Request
from petstore.contract.replies import Response
from petstore.mock.deeds import Act, Entity, act_of
from petstore.mock.keys import Key
from petstore.mock.tape import Take, Tape, wire_request, wire_response

# As often as an entity was written is it written to the engine, so that versions agree.
WRITES_MAX: Final = 20
# The store's ids end at 2^53; the public server has ids of nearly 2^63.
_ID_MAX: Final = 2**52


class Place(NamedTuple):
    """
    Say what a recorded answer is about, and when it was true.

    Args:
        key: None where it is about nothing of a store.
        after: How many writes of it came before.
    """

    key: Key | None
    after: int


class Story:
    """
    Know what a tape tells of entities; many sessions may share one.

    Attributes:
        places: Of each take that is no successful write, by its number.
        writes: What each successful write changed, and its place in the story of that.
        by_key: The writes of each entity and each kind, in order.
        known: The entities that were there before the writes of the recording.
        first_id: Above all ids that the recording has.
    """

    def __init__(self, tape: Tape) -> None:
        self.places: dict[int, Place] = {}
        self.writes: dict[int, dict[Key, int]] = {}
        self.by_key: dict[Key, list[Take]] = {}
        self.known: dict[Key, Entity] = {}
        self.user_ids: dict[str, int] = {}
        self.first_id = 1
        for take in tape.takes:
            act, response = told_by(take)
            if act is not None:
                self._add(take, act, response)

    def first_requests(self) -> Iterator[Request]:
        """Yield what makes an engine know the entities that were there before."""
        for entity in self.known.values():
            for _ in range(min(entity.version, WRITES_MAX)):
                yield entity.upsert()

    def _add(self, take: Take, act: Act, response: Response) -> None:
        shown = act.shown(response)
        self._note_ids(act, shown, response)
        written = sorted(act.written(response))
        if written:
            keys = [*written, Key(written[0].kind, "")]
            places = {key: len(self.by_key.get(key, [])) for key in keys}
            self.writes[take.number] = places
            for key in keys:
                self.by_key.setdefault(key, []).append(take)
            return
        asked = act.key or next((one.key for one in act.sent() if one.key.id), None)
        after = 0 if asked is None else len(self.by_key.get(asked, []))
        self.places[take.number] = Place(asked, after)
        if act.writes is None:
            for entity in shown:
                if entity.key not in self.by_key:
                    self.known.setdefault(entity.key, entity)

    def _note_ids(self, act: Act, shown: list[Entity], response: Response) -> None:
        numbers = [entity.number for entity in [*shown, *act.sent()]]
        about = act.key
        if about is not None and about.kind != "user":
            numbers.append(int(about.id or 0))
        ids: dict[str, int] = {}
        if "user" in (act.writes, None if about is None else about.kind):
            ids = act.given_ids(response)
        for name, number in ids.items():
            self.user_ids.setdefault(name, number)
        for number in [*numbers, *ids.values()]:
            if self.first_id <= number < _ID_MAX:
                self.first_id = number + 1


def told_by(take: Take) -> tuple[Act | None, Response]:
    """Return what a recorded request does, and its answer."""
    act = act_of(wire_request(take.cassette, take.exchange.request))
    return act, wire_response(take)
