"""Read instants as the faces of the contract write them."""

from datetime import UTC, datetime

from petstore.contract.java_date import read_java_date


def instant_of(text: str) -> datetime | None:
    """Read an instant in either form; None for none."""
    return iso_instant(text) or java_instant(text)


def iso_instant(text: str) -> datetime | None:
    """Read an instant of RFC 3339, in UTC unless told; None for none."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def java_instant(text: str) -> datetime | None:
    """Read an instant as the public servers write them; None for none."""
    try:
        return read_java_date(text)
    except (ValueError, LookupError):
        return None
