"""
Compare an answer with what its operation answers on its face; no I/O.

    type       of the body is one that the operation answers with
    body       is there, or is not; lacks no field, has none beyond the contract, and
               each is of its type
    enum       a value is documented, or one that the recording's client made up itself
    date       an instant is one of RFC 3339, with its zone
    etag       is the one of the version in the body
    problem    a refusal's document says the same status, and a code of that status
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple, get_args, get_origin
from xml.etree import ElementTree

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json, to_json

from petstore.contract.bodies import Body, Repair, adapter_for, read_body
from petstore.contract.call import Call
from petstore.contract.checks import invalid_from
from petstore.contract.errors import (
    PROBLEM_MEDIA_TYPE,
    REMOTE_ERRORS,
    DecodeError,
    Malformed,
    PetstoreError,
)
from petstore.contract.flavours import Shape
from petstore.contract.http import Match, Request
from petstore.contract.media import EVENTS, JSON, OCTETS, XML, YAML, media_type
from petstore.contract.model import enum_fields
from petstore.contract.pet import ApiResponse, Pet, Photo
from petstore.contract.replies import EXPIRES_HEADER, Response, decode_reply
from petstore.contract.user import Token
from petstore.contract.versions import etag
from petstore.contract.xml import from_xml
from petstore.mock.body_facts import xml_tree
from petstore.mock.drifts import Finding, Place, shown, steps_of
from petstore.mock.instants import instant_of, iso_instant
from petstore.mock.json_walk import Location

_NOT_MODIFIED: Final = 304
_CODES: Final = {kind.code: kind.status for kind in REMOTE_ERRORS}
# The public servers answer a pet without them where it was sent so.
_LEFT_OUT: Final = ("name", "photoUrls")
_INSTANTS: Final = ("datetime_parsing", "datetime_from_date_parsing", "timezone_aware")


class Answered(NamedTuple):
    """
    Hold a call and its answer.

    Args:
        made_up: Values beyond an enum that clients sent.
    """

    match: Match
    call: Call[Any]
    place: Place
    request: Request
    response: Response
    made_up: set[str]

    @property
    def body(self) -> bytes:
        """The body; that of a stream of events counts as none."""
        body = self.response.body
        return body if isinstance(body, bytes) else b""

    @property
    def location(self) -> Location:
        """Where the body stands, or should."""
        return "response", self.place.exchange.response.kind or "json"

    def finding(self, location: Location, kind: str, right: str) -> Finding:
        """Return what is wrong at a place of the exchange."""
        return self.place.finding(location, kind, right)


def read_answer(answered: Answered) -> tuple[Any, list[Finding]]:
    """Return the value of an answer that is no refusal, and what is wrong with it."""
    shape, response = answered.match.route.shape, answered.response
    if response.status == _NOT_MODIFIED or answered.request.method == "HEAD":
        return None, list(_without_body(answered))
    if shape is Shape.STREAM:
        return None, list(_of_type(answered, _stream_types(answered)))
    if answered.call.operation.result is Token and shape is not Shape.ENTITY:
        return None, list(_of_login(answered))
    annotation = _annotation(answered)
    is_empty_list = shape is Shape.FIRST and not answered.body
    if annotation is None or is_empty_list:
        return None, list(_without_body(answered))
    if not answered.body:
        words = f"a body, which {answered.call.operation.id} answers with"
        return None, [answered.finding(answered.location, "no-body", words)]
    wrong = list(_of_type(answered, _types(answered)))
    if wrong or shape is Shape.TEXT or media_type(response.headers) == YAML:
        return None, wrong
    return _read(answered, annotation)


def read_refusal(answered: Answered) -> Iterator[Finding]:
    """Yield what is wrong with a refusal; compatible faces word theirs freely."""
    if answered.match.face.flavour != "native":
        return
    if answered.request.method == "HEAD":
        yield from _without_body(answered)
        return
    wrong = list(_of_type(answered, (PROBLEM_MEDIA_TYPE,)))
    yield from wrong
    if wrong:
        return
    try:
        problem = from_json(answered.body)
    except ValueError:
        problem = None
    if not isinstance(problem, dict):
        yield answered.finding(answered.location, "type", "a problem document")
        return
    status, code = answered.response.status, problem.get("code")
    if problem.get("status") != status:
        location = (*answered.location, "status")
        yield answered.finding(location, "status", f"{status}, as the response has it")
    if _CODES.get(str(code)) != status:
        known = [name for name, one in _CODES.items() if one == status]
        right = f"a code of status {status}: {', '.join(known) or 'there is none'}"
        yield answered.finding((*answered.location, "code"), "enum", right)


def _without_body(answered: Answered) -> Iterator[Finding]:
    if answered.body:
        yield answered.finding(answered.location, "body", "no body")


def _stream_types(answered: Answered) -> tuple[str, ...]:
    return (EVENTS,) if answered.call.operation.endless else ("image/", OCTETS)


def _types(answered: Answered) -> tuple[str, ...]:
    face, operation = answered.match.face, answered.call.operation
    if face.flavour == "native" or operation.id in ("getInventory", "uploadFile"):
        return (JSON,)
    return (JSON, XML, YAML) if face.flavour == "v3" else (JSON, XML)


def _of_type(answered: Answered, types: tuple[str, ...]) -> Iterator[Finding]:
    given = media_type(answered.response.headers)
    if not given.startswith(types):
        location = ("response", "headers", "content-type")
        yield answered.finding(location, "content-type", " or ".join(types))


def _annotation(answered: Answered) -> Any:
    """Return the type of what the answer's body holds; None where it holds nothing."""
    route = answered.match.route
    if route.shape is Shape.ENTITY:
        return route.operation.result
    if route.shape is Shape.FIRST:
        return route.operation.result.__args__[0]
    return {
        Shape.MESSAGE: ApiResponse,
        Shape.PET: Pet,
        Shape.TEXT: str,
        Shape.QUOTED: str,
    }.get(route.shape)


