"""What goes to an upstream is what the client sent, and goes nowhere else."""

import json
import socket
from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest

from petstore.contract.errors import ConfigError
from petstore.mock.foreign_wire import origin_of
from petstore.mock.opening import open_session
from petstore.mock.pieces import bytes_of
from petstore.mock.steps import Ask
from petstore.mock.upstream import Upstream
from petstore.mock.urls import checked_url
from tests.mock.builders import a_request, a_session, an_exchange
from tests.mock.doors import DOORS
from tests.mock.servers import QuietHandler, served, upstream_of


class Echo(QuietHandler):
    """Answer with the request line and the headers that came."""

    def do_GET(self) -> None:
        seen = {"line": self.requestline, "headers": dict(self.headers.items())}
        body = json.dumps(seen).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_OPTIONS = do_GET


@pytest.fixture
def echo() -> Iterator[str]:
    with upstream_of(Echo) as url:
        yield url


def sent(client: httpx.Client, target: bytes, header: bytes = b"x: y") -> bytes:
    """Send a request that no client of HTTP would, and return the answer."""
    lines = [b"GET " + target + b" HTTP/1.1", b"host: localhost", header]
    with socket.create_connection(("127.0.0.1", client.base_url.port or 0)) as one:
        one.sendall(b"\r\n".join([*lines, b"connection: close", b"", b""]))
        one.settimeout(10)
        return b"".join(iter(lambda: one.recv(65536), b""))


@pytest.mark.parametrize(
    "target",
    [
        pytest.param(b"/../tenant-b", id="plain"),
        pytest.param(b"/a/../../tenant-b", id="deeper"),
        pytest.param(b"/%2e%2E/tenant-b", id="escaped"),
        pytest.param(b"/..%2ftenant-b", id="escaped slash"),
        pytest.param(b"/..%5ctenant-b", id="backslash"),
        pytest.param(b"/..;a=b/tenant-b", id="parameter"),
    ],
)
def test_no_path_leads_out_of_the_upstream(echo, target):
    session = open_session(mode="off", upstream=f"{echo}/tenant-a")
    with served(session) as client:
        answer = sent(client, target)

    assert answer.startswith(b"HTTP/1.1 502")
    assert b"would leave /tenant-a" in answer


@pytest.mark.parametrize(
    "target", [b"//b", b"/a%2Fb?c=%20d", b"/@b:c", b"/a;b=c/d?e=/../f"]
)
def test_a_path_arrives_as_it_was_sent(echo, target):
    with served(open_session(mode="off", upstream=echo)) as client:
        _, _, body = sent(client, target).rpartition(b"\r\n\r\n")

    assert f"GET {target.decode()} HTTP/1.1" == json.loads(body)["line"]


def test_dots_within_a_name_lead_nowhere(echo):
    with served(open_session(mode="off", upstream=f"{echo}/tenant-a")) as client:
        _, _, body = sent(client, b"/..a/b.../...").rpartition(b"\r\n\r\n")

    assert "GET /tenant-a/..a/b.../... HTTP/1.1" == json.loads(body)["line"]


def test_what_is_no_path_is_not_sent(echo):
    with served(open_session(mode="off", upstream=f"{echo}/tenant-a")) as client:
        answer = sent(client, b"*")

    assert answer.startswith(b"HTTP/1.1 502")
    assert b"begins with /" in answer


@pytest.mark.parametrize("letter", ["ä".encode(), "ä".encode("latin-1")])
def test_a_header_beyond_ascii_arrives_as_it_was_sent(echo, letter):
    with served(open_session(mode="off", upstream=echo)) as client:
        _, _, body = sent(client, b"/x", b"x-name: " + letter).rpartition(b"\r\n\r\n")

    seen = json.loads(body)["headers"]
    assert letter == seen["x-name"].encode("latin-1")


@pytest.mark.parametrize("door", DOORS)
def test_a_recorded_header_beyond_ascii_reaches_each_client(door):
    session = a_session(an_exchange(response={"headers": {"x-note": "ä"}}))

    assert "ä" == door(session, "GET /pet/7").headers["x-note"]


@pytest.mark.parametrize("door", DOORS)
def test_a_letter_that_no_header_can_have_is_shown_as_one(door):
    session = a_session(an_exchange(response={"headers": {"x-note": "a→b"}}))

    assert "a?b" == door(session, "GET /pet/7").headers["x-note"]


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        ("gzip;q=0", "identity"),
        ("gzip;q=0.5, deflate", "gzip, deflate"),
        ("GZIP", "gzip"),
        ("*", "gzip, deflate"),
        ("*, gzip;q=0", "deflate"),
        ("br", "identity"),
        ("notgzip", "identity"),
    ],
)
def test_a_coding_is_asked_for_where_the_client_takes_it(echo, accepted, expected):
    with closing(Upstream(echo)) as one:
        request = a_request("GET /x", accept_encoding=accepted)
        answer = one.ask(Ask("upstream", request))

    assert expected == json.loads(bytes_of(answer))["headers"]["accept-encoding"]


async def test_what_listens_on_this_machine_is_asked_past_proxies(echo, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    ask = Ask("upstream", a_request("GET /x"))

    with closing(Upstream(echo)) as one:
        statuses = [one.ask(ask).status, (await one.ask_async(ask)).status]
        await one.aclose()

    assert [200, 200] == statuses


async def test_any_other_server_is_asked_through_a_proxy(echo, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, echo)
    ask = Ask("upstream", a_request("GET /x"))

    with closing(Upstream("http://pets.invalid", is_asked=True)) as one:
        answers = [one.ask(ask), await one.ask_async(ask)]
        await one.aclose()

    line = "GET http://pets.invalid/x HTTP/1.1"
    told = [json.loads(bytes_of(one))["line"] for one in answers]
    assert [line, line] == told


@pytest.mark.parametrize(
    "url",
    ["http://a:99999", "http://a:bad", "http://[::1", "http://a b", "http://[a]:1"],
)
def test_a_url_that_nobody_can_read_is_refused(url):
    with pytest.raises(ConfigError, match="Wrong upstream"):
        checked_url(url)
    with pytest.raises(ConfigError, match="Wrong upstream"):
        open_session(mode="off", upstream=url)

    assert "" == origin_of(url)


async def test_a_host_that_no_name_system_takes_is_told():
    ask = Ask("upstream", a_request("GET /x"))
    with closing(Upstream("http://xn--a..b", is_asked=True)) as one:
        with pytest.raises(ConfigError, match="did not answer"):
            one.ask(ask)
        with pytest.raises(ConfigError, match="did not answer"):
            await one.ask_async(ask)
        await one.aclose()
