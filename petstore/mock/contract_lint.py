"""
Compare each exchange of a recording with the contract; no I/O.

The contract's own codec reads both halves, on the face that the path has. Below `/v2`
and `/api/v3` an exchange fits where it is as the public servers, or as the documents,
have it.

    path       below /v2 and /api/v3 is one of an operation (a warning: another server
               may have more)
    request    is one that the operation takes; else the answer is the refusal that the
               contract has for it
    status     is documented for the operation
    answer     as `answer_lint.py` says
"""

from collections.abc import Iterator
from functools import cache
from typing import Any, Final, NamedTuple

from pydantic import BaseModel

from petstore.contract.call import Call
from petstore.contract.errors import (
    FieldProblem,
    MethodNotAllowed,
    RemoteError,
)
from petstore.contract.flavours import Contract, Face, Flavour, Route, face_of
from petstore.contract.http import Match, Request, decode_request
from petstore.contract.model import enum_fields, enum_in
from petstore.contract.openapi import document
from petstore.contract.openapi_schemas import Kind
from petstore.contract.refusals import Refused, encode_error
from petstore.contract.replies import PROBLEM_HEADER, Response
from petstore.mock.answer_lint import Answered, read_answer, read_refusal
from petstore.mock.drifts import Finding, Place, steps_of
from petstore.mock.facts import match_of
from petstore.mock.json_walk import Location
from petstore.server.documents import DOCUMENTS

_CONTRACTS: Final[tuple[Contract, ...]] = ("public", "strict")
_KINDS: Final[dict[Flavour, Kind]] = {"native": "native", "v2": "seed", "v3": "v3"}
_REFUSED_FROM: Final = 400
# Whatever is asked, a server may say so first: who are you, not now, too much.
_GENERAL: Final = frozenset({401, 403, 406, 408, 413, 429, 500, 502, 503, 504, 507})


class Read(NamedTuple):
    """
    Hold what the contract reads of an exchange.

    Args:
        match: None beyond the contract.
        call: None where the request is none that the operation takes.
        value: What was answered; None for a refusal, and for what cannot be read.
    """

    place: Place
    request: Request
    response: Response
    match: Match | None
    call: Call[Any] | None = None
    value: Any = None
    findings: tuple[Finding, ...] = ()

    @property
    def is_success(self) -> bool:
        """Whether the answer says that it was done."""
        return _is_success(self.request, self.response)


def _is_success(request: Request, response: Response) -> bool:
    """Tell an answer from a refusal; the public v3 server calls some of these 200."""
    flavour = face_of(request.path, "public").flavour
    is_refused = flavour == "v3" and PROBLEM_HEADER in response.headers
    return response.status < _REFUSED_FROM and not is_refused


def read_exchange(
    place: Place, request: Request, response: Response, made_up: set[str]
) -> Read:
    """
    Read an exchange on the face that suits it best.

    Args:
        made_up: Values beyond an enum that clients sent before; grows.
    """
    best: Read | None = None
    for contract in _CONTRACTS:
        match = match_of(request, contract)
        if match is None:
            continue
        read = _read(match, Read(place, request, response, match), made_up)
        if best is None or len(read.findings) < len(best.findings):
            best = read
        if not best.findings or match.face.flavour == "native":
            break
    if best is None:
        found = tuple(_of_target(place, request, response))
        return Read(place, request, response, None, findings=found)
    if best.call is not None:
        made_up.update(_strangers(list(best.call.arguments.values())))
    return best


def _read(match: Match, bare: Read, made_up: set[str]) -> Read:
    try:
        if bare.request.method == "HEAD" and match.route.operation.writes:
            raise MethodNotAllowed("HEAD has no effect, and the operation has one.")
        call = decode_request(match, bare.request)
    except RemoteError as refusal:
        found = tuple(_of_invalid(match, bare, refusal))
        return bare._replace(findings=found)
    findings = list(_of_status(match, bare))
    if findings:
        return bare._replace(call=call, findings=tuple(findings))
    known = made_up.union(_strangers(list(call.arguments.values())))
    answered = Answered(match, call, bare.place, bare.request, bare.response, known)
    if not bare.is_success:
        return bare._replace(call=call, findings=tuple(read_refusal(answered)))
    value, found_in_answer = read_answer(answered)
    return bare._replace(call=call, value=value, findings=tuple(found_in_answer))


