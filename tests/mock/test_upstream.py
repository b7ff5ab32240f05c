"""A server is asked for a recording, and only the one that was named."""

import gzip
import json
import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

import petstore
from petstore.contract.call import ByteStream
from petstore.contract.errors import ConfigError
from petstore.mock.steps import Ask
from petstore.mock.upstream import Upstream
from petstore.mock.urls import checked_url
from tests.mock.builders import a_json_request, a_request
from tests.mock.servers import QuietHandler, upstream_of

REX = '{"id":7,"name":"Rex","photoUrls":[]}'


class Echo(QuietHandler):
    """Answer with what was asked."""

    def do_GET(self) -> None:
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("location", "http://elsewhere.invalid/")
            self.send_header("content-length", "0")
            self.end_headers()
            return
        seen = {"path": self.path, "headers": dict(self.headers.items())}
        body = gzip.compress(json.dumps(seen).encode())
        self.send_response(200)
        self.send_header("content-encoding", "gzip")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def echo() -> Iterator[str]:
    with upstream_of(Echo) as url:
        yield url


def upstream(url: str, **environment: str) -> Upstream:
    return Upstream(url, environment=environment)


async def test_both_kinds_of_caller_are_answered_alike():
    with (
        petstore.serve(seed="empty") as server,
        closing(upstream(f"{server.url}/v2/")) as one,
    ):
        made = one.ask(Ask("upstream", a_json_request("POST /v2/pet", REX)))
        read = one.ask(Ask("upstream", a_request("GET /v2/pet/7")))
        missing = one.ask(Ask("upstream", a_request("GET /v2/pet/8")))
        again = await one.ask_async(Ask("upstream", a_request("GET /v2/pet/7")))
        await one.aclose()

    assert (200, 200, 404) == (made.status, read.status, missing.status)
    assert (read.status, read.body) == (again.status, again.body)
    assert "content-length" not in read.headers


async def test_events_come_as_they_happen():
    with petstore.serve(seed="empty") as server, closing(upstream(server.url)) as one:
        one.ask(Ask("upstream", a_json_request("POST /pet", REX)))
        ask = Ask("upstream", a_request("GET /events?after=0"))
        body = one.ask(ask).body
        async_body = (await one.ask_async(ask)).body

        assert isinstance(body, ByteStream)
        first = next(iter(body))
        body.close()
        assert isinstance(async_body, ByteStream)
        assert first == await anext(aiter(async_body))
        await async_body.aclose()
        await one.aclose()

    assert first.startswith(b"retry: 1000")


def test_headers_of_the_client_go_through_but_for_those_of_its_connection(echo):
    request = a_request(
        "GET /x%2Fy?a=%20b",
        host="mock",
        connection="close",
        authorization="Bearer a",
        proxy_authorization="Basic c2VjcmV0",
        accept_encoding="br, gzip",
        x_petstore_session="s",
    )
    with closing(upstream(echo)) as one:
        answer = one.ask(Ask("upstream", request))

    assert isinstance(answer.body, bytes)
    seen = json.loads(gzip.decompress(answer.body))
    headers = {name.lower(): value for name, value in seen["headers"].items()}
    assert "/x%2Fy?a=%20b" == seen["path"]
    assert ("Bearer a", "gzip") == (
        headers["authorization"],
        headers["accept-encoding"],
    )
    assert headers.keys().isdisjoint({"x-petstore-session", "proxy-authorization"})
    assert echo.removeprefix("http://") == headers["host"]


def test_redirect_is_an_answer(echo):
    with closing(upstream(echo)) as one:
        answer = one.ask(Ask("upstream", a_request("GET /moved")))

    assert (302, "http://elsewhere.invalid/") == (
        answer.status,
        answer.headers["location"],
    )


async def test_server_that_does_not_answer_is_told():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    ask = Ask("upstream", a_request())

    with closing(upstream(url)) as one:
        with pytest.raises(ConfigError, match=f"The upstream {url} did not answer"):
            one.ask(ask)
        with pytest.raises(ConfigError, match=f"The upstream {url} did not answer"):
            await one.ask_async(ask)
        await one.aclose()


def test_no_network_is_used_in_ci_unless_it_is_asked_for():
    with pytest.raises(ConfigError, match="CI is set, so no network is used"):
        upstream("https://petstore3.swagger.io", CI="1")

    assert upstream("http://localhost:1", CI="1")
    assert upstream("http://[::1]:1", CI="1")
    assert Upstream("https://x.invalid", is_asked=True, environment={"CI": "1"})


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://petstore3.swagger.io/api/v3", "https://petstore3.swagger.io"),
        ("https://petstore.swagger.io/v2/", "https://petstore.swagger.io"),
        ("http://a:1/shop/v2", "http://a:1/shop"),
        ("http://a", "http://a"),
    ],
)
def test_base_of_an_api_may_stand_at_the_end(url, expected):
    assert expected == checked_url(url)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("petstore3.swagger.io", "is no URL of a server"),
        ("ftp://a", "is no URL of a server"),
        ("http://", "is no URL of a server"),
        ("http://ann:secret@a", "without user, query and fragment"),
        ("http://a?b", "without user, query and fragment"),
    ],
)
def test_what_is_no_server_is_refused(url, words):
    with pytest.raises(ConfigError, match=words) as told:
        checked_url(url)

    assert "secret" not in told.value.message
