"""Who answers for a session does so alike on every door, and begins anew with it."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from petstore.contract.call import ByteStream
from petstore.contract.errors import ConfigError
from petstore.contract.replies import Response
from petstore.mock.asking import Askers, Others
from petstore.mock.cassette import save
from petstore.mock.door import MockDoor
from petstore.mock.opening import OpenedSession, open_session
from petstore.mock.refusals import UpstreamFailed
from petstore.mock.serving import MockServer
from petstore.mock.session import Session
from petstore.mock.sessions import Sessions
from petstore.mock.steps import Ask
from petstore.mock.transport import MockTransport
from petstore_client import NotFound, Petstore, Recorded
from tests.mock.builders import a_json_request, a_request, a_session, an_exchange
from tests.mock.doors import async_client, sync_client
from tests.mock.kit import a_pet, ask, recorded, text_of
from tests.mock.servers import Engine, served

POSTED = '{"id":5,"name":"Rex","photoUrls":[]}'
WAIT = Ask("engine", a_request("GET /pet/7"))


@pytest.fixture
def opened(tmp_path) -> Callable[[], OpenedSession]:
    """Give sessions of one recording, of which a pet of id 3 is all that is known."""
    cassette = recorded([ask("GET /pet/3")])
    cassette.path = tmp_path / "a.yaml"
    save(cassette)
    return lambda: open_session(cassette=cassette.path, on_miss="engine")


def by_transport(session: Session) -> tuple[int, int]:
    with closing(Others(session)) as others:
        transport = MockTransport(session, ask=others)
        missing = sync_client(transport, "GET /v2/pet/1").status_code
        posted = async_client(transport, "POST /v2/pet", json=a_pet()).json()["id"]
    return missing, posted


def by_socket(session: Session) -> tuple[int, int]:
    with served(session) as client:
        missing = client.get("/v2/pet/1").status_code
        return missing, client.post("/v2/pet", json=a_pet()).json()["id"]


def test_engine_behind_a_recording_is_the_same_on_every_door(opened):
    assert [(404, 4)] * 2 == [by_transport(opened()), by_socket(opened())]


def test_recorded_client_has_the_same_engine(opened):
    path: Path = opened().own.path
    with Petstore(Recorded(path, on_miss="engine")) as client, pytest.raises(NotFound):
        client.pets.get(1)


def test_engine_in_process_is_of_the_time_of_its_session():
    session = open_session(on_miss="engine", clock="2031-05-06T07:08:09Z", data="empty")
    with closing(Others(session)) as others:
        others.ask(Ask("engine", a_json_request("POST /pet", POSTED)))
        told = others.ask(Ask("engine", a_request("GET /pet/5/history")))

    assert "2031-05-06T07:08:09" in text_of(told)


def test_session_that_was_reset_has_a_new_engine_in_process():
    session = open_session(on_miss="engine", data="empty")
    with closing(Others(session)) as others:
        transport = MockTransport(session, ask=others)
        sync_client(transport, "POST /pet", json=a_pet(5))
        before = sync_client(transport, "GET /pet/5").status_code
        session.reset()
        after = sync_client(transport, "GET /pet/5").status_code
        others.close()
        again = async_client(transport, "GET /pet/5").status_code

    assert (200, 404, 404) == (before, after, again)


def test_session_that_was_reset_has_a_new_engine_on_a_socket():
    session = open_session(on_miss="engine", data="empty")
    with served(session) as client:
        client.post("/pet", json=a_pet(5))
        session.reset()
        after = client.get("/pet/5").status_code

    assert 404 == after


async def test_store_of_a_session_is_never_that_of_the_next_one_of_its_id():
    made: list[Session] = []

    def engine(session: Session) -> Engine:
        made.append(session)
        return Engine()

    askers = Askers(engine)
    first, second = (a_session(id="buy", on_miss="engine") for _ in range(2))
    await askers.ask(first, WAIT)
    await askers.end(first)

    with pytest.raises(UpstreamFailed, match="Session buy is over"):
        await askers.ask(first, WAIT)
    await askers.ask(second, WAIT)
    await askers.aclose()

    assert [first, second] == made


def test_reader_of_events_that_leaves_keeps_no_program_from_its_end():
    code = """
import asyncio, httpx
from petstore.mock.asking import Others
from petstore.mock.opening import open_session
from petstore.mock.transport import MockTransport

async def read(client, begun):
    async with client.stream("GET", "/events") as reply:
        async for piece in reply.aiter_raw():
            print(piece, flush=True)
            begun.set()

async def main():
    session = open_session(on_miss="engine")
    transport = MockTransport(session, ask=Others(session))
    async with httpx.AsyncClient(base_url="http://a", transport=transport) as client:
        begun = asyncio.Event()
        reading = asyncio.create_task(read(client, begun))
        await begun.wait()
        reading.cancel()
        await asyncio.wait([reading])

asyncio.run(main())
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, timeout=12
    )

    assert b"retry: 1000" in done.stdout


async def test_stream_is_closed_once_the_thread_has_left_it():
    is_closed, may_end = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    class Events:
        def __iter__(self) -> Iterator[bytes]:
            return self

        def __next__(self) -> bytes:
            may_end.wait(10)
            return b"late"

        def close(self) -> None:
            loop.call_soon_threadsafe(is_closed.set)

    class OfEvents(Others):
        def ask(self, ask: Ask) -> Response:
            return Response(200, {}, ByteStream(Events(), "text/event-stream"))

    body = (await OfEvents(a_session()).ask_async(WAIT)).body
    assert isinstance(body, ByteStream)
    assert isinstance(body.chunks, AsyncIterator)
    reading = asyncio.ensure_future(anext(body.chunks))
    await asyncio.wait([reading], timeout=0.01)
    reading.cancel()
    await asyncio.wait([reading])
    before = is_closed.is_set()
    may_end.set()
    await asyncio.wait_for(is_closed.wait(), 10)

    assert (True, False) == (reading.cancelled(), before)


def test_session_with_nobody_to_ask_says_so():
    with pytest.raises(ConfigError, match="Session default has no upstream to ask"):
        Others(a_session()).ask(Ask("upstream", a_request()))


def test_recordings_that_nobody_ended_are_kept_when_their_server_stops(tmp_path):
    path = tmp_path / "late.yaml"
    with served(a_session(an_exchange(response={"json": {"id": 7}}))) as upstream:
        session = open_session(
            id="late", cassette=path, mode="record", upstream=str(upstream.base_url)
        )
        sessions = Sessions(a_session())
        sessions.add(session)
        with served(sessions) as client:
            client.get("/__s/late/pet/7")
            before = path.exists()

    assert (False, True) == (before, path.exists())


def test_recording_that_cannot_be_kept_hinders_no_stop(tmp_path, caplog):
    session = open_session(
        id="late", cassette=tmp_path / "a.yaml", mode="record", upstream="engine"
    )
    assert session.target is not None
    with MockServer(MockDoor(a_session())) as server:
        server.add(session)
        session.target.path = tmp_path
    assert "session late is not kept" in caplog.text


def test_strict_recording_that_fell_short_is_not_kept(tmp_path, caplog):
    path = tmp_path / "a.yaml"
    session = open_session(
        id="late", cassette=path, mode="record", upstream="engine", is_strict=True
    )
    session.journal.unmatched_count = 1
    with MockServer(MockDoor(a_session())) as server:
        server.add(session)

    assert "session late fell short" in caplog.text
    assert not path.exists()
