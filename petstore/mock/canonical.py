"""
Give a recording the ids and times that any other one of the same calls has.

An id is the server's where an answer has it first, and the client's where a request
has. Those of the server become 1, 2, 3 … for pets, orders and users each, in the order
of their appearance; what the client chose is left out. A time is the server's by the
same rule; all of those move by as much as makes the first one the recording's own.

Which fields are ids and times is said by the contract's models and arguments. They are
changed in paths, queries, JSON, the XML of pets, orders and users, the public servers'
messages, and the words of refusals. What is opaque, such as a cursor, stays.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, get_args, get_origin
from urllib.parse import quote

from pydantic import AwareDatetime, BaseModel
from pydantic.fields import FieldInfo

from petstore.contract.call import Place
from petstore.contract.flavours import Route, Shape
from petstore.contract.http import Match, read_integer
from petstore.contract.java_date import java_date
from petstore.contract.order import OrderDraft
from petstore.contract.pet import PetDraft
from petstore.contract.replies import EXPIRES_HEADER, PROBLEM_HEADER
from petstore.contract.user import UserDraft
from petstore.mock.cassette import Cassette
from petstore.mock.exchange import Content, Exchange
from petstore.mock.facts import match_of
from petstore.mock.instants import instant_of
from petstore.mock.keys import KINDS, KINDS_BY_TAG, KINDS_BY_WIRE_NAME
from petstore.mock.tape import wire_request

# What stands for an id or a time: is given its kind and value, returns the new value.
Visit = Callable[[str, Any], Any]
INSTANT: Final = "instant"
# Whatever type checkers say, pydantic's is a class of its own.
_TIMES: Final[tuple[Any, ...]] = (datetime, AwareDatetime)
_ID_FIELDS: Final[dict[type[BaseModel], dict[str, str]]] = {
    PetDraft: {"id": "pet"},
    OrderDraft: {"id": "order", "petId": "pet"},
    UserDraft: {"id": "user"},
}
# A user is named by no number.
_ID_ARGUMENTS: Final = {
    name: kind for name, kind in KINDS_BY_WIRE_NAME.items() if kind != "user"
}
_IN_WORDS: Final = re.compile(r"\b(pet|order|user) ([0-9]{1,19})\b", re.IGNORECASE)
_XML_TAG: Final = re.compile(r"<(/?)([\w:.-]+)(?:\s[^<>]*)?(/?)>")
_PARTS_OF_PET: Final = ("category", "tag", "tags")


def canonical(cassette: Cassette) -> list[Exchange]:
    """
    Return the exchanges of a recording with canonical ids and times.

    Raises:
        ConfigError: A body cannot be read.
    """
    first = _Firsts()
    for exchange in cassette.exchanges:
        _rewritten(cassette, exchange, first.in_request, first.in_response)
    visit = _Renaming(first, cassette.header.recorded)
    return [
        _rewritten(cassette, exchange, visit, visit) for exchange in cassette.exchanges
    ]


class _Firsts:
    """Note whether a request or an answer has an id or a time first."""

    def __init__(self) -> None:
        self.of_client: set[tuple[str, Any]] = set()
        self.of_server: dict[tuple[str, Any], None] = {}

    def in_request(self, kind: str, value: Any) -> Any:
        key = kind, _plain(kind, value)
        if key not in self.of_server:
            self.of_client.add(key)
        return value

    def in_response(self, kind: str, value: Any) -> Any:
        key = kind, _plain(kind, value)
        if key[1] is not None and key not in self.of_client:
            self.of_server[key] = None
        return value


class _Renaming:
    """Return what stands for an id or a time."""

    def __init__(self, first: _Firsts, recorded: str | None) -> None:
        self._ids: dict[tuple[str, Any], int] = {}
        self._of_server = first.of_server
        for kind in KINDS:
            taken = {value for one, value in first.of_client if one == kind}
            number = 0
            for key in first.of_server:
                if key[0] == kind:
                    number = _next_free(number, taken)
                    self._ids[key] = number
        times = [value for kind, value in first.of_server if kind == INSTANT]
        begin = None if recorded is None else instant_of(recorded)
        self._shift = begin - times[0] if times and begin else timedelta()

    def __call__(self, kind: str, value: Any) -> Any:
        key = kind, _plain(kind, value)
        if kind != INSTANT:
            return self._ids.get(key, value)
        if key not in self._of_server or not self._shift:
            return value
        try:
            return _written_like(value, key[1] + self._shift)
        except OverflowError:
            # The calendar ends with the year 9999.
            return value


def _next_free(number: int, taken: set[Any]) -> int:
    number += 1
    while number in taken:
        number += 1
    return number


def _plain(kind: str, value: Any) -> Any:
    if kind != INSTANT:
        return value
    return instant_of(value) if isinstance(value, str) else None


def _written_like(text: str, at: datetime) -> str:
    """Write a time in the form of another."""
    if text.endswith("UTC") or " UTC " in text:
        return java_date(at.astimezone(UTC))
    fraction = re.search(r"\.(\d+)", text)
    digits = 0 if fraction is None else len(fraction[1])
    shown = f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"
    if digits or at.microsecond:
        shown += f".{at.microsecond:06}"[: max(digits, 3) + 1]
    zone = re.search(r"(Z|[+-]\d\d:?\d\d)$", text)
    return shown + (
        "Z" if zone is None else re.sub(r"\d", "0", zone[1].replace("-", "+"))
    )


def _rewritten(
    cassette: Cassette, exchange: Exchange, asked: Visit, answered: Visit
) -> Exchange:
    match = match_of(wire_request(cassette, exchange.request), "strict")
    if match is None:
        return exchange
    route = match.route
    request = exchange.request
    query = {
        name: [_number(asked, _ID_ARGUMENTS.get(name), one) for one in values]
        for name, values in request.query.items()
    }
    body = next((arg.type for arg in route.args_in(Place.BODY)), None)
    changes: dict[str, Any] = {"path": _path(match, request.path, asked)}
    if request.query:
        changes["query"] = query
    changes |= _body(request, body, route, asked)
    return exchange.model_copy(
        update={
            "request": request.model_copy(update=changes),
            "response": exchange.response.model_copy(
                update=_answer(exchange, match, answered)
            ),
        }
    )


def _path(match: Match, path: str, visit: Visit) -> str:
    """Return a path with other ids; as it was written where none of them changes."""
    values = {
        name: _number(visit, _ID_ARGUMENTS.get(name), text)
        for name, text in match.path_arguments.items()
    }
    if values == match.path_arguments:
        return path
    made = match.route.path
    for name, value in values.items():
        made = made.replace(f"{{{name}}}", quote(value, safe=""))
    return match.face.base + made


def _number(visit: Visit, kind: str | None, text: str) -> str:
    number = None if kind is None else read_integer(text)
    if kind is None or number is None:
        return text
    new = visit(kind, number)
    return text if new == number else str(new)


def _answer(exchange: Exchange, match: Match, visit: Visit) -> dict[str, Any]:
    response, route = exchange.response, match.route
    headers = dict(response.headers)
    if PROBLEM_HEADER in headers:
        headers[PROBLEM_HEADER] = _words(headers[PROBLEM_HEADER], visit)
    if EXPIRES_HEADER in headers:
        headers[EXPIRES_HEADER] = visit(INSTANT, headers[EXPIRES_HEADER])
    changes: dict[str, Any] = {"headers": headers} if headers else {}
    if response.status >= 400:
        if response.kind == "json":
            changes["json_value"] = _problem(response.json_value, visit)
        return changes
    return changes | _body(response, route.operation.result, route, visit)


def _problem(value: Any, visit: Visit) -> Any:
    if isinstance(value, dict):
        return {name: _problem(one, visit) for name, one in value.items()}
    return _words(value, visit) if isinstance(value, str) else value


def _words(text: str, visit: Visit) -> str:
    # They tell of an entity, and are never the first to.
    return _IN_WORDS.sub(
        lambda found: f"{found[1]} {visit(found[1].lower(), int(found[2]))}", text
    )


def _body(
    content: Content, annotation: Any, route: Route, visit: Visit
) -> dict[str, Any]:
    if content.kind == "text" and content.text is not None:
        kind = KINDS_BY_TAG.get(route.operation.tag)
        is_xml = kind is not None and content.text.lstrip().startswith("<")
        return {"text": _xml(content.text, str(kind), visit)} if is_xml else {}
    if content.kind != "json":
        return {}
    value = content.json_value
    is_message = isinstance(value, dict) and set(value) == {"code", "type", "message"}
    is_text = is_message and isinstance(value["message"], str)
    if is_text and route.shape is Shape.MESSAGE:
        is_name = route.operation.id == "deleteUser"
        kind = None if is_name else KINDS_BY_TAG.get(route.operation.tag)
        return {
            "json_value": {**value, "message": _number(visit, kind, value["message"])}
        }
    return {"json_value": _json(value, annotation, visit)}


def _json(value: Any, annotation: Any, visit: Visit) -> Any:
    """Return a JSON value of a type with other ids and times."""
    kind = _inner(annotation)
    if isinstance(value, list) and get_origin(kind) is list:
        return [_json(one, get_args(kind)[0], visit) for one in value]
    if kind in _TIMES:
        return visit(INSTANT, value)
    is_model = isinstance(kind, type) and issubclass(kind, BaseModel)
    if not is_model or not isinstance(value, dict):
        return value
    return {name: _member(kind, name, one, visit) for name, one in value.items()}


def _member(model: type[BaseModel], name: str, value: Any, visit: Visit) -> Any:
    for owner, ids in _ID_FIELDS.items():
        if issubclass(model, owner) and name in ids:
            is_id = isinstance(value, int) and not isinstance(value, bool) and value > 0
            return visit(ids[name], value) if is_id else value
    field = _fields(model).get(name)
    return value if field is None else _json(value, field.annotation, visit)


def _fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    return {one.alias or name: one for name, one in model.model_fields.items()}


def _inner(annotation: Any) -> Any:
    """Return the list, model or time in an annotation; itself where it is plain."""
    if get_origin(annotation) is list or isinstance(annotation, type):
        return annotation
    if get_origin(annotation) is Annotated:
        return _inner(get_args(annotation)[0])
    inner = [_inner(one) for one in get_args(annotation)]
    return next((one for one in inner if one is not type(None)), annotation)


def _xml(text: str, kind: str, visit: Visit) -> str:
    """Return the XML of entities with other ids."""
    pieces, path, position = [], list[str](), 0
    for tag in _XML_TAG.finditer(text):
        is_end, name, is_empty = tag.groups()
        if is_end:
            field = _xml_kind(path, kind)
            inner = text[position : tag.start()]
            pieces.append(_xml_value(visit, field, inner))
            path = path[:-1]
        else:
            pieces.append(text[position : tag.start()])
            path = path if is_empty else [*path, name]
        pieces.append(tag[0])
        position = tag.end()
    return "".join([*pieces, text[position:]])


def _xml_value(visit: Visit, kind: str | None, text: str) -> str:
    new = visit(kind, text) if kind == INSTANT else _number(visit, kind, text)
    return str(new)


def _xml_kind(path: list[str], kind: str) -> str | None:
    """Say what an element holds; None where it is neither id nor time."""
    name = path[-1] if path else ""
    if name == "shipDate":
        return INSTANT
    if name == "petId":
        return "pet"
    is_of_entity = len(path) > 1 and path[-2].lower() not in _PARTS_OF_PET
    return kind if name == "id" and is_of_entity else None
