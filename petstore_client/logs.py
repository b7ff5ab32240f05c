"""
Log each attempt of a call, so that no line shows what is nobody's business.

    GET /pet/{petId} 200 in 12 ms, attempt 1 of getPetById, request 5f0c…

At INFO, the logger `petstore_client` says so much. At DEBUG, the same line goes on with
what was asked and answered, of which only the names listed here are shown: a credential
that somebody adds tomorrow is in no list. Bodies are never shown, and what fills a path
neither. PETSTORE_LOG=info or debug prints the lines on stderr.
"""

import logging
import os
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from petstore.contract.errors import ConfigError, TransportError
from petstore.contract.replies import Response
from petstore_client.decisions import Send

LOG_VARIABLE: Final = "PETSTORE_LOG"
LOGGER: Final = logging.getLogger("petstore_client")

_LEVELS: Final = {"debug": logging.DEBUG, "info": logging.INFO}
_SHOWN_HEADERS: Final = (
    *("content-encoding", "content-length", "content-type", "date", "etag", "if-match"),
    *("if-none-match", "retry-after", "traceparent", "x-should-retry"),
)
_SHOWN_QUERY: Final = frozenset({"after", "limit", "sort", "status"})
_VALUE_LENGTH_MAX: Final = 100


def log_as_told() -> None:
    """
    Obey PETSTORE_LOG, unless the program has set the logger's level itself.

    Raises:
        ConfigError: It names no level.
    """
    told = os.environ.get(LOG_VARIABLE, "").strip().lower()
    if not told:
        return
    if told not in _LEVELS:
        raise ConfigError(f"{LOG_VARIABLE} is debug or info, not {told!r:.40}.")
    if LOGGER.level == logging.NOTSET:
        LOGGER.setLevel(_LEVELS[told])
    if not LOGGER.hasHandlers():
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(message)s"))
        LOGGER.addHandler(handler)


def is_logging() -> bool:
    """Tell whether anybody wants the lines."""
    return LOGGER.isEnabledFor(logging.INFO)


def log_attempt(step: Send, came_to: Response | BaseException, took_s: float) -> None:
    """Log what an attempt came to."""
    attempt = step.attempt
    LOGGER.info(
        "%s %s %s in %.0f ms, attempt %d of %s, request %s%s",
        step.request.method,
        attempt.path,
        _outcome(came_to),
        took_s * 1_000,
        attempt.number,
        attempt.operation,
        _request_id(came_to),
        _details(step, came_to) if LOGGER.isEnabledFor(logging.DEBUG) else "",
    )


def _outcome(came_to: Response | BaseException) -> str:
    if isinstance(came_to, Response):
        return str(came_to.status)
    if isinstance(came_to, TransportError):
        return f"TransportError (sent: {came_to.sent})"
    # A message may show the input.
    return type(came_to).__name__


def _request_id(came_to: Response | BaseException) -> str:
    if isinstance(came_to, Response):
        return came_to.headers.get("x-request-id", "-")[:_VALUE_LENGTH_MAX]
    return "-"


def _details(step: Send, came_to: Response | BaseException) -> str:
    asked = _query(step.request.query) + _headers(step.request.headers)
    answered = _headers(came_to.headers) if isinstance(came_to, Response) else ""
    return f"; asked{asked or ' plainly'}; answered{answered or ' nothing'}"


def _query(query: str) -> str:
    pairs = parse_qsl(query, keep_blank_values=True)
    return "".join(
        f" {name}={value[:_VALUE_LENGTH_MAX]!r}"
        for name, value in pairs
        if name in _SHOWN_QUERY
    )


def _headers(headers: Mapping[str, str]) -> str:
    return "".join(
        f" {name}: {headers[name][:_VALUE_LENGTH_MAX]!r}"
        for name in _SHOWN_HEADERS
        if name in headers
    )
