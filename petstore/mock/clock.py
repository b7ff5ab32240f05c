"""
Say what time it is in a session, and move recorded times to it.

    real      the time of this machine; recorded answers as they are
    freeze    always the same instant: the recording's, or a given one
    shift     the time of this machine; each date-time of the contract in a recorded
              answer is as far from now as it was when it was recorded

Under `shift`, what a client sends is moved back before it is looked for, so an order
that is sent as it was received is found. The distance is fixed when the session begins,
in whole seconds: two answers about one order agree.
"""

import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, NamedTuple, get_args

from pydantic import AwareDatetime, BaseModel

from petstore.contract.call import ByteStream
from petstore.contract.errors import ConfigError
from petstore.contract.event import Event
from petstore.contract.http import Request
from petstore.contract.java_date import java_date, read_java_date
from petstore.contract.media import is_json, media_type
from petstore.contract.operations import OPERATIONS
from petstore.contract.replies import EXPIRES_HEADER, Response

Kind = Literal["real", "freeze", "shift"]
Today = Callable[[], datetime]


class ClockPlan(NamedTuple):
    """
    Choose a clock.

    Args:
        at: Where `freeze` stands; None for when the recording was made.
    """

    kind: Kind = "real"
    at: datetime | None = None


REAL: Final = ClockPlan()
_AN_INSTANT: Final = "2026-11-22T20:00:00Z"


def parse_clock(text: str) -> ClockPlan:
    """
    Read the choice of a clock: real, freeze, shift, or an instant to freeze at.

    Raises:
        ConfigError: It is none of them.
    """
    if text == "real":
        return REAL
    if text == "freeze":
        return ClockPlan("freeze")
    if text == "shift":
        return ClockPlan("shift")
    at = _read_instant(text)
    if at is None:
        raise ConfigError(
            f"Wrong clock: {text!r:.60} should be real, freeze, shift, or an instant"
            f" with its zone at which it stands still, as {_AN_INSTANT}."
        )
    return ClockPlan("freeze", at)


def system_now() -> datetime:
    """Return the time of this machine."""
    return datetime.now(UTC)  # noqa: TID251  the clock to inject


class Clock:
    """
    Give the time of one session.

    Args:
        recorded: When the recording was made (RFC 3339), as its header says.
        today: Gives the time of this machine.

    Raises:
        ConfigError: `freeze` or `shift` needs to know when the recording was made, and
            its header does not say.
    """

    def __init__(
        self,
        plan: ClockPlan = REAL,
        *,
        recorded: str | None = None,
        today: Today = system_now,
    ) -> None:
        self.kind = plan.kind
        self._today = today
        self._advanced = timedelta()
        # Any thread may let it go on, and none of them may be forgotten.
        self._advancing = threading.Lock()
        self._stands_at: datetime | None = None
        self._distance = timedelta()
        if plan.kind == "freeze":
            self._stands_at = plan.at or _recorded_at(recorded, "freeze")
        elif plan.kind == "shift":
            distance = today() - _recorded_at(recorded, "shift")
            self._distance = timedelta(seconds=int(distance.total_seconds()))

    def now(self) -> datetime:
        """Return the time, in UTC."""
        start = self._today() if self._stands_at is None else self._stands_at
        return start + self._advanced

    def advance(self, seconds: float) -> None:
        """
        Let time pass; what was recorded does not move with it.

        Raises:
            ConfigError: It would go back.
        """
        if not seconds >= 0:
            raise ConfigError(
                f"A clock cannot advance {seconds} seconds; 0 or more would be right."
            )
        try:
            with self._advancing:
                self.now() + timedelta(seconds=seconds)
                self._advanced += timedelta(seconds=seconds)
        except OverflowError:
            raise ConfigError(
                f"A clock cannot advance {seconds} seconds, past the year 9999."
            ) from None

    def as_today(self, response: Response) -> Response:
        """Return a recorded answer with its times moved to now."""
        if not self._distance:
            return response
        headers, body = dict(response.headers), response.body
        if EXPIRES_HEADER in headers:
            headers[EXPIRES_HEADER] = _moved_header(
                headers[EXPIRES_HEADER], self._distance
            )
        if isinstance(body, ByteStream):
            moved = [_moved(piece, self._distance) for piece in body]
            body = replace(body, chunks=moved)
        elif _is_text(headers):
            body = _moved(body, self._distance)
        return Response(response.status, headers, body)

    def as_recorded(self, request: Request) -> Request:
        """Return a request with its times moved to when the recording was made."""
        return _moved_request(request, -self._distance)

    def ahead(self, request: Request) -> Request:
        """Return a request of the recording with its times moved to now."""
        return _moved_request(request, self._distance)


