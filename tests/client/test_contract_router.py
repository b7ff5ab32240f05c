"""A respx router answers the whole contract, and a test tells single routes."""

import asyncio
import gc
import sys
from typing import Any

import httpx
import pytest
from respx.models import AllMockedAssertionError

from petstore.contract import calls
from petstore.contract.errors import (
    ConfigError,
    Invalid,
    NotAcceptable,
    NotFound,
    NotSupported,
    ServerFault,
    TransportError,
    Unauthorized,
    Unavailable,
)
from petstore.contract.flavours import face
from petstore_client import AsyncPetstore, Password, Petstore, Retry
from petstore_client.testing import AsyncFake, Fake, Fault, Faults, router
from tests.client.conftest import PATHS
from tests.kit.builders import a_draft, a_pet, a_user_draft
from tests.kit.pictures import PNG

ORIGIN = "http://petstore.test"
FLAVOURS = pytest.mark.parametrize("flavour", PATHS)


def client_of(routes: Any, url: str = ORIGIN, **settings: Any) -> Petstore:
    settings.setdefault("transport", httpx.MockTransport(routes.handler))
    return Petstore(url, **settings)


def async_client_of(routes: Any, url: str = ORIGIN) -> AsyncPetstore:
    return AsyncPetstore(url, transport=httpx.MockTransport(routes.async_handler))


@FLAVOURS
def test_each_operation_has_a_route_of_its_name(flavour):
    routes = router(ORIGIN, flavour=flavour)

    names = [route.name for route in routes.routes]

    assert sorted(face(flavour, "strict").routes) == sorted(map(str, names))
    assert len(set(names)) == len(names)


@FLAVOURS
def test_pet_lives_from_create_to_delete(flavour):
    with client_of(router(ORIGIN + PATHS[flavour]), flavour=flavour) as client:
        created = client.pets.create(a_draft(name="Rex"))
        client.pets.update_with_form(created.id, status="sold")

        assert client.pets.get(created.id).status == "sold"
        client.pets.delete(created.id)
        with pytest.raises(NotFound, match=f"no pet {created.id}") as raised:
            client.pets.get(created.id)
    assert raised.value.request_id is not None


@FLAVOURS
async def test_coroutines_are_answered_by_the_same_routes(flavour):
    routes = router(ORIGIN, flavour=flavour)
    async with async_client_of(routes, ORIGIN + PATHS[flavour]) as client:
        name = "b/ob %2F?#"
        await client.users.create(a_user_draft(username=name))

        assert (await client.users.get(name)).username == name
    assert 2 <= len(routes.calls)


def test_route_that_is_told_answers_as_told():
    routes = router(ORIGIN)
    routes["getPetById"].respond(404)
    routes["getInventory"].mock(side_effect=[httpx.ConnectError("down")])
    with client_of(routes, retry=1) as client:
        with pytest.raises(NotFound):
            client.pets.get(1)
        with pytest.raises(TransportError, match="cannot be reached"):
            client.store.inventory()

        assert client.pets.list().collect(1)[0].id == 1
    assert routes["getPetById"].called
    assert not routes["addPet"].called


def test_route_may_fail_for_a_while_and_then_answer_as_before():
    routes = router(ORIGIN)
    get: Any = routes["getPetById"]
    get.side_effect = [httpx.Response(503), httpx.ReadError, get.side_effect]
    with client_of(routes, retry=Retry(base_s=0)) as client:
        reply = client.send(calls.get_pet_by_id(1))

    assert (3, "Cat 1") == (reply.attempts, reply.value.name)


def test_inside_of_the_router_whatever_uses_httpx_is_answered():
    with router(ORIGIN) as routes:
        routes["getPetById"].respond(418)

        assert httpx.get(f"{ORIGIN}/pet/1").status_code == 418
        with Petstore(ORIGIN) as client:
            assert client.pets.list().collect(1)[0].id == 1
    assert (
        httpx.MockTransport(routes.handler)
        .handle_request(httpx.Request("GET", f"{ORIGIN}/pet/1"))
        .is_success
    )


