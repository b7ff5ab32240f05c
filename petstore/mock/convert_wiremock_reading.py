"""Read mappings of WireMock; `convert_wiremock.py` says what is kept of them."""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from pydantic import Field

from petstore.contract.errors import ConfigError
from petstore.contract.http import Request
from petstore.contract.media import FORM, JSON, XML
from petstore.contract.replies import Response
from petstore.mock.exchange import ID_PATTERN, Matching
from petstore.mock.foreign import Entry, Kept, Reading, Shape, settled
from petstore.mock.foreign_wire import (
    joined,
    multipart_of,
    read_json,
    request_of,
    text_of,
)
from petstore.mock.payload import compact_json, known_coding
from petstore.mock.tape import SAFE_METHODS
from petstore.mock.wiremock_checks import (
    refuse_inexact,
    refuse_placeholders,
    uncompared,
)

STARTED: Final = "Started"
_FILES_MAX: Final = 100_000


class _Meta(Kept):
    headers: dict[str, str] | None = None
    codings: tuple[str | None, str | None] | None = None


class _Metadata(Shape):
    petstore: _Meta = Field(default_factory=_Meta)


_Predicates = dict[str, dict[str, Any]]


class _Request(Shape):
    method: str = "ANY"
    url: str | None = None
    path: str | None = Field(default=None, alias="urlPath")
    query: _Predicates = Field(default_factory=dict, alias="queryParameters")
    headers: _Predicates = Field(default_factory=dict)
    form: _Predicates = Field(default_factory=dict, alias="formParameters")
    bodies: list[dict[str, Any]] = Field(default_factory=list, alias="bodyPatterns")
    parts: list["_Part"] = Field(default_factory=list, alias="multipartPatterns")


class _Part(Shape):
    name: str = ""
    filename: str | None = Field(default=None, alias="fileName")
    headers: _Predicates = Field(default_factory=dict)
    bodies: list[dict[str, Any]] = Field(default_factory=list, alias="bodyPatterns")


class _Response(Shape):
    status: int = 200
    headers: dict[str, str | list[str]] = Field(default_factory=dict)
    body: str | None = None
    json_value: Any = Field(default=None, alias="jsonBody")
    base64: str | None = Field(default=None, alias="base64Body")
    file: str | None = Field(default=None, alias="bodyFileName")


class _Mapping(Shape):
    name: str | None = None
    request: _Request
    response: _Response
    scenario: str | None = Field(default=None, alias="scenarioName")
    state: str | None = Field(default=None, alias="requiredScenarioState")
    metadata: _Metadata = Field(default_factory=_Metadata)


def is_wiremock(value: Any) -> bool:
    """Tell whether a JSON value is a mapping of WireMock, or several."""
    if not isinstance(value, dict):
        return False
    one = isinstance(value.get("request"), dict) and "response" in value
    return one or isinstance(value.get("mappings"), list)


def read(path: Path) -> Reading:
    """
    Read the mappings of a folder, or of a file.

    Raises:
        ConfigError: There are none.
    """
    reading = Reading()
    found = _ordered(list(_mappings(path)))
    if not found:
        raise ConfigError(f"{path} holds no mapping of WireMock.")
    reading.losses += _state_machines(found)
    # A folder of all, its mappings alone, or one file of them.
    above = (path, path.parent, path.parent.parent)
    folders = tuple(folder / "__files" for folder in above)
    for name, value in found:
        reading.take(name, partial(_read, name, value, folders, reading.losses))
    return reading


def _mappings(path: Path) -> Iterator[tuple[str, Any]]:
    folder = path / "mappings" if (path / "mappings").is_dir() else path
    files = sorted(folder.rglob("*.json")) if path.is_dir() else [path]
    files = [file for file in files if "__files" not in file.relative_to(path).parts]
    if len(files) > _FILES_MAX:
        raise ConfigError(f"{folder} has more than {_FILES_MAX:,} mappings.")
    for file in files:
        value = read_json(file)
        many = value.get("mappings") if isinstance(value, dict) else None
        if isinstance(many, list):
            for number, one in enumerate(many):
                yield f"Mapping {number + 1} of {file.name}", one
        else:
            yield f"Mapping {file.name}", value


