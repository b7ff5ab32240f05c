"""What is hardly HTTP is refused in words, and leaves the server as it was."""

import http.client
import json

import httpx
import pytest

from petstore.server.settings import Settings
from tests.kit.server import api_response, framework_error, on_socket

pytestmark = pytest.mark.usefixtures("quiet_log")

BODY_BYTES_MAX = 1_000
BODY_SECONDS_MAX = 0.2
HOST = b"Host: petstore.swagger.io\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
POST = b"POST /v2/pet HTTP/1.1\r\n" + HOST
PET = b'{"id":77,"name":"Rex","photoUrls":[]}'
BAD_INPUT = api_response(400, "bad input").encode()


@pytest.fixture(scope="module")
def server():
    settings = Settings(
        allow_reset=True,
        body_bytes_max=BODY_BYTES_MAX,
        body_seconds_max=BODY_SECONDS_MAX,
    )
    with on_socket(settings) as running:
        yield running


@pytest.fixture
def wire(server, connect):
    """Give a raw connection, and see that the server lives on and stored nothing."""
    yield connect(server.url)
    pet = httpx.get(f"{server.url}/v2/pet/77")
    assert (404, "1") == (pet.status_code, str(pet.json()["code"]))


def chunk(content: bytes) -> bytes:
    return f"{len(content):x}\r\n".encode() + content + b"\r\n"


@pytest.mark.parametrize(
    "request_bytes",
    [
        pytest.param(POST + b"Content-Length: x\r\n\r\n", id="length-text"),
        pytest.param(POST + b"Content-Length: -1\r\n\r\n", id="length-negative"),
        pytest.param(POST + b"Content-Length: +37\r\n\r\n" + PET, id="length-plus"),
        pytest.param(POST + b"Content-Length: 3_7\r\n\r\n" + PET, id="length-python"),
        pytest.param(
            POST + b"Content-Length: " + b"9" * 5_000 + b"\r\n\r\n", id="length-digits"
        ),
        pytest.param(
            POST + b"Content-Length: 37\r\n" * 2 + b"\r\n" + PET, id="lengths"
        ),
        pytest.param(
            POST + b"Content-Length: 37\r\n" + CHUNKED + chunk(PET), id="smuggled"
        ),
        pytest.param(POST + b"Transfer-Encoding: gzip\r\n\r\n" + PET, id="encoding"),
        pytest.param(POST + CHUNKED + b"xyz\r\n" + PET, id="chunk-text"),
        pytest.param(POST + CHUNKED + b"-25\r\n" + PET, id="chunk-negative"),
        pytest.param(POST + CHUNKED + b"2" * 100 + PET, id="chunk-endless"),
        pytest.param(
            POST + CHUNKED + chunk(PET) + b"0\r\nX: y\r\n\r\n", id="chunk-trailer"
        ),
        pytest.param(POST + b"Expect: x\r\nContent-Length: 37\r\n\r\n", id="expect"),
        pytest.param(b"GET /v2/user/\xff HTTP/1.1\r\n" + HOST + b"\r\n", id="path"),
        pytest.param(b"GET /v2/pet/1 HTTP/1.1\r\nHost\r\n\r\n", id="header"),
    ],
)
def test_broken_frame_is_refused_and_cut(wire, request_bytes):
    wire.send(request_bytes)

    answer = wire.answer()
    assert (400, BAD_INPUT) == (answer.status, answer.body)
    assert "malformed" == json.loads(answer.headers["x-petstore-problem"])["code"]
    assert "*" == answer.headers["access-control-allow-origin"]
    assert wire.is_closed()


