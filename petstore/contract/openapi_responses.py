"""
Describe the answers of an operation, as OpenAPI 3.x has them.

Which statuses a refusal may have is asked of the codec that writes refusals. A
compatible document lists what its contract answers and, under either contract, what
`strict` answers: those are the statuses of the official documents.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any, Final, get_origin

from pydantic import BaseModel

from petstore.contract import errors
from petstore.contract.arguments import (
    CURSOR,
    FIND_COUNT_MAX,
    IDEMPOTENCY_KEY,
    IF_VERSION,
    UNLESS_VERSION,
)
from petstore.contract.call import Operation, Place
from petstore.contract.errors import (
    PROBLEM_MEDIA_TYPE,
    REMOTE_ERRORS,
    FieldProblem,
    RemoteError,
)
from petstore.contract.event_operations import GET_EVENTS
from petstore.contract.flavours import Face, Flavour, Route, Shape
from petstore.contract.http import Request
from petstore.contract.media import EVENTS, JSON, OCTETS, XML
from petstore.contract.openapi_schemas import Json, Kind, Schemas
from petstore.contract.refusals import Refused, encode_error
from petstore.contract.user import Token

BINARY: Final[Json] = {"type": "string", "format": "binary"}
TEXT: Final[Json] = {"type": "string"}
API_RESPONSE: Final = "ApiResponse"
PROBLEM: Final = "Problem"

FLAVOURS: Final[dict[Kind, Flavour]] = {
    "native": "native",
    "v2": "v2",
    "seed": "v2",
    "v3": "v3",
}
_REFUSED_FROM: Final = 400


@dataclass(frozen=True, slots=True)
class Plan:
    """
    Hold what one document is written from.

    Args:
        face: The strict face of the flavour: it answers what a document says.
        served: The face that answers; `face` itself under the strict contract.
    """

    kind: Kind
    face: Face
    served: Face
    schemas: Schemas

    @property
    def is_native(self) -> bool:
        """Whether the document is ours alone to decide."""
        return self.kind == "native"


def result_schema(plan: Plan, route: Route) -> Json | None:
    """Return the schema of what an operation answers; None where that is nothing."""
    if route.operation.result is Token and route.shape is not Shape.ENTITY:
        # The official documents say so of the compatible login as well, which wraps
        # the text in an ApiResponse.
        return TEXT
    if route.shape is Shape.STREAM:
        return TEXT if route.operation is GET_EVENTS else BINARY
    if route.shape is Shape.MESSAGE:
        return plan.schemas.shown[API_RESPONSE]
    if not has_result(route):
        return None
    shown = plan.schemas.shown[route.operation.id]
    one: Json = shown["items"] if route.shape is Shape.FIRST else shown
    return one


def has_result(route: Route) -> bool:
    """Whether the answer shows the operation's value, or the first of several."""
    is_shown = route.shape in (Shape.ENTITY, Shape.FIRST)
    return is_shown and route.operation.result is not None


def responses(plan: Plan, route: Route) -> Json:
    """Return the answers by status: success first, then refusals, then the rest."""
    refusals = _problems(route) if plan.is_native else _refusals(plan, route)
    rest = {"description": "Any other refusal", **_error_content(plan)}
    answers = {"200": _success(plan, route)}
    if UNLESS_VERSION in route.args:
        headers = _headers(plan, route.operation)
        text = "The entity has a version that the request names"
        answers["304"] = {"description": text, "headers": headers}
    return {**answers, **refusals, "default": rest}


def error_components(plan: Plan) -> dict[str, Json]:
    """Return the refusals that the operations of the native document share."""
    return {
        kind.__name__: {
            "description": kind.title,
            "content": {
                PROBLEM_MEDIA_TYPE: {
                    "schema": _problem_reference(),
                    "example": kind(f"{kind.title}.").to_problem(),
                }
            },
        }
        for kind in REMOTE_ERRORS
        if any(kind in _kinds(route) for route in plan.face.routes.values())
    }


def problem_schema() -> Json:
    """Return the schema of a refusal's body."""
    members = {one.name: TEXT for one in fields(FieldProblem)}
    problem = {
        "type": {**TEXT, "format": "uri", "description": "Names the code."},
        "title": {**TEXT, "description": "The same for each refusal of the code."},
        "status": {"type": "integer", "format": "int32"},
        "detail": {**TEXT, "description": "What is wrong and what would be right."},
        "code": {**TEXT, "enum": [kind.code for kind in REMOTE_ERRORS]},
    }
    inputs = {
        "type": "array",
        "description": "The inputs at fault, each with what would be right.",
        "items": {
            "type": "object",
            "properties": members,
            "required": list(members),
        },
    }
    return {
        "type": "object",
        "description": "Say why a request was refused (RFC 9457).",
        "properties": {**problem, "fields": inputs},
        "required": list(problem),
    }


def _success(plan: Plan, route: Route) -> Json:
    response: Json = {"description": _success_text(plan, route)}
    if headers := _headers(plan, route.operation):
        response["headers"] = headers
    schema = result_schema(plan, route)
    if schema is not None:
        response["content"] = {
            media: {"schema": schema} for media in _media_types(plan, route)
        }
    return response


_PUBLIC_BODIES: Final = {
    Shape.MESSAGE: "an ApiResponse",
    Shape.TEXT: "a bare text, though labelled as JSON",
    Shape.PET: "the pet",
    Shape.ENTITY: "all that was stored",
}


def _success_text(plan: Plan, route: Route) -> str:
    shape = plan.served.routes[route.operation.id].shape
    if shape is route.shape:
        return "Success"
    return f"Success; as on the public server, the body is {_PUBLIC_BODIES[shape]}"


