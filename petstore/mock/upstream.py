"""
Let a server answer, for a recording or in place of one; over httpx.

Only the server that was named is asked: a redirect is an answer, and not followed; one
to the same server leads the client back to the mock. No path leads out of the URL that
was named. Whoever listens on this machine is asked without a proxy; any other server is
asked through the one that HTTP_PROXY, HTTPS_PROXY or ALL_PROXY names, unless NO_PROXY
excepts it. No network is used where the variable CI is set, unless it is asked for.
"""

import os
from collections.abc import AsyncIterator, Iterator, Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from petstore.contract.accept import accepts_coding
from petstore.contract.call import ByteStream
from petstore.contract.errors import ConfigError
from petstore.contract.http import Request
from petstore.contract.lines import SET_COOKIE, WITHOUT_BODY
from petstore.contract.media import EVENTS, media_type
from petstore.contract.replies import Response
from petstore.mock.exchange import CODINGS
from petstore.mock.hops import HOP_HEADERS, told_length
from petstore.mock.payload import BODY_BYTES_MAX
from petstore.mock.recording import lower_names
from petstore.mock.sessions import HEADER
from petstore.mock.steps import Ask
from petstore.mock.urls import (
    check_below,
    check_network,
    checked_url,
    headers_here,
)
from petstore.server.settings import is_exposed

# What tells a request of ours from those of a client, where both can be seen.
OWN: Final = "petstore.upstream"
_TIMEOUT_S: Final = 30.0
# They are for this server, and not for the one behind it.
_OWN_HEADERS: Final = HOP_HEADERS | {
    "expect",
    "host",
    "proxy-authorization",
    HEADER,
}


