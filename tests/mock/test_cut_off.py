"""What is cut off on its way loses nothing, and holds nobody up."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import httpx
import pytest

from petstore.contract.call import ByteStream
from petstore.contract.replies import Response
from petstore.mock.driving import answered, answered_async
from petstore.mock.engine_door import AsyncEngineDoor, EngineDoor, engine_setup
from petstore.mock.faults import FaultRules
from petstore.mock.session import Session
from petstore.mock.sessions import Sessions
from petstore.mock.steps import Ask
from petstore.mock.tape import Tape
from petstore.mock.transport import MockTransport
from petstore.mock.verifying import verify
from tests.mock.builders import a_session, an_exchange, respond
from tests.mock.doors import Asking, async_client, async_door, sync_client, sync_door
from tests.mock.kit import ask, clock, recorded
from tests.mock.servers import Engine, served

EVENTS = {"content-type": "text/event-stream"}
BOTH = pytest.mark.parametrize("door", [sync_door, async_door])
LATE = [{"do": {"delay_ms": 60_000}}]


def a_hybrid() -> Session:
    """Return a session whose engine is to be told of ten pets."""
    story = [ask(f"GET /pet/{number}") for number in range(1, 11)]
    return Session(Tape([recorded(story)]), on_miss="engine", today=clock)


def never(seconds: float) -> None:
    raise AssertionError(f"nothing is slow here, and it waits for {seconds} s")


def test_threads_that_wait_for_the_engine_move_no_clock():
    session, asked_count = a_hybrid(), 0
    begun, may_go_on = threading.Event(), threading.Event()
    with EngineDoor(**engine_setup(session)) as engine:

        def asked(step: Ask) -> Response:
            nonlocal asked_count
            asked_count += 1
            begun.set()
            may_go_on.wait(10)
            return engine.answer(step.request)

        found: list[int] = []

        def get(number: int) -> None:
            request = ask(f"GET /v2/pet/{number}")
            found.append(answered(session, request, asked, never).response.status)

        threads = [threading.Thread(target=get, args=(one,)) for one in range(1, 5)]
        threads[0].start()
        begun.wait(10)
        for one in threads[1:]:
            one.start()
        may_go_on.set()
        for one in threads:
            one.join()

    assert [200] * 4 == found
    assert 14 == asked_count


async def test_request_that_is_cut_off_loses_nothing_of_what_the_engine_is_told():
    session = a_hybrid()
    begun = asyncio.Event()
    async with AsyncEngineDoor(**engine_setup(session)) as engine:

        async def asked(step: Ask) -> Response:
            begun.set()
            return await engine.answer(step.request)

        async def get(number: int) -> int:
            request = ask(f"GET /v2/pet/{number}")
            answer = await answered_async(session, request, asked, asyncio.sleep)
            return answer.response.status

        first = asyncio.create_task(get(1))
        second = asyncio.create_task(get(2))
        third = asyncio.create_task(get(3))
        await begun.wait()
        first.cancel()
        # Who only waits for his turn takes it from nobody.
        second.cancel()
        await asyncio.wait([first, second, third])
        found = [await get(number) for number in range(1, 11)]
        versions = {
            (await engine.answer(ask(f"GET /pet/{number}"))).headers["etag"]
            for number in range(1, 11)
        }

    assert (True, 200) == (first.cancelled(), third.result())
    assert [200] * 10 == found
    assert {'"1"'} == versions


async def test_write_of_a_client_that_left_is_known():
    session = a_hybrid()
    may_go_on, has_written = asyncio.Event(), asyncio.Event()
    async with AsyncEngineDoor(**engine_setup(session)) as engine:

        async def asked(step: Ask) -> Response:
            response = await engine.answer(step.request)
            if step.request.method == "DELETE":
                has_written.set()
                await may_go_on.wait()
            return response

        async def send(line: str) -> str:
            answer = await answered_async(session, ask(line), asked, asyncio.sleep)
            return f"{answer.served_by} {answer.response.status}"

        leaving = asyncio.create_task(send("DELETE /v2/pet/1"))
        await has_written.wait()
        leaving.cancel()
        may_go_on.set()
        with suppress(asyncio.CancelledError):
            await leaving
        after = await send("GET /pet/1")

    assert "engine 404" == after


@BOTH
def test_request_whose_client_did_not_wait_is_in_the_journal_once(door):
    session = a_session(an_exchange(), faults=FaultRules.of(LATE))

    with pytest.raises(httpx.ReadTimeout):
        door(session, "GET /pet/7")

    verify(session, op="getPetById", times={"exactly": 1})
    assert [(0, "fault")] == [(row.status, row.served_by) for row in session.journal]


def test_request_whose_client_left_a_server_is_in_the_journal_once():
    session = a_session(an_exchange(), faults=FaultRules.of(LATE))
    with served(session) as client, pytest.raises(httpx.ReadTimeout):
        client.get("/pet/7", timeout=0.1)

    assert [(0, "fault")] == [(row.status, row.served_by) for row in session.journal]


async def _endless() -> Any:
    yield b"data: 1\n\n"
    await asyncio.Event().wait()


def _endless_now() -> Any:
    yield b"data: 1\n\n"
    raise AssertionError("nobody reads on")


class _Events(Engine):
    async def ask_async(self, ask: Ask) -> Response:
        return Response(
            200, dict(EVENTS), ByteStream(_endless(), EVENTS["content-type"])
        )

    def ask(self, ask: Ask) -> Response:
        stream = ByteStream(_endless_now(), EVENTS["content-type"])
        return Response(200, dict(EVENTS), stream)


def _broken(do: dict[str, object]) -> Session:
    return a_session(on_miss="engine", faults=FaultRules.of([{"do": do}]))


def _by_transport(send: Asking) -> Callable[[Session], httpx.Response]:
    return lambda session: send(MockTransport(session, ask=_Events()), "GET /events")


def _by_socket(session: Session) -> httpx.Response:
    with served(Sessions(session), engine=lambda _: _Events()) as client:
        return client.get("/events")


DOORS = pytest.mark.parametrize(
    "get",
    [
        pytest.param(_by_transport(sync_client), id="sync"),
        pytest.param(_by_transport(async_client), id="async"),
        pytest.param(_by_socket, id="socket"),
    ],
)


@DOORS
@pytest.mark.parametrize("do", [{"truncate": 4}, {"bad_chunk": True}])
def test_stream_that_goes_on_breaks_off_where_a_fault_says(get, do):
    with pytest.raises(httpx.RemoteProtocolError):
        get(_broken(do))


@DOORS
def test_stream_that_goes_on_dribbles_what_comes_first(get):
    reply = get(_broken({"dribble": {"chunks": 3, "over_ms": 3}}))

    assert (200, b"data: 1\n\n") == (reply.status_code, reply.content)


def test_generator_that_is_left_lets_others_have_their_turn():
    session = a_hybrid()
    leaving = session.respond(ask("GET /v2/pet/1"))
    assert isinstance(next(leaving), Ask)

    leaving.close()
    answer = respond(
        session, ask("GET /v2/pet/1"), *[Response(200, {}, b"{}") for _ in range(11)]
    )

    assert "engine" == answer.served_by
