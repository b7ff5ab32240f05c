"""
Answer httpx from a session, without a socket; synchronous and asynchronous clients.

    httpx.Client(base_url="http://petstore.test", transport=MockTransport(session))

What goes wrong, goes wrong as it would on a socket, but no time passes:

    delay       httpx.ReadTimeout where it reaches the client's read timeout, else none
    reset       httpx.ReadError
    empty, garbage          httpx.RemoteProtocolError
    truncate, bad_chunk     the first bytes, then httpx.RemoteProtocolError
    dribble     pieces; httpx.ReadTimeout where a pause reaches the read timeout
    realtime    as dribble, where a stream was recorded with its times

A request that nothing answers is no answer of 501 here: it raises UnmatchedRequest.
"""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any, Final

import httpx

from petstore.contract.call import ByteStream
from petstore.contract.errors import ConfigError
from petstore.contract.http import Request
from petstore.contract.lines import WITHOUT_BODY, header_lines
from petstore.contract.replies import Response
from petstore.mock.asking import Others, nobody
from petstore.mock.cadence import Paced, paced_pieces
from petstore.mock.driving import answered, answered_async
from petstore.mock.faults import INSTEAD, Effect
from petstore.mock.hops import length_of
from petstore.mock.misses import UnmatchedRequest
from petstore.mock.pieces import (
    beginning_of,
    bytes_of,
    cut,
    cut_async,
    dribbled,
    promised_bytes,
)
from petstore.mock.session import Session
from petstore.mock.steps import SERVED_BY, Answer, Ask

# Answers what a session asks for; an awaitable is for coroutines only.
AskedOne = Callable[[Ask], Response | Awaitable[Response]]
_EMPTY: Final = httpx.ByteStream(b"")


class MockTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """
    Carry requests to a session; any thread and any event loop may.

    Args:
        ask: Answers what the session asks an upstream or the engine for: a function,
            or what has `ask` and `ask_async`, one for each kind of client. Who gave
            it closes it. Unless given, the session's own upstream and engine answer.
    """

    def __init__(self, session: Session, *, ask: Any = None) -> None:
        self.session = session
        self._others = Others(session) if ask is None else None
        ask = ask or self._others
        self._ask = asked_now(ask)
        self._ask_async: AskedOne = getattr(ask, "ask_async", ask) or _nobody

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """
        Answer a request.

        Raises:
            UnmatchedRequest: Nothing in the recording answers it.
            httpx.TransportError: A fault says so.
            ConfigError: Nobody answers what is asked for, or a file is missing.
        """
        return answer_request(self.session, request, self._ask)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a coroutine; see `handle_request`."""
        await request.aread()

        async def ask(step: Ask) -> Response:
            response = self._ask_async(step)
            return await response if inspect.isawaitable(response) else response

        async def wait(seconds: float) -> None:
            _pass_time(self.session, request, seconds)

        answer = await answered_async(self.session, _seen(request), ask, wait)
        if answer.effect.broken is not None:
            response = await cut_async(answer.response, answer.effect)
            answer = replace(answer, response=response)
        return _sent(self.session, request, answer)

    def close(self) -> None:
        """Let go of who answered in place of the recording."""
        if self._others is not None:
            self._others.close()

    async def aclose(self) -> None:
        """Let go of who answered in place of the recording."""
        self.close()


def answer_request(
    session: Session, request: httpx.Request, ask: AskedOne
) -> httpx.Response:
    """Answer a request whose body was read, or can be; see `handle_request`."""
    request.read()

    def ask_now(step: Ask) -> Response:
        response = ask(step)
        if isinstance(response, Response):
            return response
        close = getattr(response, "close", None)
        if close is not None:
            close()
        raise ConfigError(
            f"The {step.whom} of this mock answers coroutines only; give it a plain"
            " function, or use an asynchronous client."
        )

    def wait(seconds: float) -> None:
        _pass_time(session, request, seconds)

    return _sent(session, request, answered(session, _seen(request), ask_now, wait))


def asked_now(ask: Any) -> AskedOne:
    """Return the function that whoever waits asks; see `MockTransport`."""
    asked: AskedOne = getattr(ask, "ask", ask) or _nobody
    return asked


def _nobody(ask: Ask) -> Response:
    raise nobody(ask)


def _seen(request: httpx.Request) -> Request:
    path, _, query = request.url.raw_path.decode("ascii").partition("?")
    headers = dict(request.headers.items())
    return Request(request.method, path, query, headers, request.content)


def _pass_time(session: Session, request: httpx.Request, seconds: float) -> None:
    """Let the session's clock go on, as far as the client waits."""
    limit_s = request.extensions.get("timeout", {}).get("read")
    is_late = limit_s is not None and seconds >= limit_s
    session.clock.advance(limit_s if is_late else seconds)
    if is_late:
        raise httpx.ReadTimeout(
            f"The answer takes {seconds:g} s, and the read timeout is {limit_s:g} s.",
            request=request,
        )


