"""
Write a refusal in the words of the face that was asked.

The native face answers problem+json. Under `strict` the compatible faces answer an
ApiResponse with a documented status; under `public` they say word for word what the
public server says, and the whole truth travels in the header `X-Petstore-Problem`.

Source: swagger-petstore 1.0.7 and 1.0.26, as they answer; RFC 9457.
"""

import json
from http import HTTPStatus
from typing import Final, NamedTuple

from pydantic_core import to_json

from petstore.contract import errors
from petstore.contract.accept import choose
from petstore.contract.call import Place
from petstore.contract.errors import PROBLEM_MEDIA_TYPE, NotAcceptable, RemoteError
from petstore.contract.flavours import Face, Route
from petstore.contract.http import Request
from petstore.contract.media import JSON, XML
from petstore.contract.pet import ApiResponse, PetStatus
from petstore.contract.replies import PROBLEM_HEADER, Response, written_as
from petstore.contract.xml import V3_FRAMEWORK_ERROR, XmlValue, to_xml

SHOULD_RETRY_HEADER: Final = "x-should-retry"
_PROBLEM_HEADER_LENGTH_MAX: Final = 2_000
_SUCCESS: Final = 200
_FAULT_MIN: Final = 500


class Refused(NamedTuple):
    """
    Hold what a refusal is written from.

    Args:
        route: None when the path led nowhere.
        url: What was asked, as the public server would print it.
        fault_id: 16 hexadecimal digits that find a server fault in the log.
    """

    face: Face
    route: Route | None
    request: Request
    url: str
    fault_id: str


def encode_error(refused: Refused, error: RemoteError) -> Response:
    """Write a refusal; never raises, so that a refusal cannot be refused."""
    face = refused.face
    if face.flavour == "native" or _wants_problem(refused):
        body = to_json(error.to_problem())
        response = Response(error.status, {"content-type": PROBLEM_MEDIA_TYPE}, body)
    elif face.is_public and face.flavour == "v2":
        response = _public_v2(refused, error)
    elif face.is_public:
        response = _public_v3(refused, error)
    else:
        status = _documented_status(refused, error)
        response = _api_response(refused, status, status, message=error.public_message)
    response.headers[PROBLEM_HEADER] = _problem_header(error)
    if allow := error.extra.get("allow"):
        response.headers["allow"] = ", ".join(allow)
    if (retry_after := error.extra.get("retry_after")) is not None:
        response.headers["retry-after"] = str(retry_after)
    should_retry = _should_retry(error)
    if should_retry is not None:
        response.headers[SHOULD_RETRY_HEADER] = "true" if should_retry else "false"
    if isinstance(error, errors.Unauthorized):
        response.headers["www-authenticate"] = "Bearer"
    return response


def _should_retry(error: RemoteError) -> bool | None:
    """
    Tell whether the same request may be sent again; None where nobody knows.

    A pause is only asked for where nothing was done, so anything may be repeated then.
    """
    if "retry_after" in error.extra:
        return True
    is_final = error.status < _FAULT_MIN or isinstance(error, errors.StorageFull)
    return False if is_final else None


def _wants_problem(refused: Refused) -> bool:
    accept = refused.request.headers.get("accept", "")
    return not refused.face.is_public and PROBLEM_MEDIA_TYPE in accept


def _problem_header(error: RemoteError) -> str:
    text = json.dumps(error.to_problem(), ensure_ascii=True, default=str)
    if len(text) <= _PROBLEM_HEADER_LENGTH_MAX:
        return text
    detail = error.public_message[:200]
    return json.dumps({"code": error.code, "status": error.status, "detail": detail})


def _documented_status(refused: Refused, error: RemoteError) -> int:
    """Return the status that the compatible documents have for this refusal."""
    route = refused.route
    if isinstance(error, errors.Unauthorized) and _operation(refused) == "loginUser":
        return 400
    if not isinstance(error, errors.Invalid):
        return error.status
    if error.extra.get("reason") == "no_file":
        return 400
    if route is not None and route.has_upload:
        return 400
    places = {problem.field.partition(".")[0] for problem in error.fields}
    if refused.face.flavour == "v3":
        return 400 if places & {"query", "path"} else 422
    return 405 if _tag(refused) == "pet" and places <= {"body", "form"} else 400


def _api_response(
    refused: Refused,
    status: int,
    code: int,
    *,
    kind: str = "unknown",
    message: str | None = None,
) -> Response:
    value = ApiResponse(code=code, type=kind, message=message)
    try:
        media, body = written_as(refused.face, value, refused.request, has_xml=True)
    except NotAcceptable:
        # RFC 9110 §15.5.7 lets an error be in a form that was not asked for.
        media = JSON
        body = value.model_dump_json(exclude_none=True).encode()
    return Response(status, {"content-type": media}, body)


_V2_NOT_FOUND: Final[dict[str, tuple[int, str, str] | None]] = {
    "getPetById": (1, "error", "Pet not found"),
    "updatePetWithForm": (404, "unknown", "not found"),
    "getOrderById": (1, "error", "Order not found"),
    "deleteOrder": (404, "unknown", "Order Not Found"),
    "getUserByName": (1, "error", "User not found"),
    # An empty body.
    "deletePet": None,
    "deleteUser": None,
}


