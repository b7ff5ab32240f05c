"""Remember the last requests of a session, and what answered them."""

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

from petstore.mock.facts import Facts

ROW_COUNT_MAX: Final = 1_000
# Parsed, a body takes several times its length.
BODY_BYTES_MAX: Final = 4 * 1024 * 1024
LEFT_OUT: Final[dict[str, Any]] = {"text": "…"}
PASSED: Final = "passed"
# What stands in `served_by` before a slash.
SERVED_BY_KINDS: Final = (
    "recording",
    "engine",
    "upstream",
    "example",
    "stub",
    "fault",
    "miss",
    PASSED,
)


class Row(NamedTuple):
    """
    Hold one request.

    Args:
        number: From 1 on, in the order of their coming.
        served_by: recording/<id>, engine, upstream, example, stub/<id>, fault, miss,
            or passed, for one that was left to others; upstream/unrecorded where a
            recording does not have it.
        status: 0 where the client did not wait for the answer.
        seconds: How long the answer took.
        report: What a miss says.
    """

    number: int
    facts: Facts
    status: int
    served_by: str
    seconds: float
    report: str | None = None

    def shown(self) -> dict[str, Any]:
        """Return what the admin API tells of it."""
        row: dict[str, Any] = {
            "n": self.number,
            "op": self.facts.operation_id or None,
            "method": self.facts.method,
            "path": self.facts.target,
            "status": self.status,
            "served_by": self.served_by,
            "ms": round(self.seconds * 1000, 3),
        }
        if self.report is not None:
            row["report"] = self.report
        return row


class Journal:
    """
    Hold the last rows; what was earlier is only counted.

    Args:
        body_bytes_max: How much of bodies is held; the oldest are left out first.
        shown: Returns a row as it may be read; as it is unless given.
    """

    def __init__(
        self,
        row_count_max: int = ROW_COUNT_MAX,
        *,
        body_bytes_max: int = BODY_BYTES_MAX,
        shown: Callable[[Row], Row] | None = None,
    ) -> None:
        self._shown = shown
        self._rows: deque[Row] = deque(maxlen=row_count_max)
        self._body_bytes_max = body_bytes_max
        # Which rows have a body, and how long it was.
        self._bodies: deque[tuple[int, int]] = deque()
        self._body_bytes = 0
        self.count = 0
        self.unmatched_count = 0

    def add(
        self,
        facts: Facts,
        status: int,
        served_by: str,
        seconds: float,
        report: str | None = None,
    ) -> Row:
        """Note a request."""
        self.count += 1
        row = Row(self.count, facts, status, served_by, seconds, report)
        if report is not None:
            self.unmatched_count += 1
        self._rows.append(row)
        return row

    def weigh(self, size_bytes: int) -> None:
        """Say how long the body of the last row is; older ones make room for it."""
        self._bodies.append((self.count, size_bytes))
        self._body_bytes += size_bytes
        first = self.count - len(self._rows) + 1
        while self._bodies and (
            self._body_bytes > self._body_bytes_max or self._bodies[0][0] < first
        ):
            number, size_bytes = self._bodies.popleft()
            self._body_bytes -= size_bytes
            if number >= first:
                row = self._rows[number - first]
                facts = row.facts._replace(body=LEFT_OUT)
                self._rows[number - first] = row._replace(facts=facts)

    def let_pass(self, report: str) -> None:
        """Take back that a request had no answer: somebody else gives it one."""
        for index in range(len(self._rows) - 1, -1, -1):
            row = self._rows[index]
            if row.report == report:
                self._rows[index] = row._replace(served_by=PASSED, report=None)
                self.unmatched_count -= 1
                return

    def __iter__(self) -> Iterator[Row]:
        return map(self.shown, self.as_sent())

    def as_sent(self) -> list[Row]:
        """Return the rows with all that was sent; only `shown` ones may be told."""
        return list(self._rows)

    def shown(self, row: Row) -> Row:
        """Return a row as it may be told."""
        return row if self._shown is None else self._shown(row)

    def after(self, number: int) -> list[Row]:
        """Return the rows behind one, the oldest first."""
        return [self.shown(row) for row in self.as_sent() if row.number > number]

    def clear(self) -> None:
        """Forget everything."""
        self._rows.clear()
        self._bodies.clear()
        self._body_bytes = 0
        self.count = self.unmatched_count = 0