def _sent(session: Session, request: httpx.Request, answer: Answer) -> httpx.Response:
    if answer.miss is not None:
        raise UnmatchedRequest(answer.miss)
    effect = answer.effect
    broken = _broken(request, effect) if effect.broken is not None else None
    if broken is not None and effect.broken in INSTEAD:
        raise broken
    response = answer.response
    headers = {**response.headers, SERVED_BY: answer.served_by}
    stream: httpx.SyncByteStream | httpx.AsyncByteStream
    if response.status in WITHOUT_BODY:
        stream = _untold(response)
    elif request.method == "HEAD":
        headers |= length_of(response)
        stream = _untold(response)
    elif effect.broken is not None:
        patience = partial(_pass_time, session, request)
        pieces = _spoilt(response, headers, effect)
        stream = _Late(pieces, patience, broken)
    elif isinstance(response.body, Paced):
        patience = partial(_pass_time, session, request)
        stream = _Late(list(paced_pieces(response.body)), patience, None)
    elif isinstance(response.body, ByteStream):
        stream = _Pieces(response.body)
    else:
        headers["content-length"] = str(len(response.body))
        stream = httpx.ByteStream(response.body)
    # As the socket writes them, which takes letters that httpx would refuse.
    lines = [
        (name.encode("ascii"), value.encode("latin-1", "replace"))
        for name, value in header_lines(headers)
    ]
    return httpx.Response(
        response.status, headers=lines, stream=stream, request=request
    )


def _broken(request: httpx.Request, effect: Effect) -> httpx.TransportError | None:
    """Return how the connection ends; None for one that is only slow."""
    if effect.broken == "dribble":
        return None
    if effect.broken == "reset":
        return httpx.ReadError("Connection reset by peer", request=request)
    words = {
        "empty": "Server disconnected without sending a response.",
        "garbage": "illegal status line",
        "truncate": "peer closed connection without sending complete message body",
        "bad_chunk": "illegal chunk header",
    }[str(effect.broken)]
    return httpx.RemoteProtocolError(words, request=request)


def _spoilt(
    response: Response, headers: dict[str, str], effect: Effect
) -> list[tuple[float, bytes]]:
    """Return what comes of a body, and how many seconds come before each piece."""
    whole = bytes_of(cut(response, effect))
    if effect.broken == "dribble":
        headers["content-length"] = str(len(whole))
        return dribbled(whole, effect)
    kept = beginning_of(whole, effect)
    if effect.broken == "truncate":
        headers["content-length"] = str(promised_bytes(whole, kept))
    else:
        headers["transfer-encoding"] = "chunked"
    return [(0.0, kept)]


def _untold(response: Response) -> "httpx.ByteStream | _Pieces":
    """Return no bytes; a stream that is no part of the answer is still let go."""
    body = response.body
    return _Pieces(body, is_told=False) if isinstance(body, ByteStream) else _EMPTY


class _Pieces(httpx.SyncByteStream, httpx.AsyncByteStream):
    """Give the pieces of a stream as they were recorded, or as they come."""

    def __init__(self, body: ByteStream, *, is_told: bool = True) -> None:
        self._body = body
        self._is_told = is_told

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._body if self._is_told else ()
        except ConfigError as error:
            raise httpx.RemoteProtocolError(error.message) from error

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if not self._is_told:
            return
        try:
            async for piece in self._body:
                yield piece
        except ConfigError as error:
            raise httpx.RemoteProtocolError(error.message) from error

    def close(self) -> None:
        """Let go of a stream that nobody reads on."""
        self._body.close()

    async def aclose(self) -> None:
        """Let go of a stream that nobody reads on."""
        await self._body.aclose()


class _Late(httpx.SyncByteStream, httpx.AsyncByteStream):
    """Give the pieces of a body that comes slowly, or breaks off."""

    def __init__(
        self,
        pieces: list[tuple[float, bytes]],
        wait: Callable[[float], None],
        error: httpx.TransportError | None,
    ) -> None:
        self._pieces = pieces
        self._wait = wait
        self._error = error

    def __iter__(self) -> Iterator[bytes]:
        for pause_s, piece in self._pieces:
            self._wait(pause_s)
            if piece:
                yield piece
        if self._error is not None:
            raise self._error

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece
