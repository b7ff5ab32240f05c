"""Who may not upload is told so before the picture is taken, and sees the answer."""

import httpx
import pytest

from petstore.server.settings import Settings
from tests.kit.server import on_socket

pytestmark = pytest.mark.usefixtures("quiet_log")

KEY = b"api_key: special-key\r\n"
OCTETS = b"Content-Type: application/octet-stream\r\n"
NEXT = b"GET /v2/pet/1 HTTP/1.1\r\n" + KEY + b"\r\n"
LENGTH = 300_000
# Fits into no buffer between client and server.
BUSY = 9_000_000


@pytest.fixture(scope="module")
def server():
    with on_socket(Settings(), auth="on", contract="strict") as running:
        yield running


@pytest.fixture
def photos(tmp_path):
    return tmp_path / "shop.db.photos"


def head(path: bytes, *, length: int = LENGTH, more: bytes = b"") -> bytes:
    line = b"POST " + path + b"/uploadImage HTTP/1.1\r\n" + OCTETS
    return line + more + b"Content-Length: %d\r\n\r\n" % length


@pytest.mark.parametrize(
    ("request_head", "status"),
    [
        pytest.param(head(b"/pet/1"), 401, id="anonymous"),
        pytest.param(head(b"/v2/pet/1"), 401, id="v2"),
        pytest.param(head(b"/api/v3/pet/1"), 401, id="v3"),
        pytest.param(head(b"/pet/1", more=b"api_key: guessed\r\n"), 401, id="unknown"),
    ],
)
def test_stranger_is_refused_before_the_picture_is_sent(
    server, connect, request_head, status
):
    wire = connect(server.url)

    wire.send(request_head, b"x" * 1_000)
    refused = wire.answer()
    wire.send(b"x" * (LENGTH - 1_000), b"GET /healthz HTTP/1.1\r\n\r\n")

    assert (status, 200) == (refused.status, wire.answer().status)


def test_customer_is_refused_before_the_picture_is_sent(server, connect):
    user = {"username": "eve", "password": "correct horse"}
    with httpx.Client(base_url=server.url) as client:
        client.post("/user", json=user, headers={"api_key": "special-key"})
        token = client.post("/tokens", json=user).json()["accessToken"]
    wire = connect(server.url)

    wire.send(head(b"/pet/1", more=f"Authorization: Bearer {token}\r\n".encode()))

    assert 403 == wire.answer().status


def test_missing_pet_is_told_before_the_picture_is_sent(server, connect):
    wire = connect(server.url)

    wire.send(head(b"/pet/4711", more=KEY))

    assert 404 == wire.answer().status


def test_stranger_who_waits_for_leave_gets_none(server, connect):
    wire = connect(server.url)

    wire.send(head(b"/pet/1", more=b"Expect: 100-continue\r\n"))

    answer = wire.answer()
    assert (401, ()) == (answer.status, answer.interim)
    assert wire.is_closed()


def test_stranger_who_is_busy_sending_sees_the_refusal(server):
    response = httpx.post(
        f"{server.url}/pet/1/uploadImage",
        content=bytes(BUSY),
        headers={"content-type": "application/octet-stream"},
    )

    assert (401, "unauthorized") == (response.status_code, response.json()["code"])
