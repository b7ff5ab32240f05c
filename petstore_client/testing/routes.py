"""Offer a respx router that answers as a server of the contract does."""

import weakref
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from petstore.contract.errors import ConfigError
from petstore.contract.flavours import Flavour, face
from petstore_client.address import names_store, server_of

if TYPE_CHECKING:
    from respx import MockRouter

    from petstore_client.testing.fake import AsyncFake, Fake

BASE_URL: Final = "http://petstore.test"


def router(
    base_url: str = BASE_URL,
    *,
    flavour: Flavour | None = None,
    fake: "Fake | AsyncFake | None" = None,
) -> "MockRouter":
    """
    Return a respx router with a route for each operation, named by its operationId.

    A fake answers what no route is told to: `router["getPetById"].respond(404)` tells
    one. Whoever asks may do anything, and is trusted as the holder of a store is. For
    what is no operation, or lies elsewhere, respx raises an AssertionError.

        transport = httpx.MockTransport(router.handler)
        Petstore("http://petstore.test", transport=transport)

    With `async_handler` it answers an AsyncPetstore; and `with router:`, whatever uses
    httpx is answered, without a transport.

    Args:
        base_url, flavour: As for `Petstore`; the contract is that of strict servers.
        fake: Answers; a fresh Fake with the public data unless given. An AsyncFake
            answers coroutines alone, which need one to follow events.

    Raises:
        ConfigError: The URL names no server, or respx is not installed.
    """
    if names_store(base_url):
        raise ConfigError(
            f"The URL {base_url!r} names a store; a router takes that of a server."
        )
    server = server_of(base_url, flavour=flavour)
    if find_spec("respx") is None:
        raise ConfigError("The router needs pip install 'petstore[testing]'.")
    from petstore_client.testing.contract_router import contract_router
    from petstore_client.testing.fake import Fake

    spoken = face(server.flavour, "strict")
    if fake is not None:
        return contract_router(server, spoken, fake)
    own = Fake()
    made = contract_router(server, spoken, own)
    # Nobody else knows it, so nobody could close it.
    weakref.finalize(made, own.close)
    return made
