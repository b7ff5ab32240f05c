"""
Carry requests over HTTP; the only module that imports httpx.

Transports are used directly. httpx's client above them costs a third more for each
request, follows cookies, and logs each URL at INFO, which for `GET /user/login` holds
a password.
"""

import asyncio
import ssl
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Final, Literal
from urllib.request import getproxies, proxy_bypass

import httpx

from petstore.contract.call import ByteStream
from petstore.contract.errors import (
    ConfigError,
    DecodeError,
    NotSupported,
    TransportError,
)
from petstore.contract.http import Request
from petstore.contract.media import JSON, OCTETS
from petstore.contract.replies import Response
from petstore_client.address import Server

_CONNECTIONS_MAX: Final = 32
# Shorter than our server's 75 s, so that the client lets go first. As many may stay
# open as there may be: httpcore 1.0 counts busy connections as idle ones.
_LIMITS: Final = httpx.Limits(
    max_connections=_CONNECTIONS_MAX,
    max_keepalive_connections=_CONNECTIONS_MAX,
    keepalive_expiry=60,
)
_NEVER_SENT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
_SUCCESS: Final = range(200, 300)


class HttpSender:
    """
    Carry requests to one server; safe to share between threads.

    Args:
        transport: Carries the requests instead of sockets.
    """

    def __init__(
        self, server: Server, transport: httpx.BaseTransport | None = None
    ) -> None:
        self._wire = _Wire(server)
        self._transport = transport or httpx.HTTPTransport(
            verify=_trust(server), limits=_LIMITS, proxy=_proxy(server), trust_env=False
        )

    def exchange(self, request: Request, *, is_download: bool) -> Response:
        """
        Send a request and return the response, whatever its status.

        Args:
            is_download: Whether the body of a success is left to be read in pieces.

        Raises:
            TransportError: No answer came.
            DecodeError: Its compression is broken.
            OSError: The file of an upload cannot be read.
        """
        outgoing = self._wire.outgoing(request, _sync_content(request.body))
        with self._wire.failures():
            incoming = self._transport.handle_request(outgoing)
            if is_download and incoming.status_code in _SUCCESS:
                return _response(incoming, _download(incoming, self._chunks(incoming)))
            try:
                return _response(incoming, incoming.read())
            finally:
                incoming.close()

    def close(self) -> None:
        """Close all connections; a second time does nothing."""
        self._transport.close()

    def _chunks(self, incoming: httpx.Response) -> Iterator[bytes]:
        try:
            with self._wire.failures():
                yield from incoming.iter_bytes()
        finally:
            incoming.close()


