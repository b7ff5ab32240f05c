"""What hardly any client does is answered in words, and holds up nobody else."""

import os
import socket
from time import monotonic

import httpx
import pytest

import petstore
from tests.kit.server import on_socket

PICTURE_BYTES = 9 * 1024 * 1024


@pytest.fixture(scope="module")
def server():
    with on_socket() as running:
        yield running


@pytest.mark.parametrize("base", ["", "/v2", "/api/v3"])
@pytest.mark.parametrize("method", [b"G\xffT", b"G\x1b[31mT", b"X" * 300])
def test_method_of_odd_bytes_is_refused_and_written_plainly(
    server, connect, method, base
):
    wire = connect(server.url)

    wire.send(method, b" ", base.encode(), b"/pet/1 HTTP/1.1\r\nHost: x\r\n\r\n")
    answer = wire.answer()

    assert answer.status == 405
    assert b"\x1b" not in answer.body
    assert b"X" * 50 not in answer.body


@pytest.mark.parametrize("path", ["/user/logout", "/v2/user/logout"])
def test_head_has_no_effect(server, path):
    answer = httpx.head(server.url + path)

    assert (405, "GET") == (answer.status_code, answer.headers["allow"])


def test_commas_of_a_form_are_counted_before_they_are_split(server):
    started = monotonic()

    answer = httpx.post(
        f"{server.url}/pet/1",
        content=b"name=" + b"," * 900_000,
        headers={"content-type": "application/x-www-form-urlencoded"},
    )

    assert answer.status_code == 400
    assert "2,000 commas" in answer.json()["detail"]
    assert monotonic() - started < 2


def test_picture_that_breaks_off_ends_its_connection(tmp_path):
    """Else the refusal would stand in the middle of the picture."""
    with petstore.serve(tmp_path / "shop.db") as running:
        kind = {"content-type": "application/octet-stream"}
        content = os.urandom(PICTURE_BYTES)
        url = f"{running.url}/v2/pet/1/uploadImage"
        assert httpx.post(url, content=content, headers=kind).status_code == 200
        (file,) = (tmp_path / "shop.db.photos").iterdir()
        with socket.socket() as wire:
            # So that the server is still sending when the file has gone.
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
            port = httpx.URL(running.url).port
            assert port is not None
            wire.connect(("127.0.0.1", port))
            wire.settimeout(30)
            wire.sendall(
                f"GET /photos/{file.name} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
            )
            received = wire.recv(4_096)
            file.unlink()
            while piece := wire.recv(1 << 20):
                received += piece

    assert len(received) < PICTURE_BYTES
    assert received.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"GET /v2/pe", id="half a header"),
        pytest.param(
            b"POST /v2/pet HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b'Content-Length: 500\r\n\r\n{"na',
            id="half a body",
        ),
        pytest.param(b"GET /v2/pet/1 HTTP/1.1\r\nHost: x\r\n\r\n", id="not read"),
    ],
)
def test_client_that_hangs_up_is_no_fault(server, connect, caplog, sent):
    for _ in range(10):
        wire = connect(server.url)
        wire.send(sent)
        wire.close()
        # Its answer comes after the server has seen the other one go.
        assert httpx.get(f"{server.url}/healthz").status_code == 200

    assert [] == [record for record in caplog.records if record.levelname == "ERROR"]
