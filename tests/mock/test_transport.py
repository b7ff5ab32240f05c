"""A session answers httpx without a socket, and fails as it would on one."""

import asyncio
import pickle
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta

import httpx
import pytest

from petstore.contract.call import ByteStream
from petstore.contract.errors import ConfigError
from petstore.contract.replies import Response
from petstore.mock.clock import parse_clock
from petstore.mock.faults import FaultRules
from petstore.mock.misses import UnmatchedRequest
from petstore.mock.steps import Ask
from petstore.mock.transport import MockTransport
from tests.mock.builders import JSON, a_session, an_exchange
from tests.mock.doors import async_client, async_door, sync_client, sync_door

PET = {"id": 7, "name": "Mimi", "photoUrls": []}
LONG_MS = 3_600_000
BOTH = pytest.mark.parametrize("ask", [sync_door, async_door], ids=["sync", "async"])


def a_pet(**more):
    response = {"headers": JSON, "json": PET, **more.pop("response", {})}
    return an_exchange(response=response, **more)


def failing(do, *exchanges, when=None):
    rules = FaultRules.of([{"when": when or {}, "do": do}])
    return a_session(*(exchanges or [a_pet()]), faults=rules)


@BOTH
def test_a_recorded_answer_comes_as_it_was(ask):
    reply = ask(a_session(a_pet()), "GET /pet/7")

    assert 200 == reply.status_code
    assert PET == reply.json()
    assert "recording/getPetById-1" == reply.headers["x-petstore-served-by"]
    assert str(len(reply.content)) == reply.headers["content-length"]


@BOTH
def test_the_whole_request_is_compared(ask):
    order = {"method": "POST", "path": "/store/order", "headers": JSON}
    session = a_session(
        an_exchange(request={**order, "json": {"petId": 1}}, id="one", status=201),
        an_exchange(request={**order, "json": {"petId": 2}}, id="two", status=202),
    )

    reply = ask(session, "POST /store/order", json={"petId": 2})

    assert 202 == reply.status_code


def test_the_body_of_an_upload_is_read_from_its_stream():
    session = a_session(an_exchange("POST /upload", id="up", request={"text": "ab"}))

    async def pieces() -> AsyncIterator[bytes]:
        for piece in (b"a", b"b"):
            yield piece

    replies = [
        sync_door(session, "POST /upload", content=iter([b"a", b"b"])),
        async_door(session.__class__(session.tape), "POST /upload", content=pieces()),
    ]

    assert [200, 200] == [reply.status_code for reply in replies]


@BOTH
@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_an_answer_that_was_compressed_is_so_again(ask, coding):
    session = a_session(a_pet(response={"encoding": coding}))

    reply = ask(session, "GET /pet/7", headers={"accept-encoding": coding})
    plain = ask(session, "GET /pet/7", headers={"accept-encoding": "identity"})

    assert coding == reply.headers["content-encoding"]
    assert PET == reply.json() == plain.json()
    assert "content-encoding" not in plain.headers


@BOTH
def test_an_answer_without_a_body_has_none(ask):
    session = a_session(an_exchange("DELETE /pet/7", id="gone", status=204))

    reply = ask(session, "DELETE /pet/7")

    assert (204, b"") == (reply.status_code, reply.content)
    assert "content-length" not in reply.headers


def test_events_come_piece_by_piece():
    chunks = ["data: 1\n\n", "data: 2\n\n"]
    kind = {"content-type": "text/event-stream"}
    response = {"headers": kind, "chunks": chunks}
    session = a_session(an_exchange("GET /events", id="events", response=response))
    transport = MockTransport(session)

    async def async_pieces() -> list[str]:
        async with (
            httpx.AsyncClient(transport=transport) as client,
            client.stream("GET", "http://petstore.test/events") as reply,
        ):
            return [piece.decode() async for piece in reply.aiter_raw()]

    with (
        httpx.Client(transport=transport) as client,
        client.stream("GET", "http://petstore.test/events") as reply,
    ):
        assert chunks == [piece.decode() for piece in reply.iter_raw()]
    assert chunks == asyncio.run(async_pieces())