def _of_login(answered: Answered) -> Iterator[Finding]:
    expiry = answered.response.headers.get(EXPIRES_HEADER, "")
    if instant_of(expiry) is None:
        location = ("response", "headers", EXPIRES_HEADER)
        yield answered.finding(location, "date", "when the token stops working")
        return
    try:
        decode_reply(answered.match.face, answered.call, answered.response)
    except DecodeError:
        words = "a text that ends with a token"
        yield answered.finding(answered.location, "type", words)


def _read(answered: Answered, annotation: Any) -> tuple[Any, list[Finding]]:
    content, is_public = answered.body, answered.match.face.is_public
    problems: list[tuple[Location, str, str]] = []
    try:
        if media_type(answered.response.headers) == XML:
            if annotation is str:
                return None, []
            content = to_json(_from_xml(content, annotation))
        value = adapter_for(annotation).validate_json(content, strict=True)
    except ValidationError as error:
        invalid = invalid_from(error, "")
        told = [(steps_of(one.field[1:]), one) for one in invalid.fields]
        problems = [
            (steps, one.kind, one.message)
            for steps, one in told
            if not _is_tolerated(answered, content, steps, one.kind)
        ]
        if not (is_public and not problems):
            return None, list(_told(answered, problems))
        value = _repaired(content, annotation)
    except PetstoreError as error:
        return None, [answered.finding(answered.location, "type", error.message)]
    problems = list(_strange(value, (), answered.made_up))
    findings = list(_told(answered, problems))
    return value, findings + list(_of_etag(answered, value))


def _from_xml(content: bytes, annotation: Any) -> Any:
    """
    Return what XML holds: an entity, or a list of them.

    Raises:
        Malformed: It is no XML, or an entity is no contract's.
    """
    if get_origin(annotation) is not list:
        return from_xml(content, annotation)
    (kind,) = get_args(annotation)
    try:
        root = xml_tree(content)
    except (ValueError, ElementTree.ParseError) as error:
        raise Malformed(f"The body is no well-formed XML: {error}.") from error
    if (root.text or "").strip():
        raise Malformed(f"The element <{root.tag}> holds text, and should hold a list.")
    # One by one: the contract's limit is for the XML of one entity.
    return [from_xml(ElementTree.tostring(one), kind) for one in root]


def _is_tolerated(
    answered: Answered, content: bytes, steps: Location, kind: str
) -> bool:
    """Tell whether public servers write it so, against their own document."""
    if not answered.match.face.is_public or not steps:
        return False
    if kind == "missing":
        return steps[-1] in _LEFT_OUT
    if kind not in _INSTANTS:
        return False
    value = from_json(content)
    for step in steps:
        value = value[step]
    return isinstance(value, str) and iso_instant(value) is not None


def _repaired(content: bytes, annotation: Any) -> Any:
    body = Body(content, JSON, annotation)
    try:
        return read_body(body, extra="allow", repair=Repair.NEAR_TYPES)
    except PetstoreError:
        return None


def _told(
    answered: Answered, problems: Iterable[tuple[Location, str, str]]
) -> Iterator[Finding]:
    location = answered.location
    for steps, kind, right in problems:
        where = (*location, *steps) if location[-1] == "json" else location
        kind = _PLAIN_KINDS.get(kind, "date" if "date" in kind else kind)
        yield answered.finding(where, kind, f"as the contract says: {right}")


_PLAIN_KINDS: Final = {
    "extra_forbidden": "added",
    "json_invalid": "type",
    "timezone_aware": "date",
    **dict.fromkeys(
        ("int_type", "string_type", "bool_type", "list_type", "dict_type"), "type"
    ),
    "model_type": "type",
    "model_attributes_type": "type",
}


def _strange(
    value: object, steps: Location, made_up: set[str]
) -> Iterator[tuple[Location, str, str]]:
    """Yield the fields beyond the contract, and the values beyond an enum."""
    if isinstance(value, list):
        for index, one in enumerate(value):
            yield from _strange(one, (*steps, index), made_up)
    if not isinstance(value, BaseModel):
        return
    fields = type(value).model_fields
    for name, right in _beyond_enums(value, made_up):
        yield (*steps, name), "enum", right
    for name in value.model_extra or ():
        yield (*steps, name), "added", "no such field"
    for name, one in value.__dict__.items():
        if isinstance(one, BaseModel | list):
            yield from _strange(one, (*steps, fields[name].alias or name), made_up)


def _beyond_enums(value: BaseModel, made_up: set[str]) -> Iterator[tuple[str, str]]:
    fields = type(value).model_fields
    for name, enum in enum_fields(type(value)):
        given = getattr(value, name)
        if given is None or isinstance(given, enum) or given in made_up:
            continue
        known = ", ".join(shown(one) for one in enum)
        yield fields[name].alias or name, f"one of {known}"


def _of_etag(answered: Answered, value: object) -> Iterator[Finding]:
    if answered.match.face.flavour != "native":
        return
    entity = value.pet if isinstance(value, Photo) else value
    version = getattr(entity, "version", None)
    given = answered.response.headers.get("etag")
    if not isinstance(version, int) or given == etag(version):
        return
    location = ("response", "headers", "etag")
    yield answered.finding(location, "etag", f"{etag(version)}, as the body has it")