class Upstream:
    """
    Ask one server.

    Args:
        url: Its URL; the base of an API at its end, as `/api/v3`, may be left out.
        is_asked: Whether the network was asked for although CI is set.

    Raises:
        ConfigError: It is no URL, or CI is set.
    """

    def __init__(
        self,
        url: str,
        *,
        is_asked: bool = False,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self.url = checked_url(url)
        check_network(self.url, is_asked=is_asked, environment=environment)
        parts = urlsplit(self.url)
        self._path = parts.path
        self._is_remote = is_exposed(str(parts.hostname))
        self._client: httpx.Client | None = None
        self._async_client: httpx.AsyncClient | None = None

    def ask(self, ask: Ask) -> Response:
        """
        Let the server answer.

        Raises:
            ConfigError: It cannot be reached.
        """
        if self._client is None:
            self._client = httpx.Client(
                transport=None if self._is_remote else httpx.HTTPTransport(),
                timeout=_TIMEOUT_S,
                follow_redirects=False,
                cookies=_no_cookies(),
            )
        client = self._client
        try:
            sent = client.send(self._request(client, ask.request), stream=True)
            if _is_events(sent):
                return self._response(sent, ByteStream(_Events(sent), EVENTS))
            try:
                return self._response(sent, b"".join(_bounded(sent)))
            finally:
                sent.close()
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error

    async def ask_async(self, ask: Ask) -> Response:
        """Let the server answer a coroutine; see `ask`."""
        if self._async_client is None:
            self._async_client = httpx.AsyncClient(
                transport=None if self._is_remote else httpx.AsyncHTTPTransport(),
                timeout=_TIMEOUT_S,
                follow_redirects=False,
                cookies=_no_cookies(),
            )
        client = self._async_client
        try:
            sent = await client.send(self._request(client, ask.request), stream=True)
            if _is_events(sent):
                return self._response(sent, ByteStream(_AsyncEvents(sent), EVENTS))
            try:
                pieces = [piece async for piece in _async_bounded(sent)]
                return self._response(sent, b"".join(pieces))
            finally:
                await sent.aclose()
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error

    def close(self) -> None:
        """Close the connections of whoever waits."""
        if self._client is not None:
            self._client.close()
            self._client = None

    async def aclose(self) -> None:
        """Close the connections of coroutines."""
        self.close()
        if self._async_client is not None:
            await self._async_client.aclose()
            self._async_client = None

    def _request(self, client: Any, request: Request) -> httpx.Request:
        check_below(request.path, self._path)
        headers = {
            name: value
            for name, value in lower_names(request.headers).items()
            if name not in _OWN_HEADERS
        }
        accepted = headers.get("accept-encoding", "")
        # Anything that cannot be taken off here is asked for without a coding.
        codings = [one for one in CODINGS if accepts_coding(accepted, one)]
        headers["accept-encoding"] = ", ".join(codings) or "identity"
        query = f"?{request.query}" if request.query else ""
        body = request.body
        assert isinstance(body, bytes)
        url = f"{self.url}{request.path}{query}"
        try:
            built: httpx.Request = client.build_request(
                request.method,
                url,
                headers=_lines(headers),
                content=body or None,
                extensions={OWN: True},
            )
        except (httpx.InvalidURL, ValueError) as error:
            raise ConfigError(
                f"The upstream {self.url} did not answer, for it was not asked:"
                f" {error}."
            ) from error
        return built

    def _response(self, sent: httpx.Response, body: bytes | ByteStream) -> Response:
        told = lower_names(sent.headers)
        headers = {name: one for name, one in told.items() if name not in HOP_HEADERS}
        headers |= told_length(sent.request.method, told)
        cookies = sent.headers.get_list(SET_COOKIE)
        if cookies:
            headers[SET_COOKIE] = "\n".join(cookies)
        if isinstance(body, ByteStream):
            # Its pieces come without their coding.
            headers.pop("content-encoding", None)
        return Response(sent.status_code, headers_here(headers, self.url), body)

    def _unreachable(self, error: httpx.HTTPError) -> ConfigError:
        words = str(error) or type(error).__name__
        return ConfigError(f"The upstream {self.url} did not answer: {words}.")


def _lines(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    # What came in another coding than UTF-8 was read so that it goes out as it came.
    return [
        (name.encode(), value.encode(errors="surrogateescape"))
        for name, value in headers.items()
    ]


def _no_cookies() -> CookieJar:
    """Keep none: one client asks for many sessions, and each has its own."""
    return CookieJar(DefaultCookiePolicy(allowed_domains=()))


def _is_events(sent: httpx.Response) -> bool:
    # RFC 9110 §6.4.1: nothing comes behind these, whatever type they name.
    if sent.request.method == "HEAD" or sent.status_code in WITHOUT_BODY:
        return False
    return media_type(lower_names(sent.headers)) == EVENTS


def _bounded(sent: httpx.Response) -> Iterator[bytes]:
    size_bytes = 0
    for piece in sent.iter_raw():
        size_bytes += len(piece)
        _check_size(size_bytes)
        yield piece


async def _async_bounded(sent: httpx.Response) -> AsyncIterator[bytes]:
    size_bytes = 0
    async for piece in sent.aiter_raw():
        size_bytes += len(piece)
        _check_size(size_bytes)
        yield piece


def _check_size(size_bytes: int) -> None:
    if size_bytes > BODY_BYTES_MAX:
        raise ConfigError(
            f"An answer of the upstream has more than {BODY_BYTES_MAX:,} bytes."
        )


class _Events:
    """
    Be read by a thread; holds a connection.

    No generator: one that nobody began to read does nothing where it is closed, and
    the connection would be gone for good.
    """

    def __init__(self, sent: httpx.Response) -> None:
        self._sent = sent
        self._pieces = sent.iter_bytes()

    def __iter__(self) -> "_Events":
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._pieces)
        except httpx.TimeoutException:
            # httpx waits for the next event only as long as its read timeout; a stream
            # that is quiet for so long has ended for a recording.
            self.close()
            raise StopIteration from None
        except httpx.HTTPError as error:
            self.close()
            raise _broken_off(error) from error
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Give the connection back; a second time does nothing."""
        self._sent.close()


class _AsyncEvents:
    """Be read by a coroutine."""

    def __init__(self, sent: httpx.Response) -> None:
        self._sent = sent
        self._pieces = sent.aiter_bytes()

    def __aiter__(self) -> "_AsyncEvents":
        return self

    async def __anext__(self) -> bytes:
        try:
            return await anext(self._pieces)
        except httpx.TimeoutException:
            await self.aclose()
            raise StopAsyncIteration from None
        except httpx.HTTPError as error:
            await self.aclose()
            raise _broken_off(error) from error
        except BaseException:
            await self.aclose()
            raise

    async def aclose(self) -> None:
        """Give the connection back; a second time does nothing."""
        await self._sent.aclose()


def _broken_off(error: httpx.HTTPError) -> ConfigError:
    return ConfigError(f"The upstream broke off: {str(error) or type(error).__name__}.")
