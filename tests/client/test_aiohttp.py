"""The client calls over aiohttp as well, by the transport of `httpx-aiohttp`."""

import asyncio
from collections.abc import AsyncIterable
from time import monotonic

import pytest
from httpx_aiohttp import AiohttpTransport

import petstore
from petstore.contract import calls
from petstore.contract.errors import (
    DeadlineExceeded,
    DecodeError,
    NotFound,
    TransportError,
)
from petstore_client import AsyncPetstore, PetDraft, Retry, Timeout
from tests.client.raw import (
    ANSWER,
    PET,
    Raw,
    drip_body,
    drip_head,
    raw_server,
    say_nothing,
    whole,
)
from tests.kit.pictures import PNG

NO_PAUSE = Retry(base_s=0)
NOT_NOW = b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"
LATE_S = 0.15


def over_aiohttp(url: str, **options) -> AsyncPetstore:
    return AsyncPetstore(url, transport=AiohttpTransport(), **options)


async def test_calls_are_answered():
    with petstore.serve() as server:
        async with over_aiohttp(server.url) as client:
            rex = await client.pets.create(PetDraft(name="Rex", photo_urls=[]))
            photo = await client.pets.upload_photo(rex.id, PNG)
            found = await client.pets.get(rex.id)
            name = found.photo_urls[-1].rpartition("/")[2]
            picture = (await client.send(calls.get_photo(name))).value
            assert isinstance(picture.chunks, AsyncIterable)
            pieces = [piece async for piece in picture.chunks]

            assert found == photo.pet
            assert pieces
            with pytest.raises(NotFound):
                await client.pets.get(4_711)


async def test_failures_are_repeated():
    def fail_first(raw: Raw, connection) -> None:
        while raw.next_request(connection):
            connection.sendall(NOT_NOW if raw.request_count == 1 else whole(PET))

    with raw_server(fail_first) as raw:
        async with over_aiohttp(raw.url, retry=NO_PAUSE) as client:
            reply = await client.send(calls.get_pet_by_id(1))

    assert 2 == reply.attempts


def hang_up(raw: Raw, connection) -> None:
    raw.next_request(connection)


def break_off(raw: Raw, connection) -> None:
    raw.next_request(connection)
    connection.sendall(ANSWER + b"Content-Length: 1000\r\n\r\n{")


@pytest.mark.parametrize("talk", [hang_up, break_off])
async def test_what_fails_was_maybe_sent(talk):
    with raw_server(talk) as raw:
        async with over_aiohttp(raw.url, retry=1) as client:
            with pytest.raises(TransportError, match=raw.url) as caught:
                await client.pets.get(1)

    assert "maybe" == caught.value.sent
    # aiohttp's transport tells a reset as a connection that was not made in time.
    assert "seconds" not in caught.value.message


async def test_connection_that_was_never_made_is_not_believed_either():
    """For it tells some resets just so."""
    with raw_server(hang_up) as raw:
        url = raw.url
    async with over_aiohttp(url, retry=1) as client:
        with pytest.raises(TransportError, match="nothing listens there") as caught:
            await client.pets.get(1)

    assert "maybe" == caught.value.sent


async def test_server_that_is_silent_is_given_up():
    with raw_server(say_nothing) as raw:
        async with over_aiohttp(raw.url, timeout=Timeout(read=0.05), retry=1) as client:
            with pytest.raises(TransportError, match="sent nothing for 0"):
                await client.pets.get(1)


@pytest.mark.parametrize("talk", [drip_head, drip_body, say_nothing])
async def test_call_ends_when_its_time_is_over(talk):
    with raw_server(talk) as raw:
        async with over_aiohttp(raw.url, timeout=0.3) as client:
            begun = monotonic()
            with pytest.raises(DeadlineExceeded, match="the call may take in all"):
                await client.pets.get(1)
            took_s = monotonic() - begun

    assert 0.29 <= took_s <= 0.3 + LATE_S


async def test_cancelled_calls_cost_nobody_else():
    def answer_late(raw: Raw, connection) -> None:
        while raw.next_request(connection):
            # Nobody waits for the answers to the first ones.
            if raw.request_count <= 100:
                continue
            connection.sendall(whole(PET))

    with raw_server(answer_late) as raw:
        async with over_aiohttp(raw.url) as client:
            tasks = [asyncio.create_task(client.pets.get(1)) for _ in range(100)]
            await asyncio.wait(tasks, timeout=0.2)
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            raw.request_count = 1_000
            pets = await asyncio.gather(*(client.pets.get(1) for _ in range(100)))

    assert 100 == len(pets)
    assert all(task.cancelled() for task in tasks)


async def test_redirect_is_not_followed_and_no_cookie_is_kept():
    heads: list[bytes] = []

    def redirect(raw: Raw, connection) -> None:
        while head := raw.next_request(connection):
            heads.append(head)
            connection.sendall(
                b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n"
                b"Set-Cookie: session=1\r\nContent-Length: 0\r\n\r\n"
            )

    with raw_server(redirect) as raw:
        async with over_aiohttp(raw.url) as client:
            got = [client.pets.get(1), client.pets.get(2)]
            ends = [*await asyncio.gather(*got, return_exceptions=True)]
            ends += await asyncio.gather(client.pets.get(3), return_exceptions=True)

    assert [DecodeError] * 3 == [type(end) for end in ends]
    assert 3 == len(heads)
    assert [] == [head for head in heads if b"elsewhere" in head]
    assert [] == [head for head in heads if b"session=1" in head.lower()]