@pytest.mark.parametrize(
    "request_bytes",
    [
        pytest.param(b"\r\n\r\n", id="nothing"),
        pytest.param(b"hello\r\n\r\n", id="text"),
        pytest.param(b"GET /v2/pet/1\r\n\r\n", id="http-0.9"),
        pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", id="http-2"),
        pytest.param(b"CONNECT x:80 HTTP/1.1\r\n" + HOST + b"\r\n", id="proxy"),
        pytest.param(b"GET pet/1 HTTP/1.1\r\n" + HOST + b"\r\n", id="no-path"),
    ],
)
def test_what_is_no_request_is_a_problem(wire, request_bytes):
    wire.send(request_bytes)

    answer = wire.answer()
    assert (400, "malformed") == (answer.status, json.loads(answer.body)["code"])
    assert wire.is_closed()


def test_public_v3_refuses_a_broken_frame_in_its_words(wire):
    wire.send(POST.replace(b"/v2", b"/api/v3") + b"Content-Length: x\r\n\r\n")

    answer = wire.answer()
    assert (400, framework_error(400).encode()) == (answer.status, answer.body)


@pytest.mark.parametrize(
    "line", [b"GET /" + b"1" * 20_000, b"GET / HTTP/1.1\r\nX: " + b"x" * 20_000]
)
def test_endless_header_is_refused_and_cut(wire, line):
    wire.send(line)

    answer = wire.answer()
    assert (413, "too_large") == (answer.status, json.loads(answer.body)["code"])
    assert wire.is_closed()


@pytest.mark.parametrize("method", [b"BREW", b"get", b"TRACE"])
def test_unknown_method_is_not_allowed(wire, method):
    wire.send(method + b" /v2/pet/1 HTTP/1.1\r\n" + HOST + b"\r\n")

    answer = wire.answer()
    assert (405, api_response(405).encode()) == (answer.status, answer.body)
    assert "DELETE, GET, HEAD, POST" == answer.headers["allow"]


@pytest.mark.parametrize(
    "request_bytes",
    [
        pytest.param(b"Content-Length: 2000\r\n\r\n" + b"x" * 2_000, id="announced"),
        pytest.param(CHUNKED + chunk(b"x" * 400) * 5 + b"0\r\n\r\n", id="chunked"),
        pytest.param(CHUNKED + chunk(b"x" * 2_000) + b"0\r\n\r\n", id="one-chunk"),
    ],
)
def test_body_above_the_limit_is_drained_and_the_connection_goes_on(
    wire, request_bytes
):
    wire.send(POST + request_bytes)
    refused = wire.answer()
    wire.send(b"GET /v2/pet/1 HTTP/1.1\r\n" + HOST + b"\r\n")
    answered = wire.answer()

    message = "The body may have 1,000 bytes at most."
    assert (413, api_response(413, message).encode()) == (refused.status, refused.body)
    assert (200, 1) == (answered.status, json.loads(answered.body)["id"])


@pytest.mark.parametrize(
    ("request_head", "status"),
    [
        pytest.param(POST + b"Content-Length: 2000\r\n", 413, id="too-large"),
        pytest.param(
            b"POST /v2/pet/1/uploadImage HTTP/1.1\r\n"
            b"Content-Type: application/octet-stream\r\nContent-Length: 99999999\r\n",
            413,
            id="upload",
        ),
        pytest.param(
            b"POST /v2/pet/1/uploadImage HTTP/1.1\r\n"
            b"Content-Type: text/plain\r\nContent-Length: 37\r\n",
            415,
            id="media-type",
        ),
        pytest.param(
            b"POST /v2/nothing HTTP/1.1\r\nContent-Length: 37\r\n", 404, id="no-path"
        ),
    ],
)
def test_body_that_waits_for_leave_is_refused_without_it(wire, request_head, status):
    """The client need not send it, so the connection ends: RFC 9110 §10.1.1."""
    wire.send(request_head + b"Expect: 100-continue\r\n\r\n")

    answer = wire.answer()
    assert (status, ()) == (answer.status, answer.interim)
    assert "close" == answer.headers["connection"]
    assert wire.is_closed()


