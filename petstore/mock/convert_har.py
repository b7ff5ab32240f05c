"""
Read and write HAR 1.2, the format of browsers and proxies.

    {"log": {"version": "1.2", "creator": {…}, "entries": [
      {"startedDateTime": …, "time": …, "cache": {}, "timings": {…},
       "request": {"method", "url", "headers": [{"name", "value"}],
                   "queryString", "postData": {"mimeType", "text" | "params"}, …},
       "response": {"status", "headers",
                    "content": {"mimeType", "text", "encoding": "base64"}, …}}]}}

To HAR, and back from it: requests, answers and their order are kept, and how bodies
were compressed; what only a cassette knows (its header, ids, notes, `match`) stands
under `_petstore`, which other tools pass over. Lost are the pieces of a stream of
events and their times where they are no whole events. Bytes of a request are written in
base64, which HAR 1.2 has no name for; `_encoding` says so.

From the HAR of another tool: times, pages, cookies, caches and addresses are not read,
and neither are entries of other hosts than the one that is recorded, of requests that
were blocked (status 0), of WebSockets, and of bodies that were not captured.

Source: HAR 1.2 (W. Jansen, J. Odvarko); `encoding` of postData as HAR 1.3 proposes.
"""

import base64
import codecs
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from pydantic import Field

from petstore.contract.errors import ConfigError
from petstore.contract.lines import header_lines, phrase_of
from petstore.contract.media import MULTIPART
from petstore.contract.replies import Response
from petstore.contract.version import __version__
from petstore.mock.cassette import Cassette
from petstore.mock.foreign import (
    Entry,
    Kept,
    Loss,
    Reading,
    Shape,
    broken_pieces_lost,
    entries_of,
    has_matching,
    header_shown,
    url_of,
)
from petstore.mock.foreign_wire import (
    joined,
    multipart_of,
    origin_of,
    read_json,
    request_of,
    show_json,
    text_of,
)
from petstore.mock.payload import known_coding
from petstore.mock.whole_files import write_file

# HAR wants a time; a recording that says none has none to give.
_EPOCH: Final = "1970-01-01T00:00:00Z"

LOSSES: Final = (
    broken_pieces_lost("HAR"),
    Loss(
        "Other tools than petstore take the bytes of a request for text, for HAR 1.2"
        " cannot say that they are base64",
        lambda one: one.request.base64 is not None or one.request.file is not None,
    ),
    Loss("Other tools than petstore do not heed `match`", has_matching),
)


class _Pair(Shape):
    name: str
    value: str


class _Param(Shape):
    name: str
    value: str = ""
    filename: str | None = Field(default=None, alias="fileName")
    type: str | None = Field(default=None, alias="contentType")


class _PostData(Shape):
    type: str = Field(default="", alias="mimeType")
    text: str | None = None
    params: list[_Param] = Field(default_factory=list)
    encoding: str | None = None
    our_encoding: str | None = Field(default=None, alias="_encoding")


class _Request(Shape):
    method: str
    url: str
    headers: list[_Pair]
    post_data: _PostData | None = Field(default=None, alias="postData")


class _Content(Shape):
    size: float = 0
    type: str = Field(default="", alias="mimeType")
    text: str | None = None
    encoding: str | None = None


class _Response(Shape):
    status: int
    headers: list[_Pair]
    content: _Content


class _Entry(Shape):
    request: _Request
    response: _Response
    kept: Kept = Field(default_factory=Kept, alias="_petstore")


def is_har(value: Any) -> bool:
    """Tell whether a JSON value is the log of a browser."""
    return isinstance(value, dict) and isinstance(value.get("log"), dict)


def read(path: Path) -> Reading:
    """
    Read a HAR file.

    Raises:
        ConfigError: It is none.
    """
    log = read_json(path)
    entries = log["log"].get("entries") if is_har(log) else None
    if not isinstance(entries, list):
        raise ConfigError(f"{path}: log.entries should be a list, as HAR 1.2 has it.")
    header = log["log"].get("_petstore")
    reading = Reading(header=header if isinstance(header, dict) else {})
    for number, value in enumerate(entries):
        name = f"Entry {number + 1} (log.entries.{number})"
        reading.take(name, partial(_read, name, value, reading.losses))
    return reading


def write(cassette: Cassette, path: Path) -> None:
    """Write a cassette as HAR."""
    started = cassette.header.recorded or _EPOCH
    log = {
        "version": "1.2",
        "creator": {"name": "petstore", "version": __version__},
        "entries": [_shown(entry, started) for entry in entries_of(cassette)],
        "_petstore": header_shown(cassette.header),
    }
    write_file(path, show_json({"log": log}).encode())


