"""Routes of respx are answered from a session."""

import httpx
import pytest
import respx

from petstore.mock.faults import FaultRules
from petstore.mock.misses import UnmatchedRequest
from petstore.mock.opening import open_session
from petstore.mock.respx_door import mock_router, side_effect
from tests.mock.builders import JSON, a_session, an_exchange
from tests.mock.doors import BASE_URL, async_client, sync_client
from tests.mock.servers import served

PET = {"id": 7, "name": "Mimi", "photoUrls": []}


def a_pet():
    return an_exchange(response={"headers": JSON, "json": PET, "encoding": "gzip"})


def an_upload():
    request = {"headers": JSON, "json": {"name": "Mimi"}}
    return an_exchange("POST /pet", id="addPet-1", request=request, status=201)


def sync_routed(router, line, **options):
    return sync_client(httpx.MockTransport(router.handler), line, **options)


def async_routed(router, line, **options):
    return async_client(httpx.MockTransport(router.async_handler), line, **options)


def sync_patched(router, line, **options):
    with router:
        return sync_client(None, line, **options)


def async_patched(router, line, **options):
    with router:
        return async_client(None, line, **options)


EVERY = pytest.mark.parametrize(
    "ask", [sync_routed, async_routed, sync_patched, async_patched]
)


@EVERY
def test_a_router_answers_every_client(ask):
    session = a_session(a_pet(), an_upload())

    found = ask(mock_router(session), "GET /pet/7")
    made = ask(mock_router(session), "POST /pet", json={"name": "Mimi"})

    assert PET == found.json()
    assert "gzip" == found.headers["content-encoding"]
    assert (201, b"") == (made.status_code, made.content)
    assert 2 == session.report().played


@EVERY
def test_events_come_whole(ask):
    response = {"chunks": ["data: 1\n\n", "data: 2\n\n"]}
    session = a_session(an_exchange("GET /events", response=response))

    assert "data: 1\n\ndata: 2\n\n" == ask(mock_router(session), "GET /events").text


@EVERY
def test_a_miss_raises_here_too(ask):
    session = a_session(a_pet())

    with pytest.raises(UnmatchedRequest, match="GET /pet/8"):
        ask(mock_router(session), "GET /pet/8")

    assert 1 == session.report().unmatched


@EVERY
def test_a_fault_is_the_error_of_one(ask):
    rules = FaultRules.of([{"do": {"reset": True}}])

    with pytest.raises(httpx.ReadError):
        ask(mock_router(a_session(a_pet(), faults=rules)), "GET /pet/7")


@EVERY
def test_what_passes_through_is_answered_by_other_routes(ask):
    session = a_session(a_pet())
    router = mock_router(session, pass_through=True)
    router.get("/pet/8").respond(418)

    assert 200 == ask(router, "GET /pet/7").status_code
    assert 418 == ask(router, "GET /pet/8").status_code
    assert 0 == session.report().unmatched


def test_a_router_answers_its_base_alone():
    router = mock_router(a_session(a_pet()), "http://other.test")

    with pytest.raises(AssertionError, match="not mocked"):
        sync_routed(router, "GET /pet/7")


def test_a_route_of_ones_own_is_answered():
    effect = side_effect(a_session(a_pet()))

    with respx.mock(base_url=BASE_URL) as router:
        router.get(path__startswith="/pet/").mock(side_effect=effect)

        assert PET == sync_client(None, "GET /pet/7").json()


@EVERY
def test_a_session_asks_its_own_engine(ask):
    router = mock_router(open_session(on_miss="engine", data="public"))

    assert 200 == ask(router, "GET /v2/pet/1").status_code
    router.stop()


@pytest.mark.parametrize("ask", [sync_patched, async_patched])
def test_a_session_asks_its_own_upstream_and_clients_do_not(ask):
    with served(a_session(a_pet())) as behind:
        url = str(behind.base_url).rstrip("/")
        router = mock_router(open_session(mode="off", upstream=url))

        assert PET == ask(router, "GET /pet/7").json()
        with router, pytest.raises(AssertionError, match="not mocked"):
            httpx.get(f"{url}/pet/7")


def test_a_route_of_ones_own_asks_the_engine_until_it_is_closed():
    effect = side_effect(open_session(on_miss="engine", data="public"))
    with respx.mock(base_url=BASE_URL) as router:
        router.route().mock(side_effect=effect)
        made = sync_client(None, "DELETE /v2/pet/1", headers={"api_key": "a"})
        gone = sync_client(None, "GET /v2/pet/1")
        effect.close()

        begun_anew = sync_client(None, "GET /v2/pet/1")
        effect.close()

    assert (200, 404, 200) == (
        made.status_code,
        gone.status_code,
        begun_anew.status_code,
    )
