"""
Declare every error of the product, and carry the remote ones over the wire.

    PetstoreError
    ├── RemoteError              the store refused; one stable code, one status each
    │   ├── Malformed            400  the request cannot be read
    │   ├── Unauthorized         401  who are you?
    │   ├── Forbidden            403  not allowed to you
    │   ├── NotFound             404  no such entity
    │   ├── NoSuchPath           404  no such path: the URL is wrong, not the id
    │   ├── MethodNotAllowed     405  the path exists, not with this method
    │   ├── NotAcceptable        406  no representation that the caller accepts
    │   ├── Conflicted           409  the id or name is taken
    │   ├── RuleBroken           409  the shop's rules forbid it
    │   ├── Stale                412  somebody wrote in between
    │   ├── TooLarge             413  over a stated limit
    │   ├── UnsupportedMedia     415  not a media type of this operation
    │   ├── Invalid              422  readable, but not what the schema says
    │   ├── RateLimited          429  too many, come back later
    │   ├── ServerFault          500  a bug or a broken store
    │   ├── Unavailable          503  not now: busy, read-only, or not reachable
    │   └── StorageFull          507  nothing was written, reads go on
    └── LocalError               nothing was answered
        ├── ConfigError          a setting is wrong
        ├── TransportError       no answer; `sent` says whether the request left
        ├── DeadlineExceeded     the caller's time ran out
        ├── OfflineError         needs the network, and there is none
        ├── DecodeError          an answer that cannot be read; keeps it
        └── NotSupported         this flavour has no such operation

Source: RFC 9457 (problem details), RFC 9110 §15 (statuses).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal, Self

PROBLEM_TYPE = "urn:petstore:problem:"
PROBLEM_MEDIA_TYPE = "application/problem+json"

Sent = Literal["no", "maybe"]


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """
    Say what is wrong with one input.

    Args:
        field: Where it is, such as `body.tags.0.name` or `query.status`.
        message: What would be right.
        kind: Stable name of the fault, as pydantic names its errors.
    """

    field: str
    message: str
    kind: str


class PetstoreError(Exception):
    """
    Be the root of all errors that the product raises on purpose.

    Attributes:
        code: Stable name of the kind of error, for programs.
        message: For whoever holds the store; it may name the store's place.
        place: Where the store lies, as the message may name it; None if unknown.
        operation: Which operation failed, where a client knows.
        attempts: How often the client sent it; 0 when it sent nothing.
        request_id: What to look for in the server's log.
        retry_after_s: How many seconds the server asks to wait.
    """

    code: ClassVar[str]
    operation: str | None = None
    attempts: int = 0
    request_id: str | None = None
    retry_after_s: float | None = None

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
        self.place: str | None = None

    @property
    def public_message(self) -> str:
        """Return the message as any caller of a server may read it."""
        if self.place is None:
            return self.message
        return self.message.replace(f" {self.place}", "")


class RemoteError(PetstoreError):
    """
    Say that the store refused a call.

    Args:
        message: For a human: what is wrong and what would be right.
        fields: The inputs at fault.
        extra: Further members of the problem, such as the current version.

    Attributes:
        status: That of the class; or the one of a server that is no Petstore, such as
            the 502 of a gateway in between.
    """

    code: ClassVar[str]
    status: int
    title: ClassVar[str]

    def __init_subclass__(
        cls, *, code: str | None = None, status: int = 500, title: str = ""
    ) -> None:
        super().__init_subclass__()
        # A special case of an error says nothing, and is told as that one.
        if code is not None:
            cls.code, cls.status, cls.title = code, status, title

    def __init__(
        self,
        message: str,
        /,
        *,
        fields: tuple[FieldProblem, ...] = (),
        **extra: Any,
    ) -> None:
        super().__init__(message)
        self.fields = fields
        self.extra = extra

    def __reduce__(self) -> tuple[Any, ...]:
        arguments = (type(self), self.message, self.fields, self.extra)
        return _rebuild, arguments, self.__dict__

    @property
    def problem(self) -> dict[str, Any]:
        """The members of an RFC 9457 problem; see `to_problem`."""
        return self.to_problem()

    def to_problem(self) -> dict[str, Any]:
        """Return the members of an RFC 9457 problem."""
        problem: dict[str, Any] = {
            "type": PROBLEM_TYPE + self.code,
            "title": self.title,
            "status": self.status,
            "detail": self.public_message,
            "code": self.code,
        }
        if self.fields:
            problem["fields"] = [asdict(field) for field in self.fields]
        return {**self.extra, **problem}

    @classmethod
    def from_problem(cls, problem: Mapping[str, Any]) -> Self:
        """Rebuild the error that `to_problem` of the same class described."""
        known = {"type", "title", "status", "detail", "code", "fields"}
        # A foreign server may put anything there.
        members = problem.get("fields")
        fields = members if isinstance(members, list) else []
        return cls(
            str(problem.get("detail") or problem.get("title") or cls.title),
            fields=tuple(_field(one) for one in fields if isinstance(one, Mapping)),
            **{name: value for name, value in problem.items() if name not in known},
        )


def _rebuild(
    kind: type[RemoteError],
    message: str,
    fields: tuple[FieldProblem, ...],
    extra: dict[str, Any],
) -> RemoteError:
    return kind(message, fields=fields, **extra)


def _field(member: Mapping[str, Any]) -> FieldProblem:
    return FieldProblem(
        field=str(member.get("field", "")),
        message=str(member.get("message", "")),
        kind=str(member.get("kind", "")),
    )


class Malformed(
    RemoteError, code="malformed", status=400, title="The request cannot be read"
):
    """Refuse a request that cannot be read, such as a body that is no JSON."""


class Unauthorized(
    RemoteError,
    code="unauthorized",
    status=401,
    title="Credentials are needed",
):
    """Refuse a request without valid credentials."""


class Forbidden(RemoteError, code="forbidden", status=403, title="Not allowed"):
    """Refuse what the caller's scopes do not allow."""


