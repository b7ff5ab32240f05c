"""The door hands requests to sessions, and what goes wrong is a problem document."""

import asyncio
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from petstore.contract.call import ByteStream
from petstore.contract.replies import Response
from petstore.mock.asking import Answering
from petstore.mock.door import MockDoor
from petstore.mock.opening import open_session
from petstore.mock.session import Session
from petstore.mock.sessions import Sessions
from petstore.mock.tape import Tape
from petstore.server.settings import LOOPBACK
from tests.mock.builders import a_cassette, a_request, a_session, an_exchange, respond
from tests.mock.servers import Engine, served

EVENTS = {"content-type": "text/event-stream"}


def test_replay_says_where_it_is_from():
    with served(a_session(an_exchange(response={"json": {"id": 7}}))) as client:
        replies = [client.get("/pet/7") for _ in range(3)]

    for reply in replies:
        assert (200, {"id": 7}) == (reply.status_code, reply.json())
        assert "recording/getPetById-1" == reply.headers["x-petstore-served-by"]
        assert "*" == reply.headers["access-control-allow-origin"]


def test_head_of_what_get_recorded_has_no_body_and_takes_nothing():
    first, last = (
        an_exchange(id=id, response={"json": {"id": 7, "name": id}})
        for id in ("first", "last")
    )
    with served(a_session(first, last)) as client:
        heads = [client.head("/pet/7")]
        replies = [client.get("/pet/7") for _ in range(2)]
        heads.append(client.head("/pet/7"))

    assert ["first", "last"] == [one.json()["name"] for one in replies]
    assert [(200, b"")] * 2 == [(one.status_code, one.content) for one in heads]
    for head, reply in zip(heads, replies, strict=True):
        assert head.headers["content-length"] == reply.headers["content-length"]


def test_ten_parallel_sessions_do_not_see_each_other():
    tape = Tape(
        [
            a_cassette(
                *(
                    an_exchange(
                        "POST /store/order",
                        f"placeOrder-{number}",
                        response={"json": {"id": number}},
                    )
                    for number in range(20)
                )
            )
        ]
    )
    sessions = Sessions(Session(tape))
    bases = [sessions.add(Session(tape, id=f"s{number}")) for number in range(10)]

    with served(sessions) as client, ThreadPoolExecutor(10) as pool:
        asked = [
            (base, pool.submit(client.post, f"{base}/store/order"))
            for _ in range(20)
            for base in bases
        ]
        ids: dict[str, list[int]] = {base: [] for base in bases}
        for base, reply in asked:
            ids[base].append(reply.result().json()["id"])

    assert {base: list(range(20)) for base in bases} == {
        base: sorted(one) for base, one in ids.items()
    }
    assert 0 == sessions.default.journal.count


def test_session_is_named_by_prefix_or_header():
    sessions = Sessions(a_session())
    base = sessions.add(a_session(an_exchange(request={"query": {"a": "1"}}), id="a"))

    with served(sessions) as client:
        statuses = [
            client.get(f"{base}/pet/7").status_code,
            client.get("/pet/7", headers={"X-Petstore-Session": "a"}).status_code,
            client.get("/pet/7").status_code,
        ]

    assert [501, 501, 501] == statuses
    assert 2 == sessions.get("a").journal.count


@pytest.mark.parametrize(
    ("path", "headers"),
    [("/__s/nobody/pet/7", {}), ("/pet/7", {"x-petstore-session": "nobody"})],
)
def test_unknown_session_is_501(path, headers):
    with served(a_session(an_exchange())) as client:
        reply = client.post(path, headers=headers, content=b"x")

    assert 501 == reply.status_code
    assert "application/problem+json" == reply.headers["content-type"]
    assert "no_such_session" == reply.json()["code"]


def test_head_has_the_header_of_the_answer_alone():
    recorded = an_exchange("HEAD /pet/7", "head", response={"json": {"id": 7}})
    with served(a_session(recorded, an_exchange())) as client:
        head, get = client.head("/pet/7"), client.get("/pet/7")

    assert (200, "8", b"") == (
        head.status_code,
        head.headers["content-length"],
        head.content,
    )
    assert 200 == get.status_code


