"""Declare what the admin API is told, and make of it what a session is opened with."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from petstore.mock.clock import parse_clock
from petstore.mock.exchange import Paths
from petstore.mock.faults import Rule
from petstore.mock.folders import inside
from petstore.mock.modes import MODE_NAMES
from petstore.mock.opening import SessionOptions
from petstore.mock.session import Session
from petstore.mock.sessions import ID_PATTERN, new_id
from petstore.mock.steps import ON_MISS
from petstore.mock.wording import Right

_BASE_COUNT_MAX = 100
Faults = Annotated[list[Rule], Right("a list of rules, as [{do: {reset: true}}]")]


class _Order(BaseModel):
    """Be a body of the admin API; a field that nobody knows is a typing error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SessionOrder(_Order):
    """Say which session is wanted; `SessionOptions` says what the fields mean."""

    id: Annotated[str | None, Right("1 to 80 of A-Z a-z 0-9 . _ and -")] = Field(
        default=None, pattern=ID_PATTERN
    )
    cassette: str | None = Field(
        default=None, description="Below the folder of the server."
    )
    base: Annotated[
        list[str], Right("a list of 100 cassettes at most, as [buy.yaml]")
    ] = Field(default_factory=list, max_length=_BASE_COUNT_MAX)
    mode: Annotated[str | None, Right(f"one of {', '.join(MODE_NAMES)}")] = None
    on_miss: Annotated[str | None, Right(f"one of {', '.join(ON_MISS)}")] = None
    upstream: str | None = None
    clock: str | None = None
    seed: int = 0
    faults: Faults = Field(default_factory=list)
    ignore: Paths = Field(default_factory=list)
    strict: bool = False
    timing: bool = False
    realtime: bool = False


class ClockOrder(_Order):
    """Say what time it is in a session."""

    mode: Literal["real", "freeze", "shift"] | None = None
    at: Annotated[str | None, Right("an instant, as 2026-11-22T20:00:00Z")] = Field(
        default=None, description="RFC 3339."
    )
    advance: Annotated[float | None, Right("a number of seconds")] = Field(
        default=None, description="Seconds."
    )

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
        "is_timed": order.timing,
        "is_realtime": order.realtime,
    }
    if order.cassette is not None:
        options["cassette"] = inside(folder, order.cassette, "cassette")
    return options
