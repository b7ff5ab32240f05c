"""Answer each request from a recording that was made of it a moment ago."""

from typing import Any

import httpx

from petstore.contract.http import Match, Request
from petstore.contract.replies import Response
from petstore.mock.cassette import Cassette, dump, parse
from petstore.mock.recording import Recorder
from petstore.mock.redaction import Redactor
from petstore.mock.session import Session
from petstore.mock.tape import Tape
from petstore.mock.transport import MockTransport
from petstore.mock.upstream import Upstream


class Rerecording(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """
    Ask a server, write its answer down as a file would have it, and replay that.

    Events go on for ever, so they are passed on as they come.
    """

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        session = Session(Tape([]), mode="off")
        self._through = MockTransport(session, ask=upstream)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        request.read()
        passed = self._through.handle_request(request)
        if is_live(passed):
            return passed
        return replayed(request, passed, passed.stream)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a coroutine."""
        await request.aread()
        passed = await self._through.handle_async_request(request)
        if is_live(passed):
            return passed
        return replayed(request, passed, passed.stream)


class _Keeping(Redactor):
    """Redact nothing: the server would not know a placeholder that it gets back."""

    def redacted(
        self, request: Request, response: Response, match: Match | None
    ) -> tuple[Request, Response]:
        return request, response


def is_live(passed: httpx.Response) -> bool:
    return passed.headers.get("content-type", "").startswith("text/event-stream")


def replayed(
    request: httpx.Request, passed: httpx.Response, stream: Any
) -> httpx.Response:
    """Return what a recording of one exchange answers."""
    cassette = Cassette()
    path, _, query = request.url.raw_path.decode().partition("?")
    seen = Request(request.method, path, query, dict(request.headers), request.content)
    answer = Response(passed.status_code, dict(passed.headers), b"".join(stream))
    exchange = Recorder(cassette, _Keeping()).exchange(seen, answer)
    cassette.exchanges.append(exchange)
    read = parse(dump(cassette))
    read.files.update(cassette.files)
    session = Session(Tape([read]))
    return MockTransport(session).handle_request(request)
