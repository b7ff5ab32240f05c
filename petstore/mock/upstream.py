"""
Let a server answer, for a recording or in place of one; over httpx.

Only the server that was named is asked: a redirect is an answer, and not followed. No
network is used where the variable CI is set, unless it is asked for.
"""

import os
from collections.abc import AsyncIterator, Iterator, Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Final

import httpx

from petstore.contract.call import ByteStream
from petstore.contract.errors import ConfigError
from petstore.contract.http import Request
from petstore.contract.lines import SET_COOKIE
from petstore.contract.media import EVENTS, media_type
from petstore.contract.replies import Response
from petstore.mock.recording import lower_names
from petstore.mock.steps import Ask
from petstore.mock.urls import check_network, checked_url

TIMEOUT_S: Final = 30.0
BODY_BYTES_MAX: Final = 64 * 1024 * 1024
# They are about the connection between two, RFC 9110 §7.6.1.
_HOP_HEADERS: Final = frozenset(
    {
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "x-petstore-session",
    }
)
# What can be taken off here; anything else is asked for without a coding.
_CODINGS: Final = ("gzip", "deflate")


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
                timeout=TIMEOUT_S, follow_redirects=False, cookies=_no_cookies()
            )
        client = self._client
        try:
            sent = client.send(self._request(client, ask.request), stream=True)
            if _is_events(sent):
                return _response(sent, ByteStream(_pieces(sent), EVENTS))
            try:
                return _response(sent, b"".join(_bounded(sent)))
            finally:
                sent.close()
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error

    async def ask_async(self, ask: Ask) -> Response:
        """Let the server answer a coroutine; see `ask`."""
        if self._async_client is None:
            self._async_client = httpx.AsyncClient(
                timeout=TIMEOUT_S, follow_redirects=False, cookies=_no_cookies()
            )
        client = self._async_client
        try:
            sent = await client.send(self._request(client, ask.request), stream=True)
            if _is_events(sent):
                return _response(sent, ByteStream(_async_pieces(sent), EVENTS))
            try:
                pieces = [piece async for piece in _async_bounded(sent)]
                return _response(sent, b"".join(pieces))
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
        headers = {
            name: value
            for name, value in lower_names(request.headers).items()
            if name not in _HOP_HEADERS
        }
        accepted = headers.get("accept-encoding", "")
        codings = [one for one in _CODINGS if one in accepted]
        headers["accept-encoding"] = ", ".join(codings) or "identity"
        query = f"?{request.query}" if request.query else ""
        body = request.body
        assert isinstance(body, bytes)
        built: httpx.Request = client.build_request(
            request.method,
            f"{self.url}{request.path}{query}",
            headers=headers,
            content=body or None,
        )
        return built

    def _unreachable(self, error: httpx.HTTPError) -> ConfigError:
        words = str(error) or type(error).__name__
        return ConfigError(f"The upstream {self.url} did not answer: {words}.")


def _no_cookies() -> CookieJar:
    """Keep none: one client asks for many sessions, and each has its own."""
    return CookieJar(DefaultCookiePolicy(allowed_domains=()))


def _is_events(sent: httpx.Response) -> bool:
    return media_type(lower_names(sent.headers)) == EVENTS


def _response(sent: httpx.Response, body: bytes | ByteStream) -> Response:
    headers = {
        name: value
        for name, value in lower_names(sent.headers).items()
        if name not in _HOP_HEADERS
    }
    cookies = sent.headers.get_list(SET_COOKIE)
    if cookies:
        headers[SET_COOKIE] = "\n".join(cookies)
    if isinstance(body, ByteStream):
        # Its pieces come without their coding.
        headers.pop("content-encoding", None)
    return Response(sent.status_code, headers, body)


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


def _pieces(sent: httpx.Response) -> Iterator[bytes]:
    # httpx waits for the next event only as long as its read timeout; a stream that
    # is quiet for so long has ended for a recording.
    try:
        yield from sent.iter_bytes()
    except httpx.TimeoutException:
        return
    finally:
        sent.close()


async def _async_pieces(sent: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for piece in sent.aiter_bytes():
            yield piece
    except httpx.TimeoutException:
        return
    finally:
        await sent.aclose()
