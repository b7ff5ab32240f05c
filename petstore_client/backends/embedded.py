"""Let a store in this process answer; the only module here that loads the engine."""

import asyncio
from typing import TYPE_CHECKING, TypeVar, Unpack

from petstore.contract.call import Backend, Call, Reply
from petstore.contract.errors import Unavailable

if TYPE_CHECKING:
    from petstore.embed import AsyncEmbedded, Opening
    from petstore.embed import Options as Options

T = TypeVar("T")


def embedded(url: str, **options: "Unpack[Options]") -> Backend:
    """
    Open a store, as `petstore.open` does.

    Raises:
        ConfigError: There is no such store, or no such option.
        Unavailable: A store on Postgres cannot be reached.
    """
    import petstore

    return petstore.open(url, **options)


class OpenedLate:
    """Open a store at the first call, when there is a loop to open it in."""

    def __init__(self, url: str, **options: "Unpack[Options]") -> None:
        import petstore

        self._opening: Opening = petstore.open_async(url, **options)
        self._lock = asyncio.Lock()
        self._opened: AsyncEmbedded | None = None
        self._is_closed = False

    def __repr__(self) -> str:
        return repr(self._opened or self._opening)

    async def send(self, call: Call[T]) -> Reply[T]:
        """
        Answer a call.

        Raises:
            ConfigError: There is no such store.
            Unavailable: It is closed, or Postgres cannot be reached.
        """
        self._require_open()
        opened = self._opened or await self._open()
        return await opened.send(call)

    async def close(self) -> None:
        """Close the store; a second time does nothing."""
        self._is_closed = True
        # A first call that is opening the store ends before.
        async with self._lock:
            if self._opened is not None:
                await self._opened.close()

    async def _open(self) -> "AsyncEmbedded":
        async with self._lock:
            # The close may have come while this call waited.
            self._require_open()
            self._opened = self._opened or await self._opening
            return self._opened

    def _require_open(self) -> None:
        if self._is_closed:
            raise Unavailable("The client is closed.")
