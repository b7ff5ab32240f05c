"""HEAD says how long the answer to GET is, and is answered without it."""

import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from petstore.contract.call import ByteStream
from petstore.contract.replies import Response
from petstore.mock.cassette import document_of, dump, parse
from petstore.mock.engine_door import AsyncEngineDoor, EngineDoor
from petstore.mock.exchange import Exchange
from petstore.mock.opening import open_session
from petstore.mock.recording import Recorder
from petstore.mock.redaction import Redactor
from petstore.mock.session import Session
from petstore.mock.tape import Tape
from petstore.mock.transport import MockTransport
from petstore.mock.upstream import Upstream
from tests.mock.builders import a_cassette, a_request, a_session, an_exchange
from tests.mock.doors import DOORS, sync_client
from tests.mock.kit import clock

LENGTH = {"content-length": "1234"}


class Lengths(BaseHTTPRequestHandler):
    """Say how long what is asked for would be, where the path says that."""

    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self.send_response(200)
        if self.path == "/coded":
            self.send_header("content-encoding", "gzip")
        if self.path != "/unknown":
            self.send_header("content-length", "1234")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Lengths) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def recorded(response: Response, line: str = "HEAD /pet/7") -> Exchange:
    return Recorder(a_cassette(), Redactor()).exchange(a_request(line), response)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("line", ["HEAD /file", "HEAD /coded", "HEAD /unknown"])
def test_length_that_an_upstream_tells_is_recorded_and_replayed(
    tmp_path, url, door, line
):
    path = tmp_path / "a.yaml"
    session = open_session(cassette=path, mode="record", upstream=url, id="default")
    with closing(Upstream(url)) as one:
        live = sync_client(MockTransport(session, ask=one), line)
    assert session.target is not None

    replayed = door(Session(Tape([parse(dump(session.target))])), line)

    for name in ("content-length", "content-encoding"):
        assert live.headers.get(name) == replayed.headers.get(name)
    assert ("1234" if line != "HEAD /unknown" else None) == live.headers.get(
        "content-length"
    )
    assert (200, b"") == (replayed.status_code, replayed.content)


@pytest.mark.parametrize("door", DOORS)
def test_head_of_what_get_recorded_says_its_length(door):
    get = an_exchange(response={"json": {"id": 7}})

    reply = door(a_session(get), "HEAD /pet/7")

    assert (b"", "8") == (reply.content, reply.headers["content-length"])


@pytest.mark.parametrize("door", DOORS)
def test_head_of_a_stream_says_no_length(door):
    events = {"headers": {"content-type": "text/event-stream"}, "chunks": ["data: 1"]}
    get = an_exchange("GET /events", "e", response=events)

    reply = door(a_session(get), "HEAD /events")

    assert (b"", None) == (reply.content, reply.headers.get("content-length"))


@pytest.mark.parametrize("line", ["HEAD /v2/pet/1", "HEAD /nothing"])
async def test_engine_behind_a_mock_says_the_length_too(line):
    get = line.replace("HEAD", "GET")
    with EngineDoor(clock=clock) as engine:
        head, whole = engine.answer(a_request(line)), engine.answer(a_request(get))
    async with AsyncEngineDoor(clock=clock) as engine:
        again = await engine.answer(a_request(line))

    assert isinstance(whole.body, bytes)
    assert str(len(whole.body)) == head.headers["content-length"]
    assert (b"", head.headers) == (head.body, again.headers)


def test_length_is_kept_of_head_alone():
    assert LENGTH == recorded(Response(200, dict(LENGTH))).response.headers
    assert {} == recorded(Response(204, dict(LENGTH)), "DELETE /pet/7").response.headers
    assert {} == recorded(Response(200, {"content-length": "x"})).response.headers


def test_length_stands_among_the_headers_of_the_file():
    shown = document_of(recorded(Response(200, dict(LENGTH))))

    assert {"status": 200, "headers": LENGTH} == shown["response"]


def test_head_of_events_of_the_engine_is_no_stream():
    with EngineDoor(clock=clock) as engine:
        head = engine.answer(a_request("HEAD /events"))

    assert not isinstance(head.body, ByteStream)
    assert "content-length" not in head.headers
