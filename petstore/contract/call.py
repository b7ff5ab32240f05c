"""
Define the spine: an operation, a call of it, the reply to that, and who answers.

Everything that travels through the product is one of these values. They hold no
connection and do no I/O, so a call can be kept, compared, sent twice or written down;
but for a `ByteStream`, whose pieces may still have to come.
"""

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Any, Generic, Literal, Protocol, TypeVar

from petstore.contract.errors import NotSupported, RemoteError

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


class Place(StrEnum):
    """Say where an argument travels."""

    PATH = "path"
    QUERY = "query"
    HEADER = "header"
    FORM = "form"
    BODY = "body"
    UPLOAD = "upload"


class Safety(Enum):
    """
    Say what a repeat of the same call does.

    SAFE changes nothing; IDEMPOTENT leaves the same state; KEYED would act twice but
    for an idempotency key; ONCE must not be repeated by a machine.
    """

    SAFE = "safe"
    IDEMPOTENT = "idempotent"
    KEYED = "keyed"
    ONCE = "once"


@dataclass(frozen=True, slots=True, eq=False)
class Arg:
    """
    Declare one argument of an operation.

    Args:
        name: Its Python name; the key in `Call.arguments`.
        wire: Its name in the contract.
        type: Annotation with bounds and description, as pydantic reads it.
        required: Whether a call without it is refused.
        secret: Whether logs and recordings must not show it.
    """

    name: str
    wire: str
    place: Place
    type: Any
    required: bool = True
    secret: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Operation(Generic[T]):
    """
    Declare one operation: the only place where its facts stand.

    Args:
        id: The operationId of the contract.
        path: Template below the face's base path.
        result: Annotation of the value; None when there is none.
        errors: What it may refuse with, beside the errors of any operation.
        scopes: What auth=on asks for, all of them; empty means open to anyone.
        own: Name of the argument that, naming the caller, stands for the scopes.
        writes: Whether it runs in a writing transaction; a login is a GET and does.
        endless: Whether the answer goes on for as long as somebody reads it.
    """

    id: str
    method: Method
    path: str
    summary: str
    tag: str
    args: tuple[Arg, ...]
    result: Any
    safety: Safety
    errors: tuple[type[RemoteError], ...] = ()
    scopes: frozenset[str] = frozenset()
    own: str | None = None
    writes: bool = False
    endless: bool = False
    deprecated: bool = False

    def arg(self, name: str) -> Arg:
        """Return the argument of that Python name."""
        return next(arg for arg in self.args if arg.name == name)


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """
    Hold an operation and its typed arguments.

    An argument that was not given is absent from `arguments`, never None.
    """

    operation: Operation[T]
    arguments: Mapping[str, Any]

    def __repr__(self) -> str:
        shown = {
            name: "…" if self.operation.arg(name).secret else value
            for name, value in self.arguments.items()
        }
        return f"Call({self.operation.id}, {shown})"


@dataclass(frozen=True, slots=True)
class ByteStream:
    """
    Hold bytes, or the pieces of a body that is too large to hold.

        for piece in client.send(calls.get_photo(name)).value: …
        async for piece in (await client.send(calls.get_photo(name))).value: …

    One that a server sends holds a connection until it is read to its end or closed.

    Args:
        chunks: The bytes, or an iterable (sync or async) of pieces, read once.
        size_bytes: Their total, where it is known beforehand.
        file_name: What the sender calls it; never used to store it.
    """

    chunks: bytes | Iterable[bytes] | AsyncIterable[bytes]
    media_type: str = "application/octet-stream"
    size_bytes: int | None = None
    file_name: str | None = None

    def __iter__(self) -> Iterator[bytes]:
        """
        Yield the pieces.

        Raises:
            NotSupported: Only coroutines can wait for them.
        """
        pieces = self.chunks
        if isinstance(pieces, AsyncIterable):
            raise NotSupported(
                "The pieces of this stream come to coroutines: read them with `async"
                " for`, or all with `await stream.aread()`."
            )
        return iter((pieces,) if isinstance(pieces, bytes) else pieces)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the pieces, whichever kind of client they come from."""
        if not isinstance(self.chunks, AsyncIterable):
            for piece in self:
                yield piece
            return
        async for piece in self.chunks:
            yield piece

    def read(self) -> bytes:
        """Return what is left of all bytes; raises what iterating does."""
        return b"".join(self)

    async def aread(self) -> bytes:
        """Return what is left of all bytes, in a coroutine."""
        return b"".join([piece async for piece in self])

    def close(self) -> None:
        """
        Read no more, and give the connection back; a second time does nothing.

        Raises:
            NotSupported: It is closed in a coroutine, by `aclose`.
        """
        if hasattr(self.chunks, "aclose"):
            raise NotSupported("Close this stream with `await stream.aclose()`.")
        close = getattr(self.chunks, "close", None)
        if close is not None:
            close()

    async def aclose(self) -> None:
        """Read no more, in a coroutine; as `close`."""
        aclose = getattr(self.chunks, "aclose", None)
        if aclose is None:
            self.close()
        else:
            await aclose()


State = Literal["confirmed", "pending", "stale"]
_NO_HEADERS: Mapping[str, str] = {}


# Not frozen: that doubles the time to make one, and every answer is one.
@dataclass(slots=True)
class Reply(Generic[T_co]):
    """
    Hold the answer to a call.

    Args:
        version: Version of the entity in `value`, where it is one.
        state: confirmed by the store, pending in an outbox, or stale from a copy.
        attempts: How often the call was sent.
        next_cursor: Where a listing goes on, when there is more.
        text: The value's JSON, where it was written already; spares a second time.
    """

    value: T_co
    version: int | None = None
    state: State = "confirmed"
    attempts: int = 1
    request_id: str | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: _NO_HEADERS)
    next_cursor: str | None = None
    text: bytes | None = field(default=None, repr=False, compare=False)


class Backend(Protocol):
    """Answer calls; the one seam to implement, wrap or fake."""

    def send(self, call: Call[T]) -> Reply[T]:
        """Answer a call, or raise a PetstoreError."""

    def close(self) -> None:
        """Release what the backend holds; a second time does nothing."""


class AsyncBackend(Protocol):
    """Answer calls from a coroutine."""

    async def send(self, call: Call[T]) -> Reply[T]:
        """Answer a call, or raise a PetstoreError."""

    async def close(self) -> None:
        """Release what the backend holds; a second time does nothing."""