@pytest.mark.parametrize("status", [204, 304])
def test_answer_without_body_leaves_the_connection_in_step(status):
    empty = an_exchange("DELETE /pet/7", "gone", status)
    with served(a_session(empty, an_exchange(response={"text": "next"}))) as client:
        first, second = client.delete("/pet/7"), client.get("/pet/7")

    assert (status, b"", "next") == (first.status_code, first.content, second.text)
    assert "content-length" not in first.headers


def test_stream_keeps_its_chunks():
    chunks = ["data: 1\n\n", "data: 2\n\n"]
    recorded = an_exchange(
        "GET /events", "e", response={"headers": EVENTS, "chunks": chunks}
    )

    with (
        served(a_session(recorded)) as client,
        client.stream("GET", "/events") as reply,
    ):
        came = list(reply.iter_raw())

    assert [one.encode() for one in chunks] == came
    assert "chunked" == reply.headers["transfer-encoding"]


def test_coding_is_that_of_each_client():
    recorded = an_exchange(response={"text": "long " * 9, "encoding": "gzip"})
    with served(a_session(recorded)) as client:
        codings = [
            client.get("/pet/7", headers={"accept-encoding": accepted}).headers.get(
                "content-encoding"
            )
            for accepted in ("gzip", "identity", "gzip")
        ]

    assert ["gzip", None, "gzip"] == codings


def test_preflight_lets_every_page_in():
    asks = {
        "origin": "https://shop.example",
        "access-control-request-method": "PUT",
        "access-control-request-headers": "x-petstore-session",
    }
    session = a_session()
    with served(session) as client:
        reply = client.options("/pet", headers=asks)

    assert 204 == reply.status_code
    assert "PUT" in reply.headers["access-control-allow-methods"]
    assert "x-petstore-session" == reply.headers["access-control-allow-headers"]
    assert 0 == session.journal.count


def test_plain_options_is_a_request_like_others():
    with served(a_session(an_exchange("OPTIONS /pet", "options", 200))) as client:
        reply = client.options("/pet")

    assert "recording/options" == reply.headers["x-petstore-served-by"]


def test_rebound_name_is_refused():
    with served(a_session(an_exchange())) as client:
        for path in ("/pet/7", "/__mock/sessions"):
            reply = client.get(path, headers={"host": "evil.example"})

            assert 400 == reply.status_code
            assert "evil.example" in reply.json()["detail"]


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "[::1]:80", "mock.local"])
def test_names_of_this_machine_and_those_allowed_are_answered(host):
    with served(a_session(an_exchange()), allow_hosts=["mock.local"]) as client:
        assert 200 == client.get("/pet/7", headers={"host": host}).status_code


def test_exposed_server_answers_to_any_name():
    with served(a_session(an_exchange()), host="0.0.0.0") as client:  # noqa: S104
        reply = client.get("/pet/7", headers={"host": "ci-runner"})

    assert 200 == reply.status_code


def test_token_is_made_where_others_reach_the_server():
    tokens = [MockDoor(a_session(), host="::").token for _ in range(2)]

    assert None not in tokens
    assert tokens[0] != tokens[1]
    assert None is MockDoor(a_session(), host=LOOPBACK).token
    assert "chosen" == MockDoor(a_session(), host="::", token="chosen").token


def test_what_is_no_http_is_a_problem():
    with served(a_session()) as client:
        parts = urlsplit(str(client.base_url))
        with socket.create_connection((parts.hostname, parts.port)) as raw:
            raw.sendall(b"NO HTTP AT ALL\r\n\r\n")
            told = raw.makefile("rb").read()

    assert b"400" in told.partition(b"\r\n")[0]
    assert b"application/problem+json" in told


def test_fault_spoils_the_answer():
    reset = [{"do": {"reset": True}}]
    session = open_session(faults=reset)

    with served(session) as client, pytest.raises(httpx.ReadError):
        client.get("/pet/7")

    assert ["fault"] == [row.served_by for row in session.journal]


def test_engine_answers_for_its_session_and_is_closed_at_the_end():
    made: list[Engine] = []

    def engine(_: Session) -> Answering:
        made.append(Engine())
        return made[-1]

    with served(a_session(on_miss="engine"), engine=engine) as client:
        replies = [client.get("/pet/7") for _ in range(2)]

    assert ["from the engine"] * 2 == [reply.text for reply in replies]
    assert [1] == [one.closed_count for one in made]


