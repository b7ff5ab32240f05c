"""
Read and write simulations of Hoverfly, schema v5.

    {"data": {"pairs": [{
       "labels": ["petstore:placeOrder-1"],
       "request": {"method": [{"matcher": "exact", "value": "POST"}], "path": […],
                   "destination": […], "scheme": […], "headers": {}, "query": {},
                   "body": [{"matcher": "json", "value": "{\\"petId\\":7}"}],
                   "requiresState": {"sequence:1": "1"}},
       "response": {"status": 200, "body": "…", "encodedBody": false,
                    "templated": false, "headers": {"content-type": ["…"]},
                    "transitionsState": {"sequence:1": "2"}}}],
      "globalActions": {"delays": [], "delaysLogNormal": []}},
     "meta": {"schemaVersion": "v5.3"}}

To Hoverfly, and back from it: requests and answers are kept, the id as a label, codings
of answers, and the order of equal requests as a sequence. The schema has no place for
more: lost are notes, `match`, the header but for its upstream, codings of requests, the
times of a stream of events, and its pieces where they are no events. Requests with
bytes, with the parts of a form, or with an escaped `/` in the path are left out, for
Hoverfly compares texts. It answers each last request again, also one that is not safe.
The path of an upstream's URL becomes the begin of all paths, for that is what a client
asks for.

From Hoverfly: what is matched by `exact`, `json`, `xml`, `form` or `array` becomes an
exchange. Pairs with other matchers or states, and those made from a template, are left
out, by name. Delays and actions are not read.

Source: Hoverfly, "Simulation schema" and "Request matchers".
"""

import base64
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, unquote, urlencode, urlsplit

from pydantic import Field

from petstore.contract.errors import ConfigError
from petstore.contract.lines import header_values
from petstore.contract.media import FORM, JSON, XML, is_json, is_xml
from petstore.contract.replies import Response
from petstore.contract.version import __version__
from petstore.mock.cassette import Cassette
from petstore.mock.exchange import Exchange, Matching
from petstore.mock.fields import fields_of
from petstore.mock.foreign import (
    Entry,
    Kept,
    Loss,
    Reading,
    Shape,
    broken_pieces_lost,
    entries_of,
    equal_ones,
    has_matching,
    has_times,
    settled,
)
from petstore.mock.foreign_wire import (
    PATH_SAFE,
    coded,
    joined,
    origin_of,
    read_json,
    request_of,
    show_json,
    text_of,
    uncoded,
)
from petstore.mock.hoverfly_matchers import Matchers, exact_of, form_of, one_of
from petstore.mock.payload import Wire, compact_json, read_wire
from petstore.mock.tape import SAFE_METHODS
from petstore.mock.whole_files import write_file

_SCHEMA: Final = "v5.3"
_SEQUENCE: Final = "sequence:"
_LABEL: Final = "petstore:"
_DELAYS: Final = ("fixedDelay", "logNormalDelay", "postServeAction")


def _has_bytes(exchange: Exchange) -> bool:
    request = exchange.request
    return request.kind in ("base64", "file", "parts")


def _has_other_path(exchange: Exchange) -> bool:
    path = exchange.request.path
    return quote(unquote(path), safe=PATH_SAFE) != path


LOSSES: Final = (
    Loss("Hoverfly has no request with bytes or parts", _has_bytes, skips=True),
    Loss(
        "Hoverfly compares paths unescaped, which cannot tell this one from another",
        _has_other_path,
        skips=True,
    ),
    broken_pieces_lost("Hoverfly"),
    Loss("Hoverfly has no place for `offsets_ms`", has_times),
    Loss("Hoverfly has no place for `match`", has_matching),
    Loss("Hoverfly has no place for a note", lambda one: one.note is not None),
    Loss(
        "Hoverfly compares the text of a request; its coding is lost",
        lambda one: one.request.encoding is not None,
    ),
    Loss(
        "Hoverfly answers what is not safe as often as it is asked for",
        lambda one: one.request.method not in SAFE_METHODS,
    ),
)


class _Request(Shape):
    method: Matchers = Field(default_factory=list)
    path: Matchers = Field(default_factory=list)
    destination: Matchers = Field(default_factory=list)
    scheme: Matchers = Field(default_factory=list)
    body: Matchers = Field(default_factory=list)
    headers: dict[str, Matchers] = Field(default_factory=dict)
    query: dict[str, Matchers] = Field(default_factory=dict)
    state: dict[str, str] = Field(default_factory=dict, alias="requiresState")


