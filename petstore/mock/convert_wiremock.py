"""
Read and write mappings of WireMock 3: a folder of them, or one file.

    {"mappings": [{
      "name": "placeOrder-1",
      "request": {"method": "POST", "urlPath": "/store/order",
                  "bodyPatterns": [{"equalToJson": "{\\"petId\\":7}"}]},
      "response": {"status": 200, "headers": {…}, "jsonBody": {…}},
      "scenarioName": "placeOrder-1", "requiredScenarioState": "Started",
      "newScenarioState": "placeOrder-1-2"}]}

To WireMock, and back from it: requests and answers are kept; equal requests with
several answers are a scenario, whose states are their order. Ids, notes, `match`, the
request's headers and codings stand under `metadata.petstore`. What asks for more has
the better priority, so that `/pet?limit=5` is not answered by `/pet`. Lost are the
header of the cassette, and the pieces of a stream of events and their times where they
are no whole events. WireMock compresses by itself, answers each last request again,
also one that is not safe, and knows no secret: a placeholder must be sent as it stands.

From WireMock: what is matched exactly becomes an exchange. Mappings that match by
patterns, templates or any method, that are proxied, broken on purpose or made from a
template are left out, by name. Priorities and delays are not read; a mapping without a
scenario is served as often as it is asked for. Bodies may lie in `__files`.

Source: WireMock 3, "Request Matching", "Stateful Behaviour".
"""

import base64
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

from petstore.contract.errors import ConfigError
from petstore.contract.media import MULTIPART, is_json, is_xml, media_type
from petstore.mock.cassette import Cassette
from petstore.mock.convert_wiremock_reading import STARTED
from petstore.mock.exchange import headers_of
from petstore.mock.facts import Facts, facts_of
from petstore.mock.fields import fields_of
from petstore.mock.foreign import (
    Entry,
    Loss,
    broken_pieces_lost,
    entries_of,
    equal_ones,
)
from petstore.mock.foreign_wire import show_json, text_of
from petstore.mock.payload import Wire, compact_json, exact_json, read_wire
from petstore.mock.tape import SAFE_METHODS
from petstore.mock.whole_files import write_file

# WireMock's own is 5; 1 is the first.
_PRIORITY_MAX: Final = 9

LOSSES: Final = (
    broken_pieces_lost("WireMock"),
    Loss(
        "WireMock compares all of a request, and does not heed `ignore`",
        lambda one: bool(one.match.ignore),
    ),
    Loss(
        "WireMock answers what is not safe as often as it is asked for",
        lambda one: one.request.method not in SAFE_METHODS and one.match.times != "any",
    ),
)


def write(cassette: Cassette, path: Path) -> None:
    """
    Write a cassette as one file where its name ends with .json, else as a folder.

    Raises:
        ConfigError: The folder has mappings already, which would answer as well.
    """
    shown = _shown_all(cassette)
    if path.suffix == ".json":
        write_file(path, show_json({"mappings": shown}).encode())
        return
    folder = path / "mappings"
    if folder.is_dir() and any(folder.iterdir()):
        raise ConfigError(f"{folder} is not empty; name a new folder.")
    for number, one in enumerate(shown):
        write_file(
            folder / f"{number + 1:05}-{one['name']}.json", show_json(one).encode()
        )


def _shown_all(cassette: Cassette) -> list[dict[str, Any]]:
    counted = [name.lower() for name in cassette.header.headers]
    facts = [facts_of(one.request, counted) for one in entries_of(cassette)]
    states: dict[int, dict[str, str]] = {}
    for numbers in equal_ones(cassette):
        states.update(_states(cassette, numbers))
    return [
        {**_shown(entry, one), **states.get(number, {})}
        for number, (entry, one) in enumerate(
            zip(entries_of(cassette), facts, strict=True)
        )
    ]


def _states(
    cassette: Cassette, numbers: list[int]
) -> Iterator[tuple[int, dict[str, str]]]:
    name = cassette.exchanges[numbers[0]].id
    for place, number in enumerate(numbers):
        state = {
            "scenarioName": name,
            "requiredScenarioState": f"{name}-{place + 1}" if place else STARTED,
        }
        is_endless = cassette.exchanges[number].match.times == "any"
        if number != numbers[-1] and not is_endless:
            state["newScenarioState"] = f"{name}-{place + 2}"
        yield number, state


