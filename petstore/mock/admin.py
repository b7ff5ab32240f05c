"""
Begin, watch, question and end the sessions of a mock server, over HTTP.

    GET    /__mock/                          the live page
    GET    /__mock/health                    {status, version}
    POST   /__mock/sessions                  begins one: {id, base_url, header}
    GET    /__mock/sessions                  all of them, in short
    GET    /__mock/sessions/{id}             how it went so far
    DELETE /__mock/sessions/{id}?keep=       ends it once all is answered; keep=false
                                             drops what it recorded
    POST   /__mock/sessions/{id}/reset       cursor, stubs, engine, journal: as at first
    GET    /__mock/sessions/{id}/journal     ?op= &served_by= &unmatched=true &after=
    POST   /__mock/sessions/{id}/verify      see `verifying.py`
    POST   /__mock/sessions/{id}/exchanges   one exchange of a cassette, as a stub
    PUT    /__mock/sessions/{id}/faults      a list of rules; [] for none
    PUT    /__mock/sessions/{id}/clock       {mode, at?, advance?}

Whoever reaches it can let files be read and written, so it takes a token where others
than this machine reach it, and no page of another origin may use it anywhere.
"""

import asyncio
import hmac
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl, unquote

from pydantic import BaseModel, TypeAdapter, ValidationError

from petstore.contract.checks import invalid, sentence
from petstore.contract.errors import (
    ConfigError,
    Conflicted,
    FieldProblem,
    Forbidden,
    Invalid,
    Malformed,
    MethodNotAllowed,
    NoSuchPath,
    Unauthorized,
    UnsupportedMedia,
)
from petstore.contract.http import Request
from petstore.contract.media import JSON, media_type
from petstore.contract.operations import OPERATIONS
from petstore.contract.replies import Response
from petstore.contract.version import __version__
from petstore.mock import live
from petstore.mock.asking import Askers
from petstore.mock.driving import held
from petstore.mock.exchange import Exchange
from petstore.mock.faults import FaultRules
from petstore.mock.journal import SERVED_BY_KINDS, Row
from petstore.mock.opening import OpenedSession, finish, held_against, open_session
from petstore.mock.orders import ClockOrder, Faults, SessionOrder, options_of
from petstore.mock.refusals import VerificationFailed, problem_of
from petstore.mock.session import Session
from petstore.mock.sessions import ADMIN_PATH, HEADER, Sessions, base_path
from petstore.mock.steps import ENGINE, checked_name
from petstore.mock.urls import checked_url
from petstore.mock.verifying import Expected, verdict_of
from petstore.mock.wording import hint, invalid_of
from petstore.server.answering import bearer_of

_HEADERS: Final = {
    "cache-control": "no-store",
    "content-type": JSON,
    "x-content-type-options": "nosniff",
}
# Whoever writes a name alone, as `?keep`, means that it is so.
_FLAGS: Final = {"true": True, "": True, "false": False}
_NUMBER_LENGTH_MAX: Final = 18
M = TypeVar("M", bound=BaseModel)
Handler = Callable[[Session, Request], Awaitable[Response]]


