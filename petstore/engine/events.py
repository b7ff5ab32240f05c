"""
Follow the change log: what was written since a place, and what is written from now on.

A listener reads a bounded part of the log at a time, when it is ready for more; so a
slow one holds nothing in memory, and misses nothing. How it goes on is decided here;
`feeds.py` does it.
"""

from collections.abc import Callable, Generator
from functools import partial
from typing import Any, Final, NamedTuple

from sqlalchemy import bindparam, func, select, tuple_

from petstore.contract.call import ByteStream, Reply
from petstore.contract.errors import (
    FieldProblem,
    Forbidden,
    Invalid,
    RemoteError,
    Unauthorized,
)
from petstore.contract.event import HEARTBEAT_S
from petstore.contract.media import EVENTS
from petstore.engine.context import NOBODY
from petstore.engine.flows import Flow, Follow, Read, Visit
from petstore.engine.instants import from_milliseconds
from petstore.storage.ledger import log_name
from petstore.storage.statement import Statement
from petstore.storage.tables import CHANGE, COUNTER
from petstore.storage.transaction import Row, Tx

LOOK_LENGTH_MAX: Final = 100
# Of the entities that one look reads, unless it is one alone: a pet may have 20 MB.
LOOK_CHARACTERS_MAX: Final = 256 * 1024
# Many writers together wake a listener no more often than this.
PAUSE_S: Final = 0.05
# What other processes write into a shared store wakes nobody here.
POLL_S: Final = 1.0
_HEARTBEAT: Final = b":\n\n"
_GOODBYE: Final = b": the stream ends here; go on with Last-Event-ID\n\n"
_WHOLE: Final = 2**53
_KINDS: Final = {"pet": "read:pets", "order": "read:orders", "user": "read:users"}

_PLACE = tuple_(CHANGE.c.seq, CHANGE.c.position)
_IS_AFTER = tuple_(bindparam("after_seq"), bindparam("after_position")) < _PLACE
_AFTER = Statement(
    select(
        CHANGE.c.seq,
        CHANGE.c.position,
        CHANGE.c.kind,
        CHANGE.c.entity_id,
        CHANGE.c.version,
        CHANGE.c.action,
        CHANGE.c.at,
        func.length(CHANGE.c.body),
    )
    .where(_IS_AFTER)
    .order_by(CHANGE.c.seq, CHANGE.c.position)
    .limit(bindparam("row_count"))
)
_BODIES = Statement(
    select(CHANGE.c.body)
    .where(_IS_AFTER, tuple_(bindparam("to_seq"), bindparam("to_position")) >= _PLACE)
    .order_by(CHANGE.c.seq, CHANGE.c.position)
)
_CLOCK = Statement(select(COUNTER.c.value).where(COUNTER.c.name == "clock"))


class Cursor(NamedTuple):
    """
    Say up to where a listener has read.

    Args:
        log: The name of the log.
        position: Of the unit's writes; `_WHOLE` is all of them.
    """

    log: str
    seq: int
    position: int = _WHOLE

    def __str__(self) -> str:
        place = f"{self.log}.{self.seq}"
        return place if self.position == _WHOLE else f"{place}.{self.position}"


class Part(NamedTuple):
    """
    Hold what one look found.

    Args:
        text: As it is sent; empty where nothing is new.
        is_full: Whether there is more already.
    """

    text: bytes
    cursor: Cursor
    is_full: bool


class Wait(NamedTuple):
    """
    Ask to wait; the outcome is how many seconds it took.

    Args:
        is_pause: Whether a write does not end it early.
    """

    seconds: float
    is_pause: bool = False


Listening = Generator[bytes | Read | Wait, Any, None]


def follow(visit: Visit) -> Flow:
    """
    Return a stream of what is written.

    Raises:
        Unauthorized, Forbidden: The caller may read nothing of it.
        Invalid: The place to go on from is none of this log.
    """
    given = visit.call.arguments
    after: str | None = given.get("last_event_id", given.get("after"))
    cursor: Cursor = yield Read(partial(_first, visit=visit, after=after))
    pieces = yield Follow(partial(_listening, visit, cursor))
    return Reply(ByteStream(pieces, EVENTS))


def _first(tx: Tx, *, visit: Visit, after: str | None) -> Cursor:
    _visible(tx, visit)
    log = log_name(tx)
    cursor = Cursor(log, _newest(tx)) if after is None else _read_cursor(after, log)
    _check_place(tx, cursor)
    return cursor


def _read_cursor(text: str, log: str) -> Cursor:
    """Return the place that a text names; of this log, unless it says another."""
    parts = text.split(".")
    if len(parts) == 1:
        return Cursor(log, int(text))
    name, *numbers = parts
    return Cursor(name, *map(int, numbers))


