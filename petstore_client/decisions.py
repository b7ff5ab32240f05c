"""
Decide what becomes of a call: send it, pause, send it again, log in anew, give up.

A decision is a generator. It yields a step, is given what came of it, and returns the
reply; it does no I/O, so that one text serves both drivers (`backends/remote.py`) and
each rule is tested without a server.

    Send      the driver sends a request, and gives the response or throws the error
    Pause     the driver waits
    Renew     the driver logs in again, once for all calls that wait for it

What is repeated: an attempt that surely never left, always. An attempt that may have
been acted upon, only where a repeat does no harm: the operation is safe or idempotent,
or the request carries an idempotency key, minted once per call.

Source: RFC 9110 §9.2.2 (idempotent methods), §10.2.3 (Retry-After), draft-ietf-httpapi-
idempotency-key-header.
"""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, Protocol, TypeVar, get_origin

from petstore.contract.call import ByteStream, Call, Reply, Safety
from petstore.contract.errors import (
    PetstoreError,
    RemoteError,
    TransportError,
    Unauthorized,
)
from petstore.contract.flavours import Face, Shape
from petstore.contract.http import Request, encode_request
from petstore.contract.replies import Response, decode_reply, follow_ups
from petstore_client.budget import RETRY_COST, THROTTLED_COST, Budget
from petstore_client.options import Retry, Timeout
from petstore_client.transports import Attempt

T = TypeVar("T")

Headers = Mapping[str, str]

RETRIED_STATUSES: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_HINT: Final = "x-should-retry"
_HINTS: Final = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Send:
    """
    Ask for a request to be sent.

    Args:
        is_download: Whether the body of a success is left to be read in pieces.
        deadline: When, on the driver's clock, the call has to be over.
        is_endless: Whether that is so for the head of a success only.
        attempt: Which one it is, of what; may be told to anybody.
    """

    request: Request
    is_download: bool
    deadline: float
    is_endless: bool
    attempt: Attempt


