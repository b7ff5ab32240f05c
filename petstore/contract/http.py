"""
Turn a call into a request and a request into a call; no I/O.

Server and client are the two ends of this one codec: for every call that a face can
express, `decode_request(face, encode_request(face, call)) == call`. The answer's half
is in `replies.py`.

Source: RFC 9110 (HTTP), RFC 3986 (paths), the URL standard's form encoding.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, NamedTuple
from urllib.parse import unquote_plus, urlencode

from pydantic_core import to_json

from petstore.contract.bodies import (
    FIELDS_MAX,
    Body,
    Repair,
    adapter_for,
    read_body,
    too_many_fields,
)
from petstore.contract.call import Arg, ByteStream, Call, Place
from petstore.contract.checks import (
    check_known,
    check_no_null,
    check_username,
    checked,
)
from petstore.contract.errors import FieldProblem, Invalid, Malformed
from petstore.contract.flavours import Face, Route
from petstore.contract.headers import read_header, write_headers
from petstore.contract.media import FORM, JSON, MERGE_PATCH, XML, media_type
from petstore.contract.order import OrderPatch
from petstore.contract.pet import Category, PetDraft, PetPatch
from petstore.contract.router import segment
from petstore.contract.uploads import UploadReader, packed_upload

INT_DIGITS_MAX: Final = 19
BOUNDARY: Final = "petstore-7d1f2b9c4e8a4f0db6c3"

# Values of one name in the order sent; each split at the commas that were literal.
Fields = dict[str, list[list[str]]]


@dataclass(slots=True)
class Request:
    """
    Hold a request as it stands on the wire.

    Args:
        path: Percent-encoded, with the face's base.
        query: Without the question mark.
        headers: Names in lower case, or a mapping that does not mind the case.
        body: All of it; an upload may be a ByteStream.
    """

    method: str
    path: str
    # A login of the public contract has its password in the query.
    query: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | ByteStream = field(default=b"", repr=False)


@dataclass(slots=True)
class Match:
    """Hold what a path leads to: a route, and the path's own arguments."""

    face: Face
    route: Route
    path_arguments: dict[str, str]


def resolve(face: Face, method: str, path: str) -> Match:
    """
    Find the route of a request.

    Raises:
        NoSuchPath, MethodNotAllowed, Malformed: As `Router.find`.
    """
    route, path_arguments = face.router.find(method, path[len(face.base) :])
    return Match(face, route, path_arguments)


def decode_request(match: Match, request: Request) -> Call[Any]:
    """
    Read the typed arguments of a request.

    Raises:
        Malformed: The body, the query or an id in the path cannot be read.
        Invalid: Something breaks the schema; names each field.
        UnsupportedMedia: The body's media type is not one of the operation's.
    """
    arguments = decode_parameters(match, request)
    plan = _plan(match.route)
    for arg in plan.body:
        arguments[arg.name] = _read_body(match, arg, request)
    if plan.has_upload:
        _take_upload(match, request, arguments)
    elif plan.form:
        _take_form(match, plan.form, request, arguments)
    return Call(match.route.operation, arguments)


def decode_parameters(match: Match, request: Request) -> dict[str, Any]:
    """
    Read the arguments that travel in path, query and headers, by Python name.

    Raises:
        Malformed, Invalid: As `decode_request`.
    """
    plan = _plan(match.route)
    arguments: dict[str, Any] = dict(match.route.defaults)
    for arg in plan.path:
        arguments[arg.name] = _path_value(arg, match.path_arguments[arg.wire])
    if plan.query:
        fields = parse_fields(request.query, "query")
        for arg in plan.query:
            _take(match, arg, fields, arguments)
    for name, arg in plan.headers:
        text = request.headers.get(name)
        if text is not None:
            arguments[arg.name] = read_header(arg, text)
    return arguments


