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

    def _send(self, call: Call[T]) -> T:
        return self._backend.send(call).value

    def _pager(self, call: Call[Page[T]], paging: Paging) -> Pager[T]:
        return Pager(self._backend, call, limit=paging.get("limit"))


class AsyncResource:
    """Send the calls of one group of methods."""

    def __init__(self, backend: AsyncBackend) -> None:
        self._backend = backend

    async def _send(self, call: Call[T]) -> T:
        return (await self._backend.send(call)).value

    def _pager(self, call: Call[Page[T]], paging: Paging) -> AsyncPager[T]:
        return AsyncPager(self._backend, call, limit=paging.get("limit"))
