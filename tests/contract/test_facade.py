"""Both facades offer every operation, alike, and send exactly its call."""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from petstore.contract import calls
from petstore.contract.call import ByteStream, Call
from petstore.contract.errors import Forbidden, Invalid, NotFound
from petstore.contract.event import read_events
from petstore.contract.facade import AsyncPetstore, Petstore
from petstore.contract.model import Page
from petstore.contract.omit import OMIT
from petstore.contract.operations import OPERATIONS
from petstore.contract.order import OrderPatch
from petstore.contract.pager import AsyncPager, Pager
from petstore.contract.pet import Category, PetPatch, Tag
from tests.kit.backends import AsyncRecordingBackend, RecordingBackend
from tests.kit.builders import a_draft, a_pet, a_user_draft, an_order_draft

DIGEST = "0" * 64
WHEN = datetime(2030, 1, 2, tzinfo=UTC)
CATEGORY = Category(id=1, name="Dogs")
TAGS = [Tag(name="friendly")]
FILTERS = {"sort": "-id", "page_size": 10, "limit": 50, "cursor": "c"}
ANSWER = object()

# What is called on a facade, and the call that is sent then.
METHODS: dict[str, tuple[Callable[[Any], Any], Call[Any]]] = {
    "pets.get": (lambda c: c.pets.get(1), calls.get_pet_by_id(1)),
    "pets.create": (lambda c: c.pets.create(a_draft()), calls.add_pet(a_draft())),
    "pets.replace": (lambda c: c.pets.replace(a_pet()), calls.update_pet(a_pet())),
    "pets.update": (
        lambda c: c.pets.update(
            1,
            name="Rex",
            status="sold",
            category=CATEGORY,
            photo_urls=["u"],
            tags=TAGS,
        ),
        calls.patch_pet(
            1,
            PetPatch(
                name="Rex",
                status="sold",
                category=CATEGORY,
                photo_urls=["u"],
                tags=TAGS,
            ),
        ),
    ),
    "pets.update_with_form": (
        lambda c: c.pets.update_with_form(1, name="Rex", status="sold"),
        calls.update_pet_with_form(1, name="Rex", status="sold"),
    ),
    "pets.delete": (lambda c: c.pets.delete(1), calls.delete_pet(1)),
    "pets.restore": (lambda c: c.pets.restore(1), calls.restore_pet(1)),
    "pets.history": (
        lambda c: c.pets.history(1, page_size=10, cursor="c"),
        calls.get_pet_history(1, limit=10, cursor="c"),
    ),
    "pets.find_by_status": (
        lambda c: c.pets.find_by_status(["sold"]),
        calls.find_pets_by_status(["sold"]),
    ),
    "pets.find_by_tags": (
        lambda c: c.pets.find_by_tags("friendly"),
        calls.find_pets_by_tags(["friendly"]),
    ),
    "pets.upload_photo": (
        lambda c: c.pets.upload_photo(1, b"png", additional_metadata="front"),
        calls.upload_file(
            1, ByteStream(b"png", size_bytes=3), additional_metadata="front"
        ),
    ),
    "pets.photo": (lambda c: c.pets.photo(DIGEST), calls.get_photo(DIGEST)),
    "pets.list": (
        lambda c: c.pets.list(
            status="sold", tags=["friendly"], category="Dogs", q="re", **FILTERS
        ),
        calls.list_pets(
            status="sold",
            tag="friendly",
            category="Dogs",
            q="re",
            sort="-id",
            limit=10,
            cursor="c",
        ),
    ),
    "store.inventory": (lambda c: c.store.inventory(), calls.get_inventory()),
    "store.orders.place": (
        lambda c: c.store.orders.place(an_order_draft()),
        calls.place_order(an_order_draft()),
    ),
    "store.orders.get": (lambda c: c.store.orders.get(1), calls.get_order_by_id(1)),
    "store.orders.update": (
        lambda c: c.store.orders.update(
            1, pet_id=2, quantity=3, ship_date=WHEN, status="placed", complete=True
        ),
        calls.patch_order(
            1,
            OrderPatch(
                pet_id=2, quantity=3, ship_date=WHEN, status="placed", complete=True
            ),
        ),
    ),
    "store.orders.cancel": (
        lambda c: c.store.orders.cancel(1),
        calls.delete_order(1),
    ),
    "store.orders.list": (
        lambda c: c.store.orders.list(status="placed", pet_id=1, **FILTERS),
        calls.list_orders(status="placed", pet_id=1, sort="-id", limit=10, cursor="c"),
    ),
    "users.create": (
        lambda c: c.users.create(a_user_draft()),
        calls.create_user(a_user_draft()),
    ),
    "users.create_many": (
        lambda c: c.users.create_many([a_user_draft()]),
        calls.create_users_with_list([a_user_draft()]),
    ),
    "users.create_with_array": (
        lambda c: c.users.create_with_array([a_user_draft()]),
        calls.create_users_with_array([a_user_draft()]),
    ),
    "users.get": (lambda c: c.users.get("ann"), calls.get_user_by_name("ann")),
    "users.replace": (
        lambda c: c.users.replace("ann", a_user_draft()),
        calls.update_user("ann", a_user_draft()),
    ),
    "users.delete": (lambda c: c.users.delete("ann"), calls.delete_user("ann")),
    "users.list": (
        lambda c: c.users.list(sort="username", page_size=10, cursor="c"),
        calls.list_users(sort="username", limit=10, cursor="c"),
    ),
    "auth.login": (
        lambda c: c.auth.login("ann", "pw"),
        calls.create_token("ann", "pw"),
    ),
    "auth.logout": (lambda c: c.auth.logout(), calls.delete_token()),
    "auth.me": (lambda c: c.auth.me(), calls.get_token()),
    "auth.login_user": (
        lambda c: c.auth.login_user("ann", "pw"),
        calls.login_user("ann", "pw"),
    ),
    "auth.logout_user": (lambda c: c.auth.logout_user(), calls.logout_user()),
    "events": (lambda c: c.events(after=7), calls.get_events(after=7)),
}
EVENT = (
    b'event: change\nid: 8\ndata: {"cursor":"a.8","seq":8,"kind":"pet",'
    b'"entityId":1,"version":2,"action":"delete","at":"2030-01-01T00:00:00Z"}\n\n'
)
each_method = pytest.mark.parametrize("method", METHODS)
RESOURCES = ("pets", "store", "store.orders", "users", "auth")