async def test_inside_of_the_router_coroutines_are_answered():
    async with router(ORIGIN), AsyncPetstore(ORIGIN) as client:
        assert (await client.pets.get(1)).name == "Cat 1"


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("GET", f"{ORIGIN}/shop/v2/petz"),
        ("PATCH", f"{ORIGIN}/shop/v2/pet/1"),
        ("GET", f"{ORIGIN}/shop/v2"),
        ("GET", f"{ORIGIN}/shop/v2xpet/1"),
        ("GET", f"{ORIGIN}/shop/pet/1"),
        ("GET", f"{ORIGIN}/v2/pet/1"),
        ("GET", f"{ORIGIN}:81/shop/v2/pet/1"),
        ("GET", "https://petstore.test/shop/v2/pet/1"),
        ("GET", "http://other.test/shop/v2/pet/1"),
    ],
)
def test_what_is_no_operation_is_told(method, url):
    routes = router(f"{ORIGIN}/shop/v2")

    with pytest.raises(AllMockedAssertionError, match=f"{method}.*{url}.*not mocked"):
        routes.handler(httpx.Request(method, url))


def test_route_of_ones_own_lies_below_the_base():
    routes = router(f"{ORIGIN}/shop/v2")
    routes.get("/health").respond(204)
    request = httpx.Request("GET", f"{ORIGIN}/shop/v2/health")

    assert 204 == routes.handler(request).status_code


def test_fake_of_the_caller_answers_and_logs():
    fake = Fake(seed="empty")
    fake.stub("getPetById", a_pet(id=7, version=3), times=1)
    fake.stub("getInventory", Unavailable("Busy.", retry_after=4))
    with client_of(router(ORIGIN, fake=fake), retry=1) as client:
        assert client.pets.get(7).version == 3
        with pytest.raises(Unavailable, match="Busy") as raised:
            client.store.inventory()

    assert 4 == raised.value.retry_after_s
    assert ["getPetById", "getInventory"] == [one.operation.id for one in fake.calls]
    fake.close()


def test_plan_of_the_fake_is_met_on_the_wire():
    fake = Fake(Faults([Fault.drop(), Fault.lost(), Fault.unavailable()]), seed="empty")
    with client_of(router(ORIGIN, fake=fake), retry=Retry(base_s=0)) as client:
        reply = client.send(calls.add_pet(a_draft()))

        assert reply.attempts == 4
        assert [reply.value] == client.pets.list().collect(9)
    fake.close()


def test_what_a_stub_raises_beside_the_errors_of_a_server_reaches_the_test():
    fake = Fake()
    fake.stub("getPetById", ZeroDivisionError())
    client = client_of(router(ORIGIN, fake=fake))
    with client, pytest.raises(ZeroDivisionError):
        client.pets.get(1)
    fake.close()


def test_input_is_refused_as_a_server_does():
    routes = router(ORIGIN)

    unread = routes.handler(httpx.Request("POST", f"{ORIGIN}/pet", json={"name": 1}))
    unknown = routes.handler(httpx.Request("GET", f"{ORIGIN}/pet/x"))
    answer = httpx.Request("GET", f"{ORIGIN}/v2/pet/1", headers={"accept": "text/csv"})
    unwritten = router(f"{ORIGIN}/v2").handler(answer)

    assert [Invalid.status, 400, NotAcceptable.status] == [
        one.status_code for one in (unread, unknown, unwritten)
    ]
    assert unread.json()["fields"][0]["field"].startswith("body")


def test_what_could_not_be_answered_is_not_done():
    fake = Fake(seed="empty")
    accept = {"accept": "text/csv"}
    pet = {"name": "Rex", "photoUrls": []}
    request = httpx.Request("POST", f"{ORIGIN}/v2/pet", headers=accept, json=pet)

    answer = router(f"{ORIGIN}/v2", fake=fake).handler(request)

    assert NotAcceptable.status == answer.status_code
    assert [] == fake.store.pets.list().collect(1)
    fake.close()


def test_compatible_faces_speak_xml():
    accept = {"accept": "application/xml"}
    request = httpx.Request("GET", f"{ORIGIN}/v2/pet/1", headers=accept)

    answer = router(f"{ORIGIN}/v2").handler(request)

    assert "<name>Cat 1</name>" in answer.text


def test_version_that_is_known_is_not_sent_again():
    with client_of(router(ORIGIN)) as client:
        version = client.pets.get(1).version
        reply = client.send(calls.get_pet_by_id(1, unless_version=version))

    assert (304, True, version) == (reply.status, reply.value is None, reply.version)


def test_request_id_of_the_client_comes_back():
    headers = {"x-request-id": "mine"}
    routes = router(ORIGIN)

    given = routes.handler(httpx.Request("GET", f"{ORIGIN}/pet/1", headers=headers))
    made = [
        routes.handler(httpx.Request("GET", f"{ORIGIN}/pet/1")).headers["x-request-id"]
        for _ in range(2)
    ]

    assert "mine" == given.headers["x-request-id"]
    assert len({*made, "mine"}) == 3


