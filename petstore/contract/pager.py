"""Walk through a listing page by page, with and without a loop."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Generic, TypedDict, TypeVar

from petstore.contract.arguments import PAGE_SIZE_DEFAULT
from petstore.contract.call import AsyncBackend, Backend, Call
from petstore.contract.errors import DecodeError
from petstore.contract.model import Page

T = TypeVar("T")


class Paging(TypedDict, total=False):
    """
    Say how to walk through a listing.

    Args:
        page_size: How many a page may hold; None leaves it to the store.
        limit: How many to give in all; None is no limit.
        cursor: Where to begin, from `Pager.cursor`; None is the start.
    """

    page_size: int | None
    limit: int | None
    cursor: str | None


class Pager(Generic[T]):
    """
    Iterate the items of a listing; pages are fetched as they are needed.

    Each iteration begins anew. `cursor` is where another listing goes on without a gap:
    it moves on once all items of a page were taken, and is None after the last page.
    """

    def __init__(
        self, backend: Backend, call: Call[Page[T]], *, limit: int | None = None
    ) -> None:
        self.cursor: str | None = call.arguments.get("cursor")
        self._backend = backend
        self._call = call
        self._limit = limit

    def __iter__(self) -> Iterator[T]:
        for page in self.pages():
            yield from page.items

    def pages(self) -> Iterator[Page[T]]:
        """
        Iterate the pages.

        Raises:
            DecodeError: The listing repeats itself and would never end.
        """
        return self._pages(self._limit)

    def first(self) -> T | None:
        """Return the first item; None when there is none."""
        return next(iter(self.collect(1)), None)

    def collect(self, max_items: int) -> list[T]:
        """Return that many items, or all where there are fewer."""
        limit = _least(max_items, self._limit)
        return [item for page in self._pages(limit) for item in page.items]

    def _pages(self, limit: int | None) -> Iterator[Page[T]]:
        walk = PageWalk(self._call, limit)
        while (call := walk.next_call()) is not None:
            page = walk.take(self._backend.send(call).value)
            yield page
            self.cursor = page.next_cursor


class AsyncPager(Generic[T]):
    """
    Iterate the items of a listing; pages are fetched as they are needed.

    Each iteration begins anew. `cursor` is where another listing goes on without a gap:
    it moves on once all items of a page were taken, and is None after the last page.
    """

    def __init__(
        self, backend: AsyncBackend, call: Call[Page[T]], *, limit: int | None = None
    ) -> None:
        self.cursor: str | None = call.arguments.get("cursor")
        self._backend = backend
        self._call = call
        self._limit = limit

    async def __aiter__(self) -> AsyncIterator[T]:
        async for page in self.pages():
            for item in page.items:
                yield item

    def pages(self) -> AsyncIterator[Page[T]]:
        """
        Iterate the pages.

        Raises:
            DecodeError: The listing repeats itself and would never end.
        """
        return self._pages(self._limit)

    async def first(self) -> T | None:
        """Return the first item; None when there is none."""
        return next(iter(await self.collect(1)), None)

    async def collect(self, max_items: int) -> list[T]:
        """Return that many items, or all where there are fewer."""
        limit = _least(max_items, self._limit)
        return [item async for page in self._pages(limit) for item in page.items]

    async def _pages(self, limit: int | None) -> AsyncIterator[Page[T]]:
        walk = PageWalk(self._call, limit)
        while (call := walk.next_call()) is not None:
            page = walk.take((await self._backend.send(call)).value)
            yield page
            self.cursor = page.next_cursor


class PageWalk(Generic[T]):
    """
    Decide which page comes next; a pager drives it.

    No page is asked for more than is wanted, so that the cursor after the last one
    leaves nothing out. It ends because a cursor that came before is an error.
    """

    def __init__(self, call: Call[Page[T]], limit: int | None) -> None:
        self._call: Call[Page[T]] | None = call
        self._page_size: int = call.arguments.get("limit", PAGE_SIZE_DEFAULT)
        self._wanted = limit
        self._cursors: set[str | None] = {call.arguments.get("cursor")}

    def next_call(self) -> Call[Page[T]] | None:
        """Return the call for the next page; None at the end."""
        call, wanted = self._call, self._wanted
        if call is None or wanted is None or wanted >= self._page_size:
            return call
        return _with(call, limit=wanted) if wanted > 0 else None

    def take(self, page: Page[T]) -> Page[T]:
        """
        Take the answer, and return what of it is wanted.

        Raises:
            DecodeError: Its cursor came before.
        """
        assert self._call is not None
        if page.next_cursor in self._cursors:
            raise DecodeError("The listing repeats itself: a cursor came twice.")
        ...
        return page


def _with(call: Call[Page[T]], **arguments: object) -> Call[Page[T]]:
    return replace(call, arguments={**call.arguments, **arguments})


def _least(one: int, other: int | None) -> int:
    return one if other is None else min(one, other)
