"""Read how old a recording may be, and when it was made."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from petstore.contract.errors import ConfigError

_LIMIT: Final = re.compile(r"[0-9]{1,5}d")


def limit_of(text: str) -> timedelta:
    """
    Read how old a recording may be, as `90d`.

    Raises:
        ConfigError: It is no number of days, or one of more than five digits.
    """
    if not _LIMIT.fullmatch(text):
        raise ConfigError(
            f"Wrong max_age: {text!r:.40} should be a number of days; 90d is one."
        )
    return timedelta(days=int(text.removesuffix("d")))


def instant_of(text: str) -> datetime | None:
    """Read when a recording was made, in UTC unless told; None for no instant."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
