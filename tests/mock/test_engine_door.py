"""The engine of a mock answers as the server does, and the same each time."""

import pytest
import yaml

from petstore.contract.errors import ConfigError
from petstore.contract.http import Request
from petstore.contract.replies import Response
from petstore.mock.cassette import save
from petstore.mock.engine_door import ORIGIN, AsyncEngineDoor, EngineDoor
from petstore.mock.opening import open_session
from petstore.mock.session import Session
from petstore.mock.steps import SERVED_BY
from petstore.mock.tape import Tape
from petstore.server.documents import DOCUMENTS
from tests.kit.pictures import PNG
from tests.kit.server import ORIGIN as SERVER_ORIGIN
from tests.kit.server import Shop, open_shop
from tests.mock.doors import DOORS
from tests.mock.kit import NOW, a_pet, a_story, ask, pieces_of, recorded, text_of

FLAVOURS = ("native", "v2", "v3")
# The server's own business, and tokens, which it draws at random.
_APART = {
    *("content-length", "x-request-id", "access-control-allow-origin"),
    *("access-control-expose-headers", "access-control-allow-methods"),
    *("access-control-allow-headers", "connection"),
}
_WITH_TOKENS = ("/user/login", "/tokens")


def now():
    return NOW


async def served(shop: Shop, request: Request) -> tuple[int, dict[str, str], bytes]:
    """Ask the server the same."""
    assert isinstance(request.body, bytes)
    response = await shop.http.request(
        request.method,
        f"{request.path}?{request.query}" if request.query else request.path,
        headers={"accept": "", **request.headers},
        content=request.body,
    )
    body = response.content.replace(SERVER_ORIGIN.encode(), ORIGIN.encode())
    return response.status_code, dict(response.headers), body


@pytest.mark.parametrize("flavour", FLAVOURS)
async def test_engine_answers_as_the_server(flavour):
    with EngineDoor(clock=now) as door:
        async with open_shop() as shop, AsyncEngineDoor(clock=now) as beside:
            for request in a_story(flavour):
                status, headers, body = await served(shop, request)
                response = door.answer(request)

                shown = {k: v for k, v in headers.items() if k not in _APART}
                assert response == await beside.answer(request)
                # Over ASGI nobody counts; a HEAD is told the length on a socket.
                response.headers.pop("content-length", None)
                assert (status, shown) == (response.status, response.headers), request
                assert without_token(request, body) == without_token(
                    request, response.body
                )


def without_token(request: Request, body: object) -> object:
    """Leave out the answer to a login."""
    return None if request.path.endswith(_WITH_TOKENS) else body


def test_picture_is_answered_whole_with_the_headers_of_the_server():
    with EngineDoor(clock=now) as door:
        kind = "application/octet-stream"
        door.answer(ask("POST /v2/pet/1/uploadImage", PNG, content_type=kind))
        pet = door.answer(ask("GET /pet/1"))
        path = text_of(pet).partition('"/photos/')[2].partition('"')[0]
        response = door.answer(ask(f"GET /photos/{path}"))

    assert 200 == response.status
    assert PNG == response.body
    assert "nosniff" == response.headers["x-content-type-options"]
    assert "image/png" == response.headers["content-type"]


@pytest.mark.parametrize("path", sorted(DOCUMENTS))
async def test_documents_are_those_of_the_server_with_relative_urls(path):
    request = ask(f"GET {path}")
    with EngineDoor(clock=now) as door:
        async with open_shop() as shop, AsyncEngineDoor(clock=now) as beside:
            status, headers, body = await served(shop, request)
            response = door.answer(request)
            again = await beside.answer(request)
        others = [door.answer(ask(f"{one} {path}")) for one in ("POST", "OPTIONS")]

    assert (200, headers["content-type"]) == (status, response.headers["content-type"])
    shown, told = (yaml.safe_load(one) for one in (text_of(response), body))
    assert told["paths"] == shown["paths"]
    assert ORIGIN not in text_of(response)
    assert "host" not in shown
    assert response == again
    assert [405, 200] == [one.status for one in others]
    assert ["GET, HEAD", "GET, HEAD, OPTIONS"] == [
        one.headers["allow"] for one in others
    ]


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("path", ["/openapi.json", "/api/v3/openapi.json"])
def test_document_is_found_at_a_mock_and_in_its_recording(door, path):
    with EngineDoor(clock=now) as engine:
        expected = engine.answer(ask(f"GET {path}")).body
    session = open_session(on_miss="engine")

    live = door(session, f"GET {path}")
    replayed = door(Session(Tape([recorded([ask(f"GET {path}")])])), f"GET {path}")

    assert (expected, "engine") == (live.content, live.headers[SERVED_BY])
    assert live.json() == replayed.json()


def test_ids_begin_where_they_are_told():
    with EngineDoor(clock=now, first_id=900) as door:
        pet = door.answer(ask("POST /pet", a_pet()))
        order = door.answer(ask("POST /store/order", {}))
        user = door.answer(ask("POST /user", {"username": "ada"}))

    for answer in (pet, order, user):
        assert '"id":900,' in text_of(answer)


def test_events_go_on_until_they_are_closed():
    with EngineDoor(clock=now, seed="empty") as door:
        stream = door.answer(ask("GET /events?after=0"))
        door.answer(ask("POST /pet", a_pet(1)))

        pieces = pieces_of(stream)
        assert b"retry: 1000\nid: 1.0\n\n" == next(pieces)
        assert b"id: 1.1\n" in next(pieces)
        pieces.close()
        assert [] == list(pieces)


async def test_events_reach_coroutines():
    async with AsyncEngineDoor(clock=now, seed="empty") as door:
        stream = await door.answer(ask("GET /events?after=0"))
        await door.answer(ask("POST /pet", a_pet(1)))

        pieces = pieces_of(stream)
        assert b"retry: 1000\nid: 1.0\n\n" == await anext(pieces)
        assert b"id: 1.1\n" in await anext(pieces)
        await pieces.aclose()


async def test_head_of_events_leaves_nobody_listening():
    async with AsyncEngineDoor(clock=now) as beside:
        with EngineDoor(clock=now) as door:
            for _ in range(70):
                assert 200 == door.answer(ask("HEAD /events")).status
                answer = await beside.answer(ask("HEAD /events"))
                assert b"" == answer.body
                assert 200 == answer.status


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_same_requests_have_the_same_answers(flavour):
    def told() -> list[Response]:
        with EngineDoor(clock=now) as door:
            return [door.answer(request) for request in a_story(flavour)]

    assert told() == told()


@pytest.mark.parametrize("door", DOORS)
def test_engine_behind_no_recording_has_the_public_data(door):
    session = open_session(on_miss="engine")

    assert "Cat 1" == door(session, "GET /v2/pet/1").json()["name"]


@pytest.mark.parametrize("door", DOORS)
def test_engine_behind_a_recording_has_what_that_shows(door, tmp_path):
    path = tmp_path / "a.yaml"
    save(recorded([ask("POST /v2/pet", a_pet(50))]), path)
    session = open_session(cassette=path, on_miss="engine")

    assert 404 == door(session, "GET /v2/pet/1").status_code


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("nofile", "The seed 'nofile' cannot be read"),
        (10**9, "at most 100,000,000 pets"),
    ],
)
def test_first_data_that_is_none_is_told_when_the_session_begins(data, words):
    with pytest.raises(ConfigError, match=words):
        open_session(data=data)
