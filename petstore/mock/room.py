"""Limit how much one session records; what comes beyond is only passed on."""

from typing import Any, Final

from petstore.contract.http import Request
from petstore.contract.replies import Response
from petstore.mock.logs import LOGGER

COUNT_MAX: Final = 100_000
BYTES_MAX: Final = 512 * 1024 * 1024


class Room:
    """
    Count what a recording holds.

    Args:
        count: How many exchanges it begins with.

    Attributes:
        refused_count: How many exchanges had no room.
    """

    def __init__(
        self,
        count: int = 0,
        *,
        count_max: int = COUNT_MAX,
        size_bytes_max: int = BYTES_MAX,
    ) -> None:
        self._count = count
        self._count_max = count_max
        self._size_bytes = 0
        self._size_bytes_max = size_bytes_max
        self.refused_count = 0

    def takes(self, request: Request, response: Response) -> bool:
        """Tell whether there is room for an exchange, and count it if so."""
        size_bytes = _size_of(request.body) + _size_of(response.body)
        if (
            self._count >= self._count_max
            or self._size_bytes + size_bytes > self._size_bytes_max
        ):
            if not self.refused_count:
                LOGGER.warning("%s", self.words)
            self.refused_count += 1
            return False
        self._count += 1
        self._size_bytes += size_bytes
        return True

    @property
    def words(self) -> str:
        """Say what the limit is."""
        return (
            f"A recording has {self._count_max:,} exchanges and"
            f" {self._size_bytes_max // 1024 // 1024:,} MB of bodies at most; what"
            " comes beyond is passed on and not recorded."
        )


def _size_of(body: Any) -> int:
    if isinstance(body, bytes):
        return len(body)
    chunks = getattr(body, "chunks", None)
    return sum(map(len, chunks)) if isinstance(chunks, list) else len(chunks or b"")
