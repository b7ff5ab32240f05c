"""Ask a session through each of its doors, with each kind of client."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx

from petstore.mock.respx_door import mock_router
from petstore.mock.session import Session
from petstore.mock.transport import MockTransport
from tests.mock.servers import served

BASE_URL = "http://petstore.test"
Asking = Callable[..., httpx.Response]


def sync_client(transport: Any, line: str, **options: Any) -> httpx.Response:
    """Send one request, as `GET /pet/7`; read the whole answer."""
    method, _, path = line.partition(" ")
    with httpx.Client(base_url=BASE_URL, transport=transport) as client:
        return client.request(method, path, **options)


def async_client(transport: Any, line: str, **options: Any) -> httpx.Response:
    """Send one request of a coroutine; see `sync_client`."""

    async def send() -> httpx.Response:
        method, _, path = line.partition(" ")
        async with httpx.AsyncClient(base_url=BASE_URL, transport=transport) as client:
            return await client.request(method, path, **options)

    return asyncio.run(send())


def sync_door(session: Session, line: str, **options: Any) -> httpx.Response:
    return sync_client(MockTransport(session), line, **options)


def async_door(session: Session, line: str, **options: Any) -> httpx.Response:
    return async_client(MockTransport(session), line, **options)


def socket_door(session: Session, line: str, **options: Any) -> httpx.Response:
    method, _, path = line.partition(" ")
    with served(session) as client:
        return client.request(method, path, **options)


def respx_door(session: Session, line: str, **options: Any) -> httpx.Response:
    method, _, path = line.partition(" ")
    with mock_router(session, BASE_URL), httpx.Client(base_url=BASE_URL) as client:
        return client.request(method, path, **options)


DOORS = (socket_door, sync_door, async_door, respx_door)
