"""Give every group of methods of a facade the way to its backend."""

from typing import TypeVar

from petstore.contract.call import AsyncBackend, Backend, Call
from petstore.contract.model import Page
from petstore.contract.pager import AsyncPager, Pager, Paging

T = TypeVar("T")


class Resource:
    """Send the calls of one group of methods."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    @property
    def _origin(self) -> str | None:
        return origin_of(self._backend)

    def _send(self, call: Call[T]) -> T:
        return self._backend.send(call).value

    def _pager(self, call: Call[Page[T]], paging: Paging) -> Pager[T]:
        return Pager(self._backend, call, limit=paging.get("limit"))


class AsyncResource:
    """Send the calls of one group of methods."""

    def __init__(self, backend: AsyncBackend) -> None:
        self._backend = backend

    @property
    def _origin(self) -> str | None:
        return origin_of(self._backend)

    async def _send(self, call: Call[T]) -> T:
        return (await self._backend.send(call)).value

    def _pager(self, call: Call[Page[T]], paging: Paging) -> AsyncPager[T]:
        return AsyncPager(self._backend, call, limit=paging.get("limit"))


def origin_of(backend: object) -> str | None:
    """Return scheme, host and port of the server that a backend asks, if it has one."""
    origin = getattr(backend, "origin", None)
    return origin if isinstance(origin, str) else None
