"""A pager gives every item once, can go on later, and always ends."""

from typing import Any

import pytest

from petstore.contract import calls
from petstore.contract.call import Call
from petstore.contract.errors import DecodeError, Invalid
from petstore.contract.model import Page
from petstore.contract.pager import AsyncPager, Pager, Paging, page_arguments
from tests.kit.backends import AsyncRecordingBackend, RecordingBackend


def listing(count: int, *, page_size_max: int = 100):
    """Answer listings of 0, 1, 2 … ; the cursor is the next number."""

    def answer(call: Call[Any]) -> Page[int]:
        start = int(call.arguments.get("cursor", 0))
        limit = min(call.arguments.get("limit", 100), page_size_max)
        end = min(start + limit, count)
        cursor = str(end) if end < count else None
        return Page[int](items=list(range(start, end)), next_cursor=cursor)

    return answer


def pages_of(*pages: Page[int]):
    """Answer with these pages, whatever is asked."""
    rest = iter(pages)
    return lambda _: next(rest)


class Either:
    """Drive a Pager or an AsyncPager with the same words."""

    def __init__(
        self, *, is_async: bool, answer, limit=None, page_size=None, **filters: Any
    ) -> None:
        call: Any = calls.list_pets(limit=page_size, **filters)
        self.pager: Any
        self.backend: Any
        if is_async:
            self.backend = AsyncRecordingBackend(answer)
            self.pager = AsyncPager(self.backend, call, limit=limit)
        else:
            self.backend = RecordingBackend(answer)
            self.pager = Pager(self.backend, call, limit=limit)

    async def items(self, stop_at: int | None = None) -> list[int]:
        return await _taken(self.pager, stop_at)

    async def pages(self) -> list[Page[int]]:
        return await _taken(self.pager.pages(), None)

    async def first(self) -> Any:
        return await _awaited(self.pager.first())

    async def collect(self, max_items: int) -> Any:
        return await _awaited(self.pager.collect(max_items))

    @property
    def asked(self) -> list[tuple[int | None, str | None]]:
        """Return limit and cursor of each call."""
        return [
            (call.arguments.get("limit"), call.arguments.get("cursor"))
            for call in self.backend.calls
        ]


async def _awaited(value: Any) -> Any:
    return await value if hasattr(value, "__await__") else value


async def _taken(source: Any, stop_at: int | None) -> list[Any]:
    taken: list[Any] = []
    if hasattr(source, "__aiter__"):
        async for item in source:
            taken.append(item)
            if len(taken) == stop_at:
                break
        return taken
    for item in source:
        taken.append(item)
        if len(taken) == stop_at:
            break
    return taken


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def pager(request):
    def make(answer, **options: Any) -> Either:
        return Either(is_async=request.param, answer=answer, **options)

    return make


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 250])
async def test_every_item_comes_once(pager, count):
    assert await pager(listing(count)).items() == list(range(count))


async def test_nothing_is_sent_before_it_is_needed(pager):
    over = pager(listing(250))

    assert over.asked == []
    await over.items(stop_at=1)
    assert over.asked == [(None, None)]


async def test_pages_are_as_large_as_asked(pager):
    over = pager(listing(5), page_size=2)

    assert [page.items for page in await over.pages()] == [[0, 1], [2, 3], [4]]
    assert over.asked == [(2, None), (2, "2"), (2, "4")]


async def test_limit_ends_within_a_page(pager):
    over = pager(listing(250), page_size=2, limit=3)

    assert await over.items() == [0, 1, 2]
    assert over.asked == [(2, None), (1, "2")]


async def test_store_may_give_smaller_pages(pager):
    over = pager(listing(5, page_size_max=2), limit=4)

    assert await over.items() == [0, 1, 2, 3]


async def test_filters_travel_with_every_page(pager):
    over = pager(listing(4, page_size_max=2), status="sold")

    await over.items()

    assert [call.arguments["status"] for call in over.backend.calls] == [["sold"]] * 2


async def test_each_iteration_begins_anew(pager):
    over = pager(listing(3))

    assert await over.items() == await over.items()


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (1, [(1, None)]),
        (100, [(None, None)]),
        (150, [(None, None), (50, "100")]),
        (1000, [(None, None), (None, "100"), (None, "200")]),
    ],
)
async def test_limit_is_never_exceeded_and_no_more_is_asked(pager, limit, expected):
    over = pager(listing(250), limit=limit)

    assert await over.items() == list(range(min(limit, 250)))
    assert over.asked == expected