def test_who_does_not_answer_is_502_and_in_the_journal():
    session = a_session(on_miss="engine")
    with served(session, engine=lambda _: Engine()) as client:
        reply = client.get("/away")

    assert (502, "upstream_failed") == (reply.status_code, reply.json()["code"])
    assert "The engine is away." == reply.json()["detail"]
    assert [(502, "upstream")] == [
        (row.status, row.served_by) for row in session.journal
    ]


def test_session_without_anybody_to_ask_says_so():
    with served(a_session(on_miss="upstream")) as client:
        reply = client.get("/pet/7")

    assert 502 == reply.status_code
    assert "session default" in reply.json()["detail"].lower()


def test_recording_asks_the_upstream_and_replays(tmp_path):
    path = tmp_path / "buy.yaml"
    with served(a_session(an_exchange(response={"json": {"id": 7}}))) as upstream:
        session = open_session(
            cassette=path, mode="record", upstream=str(upstream.base_url).rstrip("/")
        )
        with served(session) as client:
            reply = client.get("/pet/7")

    assert {"id": 7} == reply.json()
    assert session.target is not None
    replay = Session(Tape([session.target]))
    assert b'{"id":7}' == respond(replay, a_request()).response.body


def test_large_answer_comes_whole_each_time():
    recorded = an_exchange(response={"text": "x" * 100_000})

    with served(a_session(recorded)) as client:
        sizes = [len(client.get("/pet/7").content) for _ in range(2)]

    assert [100_000] * 2 == sizes


def test_plain_replay_waits_for_no_client_and_no_store():
    code = "import petstore.cli.mock, petstore.cli.mocking, sys; print(*sys.modules)"
    command = [sys.executable, "-c", code]

    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert "petstore.mock.door" in shown.split()
    assert "petstore.mock.admin" not in shown.split()
    assert {"httpx", "respx", "sqlalchemy", "sqlmodel"}.isdisjoint(shown.split())


def test_stream_that_the_client_leaves_is_recorded_as_far_as_it_came(tmp_path):
    async def endless():
        yield b"data: 1\n\n"
        await asyncio.Event().wait()

    class Events(Engine):
        async def ask_async(self, ask):
            stream = ByteStream(endless(), "text/event-stream")
            return Response(200, dict(EVENTS), stream)

    session = open_session(
        cassette=tmp_path / "events.yaml", mode="record", upstream="engine"
    )
    with served(session, engine=lambda _: Events()) as client:
        with client.stream("GET", "/events") as reply:
            first = next(reply.iter_raw())
        assert b"data: 1\n\n" == first

    assert session.target is not None
    kept = [one.response.chunks for one in session.target.exchanges]
    assert [["data: 1\n\n"]] == kept


def test_stream_is_closed_when_it_was_sent():
    class Chunks:
        def __init__(self) -> None:
            self.closed_count = 0
            self._left = [b"data: 1\n\n"]

        def __aiter__(self):
            return self

        async def __anext__(self):
            if not self._left:
                raise StopAsyncIteration
            return self._left.pop()

        async def aclose(self):
            self.closed_count += 1

    chunks: Any = Chunks()

    class Events(Engine):
        async def ask_async(self, ask):
            return Response(200, dict(EVENTS), ByteStream(chunks, "text/event-stream"))

    with served(a_session(on_miss="engine"), engine=lambda _: Events()) as client:
        reply = client.get("/events")

    assert ("data: 1\n\n", 1) == (reply.text, chunks.closed_count)


def test_bug_is_told_by_its_number_in_the_log(caplog):
    class Broken(Engine):
        async def ask_async(self, ask):
            raise RuntimeError("hunter22")

    with served(a_session(on_miss="engine"), engine=lambda _: Broken()) as client:
        reply = client.get("/pet/7")

    assert 500 == reply.status_code
    assert "hunter22" not in reply.text
    assert reply.json()["detail"].split()[-1].rstrip(".") in caplog.text


@pytest.mark.parametrize("status", [299, 499, 520])
@pytest.mark.parametrize("connection", ["keep-alive", "close"])
def test_status_that_nobody_registered_is_replayed(status, connection):
    with served(a_session(an_exchange(status=status))) as client:
        reply = client.get("/pet/7", headers={"connection": connection})

    assert status == reply.status_code
