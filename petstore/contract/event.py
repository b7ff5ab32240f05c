"""
Declare the event that tells of a write, and carry events over the wire.

They travel as server-sent events. An id is that of the unit that wrote, and stands with
the last event of a unit: whoever goes on from it misses nothing, and may see again what
a unit wrote before the connection broke.

Source: the HTML standard, "Server-sent events".
"""

from collections.abc import AsyncIterable, AsyncIterator, Iterator
from typing import Any, Final

from pydantic import Field

from petstore.contract.call import ByteStream
from petstore.contract.errors import DecodeError
from petstore.contract.model import Instant, Int64, Model

_END: Final = b"\n\n"
_DATA: Final = b"data: "
# More than the largest pet, so that nothing endless is taken for an event.
_BLOCK_BYTES_MAX: Final = 64 * 1024 * 1024


class Event(Model):
    """Tell of one write of one entity."""

    seq: Int64 = Field(description="Place of the unit that wrote; go on `after` it.")
    kind: str = Field(description="pet, order or user.")
    entity_id: Int64 = Field(description="Identifies the entity among its kind.")
    version: Int64 = Field(description="Version of the entity that the write made.")
    action: str = Field(description="create, update, delete or restore.")
    at: Instant = Field(description="When it was written.")
    entity: dict[str, Any] | None = Field(
        default=None, description="The entity as written; null after a delete."
    )


def read_events(stream: ByteStream) -> Iterator[Event]:
    """
    Yield the events of a stream until it ends; comments are left out.

    Raises:
        DecodeError: It is no stream of events.
    """
    reader = _Reader()
    chunks = stream.chunks
    assert not isinstance(chunks, AsyncIterable)
    for chunk in (chunks,) if isinstance(chunks, bytes) else chunks:
        yield from reader.feed(chunk)


async def read_events_async(stream: ByteStream) -> AsyncIterator[Event]:
    """Yield the events of a stream until it ends; see `read_events`."""
    reader = _Reader()
    if not isinstance(stream.chunks, AsyncIterable):
        for event in read_events(stream):
            yield event
        return
    async for chunk in stream.chunks:
        for event in reader.feed(chunk):
            yield event


class _Reader:
    def __init__(self) -> None:
        self._left = b""

    def feed(self, chunk: bytes) -> Iterator[Event]:
        *blocks, self._left = (self._left + chunk).split(_END)
        if len(self._left) > _BLOCK_BYTES_MAX:
            raise DecodeError("The answer is no stream of events.")
        for block in blocks:
            for line in block.split(b"\n"):
                if line.startswith(_DATA):
                    yield _event(line.removeprefix(_DATA))


def _event(text: bytes) -> Event:
    try:
        return Event.model_validate_json(text)
    except ValueError:
        # Not chained: pydantic's text shows the input.
        raise DecodeError(
            "The answer holds an event that is none.", body=text
        ) from None
