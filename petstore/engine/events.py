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
from petstore.storage.ledger import log_begin
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
    """Say up to where a listener has read; `_WHOLE` is all that a unit wrote."""

    seq: int
    position: int = _WHOLE


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
    after: int | None = given.get("last_event_id", given.get("after"))
    cursor: Cursor = yield Read(partial(_first, visit=visit, after=after))
    pieces = yield Follow(partial(_listening, visit, cursor))
    return Reply(ByteStream(pieces, EVENTS))


def _first(tx: Tx, *, visit: Visit, after: int | None) -> Cursor:
    _visible(tx, visit)
    if after is None:
        return Cursor(_newest(tx))
    _check_place(tx, after)
    return Cursor(after)


def _listening(
    visit: Visit, cursor: Cursor, *, is_shared: bool, is_over: Callable[[], bool]
) -> Listening:
    yield b"retry: 1000\nid: %d\n\n" % cursor.seq
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
    _check_place(tx, cursor.seq)
    place = {"after_seq": cursor.seq, "after_position": cursor.position}
    rows = tx.rows(_AFTER, {**place, "row_count": LOOK_LENGTH_MAX + 1})
    if not rows:
        return Part(b"", cursor, is_full=False)
    kept = _small_part(rows)
    seq, position = kept[-1][:2]
    bodies = tx.rows(_BODIES, {**place, "to_seq": seq, "to_position": position})
    following = [row[0] for row in rows[1:]] + [None]
    blocks = [
        _block(row, body, is_shown=row[2] in kinds, is_last=next_seq != row[0])
        for row, (body,), next_seq in zip(kept, bodies, following, strict=False)
    ]
    text = "".join(blocks).encode()
    return Part(text, Cursor(seq, position), is_full=len(kept) < len(rows))


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


def _block(row: Row, body: str | None, *, is_shown: bool, is_last: bool) -> str:
    seq, _, kind, entity_id, version, action, at, _ = row
    mark = f"id: {seq}\n" if is_last else ""
    if not is_shown:
        # Whoever may not see it goes on behind it all the same.
        return f"{mark}\n" if mark else ""
    written_at = from_milliseconds(at).isoformat().replace("+00:00", "Z")
    return (
        f'event: change\n{mark}data: {{"seq":{seq},"kind":"{kind}",'
        f'"entityId":{entity_id},"version":{version},"action":"{action}",'
        f'"at":"{written_at}","entity":{body or "null"}}}\n\n'
    )


def _check_place(tx: Tx, after: int) -> None:
    """
    Refuse a place of a log that a reset has ended; 0 is the start of any log.

    Raises:
        Invalid: Says which places there are.
    """
    newest, begin = _newest(tx), log_begin(tx)
    if after == 0 or begin <= after <= newest:
        return
    right = f"should be 0 to {newest}; start over, this log has no more"
    if begin > 0:
        right = f"should be {begin} to {newest}, or 0; start over, the store was reset"
    raise Invalid(
        f"There is no change {after}: after {right}.",
        fields=(FieldProblem("query.after", right, "value_error"),),
    )