def test_body_that_did_not_wait_for_leave_is_drained(wire):
    body = b"Expect: 100-continue\r\nContent-Length: 2000\r\n\r\n" + b"x" * 2_000
    wire.send(POST + body)
    refused = wire.answer()
    wire.send(b"GET /v2/pet/1 HTTP/1.1\r\n" + HOST + b"\r\n")

    assert (413, ()) == (refused.status, refused.interim)
    assert 200 == wire.answer().status


def test_body_that_is_wanted_gets_leave(wire):
    wire.send(POST + b"Expect: 100-continue\r\nContent-Length: 38\r\n\r\n")
    wire.send(PET.replace(b"77", b"177"))

    answer = wire.answer()
    assert (200, (100,)) == (answer.status, answer.interim)


def test_largest_body_arrives_in_chunks(server):
    body = PET.replace(b"77", b"78").ljust(BODY_BYTES_MAX)

    response = httpx.post(
        f"{server.url}/v2/pet", content=iter([body[:300], body[300:]])
    )

    assert (200, 78) == (response.status_code, response.json()["id"])


@pytest.mark.parametrize(
    "rest",
    [
        pytest.param([b"x"] * 40, id="drip"),
        pytest.param([], id="stall"),
    ],
)
@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(POST + b"Content-Length: 37\r\n\r\n{", id="body"),
        pytest.param(POST + CHUNKED + b"64\r\n{", id="chunk"),
        pytest.param(
            b"POST /v2/pet/1/uploadImage HTTP/1.1\r\n"
            b"Content-Type: application/octet-stream\r\nContent-Length: 100\r\n\r\n{",
            id="upload",
        ),
    ],
)
def test_slow_body_hits_the_time_limit(wire, frame, rest):
    wire.send(frame, *rest, pause_s=BODY_SECONDS_MAX / 20)

    answer = wire.answer()
    detail = json.loads(answer.headers["x-petstore-problem"])["detail"]
    assert (400, BAD_INPUT) == (answer.status, answer.body)
    assert "The body took more than 0.2 seconds." == detail
    assert wire.is_closed()


@pytest.mark.parametrize("path", [b"/v2/pet", b"/v2/pet/1/uploadImage", b"/nothing"])
def test_client_that_hangs_up_in_the_middle_leaves_nothing(wire, path):
    wire.send(b"POST " + path + b" HTTP/1.1\r\nContent-Length: 37\r\n\r\n" + PET[:20])
    wire.close()


@pytest.mark.parametrize(
    "line",
    [b"GET /v2/pet/1", b"OPTIONS /v2/pet", b"GET /healthz", b"DELETE /v2/nothing"],
)
def test_body_that_nobody_wants_is_read_past(wire, line):
    body = b" HTTP/1.1\r\n" + HOST + b"Content-Length: 37\r\n\r\n" + PET
    wire.send(line + body + b"GET /v2/pet/1 HTTP/1.1\r\n" + HOST + b"\r\n")

    wire.answer(method=line.partition(b" ")[0].decode())
    assert 1 == json.loads(wire.answer().body)["id"]


def test_requests_in_one_packet_are_answered_in_order(wire):
    asks = [f"GET /v2/pet/{n} HTTP/1.1\r\n\r\n".encode() for n in range(1, 6)]
    wire.send(b"".join(asks))

    assert [1, 2, 3, 4, 5] == [json.loads(wire.answer().body)["id"] for _ in range(5)]


def test_refusal_reaches_a_client_that_is_busy_sending_10_mb(server):
    for base in ("", "/v2", "/api/v3"):
        response = httpx.post(f"{server.url}{base}/pet", content=b"x" * 10_000_000)

        assert 413 == response.status_code


def test_header_of_a_refusal_is_readable_by_plain_clients(server):
    client = http.client.HTTPConnection(server.url.removeprefix("http://"))
    client.request("GET", "/user/%C3%A9%E2%82%AC")
    response = client.getresponse()

    problem = json.loads(response.headers["x-petstore-problem"])
    assert "There is no user é€." == problem["detail"]
    response.read()
    client.close()