@BOTH
def test_a_miss_raises_its_report(ask):
    session = a_session(a_pet())

    with pytest.raises(UnmatchedRequest, match="No recording for  GET /pet/8") as miss:
        ask(session, "GET /pet/8")

    assert "getPetById-1" == miss.value.miss.nearest
    assert 1 == session.report().unmatched
    assert not isinstance(miss.value, httpx.HTTPError)


def test_a_miss_crosses_processes():
    with pytest.raises(UnmatchedRequest) as miss:
        sync_door(a_session(a_pet()), "GET /pet/8")

    # What stands here was made a moment ago.
    copied = pickle.loads(pickle.dumps(miss.value))  # noqa: S301

    assert (miss.value.report, miss.value.miss) == (copied.report, copied.miss)


@BOTH
def test_a_delay_beyond_the_read_timeout_is_a_timeout_at_once(ask):
    begun = time.monotonic()

    with pytest.raises(httpx.ReadTimeout, match="takes 3600 s"):
        ask(failing({"delay_ms": LONG_MS}), "GET /pet/7", timeout=60)

    assert time.monotonic() - begun < 30


@BOTH
@pytest.mark.parametrize("timeout", [None, LONG_MS])
def test_a_delay_within_the_read_timeout_takes_no_time(ask, timeout):
    begun = time.monotonic()

    reply = ask(failing({"delay_ms": LONG_MS}), "GET /pet/7", timeout=timeout)

    assert 200 == reply.status_code
    assert time.monotonic() - begun < 30


@BOTH
@pytest.mark.parametrize(
    ("do", "timeout", "passed_s"),
    [
        pytest.param({"delay_ms": 7_000}, None, 7, id="delay"),
        pytest.param({"delay_ms": 7_000}, 2, 2, id="timeout"),
        pytest.param({"dribble": {"chunks": 2, "over_ms": 7_000}}, None, 7, id="slow"),
    ],
)
def test_the_clock_of_the_session_goes_on_instead(ask, do, timeout, passed_s):
    rules = FaultRules.of([{"do": do}])
    clock = parse_clock("2030-01-01T00:00:00Z")
    session = a_session(a_pet(), faults=rules, clock=clock)
    begun = session.clock.now()

    with suppress(httpx.ReadTimeout):
        ask(session, "GET /pet/7", timeout=timeout)

    assert timedelta(seconds=passed_s) == session.clock.now() - begun


@BOTH
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("reset", httpx.ReadError),
        ("empty", httpx.RemoteProtocolError),
        ("garbage", httpx.RemoteProtocolError),
    ],
)
def test_a_broken_connection_is_the_error_of_one(ask, fault, error):
    session = failing({fault: True}, when={"first": 1})

    with pytest.raises(error) as raised:
        ask(session, "GET /pet/7")

    assert raised.type is error
    assert 200 == ask(session, "GET /pet/7").status_code


@pytest.mark.parametrize(
    ("do", "kept"), [({"truncate": 3}, 3), ({"bad_chunk": True}, 17)]
)
def test_the_beginning_of_a_body_arrives_before_it_breaks_off(do, kept):
    session = failing(do, an_exchange(response={"text": "x" * 35}))
    read: list[bytes] = []

    with (
        httpx.Client(transport=MockTransport(session)) as client,
        client.stream("GET", "http://petstore.test/pet/7") as reply,
        pytest.raises(httpx.RemoteProtocolError),
    ):
        read.extend(reply.iter_raw())

    assert b"x" * kept == b"".join(read)


@BOTH
@pytest.mark.parametrize("do", [{"truncate": 3}, {"truncate": 999}, {"bad_chunk": 1}])
def test_a_body_that_breaks_off_is_no_answer(ask, do):
    with pytest.raises(httpx.RemoteProtocolError):
        ask(failing(do), "GET /pet/7")


