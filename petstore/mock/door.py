"""Answer HTTP requests from the sessions of one mock server."""

import asyncio
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypedDict, Unpack

from sanic.exceptions import SanicException
from sanic.request import Request as SanicRequest
from sanic.response import HTTPResponse

from petstore.contract.call import ByteStream
from petstore.contract.errors import (
    ConfigError,
    Malformed,
    PetstoreError,
    RemoteError,
    ServerFault,
    Unauthorized,
    remote_error,
)
from petstore.contract.http import Request
from petstore.contract.replies import Response
from petstore.mock.asking import Answering, Askers
from petstore.mock.cadence import in_time
from petstore.mock.driving import answered_async
from petstore.mock.hops import LENGTH, length_of
from petstore.mock.logs import LOGGER
from petstore.mock.opening import finish, held_against
from petstore.mock.payload import BODY_BYTES_MAX
from petstore.mock.pieces import let_go
from petstore.mock.refusals import problem_of
from petstore.mock.session import Session
from petstore.mock.sessions import ADMIN_PATH, HEADER, Sessions, is_admin
from petstore.mock.spoiling import break_off, spoil
from petstore.mock.steps import SERVED_BY, Answer, Ask
from petstore.mock.urls import headers_below
from petstore.server.answering import CORS_METHODS
from petstore.server.app import is_plain
from petstore.server.bodies import read_body, refuse_leave
from petstore.server.sent import Sent
from petstore.server.settings import (
    LOOPBACK,
    LOOPBACK_HOSTS,
    host_name,
    is_authority,
    is_exposed,
)

if TYPE_CHECKING:
    from petstore.mock.admin import Admin

_BODY_SECONDS_MAX: Final = 30.0
# Any page may use a mock, as any page may use the public Petstore.
_CORS: Final = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "*",
}
_PREFLIGHT: Final = "access-control-request-method"
_READY_COUNT_MAX: Final = 16_384
_READY_BYTES_MAX: Final = 64 * 1024
_ALL_READY_BYTES_MAX: Final = 32 * 1024 * 1024
_HOST_COUNT_MAX: Final = 100
_TOKEN_BYTES: Final = 24
# Less than the 5 s that many a client waits for an answer.
_END_S_MAX: Final = 4.0


class DoorOptions(TypedDict, total=False):
    """
    Set up a mock server.

    Args:
        host: Address that it listens on; 127.0.0.1 unless given.
        allow_hosts: Further names that a server of this machine answers to.
        token: What the admin API asks for; generated where others reach the server.
        folder: Holds the cassettes that may be named over HTTP; the working directory
            unless given.
        upstreams: URLs that sessions which are begun over HTTP may ask.
        engine: Makes the store behind a session.
        is_network_asked: Whether the network was asked for although CI is set.
        end_s_max: How long the end of a session waits for what is under way; 4 unless
            given.
    """

    host: str
    allow_hosts: Collection[str]
    token: str | None
    folder: Path
    upstreams: Collection[str]
    engine: Callable[[Session], Answering]
    is_network_asked: bool
    end_s_max: float


class _Ready(Sent):
    """
    Be an answer that was written before; the same one for each who asks.

    Args:
        response: Whose id finds it; it is held, so that no other gets that id.
    """

    __slots__ = ("_wire", "response")

    def __init__(self, response: Response, wire: bytes) -> None:
        super().__init__(b"", response.status, {})
        self.response = response
        self._wire = wire

    def on_wire(self) -> bytes:
        """Return the whole answer, as it was written before."""
        return self._wire


