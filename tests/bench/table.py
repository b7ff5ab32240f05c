"""Compare what was measured, and print it as one table."""

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """
    Hold one line of the table.

    Args:
        value: What the bar judges; None for a line that only informs.
        bar: Least or most that `value` may be.
        is_floor: Whether `bar` is the least, else it is the most.
    """

    name: str
    measured: str
    reference: str = ""
    value: float | None = None
    bar: float = 0.0
    is_floor: bool = True

    @property
    def is_met(self) -> bool:
        """Say whether the bar is met; a line without one is."""
        if self.value is None:
            return True
        return self.value >= self.bar if self.is_floor else self.value <= self.bar

    def cells(self) -> tuple[str, ...]:
        """Return the texts of the line."""
        if self.value is None:
            return (self.name, self.measured, self.reference, "", "", "")
        sign, verdict = "≥" if self.is_floor else "≤", "pass" if self.is_met else "MISS"
        bar = f"{sign} {self.bar:g}"
        return (
            self.name,
            self.measured,
            self.reference,
            f"{self.value:.2f}",
            bar,
            verdict,
        )


HEADINGS = ("what", "measured", "reference", "value", "bar", "")


def render(rows: Iterable[Row]) -> str:
    """Return the table."""
    lines = [HEADINGS, *(row.cells() for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    texts = (
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        for line in lines
    )
    return "\n".join(text.rstrip() for text in texts)


def interleaved(
    measures: Mapping[str, Callable[[], float]], *, round_count: int
) -> dict[str, list[float]]:
    """Measure in turns, so that a noisy minute touches all alike."""
    found: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(round_count):
        for name, measure in measures.items():
            found[name].append(measure())
    return found


def ratio(measured: Sequence[float], reference: Sequence[float]) -> float:
    """Return the median of the ratios of each round."""
    pairs = zip(measured, reference, strict=True)
    return statistics.median(one / other for one, other in pairs)


def microseconds(seconds: float) -> str:
    """Return the text of a duration."""
    return f"{seconds * 1e6:,.1f} µs"
