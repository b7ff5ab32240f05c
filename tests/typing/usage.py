"""
Use the whole client as an app does; type checkers read it, and nothing runs it.

`nox -s types` holds it to mypy's and pyright's strict rules. `usage_async.py` is the
same with `await`.
"""

from pathlib import Path
from typing import Unpack, assert_type

from petstore_client import (
    OMIT,
    ApiKey,
    Bearer,
    ByteStream,
    Event,
    FileTokens,
    NotFound,
    Omit,
    Options,
    Order,
    OrderDraft,
    Page,
    Password,
    Pet,
    PetChange,
    PetDraft,
    Petstore,
    PetstoreError,
    Photo,
    Progress,
    RemoteError,
    Reply,
    Retry,
    Settings,
    Stale,
    Tag,
    Timeout,
    Token,
    TokenInfo,
    TransportError,
    User,
    UserDraft,
    calls,
)


def pets(client: Petstore) -> None:
    rex = client.pets.create(
        PetDraft(name="Rex", photo_urls=[], tags=[Tag(name="friendly")]),
        idempotency_key="7",
    )
    assert_type(rex, Pet)
    assert_type(client.pets.get(1), Pet)
    assert_type(client.pets.replace(rex), Pet)
    assert_type(client.pets.replace(rex, if_version=None), Pet)
    assert_type(client.pets.update(1, name="Max", status=None, tags=OMIT), Pet)
    assert_type(client.pets.update_with_form(1, name="Max"), Pet)
    client.pets.delete(1, missing_ok=True, if_version=3)
    assert_type(client.pets.restore(1), Pet)
    for pet in client.pets.list(status=["sold", "pending"], page_size=10, limit=100):
        assert_type(pet, Pet)
    assert_type(client.pets.find_by_status("sold"), list[Pet])
    assert_type(client.pets.find_by_tags(["friendly", "small"]), list[Pet])
    for change in client.pets.history(1):
        assert_type(change, PetChange)
    assert_type(client.pets.photo("a.png"), bytes)
    photo = client.pets.upload_photo(1, Path("rex.png"), on_progress=show)
    assert_type(photo, Photo)


def listing(client: Petstore) -> None:
    pager = client.pets.list(q="R", category="Dogs", sort="-name", cursor=None)
    assert_type(pager.first(), Pet | None)
    assert_type(pager.collect(max_items=10), list[Pet])
    for page in pager.pages():
        assert_type(page, Page[Pet])
        assert_type(page.items, list[Pet])
    assert_type(pager.cursor, str | None)


def show(progress: Progress) -> None:
    assert_type(progress.sent_bytes, int)
    assert_type(progress.total_bytes, int | None)


def store(client: Petstore) -> None:
    assert_type(client.store.inventory(), dict[str, int])
    order = client.store.orders.place(OrderDraft(pet_id=1, quantity=1))
    assert_type(order, Order)
    assert_type(client.store.orders.get(1), Order)
    assert_type(client.store.orders.update(1, status="approved"), Order)
    client.store.orders.cancel(1)
    for placed in client.store.orders.list():
        assert_type(placed, Order)


def users(client: Petstore) -> None:
    draft = UserDraft(username="ann", password="correct horse")
    ann = client.users.create(draft, idempotency_key="8")
    assert_type(ann, User)
    assert_type(client.users.create_many([draft]), list[User])
    assert_type(client.users.create_with_array([draft]), list[User])
    assert_type(client.users.get("ann"), User)
    assert_type(client.users.replace("ann", ann), User)
    assert_type(client.users.replace("ann", draft, if_version=None), User)
    for user in client.users.list(sort="-username"):
        assert_type(user, User)
    client.users.delete("ann", missing_ok=True)


def logins(client: Petstore) -> None:
    assert_type(client.auth.login("ann", "correct horse"), Token)
    assert_type(client.auth.login_user("ann", "correct horse"), Token)
    assert_type(client.auth.me(), TokenInfo)
    client.auth.logout()
    client.auth.logout_user()


def events(client: Petstore) -> None:
    for event in client.events(after=0):
        assert_type(event, Event)
        assert_type(event.seq, int)
        assert_type(event.kind, str)


def raw(client: Petstore) -> None:
    reply = client.send(calls.get_pet_by_id(7))
    assert_type(reply, Reply[Pet])
    assert_type(reply.value, Pet)
    assert_type(reply.version, int | None)
    known = client.send(calls.get_pet_by_id(7, unless_version=3))
    assert_type(known.value, Pet | None)
    order = client.send(calls.get_order_by_id(7, unless_version=3))
    assert_type(order.value, Order | None)
    ann = client.send(calls.get_user_by_name("ann", unless_version=3))
    assert_type(ann.value, User | None)
    assert_type(client.send(calls.get_photo("a.png")), Reply[ByteStream])
    assert_type(client.with_options(timeout=2, retry=1), Petstore)
    client.close()


def refusals(client: Petstore) -> str:
    try:
        client.pets.get(1)
    except NotFound as error:
        return f"{error.code} {error.status} {error.request_id}"
    except Stale as error:
        return error.message
    except TransportError as error:
        return error.sent
    except RemoteError as error:
        return str(error.fields)
    except PetstoreError as error:
        assert_type(error.code, str)
        return f"{error.operation} {error.attempts} {error.retry_after_s}"
    return ""


def settings() -> list[Petstore]:
    return [
        Petstore("https://pets.example.com", auth=ApiKey("k"), timeout=30, retry=4),
        Petstore("https://pets.example.com/v2", auth=Bearer("t")),
        Petstore("https://pets.example.com", flavour="v3", retry=Retry(attempts=2)),
        Petstore(
            "https://pets.example.com",
            auth=Password("ann", "pw", tokens=FileTokens(Path("token.json"))),
            timeout=Timeout(total=5, read=2),
        ),
        Petstore(
            "https://pets.example.com",
            auth=Password("ann", "pw", tokens=FileTokens("token.json")),
        ),
        Petstore("memory:"),
        Petstore(),
    ]


def rename(client: Petstore, name: str | Omit = OMIT) -> Pet:
    return client.pets.update(1, name=name)


def shop(**settings: Unpack[Settings]) -> Petstore:
    return Petstore("https://pets.example.com", **settings)


def hurried(client: Petstore, **options: Unpack[Options]) -> Petstore:
    return client.with_options(**options)
