"""Sessions begin, are reset and end while requests are under way, and lose nothing."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import httpx
import pytest

from petstore.contract.call import ByteStream
from petstore.contract.errors import ConfigError
from petstore.contract.media import JSON
from petstore.contract.replies import Response
from petstore.mock.cassette import load
from petstore.mock.journal import BODY_BYTES_MAX, LEFT_OUT
from petstore.mock.opening import finish, open_session
from tests.mock.builders import a_request, a_session, respond
from tests.mock.doors import async_door, socket_door, sync_door
from tests.mock.servers import QuietHandler, served, upstream_of

EVENTS = {"content-type": "text/event-stream"}


class Gate:
    """Hold what an upstream answers until a test lets it go."""

    def __init__(self) -> None:
        self.is_asked, self.may_answer = threading.Event(), threading.Event()


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def upstream(gate) -> Iterator[str]:
    class Handler(QuietHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            if self.path == "/feed":
                self._feed()
                return
            if self.path == "/slow":
                gate.is_asked.set()
                gate.may_answer.wait(10)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def _feed(self) -> None:
            self.send_header("content-type", "text/event-stream")
            self.send_header("connection", "close")
            self.end_headers()
            self.wfile.write(b"data: 1\n\n")
            self.wfile.flush()
            gate.is_asked.set()
            gate.may_answer.wait(10)
            self.wfile.write(b"data: 2\n\n")
            self.close_connection = True

    with upstream_of(Handler) as url:
        yield url
        gate.may_answer.set()


@pytest.fixture
def client(tmp_path, upstream) -> Iterator[httpx.Client]:
    with served(a_session(), folder=tmp_path, upstreams=[upstream]) as client:
        yield client


@pytest.fixture
def recording(client, upstream) -> dict[str, Any]:
    order = {"id": "r", "cassette": "r.yaml", "mode": "record", "upstream": upstream}
    reply = client.post("/__mock/sessions", json=order)
    assert 201 == reply.status_code, reply.text
    begun: dict[str, Any] = reply.json()
    return begun


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


def asked_slowly(pool, gate, recording) -> Future[httpx.Response]:
    """Send a request that the upstream has and has not answered."""
    slow = pool.submit(httpx.get, f"{recording['base_url']}/slow", timeout=10)
    assert gate.is_asked.wait(10)
    found: Future[httpx.Response] = slow
    return found


def paths_in(path) -> list[str]:
    return [one.request.path for one in load(path).exchanges]


def test_request_from_before_a_reset_is_answered_and_not_of_what_comes_after(
    client, gate, pool, recording, tmp_path
):
    slow = asked_slowly(pool, gate, recording)
    client.post("/__mock/sessions/r/reset")
    client.get("/quick", headers=recording["header"])
    gate.may_answer.set()
    late = slow.result()
    report = client.delete("/__mock/sessions/r").json()

    assert (200, "upstream/unrecorded") == (
        late.status_code,
        late.headers["x-petstore-served-by"],
    )
    assert (1, 1, 0) == tuple(
        report[name] for name in ("requests", "recorded", "unmatched")
    )
    assert ["/quick"] == paths_in(tmp_path / "r.yaml")


def test_stream_that_breaks_off_behind_a_reset_is_no_failure_of_what_comes_after(
    tmp_path,
):
    def pieces() -> Iterator[bytes]:
        yield b"data: 1\n\n"
        raise ConfigError("The upstream broke off.")

    session = open_session(
        cassette=tmp_path / "a.yaml", mode="record", upstream="http://localhost:1"
    )
    stream = ByteStream(pieces(), "text/event-stream")
    body = respond(session, a_request("GET /feed"), Response(200, dict(EVENTS), stream))
    assert isinstance(body.response.body, ByteStream)
    session.reset()

    with pytest.raises(ConfigError):
        list(body.response.body)

    assert [] == list(session.failures)


def test_stream_from_before_a_reset_is_not_of_what_comes_after(tmp_path):
    path = tmp_path / "r.yaml"
    session = open_session(cassette=path, mode="record", upstream="http://localhost:1")
    before, after = (a_stream() for _ in range(2))
    old = respond(session, a_request("GET /feed"), before)
    session.reset()
    new = respond(session, a_request("GET /feed"), after)
    for one in (old, new):
        assert isinstance(one.response.body, ByteStream)
        assert [b"data: 1\n\n"] == list(one.response.body)
    finish(session)

    assert ["get-feed-1"] == [one.id for one in load(path).exchanges]


@pytest.mark.parametrize("door", [socket_door, sync_door, async_door])
def test_request_that_nobody_answers_is_counted_alike_by_every_door(door):
    session = open_session(mode="off", upstream="http://127.0.0.1:9", environment={})

    with suppress(ConfigError):
        door(session, "GET /pet/7")

    (row,) = session.journal
    assert (502, "upstream") == (row.status, row.served_by)
    assert "127.0.0.1:9" in str(row.report)
    assert 1 == session.journal.unmatched_count == session.report().unmatched


def test_large_bodies_of_requests_that_nobody_answers_are_not_held():
    session = open_session(mode="off", upstream="http://127.0.0.1:9", environment={})
    body = json.dumps(["x" * 1_000] * 60)
    with served(session) as client:
        for _ in range(80):
            client.post("/x", content=body, headers={"content-type": JSON})
        client.post("/x", content=body * 2, headers={"content-type": JSON})

    held = sum(row.facts.body is not LEFT_OUT for row in session.journal)
    assert BODY_BYTES_MAX // len(body) == held
    assert 81 == session.report().unmatched


def a_stream() -> Response:
    stream = ByteStream(iter([b"data: 1\n\n"]), "text/event-stream")
    return Response(200, dict(EVENTS), stream)


def test_end_waits_for_requests_under_way_and_takes_no_more(
    client, gate, pool, recording, tmp_path
):
    slow = asked_slowly(pool, gate, recording)
    ending = pool.submit(client.delete, "/__mock/sessions/r")
    refused = until_refused(client, recording)
    again = client.delete("/__mock/sessions/r")
    gate.may_answer.set()

    assert 200 == slow.result().status_code
    assert 200 == ending.result().status_code
    assert "/slow" in paths_in(tmp_path / "r.yaml")
    assert "is being ended" in refused.json()["detail"]
    assert 409 == again.status_code


def until_refused(client, recording) -> httpx.Response:
    """Ask until the session takes no request more, which has to come."""
    for _ in range(10_000):
        reply = client.get("/quick", headers=recording["header"])
        if reply.status_code == 501:
            return reply
    raise AssertionError("the session takes requests for ever")


def test_end_that_takes_too_long_leaves_the_session_as_it_is(
    upstream, gate, pool, tmp_path
):
    with served(
        a_session(), folder=tmp_path, upstreams=[upstream], end_s_max=0.01
    ) as client:
        order = {"cassette": "r.yaml", "mode": "record", "upstream": upstream}
        recording = client.post("/__mock/sessions", json={**order, "id": "r"}).json()
        slow = asked_slowly(pool, gate, recording)
        early = client.delete("/__mock/sessions/r")
        gate.may_answer.set()
        slow.result()
        late = client.delete("/__mock/sessions/r")

    assert (409, 200) == (early.status_code, late.status_code)
    assert "keep=false" in early.json()["detail"]
    assert ["/slow"] == paths_in(tmp_path / "r.yaml")


def test_session_whose_file_cannot_be_written_stays(client, recording, tmp_path):
    client.get("/quick", headers=recording["header"])
    (tmp_path / "r.yaml").mkdir()

    refused = client.delete("/__mock/sessions/r")
    again = client.get("/other", headers=recording["header"])
    (tmp_path / "r.yaml").rmdir()
    ended = client.delete("/__mock/sessions/r")

    assert 422 == refused.status_code
    assert (200, 200) == (again.status_code, ended.status_code)
    assert ["/quick", "/other"] == paths_in(tmp_path / "r.yaml")


def test_end_keeps_what_a_stream_told_so_far(client, gate, recording, tmp_path):
    with client.stream("GET", "/feed", headers=recording["header"]) as reply:
        pieces = reply.iter_bytes()
        next(pieces)
        ended = httpx.delete(f"{client.base_url}/__mock/sessions/r", timeout=10)
        gate.may_answer.set()
        rest = b"".join(pieces)

    (exchange,) = load(tmp_path / "r.yaml").exchanges
    assert (200, 1) == (ended.status_code, ended.json()["recorded"])
    assert b"data: 2\n\n" == rest
    assert ["data: 1\n\n"] == exchange.response.chunks
