"""An order to stop is never lost, and what a server had accepted it answers first."""

import asyncio
import signal
import socket
import sqlite3
from asyncio import Task
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest

import petstore
from petstore.storage.maintenance import check
from tests.proofs.processes import HOST, READY_TIMEOUT_S, Program, started, until
from tests.proofs.wire import Connection, Cut, ask, connect, request

pytestmark = pytest.mark.proof

CONNECTION_COUNT = 32
LOAD_S_MIN, LOAD_S_MAX = 0.3, 0.8
STOP_S_MAX = 5.0
AT_ONCE_S_MAX = 1.0
TIMEOUT_S = 60
# More than what the kernel and the server keep for a client that does not read.
UNREAD_COUNT = 100
LARGE = request("GET", "/pet/findByStatus?status=available")

Tell = Callable[[str], None]


@dataclass(slots=True)
class Load:
    """
    Hold what the connections of a run saw.

    Args:
        lost: When each request was sent that ended without a byte of an answer.
        halves: What came of answers that broke off.
        created: Ids of the pets whose creation was acknowledged.
    """

    answer_count: int = 0
    lost: list[float] = field(default_factory=list)
    halves: list[bytes] = field(default_factory=list)
    created: list[int] = field(default_factory=list)

    async def hammer(self, port: int, rng: Random, *, is_patient: bool) -> None:
        """
        Send one request after the other until the server closes.

        Args:
            is_patient: Whether to keep a connection while the server does.
        """
        connection = await connect(port)
        while True:
            try:
                is_last = await self._once(connection, rng)
                if is_last or not is_patient:
                    connection.close()
                    connection = await connect(port)
            except OSError:
                return
            except Cut as cut:
                if cut.received:
                    self.halves.append(cut.received)
                else:
                    self.lost.append(connection.sent_at_s)
                return

    async def _once(self, connection: Connection, rng: Random) -> bool:
        if rng.random() < 0.4:
            pet = {"name": "Rex", "photoUrls": [], "status": "available"}
            answer = await connection.ask(request("POST", "/pet", pet))
            self.created.append(answer.json()["id"])
        elif rng.random() < 0.1:
            answer = await connection.ask(LARGE)
        else:
            answer = await connection.ask(request("GET", f"/pet/{rng.randint(1, 99)}"))
        assert answer.status == 200, answer
        self.answer_count += 1
        return answer.is_last


async def test_stop_under_load_answers_all_that_was_sent(
    tmp_path: Path, rng: Random, tell: Tell
):
    store = tmp_path / "shop.db"
    load = Load()
    with started(tmp_path, "--store", store, "--seed", "500") as server:
        port = await asyncio.to_thread(server.port)
        tasks = [
            asyncio.create_task(load.hammer(port, rng, is_patient=number % 4 > 0))
            for number in range(CONNECTION_COUNT)
        ]
        stopped_at_s, took_s = await stop(server, tasks, rng)

        assert 0 == server.end()
    assert took_s <= STOP_S_MAX
    assert load.halves == []
    # Those that were sent later had a closed door, and may be sent again.
    assert [] == [sent_s for sent_s in load.lost if sent_s < stopped_at_s]
    assert set(load.created) <= stored_ids(store)
    tell(
        f"{load.answer_count:,} answered, none half; {len(load.lost)} sent after the"
        f" signal and not begun; ended within {took_s:.2f} s"
    )


async def test_stop_answers_what_was_sent_and_not_read_yet(tmp_path: Path):
    pet = request("POST", "/pet", {"name": "Rex", "photoUrls": []})
    with started(tmp_path) as server:
        port = await asyncio.to_thread(server.port)
        connections = [await connect(port) for _ in range(CONNECTION_COUNT)]
        for connection in connections:
            assert 200 == (await connection.ask(pet)).status
        server.signal(signal.SIGSTOP)
        # The kernel takes the place of a server that does nothing.
        connections += [await connect(port) for _ in range(CONNECTION_COUNT)]
        answers = [connection.ask(pet) for connection in connections]
        server.signal(signal.SIGTERM)
        server.signal(signal.SIGCONT)

        async with asyncio.timeout(TIMEOUT_S):
            assert {200} == {(await answer).status for answer in answers}
        assert 0 == server.end(timeout_s=STOP_S_MAX)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_second_signal_ends_it_at_once(number: int, tmp_path: Path):
    store = tmp_path / "shop.db"
    with started(tmp_path, "--store", store) as server:
        port = await asyncio.to_thread(server.port)
        with closing(await an_unfinished_request(port)):
            server.signal(signal.SIGTERM)
            until(lambda: not can_connect(port), within_s=STOP_S_MAX)
            assert server.process.poll() is None

            server.signal(number)

            assert -number == server.end(timeout_s=AT_ONCE_S_MAX)
    assert [] == check(str(store))


async def test_clients_that_do_nothing_do_not_hold_it(tmp_path: Path):
    with started(tmp_path, "--seed", "1000") as server:
        port = await asyncio.to_thread(server.port)
        unfinished, deaf = await an_unfinished_request(port), await connect(port)
        with closing(unfinished), closing(deaf):
            deaf.stop_listening()
            deaf.send(LARGE * UNREAD_COUNT)

            server.signal(signal.SIGTERM)

            assert 0 == await asyncio.to_thread(server.end, timeout_s=STOP_S_MAX)


@pytest.mark.parametrize(
    ("number", "reply_count"),
    [(signal.SIGTERM, 0), (signal.SIGTERM, 1), (signal.SIGINT, 1)],
)
async def test_signal_around_the_first_reply_is_not_lost(
    number: int, reply_count: int, tmp_path: Path
):
    with started(tmp_path) as server:
        port = await asyncio.to_thread(server.port)
        for _ in range(reply_count):
            assert 200 == (await ask(port, request("GET", "/pet/1"))).status

        server.signal(number)

        assert 0 == server.end(timeout_s=STOP_S_MAX)


def test_signal_while_a_store_is_filled_is_not_lost(tmp_path: Path):
    store = tmp_path / "shop.db"
    with started(tmp_path, "--store", store, "--seed", "50000") as server:
        until(store.with_name("shop.db-wal").exists, within_s=READY_TIMEOUT_S)

        server.signal(signal.SIGTERM)

        assert 0 == server.end(timeout_s=STOP_S_MAX)
    with petstore.open(str(store), seed=7) as shop:
        assert list(range(1, 8)) == [pet.id for pet in shop.pets.list()]


async def stop(
    server: Program, tasks: list[Task[None]], rng: Random
) -> tuple[float, float]:
    """Send SIGTERM at some moment; return when that was, and how long the end took."""
    loop = asyncio.get_running_loop()
    await asyncio.wait(tasks, timeout=rng.uniform(LOAD_S_MIN, LOAD_S_MAX))
    stopped_at_s = loop.time()
    server.signal(signal.SIGTERM)
    await asyncio.to_thread(server.end)
    took_s = loop.time() - stopped_at_s
    async with asyncio.timeout(TIMEOUT_S):
        await asyncio.gather(*tasks)
    return stopped_at_s, took_s


async def an_unfinished_request(port: int) -> Connection:
    connection = await connect(port)
    assert 200 == (await connection.ask(request("GET", "/pet/1"))).status
    connection.send(b"POST /pet HTTP/1.1\r\n")
    # Once it has answered another one, it has read this one.
    assert 200 == (await ask(port, request("GET", "/pet/1"))).status
    return connection


def can_connect(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def stored_ids(store: Path) -> set[int]:
    with closing(sqlite3.connect(store)) as connection:
        return {pet_id for (pet_id,) in connection.execute("SELECT id FROM pet")}
