"""Turn instants into what a store keeps, and back; both ways are exact."""

from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


def to_milliseconds(instant: datetime) -> int:
    """Return the milliseconds since the epoch; `timestamp` would go through a float."""
    return (instant - _EPOCH) // _MILLISECOND


def from_milliseconds(at: int) -> datetime:
    """Return the instant so many milliseconds after the epoch, in UTC."""
    return _EPOCH + at * _MILLISECOND
