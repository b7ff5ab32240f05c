"""However many calls find their token refused, one login serves them all."""

import asyncio
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

import httpx
import pytest

from petstore.contract.errors import DeadlineExceeded, Unauthorized
from petstore.contract.user import Token
from petstore_client import AsyncPetstore, Bearer, MemoryTokens, Password, Petstore
from petstore_client.address import server_of
from petstore_client.backends.remote import _for_login, rules_for
from petstore_client.decisions import Renew
from tests.client.raw import PET, raw_server, say_nothing

URL = "https://pets.example"
NOW = datetime(2030, 1, 1, tzinfo=UTC)
COUNT = 8


def a_token(name: str) -> Token:
    return Token(access_token=name, expires_at=NOW + timedelta(hours=1))


def a_password() -> Password:
    tokens = MemoryTokens(a_token("old"))
    return Password("ann", "hush", tokens=tokens, wall_clock=lambda: NOW)


class Shop:
    """Refuse old tokens, all at once when `together` calls have come."""

    def __init__(self, meet: Callable[[], object] = lambda: None) -> None:
        self.logins: list[bytes] = []
        self.origins: set[str] = set()
        self._meet = meet

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.origins.add(f"{request.url.scheme}://{request.url.host}")
        if request.url.path == "/tokens":
            self.logins.append(request.read())
            assert "authorization" not in request.headers
            content = a_token("new").model_dump_json(by_alias=True)
            return httpx.Response(200, content=content)
        if request.headers["authorization"] == "Bearer old":
            self._meet()
            return httpx.Response(401)
        return httpx.Response(200, content=PET)


def test_threads_share_a_login():
    shop = Shop(threading.Barrier(COUNT, timeout=30).wait)
    transport = httpx.MockTransport(shop.answer)
    names: list[str] = []
    with Petstore(URL, auth=a_password(), transport=transport) as client:
        threads = [
            threading.Thread(target=lambda: names.append(client.pets.get(1).name))
            for _ in range(COUNT)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert ["Rex"] * COUNT == names
    assert [b'{"username":"ann","password":"hush"}'] == shop.logins
    assert {URL} == shop.origins


async def test_coroutines_share_a_login():
    shop, together = Shop(), asyncio.Barrier(COUNT)

    async def answer(request: httpx.Request) -> httpx.Response:
        response = shop.answer(request)
        if response.status_code == 401:
            await together.wait()
        return response

    transport = httpx.MockTransport(answer)
    async with AsyncPetstore(URL, auth=a_password(), transport=transport) as client:
        pets = await asyncio.gather(*(client.pets.get(1) for _ in range(COUNT)))

    assert ["Rex"] * COUNT == [pet.name for pet in pets]
    assert 1 == len(shop.logins)


async def test_login_takes_no_longer_than_its_call():
    with raw_server(say_nothing) as raw:
        settings: Any = {"timeout": 0.2, "auth": Password("ann", "hush")}
        begun = monotonic()
        with Petstore(raw.url, **settings) as client, pytest.raises(DeadlineExceeded):
            client.pets.get(1)
        async with AsyncPetstore(raw.url, **settings) as async_client:
            with pytest.raises(DeadlineExceeded):
                await async_client.pets.get(1)

    assert monotonic() - begun < 1


async def test_wait_for_the_login_of_another_call_ends_as_well():
    with raw_server(say_nothing) as raw:
        auth = Password("ann", "hush")
        with Petstore(raw.url, auth=auth, timeout=0.6) as slow:
            thread = threading.Thread(target=ended, args=(slow,))
            thread.start()
            begun = monotonic()
            while not raw.request_count:
                assert not raw.is_over.wait(0.001)
                assert monotonic() < begun + 30
            begun = monotonic()
            with pytest.raises(DeadlineExceeded):
                slow.with_options(timeout=0.1).pets.get(1)
            took_s = monotonic() - begun
            thread.join()

    assert took_s < 0.5


def ended(client: Petstore) -> None:
    with pytest.raises(DeadlineExceeded):
        client.pets.get(1)


async def test_coroutine_waits_no_longer_for_a_login_than_it_may():
    with raw_server(say_nothing) as raw:
        auth = Password("ann", "hush")
        async with AsyncPetstore(raw.url, auth=auth, timeout=5) as slow:
            first = asyncio.create_task(slow.pets.get(1))
            await asyncio.sleep(0)
            with pytest.raises(DeadlineExceeded, match="Logging in took all"):
                await slow.with_options(timeout=0.1).pets.get(1)
            first.cancel()
            with pytest.raises(asyncio.CancelledError):
                await first


def test_other_credentials_are_those_of_that_client_only():
    shop = Shop()
    transport = httpx.MockTransport(shop.answer)
    with Petstore(URL, auth=Bearer("old"), transport=transport) as client:
        assert client.with_options(auth=Bearer("new")).pets.get(1).name == "Rex"
        with pytest.raises(Unauthorized):
            client.pets.get(1)


def test_login_has_what_is_left_to_its_call():
    rules = rules_for(server_of(URL, flavour=None), {"auth": Bearer("t")})

    login = _for_login(rules, Renew({}, monotonic() + 2))

    assert 1 < login.timeout.total <= 2
    assert {} == login.auth.headers()
    with pytest.raises(DeadlineExceeded):
        _for_login(rules, Renew({}, monotonic()))
