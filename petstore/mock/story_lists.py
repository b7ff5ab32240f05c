"""Tell whether a list, or the inventory, has what a story says that there is."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from petstore.contract.model import Page
from petstore.contract.order import Order
from petstore.contract.pet import Pet
from petstore.contract.replies import CURSOR_HEADER
from petstore.contract.user import User
from petstore.mock.contract_lint import Read
from petstore.mock.drifts import Finding, shown
from petstore.mock.keys import Key
from petstore.mock.story_answers import body_location, of_version
from petstore.mock.world import EntityState, World

_NARROWING: Final = ("tag", "category", "q", "cursor", "tags")


def of_list(world: World, read: Read) -> Iterator[Finding]:
    """Yield what is in a list although it is gone, and what is not although it is."""
    if read.value is None:
        return
    is_page = isinstance(read.value, Page)
    items: list[Any] = read.value.items if is_page else read.value
    before = ("items",) if is_page else ()
    seen: set[Key] = set()
    for index, item in enumerate(items):
        key, steps = _key(item), (*before, index)
        if key is None:
            continue
        seen.add(key)
        known = world.entities.get(key)
        if known is not None and known.is_gone:
            words = f"a list without {key}, which {known.by} deleted"
            yield read.place.finding(body_location(read, *steps), "gone", words)
        yield from of_version(read, item, steps, known)
        yield from _of_filter(read, item, (*steps, "status"))
        world.entities[key] = EntityState(
            read.place.exchange.id, False, item, getattr(item, "version", None)
        )
    if _is_whole(read):
        yield from _of_absent(world, read, seen)
        _take_stock(world, read, items)


def of_inventory(world: World, read: Read) -> Iterator[Finding]:
    """Yield each status of which there are more, or less, pets than there should."""
    if read.value is None:
        return
    counted = Counter(read.value)
    for status, count in counted.items():
        if count < 0:
            yield read.place.finding(body_location(read, status), "stock", "0 or more")
    expected = world.inventory
    if expected is not None:
        for status in sorted(expected.keys() | counted.keys()):
            if expected[status] != counted[status]:
                words = f"{expected[status]}, as the exchanges before it say"
                location = body_location(read, status)
                yield read.place.finding(location, "stock", words)
    world.inventory = counted


def _key(item: object) -> Key | None:
    if isinstance(item, Pet):
        return Key("pet", item.id)
    if isinstance(item, Order):
        return Key("order", item.id)
    if isinstance(item, User) and item.username:
        return Key("user", item.username)
    return None


def _statuses(read: Read) -> list[str]:
    assert read.call is not None
    asked = read.call.arguments.get("status") or []
    return [str(one) for one in (asked if isinstance(asked, list) else [asked])]


def _of_filter(
    read: Read, item: Any, steps: tuple[str | int, ...]
) -> Iterator[Finding]:
    asked = _statuses(read)
    if asked and str(item.status) not in asked:
        words = f"one of those that were asked for: {', '.join(map(shown, asked))}"
        yield read.place.finding(body_location(read, *steps), "filter", words)


def _is_whole(read: Read) -> bool:
    """Tell whether a list has all pets, or all of some statuses."""
    assert read.call is not None
    if read.call.operation.tag != "pet" or read.request.method == "HEAD":
        return False
    goes_on = (
        CURSOR_HEADER in read.response.headers
        or getattr(read.value, "next_cursor", None) is not None
    )
    # The engine takes an empty list of statuses for none, and other servers for all.
    is_by_status = read.call.operation.id == "findPetsByStatus"
    is_narrow = any(name in read.call.arguments for name in _NARROWING)
    return not (goes_on or is_narrow or (is_by_status and not _statuses(read)))


def _of_absent(world: World, read: Read, seen: set[Key]) -> Iterator[Finding]:
    asked = _statuses(read)
    for key, known in list(world.living("pet")):
        if key in seen or known.value is None:
            continue
        if asked and str(known.value.status) not in asked:
            continue
        words = f"a list with {key}, which is there since {known.by}"
        yield read.place.finding(body_location(read), "absent", words)
        world.forget(key)


def _take_stock(world: World, read: Read, items: list[Any]) -> None:
    assert read.call is not None
    if read.call.operation.id == "listPets" and not _statuses(read):
        world.inventory = Counter(str(item.status) for item in items)
