"""
Decide what a fake answers: the log, the stubs and the faults of it.

As in `decisions.py`, a decision is a generator: it yields a step, is given what came of
it, and returns the reply, so that one text serves both drivers (`fake.py`).

    Ask       the driver lets the engine answer
    Run       the driver calls a stub's function
    Wait      the driver waits
"""

import threading
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, get_origin

from petstore.contract.call import Call, Operation, Reply
from petstore.contract.errors import (
    ConfigError,
    DeadlineExceeded,
    PetstoreError,
    RemoteError,
)
from petstore.contract.faults import Fault, Faults
from petstore.contract.operations import OPERATIONS

# What a stub answers: a value, a Reply, an exception, or a function of the call.
Answer = Any


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask for the engine's answer."""


@dataclass(frozen=True, slots=True)
class Run:
    """Ask for what a stub's function makes of the call."""

    function: Callable[[Call[Any]], Any]


@dataclass(frozen=True, slots=True)
class Wait:
    """Ask for a wait."""

    seconds: float


Step = Ask | Run | Wait
Play = Generator[Step, Any, Reply[Any]]


@dataclass(slots=True)
class _Stubs:
    """Hold the stubs of one operation: those that are used up first, and the last."""

    counted: deque[Answer] = field(default_factory=deque)
    lasting: Answer = None
    is_lasting: bool = False


class Script:
    """Hold what a fake was told and asked; any thread may use it."""

    def __init__(self, faults: Faults) -> None:
        self.calls: list[Call[Any]] = []
        self._faults = faults
        self._stubs: dict[str, _Stubs] = {}
        self._lock = threading.Lock()

    def calls_of(self, operation_id: str) -> list[Call[Any]]:
        """Return the calls of one operation, in order; see `Fake.calls_of`."""
        operation = _operation(operation_id)
        return [call for call in self.calls if call.operation is operation]

    def stub(self, operation_id: str, answer: Answer, times: int | None) -> None:
        """Say what one operation answers; see `Fake.stub`."""
        operation = _operation(operation_id)
        if isinstance(answer, type):
            raise ConfigError(
                f"A stub is a value, an exception or a function, not the class"
                f" {answer.__name__}; make one of it."
            )
        if not (callable(answer) or isinstance(answer, BaseException)):
            _reply(operation, answer)
        if times is not None and times < 1:
            raise ConfigError(f"A stub answers once or more, not {times} times.")
        with self._lock:
            stubs = self._stubs.setdefault(operation_id, _Stubs())
            if times is None:
                stubs.lasting, stubs.is_lasting = answer, True
            else:
                stubs.counted.extend([answer] * times)

    def clear(self) -> None:
        """Forget all calls and all stubs."""
        with self._lock:
            self.calls.clear()
            self._stubs.clear()

    def play(self, call: Call[Any], patience_s: float) -> Play:
        """
        Decide a call, and log it.

        Args:
            patience_s: How long the caller waits for an answer.

        Raises:
            PetstoreError: As a server and what lies between would make it; it knows
                its operation.
            TypeError: A stub's function made something else than the operation answers.
        """
        self.calls.append(call)
        try:
            return (yield from self._attempt(call, self._faults.next(), patience_s))
        except PetstoreError as error:
            error.operation, error.attempts = call.operation.id, 1
            if isinstance(error, RemoteError):
                error.retry_after_s = error.extra.get("retry_after")
            raise

    def _attempt(self, call: Call[Any], fault: Fault, patience_s: float) -> Play:
        refusal = fault.before()
        if refusal is not None:
            raise refusal
        try:
            outcome: Reply[Any] | RemoteError = yield from self._answer(call)
        except RemoteError as error:
            # It travels as any answer does, so it may be late, or lost.
            outcome = error
        if fault.delay_s:
            yield Wait(fault.wait_s(patience_s))
        if fault.is_late(patience_s):
            raise DeadlineExceeded(
                f"The fault plan held the answer back for {fault.delay_s:g} s, and a"
                f" call may take {patience_s:g} s in all."
            )
        loss = fault.after()
        if loss is not None:
            raise loss
        if isinstance(outcome, RemoteError):
            raise outcome
        return outcome

    def _answer(self, call: Call[Any]) -> Play:
        stub = self._take(call.operation.id)
        if stub is None:
            reply: Reply[Any] = yield Ask()
            return reply
        (answer,) = stub
        if isinstance(answer, BaseException):
            # It may be raised often, and would show where it was each time.
            raise answer.with_traceback(None)
        if callable(answer):
            answer = yield Run(answer)
        return _reply(call.operation, answer)

    def _take(self, operation_id: str) -> tuple[Answer] | None:
        with self._lock:
            stubs = self._stubs.get(operation_id)
            if stubs is None:
                return None
            if stubs.counted:
                return (stubs.counted.popleft(),)
            return (stubs.lasting,) if stubs.is_lasting else None


def run(step: Run, call: Call[Any]) -> Any:
    """Call the function of a stub."""
    try:
        return step.function(call)
    except StopIteration as error:
        # Else it would end the decision, as if that had an answer (PEP 479).
        raise RuntimeError("The function of a stub raised StopIteration") from error


def _operation(operation_id: str) -> Operation[Any]:
    operation = OPERATIONS.get(operation_id)
    if operation is None:
        near = get_close_matches(operation_id, OPERATIONS, n=3, cutoff=0.5)
        hint = ", ".join(near or OPERATIONS)
        raise ConfigError(f"There is no operation {operation_id!r}; there are {hint}.")
    return operation


def _reply(operation: Operation[Any], answer: Answer) -> Reply[Any]:
    """Return a stub's answer as a reply; TypeError where no server answers such."""
    if isinstance(answer, Reply):
        return answer
    result = operation.result
    kind = type(None) if result is None else get_origin(result) or result
    if not isinstance(answer, kind):
        raise TypeError(
            f"{operation.id} answers {getattr(result, '__name__', result)}, not"
            f" {answer!r:.100}"
        )
    return Reply(answer, version=getattr(answer, "version", None))
