"""A server that fails says why, and leaves nothing behind."""

import asyncio

import pytest
from sanic import Sanic

import petstore
from petstore.server.running import Served, bind, run
from petstore.server.settings import Settings

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