def _public_v2(refused: Refused, error: RemoteError) -> Response:
    if error.extra.get("reason") == "path_id":
        message = (
            f'java.lang.NumberFormatException: For input string: "{_input(error)}"'
        )
        return _api_response(refused, 404, 404, message=message)
    if isinstance(error, errors.Malformed):
        return _v2_malformed(refused, error)
    if _is_missing(error):
        return _v2_not_found(refused)
    if isinstance(error, errors.Invalid):
        if error.extra.get("reason") == "no_file":
            return Response(500)
        return _api_response(refused, 500, 500, message="something bad happened")
    if isinstance(error, errors.ServerFault):
        return _api_response(refused, 500, 500, message="something bad happened")
    has_words = not isinstance(
        error, (errors.MethodNotAllowed, NotAcceptable, errors.UnsupportedMedia)
    )
    detail = error.public_message if has_words else None
    return _api_response(refused, error.status, error.status, message=detail)


def _is_missing(error: RemoteError) -> bool:
    """Tell whether nothing can be there; a name that no store takes is nobody's."""
    if isinstance(error, errors.NotFound | errors.NoSuchPath):
        return True
    places = {problem.field.partition(".")[0] for problem in error.fields}
    return isinstance(error, errors.Invalid) and places == {"path"}


def _v2_malformed(refused: Refused, error: RemoteError) -> Response:
    if error.extra.get("reason") != "empty_body":
        return _api_response(refused, 400, 400, message="bad input")
    if _tag(refused) == "store":
        return _api_response(refused, 400, 1, kind="error", message="No data")
    return _api_response(refused, 405, 405, message="no data")


def _v2_not_found(refused: Refused) -> Response:
    if refused.route is None:
        message = f"null for uri: {refused.url}"
        return _api_response(refused, 404, 404, message=message)
    words = _V2_NOT_FOUND.get(refused.route.operation.id, (404, "unknown", "not found"))
    if words is None:
        return Response(404)
    code, kind, message = words
    return _api_response(refused, 404, code, kind=kind, message=message)


def _tag(refused: Refused) -> str:
    return "" if refused.route is None else refused.route.operation.tag


def _operation(refused: Refused) -> str:
    return "" if refused.route is None else refused.route.operation.id


_V3_NOUNS: Final = {"pet": "Pet", "store": "Order", "user": "User"}
# What the public server answers when there was nothing to delete.
_V3_DELETED: Final = {
    "deletePet": b"Pet deleted",
    "deleteOrder": b"",
    "deleteUser": b"",
}
_V3_MISSING: Final = {
    "query.name": "No Name provided. Try again?",
    "query.status": "No status provided. Try again?",
    "query.tags": "No tags provided. Try again?",
    "query.username": "No username provided. Try again?",
    "query.password": "No password provided. Try again?",
}


def _public_v3(refused: Refused, error: RemoteError) -> Response:
    noun = _V3_NOUNS.get(_tag(refused))
    if noun is None or isinstance(error, errors.ServerFault):
        return _v3_framework(refused, error)
    if error.extra.get("reason") == "path_id":
        java = "couldn't convert `{}` to type `class java.lang.Long`"
        return _input_error(refused, java.format(_input(error)))
    if error.extra.get("reason") == "empty_body":
        return _v3_text(400, f"No {noun} provided. Try again?")
    if _is_missing(error):
        deleted = _V3_DELETED.get(_operation(refused))
        if deleted is not None:
            return _v3_deleted(deleted)
        return _v3_text(404, f"{noun} not found")
    if isinstance(error, (errors.Malformed, errors.Invalid)):
        return _v3_unreadable(refused, error, noun)
    return _v3_framework(refused, error)


def _v3_framework(refused: Refused, error: RemoteError) -> Response:
    if isinstance(error, errors.ServerFault):
        message = "There was an error processing your request."
        logged = f" It has been logged (ID: {refused.fault_id})"
        return _framework_error(refused, 500, message + logged)
    phrase = HTTPStatus(error.status).phrase
    return _framework_error(refused, error.status, f"HTTP {error.status} {phrase}")


def _v3_unreadable(refused: Refused, error: RemoteError, noun: str) -> Response:
    problem = error.fields[0] if error.fields else None
    if error.extra.get("reason") == "no_file":
        return _v3_text(400, "No file uploaded")
    if error.extra.get("reason") == "missing" and problem is not None:
        return _v3_text(400, _V3_MISSING.get(problem.field, error.message))
    if problem is not None and problem.kind == "enum":
        return _input_error(refused, _stranger(problem.field, error))
    route = refused.route
    if route is None or not route.args_in(Place.BODY):
        return _input_error(refused, error.message)
    model = f"io.swagger.petstore.model.{noun}"
    return _input_error(refused, f"unable to convert input to {model}")


def _stranger(location: str, error: RemoteError) -> str:
    """Name the first value that is none of the enum, as the public server does."""
    known = list(PetStatus)
    given = next((one for one in error.extra.get("input", ()) if one not in known), "")
    parameter = location.split(".")[1]
    return (
        f"query parameter `{parameter}` value `{given}` is not in the allowable"
        f" values `[{', '.join(known)}]`"
    )


def _input(error: RemoteError) -> str:
    return str(error.extra.get("input", ""))


def _input_error(refused: Refused, message: str) -> Response:
    return _framework_error(refused, 400, f"Input error: {message}")


def _framework_error(refused: Refused, status: int, message: str) -> Response:
    said: dict[str, XmlValue] = {"code": status, "message": message}
    accept = refused.request.headers.get("accept", "")
    if choose(refused.face, accept, has_xml=True) == XML:
        body = to_xml(said, flavour_root=V3_FRAMEWORK_ERROR)
        return Response(status, {"content-type": XML}, body)
    return Response(status, {"content-type": JSON}, to_json(said))


def _v3_text(status: int, text: str) -> Response:
    return Response(status, {"content-type": JSON}, text.encode())


def _v3_deleted(text: bytes) -> Response:
    return Response(_SUCCESS, {"content-type": JSON} if text else {}, text)