@BOTH
def test_a_slow_body_comes_whole(ask):
    session = failing({"dribble": {"chunks": 4, "over_ms": LONG_MS}})

    assert PET == ask(session, "GET /pet/7", timeout=LONG_MS).json()


@BOTH
def test_a_pause_beyond_the_read_timeout_is_a_timeout(ask):
    session = failing({"dribble": {"chunks": 4, "over_ms": LONG_MS}})

    with pytest.raises(httpx.ReadTimeout, match="takes 900 s"):
        ask(session, "GET /pet/7", timeout=60)


def engine(ask: Ask) -> Response:
    return Response(200, {}, f"{ask.whom} {ask.request.path}".encode())


class Engine:
    """Answer each kind of client by a function of its own."""

    def ask(self, ask: Ask) -> Response:
        return engine(ask)

    async def ask_async(self, ask: Ask) -> Response:
        return Response(200, {}, f"async engine {ask.request.path}".encode())


@pytest.mark.parametrize(
    ("ask", "answer"),
    [
        pytest.param(engine, [b"engine /pet/8"] * 2, id="function"),
        pytest.param(Engine(), [b"engine /pet/8", b"async engine /pet/8"], id="both"),
    ],
)
def test_what_a_session_asks_for_is_asked(ask, answer):
    transport = MockTransport(a_session(on_miss="engine"), ask=ask)

    replies = [
        sync_client(transport, "GET /pet/8"),
        async_client(transport, "GET /pet/8"),
    ]

    assert answer == [reply.content for reply in replies]
    assert "engine" == replies[0].headers["x-petstore-served-by"]


def test_engine_of_the_session_answers_where_nobody_else_was_given():
    transport = MockTransport(a_session(on_miss="engine"))

    with httpx.Client(base_url="http://shop", transport=transport) as client:
        made = client.post("/v2/pet", json={"id": 8, "name": "Rex"})
        found = client.get("/v2/pet/8")

    assert ("Rex", 200) == (found.json()["name"], made.status_code)


def test_whoever_waits_cannot_ask_a_coroutine():
    transport = MockTransport(a_session(on_miss="engine"), ask=Engine().ask_async)

    with pytest.raises(ConfigError, match="coroutines only"):
        sync_client(transport, "GET /pet/8")


class Live:
    """Give one event after another, and note when nobody reads on."""

    def __init__(self) -> None:
        self.endings: list[str] = []

    def pieces(self):
        try:
            while True:
                yield b"data: 1\n\n"
        finally:
            self.endings.append("closed")

    async def async_pieces(self):
        try:
            while True:
                yield b"data: 1\n\n"
        finally:
            self.endings.append("closed")


def a_live_transport(pieces):
    def ask(_: Ask) -> Response:
        return Response(200, {}, ByteStream(pieces, "text/event-stream"))

    return MockTransport(a_session(mode="off"), ask=ask)


def test_a_live_stream_is_closed_with_the_answer():
    live = Live()

    with (
        httpx.Client(transport=a_live_transport(live.pieces())) as client,
        client.stream("GET", "http://petstore.test/events") as reply,
    ):
        pieces = reply.iter_raw()
        assert b"data: 1\n\n" == next(pieces)
        assert [] == live.endings

    assert ["closed"] == live.endings


@pytest.mark.parametrize("kind", ["pieces", "async_pieces"])
async def test_a_live_stream_of_a_coroutine_is_closed_with_the_answer(kind):
    live = Live()
    chunks = getattr(live, kind)()

    async with (
        httpx.AsyncClient(transport=a_live_transport(chunks)) as client,
        client.stream("GET", "http://petstore.test/events") as reply,
    ):
        pieces = reply.aiter_raw()
        assert b"data: 1\n\n" == await anext(pieces)
        assert [] == live.endings

    # A generator that is dropped is closed as well, but `chunks` still holds it.
    assert ["closed"] == live.endings
    assert chunks is not None
