"""
Use the whole client from coroutines; type checkers read it, and nothing runs it.

Settings and errors are those of `usage.py`.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Unpack, assert_type

from petstore_client import (
    OMIT,
    ApiKey,
    AsyncPetstore,
    ByteStream,
    Event,
    Options,
    Order,
    OrderDraft,
    Page,
    Pet,
    PetChange,
    PetDraft,
    Photo,
    Progress,
    Reply,
    Token,
    TokenInfo,
    User,
    UserDraft,
    calls,
)


async def pets(client: AsyncPetstore, pieces: AsyncIterator[bytes]) -> None:
    draft = PetDraft(name="Rex", photo_urls=[])
    rex = await client.pets.create(draft, idempotency_key="7")
    assert_type(rex, Pet)
    assert_type(await client.pets.get(1), Pet)
    assert_type(await client.pets.replace(rex), Pet)
    assert_type(await client.pets.update(1, name="Max", status=None, tags=OMIT), Pet)
    assert_type(await client.pets.update_with_form(1, name="Max"), Pet)
    await client.pets.delete(1, missing_ok=True, if_version=3)
    assert_type(await client.pets.restore(1), Pet)
    async for pet in client.pets.list(status="sold", page_size=10, limit=100):
        assert_type(pet, Pet)
    assert_type(await client.pets.find_by_status(["sold", "pending"]), list[Pet])
    assert_type(await client.pets.find_by_tags("friendly"), list[Pet])
    async for change in client.pets.history(1):
        assert_type(change, PetChange)
    assert_type(await client.pets.photo("a.png"), bytes)
    assert_type(await client.pets.upload_photo(1, pieces, on_progress=show), Photo)
    assert_type(await client.pets.upload_photo(1, Path("rex.png")), Photo)


async def listing(client: AsyncPetstore) -> None:
    pager = client.pets.list(q="R", category="Dogs", sort="-name", cursor=None)
    assert_type(await pager.first(), Pet | None)
    assert_type(await pager.collect(max_items=10), list[Pet])
    async for page in pager.pages():
        assert_type(page, Page[Pet])
    assert_type(pager.cursor, str | None)


def show(progress: Progress) -> None:
    assert_type(progress.sent_bytes, int)


async def store(client: AsyncPetstore) -> None:
    assert_type(await client.store.inventory(), dict[str, int])
    order = await client.store.orders.place(OrderDraft(pet_id=1, quantity=1))
    assert_type(order, Order)
    assert_type(await client.store.orders.get(1), Order)
    assert_type(await client.store.orders.update(1, status="approved"), Order)
    await client.store.orders.cancel(1)
    async for placed in client.store.orders.list():
        assert_type(placed, Order)


async def users(client: AsyncPetstore) -> None:
    draft = UserDraft(username="ann", password="correct horse")
    ann = await client.users.create(draft, idempotency_key="8")
    assert_type(ann, User)
    assert_type(await client.users.create_many([draft]), list[User])
    assert_type(await client.users.create_with_array([draft]), list[User])
    assert_type(await client.users.get("ann"), User)
    assert_type(await client.users.replace("ann", ann), User)
    async for user in client.users.list(sort="-username"):
        assert_type(user, User)
    await client.users.delete("ann", missing_ok=True)


async def logins(client: AsyncPetstore) -> None:
    assert_type(await client.auth.login("ann", "correct horse"), Token)
    assert_type(await client.auth.login_user("ann", "correct horse"), Token)
    assert_type(await client.auth.me(), TokenInfo)
    await client.auth.logout()
    await client.auth.logout_user()


async def events(client: AsyncPetstore) -> None:
    async for event in client.events(after=0):
        assert_type(event, Event)


async def raw(client: AsyncPetstore) -> None:
    reply = await client.send(calls.get_pet_by_id(7))
    assert_type(reply, Reply[Pet])
    assert_type(reply.value, Pet)
    known = await client.send(calls.get_pet_by_id(7, unless_version=3))
    assert_type(known.value, Pet | None)
    order = await client.send(calls.get_order_by_id(7, unless_version=3))
    assert_type(order.value, Order | None)
    ann = await client.send(calls.get_user_by_name("ann", unless_version=3))
    assert_type(ann.value, User | None)
    assert_type(await client.send(calls.get_photo("a.png")), Reply[ByteStream])
    await client.close()


async def opened() -> None:
    async with AsyncPetstore("https://pets.example.com", auth=ApiKey("k")) as client:
        assert_type(client, AsyncPetstore)
        assert_type(client.with_options(timeout=2, retry=1), AsyncPetstore)


def hurried(client: AsyncPetstore, **options: Unpack[Options]) -> AsyncPetstore:
    return client.with_options(**options)
