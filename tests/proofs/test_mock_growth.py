"""A mock server that answers for long stays as small as it soon is."""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from time import perf_counter

import pytest

from petstore.mock.cassette import save
from petstore.mock.journal import ROW_COUNT_MAX
from tests.mock.builders import a_cassette, an_exchange
from tests.proofs.processes import Program
from tests.proofs.wire import ask, connect, request

pytestmark = pytest.mark.proof

REQUEST_COUNT = 100_000
DIFFERENT_COUNT = 20_000
CONNECTION_COUNT = 8
SESSION_COUNT = 2
RSS_MB_MAX = 100
RSS_GROWTH_MAX = 1.10

Tell = Callable[[str], None]

SERVE = """
import json, sys
from petstore.mock.door import MockDoor
from petstore.mock.opening import open_session
from petstore.mock.serving import run_until_signal
from petstore.mock.sessions import Sessions
from petstore.server.sockets import bind, url_of

path, count = sys.argv[1], int(sys.argv[2])
sessions = Sessions(open_session(cassette=path))
for number in range(1, count):
    sessions.add(open_session(id=f"s{number}", cassette=path))
listener = bind("127.0.0.1", 0)
told = json.dumps({"url": url_of(listener)})
run_until_signal(MockDoor(sessions), listener, lambda: print(told, flush=True))
"""


@contextmanager
def serving(folder: Path) -> Iterator[Program]:
    """Serve a recording from a process of its own."""
    recorded = [
        an_exchange(f"GET /pet/{number}", f"pet-{number}", response={"json": {"id": 7}})
        for number in range(10)
    ]
    save(a_cassette(*recorded), folder / "pets.yaml")
    errors = folder / "stderr"
    path = str(folder / "pets.yaml")
    command = [sys.executable, "-c", SERVE, path, str(SESSION_COUNT)]
    with errors.open("wb") as stderr:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr)
    with process:
        try:
            yield Program(process, errors)
        finally:
            process.kill()


async def work(port: int, count: int, rng: Random) -> None:
    """Ask for what was recorded and for what was not, in several sessions."""
    left = iter(range(count))

    async def one() -> None:
        connection = await connect(port)
        try:
            for _ in left:
                answer = await connection.ask(draw(rng))
                assert answer.status in (200, 501), answer
        finally:
            connection.close()

    await asyncio.gather(*(one() for _ in range(CONNECTION_COUNT)))


def draw(rng: Random) -> bytes:
    """Return one request; every second one was never recorded."""
    session = rng.randrange(SESSION_COUNT)
    base = f"/__s/s{session}" if session else ""
    number = rng.randrange(DIFFERENT_COUNT)
    return rng.choice(
        (
            request("GET", f"{base}/pet/{number % 10}"),
            request("GET", f"{base}/pet/{number}"),
            request("POST", f"{base}/store/order", {"petId": number, "quantity": 1}),
            request("GET", f"{base}/pet/{number % 10}"),
        )
    )


async def test_mock_server_that_answers_for_long_stays_small(
    tmp_path: Path, rng: Random, at_scale: Callable[[int], int], tell: Tell
):
    count = at_scale(REQUEST_COUNT)
    with serving(tmp_path) as server:
        port = await asyncio.to_thread(server.port)
        fresh_mb = server.rss_mb()
        began_s = perf_counter()
        await work(port, count // 2, rng)
        half_mb = server.rss_mb()
        await work(port, count - count // 2, rng)
        took_s = perf_counter() - began_s
        full_mb = server.rss_mb()
        journal = await ask(port, request("GET", "/__mock/sessions/default/journal"))
        listed = await ask(port, request("GET", "/__mock/sessions"))

    tell(
        f"RSS {fresh_mb:.1f} MB at the start, {half_mb:.1f} MB half-way,"
        f" {full_mb:.1f} MB after {count:,} requests in {took_s:.0f} s"
    )
    assert full_mb <= RSS_MB_MAX
    assert full_mb <= half_mb * RSS_GROWTH_MAX
    assert ROW_COUNT_MAX == len(journal.json()["rows"])
    requests = [one["requests"] for one in listed.json()["sessions"]]
    assert count == sum(requests)
