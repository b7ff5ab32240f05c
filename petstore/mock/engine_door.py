"""
Answer requests from an engine in this process, as the server does over a socket.

Whoever gives the clock gets the same answers to the same requests, to the byte: tokens
are counted, and the change log has a name that never changes.

    with EngineDoor(seed="public", clock=lambda: instant) as engine:
        response = engine.answer(Request("GET", "/v2/pet/1", "", {}))

It opens a store, so it is imported where one is needed, and not before.
"""

import asyncio
import itertools
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import Any, Final, Self, TypedDict, Unpack

from petstore.contract.call import ByteStream, Call, Reply
from petstore.contract.errors import MethodNotAllowed, RemoteError
from petstore.contract.flavours import Contract, Route, face_of
from petstore.contract.http import (
    Match,
    Request,
    decode_parameters,
    decode_request,
    resolve,
)
from petstore.contract.media import EVENTS
from petstore.contract.refusals import Refused, encode_error
from petstore.contract.replies import Response, check_acceptable, encode_reply
from petstore.contract.uploads import UploadReader
from petstore.engine.context import Caller
from petstore.engine.engine import AsyncEngine, Engine
from petstore.engine.opening import Options, open_async_engine, open_engine
from petstore.engine.seeding import begin_log
from petstore.engine.seeds import Seed
from petstore.mock.hops import LENGTH
from petstore.mock.keys import KINDS
from petstore.mock.session import Session
from petstore.server.answering import caller_of, check_effectless, stream_headers
from petstore.server.documents import DOCUMENTS, document_response
from petstore.storage.ledger import MOVE_COUNTER
from petstore.storage.transaction import Tx

# Where the public server prints the URL that was asked: a test's port is another one
# each time, and a recording of it would be too.
ORIGIN: Final = "http://localhost"
_MEMORY: Final = "memory:"
_LOG_NAME: Final = "1"
# Public clients look for a number; it is long, for redaction leaves short texts alone.
_FIRST_TOKEN: Final = 1_000_000_000_000_001
_READING: Final = ["GET", "HEAD"]


class EngineSetup(TypedDict, total=False):
    """
    Set up the engine of a mock.

    Args:
        seed: Its first data; the public sample data unless given.
        clock: Gives the time; the system's clock unless given.
        first_id: No entity that it numbers has a smaller id.
        contract: How the compatible faces answer; as the public servers unless given.
        store: `memory:` unless given.
    """

    seed: str | int | Seed
    clock: Callable[[], datetime]
    first_id: int
    contract: Contract
    store: str


def engine_setup(session: Session) -> EngineSetup:
    """
    Return what the engine of a session is: of its time, and with ids of its own.

    The engine behind a recording begins without data but what the recording shows; any
    other begins with the public sample data. A session that was reset needs a new one.
    """
    story = session.story
    data = session.data
    if data is None:
        data = "empty" if story is not None and session.tape.cassettes else "public"
    return EngineSetup(
        seed=data,
        # Later: a reset gives the session another clock.
        clock=lambda: session.clock.now(),
        first_id=1 if story is None else story.first_id,
    )


class EngineDoor:
    """
    Answer whoever waits; any thread may ask.

    Raises:
        ConfigError: The seed or the store is not what it should be.
    """

    def __init__(self, **setup: Unpack[EngineSetup]) -> None:
        self._engine = open_engine(setup.get("store", _MEMORY), _options(setup))
        self._engine.setup = self._engine.setup._replace(random_token=_tokens())
        self._engine.store.write(partial(_begin, first_id=setup.get("first_id", 1)))

    @property
    def engine(self) -> Engine:
        """Return what answers, for whoever looks at its store."""
        return self._engine

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def answer(self, request: Request) -> Response:
        """
        Answer a request with its whole body.

        A stream of events goes on until its `chunks` are closed; any other answer has
        its whole body.
        """
        visit = _Visit(request, self._engine.setup.profile.contract)
        try:
            told = visit.told()
            if told is not None:
                return told
            call, caller = visit.decoded()
            response = visit.encoded(call, self._engine.send(call, caller))
        except RemoteError as error:
            return visit.refused(error)
        body = response.body
        if isinstance(body, ByteStream) and visit.is_read(body):
            response.body = body.read()
        return visit.without_body(response)

    def close(self) -> None:
        """Close the store; a second time does nothing."""
        self._engine.close()


class AsyncEngineDoor:
    """
    Answer coroutines of one event loop; the store is opened by the first request.

    Raises:
        ConfigError: At the first request: the seed or the store is not what it should.
    """

    def __init__(self, **setup: Unpack[EngineSetup]) -> None:
        self._setup = setup
        self._engine: AsyncEngine | None = None
        self._opening = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def answer(self, request: Request) -> Response:
        """Answer a request with its whole body; see `EngineDoor.answer`."""
        engine = await self._opened()
        visit = _Visit(request, engine.setup.profile.contract)
        try:
            told = visit.told()
            if told is not None:
                return told
            call, caller = visit.decoded()
            response = visit.encoded(call, await engine.send(call, caller))
        except RemoteError as error:
            return visit.refused(error)
        body = response.body
        if isinstance(body, ByteStream):
            if visit.is_read(body):
                response.body = await body.aread()
            elif request.method == "HEAD":
                await body.aclose()
        return visit.without_body(response)

    async def close(self) -> None:
        """Close the store; a second time does nothing."""
        if self._engine is not None:
            await self._engine.close()

    async def _opened(self) -> AsyncEngine:
        async with self._opening:
            if self._engine is None:
                setup = self._setup
                store = setup.get("store", _MEMORY)
                engine = await open_async_engine(store, _options(setup))
                engine.setup = engine.setup._replace(random_token=_tokens())
                first_id = setup.get("first_id", 1)
                await engine.store.write(partial(_begin, first_id=first_id))
                self._engine = engine
            return self._engine


