"""
Offer every operation as a typed method, over any backend.

These classes are the embeddable API and the client API alike: what answers is the
backend's business. Methods return plain values, `send` the whole reply. Wrong arguments
raise Invalid before anything is sent. Beside the errors that a method names, it raises
what any call may raise (see `errors.py`).

The two classes and their resources differ in `await` only; a test holds them equal.
"""

from collections.abc import AsyncIterator, Iterator
from types import TracebackType
from typing import Final, Self, TypeVar

from petstore.contract import calls
from petstore.contract.async_pet_facade import AsyncPets
from petstore.contract.async_shop_facade import AsyncAuth, AsyncStore, AsyncUsers
from petstore.contract.call import AsyncBackend, Backend, Call, Reply
from petstore.contract.event import Event, read_events, read_events_async
from petstore.contract.pet_facade import Pets
from petstore.contract.shop_facade import Auth, Store, Users

T = TypeVar("T")


class Petstore:
    """Call a store; leaving the `with` closes the backend."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self.pets: Final = Pets(backend)
        self.store: Final = Store(backend)
        self.users: Final = Users(backend)
        self.auth: Final = Auth(backend)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._backend!r})"

    def events(self, *, after: str | int | None = None) -> Iterator[Event]:
        """
        Yield what is written, as it happens, until the stream ends.

        Nothing is sent until it is iterated. An event's `cursor` is where to go on.

        Args:
            after: The `cursor` of an event to go on after, or the `seq` of a change of
                a history; 0 is the start, None from now on.

        Raises:
            Unauthorized, Forbidden: The caller may read nothing of it.
            Invalid: The store has no such place: it was reset or restored, or is
                another one.
            Unavailable: Too many listen already.
        """
        yield from read_events(self._backend.send(calls.get_events(after=after)).value)

    def send(self, call: Call[T]) -> Reply[T]:
        """Send a call of `calls.py`, and return the whole reply."""
        return self._backend.send(call)

    def close(self) -> None:
        """Release what the backend holds; a second time does nothing."""
        self._backend.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class AsyncPetstore:
    """Call a store from coroutines; leaving the `async with` closes the backend."""

    def __init__(self, backend: AsyncBackend) -> None:
        self._backend = backend
        self.pets: Final = AsyncPets(backend)
        self.store: Final = AsyncStore(backend)
        self.users: Final = AsyncUsers(backend)
        self.auth: Final = AsyncAuth(backend)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._backend!r})"

    async def events(self, *, after: str | int | None = None) -> AsyncIterator[Event]:
        """
        Yield what is written, as it happens, until the stream ends.

        Nothing is sent until it is iterated. An event's `cursor` is where to go on.

        Args:
            after: The `cursor` of an event to go on after, or the `seq` of a change of
                a history; 0 is the start, None from now on.

        Raises:
            Unauthorized, Forbidden: The caller may read nothing of it.
            Invalid: The store has no such place: it was reset or restored, or is
                another one.
            Unavailable: Too many listen already.
        """
        reply = await self._backend.send(calls.get_events(after=after))
        async for event in read_events_async(reply.value):
            yield event

    async def send(self, call: Call[T]) -> Reply[T]:
        """Send a call of `calls.py`, and return the whole reply."""
        return await self._backend.send(call)

    async def close(self) -> None:
        """Release what the backend holds; a second time does nothing."""
        await self._backend.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()