@dataclass(frozen=True, slots=True)
class Pause:
    """Ask for a pause."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Renew:
    """
    Ask for a new token.

    Args:
        refused: The headers that the server did not take, or that end soon.
        deadline: When, on the driver's clock, the call has to be over.
    """

    refused: Headers = field(repr=False)
    deadline: float


Step = Send | Pause | Renew
Decision = Generator[Step, Any, T]


class Auth(Protocol):
    """Be what proves who calls; safe to share between threads."""

    @property
    def can_renew(self) -> bool:
        """Whether `renewal` may make a refused credential good."""

    def headers(self) -> Headers:
        """Return what goes with each request now."""

    def is_due(self, now_s: float) -> bool:
        """Tell whether to renew before the next request; `now_s` as `Rules.clock`."""

    def renewal(self, rules: "Rules") -> "Decision[None]":
        """Decide how to get new credentials."""


@dataclass(frozen=True, slots=True)
class Rules:
    """
    Hold what every call of a client is decided by.

    Args:
        clock: Seconds, from any start, that never go back.
        chance: Gives a number from 0 up to 1, different each time.
        new_key: Mints an idempotency key.
        new_boundary: Gives what separates the parts of an upload; nobody may guess it.
    """

    face: Face
    timeout: Timeout
    retry: Retry
    budget: Budget
    clock: Callable[[], float]
    chance: Callable[[], float]
    new_key: Callable[[], str]
    new_boundary: Callable[[], str]
    auth: Auth

    def pause_s(self, failure_count: int, asked_s: float | None) -> float:
        """
        Return a pause after so many failures, counted from 1.

        Args:
            asked_s: How long the server asks to wait; None when it does not.
        """
        # Those that were told the same time do not come back together.
        spread_s = self.retry.pause_s_max(failure_count) * self.chance()
        return (asked_s or 0) + spread_s


def decide(call: Call[T], rules: Rules) -> Decision[Reply[T]]:
    """
    Decide a call, with the reads that complete its value on the compatible faces.

    Raises:
        RemoteError: The server refuses.
        TransportError: No answer came; `sent` says whether it may have acted.
        DeadlineExceeded: The total time ran out.
        DecodeError: The answer is none of a Petstore.
        NotSupported: The server's flavour has no such operation.
    """
    deadline = rules.clock() + rules.timeout.total
    reply = yield from _Attempts(call, rules, deadline).run()
    values = []
    for read in follow_ups(rules.face, call):
        further = yield from _Attempts(read, rules, deadline).run()
        values.append(further.value)
    return _completed(call, reply, values)


class _Attempts:
    """Send one call until it is answered, or there is no point in going on."""

    def __init__(self, call: Call[Any], rules: Rules, deadline: float) -> None:
        self._rules = rules
        self._call = self._keyed(call)
        self._deadline = deadline
        self._attempts = 0
        self._spent = 0
        self._has_renewed = False

    def run(self) -> Decision[Reply[Any]]:
        """Send it, and say what it came to."""
        request = self._request()
        while True:
            headers = yield from self._credentials()
            self._attempts += 1
            response: Response | None = None
            try:
                signed = replace(request, headers={**request.headers, **headers})
                response = yield self._send(signed)
                reply = decode_reply(self._rules.face, self._call, response)
            except PetstoreError as error:
                step = self._after(error, response, headers)
                if step is None:
                    raise
                yield step
            else:
                self._rules.budget.succeed(self._spent)
                return replace(reply, attempts=self._attempts)

    def _credentials(self) -> Decision[Headers]:
        """Return what goes with the next attempt, renewed in good time."""
        auth = self._rules.auth
        headers = auth.headers()
        if not auth.is_due(self._rules.clock()):
            return headers
        try:
            yield Renew(headers, self._deadline)
        except PetstoreError:
            # What is merely old may still do.
            if not headers:
                raise
        return auth.headers()

    def _after(
        self, error: PetstoreError, response: Response | None, headers: Headers
    ) -> Step | None:
        """Return what comes before the next attempt; None when there is none."""
        self._tell(error, response)
        if isinstance(error, Unauthorized) and self._may_renew():
            self._has_renewed = True
            return Renew(headers, self._deadline)
        if not self._may_repeat(error, response):
            return None
        return self._pause(error.retry_after_s)

    def _may_renew(self) -> bool:
        can_renew = self._rules.auth.can_renew and not self._has_renewed
        return can_renew and self._is_rewindable()

    def _keyed(self, call: Call[Any]) -> Call[Any]:
        """Give the call a key, once, where the server takes one."""
        route = self._rules.face.route(call.operation)
        takes_key = any(arg.name == "idempotency_key" for arg in route.args)
        if not takes_key or "idempotency_key" in call.arguments:
            return call
        key = self._rules.new_key()
        return replace(call, arguments={**call.arguments, "idempotency_key": key})

    def _request(self) -> Request:
        call = self._call
        if any(isinstance(value, ByteStream) for value in call.arguments.values()):
            boundary = self._rules.new_boundary()
            return encode_request(self._rules.face, call, boundary=boundary)
        return encode_request(self._rules.face, call)

    def _send(self, request: Request) -> Send:
        face, operation = self._rules.face, self._call.operation
        route = face.route(operation)
        is_download = route.shape is Shape.STREAM
        path = face.base + route.path
        attempt = Attempt(operation.id, path, self._attempts)
        is_endless = operation.endless
        return Send(request, is_download, self._deadline, is_endless, attempt)

    def _pause(self, asked_s: float | None) -> Pause | None:
        """
        Return the pause before the next attempt; None when it is too late for one.

        Args:
            asked_s: How long the server asks to wait.
        """
        rules = self._rules
        pause_s = rules.pause_s(self._attempts, asked_s)
        is_late = rules.clock() + pause_s >= self._deadline
        if is_late or (asked_s or 0) > rules.retry.retry_after_s_max:
            return None
        cost = RETRY_COST if asked_s is None else THROTTLED_COST
        if not rules.budget.take(cost):
            return None
        self._spent += cost
        return Pause(pause_s)

    def _may_repeat(self, error: PetstoreError, response: Response | None) -> bool:
        is_last = self._attempts >= self._rules.retry.attempts
        if is_last or not self._is_rewindable():
            return False
        if isinstance(error, TransportError):
            return error.sent == "no" or self._is_harmless()
        if not isinstance(error, RemoteError) or response is None:
            return False
        hint = _HINTS.get(response.headers.get(_HINT, "").lower())
        if hint is not None:
            return hint
        return response.status in RETRIED_STATUSES and self._is_harmless()

    def _is_harmless(self) -> bool:
        """Whether the server may act twice upon the same request."""
        safety = self._call.operation.safety
        if safety is Safety.KEYED:
            return "idempotency_key" in self._call.arguments
        return safety is not Safety.ONCE

    def _is_rewindable(self) -> bool:
        content = self._call.arguments.get("content")
        if not isinstance(content, ByteStream) or isinstance(content.chunks, bytes):
            return True
        # An iterator is read once; what makes a new one each time is not its own.
        chunks: Any = content.chunks
        return getattr(chunks, "__next__", None) is None and (
            getattr(chunks, "__anext__", None) is None
        )

    def _tell(self, error: PetstoreError, response: Response | None) -> None:
        """Tell the error where it comes from."""
        error.operation = self._call.operation.id
        error.attempts = self._attempts
        if response is not None:
            error.request_id = response.headers.get("x-request-id")
            error.retry_after_s = retry_after_s(response)


def retry_after_s(response: Response) -> float | None:
    """
    Return how many seconds the server asks to wait; None when it does not.

    A date is compared with the server's own, so that no clock has to be right.
    """
    text = response.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    at, now = _date(text), _date(response.headers.get("date", ""))
    if at is None or now is None:
        return None
    return max(0.0, (at - now).total_seconds())


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return date.replace(tzinfo=date.tzinfo or UTC)


def _completed(call: Call[T], reply: Reply[T], values: list[Any]) -> Reply[T]:
    """Return the reply with the values that were read afterwards, where any were."""
    value: Any = reply.value
    if value is None and get_origin(call.operation.result) is list:
        value = values
    elif values:
        value = values[0]
    return replace(reply, value=value)
