"""What takes long in one session holds up no event loop."""

import asyncio
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from petstore.contract.http import Request
from petstore.contract.replies import Response
from petstore.mock.driving import answered_async
from petstore.mock.driving import held as held_by_loop
from petstore.mock.sessions import Sessions
from petstore.mock.steps import Ask
from tests.mock.builders import a_cassette, a_request, a_session, an_exchange
from tests.mock.servers import served

LARGE = json.dumps([1] * 200_000).encode()


async def nobody(ask: Ask) -> Response:
    raise AssertionError(f"{ask.whom} is asked")


@contextmanager
def held(lock: threading.Lock, until: threading.Event) -> Iterator[list[bool]]:
    """Hold a lock in another thread; tell whether it was until it was to be let go."""
    is_held, found = threading.Event(), []

    def hold() -> None:
        with lock:
            is_held.set()
            found.append(until.wait(5))

    thread = threading.Thread(target=hold)
    thread.start()
    is_held.wait()
    yield found
    thread.join()


class Seen(dict[str, str]):
    """Note which threads look at a header."""

    def __init__(self) -> None:
        super().__init__()
        self.threads: set[int] = set()

    def get(self, name, default=None):
        self.threads.add(threading.get_ident())
        return super().get(name, default)

    def items(self):
        self.threads.add(threading.get_ident())
        return super().items()


@pytest.mark.parametrize(("body", "is_on_loop"), [(b"[1]", True), (LARGE, False)])
async def test_large_body_is_read_beside_the_loop(body, is_on_loop):
    headers = Seen()
    request = Request("POST", "/x", "", headers, body)

    answer = await answered_async(a_session(), request, nobody, asyncio.sleep)

    assert 501 == answer.response.status
    assert is_on_loop is (threading.get_ident() in headers.threads)
    assert headers.threads


@pytest.mark.parametrize(("body", "is_on_loop"), [(b"[1]", True), (LARGE, False)])
async def test_large_answer_is_recorded_beside_the_loop(body, is_on_loop):
    headers, target = Seen(), a_cassette()

    async def upstream(_: Ask) -> Response:
        headers.threads.clear()
        return Response(200, {}, body)

    session = a_session(mode="record", target=target)
    request = Request("GET", "/x", "", headers, b"")

    await answered_async(session, request, upstream, asyncio.sleep)

    assert 1 == len(target.exchanges)
    assert is_on_loop is (threading.get_ident() in headers.threads)
    assert headers.threads


async def test_loop_goes_on_while_a_thread_has_the_session():
    session, may_end = a_session(an_exchange()), threading.Event()
    with held(session.lock, may_end) as found:
        asking = asyncio.ensure_future(
            answered_async(session, a_request(), nobody, asyncio.sleep)
        )
        # One turn of the loop, in which the request reaches the session.
        await asyncio.sleep(0)
        may_end.set()
        answer = await asking

    assert (200, [True]) == (answer.response.status, found)


async def test_request_that_is_cut_off_while_it_waits_is_over():
    session, may_end = a_session(an_exchange()), threading.Event()
    with held(session.lock, may_end) as found:
        asking = asyncio.ensure_future(
            answered_async(session, a_request(), nobody, asyncio.sleep)
        )
        await asyncio.sleep(0)
        asking.cancel()
        await asyncio.sleep(0)
        may_end.set()
        await asyncio.wait([asking])
    session.traffic.stop()

    assert asking.cancelled()
    assert [True] == found
    assert session.traffic.idle.is_set()


async def test_lock_that_nobody_waits_for_any_more_is_let_go():
    session, may_end = a_session(), threading.Event()

    async def hold() -> None:
        async with held_by_loop(session):
            raise AssertionError("It was cut off before.")

    with held(session.lock, may_end):
        waiting = asyncio.ensure_future(hold())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
        may_end.set()
    async with asyncio.timeout(5), held_by_loop(session):
        pass

    assert waiting.cancelled()


@pytest.mark.parametrize(
    ("method", "what", "order"),
    [
        ("POST", "/reset", {}),
        ("PUT", "/clock", {"mode": "real"}),
        ("DELETE", "", {}),
    ],
)
def test_server_goes_on_while_a_session_is_waited_for(method, what, order):
    session, may_end = a_session(an_exchange(), id="x"), threading.Event()
    sessions = Sessions(a_session(an_exchange()))
    sessions.add(session)
    with served(sessions) as client, ThreadPoolExecutor(1) as pool:
        path = f"/__mock/sessions/x{what}"
        with held(session.lock, may_end) as found:
            asked = pool.submit(client.request, method, path, json=order, timeout=10)
            # The session is asked for at once, or behind this.
            statuses = [client.get("/pet/7").status_code for _ in range(20)]
            may_end.set()

        assert 200 == asked.result().status_code
    assert [200] * 20 == statuses
    assert [True] == found
