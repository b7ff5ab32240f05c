"""
Turn a reply into a response and a response into a reply; no I/O.

A response carries the entity's version as its ETag on the native face. What a face has
no words for still reaches our own client: each refusal has the whole problem in the
header `X-Petstore-Problem`.

Source: RFC 9110 §8.8.3 (ETag), RFC 8288 (Link), RFC 9457 (problem details).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json, to_json

from petstore.contract.accept import choose
from petstore.contract.bodies import Body, Repair, adapter_for, read_body
from petstore.contract.call import ByteStream, Call, Reply
from petstore.contract.checks import invalid_from
from petstore.contract.errors import (
    PROBLEM_MEDIA_TYPE,
    DecodeError,
    NotAcceptable,
    RemoteError,
    remote_error,
)
from petstore.contract.flavours import Face, Route, Shape
from petstore.contract.http import Request
from petstore.contract.java_date import java_date, read_java_date
from petstore.contract.java_defaults import with_java_defaults
from petstore.contract.media import JSON, XML
from petstore.contract.pet import ApiResponse, Pet, Photo
from petstore.contract.strangers import is_page, told_page, told_status
from petstore.contract.user import Token
from petstore.contract.versions import etag, read_if_none_match
from petstore.contract.xml import to_xml, xml_root

PROBLEM_HEADER: Final = "x-petstore-problem"
# What a web server says of a path that it does not have, which tells of no pet.
_ELSEWHERE: Final = (404, 405)
CURSOR_HEADER: Final = "x-petstore-cursor"
EXPIRES_HEADER: Final = "x-expires-after"
RATE_LIMIT_HEADER: Final = "x-rate-limit"
# What the public servers say; they limit nothing.
RATE_LIMIT: Final = "5000"

_SUCCESS_MIN: Final = 200
_REDIRECT_MIN: Final = 300
_NOT_MODIFIED: Final = 304
_WORDS_LENGTH_MAX: Final = 500


@dataclass(slots=True)
class Response:
    """Hold a response as it stands on the wire; header names in lower case."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | ByteStream = b""


def encode_reply(
    face: Face, call: Call[Any], reply: Reply[Any], request: Request
) -> Response:
    """
    Write a reply in the shape that the face gives the operation.

    Raises:
        NotAcceptable: Accept allows nothing that the operation can answer.
    """
    route = face.routes[call.operation.id]
    headers: dict[str, str] = {}
    if face.flavour == "native" and reply.version is not None:
        headers["etag"] = etag(reply.version)
    if reply.headers:
        headers.update(reply.headers)
    if reply.next_cursor is not None and isinstance(reply.value, list):
        headers["link"] = _next_link(request, reply.next_cursor)
        headers[CURSOR_HEADER] = reply.next_cursor
    if isinstance(reply.value, Token):
        headers[EXPIRES_HEADER] = _expiry(face, reply.value.expires_at)
        headers[RATE_LIMIT_HEADER] = RATE_LIMIT
    kind, body = _written(face, route, call, reply, request)
    if isinstance(body, ByteStream):
        kind = body.media_type
    if kind:
        headers["content-type"] = kind
    return Response(reply.status, headers, body)


def _written(
    face: Face, route: Route, call: Call[Any], reply: Reply[Any], request: Request
) -> tuple[str, bytes | ByteStream]:
    """Return the content type ("" without a body) and the body."""
    shape, value = route.shape, reply.value
    if shape is Shape.STREAM:
        return "", value
    has_none = value is None if shape is Shape.ENTITY else value == []
    if shape is Shape.EMPTY or (has_none and shape in (Shape.ENTITY, Shape.FIRST)):
        return "", b""
    if shape is Shape.ENTITY and face.flavour == "native":
        return JSON, reply.text or _native_json(value)
    if shape is Shape.TEXT:
        assert route.text is not None
        return JSON, route.text(call, value).encode()
    return written_as(
        face, _shaped(route, call, value), request, has_xml=_has_xml(route)
    )


def _native_json(value: Any) -> bytes:
    if isinstance(value, BaseModel):
        # Half the time of model_dump_json, and this is every GET.
        return value.__pydantic_serializer__.to_json(
            value, by_alias=True, exclude_none=True
        )
    return to_json(value, by_alias=True, exclude_none=True)