class NotFound(RemoteError, code="not_found", status=404, title="Not found"):
    """Say that the entity does not exist."""


class NoSuchPath(RemoteError, code="no_such_path", status=404, title="No such path"):
    """Say that nothing has this path; no NotFound, which may be what a caller wants."""


class MethodNotAllowed(
    RemoteError, code="method_not_allowed", status=405, title="Method not allowed"
):
    """Say which methods the path has (`extra["allow"]`)."""


class NotAcceptable(
    RemoteError, code="not_acceptable", status=406, title="Not acceptable"
):
    """Say that the operation has no representation that Accept allows."""


class Conflicted(RemoteError, code="conflicted", status=409, title="It exists already"):
    """Refuse to create what exists already."""


class RuleBroken(
    RemoteError,
    code="rule_broken",
    status=409,
    title="The shop's rules forbid it",
):
    """Refuse what the shop's rules forbid, such as selling a pet twice."""


class Stale(RemoteError, code="stale", status=412, title="Somebody wrote in between"):
    """Refuse a write based on an old version (`extra["current_version"]`)."""


class TooLarge(RemoteError, code="too_large", status=413, title="Too large"):
    """Refuse a body above a stated limit."""


class UnsupportedMedia(
    RemoteError,
    code="unsupported_media",
    status=415,
    title="Unsupported media type",
):
    """Refuse a media type that the operation does not take."""


class Invalid(RemoteError, code="invalid", status=422, title="The input is not valid"):
    """Refuse input that can be read but breaks the schema (`fields`)."""


class RateLimited(
    RemoteError,
    code="rate_limited",
    status=429,
    title="Too many requests",
):
    """Ask the caller to slow down."""


class ServerFault(
    RemoteError,
    code="server_fault",
    status=500,
    title="The server failed",
):
    """Admit a bug or a broken store; details are in the server's log."""


class Unavailable(
    RemoteError, code="unavailable", status=503, title="Not available now"
):
    """Refuse for now: the store is busy, read-only or not reachable."""


class StorageFull(RemoteError, code="storage_full", status=507, title="No space left"):
    """Say that nothing was written because no space is left; reads go on."""


REMOTE_ERRORS: tuple[type[RemoteError], ...] = (
    Malformed,
    Unauthorized,
    Forbidden,
    NotFound,
    NoSuchPath,
    MethodNotAllowed,
    NotAcceptable,
    Conflicted,
    RuleBroken,
    Stale,
    TooLarge,
    UnsupportedMedia,
    Invalid,
    RateLimited,
    ServerFault,
    Unavailable,
    StorageFull,
)
_BY_CODE = {kind.code: kind for kind in REMOTE_ERRORS}
# Where two classes share a status, the plainer one is right without a code.
_BY_STATUS = {kind.status: kind for kind in reversed(REMOTE_ERRORS)}


def remote_error(status: int, problem: Mapping[str, Any]) -> RemoteError:
    """
    Rebuild the error that a server answered.

    Args:
        status: Decides the class where the problem names no known code.
        problem: Members of the body; {} when it was no problem document.
    """
    fallback = ServerFault if status >= 500 else Malformed
    kind = _BY_CODE.get(str(problem.get("code")))
    if kind is not None:
        return kind.from_problem(problem)
    error = _BY_STATUS.get(status, fallback).from_problem(problem)
    if error.status != status:
        error.status = status
    return error


class LocalError(PetstoreError):
    """Be the root of errors for which no answer of a store exists."""

    code: ClassVar[str]

    def __init_subclass__(cls, *, code: str | None = None) -> None:
        super().__init_subclass__()
        if code is not None:
            cls.code = code


class ConfigError(LocalError, code="config_error"):
    """Say which setting is wrong and what would be right."""


class TransportError(LocalError, code="transport_error"):
    """
    Say that no answer came.

    Args:
        sent: "no" when the request surely never left, else "maybe".
    """

    def __init__(self, message: str, *, sent: Sent) -> None:
        super().__init__(message)
        self.sent = sent

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild_transport_error, (self.message, self.sent), self.__dict__


def _rebuild_transport_error(message: str, sent: Sent) -> TransportError:
    return TransportError(message, sent=sent)


class DeadlineExceeded(LocalError, code="deadline_exceeded"):
    """Say that the caller's total time ran out."""


class OfflineError(LocalError, code="offline_error"):
    """Say that the call needs the network and there is none."""


class DecodeError(LocalError, code="decode_error"):
    """
    Say that an answer cannot be read.

    Args:
        body: The answer as it came, for the bug report.
    """

    def __init__(self, message: str, *, body: bytes = b"") -> None:
        super().__init__(message)
        self.body = body

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild_decode_error, (self.message, self.body), self.__dict__


def _rebuild_decode_error(message: str, body: bytes) -> DecodeError:
    return DecodeError(message, body=body)


class NotSupported(LocalError, code="not_supported"):
    """Say that the chosen flavour or backend has no such operation."""
