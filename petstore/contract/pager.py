"""Walk through a listing page by page, with and without a loop."""

import math
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Generic, TypedDict, TypeVar

from petstore.contract.arguments import PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX
from petstore.contract.call import AsyncBackend, Backend, Call
from petstore.contract.calls import PageArguments
from petstore.contract.checks import invalid
from petstore.contract.errors import DecodeError, FieldProblem
from petstore.contract.model import Page

T = TypeVar("T")


class Paging(TypedDict, total=False):
    """
    Say how to walk through a listing.

    Args:
        page_size: How many a page may hold, 1 to 1,000; None leaves it to the store.
        limit: How many to give in all, 1 or more; None is no limit.
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
    A page that is short or even empty is not the last one, while it has a cursor.
    """

    def __init__(
        self, backend: Backend, call: Call[Page[T]], *, limit: int | None = None
    ) -> None:
        _check_count("limit", limit)
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
        """
        Return that many items, or all where there are fewer.

        Raises:
            Invalid: It is not 1 or more.
        """
        _check_count("max_items", max_items)
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
    A page that is short or even empty is not the last one, while it has a cursor.
    """

    def __init__(
        self, backend: AsyncBackend, call: Call[Page[T]], *, limit: int | None = None
    ) -> None:
        _check_count("limit", limit)
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
        """
        Return that many items, or all where there are fewer.

        Raises:
            Invalid: It is not 1 or more.
        """
        _check_count("max_items", max_items)
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
    leaves nothing out.
    """

    def __init__(self, call: Call[Page[T]], limit: int | None) -> None:
        self._call = call
        self._page_size: int = call.arguments.get("limit", PAGE_SIZE_DEFAULT)
        self._wanted = limit
        self._cursor: str | None = call.arguments.get("cursor")
        self._asked: set[str | None] = set()
        self._is_at_end = False

    def next_call(self) -> Call[Page[T]] | None:
        """
        Return the call for the next page; None at the end.

        Raises:
            DecodeError: That page was asked for before; there would be no end.
        """
        if self._is_at_end or (self._wanted is not None and self._wanted <= 0):
            return None
        if self._cursor in self._asked:
            raise DecodeError("The listing repeats itself: a cursor came twice.")
        self._asked.add(self._cursor)
        arguments = dict(self._call.arguments)
        if self._cursor is not None:
            arguments["cursor"] = self._cursor
        if self._wanted is not None and self._wanted < self._page_size:
            arguments["limit"] = self._wanted
        return replace(self._call, arguments=arguments)

    def take(self, page: Page[T]) -> Page[T]:
        """Take the page that was asked for, and return what of it is wanted."""
        self._cursor = page.next_cursor
        self._is_at_end = page.next_cursor is None
        if self._wanted is None:
            return page
        items = page.items[: self._wanted]
        self._wanted -= len(items)
        return page.model_copy(update={"items": items})


def page_arguments(paging: Paging) -> PageArguments:
    """
    Return what a builder takes of it.

    Raises:
        Invalid: The page size is none that a store gives.
    """
    unknown = paging.keys() - Paging.__annotations__.keys()
    if unknown:
        # Type checkers see it in an Unpack; at run time it would go unnoticed.
        raise TypeError(f"A listing takes no argument {', '.join(unknown)}")
    page_size = paging.get("page_size")
    _check_count("page_size", page_size, PAGE_SIZE_MAX)
    return {"limit": page_size, "cursor": paging.get("cursor")}


def _check_count(name: str, count: object, count_max: int | None = None) -> None:
    """Refuse what is no count, under the name that the caller has for it."""
    if count is None:
        return
    most = math.inf if count_max is None else count_max
    # True is an int, but no count.
    if isinstance(count, int) and not isinstance(count, bool) and 1 <= count <= most:
        return
    bound = "1 or above" if count_max is None else f"1 to {count_max:,}"
    right = f"Input should be an integer, {bound}"
    raise invalid([FieldProblem(name, right, "count")])


def _least(one: int, other: int | None) -> int:
    return one if other is None else min(one, other)
