"""Keep a client from making the trouble of a server worse by trying again."""

import threading
from typing import Final

from petstore_client.scopes import PerProcess

CAPACITY: Final = 500
RETRY_COST: Final = 14
# The server said when to come back, so it is alive.
THROTTLED_COST: Final = 5


class Budget:
    """
    Allow retries as long as most calls succeed; any thread may ask.

    A retry takes from a bucket. A success pays one back, and a success after retries
    all that these took: only retries that help nobody empty it. In a full outage that
    leaves 35 retries, whatever the number of calls.

    Source: the retry quota of AWS' SDKs, with costs found by simulation.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._left = capacity
        self._lock = PerProcess(threading.Lock)

    def take(self, cost: int) -> bool:
        """Take the cost of a retry; False when too little is left."""
        with self._lock.get():
            if self._left < cost:
                return False
            self._left -= cost
            return True

    def succeed(self, spent: int) -> None:
        """
        Note a success.

        Args:
            spent: What its retries took.
        """
        if spent == 0 and self._left == self._capacity:
            return
        with self._lock.get():
            self._left = min(self._capacity, self._left + max(spent, 1))
