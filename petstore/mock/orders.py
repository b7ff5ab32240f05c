"""Declare what the admin API is told, and make of it what a session is opened with."""

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from petstore.mock.clock import parse_clock
from petstore.mock.folders import inside
from petstore.mock.opening import SessionOptions
from petstore.mock.session import Session
from petstore.mock.sessions import ID_PATTERN, new_id

_BASE_COUNT_MAX = 100


class _Order(BaseModel):
    """Be a body of the admin API; a field that nobody knows is a typing error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SessionOrder(_Order):
    """Say which session is wanted; `SessionOptions` says what the fields mean."""

    id: str | None = Field(default=None, pattern=ID_PATTERN)
    cassette: str | None = Field(
        default=None, description="Below the folder of the server."
    )
    base: list[str] = Field(default_factory=list, max_length=_BASE_COUNT_MAX)
    mode: str | None = None
    on_miss: str | None = None
    upstream: str | None = None
    clock: str | None = None
    seed: int = 0
    faults: list[dict[str, Any]] = Field(default_factory=list)
    ignore: list[str] = Field(default_factory=list)
    strict: bool = False


class ClockOrder(_Order):
    """Say what time it is in a session."""

    mode: Literal["real", "freeze", "shift"] | None = None
    at: str | None = Field(default=None, description="RFC 3339.")
    advance: float | None = Field(default=None, description="Seconds.")

    @model_validator(mode="after")
    def _is_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("should have mode, at or advance")
        if self.at is not None and self.mode not in (None, "freeze"):
            raise ValueError(f"has at, where only freeze stands, and mode {self.mode}")
        return self

    def given_to(self, session: Session) -> dict[str, Any]:
        """
        Set the clock of a session.

        Raises:
            ConfigError: It is no instant, or the recording does not say when it was.
        """
        if self.at is not None:
            session.set_clock(parse_clock(self.at))
        elif self.mode is not None:
            session.set_clock(parse_clock(self.mode))
        if self.advance is not None:
            session.clock.advance(self.advance)
        return {"mode": session.clock.kind, "now": session.clock.now().isoformat()}


def options_of(order: SessionOrder, folder: Path) -> SessionOptions:
    """
    Return how a session is opened.

    Args:
        folder: Every file that is named lies in it.

    Raises:
        Forbidden, Invalid: A path leads elsewhere, or is none.
        ConfigError: An option is none.
    """
    options: SessionOptions = {
        "id": order.id or new_id(),
        "base": [
            inside(folder, one, f"base[{index}]")
            for index, one in enumerate(order.base)
        ],
        "mode": order.mode,
        "on_miss": order.on_miss,
        "upstream": order.upstream,
        "faults": order.faults,
        "ignore": order.ignore,
        "seed": order.seed,
        "clock": order.clock,
        "is_strict": order.strict,
    }
    if order.cassette is not None:
        options["cassette"] = inside(folder, order.cassette, "cassette")
    return options