def _shaped(route: Route, call: Call[Any], value: Any) -> Any:
    if route.shape is Shape.QUOTED:
        assert route.text is not None
        return route.text(call, value)
    if route.shape is Shape.MESSAGE:
        assert route.text is not None
        # "unknown" is what the public server makes of any code but 1 to 5.
        return ApiResponse(code=200, type="unknown", message=route.text(call, value))
    if route.shape is Shape.FIRST:
        return value[0]
    if route.shape is Shape.PET:
        return value.pet
    return value


def _has_xml(route: Route) -> bool:
    return route.operation.id not in ("getInventory", "uploadFile")


def written_as(
    face: Face, value: Any, request: Request, *, has_xml: bool
) -> tuple[str, bytes]:
    """
    Write entities as the face shows them, in the type that the request prefers.

    Raises:
        NotAcceptable: There is none.
    """
    kind = _chosen(face, request, has_xml=has_xml)
    if kind == XML and face.flavour != "native":
        first = value[0] if isinstance(value, list) and value else value
        root = xml_root(Pet if isinstance(first, list) else type(first), face.flavour)
        data = compat_data(face, value, keeps_instants=True)
        return XML, to_xml(data, flavour_root=root)
    # JSON is YAML too (YAML 1.2 §1.3), so one writer serves both.
    return kind, to_json(compat_data(face, value))


def check_acceptable(face: Face, route: Route, request: Request) -> None:
    """
    Refuse before anything is written what could not be answered afterwards.

    Raises:
        NotAcceptable: Accept allows nothing that the operation can answer.
    """
    if face.flavour == "v2":
        _chosen(face, request, has_xml=_has_xml(route))


def _chosen(face: Face, request: Request, *, has_xml: bool) -> str:
    kind = choose(face, request.headers.get("accept", ""), has_xml=has_xml)
    if kind is None:
        raise NotAcceptable("This answer exists as application/json and, mostly, XML.")
    return kind


def compat_data(face: Face, value: Any, *, keeps_instants: bool = False) -> Any:
    """Return JSON-shaped data as the compatible faces show it, without versions."""
    if isinstance(value, list):
        return [compat_data(face, one, keeps_instants=keeps_instants) for one in value]
    if not isinstance(value, BaseModel):
        return value
    if face.is_public:
        value = with_java_defaults(value)
    members = value.model_dump(
        mode="python", by_alias=True, exclude={"version"}, exclude_none=True
    )
    if face.is_public and isinstance(value, Pet) and not _has_name(value):
        del members["name"]
    if "shipDate" in members and not keeps_instants:
        members["shipDate"] = _date(face, members["shipDate"])
    return members


def _has_name(pet: Pet) -> bool:
    return "name" in pet.model_fields_set


def _date(face: Face, instant: datetime) -> str:
    text = instant.astimezone(UTC).isoformat(timespec="milliseconds")
    if face.is_public and face.flavour == "v2":
        return text.removesuffix("+00:00") + "+0000"
    return text


def _expiry(face: Face, instant: datetime) -> str:
    if face.is_public:
        return java_date(instant)
    return instant.isoformat(timespec="milliseconds")


def _next_link(request: Request, cursor: str) -> str:
    kept = [
        pair
        for pair in request.query.split("&")
        if pair and not pair.startswith("cursor=")
    ]
    query = "&".join([*kept, urlencode({"cursor": cursor})])
    return f'<{request.path}?{query}>; rel="next"'


def decode_reply(face: Face, call: Call[Any], response: Response) -> Reply[Any]:
    """
    Read the answer to a call.

    A value that this face's answer does not carry is None; `follow_ups` has the calls
    that fetch it. It is None too where the caller knows the entity's version already
    (status 304).

    Raises:
        RemoteError: The server refused.
        DecodeError: The answer is not what the contract says; keeps the body.
    """
    if response.status in _ELSEWHERE and is_page(response.headers):
        raise DecodeError(
            f"The answer is a web page with status {response.status}, not that of a"
            " Petstore; check the URL.",
            body=response.body if isinstance(response.body, bytes) else b"",
        )
    # The public v3 server says 200 where there was nothing to delete.
    if response.status >= 400 or PROBLEM_HEADER in response.headers:
        raise _refusal(call, response)
    if response.status == _NOT_MODIFIED and "unless_version" in call.arguments:
        return _unchanged(response)
    _check_origin(response)
    route = face.routes[call.operation.id]
    value = _value(face, route, response)
    return Reply(
        value,
        version=getattr(value, "version", None),
        request_id=response.headers.get("x-request-id"),
        status=response.status,
        headers=response.headers,
        next_cursor=response.headers.get(CURSOR_HEADER),
    )


