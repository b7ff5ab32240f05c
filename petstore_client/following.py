"""
Decide how to go on following a store when its stream breaks off.

A place is an event's `seq`, and stands behind the last event of a unit. A stream that
broke off within a unit goes on before it, so what was seen of that unit is left out
when it comes again: nothing is lost, and nothing is told twice.
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
        after: The `seq` to begin after; None is from now on.
    """

    def __init__(self, after: int | None) -> None:
        self.failure: PetstoreError | None = None
        self._after = after
        self._reader = EventReader()
        self._repeated_count = 0
        self._failure_count = 0

    def call(self) -> Call[ByteStream]:
        """Return what asks for the stream from here on."""
        self.failure = None
        reader, self._reader = self._reader, EventReader()
        if reader.place is not None:
            self._after = reader.place
        if self._after is not None:
            # What had to come again, and did not before the stream broke off anew, is
            # left out as well.
            self._repeated_count += reader.count_since
        return calls.get_events(after=self._after)

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """Yield the events that are whole now, and were not seen before."""
        for event in self._reader.feed(chunk):
            if self._reader.place not in (None, self._after):
                # The unit that was seen in part is over, whoever may see what of it.
                self._repeated_count = 0
            if self._repeated_count:
                self._repeated_count -= 1
                continue
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