def encode_request(face: Face, call: Call[Any], *, boundary: str = BOUNDARY) -> Request:
    """
    Write a call as the request of a face.

    Args:
        boundary: Separates the parts of a form; random where the file is foreign.

    Raises:
        NotSupported: The face has no such operation, or not with these arguments.
        Invalid: A username in the path would make it that of another operation.
    """
    route = face.route_for(call)
    path = route.path
    query: list[tuple[str, str]] = []
    form: list[tuple[str, str]] = []
    body: bytes | ByteStream = b""
    for arg in route.args:
        if arg.name not in call.arguments or arg.place is Place.HEADER:
            continue
        value = call.arguments[arg.name]
        if arg.place is Place.PATH:
            path = _filled(path, arg, str(value))
        elif arg.place is Place.QUERY:
            query += [(arg.wire, text) for text in _texts(value)]
        elif arg.place is Place.FORM:
            form += [(arg.wire, text) for text in _texts(value)]
        else:
            body = value if arg.place is Place.UPLOAD else write_body(face, value)
    if isinstance(body, ByteStream):
        content_type, body = packed_upload(route, form, body, boundary)
    else:
        content_type, body = _packed(route, form, body)
    headers = write_headers(route, call.arguments)
    if content_type:
        headers["content-type"] = content_type
    return Request(route.method, face.base + path, urlencode(query), headers, body)


def _filled(path: str, arg: Arg, text: str) -> str:
    if arg.name == "username":
        check_username(text, f"path.{arg.wire}")
    return path.replace(f"{{{arg.wire}}}", segment(text))


def write_body(face: Face, value: Any) -> bytes:
    """Write a body argument as JSON; a patch keeps its nulls, all else drops them."""
    if isinstance(value, list):
        return b"[" + b",".join(write_body(face, one) for one in value) + b"]"
    is_patch = isinstance(value, (PetPatch, OrderPatch))
    exclude = None if face.flavour == "native" else {"version"}
    return to_json(
        value.model_dump(
            mode="json",
            by_alias=True,
            exclude=exclude,
            exclude_none=not is_patch,
            exclude_unset=is_patch,
        )
    )


def parse_fields(text: str, location: str) -> Fields:
    """
    Read a query or a form.

    Raises:
        Malformed: It is not UTF-8, or has more fields than anything needs.
    """
    fields: Fields = {}
    if not text:
        return fields
    if text.count(",") > FIELDS_MAX:
        raise Malformed(f"The {location} may have {FIELDS_MAX:,} commas at most.")
    pairs = text.split("&", FIELDS_MAX)
    try:
        for pair in pairs:
            name, _, value = pair.partition("=")
            pieces = [unquote_plus(x, errors="strict") for x in value.split(",")]
            fields.setdefault(unquote_plus(name, errors="strict"), []).append(pieces)
    except UnicodeDecodeError as error:
        raise Malformed(f"The {location} must be UTF-8.") from error
    if len(pairs) > FIELDS_MAX:
        raise too_many_fields(location)
    return fields


class _Plan(NamedTuple):
    """Hold the arguments of a route by place, sorted out once; headers by name."""

    path: tuple[Arg, ...]
    query: tuple[Arg, ...]
    headers: tuple[tuple[str, Arg], ...]
    form: tuple[Arg, ...]
    body: tuple[Arg, ...]
    has_upload: bool


@cache
def _plan(route: Route) -> _Plan:
    return _Plan(
        path=route.args_in(Place.PATH),
        query=route.args_in(Place.QUERY),
        headers=tuple((arg.wire.lower(), arg) for arg in route.args_in(Place.HEADER)),
        form=route.args_in(Place.FORM),
        body=route.args_in(Place.BODY),
        has_upload=bool(route.args_in(Place.UPLOAD)),
    )


def _path_value(arg: Arg, text: str) -> Any:
    if not has_json_type(arg, "integer"):
        return checked(arg, text, f"path.{arg.wire}")
    number = read_integer(text)
    if number is not None and -(2**63) <= number < 2**63:
        return number
    raise Malformed(
        f"{arg.wire} must be a 64-bit integer, not {text[:40]!r}.",
        fields=(
            FieldProblem(f"path.{arg.wire}", "must be a 64-bit integer", "int_parsing"),
        ),
        reason="path_id",
        input=text,
    )


def read_integer(text: str) -> int | None:
    """Return the integer that a text is; None for anything else."""
    # int() alone would take " 1", "1_000" and Arabic digits.
    digits = text[1:] if text[:1] in ("-", "+") else text
    is_plain = digits.isascii() and digits.isdigit() and len(digits) <= INT_DIGITS_MAX
    return int(text) if is_plain else None


@cache
def has_json_type(arg: Arg, json_type: str) -> bool:
    """Tell whether the values of an argument are of that type of JSON Schema."""
    return bool(adapter_for(arg.type).json_schema().get("type") == json_type)


