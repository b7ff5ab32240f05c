"""Wait for what coroutines give, so that one test body serves both kinds of client."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from inspect import isawaitable
from typing import Any, cast

from petstore.contract.call import AsyncBackend, Backend, Call, Reply
from petstore.contract.pager import AsyncPager, Pager
from petstore.contract.resource import AsyncResource
from petstore_client import AsyncPetstore, Petstore


class Waiting:
    """Wait for each call of a backend for coroutines."""

    def __init__(self, inner: AsyncBackend, runner: asyncio.Runner) -> None:
        self._inner = inner
        self._runner = runner

    def send(self, call: Call[Any]) -> Reply[Any]:
        """Send a call and wait."""
        return self._runner.run(self._inner.send(call))

    def close(self) -> None:
        """Close the backend and wait."""
        self._runner.run(self._inner.close())


class InTurn:
    """Let the backends of one store answer in turn."""

    def __init__(self, *backends: Backend) -> None:
        self._backends = backends
        self._turns = itertools.cycle(backends)

    def send(self, call: Call[Any]) -> Reply[Any]:
        """Send a call by the next one."""
        return next(self._turns).send(call)

    def close(self) -> None:
        """Close all of them."""
        for backend in self._backends:
            backend.close()


def waited(client: AsyncPetstore, runner: asyncio.Runner) -> Petstore:
    """Return what calls the methods of an asynchronous client as one that waits."""
    return cast(Petstore, _Waited(client, runner))


class _Waited:
    """Wait for whatever the methods of a facade, a resource or a pager return."""

    def __init__(self, inner: Any, runner: asyncio.Runner) -> None:
        self._inner = inner
        self._runner = runner

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._inner, name)
        if isinstance(member, AsyncResource):
            return _Waited(member, self._runner)
        return self._waiting(member) if callable(member) else member

    def _waiting(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **named: Any) -> Any:
            outcome = method(*args, **named)
            if isawaitable(outcome):
                return self._runner.run(_result(outcome))
            if isinstance(outcome, AsyncPager):
                return cast(Pager[Any], _WaitedPager(outcome, self._runner))
            if isinstance(outcome, AsyncIterator):
                return _iterate(outcome, self._runner)
            return outcome

        return call


class _WaitedPager(_Waited):
    def __iter__(self) -> Iterator[Any]:
        return _iterate(aiter(self._inner), self._runner)


def _iterate(items: AsyncIterator[Any], runner: asyncio.Runner) -> Iterator[Any]:
    try:
        while (item := runner.run(_result(anext(items, None)))) is not None:
            yield item
    finally:
        close = getattr(items, "aclose", None)
        if close is not None:
            runner.run(close())


async def _result(outcome: Any) -> Any:
    return await outcome
