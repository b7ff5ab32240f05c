"""
Say what a request asks for, so that two ways to ask the same are equal.

Where the contract knows the path, the operation, its typed arguments and the canonical
body are what counts; where it does not, method, path, query and body. Headers count
only where the contract gives them a meaning, or the cassette names them. A secret
counts as one, whatever it is.

Source: RFC 8259 (JSON), RFC 9110 §12.5.1 (Accept).
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

from petstore.contract.accept import choose
from petstore.contract.call import Place
from petstore.contract.errors import ConfigError, Malformed, PetstoreError, RemoteError
from petstore.contract.flavours import Contract, face_of
from petstore.contract.http import (
    Match,
    Request,
    has_json_type,
    parse_fields,
    read_integer,
    read_items,
    resolve,
)
from petstore.contract.media import XML, media_type
from petstore.mock.body_facts import body_facts, masked_field, plain_fields
from petstore.mock.payload import Wire, decoded
from petstore.mock.secret_texts import masked
from petstore.mock.secrets import (
    SECRET_HEADERS,
    WILDCARD,
    is_secret_name,
)

# What a request asks for may depend on them; a recording keeps them.
COUNTED_HEADERS: Final = (
    "content-type",
    "accept",
    "prefer",
    "if-match",
    "if-none-match",
    "last-event-id",
)
# They tell attempts apart, not requests.
_UNCOUNTED: Final = ("idempotency-key",)
_STEP: Final = re.compile(r"\.?([^.\[\]]+)|\[(\*|[0-9]+)\]")
BODY_HALVES: Final = ("json", "form", "parts")
_HALVES: Final = (*BODY_HALVES, "query", "headers", "path")
Ignored = tuple[tuple[str | int, ...], ...]


# Most requests have no query and no body, and nobody writes into these.
_NONE: Final[dict[str, Any]] = {}


class Facts(NamedTuple):
    """
    Hold what a request asks for.

    Args:
        operation: Face and operationId, as `v2 getPetById`; "" beyond the contract.
        path: The typed arguments in it, by name; the path itself beyond the contract.
        target: The path as it was sent, for reports; it does not count.
        body: One of {"json": …}, {"form": …}, {"parts": …}, {"xml": …}, {"text": …} and
            {"sha256": …}; {} without one.
    """

    operation: str
    method: str
    path: dict[str, str] | str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: dict[str, Any]
    target: str

    @property
    def operation_id(self) -> str:
        """The operationId alone."""
        return self.operation.partition(" ")[2]


def match_of(request: Request, contract: Contract = "public") -> Match | None:
    """Return where a request leads in the contract; None where it leads nowhere."""
    face = face_of(request.path, contract)
    method = "GET" if request.method == "HEAD" else request.method
    try:
        return resolve(face, method, request.path)
    except RemoteError:
        return None


def facts_of(request: Request, headers: Iterable[str] = ()) -> Facts:
    """
    Say what a request asks for.

    Args:
        headers: Further headers that count, in lower case.
    """
    match = match_of(request)
    counted = {
        name: _header(name, request.headers[name])
        for name in headers
        if name in request.headers
    }
    wire = Wire(_plain_body(request), request.headers.get("content-type", ""))
    if match is None:
        query = plain_fields(request.query)
        return Facts(
            "",
            request.method,
            shown_path(request.path),
            query,
            counted,
            body_facts(wire),
            shown_path(request.path),
        )
    takes = match.route.takes
    if not media_type(request.headers) and takes and wire.body:
        # What the codec takes a body without a type for.
        wire = wire._replace(content_type=takes[0])
    return Facts(
        f"{match.face.flavour} {match.route.operation.id}",
        request.method,
        {
            name: _typed(match, name, text)
            for name, text in match.path_arguments.items()
        },
        _query(match, request.query),
        {**_headers(match, request.headers), **counted} or _NONE,
        body_facts(wire),
        shown_path(request.path),
    )


def read_ignored(paths: Iterable[str]) -> Ignored:
    """
    Read the paths of what may differ.

    Raises:
        ConfigError: One of them is none; says what one looks like.
    """
    return tuple(_steps(path) for path in paths)


def key_of(facts: Facts, ignored: Ignored = ()) -> str:
    """Return what equal requests have in common, and no others."""
    halves = as_halves(facts, ignored)
    return json.dumps(
        [facts.operation, facts.method, halves], sort_keys=True, ensure_ascii=False
    )


def as_halves(facts: Facts, ignored: Ignored = ()) -> dict[str, Any]:
    """Return all that is compared, by the names under which it may be ignored."""
    halves: dict[str, Any] = {
        "path": facts.path,
        "query": facts.query,
        "headers": facts.headers,
        **facts.body,
    }
    for half, *steps in ignored:
        if steps and half in halves:
            halves[str(half)] = _without(halves[str(half)], steps)
        else:
            halves.pop(str(half), None)
    # A query of which nothing counts is as good as none; an empty body is one.
    return {half: one for half, one in halves.items() if one or half in facts.body}


def _steps(path: str) -> tuple[str | int, ...]:
    steps: list[str | int] = []
    position = 0
    for found in _STEP.finditer(path):
        if found.start() != position:
            break
        position = found.end()
        name, index = found.groups()
        steps.append(name if name is not None else "*" if index == "*" else int(index))
    if position != len(path) or not steps or steps[0] not in _HALVES:
        raise ConfigError(
            f"Wrong ignore: {path!r:.100} is no path; one begins with"
            f" {', '.join(_HALVES)}, as json.shipDate or json.tags[*].id."
        )
    return tuple(steps)


def _without(value: Any, steps: list[str | int]) -> Any:
    """Return a value without what a path leads to."""
    step, *rest = steps
    if isinstance(value, list):
        chosen = range(len(value)) if step == "*" else (step,)
        if rest:
            return [
                _without(one, rest) if index in chosen else one
                for index, one in enumerate(value)
            ]
        return [one for index, one in enumerate(value) if index not in chosen]
    if not isinstance(value, dict):
        return value
    names = list(value) if step == "*" else [step]
    if rest:
        return {k: _without(v, rest) if k in names else v for k, v in value.items()}
    return {name: one for name, one in value.items() if name not in names}


def _plain_body(request: Request) -> bytes:
    """Return a body without its coding, which is not what is asked for."""
    body = request.body
    whole = body if isinstance(body, bytes) else body.read()
    coding = request.headers.get("content-encoding")
    if coding is None:
        return whole
    try:
        return decoded(whole, coding)[0]
    except Malformed:
        return whole


def _typed(match: Match, name: str, text: str) -> str:
    arg = next(one for one in match.route.args_in(Place.PATH) if one.wire == name)
    number = read_integer(text) if has_json_type(arg, "integer") else None
    return masked(text) if number is None else str(number)


def shown_path(path: str) -> str:
    """Return a path without the secrets that it names."""
    plain = unquote(path)
    shown = masked(plain)
    return path if shown == plain else shown


def _query(match: Match, text: str) -> dict[str, list[str]]:
    if not text and not match.route.defaults:
        return _NONE
    try:
        fields = parse_fields(text, "query")
    except PetstoreError:
        return {"": [masked(text)]}
    args = {arg.wire: arg for arg in match.route.args_in(Place.QUERY)}
    found: dict[str, list[str]] = {}
    for name, values in fields.items():
        arg = args.get(name)
        if is_secret_name(name):
            found[name] = [WILDCARD]
        elif arg is not None and has_json_type(arg, "array"):
            found[name] = [masked(one) for one in read_items(match.face, values)]
        else:
            texts = [",".join(pieces) for pieces in values]
            is_number = arg is not None and has_json_type(arg, "integer")
            found[name] = [_plain_number(one) for one in texts] if is_number else texts
            found[name] = [masked(one) for one in found[name]]
    for name, default in match.route.defaults.items():
        if name not in found and default:
            found[name] = default
    return found


def _plain_number(text: str) -> str:
    number = read_integer(text)
    return text if number is None else str(number)


def _header(name: str, value: str) -> str:
    return WILDCARD if name in SECRET_HEADERS else masked_field(name, value)


def _headers(match: Match, headers: Mapping[str, str]) -> dict[str, str]:
    found = {
        arg.wire.lower(): _header(arg.wire.lower(), headers[arg.wire.lower()])
        for arg in match.route.args_in(Place.HEADER)
        if arg.wire.lower() in headers and arg.wire.lower() not in _UNCOUNTED
    }
    accept = headers.get("accept")
    if accept and choose(match.face, accept, has_xml=True) == XML:
        found["accept"] = XML
    return found
