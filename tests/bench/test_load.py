"""The load counts complete replies, and nothing else."""

import itertools
from typing import Any, cast

import pytest

from tests.bench.load import Connection, Run

REPLY = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody"
REQUESTS = (b"first", b"second", b"third")


class FakeTransport:
    """Keep what is written, and say whether it was closed."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.is_closed = False

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def close(self) -> None:
        self.is_closed = True

    abort = close


@pytest.fixture
async def run():
    return Run(itertools.cycle(REQUESTS))


@pytest.fixture
def transport():
    return FakeTransport()


@pytest.fixture
def connection(run, transport):
    connection = Connection(run)
    connection.connection_made(cast(Any, transport))
    return connection


async def test_each_complete_reply_sends_the_next_request(run, transport, connection):
    connection.data_received(REPLY)
    connection.data_received(REPLY)

    assert [b"first", b"second", b"third"] == transport.written
    assert len(run.latencies_s) == 2


async def test_a_reply_in_pieces_counts_once(run, transport, connection):
    for byte in REPLY:
        connection.data_received(bytes([byte]))

    assert [b"first", b"second"] == transport.written
    assert len(run.latencies_s) == 1


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(REPLY.replace(b"200", b"500"), id="another status"),
        pytest.param(REPLY + b"!", id="more than asked for"),
    ],
)
async def test_any_other_reply_ends_the_run(run, transport, connection, reply):
    connection.data_received(reply)

    assert "no single 200" in run.failure.result()
    assert run.is_over
    assert transport.is_closed


async def test_a_connection_that_breaks_ends_the_run(run, connection):
    connection.connection_lost(None)

    assert "closed a connection" in run.failure.result()
    assert run.all_closed.is_set()


async def test_the_last_reply_closes_the_connection(run, transport, connection):
    run.is_over = True

    connection.data_received(REPLY)
    connection.connection_lost(None)

    assert transport.is_closed
    assert not run.failure.done()