def _moved_request(request: Request, distance: timedelta) -> Request:
    if not distance or not request.body or not _is_text(request.headers):
        return request
    assert isinstance(request.body, bytes)
    return replace(request, body=_moved(request.body, distance))


def _recorded_at(recorded: str | None, kind: str) -> datetime:
    if recorded is None:
        raise ConfigError(
            f"The clock {kind} needs to know when the recording was made; add "
            " recorded: '2026-11-22T20:00:00Z'  to its header, or name an instant as"
            " the clock."
        )
    at = _read_instant(recorded)
    if at is None:
        raise ConfigError(
            f"Wrong recorded: {recorded!r:.60} is no instant with its zone, as"
            f" {_AN_INSTANT}."
        )
    return at


def _read_instant(text: str) -> datetime | None:
    try:
        instant = datetime.fromisoformat(text)
        return None if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _is_text(headers: Any) -> bool:
    if "content-encoding" in headers:
        return False
    kind = media_type(headers)
    return is_json(kind) or "xml" in kind or not kind


def _time_fields() -> frozenset[str]:
    """Return the names, on the wire, of every date-time of the contract."""
    results = [one.result for one in OPERATIONS.values()]
    types = [arg.type for one in OPERATIONS.values() for arg in one.args]
    return frozenset(
        info.alias or name
        for model in _models([*results, *types, Event], set())
        for name, info in model.model_fields.items()
        if AwareDatetime in _leaves(info.annotation)
    )


def _models(types: list[Any], seen: set[Any]) -> Iterator[type[BaseModel]]:
    for leaf in (leaf for one in types for leaf in _leaves(one)):
        if isinstance(leaf, type) and issubclass(leaf, BaseModel) and leaf not in seen:
            seen.add(leaf)
            yield leaf
            fields = leaf.model_fields.values()
            yield from _models([info.annotation for info in fields], seen)


def _leaves(annotation: Any) -> Iterator[Any]:
    inner = get_args(annotation)
    for one in inner:
        yield from _leaves(one)
    if not inner:
        yield annotation


TIME_FIELDS: Final = _time_fields()
_NAMES: Final = b"|".join(sorted(name.encode() for name in TIME_FIELDS))
_INSTANT: Final = (
    rb"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})"
    rb"((?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:?[0-9]{2}))"
)
_MEMBER: Final = re.compile(
    rb'("(?:%b)"\s*:\s*"|<(?:%b)>\s*)%b(?=["\s<])' % (_NAMES, _NAMES, _INSTANT)
)


def _moved(text: bytes, distance: timedelta) -> bytes:
    """Move each date-time of a body by whole seconds, in the form that it has."""

    def swapped(found: re.Match[bytes]) -> bytes:
        head, local, rest = found.groups()
        try:
            moved = datetime.fromisoformat(local.decode()) + distance
        except (ValueError, OverflowError):
            # No date, or one that no calendar reaches: it stays as it was recorded.
            return bytes(found[0])
        return bytes(head) + moved.isoformat().encode() + bytes(rest)

    return _MEMBER.sub(swapped, text)


def _moved_header(text: str, distance: timedelta) -> str:
    try:
        return java_date(read_java_date(text) + distance)
    except (ValueError, OverflowError):
        pass
    try:
        instant = datetime.fromisoformat(text) + distance
    except (ValueError, OverflowError):
        return text
    return instant.isoformat(timespec="milliseconds" if "." in text else "auto")
