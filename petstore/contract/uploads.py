"""Read and write an upload piece by piece, in either of the forms it travels in."""

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from petstore.contract.call import Arg, ByteStream, Call, Place
from petstore.contract.checks import checked
from petstore.contract.errors import FieldProblem, Invalid, Malformed
from petstore.contract.flavours import Route
from petstore.contract.media import MULTIPART, OCTETS, media_type
from petstore.contract.multipart import (
    Event,
    FilePart,
    MultipartReader,
    PartData,
    PartStart,
    boundary_of,
    frame_multipart,
)

T = TypeVar("T")

_FIELD_BYTES_MAX: Final = 64 * 1024


class UploadReader:
    """
    Turn the pieces of a body into the pieces of the file, without I/O.

    After `finish`, `arguments` holds what travelled beside the file, by Python name,
    and `file_name` and `media_type` what the client said of it.

    Args:
        is_open: Whether fields beside the file may hold anything, as on public servers.

    Raises:
        UnsupportedMedia: The route takes no body of this media type.
    """

    def __init__(
        self, route: Route, headers: Mapping[str, str], *, is_open: bool = False
    ) -> None:
        content_type = headers.get("content-type", "")
        kind = media_type(headers)
        if kind not in route.takes and not _is_image(kind, route):
            raise route.unsupported(kind)
        self._is_open = is_open
        self.media_type: str = kind
        self.file_name: str | None = None
        self.arguments: dict[str, Any] = {}
        self._fields: dict[str, bytes] = {}
        self._route = route
        self._part: PartStart | None = None
        self._has_file = kind != MULTIPART
        self._size_bytes = 0
        self._reader = (
            MultipartReader(boundary_of(content_type)) if kind == MULTIPART else None
        )

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """
        Take the next piece of the body and yield what of it is the file.

        Raises:
            Malformed: The multipart framing is broken.
        """
        if self._reader is None:
            self._size_bytes += len(chunk)
            yield chunk
            return
        for event in self._reader.feed(chunk):
            yield from self._on(event)

    def described(self, call: Call[T]) -> Call[T]:
        """Return a call with all that was read but the content of its file."""
        file = ByteStream(b"", self.media_type, file_name=self.file_name)
        told = {**call.arguments, **self.arguments, "content": file}
        return Call(call.operation, told)

    def finish(self) -> None:
        """
        End the body.

        Raises:
            Malformed: It ends in the middle of a part, or a field is no UTF-8.
            Invalid: It holds no file, or a field breaks the schema.
        """
        if self._reader is not None:
            self._reader.close()
        elif self._size_bytes == 0:
            self._has_file = False
        if not self._has_file:
            what = "is empty" if self._reader is None else "holds no file"
            raise Invalid(
                f"The upload {what}; send a file as the part `file`, or as the body.",
                fields=(FieldProblem("form.file", "is required", "missing"),),
                reason="no_file",
            )
        for arg in self._route.args_in(Place.FORM):
            content = self._fields.get(arg.wire, b"")
            if content:
                self.arguments[arg.name] = self._text(arg, content)

    def _text(self, arg: Arg, content: bytes) -> object:
        if self._is_open:
            return content.decode(errors="replace")
        try:
            text = content.decode()
        except UnicodeDecodeError as error:
            raise Malformed(f"The field {arg.wire} must be UTF-8.") from error
        return checked(arg, text, f"form.{arg.wire}")

    def _on(self, event: Event) -> Iterator[bytes]:
        if isinstance(event, PartStart):
            self._start(event)
        elif isinstance(event, PartData) and self._part is not None:
            if self._part.name == "file":
                yield event.content
                return
            field = self._fields.setdefault(self._part.name, b"")
            room = _FIELD_BYTES_MAX - len(field)
            self._fields[self._part.name] = field + event.content[:room]

    def _start(self, part: PartStart) -> None:
        self._part = part
        if part.name == "file":
            if self._has_file:
                raise Invalid(
                    "The form has two parts `file`; send one picture a request.",
                    fields=(FieldProblem("form.file", "is there twice", "too_long"),),
                )
            self._has_file = True
            self.file_name = part.filename
            self.media_type = part.content_type or OCTETS


def _is_image(kind: str, route: Route) -> bool:
    # A bare body labelled as what it is; the contract's octet-stream says less.
    return OCTETS in route.takes and kind.startswith("image/")


def packed_upload(
    route: Route, form: list[tuple[str, str]], content: ByteStream, boundary: str
) -> tuple[str, bytes | ByteStream]:
    """Return the content type and the body of an upload; a stream stays one."""
    chunks = content.chunks
    if route.takes[0] != MULTIPART:
        is_image = content.media_type.startswith("image/")
        kind = content.media_type if is_image else route.takes[0]
        return kind, chunks if isinstance(chunks, bytes) else content
    part = FilePart("file", content.file_name or "file", content.media_type)
    head, tail = frame_multipart(dict(form), part, boundary)
    kind = f"{MULTIPART}; boundary={boundary}"
    if isinstance(chunks, bytes):
        return kind, head + chunks + tail
    size_bytes = content.size_bytes
    if size_bytes is not None:
        size_bytes += len(head) + len(tail)
    framed = _framed(head, chunks, tail)
    return kind, replace(content, chunks=framed, size_bytes=size_bytes)


def _framed(
    head: bytes, chunks: Iterable[bytes] | AsyncIterable[bytes], tail: bytes
) -> Iterable[bytes] | AsyncIterable[bytes]:
    if isinstance(chunks, AsyncIterable):
        return _AsyncFramed(head, chunks, tail)
    return _Framed(head, chunks, tail)


@dataclass(frozen=True, slots=True)
class _Framed:
    """Be read as often as the file can be: a call may be sent twice."""

    head: bytes
    chunks: Iterable[bytes]
    tail: bytes

    def __iter__(self) -> Iterator[bytes]:
        yield self.head
        yield from self.chunks
        yield self.tail


@dataclass(frozen=True, slots=True)
class _AsyncFramed:
    """Be read as often as the file can be."""

    head: bytes
    chunks: AsyncIterable[bytes]
    tail: bytes

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self.head
        async for chunk in self.chunks:
            yield chunk
        yield self.tail