def _unchanged(response: Response) -> Reply[None]:
    versions = read_if_none_match(response.headers.get("etag", ""))
    return Reply(
        None,
        version=versions[0] if versions else None,
        request_id=response.headers.get("x-request-id"),
        status=response.status,
        headers=response.headers,
    )


def _check_origin(response: Response) -> None:
    """
    Refuse what no Petstore answers, such as the page that a hotel's network shows.

    Raises:
        DecodeError: It is such an answer.
    """
    body = response.body if isinstance(response.body, bytes) else b""
    if not _SUCCESS_MIN <= response.status < _REDIRECT_MIN:
        target = response.headers.get("location")
        hint = "" if target is None else f" and points to {target}"
        raise DecodeError(
            f"The answer has status {response.status}{hint}, which no Petstore sends.",
            body=body,
        )
    if is_page(response.headers):
        raise DecodeError(
            "The answer is a web page, not that of a Petstore.", body=body
        )


def follow_ups(face: Face, call: Call[Any]) -> tuple[Call[Any], ...]:
    """Return the calls whose values together are the value of this one."""
    reads = face.routes[call.operation.id].reads
    return () if reads is None else reads(call)


def _refusal(call: Call[Any], response: Response) -> RemoteError:
    problem, status = _problem(response), response.status
    detail = problem.get("detail") or problem.get("message") or ""
    if is_page(response.headers) and PROBLEM_HEADER not in response.headers:
        body = response.body if isinstance(response.body, bytes) else b""
        detail = told_page(call, status, response.headers["content-type"], body)
    else:
        detail = told_status(call, status, problem, str(detail))
    return remote_error(status, {**problem, "detail": detail})


def _problem(response: Response) -> Mapping[str, Any]:
    text = _problem_text(response)
    try:
        problem = from_json(text)
    except ValueError:
        # The public v3 server uses bare words.
        problem = {"message": _bare(text)}
    return problem if isinstance(problem, Mapping) else {}


def _bare(text: str | bytes) -> str:
    words = text if isinstance(text, str) else text.decode(errors="replace")
    return words[:_WORDS_LENGTH_MAX]


def _problem_text(response: Response) -> str | bytes:
    # The header is shortened where the problem is long.
    is_whole = response.headers.get("content-type") == PROBLEM_MEDIA_TYPE
    header = response.headers.get(PROBLEM_HEADER)
    if header is not None and not is_whole:
        return header
    return response.body if isinstance(response.body, bytes) else b""


def _value(face: Face, route: Route, response: Response) -> Any:
    operation = route.operation
    body = response.body
    if route.shape is Shape.STREAM:
        return body if isinstance(body, ByteStream) else _stream(response, body)
    assert isinstance(body, bytes)
    if operation.result is Token and route.shape is not Shape.ENTITY:
        return _token(response, body)
    if operation.result is None or route.reads is not None:
        return None
    value = _read(operation.result, body, face)
    if isinstance(value, Photo) and "photoUrls" in (value.model_extra or {}):
        # The public v3 server answers an upload with the pet itself.
        return Photo(pet=_read(Pet, body, face))
    return value


def _stream(response: Response, body: bytes) -> ByteStream:
    return ByteStream(body, response.headers.get("content-type", ""), len(body))


def _read(result: Any, body: bytes, face: Face) -> Any:
    try:
        if face.flavour == "native":
            return adapter_for(result).validate_json(body)
        # Public servers leave out names that the document requires.
        return read_body(
            Body(body, JSON, result), extra="allow", repair=Repair.NEAR_TYPES
        )
    except (RemoteError, ValidationError) as error:
        # Not chained: pydantic's text shows the input, which may be a token.
        if isinstance(error, ValidationError):
            error = invalid_from(error, "answer")
        told = f"The answer is not what the contract says: {error.message}"
        raise DecodeError(told, body=body) from None


def _token(response: Response, body: bytes) -> Token:
    """Take the token from whatever sentence the face wraps it in."""
    expiry = response.headers.get(EXPIRES_HEADER, "")
    try:
        text = _sentence(body)
        return Token(
            access_token=text.rpartition(":")[2].strip(), expires_at=_instant(expiry)
        )
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise DecodeError("The answer holds no token.", body=body) from error


def _sentence(body: bytes) -> Any:
    """Return what an answer says as an ApiResponse, a JSON text, or a bare text."""
    try:
        answer = from_json(body)
    except ValueError:
        return body.decode()
    return answer["message"] if isinstance(answer, dict) else answer


def _instant(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return read_java_date(text)
