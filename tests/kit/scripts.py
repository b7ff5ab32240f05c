"""Hold drawn calls so that a failing test shows them in a line each."""

from dataclasses import dataclass
from typing import Any

from petstore.contract.call import Call


@dataclass(frozen=True, slots=True)
class Script:
    """Hold calls in order."""

    calls: list[Call[Any]]

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        # Else hypothesis would show all that is declared of each operation.
        printer.text("\n".join(repr(call) for call in self.calls))


def only(call: Call[Any]) -> Script:
    """Return the script of one call."""
    return Script([call])