class _Response(Shape):
    status: int = 200
    body: str = ""
    body_file: str | None = Field(default=None, alias="bodyFile")
    is_encoded: bool = Field(default=False, alias="encodedBody")
    is_templated: bool = Field(default=False, alias="templated")
    headers: dict[str, list[str]] = Field(default_factory=dict)


class _Pair(Shape):
    labels: list[str] = Field(default_factory=list)
    request: _Request
    response: _Response


def is_hoverfly(value: Any) -> bool:
    """Tell whether a JSON value is a simulation."""
    if not isinstance(value, dict):
        return False
    return isinstance(value.get("data"), dict) and isinstance(value.get("meta"), dict)


def read(path: Path) -> Reading:
    """
    Read a simulation.

    Raises:
        ConfigError: It is none, or of another schema.
    """
    value = read_json(path)
    pairs = value["data"].get("pairs") if is_hoverfly(value) else None
    if not isinstance(pairs, list):
        raise ConfigError(f"{path}: data.pairs should be a list, as Hoverfly has it.")
    schema = value["meta"].get("schemaVersion")
    if not str(schema).startswith("v5"):
        raise ConfigError(
            f"{path}: meta.schemaVersion is {schema!r:.20}; export it as v5, with"
            " Hoverfly 1.0 or later."
        )
    reading = Reading()
    actions = value["data"].get("globalActions")
    for action, told in (actions if isinstance(actions, dict) else {}).items():
        if told:
            reading.losses.append(f"data.globalActions.{action} is not kept.")
    for name, one in _ordered(pairs):
        reading.take(name, partial(_read, name, one, path.parent, reading.losses))
    return reading


def write(cassette: Cassette, path: Path) -> None:
    """Write a cassette as a simulation."""
    simulation = {
        "data": {
            "pairs": list(_pairs(cassette)),
            "globalActions": {"delays": [], "delaysLogNormal": []},
        },
        "meta": {
            "schemaVersion": _SCHEMA,
            "hoverflyVersion": f"petstore {__version__}",
        },
    }
    write_file(path, show_json(simulation).encode())


def _ordered(pairs: list[Any]) -> list[tuple[str, Any]]:
    numbered = [
        (f"Pair {number + 1} (data.pairs.{number})", pair)
        for number, pair in enumerate(pairs)
    ]
    return settled(numbered, _place)


def _place(named: tuple[str, Any]) -> tuple[str, int] | None:
    for name, state in _states(named[1]).items():
        if name.startswith(_SEQUENCE) and str(state).isdecimal():
            return name, int(state)
    return None


def _states(pair: Any) -> Mapping[str, Any]:
    request = pair.get("request") if isinstance(pair, dict) else None
    states = request.get("requiresState") if isinstance(request, dict) else None
    return states if isinstance(states, dict) else {}


def _read(name: str, value: Any, folder: Path, losses: list[str]) -> Entry:
    pair = _Pair.read(value)
    request, response = pair.request, pair.response
    other = [one for one in request.state if _is_own(one)]
    if other:
        raise ValueError(f"request.requiresState.{other[0]} is no sequence")
    if response.is_templated:
        raise ValueError("response.templated: it is made from a template")
    method = one_of("request.method", request.method)
    path = one_of("request.path", request.path)
    asked = {
        header.lower(): ", ".join(exact_of(f"request.headers.{header}", matchers))
        for header, matchers in request.headers.items()
    }
    found = request_of(method, path, asked, _asked_body(request, asked))
    found.path = quote(path, safe=PATH_SAFE)
    found.query = urlencode(
        [
            (field, one)
            for field, matchers in request.query.items()
            for one in exact_of(f"request.query.{field}", matchers)
        ]
    )
    losses += [f"{name}: {one} is not kept." for one in _unkept(value["response"])]
    answered = joined(
        (header, one) for header, many in response.headers.items() for one in many
    )
    body, coding = uncoded(_answer(response, folder), answered)
    return Entry(
        name,
        _origin(request),
        found,
        Response(response.status, answered, body),
        (None, coding),
        _kept(pair, found.method),
    )


def _unkept(response: Mapping[str, Any]) -> Iterator[str]:
    yield from (one for one in _DELAYS if response.get(one))
    for change in ("transitionsState", "removesState"):
        states = [one for one in response.get(change) or () if _is_own(one)]
        yield from (f"response.{change}.{one}" for one in states)