class AsyncHttpSender:
    """Carry requests to one server, for one event loop; else as `HttpSender`."""

    def __init__(
        self, server: Server, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._wire = _Wire(server)
        self._transport = transport or httpx.AsyncHTTPTransport(
            verify=_trust(server), limits=_LIMITS, proxy=_proxy(server), trust_env=False
        )

    async def exchange(self, request: Request, *, is_download: bool) -> Response:
        """Send a request and return the response; see `HttpSender.exchange`."""
        outgoing = self._wire.outgoing(request, _async_content(request.body))
        with self._wire.failures():
            incoming = await self._transport.handle_async_request(outgoing)
            if is_download and incoming.status_code in _SUCCESS:
                return _response(incoming, _download(incoming, self._chunks(incoming)))
            try:
                return _response(incoming, await incoming.aread())
            finally:
                await incoming.aclose()

    async def close(self) -> None:
        """Close all connections; a second time does nothing."""
        await self._transport.aclose()

    async def _chunks(self, incoming: httpx.Response) -> AsyncIterator[bytes]:
        try:
            with self._wire.failures():
                async for chunk in incoming.aiter_bytes():
                    yield chunk
        finally:
            await incoming.aclose()


class _Wire:
    """Make httpx's requests, and errors of ours of httpx's."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._url = _url(server)
        timeout = httpx.Timeout(server.timeout_s).as_dict()
        self._extensions = {"timeout": timeout}
        self._headers = {"user-agent": "petstore-client", **server.credentials}

    def outgoing(
        self, request: Request, content: bytes | Iterable[bytes] | AsyncIterable[bytes]
    ) -> httpx.Request:
        query = f"?{request.query}" if request.query else ""
        path = f"{self._server.prefix}{request.path}{query}"
        return httpx.Request(
            request.method,
            self._url.copy_with(raw_path=path.encode()),
            headers={**self._headers, **_content_headers(request)},
            content=content,
            extensions=self._extensions,
        )

    @contextmanager
    def failures(self) -> Iterator[None]:
        origin = self._server.origin
        try:
            yield
        except httpx.DecodingError as error:
            raise DecodeError(f"The answer of {origin} is corrupt: {error}.") from error
        except httpx.TimeoutException as error:
            raise TransportError(
                f"{origin} did not answer within {self._server.timeout_s:g} seconds.",
                sent=_sent(error),
            ) from error
        except (httpx.TransportError, httpx.StreamError) as error:
            cause = str(error) or type(error).__name__
            raise TransportError(
                f"No answer came from {origin}: {cause}.", sent=_sent(error)
            ) from error


def _url(server: Server) -> httpx.URL:
    try:
        return httpx.URL(server.origin)
    except httpx.InvalidURL as error:
        raise ConfigError(f"The URL {server.origin!r} names no server.") from error


def _sent(error: Exception) -> Literal["no", "maybe"]:
    return "no" if isinstance(error, _NEVER_SENT) else "maybe"


def _content_headers(request: Request) -> dict[str, str]:
    headers = {"accept": f"{JSON}, */*;q=0.1", **request.headers}
    body = request.body
    if isinstance(body, ByteStream) and body.size_bytes is not None:
        headers["content-length"] = str(body.size_bytes)
    return headers


def _sync_content(body: bytes | ByteStream) -> bytes | Iterable[bytes]:
    if isinstance(body, bytes):
        return body
    if isinstance(body.chunks, AsyncIterable):
        raise NotSupported(
            "A synchronous client sends bytes, a path or a file, no async iterator."
        )
    return body.chunks


def _async_content(body: bytes | ByteStream) -> bytes | AsyncIterable[bytes]:
    if isinstance(body, bytes):
        return body
    if isinstance(body.chunks, AsyncIterable):
        return body.chunks
    # The codec makes bytes of an upload that is bytes.
    assert not isinstance(body.chunks, bytes)
    return _off_loop(body.chunks)


async def _off_loop(chunks: Iterable[bytes]) -> AsyncIterator[bytes]:
    """Read a file in threads: a slow disk must not stop the loop."""
    iterator = iter(chunks)
    while (chunk := await asyncio.to_thread(next, iterator, None)) is not None:
        yield chunk


def _download(
    incoming: httpx.Response, chunks: Iterable[bytes] | AsyncIterable[bytes]
) -> ByteStream:
    length = incoming.headers.get("content-length", "")
    is_plain = "content-encoding" not in incoming.headers
    return ByteStream(
        chunks,
        incoming.headers.get("content-type", OCTETS),
        int(length) if length.isdecimal() and is_plain else None,
    )


def _response(incoming: httpx.Response, body: bytes | ByteStream) -> Response:
    return Response(incoming.status_code, dict(incoming.headers), body)


def _proxy(server: Server) -> str | None:
    """Return the proxy that the environment has for the server."""
    url = _url(server)
    if proxy_bypass(url.netloc.decode()):
        return None
    return getproxies().get(url.scheme)


@cache
def _certificates() -> ssl.SSLContext:
    # Loading them takes 25 ms, and once is enough for all clients of a process.
    return httpx.create_ssl_context()


def _trust(server: Server) -> ssl.SSLContext:
    if server.origin.startswith("https:"):
        return _certificates()
    # Never used, and trusts nobody if it were.
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