def _of_target(place: Place, request: Request, response: Response) -> Iterator[Finding]:
    """Yield that the contract has no such path, or no such method, and yet answered."""
    # A page of another origin asks so before its request; servers let it through.
    if request.method == "OPTIONS" or not _is_success(request, response):
        return
    face = face_of(request.path, "strict")
    known = face.router.methods(request.path[len(face.base) :])
    if known:
        words = f"one that the path takes: {', '.join(known)}"
        yield place.finding(("request", "method"), "method", words)
    elif face.base and request.path not in DOCUMENTS:
        words = f"the path of an operation of {face.base}; this is of none"
        yield place.finding(("request", "path"), "path", words, is_warning=True)


def _of_invalid(match: Match, bare: Read, refusal: RemoteError) -> Iterator[Finding]:
    """Yield what is wrong about an exchange whose request the contract refuses."""
    request, status = bare.request, bare.response.status
    refused = Refused(match.face, match.route, request, request.path, "")
    right = encode_error(refused, refusal).status
    if status == right or status in _GENERAL:
        return
    if not bare.is_success:
        words = f"{right}, for the request is none: {refusal.message}"
        yield bare.place.finding(("response", "status"), "status", words)
        return
    half = "method" if isinstance(refusal, MethodNotAllowed) else "body"
    problems = refusal.fields or (FieldProblem(half, refusal.message, refusal.code),)
    for problem in problems:
        location = _location(bare.place, match.route, problem)
        words = f"what the contract takes: {problem.message}"
        yield bare.place.finding(location, f"request-{problem.kind}", words)


def _location(place: Place, route: Route, problem: FieldProblem) -> Location:
    """Return where in the exchange a field of a refused request stands."""
    recorded = place.exchange.request
    half, *steps = steps_of(problem.field)
    if half in ("path", "method"):
        return "request", str(half)
    if half == "header":
        return "request", "headers", *[str(step).lower() for step in steps]
    if half == "body":
        kind = recorded.kind or "json"
        return "request", kind, *(steps if kind == "json" else ())
    location: Location = ("request", str(half), *steps)
    given = getattr(recorded, str(half), None) or {}
    values = given.get(str(steps[0])) if steps else None
    if not values:
        return location if half == "query" else ("request", recorded.kind or "form")
    return *location, _guilty(route, str(steps[0]), values)


def _guilty(route: Route, name: str, values: list[str]) -> int:
    """Return which of several values is beyond the enum; 0 where that is not it."""
    enum = next((enum_in(arg.type) for arg in route.args if arg.wire == name), None)
    if enum is None:
        return 0
    known = list(enum)
    strange = (
        index
        for index, value in enumerate(values)
        if any(one not in known for one in value.split(","))
    )
    return next(strange, 0)


def _of_status(match: Match, bare: Read) -> Iterator[Finding]:
    status = bare.response.status
    documented = _documented_statuses(match.face, match.route.operation.id)
    if status in documented or status in _GENERAL:
        return
    listed = ", ".join(str(one) for one in sorted(documented))
    words = f"one that {match.route.operation.id} documents: {listed}"
    yield bare.place.finding(("response", "status"), "status", words)


@cache
def _documents(face: Face) -> dict[str, frozenset[int]]:
    described = document(
        _KINDS[face.flavour], contract=face.contract, origin=None, version=""
    )
    return {
        operation["operationId"]: frozenset(
            int(status) for status in operation["responses"] if status.isdigit()
        )
        for item in described["paths"].values()
        for operation in item.values()
        if isinstance(operation, dict) and "operationId" in operation
    }


def _documented_statuses(face: Face, operation_id: str) -> frozenset[int]:
    """Return the statuses that the document of a face has for an operation."""
    return _documents(face)[operation_id]


def _strangers(value: Any) -> Iterator[str]:
    """Yield every value of an enum's field, as far as it may be beyond the enum."""
    if isinstance(value, list):
        for one in value:
            yield from _strangers(one)
    elif isinstance(value, str):
        yield value
    elif isinstance(value, BaseModel):
        for name, _ in enum_fields(type(value)):
            yield from _strangers(getattr(value, name))