class Admin:
    """
    Answer the admin API of one server.

    Args:
        token: What each request must bring; None where it is open.
        folder: Holds every cassette that may be named.
        upstreams: Whom sessions may be told to ask.
        end_s_max: How long the end of a session waits for what is under way.

    Raises:
        ConfigError: One of them is no URL of a server.
    """

    def __init__(
        self,
        sessions: Sessions,
        askers: Askers,
        *,
        token: str | None,
        folder: Path,
        upstreams: frozenset[str],
        end_s_max: float,
    ) -> None:
        self._sessions = sessions
        self._askers = askers
        self._token = None if token is None else token.encode()
        self._folder = folder
        self._end_s_max = end_s_max
        self._upstreams = {
            one if one == ENGINE else checked_url(one) for one in upstreams
        }
        self._handlers: Mapping[tuple[str, str], Handler] = {
            ("GET", ""): self._report,
            ("DELETE", ""): self._end,
            ("POST", "reset"): self._reset,
            ("GET", "journal"): self._journal,
            ("POST", "verify"): self._verify,
            ("POST", "exchanges"): self._stub,
            ("PUT", "faults"): self._faults,
            ("PUT", "clock"): self._clock,
        }

    async def answer(self, request: Request, origin: str) -> Response:
        """
        Answer a request.

        Args:
            origin: Scheme and host of the server, as the client sees it.

        Raises:
            RemoteError: Whatever is refused.
        """
        found = live.page_response(request)
        if found is not None:
            # It holds nothing; what it shows, it asks for with the token.
            return found
        self._check_caller(request, origin)
        try:
            return await self._routed(request, origin)
        except ConfigError as error:
            raise Invalid(error.message) from error

    def _check_caller(self, request: Request, origin: str) -> None:
        asking = request.headers.get("origin")
        if asking is not None and asking != origin:
            raise Forbidden("A page of another origin may not use the admin API.")
        if self._token is None:
            return
        token = bearer_of(request.headers.get("authorization", ""))
        given = None if token is None else token.encode("utf-8", "replace")
        if given is None or not hmac.compare_digest(given, self._token):
            raise Unauthorized(
                "The admin API of this server takes `Authorization: Bearer <token>`,"
                " with the token that the server was started with."
            )

    async def _routed(self, request: Request, origin: str) -> Response:
        steps = request.path[len(ADMIN_PATH) :].strip("/").split("/")
        if steps == ["health"]:
            _check_method(request, ["GET"])
            return _json(200, {"status": "ready", "version": __version__})
        if steps == ["sessions"]:
            _check_method(request, ["GET", "POST"])
            if request.method == "GET":
                return _json(200, {"sessions": [_short(one) for one in self._sessions]})
            return await self._begin(request, origin)
        if steps[0] != "sessions" or len(steps) > len(("sessions", "id", "what")):
            raise NoSuchPath(f"There is nothing at {request.path[:100]}.")
        what = "".join(steps[2:])
        methods = [method for method, name in self._handlers if name == what]
        if not methods:
            names = [name for _, name in self._handlers if name]
            words = f"There is nothing at {request.path[:100]}; {hint(what, names)}"
            raise NoSuchPath(sentence(words))
        _check_method(request, methods)
        session = self._sessions.get(unquote(steps[1]))
        return await self._handlers[request.method, what](session, request)

    async def _begin(self, request: Request, origin: str) -> Response:
        order = _read(SessionOrder, request)
        options = options_of(order, self._folder)
        # A long recording takes seconds to read, and other sessions go on.
        session = await asyncio.to_thread(open_session, **options)
        self._check_upstream(session)
        base = self._sessions.add(session)
        shown = {
            "id": session.id,
            "base_url": f"{origin}{base}",
            "header": {HEADER: session.id},
        }
        return _json(201, shown)

    def _check_upstream(self, session: OpenedSession) -> None:
        asks = session.mode != "replay" or session.on_miss == "upstream"
        upstream = session.upstream
        if upstream is None or upstream == ENGINE or upstream in self._upstreams:
            return
        if asks:
            allowed = ", ".join(sorted(self._upstreams)) or "none"
            raise Forbidden(
                f"Wrong upstream: {upstream[:100]!r} is none of whom this server was"
                f" started to ask, which are: {allowed}."
            )

    async def _report(self, session: Session, request: Request) -> Response:
        return _json(200, _shown(session))

    async def _end(self, session: Session, request: Request) -> Response:
        is_kept = _flag(_query(request, "keep"), "keep", default=True)
        self._sessions.check_end(session)
        async with held(session):
            session.traffic.stop()
        try:
            if is_kept:
                await self._wait_for(session)
            refusal = await self._finished(session, is_kept)
        except BaseException:
            # Nothing is lost that can still be written.
            async with held(session):
                session.traffic.go_on()
            raise
        self._sessions.remove(session.id)
        await self._askers.end(session)
        if refusal is not None:
            raise refusal
        return _json(200, _shown(session))

    async def _wait_for(self, session: Session) -> None:
        """
        Wait until nothing is under way in a session that was stopped.

        Raises:
            Conflicted: That takes too long.
        """
        if not await session.traffic.wait(self._end_s_max):
            raise Conflicted(
                f"Session {session.id} goes on: it has requests under way for more"
                f" than {self._end_s_max:g} s. End it once they are answered, or with"
                " keep=false, which drops what it recorded."
            )

    async def _finished(self, session: Session, is_kept: bool) -> Conflicted | None:
        """Keep what a session recorded; return what is to be told of its end."""
        faults = held_against(session)
        if faults:
            words = f"Session {session.id} is strict: {'; '.join(faults)}."
            return Conflicted(words, report=_shown(session))
        try:
            if is_kept:
                await asyncio.to_thread(finish, session)
        except Conflicted as refusal:
            # Another file has it.
            return refusal
        return None

    async def _reset(self, session: Session, request: Request) -> Response:
        await self._askers.restart(session)
        async with held(session):
            session.reset()
        return _json(200, _shown(session))

    async def _journal(self, session: Session, request: Request) -> Response:
        asked = _query(request, "op", "served_by", "unmatched", "after")
        _check_names(asked)
        after = asked.get("after", "0")
        is_number = after.isascii() and after.isdigit()
        if not is_number or len(after) > _NUMBER_LENGTH_MAX:
            raise Invalid(f"Wrong after: {after[:20]!a} should be the number of a row.")
        is_missed = _flag(asked, "unmatched", default=False)
        rows = [
            row.shown()
            for row in session.journal.after(int(after))
            if _is_asked_for(row, asked) and (row.report is not None or not is_missed)
        ]
        count, missed = session.journal.count, session.journal.unmatched_count
        shown = {
            "resets": session.reset_count,
            "count": count,
            "unmatched": missed,
            "rows": rows,
        }
        return _json(200, shown)

    async def _verify(self, session: Session, request: Request) -> Response:
        verdict = verdict_of(session.journal, _read(Expected, request))
        if verdict.is_right:
            return _json(200, verdict.shown())
        refusal = VerificationFailed(verdict.text, **verdict.shown())
        problem = problem_of(refusal)
        headers = {**_HEADERS, **problem.headers}
        return Response(problem.status, headers, problem.body)

    async def _stub(self, session: Session, request: Request) -> Response:
        exchange = _read(Exchange, request)
        ignore = session.ignore if isinstance(session, OpenedSession) else ()
        async with held(session):
            session.add_stub(exchange, ignore)
        return _json(201, {"id": exchange.id})

    async def _faults(self, session: Session, request: Request) -> Response:
        rules = _validated(Faults, request)
        session.faults = FaultRules(rules, seed=session.seed)
        return _json(200, {"faults": len(rules)})

    async def _clock(self, session: Session, request: Request) -> Response:
        order = _read(ClockOrder, request)
        async with held(session):
            return _json(200, order.given_to(session))


