"""Say how old a recording is, and how old it may be."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from petstore.contract.errors import ConfigError
from petstore.mock.cassette import Cassette
from petstore.mock.exchange import MAX_AGE_PATTERN, Header
from petstore.mock.instants import iso_instant
from petstore.mock.logs import LOGGER
from petstore.mock.steps import ENGINE

_LIMIT: Final = re.compile(MAX_AGE_PATTERN)


def check_age(
    cassette: Cassette,
    max_age: str | None,
    *,
    now: datetime,
    environment: Mapping[str, str],
) -> None:
    """
    Warn of a recording that is too old.

    Args:
        max_age: As `limit_of` reads it; None for what the cassette says.

    Raises:
        ConfigError: It is too old, and this is CI; or one of its times is none.
    """
    header = cassette.header
    limit = max_age or header.max_age
    told = header.checked or header.recorded
    if limit is None or told is None or is_ageless(header):
        return
    made = iso_instant(told)
    if made is None:
        raise ConfigError(
            f"{cassette.path}: recorded: {told!r:.40} is no instant; one is"
            " 2026-11-22T20:00:00Z."
        )
    age = now - made
    if age <= limit_of(limit):
        return
    text = (
        f"{cassette.path} is {age.days} days old, and max_age is {limit}. Record it"
        " anew, or check it against its upstream."
    )
    if environment.get("CI"):
        raise ConfigError(text)
    LOGGER.warning("%s", text)


def is_ageless(header: Header) -> bool:
    """Tell whether a recording is of the engine, which has the same time each day."""
    return header.upstream == ENGINE


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
