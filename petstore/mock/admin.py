"""
Begin, watch, question and end the sessions of a mock server, over HTTP.

    GET    /__mock/                          the live page
    GET    /__mock/health                    {status, version}
    POST   /__mock/sessions                  begins one: {id, base_url, header}
    GET    /__mock/sessions                  all of them, in short
    GET    /__mock/sessions/{id}             how it went so far
    DELETE /__mock/sessions/{id}?keep=       ends it; keep=false drops what it recorded
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

from petstore.contract.checks import invalid_from
from petstore.contract.errors import (
    PROBLEM_MEDIA_TYPE,
    ConfigError,
    Conflicted,
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
from petstore.contract.replies import Response
from petstore.contract.version import __version__
from petstore.mock import live
from petstore.mock.asking import Askers
from petstore.mock.exchange import Exchange
from petstore.mock.faults import FaultRules
from petstore.mock.journal import Row
from petstore.mock.opening import OpenedSession, finish, open_session, shortcomings
from petstore.mock.orders import ClockOrder, SessionOrder, options_of
from petstore.mock.refusals import Unverified
from petstore.mock.session import Session
from petstore.mock.sessions import ADMIN_PATH, HEADER, Sessions, base_path
from petstore.mock.steps import ENGINE
from petstore.mock.urls import checked_url
from petstore.mock.verifying import Expected, verdict_of

_BEARER: Final = "bearer "
_HEADERS: Final = {
    "cache-control": "no-store",
    "content-type": JSON,
    "x-content-type-options": "nosniff",
}
_FLAGS: Final = {"true": True, "false": False, "": False}
M = TypeVar("M", bound=BaseModel)
Handler = Callable[[Session, Request], Awaitable[Response]]


class Admin:
    """
    Answer the admin API of one server.

    Args:
        token: What each request must bring; None where it is open.
        folder: Holds every cassette that may be named.
        upstreams: Whom sessions may be told to ask.

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
    ) -> None:
        self._sessions = sessions
        self._askers = askers
        self._token = None if token is None else token.encode()
        self._folder = folder
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
        given = request.headers.get("authorization", "")
        scheme, token = given[: len(_BEARER)], given[len(_BEARER) :]
        is_same = hmac.compare_digest(
            token.strip().encode("utf-8", "replace"), self._token
        )
        if scheme.lower() != _BEARER or not is_same:
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
        known = [method for method, name in self._handlers if name == what]
        if not known:
            raise NoSuchPath(f"There is nothing at {request.path[:100]}.")
        _check_method(request, known)
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
        is_kept = _flag(request, "keep", default=True)
        # First, so that what comes late is refused and not lost.
        self._sessions.remove(session.id)
        await self._askers.end(session)
        is_strict = isinstance(session, OpenedSession) and session.is_strict
        faults = shortcomings(session) if is_strict else []
        if faults:
            shown = _shown(session)
            raise Conflicted(
                f"Session {session.id} is strict: {'; '.join(faults)}.", report=shown
            )
        if is_kept:
            await asyncio.to_thread(finish, session)
        return _json(200, _shown(session))

    async def _reset(self, session: Session, request: Request) -> Response:
        await self._askers.restart(session)
        with session.lock:
            session.reset()
        return _json(200, _shown(session))

    async def _journal(self, session: Session, request: Request) -> Response:
        asked = _query(request)
        after = asked.get("after", "0")
        if not (after.isascii() and after.isdigit()):
            raise Invalid(f"Wrong after: {after[:20]!a} should be the number of a row.")
        is_missed = _flag(request, "unmatched", default=False)
        rows = [
            row.shown()
            for row in session.journal.after(int(after))
            if _is_asked_for(row, asked) and (row.report is not None or not is_missed)
        ]
        count, missed = session.journal.count, session.journal.unmatched_count
        return _json(200, {"count": count, "unmatched": missed, "rows": rows})

    async def _verify(self, session: Session, request: Request) -> Response:
        verdict = verdict_of(session.journal, _read(Expected, request))
        if verdict.is_right:
            return _json(200, verdict.shown())
        refusal = Unverified(verdict.text, **verdict.shown())
        response = _json(refusal.status, refusal.to_problem())
        response.headers["content-type"] = PROBLEM_MEDIA_TYPE
        return response

    async def _stub(self, session: Session, request: Request) -> Response:
        exchange = _read(Exchange, request)
        ignore = session.ignore if isinstance(session, OpenedSession) else ()
        with session.lock:
            session.add_stub(exchange, ignore)
        return _json(201, {"id": exchange.id})

    async def _faults(self, session: Session, request: Request) -> Response:
        rules = _validated(TypeAdapter(list[dict[str, Any]]), request)
        session.faults = FaultRules.of(rules, seed=session.seed)
        return _json(200, {"faults": len(rules)})

    async def _clock(self, session: Session, request: Request) -> Response:
        order = _read(ClockOrder, request)
        with session.lock:
            return _json(200, order.given_to(session))


def _check_method(request: Request, known: list[str]) -> None:
    if request.method not in known:
        raise MethodNotAllowed(
            f"{request.path[:100]} takes {', '.join(known)}.", allow=known
        )


def _read(model: type[M], request: Request) -> M:
    read: M = _validated(TypeAdapter(model), request)
    return read


def _validated(adapter: TypeAdapter[Any], request: Request) -> Any:
    kind = media_type(request.headers)
    if kind != JSON:
        # A form of another page could send any other type without leave.
        raise UnsupportedMedia(f"The body should be {JSON}, and is {kind or 'none'}.")
    assert isinstance(request.body, bytes)
    try:
        return adapter.validate_json(request.body)
    except ValidationError as error:
        raise invalid_from(error, "body") from None


def _query(request: Request) -> dict[str, str]:
    return dict(parse_qsl(request.query, keep_blank_values=True))


def _flag(request: Request, name: str, *, default: bool) -> bool:
    given = _query(request).get(name)
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