def _shown(entry: Entry, facts: Facts) -> dict[str, Any]:
    request, response = entry.request, entry.response
    asked, answered = entry.asked, entry.answered
    pattern: dict[str, Any] = {"method": request.method}
    # The whole URL, so that no other query is answered.
    pattern["urlPath" if request.query else "url"] = request.path
    fields = fields_of(request.query)
    query = _predicates(fields)
    pattern |= {"queryParameters": query} if query else {}
    headers = {name: _header(name, value) for name, value in facts.headers.items()}
    pattern |= {"headers": headers} if headers else {}
    body = _pattern(Wire(asked, request.headers.get("content-type", "")))
    detail_count = sum(map(len, fields.values())) + len(headers) + len(body)
    return {
        "name": entry.name,
        "priority": max(1, _PRIORITY_MAX - detail_count),
        "request": {**pattern, **body},
        "response": {
            "status": response.status,
            "headers": headers_of(response.headers),
            **_answer_shown(answered),
        },
        "metadata": {"petstore": _meta(entry)},
    }


def _meta(entry: Entry) -> dict[str, Any]:
    headers = dict(entry.request.headers)
    if media_type(headers) == MULTIPART:
        headers["content-type"] = MULTIPART
    codings = {"codings": list(entry.codings)} if any(entry.codings) else {}
    return {**entry.kept.shown, "headers": headers, **codings}


def _header(name: str, value: str) -> dict[str, str]:
    return {"contains" if name == "accept" else "equalTo": value}


def _predicates(fields: Mapping[str, list[str]]) -> dict[str, Any]:
    return {
        name: {"equalTo": values[0]}
        if len(values) == 1
        else {"hasExactly": [{"equalTo": one} for one in values]}
        for name, values in fields.items()
    }


def _pattern(wire: Wire) -> dict[str, Any]:
    """Return the predicates that a body is matched by."""
    if not wire.body:
        return {}
    content = read_wire(wire)
    if "form" in content:
        return {"formParameters": _predicates(fields_of(wire.body.decode()))}
    if "parts" in content:
        return {"multipartPatterns": [_part(one) for one in content["parts"]]}
    return {"bodyPatterns": [_body(wire)]}


def _body(wire: Wire) -> dict[str, Any]:
    text = text_of(wire.body)
    if text is None:
        return {"binaryEqualTo": base64.b64encode(wire.body).decode()}
    kind = wire.kind
    if is_json(kind) and _is_json(text):
        return {"equalToJson": text}
    if is_xml(kind) and _is_xml(text):
        return {"equalToXml": text}
    return {"equalTo": text}


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _is_xml(text: str) -> bool:
    try:
        # A document type may hold endless entities.
        return "<!" not in text and ElementTree.fromstring(text) is not None  # noqa: S314
    except ElementTree.ParseError:
        return False


def _part(part: dict[str, Any]) -> dict[str, Any]:
    file = {"fileName": part["filename"]} if "filename" in part else {}
    kind = part.get("type")
    headers = {"headers": {"Content-Type": {"equalTo": kind}}} if kind else {}
    body = (
        {"binaryEqualTo": part["base64"]}
        if "base64" in part
        else {"equalTo": part["text"]}
    )
    shown = {"matchingType": "ANY", "name": part["name"]}
    return {**shown, **file, **headers, "bodyPatterns": [body]}


def _answer_shown(body: bytes) -> dict[str, Any]:
    text = text_of(body)
    if text is None:
        return {"base64Body": base64.b64encode(body).decode()}
    found = exact_json(body)
    # Java writes a float in its own way; a text is sent as it is.
    is_exact = found is not None and compact_json(found[0]) == body
    if found is not None and is_exact and _has_no_float(found[0]):
        return {"jsonBody": found[0]}
    return {"body": text} if text else {}


def _has_no_float(value: Any) -> bool:
    if isinstance(value, dict | list):
        return all(
            map(_has_no_float, value.values() if isinstance(value, dict) else value)
        )
    return value is not None and not isinstance(value, float)
