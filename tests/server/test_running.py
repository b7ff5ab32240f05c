"""A server that fails says why, and leaves nothing behind."""

import asyncio
from contextlib import closing

import pytest
from sanic import Sanic

import petstore
from petstore.contract.errors import ConfigError
from petstore.server.running import Served, run
from petstore.server.settings import Settings
from petstore.server.sockets import bind

TIMEOUT_S = 10


def test_a_thread_that_died_says_why_and_not_that_its_loop_is_closed():
    class Died(SystemExit):
        """End an event loop, which other errors do not."""

    def die() -> None:
        raise Died

    server = petstore.serve().__enter__()
    server._loop.call_soon_threadsafe(die)
    server._thread.join(TIMEOUT_S)

    with pytest.raises(Died):
        server.__exit__(None, None, None)


@pytest.mark.parametrize(
    ("host", "advice"),
    [
        pytest.param("nowhere.invalid", "an address of this machine", id="unknown"),
        pytest.param("192.0.2.7", "an address of this machine", id="elsewhere"),
        pytest.param("\u00e4" * 64, "is no name of a host", id="too-long"),
    ],
)
def test_an_address_that_cannot_be_had_is_refused_with_advice(host, advice):
    with pytest.raises(ConfigError, match=advice):
        bind(host, 0)


def test_a_port_in_use_is_refused_with_advice():
    with (
        closing(bind("127.0.0.1", 0)) as taken,
        pytest.raises(ConfigError, match="Choose another --port"),
    ):
        bind("127.0.0.1", taken.getsockname()[1])


async def test_a_server_that_cannot_start_stays_in_no_registry():
    listener = bind("127.0.0.1", 0)
    listener.close()
    before = set(Sanic._app_registry)

    with pytest.raises(OSError, match="Bad file descriptor"):
        await run(
            Served("memory:", {}, Settings(), listener),
            asyncio.Event(),
            is_only_app=False,
        )

    assert before == set(Sanic._app_registry)