class MockDoor:
    """
    Hold what answers the requests of a mock server.

    Args:
        sessions: All that it serves, or the one that serves whoever names none.

    Attributes:
        token: What the admin API asks for; None where it is open.
    """

    def __init__(
        self, sessions: Sessions | Session, **options: Unpack[DoorOptions]
    ) -> None:
        if isinstance(sessions, Session):
            sessions = Sessions(sessions)
        self.sessions = sessions
        host = options.get("host", LOOPBACK)
        self.token = options.get("token")
        self._hosts: frozenset[str] | None = None
        if is_exposed(host):
            self.token = self.token or secrets.token_urlsafe(_TOKEN_BYTES)
        else:
            names = {host_name(one) for one in (host, *options.get("allow_hosts", ()))}
            self._hosts = LOOPBACK_HOSTS | names
        self._good_hosts: set[str] = set()
        self._askers = Askers(
            options.get("engine"),
            is_network_asked=options.get("is_network_asked", False),
        )
        self._folder = options.get("folder") or Path.cwd()
        self._upstreams = frozenset(options.get("upstreams", ()))
        self._end_s_max = options.get("end_s_max", _END_S_MAX)
        self._ready: dict[int, _Ready] = {}
        self._ready_bytes = 0

    async def handle(self, request: SanicRequest) -> HTTPResponse | None:
        """Answer a request; a miss is 501, never an answer of the API's own."""
        try:
            return await self._handled(request)
        except RemoteError as error:
            refuse_leave(request)
            return _refused(error)
        except SanicException:
            raise
        except ConfigError as error:
            return _refused(ServerFault(error.message))
        except Exception:
            fault_id = secrets.token_hex(8)
            LOGGER.exception("fault %s in a %s", fault_id, request.method)
            return _refused(ServerFault(f"The mock failed; its log has {fault_id}."))

    def on_framing_error(
        self, request: SanicRequest | None, error: Exception
    ) -> HTTPResponse:
        """Answer what Sanic itself refuses, such as a header that is no HTTP."""
        status = getattr(error, "status_code", 500)
        refusal = remote_error(status, {"detail": str(error)})
        if isinstance(refusal, ServerFault):
            LOGGER.error("a fault outside of a request", exc_info=error)
            refusal = ServerFault("The mock failed; its log has the details.")
        return _refused(refusal)

    async def end(self, session: Session) -> None:
        """
        Serve a session no longer; it writes no file, which is for `finish`.

        Raises:
            NoSuchSession, NotEnded: There is none of its id, or it is the default.
        """
        self.sessions.remove(session.id)
        await self._askers.end(session)

    async def close(self, *, is_kept: bool = True) -> None:
        """
        Let go of whoever was asked for answers, and of all sessions.

        Writes what sessions that nobody ended recorded, but for the default one, whose
        file is of whoever began it.

        Args:
            is_kept: Whether anything is written.
        """
        for session in self.sessions:
            if is_kept and session is not self.sessions.default:
                await asyncio.to_thread(_finish, session)
        await self._askers.aclose()

    async def _handled(self, request: SanicRequest) -> HTTPResponse | None:
        headers = request.headers
        if self._hosts is not None:
            self._check_host(headers.get("host", ""))
        stream = request.stream
        body = b""
        if stream is not None and stream.request_body:
            body = await read_body(request, BODY_BYTES_MAX, _BODY_SECONDS_MAX)
        seen = Request(
            request.method, request.path, request.query_string, headers, body
        )
        if seen.path.startswith(ADMIN_PATH) and is_admin(seen.path):
            response = await self._admin.answer(seen, _origin(request))
            assert isinstance(response.body, bytes)
            return Sent(response.body, response.status, response.headers)
        if seen.method == "OPTIONS" and _PREFLIGHT in headers:
            return _preflight(seen)
        session, seen.path, base = self.sessions.addressed(
            seen.path, headers.get(HEADER)
        )
        answer = await self._answered(session, seen)
        return await self._sent(request, _below(answer, base) if base else answer)

    @cached_property
    def _admin(self) -> "Admin":
        # Late: a replay waits for none of its models.
        from petstore.mock.admin import Admin

        return Admin(
            self.sessions,
            self._askers,
            token=self.token,
            folder=self._folder,
            upstreams=self._upstreams,
            end_s_max=self._end_s_max,
        )

    async def _answered(self, session: Session, seen: Request) -> Answer:
        async def ask(asked: Ask) -> Response:
            return await self._askers.ask(session, asked)

        return await answered_async(session, seen, ask, asyncio.sleep)

    def _check_host(self, host: str) -> None:
        # A page that rebinds its name to this machine gives its own name here.
        if host in self._good_hosts:
            return
        assert self._hosts is not None
        name = host_name(host)
        if name not in self._hosts:
            raise Malformed(f"This mock does not answer for the host {name[:100]!r}.")
        if len(self._good_hosts) < _HOST_COUNT_MAX:
            self._good_hosts.add(host)

    async def _sent(self, request: SanicRequest, answer: Answer) -> HTTPResponse | None:
        response = answer.response
        is_replayed = answer.effect.broken is None and answer.take is not None
        # Any other connection is written to by Sanic, which adds headers.
        if is_replayed and is_plain(request.stream, response.status):
            ready = self._ready.get(id(response)) or self._readied(answer)
            if ready is not None:
                return ready
        headers = _headers(answer)
        if request.method == "HEAD":
            # Else Sanic counts the body that is not there; it leaves out what is "".
            headers = {LENGTH: "", **headers, **length_of(response)}
        if answer.effect.broken is not None:
            await spoil(request, response, headers, answer.effect)
            return None
        if isinstance(response.body, ByteStream):
            await _stream(request, response, headers)
            return None
        return Sent(response.body, response.status, headers)

    def _readied(self, answer: Answer) -> _Ready | None:
        """Write a replayed answer once; None where it is too large to be held."""
        response = answer.response
        body = response.body
        if not isinstance(body, bytes) or len(body) > _READY_BYTES_MAX:
            return None
        headers = _headers(answer)
        wire = Sent(body, response.status, headers).on_wire()
        self._ready_bytes += len(wire)
        if (
            len(self._ready) >= _READY_COUNT_MAX
            or self._ready_bytes > _ALL_READY_BYTES_MAX
        ):
            self._ready.clear()
            self._ready_bytes = len(wire)
        ready = self._ready[id(response)] = _Ready(response, wire)
        return ready