def _check_method(request: Request, known: list[str]) -> None:
    if request.method not in known:
        raise MethodNotAllowed(
            f"{request.path[:100]} takes {', '.join(known)}.", allow=known
        )


def _read(model: type[M], request: Request) -> M:
    read: M = _validated(model, request)
    return read


def _validated(kind: Any, request: Request) -> Any:
    given = media_type(request.headers)
    if given != JSON:
        # A form of another page could send any other type without leave.
        raise UnsupportedMedia(
            f"The body should be {JSON}, as its content-type says, and is"
            f" {given or 'of no type'}."
        )
    assert isinstance(request.body, bytes)
    try:
        return TypeAdapter(kind).validate_json(request.body)
    except ValidationError as error:
        raise invalid_of(error, kind, "body") from None


def _query(request: Request, *known: str) -> dict[str, str]:
    """Return the query; a name that nobody knows is a typing error."""
    asked = dict(parse_qsl(request.query, keep_blank_values=True))
    for name in asked:
        if name not in known:
            problem = f"there is no such parameter; {hint(name, known)}"
            raise invalid([FieldProblem(f"query.{name[:80]}", problem, "unknown")])
    return asked


def _flag(asked: Mapping[str, str], name: str, *, default: bool) -> bool:
    given = asked.get(name)
    if given is None:
        return default
    if given not in _FLAGS:
        raise Malformed(f"{name}: {given[:20]!a} should be true or false.")
    return _FLAGS[given]


def _is_asked_for(row: Row, asked: dict[str, str]) -> bool:
    operation, served_by = asked.get("op"), asked.get("served_by")
    kind = row.served_by.partition("/")[0]
    return operation in (None, row.facts.operation_id) and served_by in (
        None,
        kind,
        row.served_by,
    )


def _check_names(asked: Mapping[str, str]) -> None:
    """Refuse what no row of a journal can be."""
    if "op" in asked:
        checked_name("op", asked["op"], tuple(OPERATIONS))
    if "served_by" in asked:
        checked_name("served_by", asked["served_by"].partition("/")[0], SERVED_BY_KINDS)


def _short(session: Session) -> dict[str, Any]:
    # Not its report, which counts all that was not asked for.
    return {
        "id": session.id,
        "mode": session.mode,
        "requests": session.journal.count,
        "unmatched": session.journal.unmatched_count,
        "base_path": base_path(session.id),
    }


def _shown(session: Session) -> dict[str, Any]:
    return {**asdict(session.report()), "base_path": base_path(session.id)}


def _json(status: int, shown: Mapping[str, Any]) -> Response:
    body = json.dumps(shown, ensure_ascii=False).encode("utf-8", "replace")
    return Response(status, dict(_HEADERS), body)