def _media_types(plan: Plan, route: Route) -> tuple[str, ...]:
    if route.operation is GET_EVENTS:
        return (EVENTS,)
    if route.shape is Shape.STREAM:
        return ("image/*", OCTETS)
    # A map and the answer to an upload have no XML form.
    is_json = route.has_upload or get_origin(route.operation.result) is dict
    return (JSON,) if plan.is_native or is_json else (JSON, XML)


def _headers(plan: Plan, operation: Operation[Any]) -> Json:
    headers: Json = {}
    result = operation.result
    if plan.is_native and _has_version(result):
        headers["ETag"] = _header('The version of the entity, such as "3".')
    if plan.is_native and IDEMPOTENCY_KEY in operation.args:
        text = "true where the key was known: it is the answer of the first time."
        headers["Idempotency-Replayed"] = _header(text)
    if get_origin(result) is list and CURSOR in operation.args:
        text = f'rel="next" leads on from {FIND_COUNT_MAX:,} or fewer to the others.'
        headers["Link"] = _header(text)
        headers["X-Petstore-Cursor"] = _header("The cursor of that link.")
    if result is Token:
        headers["X-Expires-After"] = _header(
            "When the token stops working (UTC).", format="date-time"
        )
        headers["X-Rate-Limit"] = _header(
            "Calls per hour; nothing is limited.", type="integer", format="int32"
        )
    return headers


def _has_version(result: Any) -> bool:
    if not (isinstance(result, type) and issubclass(result, BaseModel)):
        return False
    # An upload answers with the pet that it changed.
    return bool({"version", "pet"} & result.model_fields.keys())


def _header(description: str, **schema: str) -> Json:
    return {"description": description, "schema": {"type": "string", **schema}}


def _kinds(route: Route) -> list[type[RemoteError]]:
    """Return all that the operation may be refused with, in the order of the tree."""
    operation = route.operation
    found = {*operation.errors, errors.ServerFault, errors.Unavailable}
    if operation.args:
        found |= {errors.Malformed, errors.Invalid}
    if operation.scopes:
        found |= {errors.Unauthorized, errors.Forbidden}
    if route.takes:
        found |= {errors.UnsupportedMedia, errors.TooLarge}
    if operation.writes:
        found.add(errors.StorageFull)
    if IF_VERSION in route.args:
        found.add(errors.Stale)
    if IDEMPOTENCY_KEY in route.args:
        found.add(errors.Conflicted)
    return [kind for kind in REMOTE_ERRORS if kind in found]


def _problems(route: Route) -> Json:
    """Return the refusals of a native operation by status."""
    by_status: dict[str, list[type[RemoteError]]] = {}
    for kind in _kinds(route):
        by_status.setdefault(str(kind.status), []).append(kind)
    return {status: _problem(kinds) for status, kinds in by_status.items()}


def _problem(kinds: list[type[RemoteError]]) -> Json:
    if len(kinds) == 1:
        return {"$ref": f"#/components/responses/{kinds[0].__name__}"}
    examples = {
        kind.code: {"value": kind(f"{kind.title}.").to_problem()} for kind in kinds
    }
    return {
        "description": " / ".join(kind.title for kind in kinds),
        "content": {
            PROBLEM_MEDIA_TYPE: {"schema": _problem_reference(), "examples": examples}
        },
    }


def _problem_reference() -> Json:
    return {"$ref": f"#/components/schemas/{PROBLEM}"}


def _refusals(plan: Plan, route: Route) -> Json:
    """Return the refusals of a compatible operation by status."""
    titles: dict[int, list[str]] = {}
    for face in (plan.face, plan.served):
        for error in _samples(plan, route):
            status = _status(face, route, error)
            known = titles.setdefault(status, [])
            if error.title not in known:
                known.append(error.title)
    return {
        str(status): {"description": " / ".join(words), **_error_content(plan)}
        for status, words in sorted(titles.items())
        if status >= _REFUSED_FROM
    }


def _status(face: Face, route: Route, error: RemoteError) -> int:
    request = Request(route.method, face.base + route.path, "", {})
    return encode_error(Refused(face, route, request, "", ""), error).status


def _samples(plan: Plan, route: Route) -> Iterator[RemoteError]:
    """Yield a refusal of each sort that the operation has."""
    for arg in route.args:
        place = FieldProblem(f"{arg.place}.{arg.wire}", "", "")
        if arg.place is Place.BODY:
            yield errors.Malformed("", reason="empty_body")
            yield errors.Malformed("")
        if arg.place is Place.PATH and _is_integer(plan, route, arg.name):
            yield errors.Malformed("", reason="path_id")
        else:
            reason = "no_file" if arg.place is Place.UPLOAD else ""
            yield errors.Invalid("", fields=(place,), reason=reason)
    for kind in route.operation.errors:
        yield kind("")


def _is_integer(plan: Plan, route: Route, name: str) -> bool:
    schema = plan.schemas.shown[f"{route.operation.id}.{name}"]
    return bool(schema["type"] == "integer")


def _error_content(plan: Plan) -> Json:
    """
    Return what holds the body of a refusal.

    Nothing under the public contract: its bodies are now an ApiResponse, now a bare
    text, now empty, and the official documents describe none.
    """
    if plan.is_native:
        return {"content": {PROBLEM_MEDIA_TYPE: {"schema": _problem_reference()}}}
    if plan.served.is_public:
        return {}
    schema = plan.schemas.shown[API_RESPONSE]
    return {"content": {media: {"schema": schema} for media in (JSON, XML)}}
