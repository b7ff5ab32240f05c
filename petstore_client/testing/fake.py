"""Be a store for the unit tests of an app: in memory, observed, and told to fail."""

import asyncio
import copy
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar, Unpack

from petstore.contract.call import AsyncBackend, Backend, Call, Reply
from petstore.contract.errors import PetstoreError
from petstore.contract.facade import AsyncPetstore, Petstore
from petstore.contract.faults import Faults
from petstore_client.backends.embedded import OpenedLate, embedded
from petstore_client.options import Timeout, retry_of, timeout_of
from petstore_client.settings import Options as CallOptions
from petstore_client.testing.script import Answer, Ask, Run, Script, Step, Wait, run

if TYPE_CHECKING:
    from petstore_client.backends.embedded import Options

T = TypeVar("T")

_MEMORY: Final = "memory:"


class _Told:
    """Do what a fake does without waiting."""

    def __init__(self, faults: Faults | None, timeout: Timeout | float | None) -> None:
        self._script = Script(Faults() if faults is None else faults)
        self._timeout = timeout_of(Timeout() if timeout is None else timeout)
        self._is_root = True

    def __repr__(self) -> str:
        return f"{type(self).__name__}({_MEMORY})"

    @property
    def calls(self) -> list[Call[Any]]:
        """Return all calls so far, in order, also those that failed."""
        return self._script.calls

    def calls_of(self, operation_id: str) -> list[Call[Any]]:
        """
        Return the calls of one operation, in order.

        Raises:
            ConfigError: There is no such operation.
        """
        return self._script.calls_of(operation_id)

    def stub(
        self, operation_id: str, answer: Answer, *, times: int | None = None
    ) -> None:
        """
        Answer an operation without the store.

        Args:
            answer: The value (or a whole Reply), an exception to raise, or a function
                that is given the call and returns or raises one.
            times: For so many calls; those stubs go first, in the order in which they
                were given. None is for ever, in place of the one before.

        Raises:
            ConfigError: There is no such operation, or no such stub.
            TypeError: The operation answers something else.
        """
        self._script.stub(operation_id, answer, times)

    def clear(self) -> None:
        """Forget all calls and all stubs; the store keeps what is in it."""
        self._script.clear()

    def with_options(self, **options: Unpack[CallOptions]) -> Self:
        """
        Return what has the same store, log, stubs and faults, and another timeout.

        Of the other options it has no use, so that an app that sets them can be tested.

        Raises:
            ConfigError: An option is not what it should be.
        """
        timeout, retry = options.get("timeout"), options.get("retry")
        fake = copy.copy(self)
        fake._is_root = False
        if timeout is not None:
            fake._timeout = timeout_of(timeout)
        if retry is not None:
            retry_of(retry)
        return fake


class Fake(_Told):
    """
    Answer calls in this process: `petstore_client.Petstore(Fake())`.

    There are no retries: a fault is what the app is told in the end. Close it, as
    leaving the client's `with` does.

    Args:
        faults: What goes wrong.
        sleep: Waits; give a function that notes the seconds, and no time passes.
        timeout: Or only its total: a longer delay is DeadlineExceeded.
        options: First data, profile, clock and the like, as `petstore.open` takes them.

    Raises:
        ConfigError: An option is not what it should be.
    """

    def __init__(
        self,
        faults: Faults | None = None,
        *,
        sleep: Callable[[float], object] = time.sleep,
        timeout: Timeout | float | None = None,
        **options: "Unpack[Options]",
    ) -> None:
        super().__init__(faults, timeout)
        self._backend: Backend = embedded(_MEMORY, **options)
        self._sleep = sleep

    @property
    def store(self) -> Petstore:
        """Return the store behind: what is done there is not logged or failed."""
        return Petstore(self._backend)

    def send(self, call: Call[T]) -> Reply[T]:
        """
        Log a call, and answer it as it was told, else as the store does.

        Raises:
            PetstoreError: The store refuses, or a stub or a fault says so.
        """
        play = self._script.play(call, self._timeout.total)
        try:
            step = next(play)
            while True:
                try:
                    outcome = self._do(step, call)
                except PetstoreError as error:
                    step = play.throw(error)
                else:
                    step = play.send(outcome)
        except StopIteration as end:
            reply: Reply[T] = end.value
            return reply

    def close(self) -> None:
        """Close the store, unless this one only has other options."""
        if self._is_root:
            self._backend.close()

    def _do(self, step: Step, call: Call[Any]) -> Any:
        if isinstance(step, Ask):
            return self._backend.send(call)
        if isinstance(step, Run):
            return run(step, call)
        assert isinstance(step, Wait)
        return self._sleep(step.seconds)


class AsyncFake(_Told):
    """
    Answer calls of coroutines; else as `Fake`.

    The store is opened at the first call that needs it, in the event loop of that. A
    stub's function may be a coroutine function.
    """

    def __init__(
        self,
        faults: Faults | None = None,
        *,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        timeout: Timeout | float | None = None,
        **options: "Unpack[Options]",
    ) -> None:
        super().__init__(faults, timeout)
        self._backend: AsyncBackend = OpenedLate(_MEMORY, **options)
        self._sleep = sleep

    @property
    def store(self) -> AsyncPetstore:
        """Return the store behind: what is done there is not logged or failed."""
        return AsyncPetstore(self._backend)

    async def send(self, call: Call[T]) -> Reply[T]:
        """Log a call, and answer it; see `Fake.send`."""
        play = self._script.play(call, self._timeout.total)
        try:
            step = next(play)
            while True:
                try:
                    outcome = await self._do(step, call)
                except PetstoreError as error:
                    step = play.throw(error)
                else:
                    step = play.send(outcome)
        except StopIteration as end:
            reply: Reply[T] = end.value
            return reply

    async def close(self) -> None:
        """Close the store, unless this one only has other options."""
        if self._is_root:
            await self._backend.close()

    async def _do(self, step: Step, call: Call[Any]) -> Any:
        if isinstance(step, Ask):
            return await self._backend.send(call)
        if isinstance(step, Run):
            made = run(step, call)
            return await made if inspect.isawaitable(made) else made
        assert isinstance(step, Wait)
        return await self._sleep(step.seconds)