def _state_machines(found: list[tuple[str, Any]]) -> Iterator[str]:
    """Say which scenarios are more than several answers to one request."""
    requests: dict[str, set[str]] = {}
    for _, one in found:
        scenario = _text(one, "scenarioName")
        if scenario is not None:
            request = json.dumps(one.get("request"), sort_keys=True)
            requests.setdefault(scenario, set()).add(request)
    for scenario, several in requests.items():
        if len(several) > 1:
            yield (
                f"Scenario {scenario:.100} has several requests, whose states are not"
                " kept: each one is answered in its own order."
            )


def _ordered(found: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Put the mappings of a scenario in the order of its states."""
    moves: dict[str, list[tuple[str | None, str | None]]] = {}
    for _, one in found:
        scenario = _text(one, "scenarioName")
        if scenario is not None:
            required = _text(one, "requiredScenarioState")
            move = (required, _text(one, "newScenarioState"))
            moves.setdefault(scenario, []).append(move)
    depths = {scenario: _depths(steps) for scenario, steps in moves.items()}

    def place(named: tuple[str, Any]) -> tuple[str, int] | None:
        scenario = _text(named[1], "scenarioName")
        if scenario is None:
            return None
        state = _text(named[1], "requiredScenarioState") or STARTED
        return scenario, depths[scenario].get(state, 0)

    return settled(found, place)


def _depths(steps: list[tuple[str | None, str | None]]) -> dict[str | None, int]:
    depths: dict[str | None, int] = {STARTED: 0}
    # Each round reaches at least one more state, or is the last.
    for _ in steps:
        for state, following in steps:
            if state in depths and following is not None:
                depths.setdefault(following, depths[state] + 1)
    return depths


def _text(mapping: Any, field: str) -> str | None:
    value = mapping.get(field) if isinstance(mapping, dict) else None
    return value if isinstance(value, str) else None


def _read(name: str, value: Any, folders: tuple[Path, ...], losses: list[str]) -> Entry:
    mapping = _Mapping.read(value)
    meta = mapping.metadata.petstore
    is_foreign = meta == _Meta()
    refuse_inexact(value)
    if is_foreign:
        refuse_placeholders(value["request"])
    asked, body = _asked(mapping.request)
    if is_foreign:
        losses += [f"{name}: {told}." for told in uncompared(value)]
    asked = meta.headers if meta.headers is not None else asked
    if mapping.request.parts:
        kind, body = _multipart(mapping.request.parts)
        asked = {**asked, "content-type": kind}
    request = _request(mapping.request, asked, body)
    kept: Kept = meta
    if is_foreign:
        is_endless = mapping.scenario is None and request.method not in SAFE_METHODS
        named = mapping.name if re.fullmatch(ID_PATTERN, mapping.name or "") else None
        kept = Kept(id=named, match=Matching(times="any") if is_endless else None)
    return Entry(
        name,
        "",
        request,
        _response(mapping.response, folders),
        meta.codings or (None, None),
        kept,
    )


def _request(request: _Request, headers: dict[str, str], body: bytes) -> Request:
    if not re.fullmatch("[A-Z]+", request.method) or request.method == "ANY":
        raise ValueError(f"request.method is {request.method!r:.20}, not one method")
    url = request.url if request.url is not None else request.path
    if url is None:
        raise ValueError("request.url or request.urlPath is missing")
    pairs = [
        (name, value)
        for name, one in request.query.items()
        for value in _exact(f"request.queryParameters.{name}", one)
    ]
    found = request_of(request.method, url, headers, body)
    found.query = "&".join(filter(None, (found.query, urlencode(pairs))))
    return found


def _exact(place: str, predicate: Mapping[str, Any]) -> list[str]:
    if isinstance(predicate.get("equalTo"), str | int | float):
        return [str(predicate["equalTo"])]
    many = predicate.get("hasExactly")
    if isinstance(many, list) and all(isinstance(one, dict) for one in many):
        return [value for one in many for value in _exact(place, one)]
    names = ", ".join(predicate) or "nothing"
    raise ValueError(f"{place} is matched by {names}; equalTo is read")


def _asked(request: _Request) -> tuple[dict[str, str], bytes]:
    headers: dict[str, str] = {}
    for name, one in request.headers.items():
        value = one.get("equalTo", one.get("contains"))
        if isinstance(value, str):
            headers[name.lower()] = value
    if request.form:
        headers.setdefault("content-type", FORM)
        pairs = [
            (name, value)
            for name, one in request.form.items()
            for value in _exact(f"request.formParameters.{name}", one)
        ]
        return headers, urlencode(pairs).encode()
    if not request.bodies:
        return headers, b""
    if len(request.bodies) > 1:
        raise ValueError("request.bodyPatterns has several patterns; one is read")
    kind, body = _body("request.bodyPatterns.0", request.bodies[0])
    if kind:
        headers.setdefault("content-type", kind)
    return headers, body


def _body(place: str, pattern: Mapping[str, Any]) -> tuple[str, bytes]:
    if "equalToJson" in pattern:
        value = pattern["equalToJson"]
        text = value.encode() if isinstance(value, str) else compact_json(value)
        return JSON, text
    if isinstance(pattern.get("binaryEqualTo"), str):
        return "", base64.b64decode(pattern["binaryEqualTo"], validate=True)
    if isinstance(pattern.get("equalToXml"), str):
        return XML, pattern["equalToXml"].encode()
    return "", _exact(place, pattern)[0].encode()


def _multipart(parts: list[_Part]) -> tuple[str, bytes]:
    shown = []
    for number, part in enumerate(parts):
        place = f"request.multipartPatterns.{number}"
        if len(part.bodies) != 1 or not part.name:
            raise ValueError(f"{place} should have a name and one bodyPattern")
        _, body = _body(f"{place}.bodyPatterns.0", part.bodies[0])
        kinds = {name.lower(): one for name, one in part.headers.items()}
        told = kinds.get("content-type")
        kind = None if told is None else _exact(f"{place}.headers.Content-Type", told)
        text = text_of(body)
        content = (
            {"base64": base64.b64encode(body).decode()}
            if text is None
            else {"text": text}
        )
        shown.append(
            {
                "name": part.name,
                "filename": part.filename,
                "type": kind and kind[0],
                **content,
            }
        )
    wire = multipart_of(shown)
    return wire.content_type, wire.body


def _response(response: _Response, folders: tuple[Path, ...]) -> Response:
    headers = joined(
        (name, one)
        for name, values in response.headers.items()
        for one in ([values] if isinstance(values, str) else values)
    )
    # WireMock puts gzip on by itself; what it cannot put on was on before.
    if known_coding(headers.get("content-encoding", "")) is not None:
        del headers["content-encoding"]
    return Response(response.status, headers, _answer(response, folders))


def _answer(response: _Response, folders: tuple[Path, ...]) -> bytes:
    if response.body is not None:
        return response.body.encode()
    if response.base64 is not None:
        return base64.b64decode(response.base64, validate=True)
    if response.file is not None:
        return _file(response.file, folders)
    return b"" if response.json_value is None else compact_json(response.json_value)


def _file(name: str, folders: tuple[Path, ...]) -> bytes:
    for folder in folders:
        path = (folder / name).resolve()
        if path.is_relative_to(folder.resolve()) and path.is_file():
            return path.read_bytes()
    raise ValueError(f"response.bodyFileName: there is no {name!r:.100} in __files")
