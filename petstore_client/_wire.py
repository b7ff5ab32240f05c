"""
Make httpx's requests of ours, and errors of ours of httpx's.

With `_http.py`, which sends them, the only module that imports httpx. No signature that
a caller sees names it.
"""

import copy
import ssl
from collections.abc import AsyncIterable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from time import monotonic
from typing import Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from petstore.contract.call import ByteStream
from petstore.contract.errors import (
    ConfigError,
    DeadlineExceeded,
    DecodeError,
    LocalError,
    TransportError,
    Unavailable,
)
from petstore.contract.event import HEARTBEAT_S
from petstore.contract.http import Request
from petstore.contract.media import JSON
from petstore_client._limit import Limit, under
from petstore_client._network import AsyncDeadlineBackend, DeadlineBackend
from petstore_client.address import Server
from petstore_client.causes import cause_of, may_be_late
from petstore_client.decisions import Send
from petstore_client.options import Timeout
from petstore_client.transports import ATTEMPT

CONNECTIONS_MAX: Final = 32
# The gate limits how many there are: by a limit of its own, httpcore 1.0 may close one
# that is in use. Ours keeps open for 75 s, so the client lets go first.
_LIMITS: Final = httpx.Limits(
    max_connections=None, max_keepalive_connections=None, keepalive_expiry=60
)
_NEVER_SENT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
# A wait may end this much before the time that it was given.
_CLOCK_S: Final = 0.002
_ENDLESS_READ_S: Final = 2 * HEARTBEAT_S


class Flag:
    """
    Be set once, by any thread.

    Not an Event, whose lock the child of a fork may find held for ever.
    """

    def __init__(self) -> None:
        self._is_set = False

    def set(self) -> None:
        """Set it; a second time does nothing."""
        self._is_set = True

    def is_set(self) -> bool:
        """Tell whether it is."""
        return self._is_set


class Wire:
    """
    Translate for the requests of one server.

    Args:
        is_stock: Whether the transport is ours: only of that one is known which of its
            failures mean that nothing was sent.
    """

    def __init__(self, server: Server, timeout: Timeout, *, is_stock: bool) -> None:
        self.server = server
        self.url = _url(server)
        self.proxy = _proxy(server) if is_stock else None
        self.closed = Flag()
        self._timeout = timeout
        self._is_stock = is_stock

    def with_timeout(self, timeout: Timeout) -> "Wire":
        """Return the same with other times."""
        wire = copy.copy(self)
        wire._timeout = timeout
        return wire

    def require_open(self) -> None:
        """Raise Unavailable once the client is closed."""
        if self.closed.is_set():
            raise Unavailable("The client is closed.")

    def pool_until(self, deadline: float) -> float:
        """Return until when a request may wait for a place in the pool."""
        return min(deadline, monotonic() + self._timeout.pool)

    def outgoing(
        self, step: Send, content: bytes | Iterable[bytes] | AsyncIterable[bytes]
    ) -> httpx.Request:
        """Return the request that a step asks for."""
        request = step.request
        left = max(0.0, step.deadline - monotonic())
        limits = self._timeout
        timeout = {
            "connect": min(limits.connect, left),
            "read": _ENDLESS_READ_S if step.is_endless else min(limits.read, left),
            "write": min(limits.write, left),
            "pool": min(limits.pool, left),
        }
        return httpx.Request(
            request.method,
            self._url_of(request),
            headers=_headers(request),
            content=content,
            extensions={"timeout": timeout, ATTEMPT: step.attempt},
        )

    def _url_of(self, request: Request) -> httpx.URL:
        """
        Return the origin's URL with the path and the query of a request.

        What the codec writes needs no further look, and httpx's takes a twentieth of a
        call; it offers no way past.
        """
        url = httpx.URL.__new__(httpx.URL)
        url._uri_reference = self.url._uri_reference._replace(
            path=self.server.prefix + request.path, query=request.query or None
        )
        return url

    @contextmanager
    def guard(self, limit: Limit, *, has_begun: bool = False) -> Iterator[None]:
        """
        Put what is sent and read under a limit, and tell its failures as ours.

        Args:
            has_begun: Whether the head of the answer is there.
        """
        try:
            with under(limit):
                yield
        except (httpx.RequestError, httpx.StreamError) as error:
            raise self._told(error, limit, has_begun=has_begun) from error

    def crowded(self, deadline: float, held_count: int) -> LocalError:
        """
        Return the error of a request that found no place in the pool.

        Args:
            held_count: How many places are held by downloads.
        """
        limits = self._timeout
        is_over = _is_over(deadline)
        if is_over and not held_count:
            return self.late()
        waited = f"{limits.total if is_over else limits.pool:g} seconds."
        if held_count:
            waited += (
                f" Downloads that are open and unread hold {held_count} of them; read"
                " them to the end or close them."
            )
        told = f"All {CONNECTIONS_MAX} connections to {self.server.origin} were busy"
        if is_over:
            return DeadlineExceeded(f"{told} for all of the call's {waited}")
        return TransportError(f"{told} for {waited}", sent="no")

    def _told(self, error: Exception, limit: Limit, *, has_begun: bool) -> LocalError:
        origin = self.server.origin
        if isinstance(error, httpx.TimeoutException) and _is_over(limit.deadline):
            return self.late()
        if isinstance(error, httpx.DecodingError):
            return DecodeError(f"The answer of {origin} is corrupt: {error}.")
        is_unsent = self._is_stock and isinstance(error, _NEVER_SENT)
        words = self._words(error, limit)
        if self.closed.is_set():
            words = f"The client was closed before {origin} had answered."
        if not words and has_begun:
            words = f"The answer of {origin} broke off: {cause_of(error)}."
        return TransportError(
            words or f"No answer came from {origin}: {cause_of(error)}.",
            sent="no" if is_unsent else "maybe",
        )

    def late(self) -> DeadlineExceeded:
        """Return the error of a request whose call is out of time."""
        return DeadlineExceeded(
            f"{self.server.origin} did not answer in the time that the call may take"
            f" in all ({self._timeout.total:g} s)."
        )

    def _words(self, error: Exception, limit: Limit) -> str:
        """Return what is said of the failures that have a name; "" of others."""
        origin, limits = self.server.origin, self._timeout
        # httpx-aiohttp tells resets, and connections that were refused, as timeouts.
        if isinstance(error, httpx.TimeoutException) and not may_be_late(error):
            return ""
        way = f" through the proxy {_shown(self.proxy)}" if self.proxy else ""
        if isinstance(error, httpx.ConnectTimeout):
            return f"{origin} took no connection{way} in {limits.connect:g} seconds."
        if isinstance(error, httpx.WriteTimeout):
            return f"{origin} took nothing of the request for {limits.write:g} seconds."
        if isinstance(error, httpx.PoolTimeout):
            return f"No connection to {origin} was free for {limits.pool:g} seconds."
        if isinstance(error, httpx.TimeoutException):
            read_s = _ENDLESS_READ_S if limit.is_lifted else limits.read
            return f"{origin} sent nothing for {read_s:g} seconds."
        if isinstance(error, httpx.ProxyError):
            return f"{origin} was refused{way}: {cause_of(error)}."
        if isinstance(error, httpx.ConnectError):
            return f"{origin} cannot be reached{way}: {cause_of(error)}."
        return ""


