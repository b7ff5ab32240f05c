"""A client follows a store over servers that come and go."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

import petstore
from petstore.contract.errors import NotSupported, Unauthorized
from petstore.contract.event import Event
from petstore.server.running import ThreadedServer
from petstore_client import AsyncPetstore, Bearer, PetDraft, Petstore, Retry, Timeout
from petstore_client._wire import CONNECTIONS_MAX
from petstore_client.backends.remote import stream_pause_s
from tests.client.driving import some_rules

QUICK = Retry(attempts=1, base_s=0.01, cap_s=0.05)
REX = PetDraft(name="Rex", photo_urls=[])


@pytest.fixture
def port() -> int:
    """A port that is free, for servers that follow each other on it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        free: int = listener.getsockname()[1]
    return free


def serving(store: Path, port: int) -> ThreadedServer:
    return petstore.serve(str(store), port=port, seed="empty")


def seqs(events: Iterator[Event], count: int) -> list[int]:
    return [event.seq for event in islice(events, count)]


def test_events_go_on_after_the_server_was_away(tmp_path, port):
    store = tmp_path / "shop.db"
    with Petstore(f"http://127.0.0.1:{port}", retry=QUICK) as client:
        events = client.events(after=0)
        with serving(store, port):
            client.pets.create(REX)
            first = seqs(events, 1)
        with serving(store, port):
            client.pets.create(REX)
            second = seqs(events, 1)

    assert ([1], [2]) == (first, second)


async def test_events_go_on_for_coroutines(tmp_path, port):
    store = tmp_path / "shop.db"
    async with AsyncPetstore(f"http://127.0.0.1:{port}", retry=QUICK) as client:
        events = client.events(after=0)
        with serving(store, port):
            await client.pets.create(REX)
            first = await anext(events)
        with serving(store, port):
            await client.pets.create(REX)
            second = await anext(events)
        await events.aclose()

    assert (1, 2) == (first.seq, second.seq)


def test_total_time_ends_no_stream():
    with (
        petstore.serve(seed="empty") as server,
        Petstore(server.url, timeout=Timeout(total=0.5, read=0.2)) as client,
    ):
        events = client.events(after=0)
        client.pets.create(REX)
        first = seqs(events, 1)
        later = threading.Timer(1.0, lambda: client.pets.create(REX))
        later.start()
        second = seqs(events, 1)
        later.join()

    assert ([1], [2]) == (first, second)


def test_closing_the_client_ends_its_streams():
    with petstore.serve(seed="empty") as server:
        client = Petstore(server.url, retry=QUICK)
        events = client.events(after=0)
        client.pets.create(REX)
        next(events)
        closing = threading.Timer(0.1, client.close)
        closing.start()

        assert [] == list(events)
        closing.join()


async def test_closing_the_client_ends_the_streams_of_coroutines():
    with petstore.serve(seed="empty") as server:
        client = AsyncPetstore(server.url, retry=QUICK)
        events = client.events(after=0)
        await client.pets.create(REX)
        await anext(events)
        waiting = asyncio.create_task(anext(events, None))
        await asyncio.sleep(0)
        await client.close()

        assert None is await asyncio.wait_for(waiting, 10)


def test_listener_that_goes_away_gives_its_connection_back():
    with petstore.serve(seed="empty") as server, Petstore(server.url) as client:
        client.pets.create(REX)
        # More than there are connections, or places for listeners.
        for _ in range(70):
            events = client.events(after=0)
            next(events)
            events.close()

        assert "Rex" == client.pets.get(1).name


def test_what_will_not_be_let_in_is_told_at_once():
    with (
        petstore.serve(profile="shop", store="memory:") as server,
        Petstore(server.url, auth=Bearer("guessed")) as client,
        pytest.raises(Unauthorized),
    ):
        next(client.events())


def test_compatible_faces_have_no_events():
    with Petstore("http://127.0.0.1:1/v2") as client, pytest.raises(NotSupported):
        next(client.events())


def test_store_in_this_process_is_followed_as_well():
    with Petstore("memory:") as client:
        client.pets.create(REX)

        assert [1] == seqs(client.events(after=0), 1)


def test_streams_take_no_place_of_calls():
    """More of them than there are connections for calls."""
    with petstore.serve(seed="empty") as server, Petstore(server.url) as client:
        client.pets.create(REX)
        streams = [client.events(after=0) for _ in range(CONNECTIONS_MAX + 1)]

        assert [1] * len(streams) == [next(stream).seq for stream in streams]
        assert "Rex" == client.pets.get(1).name
        for stream in streams:
            stream.close()


async def test_streams_of_coroutines_take_no_place_of_calls():
    with petstore.serve(seed="empty") as server:
        async with AsyncPetstore(server.url) as client:
            await client.pets.create(REX)
            streams = [client.events(after=0) for _ in range(CONNECTIONS_MAX + 1)]

            assert [1] * len(streams) == [(await anext(one)).seq for one in streams]
            assert "Rex" == (await client.pets.get(1)).name
            for stream in streams:
                await stream.aclose()


def test_what_came_before_the_close_is_not_told_after_it():
    with petstore.serve(seed="empty") as server:
        client = Petstore(server.url)
        for _ in range(5):
            client.pets.create(REX)
        events = client.with_options(retry=QUICK).events(after=0)
        next(events)

        client.close()

        assert [] == list(events)


async def test_what_came_before_the_close_is_not_told_to_coroutines_after_it():
    with petstore.serve(seed="empty") as server:
        client = AsyncPetstore(server.url)
        for _ in range(5):
            await client.pets.create(REX)
        events = client.with_options(retry=QUICK).events(after=0)
        await anext(events)

        await client.close()

        assert [] == [event async for event in events]


def test_no_server_silences_a_listener_for_longer_than_a_call_would_wait():
    retry = Retry(base_s=0, retry_after_s_max=60)

    asked = [stream_pause_s(some_rules(retry=retry), 1, s) for s in (None, 5, 86_400)]

    assert [0, 5, 60] == asked