def answer(call: Call[Any]) -> Any:
    """Give what a store would where the facade looks into it."""
    if call.operation.id == "getPhoto":
        return ByteStream([b"p", b"ng"])
    if call.operation.id == "getEvents":
        return ByteStream(EVENT)
    return Page[Any](items=[ANSWER]) if "cursor" in call.arguments else ANSWER


def expected_of(method: str) -> Any:
    if METHODS[method][1].operation.result is None:
        return None
    if method == "pets.photo":
        return b"png"
    if method == "events":
        return list(read_events(ByteStream(EVENT)))
    return [ANSWER] if "cursor" in METHODS[method][1].arguments else ANSWER


@each_method
def test_method_sends_its_call_and_returns_the_value(method):
    use, call = METHODS[method]
    backend = RecordingBackend(answer)

    value = use(Petstore(backend))
    if isinstance(value, Pager | Iterator):
        value = list(value)

    assert backend.calls == [call]
    assert value == expected_of(method)


@each_method
async def test_async_method_sends_its_call_and_returns_the_value(method):
    use, call = METHODS[method]
    backend = AsyncRecordingBackend(answer)

    value = use(AsyncPetstore(backend))
    if isinstance(value, AsyncPager | AsyncIterator):
        value = [item async for item in value]
    else:
        value = await value

    assert backend.calls == [call]
    assert value == expected_of(method)


def test_every_operation_is_offered():
    assert {call.operation.id for _, call in METHODS.values()} == set(OPERATIONS)


def test_every_method_is_in_the_table_above():
    client = Petstore(RecordingBackend(answer))

    assert set(METHODS) - {"events"} == {
        f"{resource}.{name}"
        for resource in RESOURCES
        for name in methods_of(found(client, resource))
    }


def found(client: Any, path: str) -> Any:
    """Return what lies at a dotted path."""
    for name in path.split("."):
        client = getattr(client, name)
    return client


def methods_of(holder: object) -> dict[str, Any]:
    """Return the public methods of an object by name."""
    return {
        name: method
        for name, method in inspect.getmembers(type(holder), inspect.isfunction)
        if not name.startswith("_")
    }


@pytest.mark.parametrize("resource", ["", *RESOURCES])
def test_facades_have_the_same_methods(resource):
    sync: Any = Petstore(RecordingBackend(answer))
    twin: Any = AsyncPetstore(AsyncRecordingBackend(answer))
    if resource:
        sync, twin = found(sync, resource), found(twin, resource)

    assert _shapes(methods_of(sync)) == _shapes(methods_of(twin))


