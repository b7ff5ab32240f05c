"""
Decide how to go on following a store when its stream breaks off.

Each event says its place, so nothing is lost and nothing is told twice. Where the log
is another one by then, the server refuses the place, and the listener learns of it.
"""

from collections.abc import Iterator

from petstore.contract import calls
from petstore.contract.call import ByteStream, Call
from petstore.contract.errors import (
    DeadlineExceeded,
    PetstoreError,
    RateLimited,
    ServerFault,
    TransportError,
    Unavailable,
)
from petstore.contract.event import Event, EventReader

# What may be better at the next attempt.
_PASSING = (DeadlineExceeded, RateLimited, ServerFault, TransportError, Unavailable)


class Following:
    """
    Know where one listener is; no I/O.

    Attributes:
        failure: What ended the stream; None when the server did.

    Args:
        after: The place to begin after; None is from now on.
    """

    def __init__(self, after: str | int | None) -> None:
        self.failure: PetstoreError | None = None
        self._after = after
        self._reader = EventReader()
        self._failure_count = 0

    def call(self) -> Call[ByteStream]:
        """Return what asks for the stream from here on."""
        self.failure = None
        if self._reader.place is not None:
            self._after = self._reader.place
        self._reader = EventReader()
        return calls.get_events(after=self._after)

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """Yield the events that are whole now."""
        for event in self._reader.feed(chunk):
            self._failure_count = 0
            yield event

    def failed(self) -> tuple[int, float | None]:
        """
        Say how often it has ended since the last event, and what the server asks.

        Returns:
            A number from 1 on, and how many seconds the server asks to wait, if any.

        Raises:
            PetstoreError: The failure, where going on would not help.
        """
        if self.failure is not None and not isinstance(self.failure, _PASSING):
            raise self.failure
        self._failure_count += 1
        asked_s = None if self.failure is None else self.failure.retry_after_s
        return self._failure_count, asked_s