def _read(name: str, value: Any, losses: list[str]) -> Entry:
    entry = _Entry.read(value)
    request, response = entry.request, entry.response
    origin = origin_of(request.url)
    if not origin:
        raise ValueError(f"{request.url.partition(':')[0]:.20} is not HTTP")
    if response.status == 0:
        raise ValueError("its request was blocked, or got no answer")
    asked = joined((one.name, one.value) for one in request.headers)
    answered = joined((one.name, one.value) for one in response.headers)
    body = _request_body(request.post_data, asked)
    content = _response_body(response.content, answered)
    is_ours = "_petstore" in value
    told = answered.get("content-encoding", "")
    codings = (_coding(asked, is_ours), _coding(answered, is_ours))
    if told and not is_ours and codings[1] is None and text_of(content) is None:
        losses.append(
            f"{name}: its content-encoding {told:.40} is not kept: HAR has bodies"
            " without their coding."
        )
    return Entry(
        name,
        origin,
        request_of(request.method, request.url, asked, body),
        Response(response.status, answered, content),
        codings,
        entry.kept,
    )


def _coding(headers: dict[str, str], is_ours: bool) -> str | None:
    """
    Take out the coding: HAR's bodies are decoded, whatever their headers say.

    But of ours those stay in a coding that nobody here can take off.
    """
    coding = known_coding(headers.get("content-encoding", ""))
    if coding is not None or not is_ours:
        headers.pop("content-encoding", None)
    return coding


def _request_body(data: _PostData | None, headers: dict[str, str]) -> bytes:
    if data is None:
        return b""
    if data.type:
        headers.setdefault("content-type", data.type)
    kind = headers.get("content-type", "")
    if data.text is not None and (data.text or not data.params):
        is_bytes = "base64" in (data.encoding, data.our_encoding)
        return _bytes_of(data.text, is_bytes, kind)
    if kind.startswith(MULTIPART):
        parts = [_part(one) for one in data.params]
        body, headers["content-type"] = multipart_of(parts)
        return body
    return urlencode([(one.name, one.value) for one in data.params]).encode()


def _part(param: _Param) -> dict[str, Any]:
    shown = param.model_dump(exclude={"value"}, exclude_none=True)
    return {**shown, "text": param.value}


def _response_body(content: _Content, headers: dict[str, str]) -> bytes:
    if content.text is None:
        if content.size > 0:
            raise ValueError("the body of its answer was not captured")
        return b""
    if content.type:
        headers.setdefault("content-type", content.type)
    return _bytes_of(content.text, content.encoding == "base64", content.type)


def _bytes_of(text: str, is_base64: bool, content_type: str) -> bytes:
    if is_base64:
        return base64.b64decode(text, validate=True)
    _, _, charset = content_type.lower().partition("charset=")
    try:
        return text.encode(codecs.lookup(charset.strip(' "') or "utf-8").name)
    except (LookupError, UnicodeEncodeError):
        return text.encode(errors="replace")


def _shown(entry: Entry, started: str) -> dict[str, Any]:
    request, response = entry.request, entry.response
    asked, answered = entry.asked, entry.answered
    kind = request.headers.get("content-type", "")
    posted = {"postData": {"mimeType": kind, **_text(asked, kind, "_encoding")}}
    query = parse_qsl(request.query, keep_blank_values=True)
    return {
        "startedDateTime": started,
        "time": 0,
        "request": {
            "method": request.method,
            "url": url_of(entry),
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": _pairs(request.headers, entry.codings[0]),
            "queryString": [{"name": one, "value": value} for one, value in query],
            **(posted if asked else {}),
            "headersSize": -1,
            "bodySize": len(asked),
        },
        "response": {
            "status": response.status,
            "statusText": phrase_of(response.status),
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": _pairs(response.headers, entry.codings[1]),
            "content": _content(answered, response.headers.get("content-type", "")),
            "redirectURL": response.headers.get("location", ""),
            "headersSize": -1,
            "bodySize": len(answered) if entry.codings[1] is None else -1,
        },
        "cache": {},
        "timings": {"send": 0, "wait": 0, "receive": 0},
        "_petstore": entry.kept.shown,
    }


def _content(body: bytes, kind: str) -> dict[str, Any]:
    shown = _text(body, kind, "encoding") if body else {}
    return {"size": len(body), "mimeType": kind, **shown}


def _text(body: bytes, kind: str, encoding: str) -> dict[str, str]:
    text = text_of(body)
    # A reader takes the text for one in that charset.
    is_other = "charset=" in kind.lower() and "utf-8" not in kind.lower()
    if text is None or is_other:
        return {"text": base64.b64encode(body).decode(), encoding: "base64"}
    return {"text": text}


def _pairs(headers: Mapping[str, str], coding: str | None) -> list[dict[str, str]]:
    shown = {**headers} if coding is None else {**headers, "content-encoding": coding}
    return [{"name": name, "value": value} for name, value in header_lines(shown)]