class _Visit:
    """Lead one request to the engine, and its answer back."""

    def __init__(self, request: Request, contract: Contract) -> None:
        self._request = request
        self._contract: Contract = contract
        self._face = face_of(request.path, contract)
        self._route: Route | None = None
        self._reader: UploadReader | None = None

    def told(self) -> Response | None:
        """
        Return what needs no engine: a document, or which methods a path takes.

        Raises:
            MethodNotAllowed: A document is only read.
        """
        path, method = self._request.path, self._request.method
        if method == "OPTIONS":
            return Response(200, {"allow": ", ".join([*self._methods(), "OPTIONS"])})
        if path not in DOCUMENTS:
            return None
        if method not in _READING:
            raise MethodNotAllowed(f"{path} takes GET.", allow=_READING)
        # Its URLs are relative, for a recording of it is the same wherever it is made.
        described = document_response(path, contract=self._contract, origin=None)
        return self.without_body(described)

    def _methods(self) -> list[str]:
        path = self._request.path
        if path in DOCUMENTS:
            return _READING
        return self._face.router.methods(path[len(self._face.base) :])

    def decoded(self) -> tuple[Call[Any], Caller]:
        """
        Return what is asked for, and by whom.

        Raises:
            RemoteError: It cannot be read, or not be answered.
        """
        request = self._request
        method = "GET" if request.method == "HEAD" else request.method
        match = resolve(self._face, method, request.path)
        self._route = match.route
        if request.method == "HEAD":
            check_effectless(match, request.path)
        check_acceptable(match.face, match.route, request)
        caller = caller_of(request.headers, match.face)
        if match.route.has_upload:
            return self._upload(match), caller
        return decode_request(match, request), caller

    def encoded(self, call: Call[Any], reply: Reply[Any]) -> Response:
        """Return the answer of a reply."""
        if self._reader is not None:
            call = self._reader.described(call)
        response = encode_reply(self._face, call, reply, self._request)
        if isinstance(response.body, ByteStream):
            headers = {**response.headers, **stream_headers(response.body)}
            # A door counts what it sends.
            headers.pop(LENGTH, None)
            response.headers = headers
        return response

    def refused(self, error: RemoteError) -> Response:
        """Return the answer that refuses."""
        request = self._request
        query = f"?{request.query}" if request.query else ""
        url = f"{ORIGIN}{request.path}{query}"
        refused = Refused(self._face, self._route, request, url, "0" * 16)
        return self.without_body(encode_error(refused, error))

    def is_read(self, body: ByteStream) -> bool:
        """Tell whether a body ends, and so is sent whole."""
        return body.media_type != EVENTS

    def without_body(self, response: Response) -> Response:
        """Leave out what a HEAD is not sent (RFC 9110 §9.3.2)."""
        if self._request.method != "HEAD":
            return response
        body = response.body
        close = getattr(getattr(body, "chunks", None), "close", None)
        if close is not None:
            close()
        size_bytes = body.size_bytes if isinstance(body, ByteStream) else len(body)
        length = {} if size_bytes is None else {LENGTH: str(size_bytes)}
        return Response(response.status, {**response.headers, **length})

    def _upload(self, match: Match) -> Call[Any]:
        request, route = self._request, match.route
        arguments = decode_parameters(match, request)
        is_open = match.face.is_public
        self._reader = UploadReader(route, request.headers, is_open=is_open)
        assert isinstance(request.body, bytes)
        # Read when the engine asks: whether there is such a pet comes first.
        pieces = _pieces(self._reader, request.body)
        arguments["content"] = ByteStream(pieces, self._reader.media_type)
        return Call(route.operation, arguments)


def _pieces(reader: UploadReader, body: bytes) -> Iterator[bytes]:
    yield from reader.feed(body)
    reader.finish()


def _options(setup: EngineSetup) -> Options:
    options: Options = {"seed": setup.get("seed", "public")}
    if "clock" in setup:
        options["clock"] = setup["clock"]
    if "contract" in setup:
        options["contract"] = setup["contract"]
    return options


def _tokens() -> Callable[[], str]:
    numbers = itertools.count(_FIRST_TOKEN)
    return lambda: str(next(numbers))


def _begin(tx: Tx, first_id: int) -> None:
    begin_log(tx, _LOG_NAME)
    if first_id <= 1:
        return
    for kind in KINDS:
        tx.run(MOVE_COUNTER, {"counter": f"id.{kind}", "last": first_id - 1})
