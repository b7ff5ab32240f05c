"""Answer one HTTP request: find its face, decode, execute, encode."""

import secrets
from collections.abc import AsyncIterable, Mapping
from contextlib import aclosing
from typing import Any, Final

from sanic.exceptions import SanicException
from sanic.request import Request as SanicRequest
from sanic.response import HTTPResponse

from petstore.contract import errors
from petstore.contract.call import ByteStream, Call
from petstore.contract.errors import RemoteError
from petstore.contract.flavours import Face, Route, face_of
from petstore.contract.http import (
    Match,
    Request,
    decode_parameters,
    decode_request,
    resolve,
)
from petstore.contract.refusals import Refused, encode_error
from petstore.contract.replies import (
    PROBLEM_HEADER,
    Response,
    check_acceptable,
    encode_reply,
)
from petstore.contract.uploads import UploadReader
from petstore.engine.engine import AsyncEngine
from petstore.engine.feeds import AsyncListener
from petstore.server.answering import (
    CORS_METHODS,
    caller_of,
    check_effectless,
    readable,
    stream_headers,
)
from petstore.server.bodies import read_body, refuse_leave, upload_pieces
from petstore.server.logs import LOGGER
from petstore.server.request_ids import HEADER as REQUEST_ID_HEADER
from petstore.server.request_ids import request_ids
from petstore.server.sent import Sent
from petstore.server.services import Services
from petstore.server.settings import Settings, host_name

_EXPOSED: Final = (
    "ETag, Link, X-Expires-After, X-Rate-Limit, X-Petstore-Problem, X-Petstore-Cursor,"
    " X-Request-Id, X-Should-Retry, Retry-After, Idempotency-Replayed"
)
_METHODS: Final = frozenset(CORS_METHODS.split(", "))
_METHOD_LENGTH_MAX: Final = 40
_CORS_HEADERS: Final = (
    "Content-Type, api_key, Authorization, If-Match, If-None-Match, Idempotency-Key,"
    " X-Request-Id, Last-Event-ID"
)


