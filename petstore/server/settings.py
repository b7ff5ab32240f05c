"""Hold what a server is told at its start."""

from dataclasses import dataclass, field
from typing import Final

LOOPBACK_HOSTS: Final = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})
BODY_BYTES_MAX: Final = 1024 * 1024
BODY_SECONDS_MAX: Final = 30.0
STOP_SECONDS_MAX: Final = 4.0


@dataclass(frozen=True, slots=True)
class Settings:
    """
    Set up a server.

    Args:
        hosts: Names that a Host header may give; None takes any.
        cors_origin: What Access-Control-Allow-Origin says; None says nothing.
        allow_reset: Whether POST /__petstore/reset works.
        body_bytes_max: Of everything but a picture.
        body_seconds_max: How long a client may take to send a body.
    """

    hosts: frozenset[str] | None = None
    cors_origin: str | None = "*"
    allow_reset: bool = False
    body_bytes_max: int = BODY_BYTES_MAX
    body_seconds_max: float = BODY_SECONDS_MAX
    stop_seconds_max: float = STOP_SECONDS_MAX
    version: str = field(default="")
