"""
Answer requests of httpx with a fake, by respx.

The kernel's codec reads them and writes the answers, as it does in a server.
"""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Iterator
from itertools import count
from typing import Any

import httpx
import respx
from respx.patterns import Pattern

from petstore.contract.call import ByteStream, Call, Reply
from petstore.contract.errors import ConfigError, NotSupported, RemoteError
from petstore.contract.flavours import Face, Route
from petstore.contract.http import Request, decode_request, resolve
from petstore.contract.media import EVENTS
from petstore.contract.refusals import Refused, encode_error
from petstore.contract.replies import Response, check_acceptable, encode_reply
from petstore_client.address import Server
from petstore_client.testing.fake import AsyncFake, Fake

_REQUEST_ID = "x-request-id"


def contract_router(
    server: Server, face: Face, fake: Fake | AsyncFake
) -> respx.MockRouter:
    """Return a router with a route for each operation of the face."""
    base_url = f"{server.origin}{server.prefix}{face.base}"
    router = respx.MockRouter(assert_all_called=False, base_url=base_url)
    answers = _Answers(server, face, fake)
    for route in face.routes.values():
        leads = _LeadsTo(route, server, face)
        router.route(leads, name=route.operation.id).side_effect = answers.answer
    return router


class _LeadsTo(Pattern):
    """
    Match what the kernel's router leads to one route.

    A pattern of respx would see the path decoded: "%2F" in a name would be a slash.
    """

    # Without one it is no word for respx's own look-ups, but it is asked for.
    key = ""

    def __init__(self, route: Route, server: Server, face: Face) -> None:
        super().__init__(route)
        self._server = server
        self._face = face
        self._origin = _origin(httpx.URL(server.origin))

    def parse(self, request: httpx.Request) -> Route | None:
        """Return where the request leads; what is raised here is no match."""
        # To respx, a base without a port is one at any port.
        if _origin(request.url) != self._origin:
            return None
        path = _split(request, self._server)[0]
        if not path.startswith(f"{self._face.base}/"):
            return None
        return resolve(self._face, request.method, path).route


class _Answers:
    """Answer requests of one face by a fake."""

    def __init__(self, server: Server, face: Face, fake: Fake | AsyncFake) -> None:
        self._server = server
        self._face = face
        self._fake = fake
        self._numbers = count(1)

    def answer(
        self, request: httpx.Request
    ) -> httpx.Response | Awaitable[httpx.Response]:
        """Answer a request; raises what a fake raises and no server answers."""
        given = request.headers.get(_REQUEST_ID)
        request_id = given or f"router-{next(self._numbers)}"
        exchange = _Exchange(self._server, self._face, request, request_id)
        if isinstance(self._fake, AsyncFake):
            _require_loop()
            return _answer_async(exchange, self._fake)
        return _answer(exchange, self._fake)


def _require_loop() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        raise ConfigError(
            "A router that has an AsyncFake answers coroutines only; give it a Fake."
        ) from None


def _answer(exchange: "_Exchange", fake: Fake) -> httpx.Response:
    try:
        call = exchange.call()
        return exchange.answered(call, fake.send(call))
    except RemoteError as error:
        return exchange.refused(error)


async def _answer_async(exchange: "_Exchange", fake: AsyncFake) -> httpx.Response:
    try:
        call = exchange.call()
        return exchange.answered(call, await fake.send(call))
    except RemoteError as error:
        return exchange.refused(error)


class _Exchange:
    """Read one request, and write its answer."""

    def __init__(
        self, server: Server, face: Face, request: httpx.Request, request_id: str
    ) -> None:
        path, query = _split(request, server)
        body = request.content
        self._face = face
        self._seen = Request(request.method, path, query, request.headers, body)
        self._match = resolve(face, request.method, path)
        self._request = request
        self._request_id = request_id

    def call(self) -> Call[Any]:
        """
        Return what the request asks for.

        Raises:
            RemoteError: It cannot be read, or not be answered.
        """
        check_acceptable(self._face, self._match.route, self._seen)
        return decode_request(self._match, self._seen)

    def answered(self, call: Call[Any], reply: Reply[Any]) -> httpx.Response:
        """Return the answer of a reply."""
        return self._sent(encode_reply(self._face, call, reply, self._seen))

    def refused(self, error: RemoteError) -> httpx.Response:
        """Return the answer that refuses."""
        url = str(self._request.url)
        refused = Refused(self._face, self._match.route, self._seen, url, "")
        return self._sent(encode_error(refused, error))

    def _sent(self, response: Response) -> httpx.Response:
        headers = {**response.headers, _REQUEST_ID: self._request_id}
        body, request = response.body, self._request
        if isinstance(body, ByteStream) and not isinstance(body.chunks, bytes):
            stream = _Stream(body)
            return httpx.Response(
                response.status, headers=headers, stream=stream, request=request
            )
        content = body.chunks if isinstance(body, ByteStream) else body
        return httpx.Response(
            response.status, headers=headers, content=content, request=request
        )


class _Stream(httpx.SyncByteStream, httpx.AsyncByteStream):
    """Give the pieces of a body to whoever asked: request and router cannot tell."""

    def __init__(self, body: ByteStream) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._body)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        is_async = isinstance(self._body.chunks, AsyncIterable)
        if not is_async and self._body.media_type == EVENTS:
            # It would wait for the next event with the whole loop.
            raise NotSupported(
                "Coroutines follow events of a router that has an AsyncFake:"
                " router(…, fake=AsyncFake())."
            )
        async for piece in self._body:
            yield piece

    def close(self) -> None:
        self._body.close()

    async def aclose(self) -> None:
        await self._body.aclose()


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _split(request: httpx.Request, server: Server) -> tuple[str, str]:
    """Return path and query as they were sent, without where the server lies."""
    path, _, query = request.url.raw_path.decode("ascii").partition("?")
    return path.removeprefix(server.prefix), query