def _is_over(deadline: float) -> bool:
    return monotonic() >= deadline - _CLOCK_S


def _url(server: Server) -> httpx.URL:
    try:
        return httpx.URL(server.origin)
    except httpx.InvalidURL as error:
        raise ConfigError(f"The URL {server.origin!r} names no server.") from error


def _headers(request: Request) -> dict[str, str]:
    accept = {"user-agent": "petstore-client", "accept": f"{JSON}, */*;q=0.1"}
    headers = {**accept, **request.headers}
    body = request.body
    if isinstance(body, ByteStream) and body.size_bytes is not None:
        headers["content-length"] = str(body.size_bytes)
    return headers


class _StockTransport(httpx.HTTPTransport):
    backend: DeadlineBackend

    def close(self) -> None:
        self.backend.close()
        super().close()


class _AsyncStockTransport(httpx.AsyncHTTPTransport):
    backend: AsyncDeadlineBackend

    async def aclose(self) -> None:
        await self.backend.aclose()
        await super().aclose()


def stock_transport(server: Server) -> httpx.HTTPTransport:
    """Return the transport of a synchronous client; it keeps to `under`."""
    transport = _StockTransport(
        verify=_trust(server), limits=_LIMITS, proxy=_proxy(server), trust_env=False
    )
    # httpx has no argument for it; a proxy's pool takes it from the same place.
    pool = transport._pool
    transport.backend = DeadlineBackend(pool._network_backend)
    pool._network_backend = transport.backend
    return transport


def async_stock_transport(server: Server) -> httpx.AsyncHTTPTransport:
    """Return the transport of an asynchronous client; it keeps to `under`."""
    transport = _AsyncStockTransport(
        verify=_trust(server), limits=_LIMITS, proxy=_proxy(server), trust_env=False
    )
    pool = transport._pool
    transport.backend = AsyncDeadlineBackend(pool._network_backend)
    pool._network_backend = transport.backend
    return transport


def _proxy(server: Server) -> httpx.Proxy | None:
    """
    Return the proxy that the environment has for the server.

    Raises:
        ConfigError: What the environment names is no proxy.
    """
    parts = urlsplit(server.origin)
    if proxy_bypass(parts.netloc):
        return None
    named = getproxies().get(parts.scheme)
    if not named:
        return None
    url = named if "://" in named else f"http://{named}"
    if url.startswith("socks") and find_spec("socksio") is None:
        raise ConfigError(
            "The proxy of the environment needs pip install httpx[socks]."
        )
    try:
        return httpx.Proxy(url)
    except (ValueError, httpx.InvalidURL):
        # Not chained and not shown: it may hold a password.
        raise ConfigError(
            f"The variable {parts.scheme}_proxy names no proxy; it would be"
            " http://HOST:PORT."
        ) from None


def _shown(proxy: httpx.Proxy) -> str:
    # httpx keeps user and password apart from the URL.
    return str(proxy.url)


@cache
def _certificates() -> ssl.SSLContext:
    # Loading them takes 25 ms, and once is enough for all clients of a process.
    return httpx.create_ssl_context()


def _trust(server: Server) -> ssl.SSLContext:
    if server.origin.startswith("https:"):
        return _certificates()
    # Never used, and trusts nobody if it were.
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
