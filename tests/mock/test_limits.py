"""What a mock holds, and asks for, has its limits."""

import os
import threading
from collections.abc import Iterator
from contextlib import closing, suppress

import httpx
import pytest

from petstore.contract.errors import ConfigError
from petstore.contract.replies import Response
from petstore.mock.comparing import Comparison
from petstore.mock.door import MockDoor
from petstore.mock.payload import BODY_BYTES_MAX
from petstore.mock.serving import MockServer
from petstore.mock.steps import Ask
from petstore.mock.tape import Cursor
from petstore.mock.upstream import Upstream
from tests.mock.builders import a_request, a_session, an_exchange
from tests.mock.servers import QuietHandler, served, upstream_of

PIECE = bytes(1024 * 1024)


class Endless(QuietHandler):
    """Send more than a mock holds."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-length", str(2 * BODY_BYTES_MAX))
        self.end_headers()
        with suppress(OSError):
            while True:
                self.wfile.write(PIECE)


@pytest.fixture
def endless() -> Iterator[str]:
    with upstream_of(Endless) as url:
        yield url


async def test_answer_of_an_upstream_is_bounded(endless):
    ask = Ask("upstream", a_request("GET /"))
    with closing(Upstream(endless)) as one:
        with pytest.raises(ConfigError, match="more than 67,108,864 bytes"):
            one.ask(ask)
        with pytest.raises(ConfigError, match="more than 67,108,864 bytes"):
            await one.ask_async(ask)
        await one.aclose()


def test_drifts_of_a_session_are_bounded():
    comparison = Comparison(str)

    for number in range(1_001):
        request = a_request(f"GET /pet/{number}")
        comparison.add(request, Response(200, {}, b""), None, Cursor())

    assert 1_000 == len(comparison.drifts)


def test_answers_that_are_held_ready_are_bounded_in_bytes():
    large = "x" * 60_000
    lines = [f"GET /large/{number}" for number in range(600)]
    exchanges = [
        an_exchange(line, f"a-{n}", response={"text": large})
        for n, line in enumerate(lines)
    ]
    door = MockDoor(a_session(*exchanges))
    with MockServer(door) as server, httpx.Client(base_url=server.url) as client:
        for line in lines:
            assert large == client.get(line.removeprefix("GET ")).text

    held = sum(len(one.on_wire()) for one in door._ready.values())
    assert 0 < held <= 32 * 1024 * 1024


def test_hosts_that_are_known_to_be_good_are_bounded():
    door = MockDoor(a_session(an_exchange()))
    with MockServer(door) as server, httpx.Client(base_url=server.url) as client:
        for port in range(1, 150):
            reply = client.get("/pet/7", headers={"host": f"localhost:{port}"})
            assert 200 == reply.status_code

    assert 100 == len(door._good_hosts)


def test_recording_that_is_read_slowly_hinders_no_other_session(tmp_path):
    """A named pipe is as slow as whoever writes into it."""
    slow = tmp_path / "slow.yaml"
    os.mkfifo(slow)
    replies = []
    with served(a_session(an_exchange()), folder=tmp_path) as client:
        url = str(client.base_url)

        def begin() -> None:
            sent = {"cassette": "slow.yaml"}
            replies.append(httpx.post(f"{url}/__mock/sessions", json=sent, timeout=30))

        beginning = threading.Thread(target=begin)
        beginning.start()
        # It opens when the mock reads at its other end.
        with slow.open("w"):
            others = client.get("/pet/7")
        beginning.join()

    # Nothing was written, so it is no recording.
    assert [200, 422] == [others.status_code, replies[0].status_code]
