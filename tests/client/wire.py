"""Send calls to a server that is a function."""

from collections.abc import Callable
from typing import Any

import httpx

from petstore.contract.call import Call
from petstore.contract.flavours import Flavour
from petstore_client import ApiKey
from petstore_client.address import Server
from petstore_client.backends.remote import async_remote, remote
from petstore_client.settings import Options

ORIGIN = "https://pets.example"
PET = b'{"id":1,"name":"Rex","photoUrls":[],"tags":[]}'

Handler = Callable[[httpx.Request], httpx.Response]


def a_server(flavour: Flavour = "native", prefix: str = "") -> Server:
    """Return a server that nobody runs."""
    return Server(ORIGIN, prefix, flavour)


ONCE: Options = {"retry": 1, "auth": ApiKey("k")}


def send(handler: Handler, call: Call[Any], server: Server | None = None) -> Any:
    """Send a call once, to what the handler answers."""
    transport = httpx.MockTransport(handler)
    return remote(server or a_server(), ONCE, transport).send(call)


async def send_async(
    handler: Handler, call: Call[Any], server: Server | None = None
) -> Any:
    """Send a call once, from a coroutine."""
    transport = httpx.MockTransport(handler)
    return await async_remote(server or a_server(), ONCE, transport).send(call)
