"""A server that fails all of its clients is not sent much more than they ask for."""

import asyncio
import socket
from collections.abc import Callable

import pytest

from petstore.contract.errors import PetstoreError
from petstore_client import AsyncPetstore, Petstore, Retry
from tests.client.raw import PET, Raw, Talk, raw_server, whole

pytestmark = pytest.mark.proof

CALL_COUNT = 1_000
WORKER_COUNT = 16
SENT_PER_CALL_MAX = 1.1
AFTERWARDS_COUNT = 100
NO_PAUSE = Retry(base_s=0)
NOT_NOW = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"

Tell = Callable[[str], None]


def refuse(raw: Raw, connection: socket.socket) -> None:
    while raw.next_request(connection):
        connection.sendall(NOT_NOW)


def hang_up(raw: Raw, connection: socket.socket) -> None:
    raw.next_request(connection)


@pytest.mark.parametrize("failing", [refuse, hang_up])
@pytest.mark.parametrize("kind", ["threads", "coroutines"])
def test_outage_is_not_made_worse_by_retries(failing: Talk, kind: str, tell: Tell):
    ask = by_thread if kind == "threads" else by_coroutines
    with raw_server(failing) as raw:
        errors = ask(raw.url)
        sent_count = raw.request_count
    per_call = sent_count / CALL_COUNT
    tell(f"{per_call:.3f} requests a call, {CALL_COUNT:,} calls")

    assert CALL_COUNT == len(errors)
    assert sent_count == sum(error.attempts for error in errors)
    assert all(error.message for error in errors)
    assert 1 < per_call <= SENT_PER_CALL_MAX


def by_thread(url: str) -> list[PetstoreError]:
    errors: list[PetstoreError] = []
    with Petstore(url, retry=NO_PAUSE) as client:
        for _ in range(CALL_COUNT):
            with pytest.raises(PetstoreError) as caught:
                client.pets.get(1)
            errors.append(caught.value)
    return errors


def by_coroutines(url: str) -> list[PetstoreError]:
    errors: list[PetstoreError] = []
    calls = iter(range(CALL_COUNT))

    async def work(client: AsyncPetstore) -> None:
        for _ in calls:
            with pytest.raises(PetstoreError) as caught:
                await client.pets.get(1)
            errors.append(caught.value)

    async def ask() -> None:
        async with AsyncPetstore(url, retry=NO_PAUSE) as client:
            await asyncio.gather(*(work(client) for _ in range(WORKER_COUNT)))

    asyncio.run(ask())
    return errors


def test_calls_after_an_outage_are_answered_and_earn_retries_again():
    is_over = False

    def fail_at_first(raw: Raw, connection: socket.socket) -> None:
        while raw.next_request(connection):
            connection.sendall(whole(PET) if is_over else NOT_NOW)

    with (
        raw_server(fail_at_first) as raw,
        Petstore(raw.url, retry=NO_PAUSE) as client,
    ):
        for _ in range(CALL_COUNT):
            with pytest.raises(PetstoreError):
                client.pets.get(1)
        is_over = True
        answers = [client.pets.get(1) for _ in range(AFTERWARDS_COUNT)]
        is_over = False
        with pytest.raises(PetstoreError) as caught:
            client.pets.get(1)

    assert AFTERWARDS_COUNT == len(answers)
    assert Retry().attempts == caught.value.attempts