def _is_own(state: Any) -> bool:
    return not str(state).startswith(_SEQUENCE)


def _kept(pair: _Pair, method: str) -> Kept:
    for label in pair.labels:
        if label.startswith(_LABEL):
            return Kept(id=label.removeprefix(_LABEL))
    if pair.request.state or method in SAFE_METHODS:
        return Kept()
    return Kept(match=Matching(times="any"))


def _asked_body(request: _Request, headers: dict[str, str]) -> bytes:
    if len(request.body) > 1:
        raise ValueError("request.body has several matchers; one is read")
    for one in request.body:
        if one.matcher == "json" and one.then is None:
            headers.setdefault("content-type", JSON)
            value = one.value
            return value.encode() if isinstance(value, str) else compact_json(value)
        if one.matcher == "xml" and one.then is None:
            headers.setdefault("content-type", XML)
            return str(one.value).encode()
        if (one.matcher, one.then) == ("form", None) and isinstance(one.value, dict):
            headers.setdefault("content-type", FORM)
            return form_of(one.value)
        return "".join(exact_of("request.body", [one])).encode()
    return b""


def _answer(response: _Response, folder: Path) -> bytes:
    if response.body_file:
        path = (folder / response.body_file).resolve()
        if not path.is_relative_to(folder.resolve()) or not path.is_file():
            told = f"{response.body_file!r:.100} does not lie beside the simulation"
            raise ValueError(f"response.bodyFile: {told}")
        return path.read_bytes()
    if response.is_encoded:
        return base64.b64decode(response.body, validate=True)
    return response.body.encode()


def _origin(request: _Request) -> str:
    destination = exact_of("request.destination", request.destination)
    scheme = exact_of("request.scheme", request.scheme) or ["http"]
    return origin_of(f"{scheme[0]}://{destination[0]}") if destination else ""


def _pairs(cassette: Cassette) -> Iterator[dict[str, Any]]:
    states: dict[int, tuple[dict[str, str], dict[str, str]]] = {}
    for count, numbers in enumerate(equal_ones(cassette)):
        key = f"{_SEQUENCE}{count + 1}"
        for place, number in enumerate(numbers):
            is_last = number == numbers[-1]
            following = {} if is_last else {key: str(place + 2)}
            states[number] = ({key: str(place + 1)}, following)
    for number, entry in enumerate(entries_of(cassette)):
        yield _shown(entry, *states.get(number, ({}, {})))


def _shown(
    entry: Entry, required: dict[str, str], following: dict[str, str]
) -> dict[str, Any]:
    request, response = entry.request, entry.response
    body, headers = coded(entry.answered, response.headers, entry.codings[1])
    text = text_of(body)
    where = urlsplit(entry.origin)
    kind = request.headers.get("content-type", "")
    return {
        "labels": [f"{_LABEL}{entry.name}"],
        "request": {
            "method": _matchers(request.method),
            "path": _matchers(unquote(where.path + request.path)),
            "destination": _matchers(where.netloc),
            "scheme": _matchers(where.scheme),
            "headers": {
                name: _matchers(value) for name, value in request.headers.items()
            },
            "query": _fields(fields_of(request.query)),
            "body": _body(Wire(entry.asked, kind)),
            **({"requiresState": required} if required else {}),
        },
        "response": {
            "status": response.status,
            "body": base64.b64encode(body).decode() if text is None else text,
            "encodedBody": text is None,
            "templated": False,
            "headers": header_values(headers),
            **({"transitionsState": following} if following else {}),
        },
    }


def _matchers(value: Any, matcher: str = "exact") -> list[dict[str, Any]]:
    return [{"matcher": matcher, "value": value}]


def _fields(fields: Mapping[str, list[str]]) -> dict[str, Any]:
    return {
        name: _matchers(values[0]) if len(values) == 1 else _matchers(values, "array")
        for name, values in fields.items()
    }


def _body(wire: Wire) -> list[dict[str, Any]]:
    if not wire.body:
        return _matchers("")
    text = wire.body.decode()
    if "form" in read_wire(wire):
        return _matchers(_fields(fields_of(text)), "form")
    kind = wire.kind
    if is_json(kind):
        return _matchers(text, "json")
    return _matchers(text, "xml" if is_xml(kind) else "exact")
