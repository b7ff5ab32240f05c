"""A stream of events holds its connection while it is read, and is recorded whole."""

import socket
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest

from petstore.contract.call import ByteStream
from petstore.contract.errors import ConfigError
from petstore.contract.replies import Response
from petstore.mock.asking import Others
from petstore.mock.opening import OpenedSession, finish, open_session
from petstore.mock.steps import Ask
from petstore.mock.transport import MockTransport
from petstore.mock.upstream import Upstream
from tests.mock.builders import a_request
from tests.mock.doors import BASE_URL, DOORS, async_client, sync_client, sync_door
from tests.mock.servers import QuietHandler, served, upstream_of

EVENTS = "text/event-stream"
EVERY = pytest.mark.parametrize("door", DOORS)


class Feed(QuietHandler):
    """Tell one event; `/broken` breaks off behind it, in the midst of the next."""

    def do_HEAD(self) -> None:
        self.send_response(200)
        self.send_header("content-type", EVENTS)
        self.end_headers()

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", EVENTS)
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"9\r\ndata: 1\n\n\r\n")
        if self.path.startswith("/broken"):
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
        else:
            self.wfile.write(b"0\r\n\r\n")


@pytest.fixture
def feed() -> Iterator[str]:
    with upstream_of(Feed) as url:
        yield url


def recording(tmp_path, url: str) -> OpenedSession:
    return open_session(cassette=tmp_path / "a.yaml", mode="record", upstream=url)


class Source:
    """Be events that nobody needs to read; counts how often they are let go."""

    def __init__(self) -> None:
        self.closed_count = 0

    def __iter__(self) -> Iterator[bytes]:
        return iter([b"data: 1\n\n"])

    def close(self) -> None:
        self.closed_count += 1


async def test_a_stream_that_nobody_began_to_read_gives_its_connection_back(feed):
    ask = Ask("upstream", a_request("GET /feed"))
    with closing(Upstream(feed)) as one:
        body = one.ask(ask).body
        async_body = (await one.ask_async(ask)).body
        assert isinstance(body, ByteStream)
        assert isinstance(async_body, ByteStream)
        body.close()
        await async_body.aclose()

        assert (0, 0) == (_held_count(one._client), _held_count(one._async_client))
        await one.aclose()


def _held_count(client: Any) -> int:
    """Return how many connections of a client of httpx are in use."""
    pool = client._transport._pool.connections
    return sum(not one.is_idle() for one in pool)


@EVERY
def test_a_head_of_events_is_recorded_as_an_answer_without_a_body(door, feed, tmp_path):
    session = recording(tmp_path, feed)

    reply = door(session, "HEAD /feed")

    assert (200, EVENTS) == (reply.status_code, reply.headers["content-type"])
    assert session.target is not None
    assert [None] == [one.response.kind for one in session.target.exchanges]


@pytest.mark.parametrize("status", [200, 204, 304])
@pytest.mark.parametrize("client", [sync_client, async_client])
def test_events_that_are_no_part_of_an_answer_are_let_go(client, status):
    source = Source()
    told = Response(status, {"content-type": EVENTS}, ByteStream(source, EVENTS))
    session = open_session(mode="off", upstream="http://127.0.0.1:1")

    reply = client(MockTransport(session, ask=lambda _: told), "HEAD /feed")

    assert (status, b"") == (reply.status_code, reply.content)
    assert 1 == source.closed_count


async def test_events_that_no_coroutine_began_to_read_are_let_go(feed):
    session = open_session(mode="off", upstream=feed)
    with closing(Others(session)) as others:
        body = (await others.ask_async(Ask("upstream", a_request("GET /feed")))).body
        assert isinstance(body, ByteStream)
        await body.aclose()

        assert others._upstream is not None
        assert 0 == _held_count(others._upstream._client)


@EVERY
def test_a_stream_that_its_server_breaks_off_is_not_recorded(door, feed, tmp_path):
    session = recording(tmp_path, feed)

    with pytest.raises(httpx.RemoteProtocolError):
        door(session, "GET /broken")

    assert 0 == session.report().recorded
    with pytest.raises(ConfigError, match="GET /broken is not whole: The upstream"):
        finish(session)
    assert not (tmp_path / "a.yaml").exists()


def test_a_stream_that_breaks_off_is_told_without_the_secrets_of_its_path(
    feed, tmp_path
):
    session = recording(tmp_path, feed)
    headers = {"authorization": "Bearer broken-1f9a7c"}

    with pytest.raises(httpx.RemoteProtocolError):
        sync_door(session, "GET /broken-1f9a7c", headers=headers)

    with pytest.raises(ConfigError) as caught:
        finish(session)
    assert "GET /* is not whole" in caught.value.message


def test_an_answer_that_breaks_off_ends_and_is_told_in_a_line(feed, caplog):
    with served(open_session(mode="off", upstream=feed)) as client:
        address = ("127.0.0.1", client.base_url.port or 0)
        with socket.create_connection(address, 10) as one:
            one.sendall(b"GET /broken HTTP/1.1\r\nhost: localhost\r\n\r\n")
            told = b"".join(iter(lambda: one.recv(65536), b""))

    assert told.endswith(b"data: 1\n\n\r\n")
    assert 1 == told.count(b"HTTP/1.1")
    (line,) = [one for one in caplog.records if one.name.startswith("petstore")]
    assert ("WARNING", None) == (line.levelname, line.exc_info)


def test_a_stream_that_its_reader_leaves_is_recorded(feed, tmp_path):
    session = recording(tmp_path, feed)
    transport = MockTransport(session)
    with (
        httpx.Client(base_url=BASE_URL, transport=transport) as client,
        client.stream("GET", "/broken") as reply,
    ):
        first = next(reply.iter_raw())

    report = session.report()
    assert b"data: 1\n\n" == first
    assert (1, 0) == (report.recorded, report.unmatched)
