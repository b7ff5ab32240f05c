"""A fault on a socket is what it says, and ends its connection."""

import errno
import http.client
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from urllib.parse import urlsplit

import httpx
import pytest

from petstore.mock.door import MockDoor
from petstore.mock.faults import FaultRules
from petstore.mock.serving import MockServer
from tests.mock.builders import JSON, a_session, an_exchange

BODY = b'{"name":"Rex"}'
PET = an_exchange(response={"headers": JSON, "json": {"name": "Rex"}})
ASKED = b"GET /pet/7 HTTP/1.1\r\nHost: localhost\r\n\r\n"


@contextmanager
def failing(do: dict[str, object], **when: object) -> Iterator[str]:
    """Give the URL of a mock whose answers fail."""
    rules = FaultRules.of([{"when": when, "do": do}])
    with MockServer(MockDoor(a_session(PET, faults=rules))) as server:
        yield server.url


def received(url: str) -> tuple[bytes, int | None]:
    """Return all bytes that come, and the error at their end."""
    parts = urlsplit(url)
    with closing(
        socket.create_connection((parts.hostname, parts.port or 0), 10)
    ) as one:
        one.sendall(ASKED)
        text = b""
        try:
            while piece := one.recv(65536):
                text += piece
        except OSError as error:
            return text, error.errno
        return text, None


def test_reset_is_one_of_tcp():
    with failing({"reset": True}) as url:
        assert (b"", errno.ECONNRESET) == received(url)


def test_empty_answer_is_an_orderly_end():
    with failing({"empty": True}) as url:
        assert (b"", None) == received(url)


def test_garbage_is_no_http():
    with failing({"garbage": True}) as url:
        text, error = received(url)
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(f"{url}/pet/7")

    assert error is None
    assert text
    assert not text.startswith(b"HTTP/")


@pytest.mark.parametrize("size", [0, 5, len(BODY), 1000])
def test_truncated_body_is_shorter_than_it_says(size):
    with failing({"truncate": size}) as url:
        text, _ = received(url)
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(f"{url}/pet/7")

    head, _, body = text.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK")
    assert BODY[:size] == body


def test_bad_chunk_comes_in_mid_body():
    with failing({"bad_chunk": True}) as url:
        text, _ = received(url)
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(f"{url}/pet/7")

    assert b"transfer-encoding: chunked" in text
    assert BODY[: len(BODY) // 2] in text


def test_dribble_brings_all_of_it_in_pieces():
    with failing({"dribble": {"chunks": 3, "over_ms": 3}}) as url:
        answer = httpx.get(f"{url}/pet/7")

    assert (200, BODY) == (answer.status_code, answer.content)


def test_connection_goes_on_where_nothing_is_spoilt():
    with failing({"status": 503}, nth=1) as url:
        parts = urlsplit(url)
        with closing(http.client.HTTPConnection(parts.netloc, timeout=10)) as client:
            statuses = []
            for _ in range(2):
                client.request("GET", "/pet/7")
                answer = client.getresponse()
                answer.read()
                statuses.append(answer.status)

    assert [503, 200] == statuses


def test_delay_makes_a_client_give_up():
    with failing({"delay_ms": 5_000}) as url, pytest.raises(httpx.ReadTimeout):
        httpx.get(f"{url}/pet/7", timeout=0.05)
