"""Answer calls from prepared values, and keep the calls for a look."""

from collections.abc import Callable
from typing import Any

import pytest

from petstore.contract.call import Backend, Call, Reply

# Makes the value of the reply, or raises what the backend is to raise.
Answer = Callable[[Call[Any]], Any]


class RecordingBackend:
    """Answer every call with what `answer` makes of it."""

    def __init__(self, answer: Answer) -> None:
        self.calls: list[Call[Any]] = []
        self.close_count = 0
        self._answer = answer

    def send(self, call: Call[Any]) -> Reply[Any]:
        """Keep the call and answer it."""
        self.calls.append(call)
        return Reply(self._answer(call))

    def close(self) -> None:
        """Count."""
        self.close_count += 1


class AsyncRecordingBackend:
    """Be the same for coroutines."""

    def __init__(self, answer: Answer) -> None:
        self._inner = RecordingBackend(answer)
        self.calls = self._inner.calls

    @property
    def close_count(self) -> int:
        """Return how often it was closed."""
        return self._inner.close_count

    async def send(self, call: Call[Any]) -> Reply[Any]:
        """Keep the call and answer it."""
        return self._inner.send(call)

    async def close(self) -> None:
        """Count."""
        self._inner.close()


def refusal_of(backend: Backend, call: Call[Any]) -> Any:
    """Send a call that fails, and return what is raised."""
    with pytest.raises(Exception, match=r"\w") as raised:
        backend.send(call)
    return raised.value