def _finish(session: Session) -> None:
    found = held_against(session)
    if found:
        LOGGER.warning("session %s fell short: %s", session.id, "; ".join(found))
        return
    try:
        finish(session)
    except PetstoreError as error:
        # One that lies beside its file says so; the others are still to be ended.
        LOGGER.warning("session %s is not kept: %s", session.id, error.message)


def _below(answer: Answer, base: str) -> Answer:
    """Return an answer that leads to no other session than the one it is of."""
    response = answer.response
    told = headers_below(response.headers, base)
    if not told:
        return answer
    headers = {**response.headers, **told}
    # Without its take, for it is another one in each session, and not written once.
    return replace(
        answer, response=Response(response.status, headers, response.body), take=None
    )


def _headers(answer: Answer) -> dict[str, str]:
    return {**answer.response.headers, **_CORS, SERVED_BY: answer.served_by}


async def _stream(
    request: SanicRequest, response: Response, headers: Mapping[str, str]
) -> None:
    sent: Any = Sent(b"", response.status, dict(headers))
    stream: Any = request.stream
    stream.respond(sent)
    assert isinstance(response.body, ByteStream)
    try:
        if request.method != "HEAD":
            async for piece in in_time(response.body):
                await sent.send(piece)
    except ConfigError as error:
        LOGGER.warning("an answer is not whole: %s", error.message)
        break_off(request)
        return
    finally:
        # What is recorded on its way is kept, however the client left.
        await let_go(response)
    await sent.send(b"", True)


def _preflight(request: Request) -> HTTPResponse:
    asked = request.headers.get("access-control-request-headers")
    headers = {
        **_CORS,
        "access-control-allow-methods": CORS_METHODS,
        "access-control-allow-headers": asked or "*",
    }
    return Sent(b"", 204, headers)


def _origin(request: SanicRequest) -> str:
    """Return where the client says that this server is, if that can be a place."""
    host = request.headers.get("host", "")
    return f"{request.scheme}://{host}" if is_authority(host) else ""


def _refused(error: RemoteError) -> HTTPResponse:
    problem = problem_of(error)
    assert isinstance(problem.body, bytes)
    headers = {**problem.headers, **_CORS}
    if isinstance(error, Unauthorized):
        # RFC 9110 §11.6.1.
        headers["www-authenticate"] = "Bearer"
    return Sent(problem.body, problem.status, headers)
