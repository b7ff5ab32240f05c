"""
Write and read dates as Java's `Date.toString` has them, in UTC.

`strftime` and `strptime` would take the names of days and months from the locale of the
process.

    Wed Aug 30 05:02:48 UTC 2017

Source: `X-Expires-After` of the public servers.
"""

from datetime import datetime
from typing import Final

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)


def java_date(instant: datetime) -> str:
    """
    Write an instant, to the second.

    Args:
        instant: In UTC.
    """
    day, month = _DAYS[instant.weekday()], _MONTHS[instant.month - 1]
    return f"{day} {month} {instant:%d %H:%M:%S} UTC {instant.year:04}"


def read_java_date(text: str) -> datetime:
    """
    Read what `java_date` writes.

    Raises:
        ValueError: It is something else.
    """
    _, month, day, time, zone, year = text.split()
    if zone != "UTC":
        raise ValueError(f"not in UTC: {text!r}")
    number = _MONTHS.index(month) + 1
    return datetime.fromisoformat(f"{year}-{number:02}-{day}T{time}+00:00")
