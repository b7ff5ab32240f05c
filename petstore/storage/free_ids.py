"""
Remember which ids are free, so that the counter's row is written once per commit.

The first allocation of a transaction moves the counter, and so holds its row until the
end; it also learns up to where nobody has an id. Those behind it are given out from
memory, and the counter catches up before the commit.
"""

from collections.abc import Iterator

# By kind: the ids that are free, and the last one that was given out from memory.
_State = tuple[dict[str, range], dict[str, int]]


class FreeIds:
    """Hold the ids that a transaction may give out without a look at the store."""

    __slots__ = ("_before", "_free", "_last")

    def __init__(self) -> None:
        self._free: dict[str, range] = {}
        self._last: dict[str, int] = {}
        self._before: _State | None = None

    def note(self, kind: str, start: int, end: int) -> None:
        """Note that nobody has the ids from start up to but not including end."""
        self._remember()
        self._free[kind] = range(start, end)

    def next(self, kind: str) -> int | None:
        """Give out an id; None when none is known to be free."""
        free = self._free.get(kind)
        if not free:
            return None
        self._remember()
        entity_id = free.start
        self._free[kind] = range(entity_id + 1, free.stop)
        self._last[kind] = entity_id
        return entity_id

    def take(self, kind: str, entity_id: int) -> None:
        """Note that somebody has the id now; what lies behind it is not known free."""
        free = self._free.get(kind)
        if free and entity_id in free:
            self._free[kind] = range(free.start, entity_id)

    def drain(self) -> Iterator[tuple[str, int]]:
        """Yield what each counter has to catch up with, in the order of the kinds."""
        if self._last:
            self._remember()
            yield from sorted(self._last.items())
            self._last.clear()

    def keep(self) -> None:
        """Hold on to what was given out: the unit has succeeded."""
        self._before = None

    def undo(self) -> None:
        """Forget what was given out since `keep`: the unit was rolled back."""
        if self._before is not None:
            self._free, self._last = self._before
            self._before = None

    def _remember(self) -> None:
        if self._before is None:
            self._before = (self._free.copy(), self._last.copy())
