"""Make a value once per process, or once per event loop."""

import asyncio
import os
import threading
from collections.abc import Callable
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

T = TypeVar("T")


class PerProcess(Generic[T]):
    """
    Make a value once per process.

    After a fork the child makes its own. What the parent made is neither used nor
    dropped there: its locks may be held for ever, and its sockets are the parent's.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._made: dict[int, T] = {}

    def get(self) -> T:
        """Return the value of this process; any thread may ask."""
        pid = os.getpid()
        value = self._made.get(pid)
        # Of two threads that come first together, both get what one of them made.
        return self._made.setdefault(pid, self._make()) if value is None else value

    def peek(self) -> T | None:
        """Return the value of this process; None before it is made."""
        return self._made.get(os.getpid())


class PerLoop(Generic[T]):
    """
    Make a value once per running event loop.

    After a fork the child begins anew, as in `PerProcess`: another thread may have
    held the lock, and the loops of the parent run there no more.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._loops: PerProcess[_Loops[T]] = PerProcess(_Loops)

    def get(self) -> T:
        """Return the value of the running loop."""
        loops = self._loops.get()
        loop = asyncio.get_running_loop()
        value = loops.made.get(loop)
        if value is None:
            value = self._make()
            with loops.lock:
                loops.forget_closed()
                loops.made[loop] = value
        return value

    def take(self) -> list[tuple[asyncio.AbstractEventLoop, T]]:
        """Return all values with their loops, and forget them."""
        loops = self._loops.get()
        with loops.lock:
            taken = list(loops.made.items())
            loops.made.clear()
        return taken


class _Loops(Generic[T]):
    """Hold what was made for the loops of one process."""

    def __init__(self) -> None:
        self.made: WeakKeyDictionary[asyncio.AbstractEventLoop, T]
        self.made = WeakKeyDictionary()
        # Loops run in threads side by side.
        self.lock = threading.Lock()

    def forget_closed(self) -> None:
        # What was made often refers to its loop, which keeps the loop in the mapping.
        for loop in [loop for loop in self.made if loop.is_closed()]:
            del self.made[loop]
