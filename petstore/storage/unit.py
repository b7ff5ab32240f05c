"""Carry one function to the thread that runs it, and its outcome back."""

from asyncio import Future
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from petstore.contract.errors import Unavailable
from petstore.storage.transaction import Tx

GROUP_LENGTH_MAX = 64


class Unit:
    """
    Hold one unit of work, and its outcome once it has run.

    A driver fills in `value` or `error`; whoever waits reads them afterwards.

    Attributes:
        future: Who waits for it on an event loop; None for a synchronous caller.
    """

    __slots__ = ("actor", "error", "fn", "future", "value")

    def __init__(
        self,
        fn: Callable[[Tx], Any],
        actor: str | None = None,
        *,
        future: "Future[Any] | None" = None,
    ) -> None:
        self.fn = fn
        self.actor = actor
        self.future = future
        self.value: Any = None
        self.error: BaseException | None = None

    def fail(self, error: BaseException) -> None:
        """Keep the error that the unit ended with."""
        if isinstance(error, StopIteration):
            # A future cannot carry it, and it would end a caller's loop by mistake.
            error = RuntimeError("A unit raised StopIteration.")
        self.value = None
        self.error = error

    def is_abandoned(self) -> bool:
        """Tell whether nobody waits for it any more."""
        return self.future is not None and self.future.done()

    def abandon(self) -> None:
        """Tell whoever waits that it will never run."""
        if self.future is not None:
            self.future.cancel()

    def outcome(self) -> Any:
        """Return the unit's value, or raise its error."""
        error = self.error
        if error is None:
            return self.value
        # A frame that raises and holds the error would keep both until a collection.
        self.error = None
        try:
            raise error
        finally:
            del error


class Driver(Protocol):
    """Run units on one connection, on whatever thread calls."""

    def read(self, units: Sequence[Unit]) -> None:
        """Run units that only read, all on one state of the store."""

    def write(self, units: Sequence[Unit]) -> None:
        """Run units that write; returns once they are durable or have failed."""

    def close(self) -> None:
        """Close the connection; closing twice is fine."""


def busy(place: str) -> Unavailable:
    """Return the error of a unit that others kept from running; nothing was done."""
    return Unavailable(f"The store {place} is busy; try again.", retry_after=1)


def fail_all(units: Sequence[Unit], error: BaseException) -> None:
    """Give every unit the same error, whatever it had before."""
    for unit in units:
        unit.fail(error)


def without_own_frame(error: BaseException) -> None:
    """
    Forget the frame of the caller, who caught the error around a unit.

    That frame holds the unit, which is about to hold the error: a cycle for every 404.
    """
    traceback = error.__traceback__
    if traceback is not None:
        error.__traceback__ = traceback.tb_next