@FLAVOURS
def test_picture_is_uploaded(flavour):
    with client_of(router(ORIGIN, flavour=flavour), ORIGIN + PATHS[flavour]) as client:
        photo = client.pets.upload_photo(1, PNG)

        assert photo.pet is None or photo.pet.id == 1
        assert any(url.startswith("/photos/") for url in client.pets.get(1).photo_urls)


@pytest.mark.parametrize("kind", [None, AsyncFake])
async def test_picture_is_downloaded_by_coroutines(kind):
    fake = None if kind is None else kind()
    routes = router(ORIGIN, fake=fake)
    async with async_client_of(routes) as client:
        await client.pets.upload_photo(1, PNG)
        (url,) = [
            one
            for one in (await client.pets.get(1)).photo_urls
            if one.startswith("/photos/")
        ]

        assert await client.pets.photo(url.removeprefix("/photos/")) == PNG
    if fake is not None:
        await fake.close()


def test_picture_is_downloaded():
    with client_of(router(ORIGIN)) as client:
        client.pets.upload_photo(1, PNG)
        url = client.pets.get(1).photo_urls[-1]

        assert client.pets.photo(url.removeprefix("/photos/")) == PNG


def test_events_are_followed():
    fake = Fake(seed="empty")
    with client_of(router(ORIGIN, fake=fake)) as client:
        events: Any = client.events(after=0)
        created = client.pets.create(a_draft())
        client.pets.delete(created.id)

        assert ["create", "delete"] == [next(events).action for _ in range(2)]
        events.close()
    fake.close()


async def test_coroutines_follow_events_of_an_async_fake():
    fake = AsyncFake(seed="empty")
    async with async_client_of(router(ORIGIN, fake=fake)) as client:
        created = await client.pets.create(a_draft())
        events: Any = client.events(after=0)
        first = await anext(events)
        following = asyncio.create_task(anext(events))
        await client.pets.delete(created.id)

        assert ["create", "delete"] == [first.action, (await following).action]
        await events.aclose()
    await fake.close()


async def test_coroutines_that_would_wait_with_the_whole_loop_are_told():
    async with async_client_of(router(ORIGIN)) as client:
        with pytest.raises(NotSupported, match=r"fake=AsyncFake\(\)"):
            await anext(client.events(after=0))


async def test_async_fake_answers_coroutines():
    fake = AsyncFake(seed="empty")
    routes = router(ORIGIN, fake=fake)
    async with async_client_of(routes) as client:
        with pytest.raises(NotFound):
            await client.pets.get(1)
        with pytest.raises(AllMockedAssertionError):
            await routes.async_handler(httpx.Request("GET", f"{ORIGIN}/petz"))

        assert 1 == len(fake.calls)
    await fake.close()


def test_async_fake_answers_nobody_else():
    routes = router(ORIGIN, fake=AsyncFake())

    with pytest.raises(ConfigError, match="coroutines only"):
        routes.handler(httpx.Request("GET", f"{ORIGIN}/pet/1"))


def test_client_logs_in():
    auth = Password("user1", "XXXXXXXXXXX")
    with client_of(router(ORIGIN), auth=auth) as client:
        assert client.pets.get(1).name == "Cat 1"


def test_client_of_a_server_that_wants_credentials_is_refused():
    routes = router(ORIGIN)
    routes["getPetById"].respond(Unauthorized.status)
    routes["addPet"].respond(ServerFault.status)
    with client_of(routes, retry=1) as client:
        with pytest.raises(Unauthorized):
            client.pets.get(1)
        with pytest.raises(ServerFault):
            client.pets.create(a_draft())


@pytest.mark.parametrize(
    ("url", "flavour", "message"),
    [
        ("memory:", None, "names a store"),
        ("http://", None, "names no server"),
        ("http://a.test/v2", "v3", "leave one of them out"),
        ("http://a.test", "v4", "no flavour 'v4'"),
    ],
)
def test_wrong_base_is_told(url, flavour, message):
    with pytest.raises(ConfigError, match=message):
        router(url, flavour=flavour)


def test_without_respx_the_router_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "respx", None)

    with pytest.raises(ConfigError, match=r"pip install 'petstore\[testing\]'"):
        router(ORIGIN)


def test_router_that_is_dropped_closes_the_fake_that_nobody_else_knows():
    routes = router(ORIGIN)
    answers: Any = routes["getPetById"].side_effect
    fake = answers.__self__._fake
    del routes, answers
    gc.collect()

    with pytest.raises(Unavailable):
        fake.store.pets.get(1)
