"""Choose a backend by URL, and put the facade before it."""

import asyncio
from typing import TYPE_CHECKING, Final, TypeVar

from petstore.contract.call import Call, Reply
from petstore.contract.errors import ConfigError, Unavailable
from petstore.contract.facade import AsyncPetstore, Petstore
from petstore.contract.flavours import Flavour
from petstore_client.address import credentials_of, names_store, server_of

if TYPE_CHECKING:
    from petstore.embed import AsyncEmbedded, Opening

T = TypeVar("T")

TIMEOUT_S: Final = 30.0


def connect(
    url: str,
    *,
    flavour: Flavour | None = None,
    api_key: str | None = None,
    token: str | None = None,
    timeout_s: float = TIMEOUT_S,
) -> Petstore:
    """
    Return the client of a store; nothing is sent to a server before the first call.

    Args:
        url: As `address.py` says: of a server, or of a store in this process.
        flavour: API of the server; read from the URL unless given.
        api_key: Sent as the header `api_key`.
        token: Sent as `Authorization: Bearer`.
        timeout_s: Seconds that connecting, and each read or write, may take.

    Raises:
        ConfigError: The URL or an option is not what it should be.
        Unavailable: A store on Postgres cannot be reached.
    """
    credentials = credentials_of(api_key=api_key, token=token)
    if names_store(url):
        _check_embedded(flavour, has_credentials=bool(credentials))
        # Only here does the client load the engine.
        import petstore

        return petstore.open(url)
    # Late, because it loads httpx.
    from petstore_client.backends.remote import RemoteBackend

    server = server_of(
        url, flavour=flavour, credentials=credentials, timeout_s=timeout_s
    )
    return Petstore(RemoteBackend(server))


def connect_async(
    url: str,
    *,
    flavour: Flavour | None = None,
    api_key: str | None = None,
    token: str | None = None,
    timeout_s: float = TIMEOUT_S,
) -> AsyncPetstore:
    """
    Return the client of a store for one event loop; nothing is opened before a call.

    Args:
        url, flavour, api_key, token, timeout_s: As for `connect`.

    Raises:
        ConfigError: The URL or an option is not what it should be; for a store in this
            process, the first call may raise it.
    """
    credentials = credentials_of(api_key=api_key, token=token)
    if names_store(url):
        _check_embedded(flavour, has_credentials=bool(credentials))
        import petstore

        return AsyncPetstore(_OpenedLate(petstore.open_async(url)))
    from petstore_client.backends.remote import AsyncRemoteBackend

    server = server_of(
        url, flavour=flavour, credentials=credentials, timeout_s=timeout_s
    )
    return AsyncPetstore(AsyncRemoteBackend(server))


def _check_embedded(flavour: Flavour | None, *, has_credentials: bool) -> None:
    if flavour not in (None, "native"):
        raise ConfigError(f"A store in this process has no flavour {flavour}.")
    if has_credentials:
        raise ConfigError(
            "Whoever opens a store in this process may do everything with it; leave"
            " api_key and token out."
        )


class _OpenedLate:
    """Open a store at the first call, when there is a loop to open it in."""

    def __init__(self, opening: "Opening") -> None:
        self._opening = opening
        self._lock = asyncio.Lock()
        self._opened: AsyncEmbedded | None = None
        self._is_closed = False

    async def send(self, call: Call[T]) -> Reply[T]:
        self._require_open()
        opened = self._opened or await self._open()
        return await opened.send(call)

    async def close(self) -> None:
        self._is_closed = True
        # A first call that is opening the store ends before.
        async with self._lock:
            if self._opened is not None:
                await self._opened.close()

    async def _open(self) -> "AsyncEmbedded":
        async with self._lock:
            # The close may have come while this call waited.
            self._require_open()
            self._opened = self._opened or await self._opening
            return self._opened

    def _require_open(self) -> None:
        if self._is_closed:
            raise Unavailable("The client is closed.")
