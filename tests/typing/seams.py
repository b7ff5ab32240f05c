"""
Stand around a client's calls and requests as an app does; nothing runs it.

`nox -s types` holds it to mypy's and pyright's strict rules.
"""

from typing import Any, TypeVar, assert_type

from petstore_client import (
    AsyncBackend,
    AsyncBackendWrapper,
    AsyncPetstore,
    AsyncTransport,
    Attempt,
    Backend,
    BackendWrapper,
    Call,
    Petstore,
    Reply,
    Transport,
    connect,
    connect_async,
)

T = TypeVar("T")


class Counting(BackendWrapper):
    """Count calls."""

    def __init__(self, inner: Backend) -> None:
        super().__init__(inner)
        self.count = 0

    def send(self, call: Call[T]) -> Reply[T]:
        """Count a call."""
        self.count += 1
        return super().send(call)


class AsyncCounting(AsyncBackendWrapper):
    """Count calls of coroutines."""

    def __init__(self, inner: AsyncBackend) -> None:
        super().__init__(inner)
        self.count = 0

    async def send(self, call: Call[T]) -> Reply[T]:
        """Count a call."""
        self.count += 1
        return await super().send(call)


class Marking:
    """Mark requests."""

    def __init__(self, inner: Transport) -> None:
        self.inner = inner

    def handle_request(self, request: Any) -> Any:
        """Mark a request."""
        attempt: Attempt = request.extensions["petstore_attempt"]
        request.headers["x-attempt"] = str(attempt.number)
        return self.inner.handle_request(request)

    def close(self) -> None:
        """Close the transport inside."""
        self.inner.close()


class AsyncMarking:
    """Mark requests of coroutines."""

    def __init__(self, inner: AsyncTransport) -> None:
        self.inner = inner

    async def handle_async_request(self, request: Any) -> Any:
        """Mark a request."""
        request.headers["x-mark"] = "seen"
        return await self.inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Close the transport inside."""
        await self.inner.aclose()


def wrapped(url: str) -> Petstore:
    counting = Counting(connect(url, transport=Marking, timeout=3))
    assert_type(counting.with_options(retry=1), Counting)
    return Petstore(counting)


def wrapped_async(url: str) -> AsyncPetstore:
    counting = AsyncCounting(connect_async(url, transport=AsyncMarking, timeout=3))
    assert_type(counting.with_options(retry=1), AsyncCounting)
    return AsyncPetstore(counting)
