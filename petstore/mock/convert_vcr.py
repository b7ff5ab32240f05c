"""
Read and write cassettes of VCR.py, version 1, in YAML and in JSON.

    version: 1
    interactions:
    - request: {method: GET, uri: 'http://…', body: null, headers: {accept: [a/b]}}
      response:
        status: {code: 200, message: OK}
        headers: {content-type: [application/json]}
        body: {string: '{"id":7}'}

To VCR.py, and back from it: requests, answers, their order and their coding are kept;
what only a cassette knows stands under `petstore` in each interaction and in
`metadata`, which VCR.py passes over; it drops the first where it writes a file anew.
Lost are the pieces of a stream of events and their times where they are no whole
events. A cassette in JSON holds text alone: what has bytes is left out of it, and
codings are lost.

From VCR.py: nothing is lost but the words beside a status, as the host goes to the
header. Bodies that are still compressed are decoded. Old cassettes of httpx
(`status_code`, `content`) and those with `parsed_body` are read as well. A safe request
is answered as often as it is asked for, where VCR.py answers each but once.

Of the tags of Python only those are read that VCR.py itself writes, as the data that
they hold: text, tuples, BytesIO. Aliases stand for texts and lists of texts only.
"""

from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

import yaml
from pydantic import BeforeValidator, Field

from petstore.contract.errors import ConfigError
from petstore.contract.lines import header_values, phrase_of
from petstore.contract.replies import Response
from petstore.mock.cassette import Cassette
from petstore.mock.foreign import (
    Entry,
    Kept,
    Loss,
    Reading,
    Shape,
    broken_pieces_lost,
    entries_of,
    has_bytes,
    has_matching,
    header_shown,
    url_of,
)
from petstore.mock.foreign_wire import (
    coded,
    joined,
    origin_of,
    read_json,
    read_text,
    request_of,
    show_json,
    text_of,
    uncoded,
)
from petstore.mock.payload import compact_json
from petstore.mock.whole_files import write_file
from petstore.mock.yaml_stream import LINE_WIDTH, PlainDumper

_PYTHON: Final = "tag:yaml.org,2002:python/"
_VERSION: Final = 1

LOSSES: Final = (
    broken_pieces_lost("VCR.py"),
    Loss("VCR.py does not heed `match`", has_matching),
)


JSON_LOSSES: Final = (
    *LOSSES,
    Loss("JSON of VCR.py has no place for bytes", has_bytes, skips=True),
    Loss(
        "JSON of VCR.py has no place for compressed bodies; they are written without"
        " their coding",
        lambda one: bool(one.request.encoding or one.response.encoding),
    ),
)


def _as_list(value: Any) -> Any:
    if value is None:
        return []
    values = value if isinstance(value, list | tuple) else [value]
    return [
        one.decode("latin-1") if isinstance(one, bytes) else str(one) for one in values
    ]


_Headers = dict[str, Annotated[list[str], BeforeValidator(_as_list)]]


class _Status(Shape):
    code: int


class _Request(Shape):
    method: str
    uri: str
    headers: _Headers = Field(default_factory=dict)
    body: Any = None
    parsed_body: Any = None


class _Response(Shape):
    status: _Status | None = None
    status_code: int | None = None
    headers: _Headers = Field(default_factory=dict)
    body: Any = None
    content: Any = None
    parsed_body: Any = None


class _Interaction(Shape):
    request: _Request
    response: _Response
    kept: Kept = Field(default_factory=Kept, alias="petstore")


class _Loader(yaml.CSafeLoader):
    """Build texts, numbers, bytes, lists and mappings only."""

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        if node in self.constructed_objects and not _is_flat(node):
            raise yaml.constructor.ConstructorError(
                None, None, "an alias of more than a list of texts", node.start_mark
            )
        return super().construct_object(node, deep)


def _is_flat(node: Any) -> bool:
    if isinstance(node, yaml.SequenceNode):
        return all(isinstance(one, yaml.ScalarNode) for one in node.value)
    return isinstance(node, yaml.ScalarNode)


def _construct_text(loader: Any, node: Any) -> Any:
    return loader.construct_scalar(node)


def _construct_tuple(loader: Any, node: Any) -> Any:
    return loader.construct_sequence(node, deep=True)


def _construct_buffer(loader: Any, node: Any) -> Any:
    # What `pickle` would restore: the content stands first in the state.
    state = loader.construct_mapping(node, deep=True).get("state") or [b""]
    if isinstance(state, list | tuple) and isinstance(state[0], bytes | str):
        return state[0]
    raise yaml.constructor.ConstructorError(
        None, None, "a BytesIO whose state does not begin with bytes", node.start_mark
    )


def _refuse(_: Any, node: Any) -> Any:
    raise yaml.constructor.ConstructorError(
        None, None, f"the tag {node.tag}, which is not data", node.start_mark
    )


