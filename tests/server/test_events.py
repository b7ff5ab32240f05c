"""Server-sent events on a socket: they come at once, and end with the server."""

import http.client
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import httpx
import pytest

from petstore.engine.feeds import LISTENER_COUNT_MAX
from tests.kit.server import on_socket, problem_of

pytestmark = pytest.mark.usefixtures("quiet_log")

REX = {"name": "Rex", "photoUrls": []}


@contextmanager
def listening(
    url: str, path: str = "/events", **headers: str
) -> Iterator[http.client.HTTPResponse]:
    """Open a stream, and give what reads it line by line."""
    parts = urlsplit(url)
    client = http.client.HTTPConnection(parts.netloc, timeout=10)
    try:
        client.request("GET", path, headers=headers)
        yield client.getresponse()
    finally:
        client.close()


def block(response: http.client.HTTPResponse) -> list[str]:
    """Read up to the next empty line."""
    lines = []
    while line := response.readline().decode().rstrip("\n"):
        lines.append(line)
    return lines


def test_write_is_told_while_it_happens():
    with on_socket(seed="empty") as server, listening(server.url) as response:
        opening = block(response)
        httpx.post(f"{server.url}/pet", json=REX).raise_for_status()
        event = block(response)
        httpx.delete(f"{server.url}/pet/1").raise_for_status()
        last = block(response)

    log = opening[1].removeprefix("id: ").removesuffix(".0")
    assert ["retry: 1000", f"id: {log}.0"] == opening
    assert ["event: change", f"id: {log}.1"] == event[:2]
    assert '"entity":{"id":1,"name":"Rex"' in event[2]
    assert last[2].endswith('"entity":null}')
    assert "text/event-stream" == response.headers["content-type"]
    assert "no-store" == response.headers["cache-control"]
    assert "*" == response.headers["access-control-allow-origin"]
    assert response.headers["x-request-id"]


def test_listener_goes_on_where_it_was():
    with on_socket(seed="empty") as server:
        for _ in range(3):
            httpx.post(f"{server.url}/pet", json=REX)
        again = {"last-event-id": "2"}
        with listening(server.url, "/events?after=0", **again) as response:
            assert block(response)[1].endswith(".2")
            third = block(response)[1].removeprefix("id: ")
        second = third.removesuffix("3") + "2"
        with listening(server.url, f"/events?after={second}") as response:
            assert f"id: {second}" in block(response)
            assert f"id: {third}" in block(response)


@pytest.mark.parametrize("given", ["x", "-1", "1_0", "9" * 17, "٣", "a.b", "1.2.3.4"])
def test_id_that_is_none_is_refused(given):
    headers = {"last-event-id": given.encode()}
    with on_socket() as server:
        response = httpx.get(f"{server.url}/events", headers=headers)

    assert 422 == response.status_code
    assert "header.Last-Event-ID" == problem_of(response)["fields"][0]["field"]


def test_stream_ends_with_its_server():
    with ExitStack() as stack:
        with on_socket(seed="empty") as server:
            response = stack.enter_context(listening(server.url))
            block(response)
        rest = response.read()

    assert rest.startswith(b": the stream ends here")


def test_listener_that_left_frees_its_place():
    with on_socket(seed="empty") as server:
        for _ in range(LISTENER_COUNT_MAX):
            with listening(server.url) as response:
                block(response)
        # One event makes the server write, where it did not see them leave.
        httpx.post(f"{server.url}/pet", json=REX)
        with listening(server.url) as response:
            assert 200 == response.status


def test_listeners_beyond_the_limit_are_told_to_come_back():
    with on_socket(seed="empty") as server, ExitStack() as stack:
        for _ in range(LISTENER_COUNT_MAX):
            stack.enter_context(listening(server.url))
        response = httpx.get(f"{server.url}/events")
        head = httpx.head(f"{server.url}/events")

    assert (503, 503) == (response.status_code, head.status_code)
    assert ("5", "true") == (
        response.headers["retry-after"],
        response.headers["x-should-retry"],
    )


def test_head_has_the_headers_and_takes_no_place():
    with on_socket() as server:
        for _ in range(LISTENER_COUNT_MAX + 1):
            response = httpx.head(f"{server.url}/events")
            assert 200 == response.status_code
            assert "text/event-stream" == response.headers["content-type"]


def test_compatible_faces_have_no_events():
    with on_socket() as server:
        answers = [
            httpx.get(f"{server.url}{base}/events") for base in ("/v2", "/api/v3")
        ]

    assert [404, 404] == [response.status_code for response in answers]