class Door:
    """Hold what answers the requests of one server."""

    def __init__(
        self, engine: AsyncEngine, settings: Settings, services: Services
    ) -> None:
        self._engine = engine
        self._settings = settings
        self._services = services
        self._id_of = request_ids()
        self._contract = engine.setup.profile.contract
        self._cors: Mapping[str, str] = {}
        if settings.cors_origin is not None:
            self._cors = {
                "access-control-allow-origin": settings.cors_origin,
                "access-control-expose-headers": _EXPOSED,
            }

    async def handle(self, request: SanicRequest) -> HTTPResponse | None:
        """Answer a request; whatever goes wrong is an answer of its face too."""
        path = request.path
        face = face_of(path, self._contract)
        method = _method_of(request)
        seen = Request(method, path, request.query_string, request.headers)
        route: Route | None = None
        try:
            self._check_host(request)
            if method == "OPTIONS":
                await self._body(request)
                return self._preflight(request, face)
            service = self._services.find(seen)
            if service is not None:
                await self._body(request)
                return self._sent(await service(request), self._id_of(request.headers))
            match = resolve(face, "GET" if method == "HEAD" else method, path)
            route = match.route
            if method == "HEAD":
                check_effectless(match, path)
            return await self._answer(request, match, seen)
        except RemoteError as error:
            refuse_leave(request)
            url = readable(request.url) or ""
            refused = Refused(face, route, seen, url, "")
            return self._refused(refused, error, self._id_of(request.headers))
        except SanicException:
            raise
        except Exception:
            fault_id, request_id = secrets.token_hex(8), self._id_of(request.headers)
            line = "fault %s in %s %s [%s]"
            LOGGER.exception(line, fault_id, method, path, request_id)
            refused = Refused(face, route, seen, "", fault_id)
            return self._refused(refused, _fault(fault_id), request_id)

    def on_framing_error(
        self, request: SanicRequest | None, error: Exception
    ) -> HTTPResponse:
        """Answer what Sanic itself refuses, such as a header that is no HTTP."""
        status = getattr(error, "status_code", 500)
        kind = _BY_FRAMING_STATUS.get(status, errors.ServerFault)
        path = "/" if request is None else request.path
        seen = Request("GET", path, "", {} if request is None else request.headers)
        fault_id, request_id = secrets.token_hex(8), self._id_of(seen.headers)
        refusal = kind(str(error) or kind.title)
        if kind is errors.ServerFault:
            line = "fault %s outside of a handler [%s]"
            LOGGER.error(line, fault_id, request_id, exc_info=error)
            refusal = _fault(fault_id)
        face = face_of(path, self._contract)
        refused = Refused(face, None, seen, path, fault_id)
        return self._refused(refused, refusal, request_id)

    async def _answer(
        self, request: SanicRequest, match: Match, seen: Request
    ) -> HTTPResponse | None:
        caller = caller_of(request.headers, match.face)
        check_acceptable(match.face, match.route, seen)
        if match.route.has_upload:
            return await self._answer_upload(request, match, seen)
        stream = request.stream
        if stream is not None and stream.request_body:
            seen.body = await self._body(request)
        call = decode_request(match, seen)
        reply = await self._engine.send(call, caller)
        response = encode_reply(match.face, call, reply, seen)
        if isinstance(response.body, ByteStream):
            await self._stream(request, response, response.body)
            return None
        return self._sent(response, self._id_of(request.headers))

    async def _body(self, request: SanicRequest) -> bytes:
        settings = self._settings
        return await read_body(
            request, settings.body_bytes_max, settings.body_seconds_max
        )

    async def _answer_upload(
        self, request: SanicRequest, match: Match, seen: Request
    ) -> HTTPResponse:
        arguments = decode_parameters(match, seen)
        reader = UploadReader(
            match.route, request.headers, is_open=match.face.is_public
        )
        pieces = upload_pieces(
            request,
            reader,
            self._engine.setup.upload_bytes_max,
            self._settings.body_seconds_max,
        )
        # The engine asks for them once it knows that the caller may send them.
        arguments["content"] = ByteStream(pieces, reader.media_type)
        operation = match.route.operation
        async with aclosing(pieces):
            call: Call[Any] = Call(operation, arguments)
            caller = caller_of(request.headers, match.face)
            reply = await self._engine.send(call, caller)
        response = encode_reply(match.face, reader.described(call), reply, seen)
        return self._sent(response, self._id_of(request.headers))

    async def _stream(
        self, request: SanicRequest, response: Response, body: ByteStream
    ) -> None:
        assert isinstance(body.chunks, AsyncIterable)
        headers = {**response.headers, **self._cors, **stream_headers(body)}
        headers[REQUEST_ID_HEADER] = self._id_of(request.headers)
        sent: Any = Sent(b"", response.status, headers)
        stream: Any = request.stream
        stream.respond(sent)
        try:
            if request.method != "HEAD":
                async for chunk in body.chunks:
                    await sent.send(chunk)
        finally:
            await _closed(body.chunks)
        await sent.send(b"", True)

    def _refused(
        self, refused: Refused, error: RemoteError, request_id: str
    ) -> HTTPResponse:
        response = encode_error(refused, error)
        # In the words of the header, which hold no line break.
        problem = response.headers[PROBLEM_HEADER]
        line = f"{refused.request.method} {refused.request.path}"
        LOGGER.info("%s: %s [%s]", line, problem, request_id)
        if error.message != error.public_message:
            LOGGER.warning("the store failed: %s [%s]", error.message, request_id)
        return self._sent(response, request_id)

    def _sent(self, response: Response, request_id: str) -> HTTPResponse:
        assert isinstance(response.body, bytes)
        headers = response.headers
        headers[REQUEST_ID_HEADER] = request_id
        headers.update(self._cors)
        return Sent(response.body, response.status, headers)

    def _preflight(self, request: SanicRequest, face: Face) -> HTTPResponse:
        methods = self._services.methods(request.path)
        methods = methods or face.router.methods(request.path[len(face.base) :])
        allow = ", ".join([*methods, "OPTIONS"])
        headers = {"allow": allow}
        if self._cors:
            headers["access-control-allow-methods"] = CORS_METHODS
            asked = request.headers.get("access-control-request-headers")
            headers["access-control-allow-headers"] = asked or _CORS_HEADERS
        return self._sent(Response(200, headers), self._id_of(request.headers))

    def _check_host(self, request: SanicRequest) -> None:
        hosts = self._settings.hosts
        if hosts is None:
            return
        # A page that rebinds its name to this machine gives its own name here.
        name = host_name(request.headers.get("host", ""))
        if name not in hosts:
            raise errors.Malformed(
                f"This server does not answer for the host {name[:100]!r}."
            )


_BY_FRAMING_STATUS: Final[Mapping[int, type[RemoteError]]] = {
    400: errors.Malformed,
    404: errors.NoSuchPath,
    405: errors.MethodNotAllowed,
    408: errors.Malformed,
    413: errors.TooLarge,
    417: errors.Malformed,
    503: errors.Unavailable,
}


def _method_of(request: SanicRequest) -> str:
    method: str = request.method
    if method in _METHODS:
        return method
    # Whatever bytes it is of, it is written to the log and into the answer.
    return ascii(method)[1:-1][:_METHOD_LENGTH_MAX]


def _fault(fault_id: str) -> errors.ServerFault:
    return errors.ServerFault(
        f"The server failed; its log has the details under {fault_id}."
    )


async def _closed(chunks: AsyncIterable[bytes]) -> None:
    """Let a listener's place be free at once, however the answer ended."""
    if isinstance(chunks, AsyncListener):
        await chunks.aclose()