# A date stays the text that it is.
_Loader.yaml_implicit_resolvers = {
    first: [one for one in many if not one[0].endswith(("timestamp", "merge", "value"))]
    for first, many in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}
for _tag in ("str", "unicode"):
    _Loader.add_constructor(_PYTHON + _tag, _construct_text)
_Loader.add_constructor(f"{_PYTHON}tuple", _construct_tuple)
_Loader.add_constructor(f"{_PYTHON}object/new:_io.BytesIO", _construct_buffer)
_Loader.add_constructor(None, _refuse)


def is_vcr(value: Any) -> bool:
    """Tell whether a value is a cassette of VCR.py."""
    return isinstance(value, dict) and isinstance(value.get("interactions"), list)


def read(path: Path) -> Reading:
    """
    Read a cassette of VCR.py.

    Raises:
        ConfigError: It is none, or has tags or aliases that no cassette needs.
    """
    text = read_text(path)
    value = read_json(path) if text.lstrip().startswith("{") else _yaml(text, path)
    if not is_vcr(value):
        raise ConfigError(f"{path}: interactions should be a list, as VCR.py has it.")
    if value.get("version") != _VERSION:
        raise ConfigError(f"{path}: version should be 1; migrate it with VCR.py first.")
    told = value.get("metadata")
    header = told.get("petstore") if isinstance(told, dict) else None
    reading = Reading(header=header if isinstance(header, dict) else {})
    for number, one in enumerate(value["interactions"]):
        name = f"Interaction {number + 1} (interactions.{number})"
        reading.take(name, partial(_read, name, one))
    return reading


def write(cassette: Cassette, path: Path) -> None:
    """Write a cassette for VCR.py; in JSON where the file's name ends with .json."""
    is_json = path.suffix == ".json"
    shown = {
        "interactions": [_shown(one, is_json) for one in entries_of(cassette)],
        "metadata": {"petstore": header_shown(cassette.header)},
        "version": _VERSION,
    }
    text = show_json(shown) if is_json else _dumped(shown)
    write_file(path, text.encode())


def _yaml(text: str, path: Path) -> Any:
    loader = _Loader(text)
    try:
        return loader.get_single_data()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = "" if mark is None else f":{mark.line + 1}"
        raise ConfigError(
            f"{path}{line}: there is {error.problem}, which is not read."
        ) from error
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise ConfigError(f"{path} is no YAML that can be read.") from error
    finally:
        loader.dispose()


def _dumped(value: Any) -> str:
    text: str = yaml.dump(
        value,
        Dumper=PlainDumper,
        allow_unicode=True,
        width=LINE_WIDTH,
        default_flow_style=False,
    )
    return text


def _read(name: str, value: Any) -> Entry:
    one = _Interaction.read(value)
    request, response = one.request, one.response
    origin = origin_of(request.uri)
    if not origin:
        raise ValueError(f"{urlsplit(request.uri).scheme or 'its URI'} is not HTTP")
    status = response.status.code if response.status else response.status_code
    if status is None:
        raise ValueError("response.status: field required")
    asked, answered = _joined(request.headers), _joined(response.headers)
    body = _body(request.body, request.parsed_body)
    body, request_coding = uncoded(body, asked)
    content = response.content
    if content is None:
        content = response.body
    answer = _body(content, response.parsed_body)
    answer, response_coding = uncoded(answer, answered)
    return Entry(
        name,
        origin,
        request_of(request.method, request.uri, asked, body),
        Response(status, answered, answer),
        (request_coding, response_coding),
        one.kept,
    )


def _joined(headers: dict[str, list[str]]) -> dict[str, str]:
    return joined((name, one) for name, many in headers.items() for one in many)


def _body(body: Any, parsed: Any) -> bytes:
    if isinstance(body, dict):
        body = body.get("string")
    if body is None:
        return b"" if parsed is None else compact_json(parsed)
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, bytes):
        return body
    raise ValueError("its body should be text or bytes")


def _shown(entry: Entry, is_json: bool) -> dict[str, Any]:
    request, response = entry.request, entry.response
    asked_coding, answered_coding = (None, None) if is_json else entry.codings
    body, asked = coded(entry.asked, request.headers, asked_coding)
    content, answered = coded(entry.answered, response.headers, answered_coding)
    return {
        "request": {
            # As VCR.py records httpx, whose requests without a body have an empty one.
            "body": _text(body),
            "headers": {name: [one] for name, one in asked.items()},
            "method": request.method,
            "uri": url_of(entry),
        },
        "response": {
            "body": {"string": _text(content)},
            "headers": header_values(answered),
            "status": {
                "code": response.status,
                "message": phrase_of(response.status),
            },
        },
        "petstore": entry.kept.shown,
    }


def _text(body: bytes) -> str | bytes:
    text = text_of(body)
    return body if text is None else text