@pytest.mark.parametrize("wrong", [0, -1, "3", 1.5, True], ids=repr)
async def test_limit_that_is_no_count_is_told_before_anything_is_sent(pager, wrong):
    over = pager(listing(250))

    with pytest.raises(
        Invalid, match=r"^limit: Input should be an integer, 1 or above"
    ):
        pager(listing(250), limit=wrong)
    with pytest.raises(Invalid, match=r"^max_items: Input should be an integer, 1 or"):
        await over.collect(wrong)
    assert over.asked == []


@pytest.mark.parametrize("wrong", [0, -1, 1001, "3", True], ids=repr)
def test_page_size_is_held_to_what_a_store_gives(wrong):
    with pytest.raises(Invalid, match=r"^page_size: .* 1 to 1,000") as caught:
        page_arguments({"page_size": wrong})

    assert ["page_size"] == [one.field for one in caught.value.fields]


async def test_page_that_holds_more_than_was_asked_is_cut(pager):
    over = pager(pages_of(Page[int](items=[1, 2, 3])), limit=2)

    assert await over.items() == [1, 2]


async def test_empty_page_with_a_cursor_is_not_the_end(pager):
    over = pager(pages_of(Page[int](items=[], next_cursor="a"), Page[int](items=[1])))

    assert await over.items() == [1]


async def test_many_empty_pages_lead_to_what_is_behind_them(pager):
    def answer(call: Call[Any]) -> Page[int]:
        start = int(call.arguments.get("cursor", 0))
        items = [start] if start in (300, 400) else []
        return Page[int](
            items=items, next_cursor=str(start + 1) if start < 500 else None
        )

    assert await pager(answer).items() == [300, 400]
    assert await pager(answer).first() == 300
    over = pager(answer)
    assert await over.collect(1) == [300]
    assert over.pager.cursor == "301"


async def test_empty_pages_that_repeat_themselves_end_in_an_error(pager):
    over = pager(pages_of(*[Page[int](items=[], next_cursor="a")] * 3))

    with pytest.raises(DecodeError, match="repeats itself"):
        await over.items()


async def test_first_asks_for_one_item(pager):
    over = pager(listing(250))

    assert await over.first() == 0
    assert over.asked == [(1, None)]


async def test_first_of_nothing_is_none(pager):
    assert await pager(listing(0)).first() is None


async def test_collect_gives_what_there_is_and_not_more(pager):
    assert await pager(listing(250)).collect(120) == list(range(120))
    assert await pager(listing(3)).collect(10) == [0, 1, 2]
    assert await pager(listing(250), limit=5).collect(10) == [0, 1, 2, 3, 4]
    assert await pager(listing(250), limit=10).collect(5) == [0, 1, 2, 3, 4]


async def test_listing_goes_on_where_another_stopped(pager):
    before = pager(listing(250))
    collected = await before.collect(120)

    after = pager(listing(250), cursor=before.pager.cursor)

    assert collected + await after.items() == list(range(250))


async def test_cursor_stays_before_a_page_that_was_not_taken_in_full(pager):
    over = pager(listing(250))

    await over.items(stop_at=150)

    assert over.pager.cursor == "100"


async def test_cursor_is_none_at_the_end(pager):
    over = pager(listing(150), cursor="100")
    assert over.pager.cursor == "100"

    await over.items()

    assert over.pager.cursor is None


@pytest.mark.parametrize("cursors", [["a", "a"], ["a", "b", "a"]], ids=str)
async def test_repeated_cursor_is_an_error_after_what_it_gave(pager, cursors):
    pages = [Page[int](items=[1], next_cursor=cursor) for cursor in cursors]
    over = pager(pages_of(*pages))

    with pytest.raises(DecodeError, match="repeats itself"):
        await over.items()
    assert len(over.asked) == len(cursors)


async def test_cursor_that_leads_back_to_the_start_is_an_error(pager):
    over = pager(pages_of(Page[int](items=[1], next_cursor="a")), cursor="a")

    with pytest.raises(DecodeError):
        await over.items()


async def test_failure_of_a_page_leaves_the_cursor_before_it(pager):
    pages = listing(250)

    def answer(call: Call[Any]) -> Any:
        if call.arguments.get("cursor") == "100":
            raise DecodeError("No JSON.")
        return pages(call)

    over = pager(answer)

    with pytest.raises(DecodeError):
        await over.items()
    assert over.pager.cursor == "100"


def test_paging_of_the_facade_is_told_to_the_builder():
    paging: Paging = {"page_size": 10, "limit": 50, "cursor": "c"}

    assert page_arguments(paging) == {"limit": 10, "cursor": "c"}
    assert page_arguments({}) == {"limit": None, "cursor": None}


def test_misspelt_paging_is_an_error():
    misspelt: Any = {"pagesize": 10}

    with pytest.raises(TypeError, match="no argument pagesize"):
        page_arguments(misspelt)
