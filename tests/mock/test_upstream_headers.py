"""What an upstream says in its headers reaches the client that asked, and no other."""

import gzip
from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest

from petstore.contract.call import ByteStream
from petstore.mock.cassette import Cassette
from petstore.mock.opening import OpenedSession, open_session
from petstore.mock.sessions import Sessions
from petstore.mock.steps import Ask
from petstore.mock.transport import MockTransport
from petstore.mock.upstream import Upstream
from tests.mock.builders import a_request, a_session
from tests.mock.servers import QuietHandler, served, upstream_of

EVENTS = b"data: 1\n\n"
COOKIES = ["a=1; Path=/; Expires=Wed, 21 Oct 2065 07:28:00 GMT", "b=2; Path=/"]


class Cookies(QuietHandler):
    """Give cookies, and say which ones came."""

    def do_GET(self) -> None:
        is_stream = self.path == "/events"
        told = self.headers.get("cookie", "none").encode()
        body = gzip.compress(EVENTS) if is_stream else told
        self.send_response(200)
        for one in COOKIES:
            self.send_header("set-cookie", one)
        if is_stream:
            self.send_header("content-type", "text/event-stream")
            self.send_header("content-encoding", "gzip")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def url() -> Iterator[str]:
    with upstream_of(Cookies) as url:
        yield url


def recording(tmp_path, url: str) -> tuple[OpenedSession, Cassette]:
    session = open_session(
        cassette=tmp_path / "a.yaml", mode="record", upstream=url, id="a"
    )
    assert session.target is not None
    return session, session.target


async def test_no_cookie_of_one_client_goes_out_with_another(url):
    ask = Ask("upstream", a_request("GET /"))
    with closing(Upstream(url)) as one:
        answers = [one.ask(ask) for _ in range(2)]
        answers += [await one.ask_async(ask) for _ in range(2)]
        await one.aclose()

    assert [b"none"] * 4 == [answer.body for answer in answers]


def test_each_cookie_reaches_the_client_and_the_recording_without_its_value(
    tmp_path, url
):
    session, target = recording(tmp_path, url)
    sessions = Sessions(a_session())
    sessions.add(session)
    with served(sessions) as client:
        kept = client.get("/__s/a/", headers={"cookie": "c=3"})
        closed = client.get("/__s/a/", headers={"connection": "close"})

    assert [COOKIES] * 2 == [
        one.headers.get_list("set-cookie") for one in (kept, closed)
    ]
    assert "c=3" == kept.text
    assert ["a=<cookie-1>; Path=/\nb=<cookie-2>; Path=/"] * 2 == [
        one.response.headers["set-cookie"] for one in target.exchanges
    ]


def test_each_cookie_reaches_the_client_of_a_transport(tmp_path, url):
    session, _ = recording(tmp_path, url)
    with (
        closing(Upstream(url)) as one,
        httpx.Client(transport=MockTransport(session, ask=one)) as client,
    ):
        reply = client.get("http://pets.test/")

    assert COOKIES == reply.headers.get_list("set-cookie")


def test_events_that_came_compressed_are_plain_and_say_so(tmp_path, url):
    session, target = recording(tmp_path, url)
    with (
        closing(Upstream(url)) as one,
        httpx.Client(transport=MockTransport(session, ask=one)) as client,
    ):
        reply = client.get("http://pets.test/events")

    assert EVENTS == reply.content
    assert "content-encoding" not in target.exchanges[0].response.headers


async def test_events_of_coroutines_are_plain_too(url):
    with closing(Upstream(url)) as one:
        response = await one.ask_async(Ask("upstream", a_request("GET /events")))
        assert isinstance(response.body, ByteStream)
        pieces = [piece async for piece in response.body]
        await one.aclose()

    assert ("content-encoding" in response.headers, EVENTS) == (False, b"".join(pieces))
