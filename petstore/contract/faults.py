"""
Say what goes wrong between a caller and a store, attempt by attempt; no I/O.

    drop          the request never leaves: TransportError with sent="no"
    unavailable   503 in place of the store, which learns nothing: Unavailable
    lost          the store acts, and its answer is lost: TransportError, sent="maybe"
    delay         the store acts, and its answer comes late

Whoever carries requests asks a plan for the next fault, raises or answers what is
`before` in place of passing the request on, then waits `wait_s`, then raises what is
`after`. So a plan means the same in a process, on the wire, and in a server.
"""

import math
import random
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Self, TypedDict, Unpack

from petstore.contract.errors import (
    ConfigError,
    PetstoreError,
    TransportError,
    Unavailable,
)

FaultKind = Literal["none", "drop", "unavailable", "lost"]

_KINDS: Final = ("none", "drop", "unavailable", "lost")
_DRAWN: Final[tuple[FaultKind, ...]] = ("drop", "unavailable", "lost")
_DELAY_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Fault:
    """
    Say what goes wrong with one attempt; by default, nothing.

    Args:
        delay_s: How late the answer comes, in seconds.
        retry_after_s: How many seconds a 503 asks to wait; None asks for nothing.

    Raises:
        ConfigError: There is no such fault.
    """

    kind: FaultKind = "none"
    delay_s: float = 0.0
    retry_after_s: int | None = None

    def __post_init__(self) -> None:
        if self.kind not in _KINDS:
            known = ", ".join(_KINDS)
            raise ConfigError(f"There is no fault {self.kind!r}; there are {known}.")
        if not _is_from_0(self.delay_s, int | float):
            raise ConfigError(f"A delay is 0 or more seconds, not {self.delay_s!r}.")
        asked = self.retry_after_s
        # RFC 9110 §10.2.3: whole seconds.
        if asked is not None and not _is_from_0(asked, int):
            raise ConfigError(f"Retry-After is 0 or more whole seconds, not {asked!r}.")

    @classmethod
    def drop(cls) -> Self:
        """Return that the request never leaves."""
        return cls("drop")

    @classmethod
    def unavailable(cls, *, retry_after_s: int | None = None) -> Self:
        """Return that a 503 comes from somewhere in front of the store."""
        return cls("unavailable", retry_after_s=retry_after_s)

    @classmethod
    def lost(cls) -> Self:
        """Return that the store acts, and nobody learns of it."""
        return cls("lost")

    @classmethod
    def delay(cls, seconds: float) -> Self:
        """Return that the answer comes late."""
        return cls(delay_s=seconds)

    def before(self) -> PetstoreError | None:
        """Return what comes instead of passing the request on; None to pass it on."""
        if self.kind == "drop":
            return TransportError("The fault plan dropped the request.", sent="no")
        if self.kind != "unavailable":
            return None
        words = "The fault plan made the store unavailable."
        if self.retry_after_s is None:
            return Unavailable(words)
        return Unavailable(words, retry_after=self.retry_after_s)

    def after(self) -> TransportError | None:
        """Return what comes instead of the answer; None to let it through."""
        if self.kind != "lost":
            return None
        return TransportError("The fault plan lost the answer.", sent="maybe")

    def wait_s(self, patience_s: float) -> float:
        """Return how long to hold the answer back, of a caller with such patience."""
        return min(self.delay_s, patience_s)

    def is_late(self, patience_s: float) -> bool:
        """Tell whether the caller gives up before the answer comes."""
        return self.delay_s > 0 and patience_s <= self.delay_s


def _is_from_0(value: Any, kind: Any) -> bool:
    # Nobody checks the types of what comes from a settings file.
    return isinstance(value, kind) and 0 <= value < math.inf


NO_FAULT: Final = Fault()


class Rates(TypedDict, total=False):
    """
    Say how many of the attempts go wrong, each as a share from 0 to 1.

    Args:
        drop, unavailable, lost: At most one of them happens to an attempt.
        delay: Happens besides.
        delay_s: How long a delay is; 0.1 unless given.
        retry_after_s: What each 503 asks for.
    """

    drop: float
    unavailable: float
    lost: float
    delay: float
    delay_s: float
    retry_after_s: int | None


class Faults:
    """
    Give each attempt its fault, in the order in which they come; any thread may ask.

    Args:
        faults: One for each attempt, None where nothing goes wrong, and nothing does
            after the last; an iterator may go on for ever.
    """

    def __init__(self, faults: Iterable[Fault | None] = ()) -> None:
        self._faults = iter(faults)
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    @classmethod
    def at_rates(cls, seed: int, **rates: Unpack[Rates]) -> Self:
        """
        Return a plan without end; the same seed and rates give the same faults.

        Raises:
            ConfigError: A rate is none, or together they are more than 1.
        """
        _check_rates(rates)
        # Chance that can be repeated is what a test wants; it keeps no secret.
        return cls(_drawn(random.Random(seed), rates))  # noqa: S311

    @property
    def counts(self) -> Mapping[str, int]:
        """Return how often each of drop, unavailable, lost and delay happened."""
        with self._lock:
            return dict(self._counts)

    def next(self) -> Fault:
        """
        Return the fault of the next attempt.

        Raises:
            ConfigError: What was given for it is no fault.
        """
        with self._lock:
            fault = next(self._faults, None) or NO_FAULT
            if not isinstance(fault, Fault):
                raise ConfigError(f"A plan holds Fault or None, not {fault!r:.100}.")
            if fault.kind != "none":
                self._counts[fault.kind] += 1
            if fault.delay_s:
                self._counts["delay"] += 1
            return fault


def _check_rates(rates: Rates) -> None:
    unknown = rates.keys() - Rates.__annotations__.keys()
    if unknown:
        # Type checkers see it in an Unpack; at run time it would go unnoticed.
        raise TypeError(f"There is no rate {', '.join(sorted(unknown))}")
    for name in (*_DRAWN, "delay"):
        share: Any = rates.get(name, 0.0)
        if not (_is_from_0(share, int | float) and share <= 1):
            raise ConfigError(f"The rate {name} is from 0 to 1, not {share!r}.")
    if math.fsum(_shares(rates)) > 1:
        raise ConfigError(f"The rates {', '.join(_DRAWN)} are at most 1 together.")
    # For its checks alone.
    _fault("unavailable", rates, is_late=True)


def _shares(rates: Rates) -> list[float]:
    return [rates.get("drop", 0), rates.get("unavailable", 0), rates.get("lost", 0)]


def _drawn(chance: random.Random, rates: Rates) -> Iterator[Fault]:
    shares = _shares(rates)
    weights = [*shares, max(0.0, 1 - sum(shares))]
    while True:
        (kind,) = chance.choices((*_DRAWN, _KINDS[0]), weights)
        # Drawn each time, so that one rate changes nothing of the other faults.
        is_late = chance.random() < rates.get("delay", 0)
        yield _fault(kind, rates, is_late=is_late)


def _fault(kind: FaultKind, rates: Rates, *, is_late: bool) -> Fault:
    return Fault(
        kind,
        delay_s=rates.get("delay_s", _DELAY_S) if is_late else 0.0,
        retry_after_s=rates.get("retry_after_s") if kind == "unavailable" else None,
    )