def _take(match: Match, arg: Arg, fields: Fields, arguments: dict[str, Any]) -> None:
    """Read one argument of a query or form into `arguments`."""
    values = fields.get(arg.wire)
    location = f"{arg.place}.{arg.wire}"
    if not values:
        if arg.required and arg.name not in arguments:
            raise Invalid(
                f"{arg.wire} is required.",
                fields=(FieldProblem(location, "is required", "missing"),),
                reason="missing",
            )
        return
    value: Any = ",".join(values[0])
    if has_json_type(arg, "array"):
        value = read_items(match.face, values)
    elif has_json_type(arg, "integer"):
        number = read_integer(value)
        value = value if number is None else number
    is_open = match.face.is_public and not match.route.refuses_strangers
    try:
        arguments[arg.name] = checked(arg, value, location, is_open=is_open)
    except Invalid as refusal:
        if not arg.secret:
            refusal.extra["input"] = value
        raise


def read_items(face: Face, values: list[list[str]]) -> list[str]:
    """
    Read a list that is repeated, comma-separated, or both.

    Clients of the public documents join with commas and may escape these as well; on
    the native face an escaped comma belongs to the value.
    """
    pieces = [piece for value in values for piece in value]
    if face.flavour != "native":
        pieces = [one for piece in pieces for one in piece.split(",")]
    return [piece for piece in pieces if piece]


def _read_body(match: Match, arg: Arg, request: Request) -> Any:
    face = match.face
    takes = match.route.takes
    # Nearly every client names it just so.
    kind = request.headers.get("content-type", JSON)
    if kind not in takes:
        kind = media_type(request.headers) or JSON
        if kind not in takes:
            raise match.route.unsupported(kind)
    coding = request.headers.get("content-encoding", "identity")
    if coding != "identity":
        raise match.route.unsupported(f"{kind} in the coding {coding[:40]}")
    assert isinstance(request.body, bytes)
    value = read_body(
        Body(request.body, kind, arg.type, is_secret=arg.secret),
        extra=face.extra,
        repair=Repair.NEAR_TYPES if face.is_public else Repair.NOTHING,
    )
    if not face.is_public:
        check_known(value, "body")
        # Nearly no body has the word, and to look for it costs next to nothing. An
        # empty element of XML is None as well, and in a merge patch null has a meaning.
        has_null = b"null" in request.body and kind != XML
        if has_null and MERGE_PATCH not in match.route.takes:
            check_no_null(value, "body")
    elif isinstance(value, PetDraft) and value.category is not None:
        _number_empty(value.category)
    return value


def _number_empty(category: Category) -> None:
    """Keep `{}` apart from none, as the public servers do: their ids are never null."""
    if category.id is None and category.name is None:
        category.id = 0


def _take_form(
    match: Match, args: tuple[Arg, ...], request: Request, arguments: dict[str, Any]
) -> None:
    assert isinstance(request.body, bytes)
    kind = media_type(request.headers)
    if request.body and kind != FORM:
        raise match.route.unsupported(kind)
    fields = parse_fields(_text(request.body), "form")
    if match.face.flavour != "native":
        # The public server takes an empty field for one that was not sent.
        fields = {
            name: [value for value in values if value != [""]]
            for name, values in fields.items()
        }
    for arg in args:
        _take(match, arg, fields, arguments)


def _text(form: bytes) -> str:
    try:
        return form.decode()
    except UnicodeDecodeError as error:
        raise Malformed("The form must be UTF-8.") from error


def _take_upload(match: Match, request: Request, arguments: dict[str, Any]) -> None:
    """Read an upload that is wholly in memory."""
    reader = UploadReader(match.route, request.headers, is_open=match.face.is_public)
    content = request.body
    if isinstance(content, ByteStream):
        assert isinstance(content.chunks, bytes)
        content = content.chunks
    kept = b"".join(reader.feed(content))
    reader.finish()
    arguments.update(reader.arguments)
    arguments["content"] = ByteStream(
        kept, reader.media_type, len(kept), reader.file_name
    )


def _texts(value: Any) -> list[str]:
    if isinstance(value, list):
        return [str(one) for one in value] or [""]
    return [str(value)]


def _packed(
    route: Route, form: list[tuple[str, str]], body: bytes
) -> tuple[str, bytes]:
    if not route.takes or not (body or form):
        return "", b""
    if route.takes[0] == FORM:
        return FORM, urlencode(form).encode()
    return route.takes[0], body
