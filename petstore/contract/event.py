"""
Declare the event that tells of a write, and carry events over the wire.

They travel as server-sent events, whose ids are places of the log: `<log>.<seq>` is
behind all that a unit wrote, `<log>.<seq>.<position>` within it. A log that was begun
anew, as by a reset, has another name, so no place of one is taken for one of another.

Source: the HTML standard, "Server-sent events".
"""

from collections.abc import AsyncIterable, AsyncIterator, Iterator
from typing import Any, Final

from pydantic import Field

from petstore.contract.call import ByteStream
from petstore.contract.errors import DecodeError
from petstore.contract.model import Instant, Int64, Model

# Proxies end a connection that is quiet for a minute; whoever hears nothing for twice
# this time listens to nobody.
HEARTBEAT_S: Final = 15.0
_END: Final = b"\n\n"
_DATA: Final = b"data: "
_ID: Final = b"id: "
# More than the largest pet, so that nothing endless is taken for an event.
_BLOCK_BYTES_MAX: Final = 64 * 1024 * 1024


class Event(Model):
    """Tell of one write of one entity."""

    cursor: str = Field(description="Where to go on: what `after` takes.")
    seq: Int64 = Field(description="Number of the unit that wrote.")
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
    reader = EventReader()
    chunks = stream.chunks
    assert not isinstance(chunks, AsyncIterable)
    for chunk in (chunks,) if isinstance(chunks, bytes) else chunks:
        yield from reader.feed(chunk)


async def read_events_async(stream: ByteStream) -> AsyncIterator[Event]:
    """Yield the events of a stream until it ends; see `read_events`."""
    reader = EventReader()
    if not isinstance(stream.chunks, AsyncIterable):
        for event in read_events(stream):
            yield event
        return
    async for chunk in stream.chunks:
        for event in reader.feed(chunk):
            yield event


class EventReader:
    """
    Read the pieces of one stream, wherever they were cut.

    Attributes:
        place: Where to go on; None as long as the stream has not said.
    """

    def __init__(self) -> None:
        self._left = b""
        self.place: str | None = None

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """
        Yield the events that are whole now.

        Raises:
            DecodeError: It is no stream of events.
        """
        *blocks, self._left = (self._left + chunk).split(_END)
        if len(self._left) > _BLOCK_BYTES_MAX:
            raise DecodeError("The answer is no stream of events.")
        for block in blocks:
            yield from self._read(block.split(b"\n"))

    def _read(self, lines: list[bytes]) -> Iterator[Event]:
        place = None
        for line in lines:
            if line.startswith(_ID):
                place = line.removeprefix(_ID).decode("utf-8", "replace")
            elif line.startswith(_DATA):
                yield _event(line.removeprefix(_DATA))
        # Behind the event: whoever takes no more has not gone past it.
        self.place = place or self.place


def _event(text: bytes) -> Event:
    try:
        return Event.model_validate_json(text)
    except ValueError:
        # Not chained: pydantic's text shows the input.
        raise DecodeError(
            "The answer holds an event that is none.", body=text
        ) from None
