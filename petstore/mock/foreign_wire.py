"""Read and write what other formats have in common: URLs, bodies, files."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

from petstore.contract.errors import ConfigError, Malformed
from petstore.contract.http import Request
from petstore.contract.lines import SET_COOKIE
from petstore.contract.media import MULTIPART
from petstore.mock.cassette import read_file
from petstore.mock.exchange import Content
from petstore.mock.payload import Wire, decoded, encoded, known_coding, write_wire
from petstore.mock.urls import parts_of

# What a path may hold as it is; RFC 3986 §3.3.
PATH_SAFE: Final = "/%:@!$&'()*+,;=~"
_FILE_BYTES_MAX: Final = 256 * 1024 * 1024


def origin_of(url: str) -> str:
    """Return scheme, host and port of a URL, without credentials; "" for none."""
    parts = parts_of(url)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        return ""
    port = "" if parts.port is None else f":{parts.port}"
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{port}"


def request_of(
    method: str, url: str, headers: Mapping[str, str], body: bytes
) -> Request:
    """Return a request to a URL."""
    parts = urlsplit(url)
    path = quote(parts.path or "/", safe=PATH_SAFE)
    return Request(method.upper(), path, parts.query, headers, body)


def joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return headers by their names in lower case; what comes again is joined."""
    headers: dict[str, str] = {}
    for name, value in pairs:
        name = name.lower()
        sign = "\n" if name == SET_COOKIE else ", "
        # HTTP/2 has method and path among the headers.
        if not name.startswith(":"):
            headers[name] = (
                f"{headers[name]}{sign}{value}" if name in headers else value
            )
    return headers


def uncoded(body: bytes, headers: dict[str, str]) -> tuple[bytes, str | None]:
    """
    Take the coding off a body, and its name out of the headers.

    Some tools keep a body as it travelled, and some write it decoded below the headers
    that it had; a body that is not in its coding is taken as decoded.
    """
    coding = headers.get("content-encoding", "")
    try:
        plain, found = decoded(body, coding)
    except Malformed:
        plain, found = body, known_coding(coding)
    if found is not None:
        del headers["content-encoding"]
    return plain, found


def coded(body: bytes, headers: Mapping[str, str], coding: str | None) -> Any:
    """Return a body in its coding, and the headers that say so."""
    if coding is None:
        return body, dict(headers)
    return encoded(body, coding), {**headers, "content-encoding": coding}


def text_of(body: bytes) -> str | None:
    """Return a body as text; None where it is none in UTF-8."""
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None


def multipart_of(parts: list[dict[str, Any]]) -> Wire:
    """Return a multipart body of parts as a cassette shows them."""

    def fetch(name: str) -> bytes:
        raise ConfigError(f"There is no file {name} beside it.")

    return write_wire(Content.model_validate({"parts": parts}), MULTIPART, fetch)


def read_text(path: Path) -> str:
    """
    Return the text of a file.

    Raises:
        ConfigError: It cannot be read, is too large, or is no text in UTF-8.
    """
    try:
        return read_file(path, _FILE_BYTES_MAX).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is no recording: it is not UTF-8.") from error


def read_json(path: Path) -> Any:
    """
    Return the JSON value of a file.

    Raises:
        ConfigError: It is no JSON; says in which line.
    """
    try:
        return json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise ConfigError(f"{path}:{error.lineno}: {error.msg}.") from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path} is no JSON that can be read.") from error


def show_json(value: Any) -> str:
    """Return a JSON value as people read it."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