def _listening(
    visit: Visit, cursor: Cursor, *, is_shared: bool, is_over: Callable[[], bool]
) -> Listening:
    yield f"retry: 1000\nid: {cursor}\n\n".encode()
    quiet_s, is_woken = 0.0, False
    while not is_over():
        part = yield Read(partial(_look, visit=visit, cursor=cursor))
        if isinstance(part, RemoteError):
            yield f": {part.public_message}\n\n".encode()
            return
        cursor = part.cursor
        if part.text:
            quiet_s = 0.0
            yield part.text
        if part.is_full:
            continue
        if part.text or is_woken:
            quiet_s += yield Wait(PAUSE_S, is_pause=True)
        wait_s = min(POLL_S if is_shared else HEARTBEAT_S, HEARTBEAT_S - quiet_s)
        waited_s = yield Wait(wait_s)
        # What was written may be nothing that this listener sees, or a refusal.
        is_woken = waited_s < wait_s
        quiet_s += waited_s
        if quiet_s >= HEARTBEAT_S:
            quiet_s = 0.0
            yield _HEARTBEAT
    yield _GOODBYE


def _look(tx: Tx, *, visit: Visit, cursor: Cursor) -> Part:
    # Each time, for a token may have ended meanwhile.
    kinds = _visible(tx, visit)
    _check_place(tx, cursor)
    place = {"after_seq": cursor.seq, "after_position": cursor.position}
    rows = tx.rows(_AFTER, {**place, "row_count": LOOK_LENGTH_MAX + 1})
    if not rows:
        return Part(b"", cursor, is_full=False)
    kept = _small_part(rows)
    seq, position = kept[-1][:2]
    bodies = tx.rows(_BODIES, {**place, "to_seq": seq, "to_position": position})
    following = [row[0] for row in rows[1:]] + [None]
    blocks = [
        _block(
            row,
            body,
            mark=Cursor(cursor.log, row[0], _WHOLE if next_seq != row[0] else row[1]),
            is_shown=row[2] in kinds,
        )
        for row, (body,), next_seq in zip(kept, bodies, following, strict=False)
    ]
    text = "".join(blocks).encode()
    cursor = cursor._replace(seq=seq, position=position)
    return Part(text, cursor, is_full=len(kept) < len(rows))


def _small_part(rows: list[Row]) -> list[Row]:
    """Return the first rows, one or more, whose entities may be read at once."""
    length = 0
    for index, row in enumerate(rows[:LOOK_LENGTH_MAX]):
        length += row[-1] or 0
        if length > LOOK_CHARACTERS_MAX:
            return rows[: max(index, 1)]
    return rows[:LOOK_LENGTH_MAX]


def _visible(tx: Tx, visit: Visit) -> frozenset[str]:
    """Return the kinds that the caller may read."""
    context = visit.enter(tx)
    if context.profile.auth == "off":
        return frozenset(_KINDS)
    principal = context.principal
    kinds = {kind for kind, scope in _KINDS.items() if scope in principal.scopes}
    if kinds:
        return frozenset(kinds)
    needed = f"getEvents needs one of the scopes {', '.join(_KINDS.values())}"
    if principal is NOBODY:
        raise Unauthorized(
            f"{needed}, and this request carries no credential that is valid: send the"
            " header api_key, or log in and send Authorization: Bearer."
        )
    raise Forbidden(f"{needed}.")


def _newest(tx: Tx) -> int:
    row = tx.row(_CLOCK)
    return 0 if row is None else int(row[0])


def _block(row: Row, body: str | None, *, mark: Cursor, is_shown: bool) -> str:
    seq, _, kind, entity_id, version, action, at, _ = row
    if not is_shown:
        # Whoever may not see it goes on behind it all the same.
        return f"id: {mark}\n\n"
    written_at = from_milliseconds(at).isoformat().replace("+00:00", "Z")
    return (
        f"event: change\nid: {mark}\n"
        f'data: {{"cursor":"{mark}","seq":{seq},"kind":"{kind}",'
        f'"entityId":{entity_id},"version":{version},"action":"{action}",'
        f'"at":"{written_at}","entity":{body or "null"}}}\n\n'
    )


def _check_place(tx: Tx, cursor: Cursor) -> None:
    """
    Refuse a place that this log does not have; 0 is the start of any log.

    Raises:
        Invalid: Says which places there are.
    """
    name, newest = log_name(tx), _newest(tx)
    if cursor.log == name and cursor.seq <= newest:
        return
    right = (
        f"should be 0 to {newest}, or the cursor of an event of this store, whose log"
        f" is {name}; start over with 0, the store was reset or is another one"
    )
    raise Invalid(
        f"There is no change {cursor}: after {right}.",
        fields=(FieldProblem("query.after", right, "value_error"),),
    )