def test_pagers_have_the_same_methods():
    call: Any = calls.list_users()
    sync: Pager[Any] = Pager(RecordingBackend(answer), call)
    twin: AsyncPager[Any] = AsyncPager(AsyncRecordingBackend(answer), call)

    assert _shapes(methods_of(sync)) == _shapes(methods_of(twin))


def _shapes(methods: dict[str, Any]) -> dict[str, object]:
    """Return signatures, types and docstrings, as far as they must be the same."""
    return {
        name: (
            [
                (one.name, one.kind, one.default)
                for one in inspect.signature(method).parameters.values()
            ],
            _plain(str(get_type_hints(method))),
            inspect.getdoc(method),
        )
        for name, method in methods.items()
    }


def _plain(hints: str) -> str:
    # Only coroutines can wait for pieces of a file.
    hints = hints.replace("collections.abc.AsyncIterable[bytes] | ", "")
    hints = hints.replace("pager.AsyncPager", "pager.Pager")
    return hints.replace(AsyncIterator.__name__, "Iterator")


@pytest.mark.parametrize("method", ["pets.list", "store.orders.list", "users.list"])
def test_limit_of_a_listing_is_how_many_come_in_all(method):
    backend = RecordingBackend(lambda _: Page[int](items=[1, 2], next_cursor="c"))

    pager = found(Petstore(backend), method)(limit=2)

    assert list(pager) == [1, 2]


def test_misspelt_filter_is_an_error_before_anything_is_sent():
    backend = RecordingBackend(answer)
    misspelt: Any = {"pagesize": 1}

    with pytest.raises(TypeError, match="pagesize"):
        Petstore(backend).pets.list(**misspelt)
    assert backend.calls == []


def test_wrong_argument_is_refused_before_anything_is_sent():
    backend = RecordingBackend(answer)
    wrong: Any = "1"

    with pytest.raises(Invalid):
        Petstore(backend).pets.get(wrong)
    with pytest.raises(Invalid):
        Petstore(backend).pets.update(1, tags=wrong)
    assert backend.calls == []


def test_update_tells_none_from_omit():
    backend = RecordingBackend(answer)

    Petstore(backend).pets.update(1, name=OMIT, category=None)

    (call,) = backend.calls
    assert call.arguments["patch"].model_fields_set == {"category"}
    assert call.arguments["patch"].category is None


def test_picture_may_be_a_path(tmp_path):
    backend = RecordingBackend(answer)
    path: Path = tmp_path / "rex.png"
    path.write_bytes(b"png")

    Petstore(backend).pets.upload_photo(1, path)

    content = backend.calls[0].arguments["content"]
    assert (content.file_name, content.media_type) == ("rex.png", "image/png")


def raising(error: Exception) -> Callable[[Call[Any]], Any]:
    def answer(_: Call[Any]) -> Any:
        raise error

    return answer


async def _is_refused(result: Callable[[], Any]) -> bool:
    try:
        value = result()
        if isinstance(value, Awaitable):
            await value
    except (NotFound, Forbidden):
        return True
    return False


@pytest.mark.parametrize(
    ("error", "missing_ok", "expected"),
    [
        (NotFound("No such thing."), True, False),
        (NotFound("No such thing."), False, True),
        (Forbidden("Not you."), True, True),
    ],
    ids=["missing is fine", "missing is told", "all else is told"],
)
async def test_missing_ok_swallows_only_that_it_is_missing(error, missing_ok, expected):
    clients: list[Any] = [
        Petstore(RecordingBackend(raising(error))),
        AsyncPetstore(AsyncRecordingBackend(raising(error))),
    ]

    for client in clients:
        for delete in (
            lambda c=client: c.pets.delete(1, missing_ok=missing_ok),
            lambda c=client: c.users.delete("ann", missing_ok=missing_ok),
        ):
            assert await _is_refused(delete) == expected


def test_send_gives_the_whole_reply():
    reply = Petstore(RecordingBackend(answer)).send(calls.get_pet_by_id(1))

    assert (reply.value, reply.status) == (ANSWER, 200)


async def test_async_send_gives_the_whole_reply():
    client = AsyncPetstore(AsyncRecordingBackend(answer))

    assert (await client.send(calls.get_pet_by_id(1))).value is ANSWER


def test_leaving_the_with_closes_the_backend():
    backend = RecordingBackend(answer)

    with Petstore(backend) as client:
        assert isinstance(client, Petstore)
        assert backend.close_count == 0

    assert backend.close_count == 1


async def test_leaving_the_async_with_closes_the_backend():
    backend = AsyncRecordingBackend(answer)

    async with AsyncPetstore(backend) as client:
        assert isinstance(client, AsyncPetstore)
        assert backend.close_count == 0

    assert backend.close_count == 1
