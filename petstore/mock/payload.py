"""
Turn the bytes of a body into what a cassette shows of it, and back.

    json     JSON that is written anew without loss, but for white space and escapes,
             which are kept (as text) where a header of the answer depends on them;
             it is nested no more than 64 deep
    form     the fields of an HTML form
    parts    the parts of a multipart form, without their boundary
    chunks   a stream of events, piece by piece
    text     any other text in UTF-8, to the letter
    base64   all else
    file     text or bytes that are too large to be read beside the rest

Bodies are kept decoded. gzip and deflate are put on again where a client takes them.

Source: RFC 9110 §8.4.1 (codings), RFC 7578 (multipart/form-data).
"""

import base64
import gzip
import json
import re
import zlib
from collections.abc import Callable
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl, urlencode

from petstore.contract.errors import Malformed, PetstoreError
from petstore.contract.media import EVENTS, FORM, MULTIPART, is_json, media_type
from petstore.contract.multipart import (
    MultipartReader,
    PartData,
    PartStart,
    boundary_of,
    quoted,
)
from petstore.mock.exchange import CODINGS, Content, FormPart, values_of
from petstore.mock.fields import grouped, pairs_of

BOUNDARY: Final = "petstore-mock-5f0c8f1d9be64c1a"
# Of what a mock holds whole: a request, an answer, either without its coding.
BODY_BYTES_MAX: Final = 64 * 1024 * 1024
TEXT_CHARACTERS_MAX: Final = 16 * 1024
JSON_BYTES_MAX: Final = 64 * 1024
BYTES_MAX: Final = 1024
# Far below what a reader of YAML, of JSON and whoever walks through it can take.
JSON_DEPTH_MAX: Final = 64
_SPACE: Final = re.compile(r'("(?:[^"\\]|\\.)*")|\s+')
_UNREADABLE: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
# Puts large bodies elsewhere: takes bytes and an extension, returns a file's name.
Keep = Callable[[bytes, str], str]
Fetch = Callable[[str], bytes]


class Wire(NamedTuple):
    """Hold a body as it travels, without its coding; type "" where there is no body."""

    body: bytes
    content_type: str

    @property
    def kind(self) -> str:
        """The media type, without parameters."""
        return media_type({"content-type": self.content_type})


def read_wire(
    wire: Wire, keep: Keep | None = None, *, to_the_byte: bool = False
) -> dict[str, Any]:
    """
    Return the field of a cassette that holds a body; {} for no body.

    Args:
        keep: Takes what is too large; None keeps everything in the cassette.
        to_the_byte: Whether JSON that has white space is text, which keeps it.
    """
    body = wire.body
    if not body:
        return {}
    kind = wire.kind
    is_small = keep is None or len(body) <= JSON_BYTES_MAX
    if is_small and is_json(kind):
        found = exact_json(body)
        if found is not None and (not to_the_byte or compact_json(found[0]) == body):
            return {"json": found[0]}
    if kind == FORM:
        fields = _exact_form(body)
        if fields is not None:
            return {"form": values_of(fields)}
    if kind == MULTIPART:
        parts = _exact_parts(wire, keep)
        if parts is not None:
            return {"parts": parts}
    return _plain(body, kind, keep)


def read_chunks(chunks: list[bytes]) -> dict[str, Any]:
    """Return the field of a cassette that holds a stream of events."""
    try:
        return {"chunks": [chunk.decode() for chunk in chunks]}
    except UnicodeDecodeError:
        # A piece may end within a letter; the whole may still be text.
        return _plain(b"".join(chunks), EVENTS, None)


def write_wire(content: Content, content_type: str, fetch: Fetch) -> Wire:
    """
    Return a body as it travels.

    Args:
        content_type: What the recorded headers say; a form says its own.
        fetch: Reads a file beside the cassette.

    Raises:
        ConfigError: A file is missing.
    """
    kind = content.kind
    if kind is None:
        return Wire(b"", content_type)
    if kind == "form":
        pairs = pairs_of(content.form or {})
        return Wire(urlencode(pairs).encode(), content_type or FORM)
    if kind == "parts":
        return _framed(content.parts or [], content_type, fetch)
    if kind == "json":
        return Wire(compact_json(content.json_value), content_type)
    if kind == "chunks":
        return Wire("".join(content.chunks or []).encode(), content_type)
    return Wire(_bytes_of(content, fetch), content_type)


def compact_json(value: Any) -> bytes:
    """Write a JSON value without white space."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def exact_json(body: bytes) -> tuple[Any] | None:
    """
    Return the JSON value of a body; None where writing it anew would change it, or
    where it is nested too deep to be walked through.
    """
    try:
        text = body.decode()
        value = json.loads(text)
        if _is_deep(text, value):
            return None
        plain = compact_json(value).decode()
    except (ValueError, RecursionError):
        return None
    tight = _SPACE.sub(r"\1", text)
    if tight in (plain, json.dumps(value, separators=(",", ":"))):
        return (value,)
    return None


def _is_deep(text: str, value: Any) -> bool:
    if text.count("[") + text.count("{") <= JSON_DEPTH_MAX:
        return False
    level = [value]
    for _ in range(JSON_DEPTH_MAX):
        level = [
            inner
            for one in level
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
    return any(isinstance(one, dict | list) for one in level)


def decoded(body: bytes, coding: str) -> tuple[bytes, str | None]:
    """
    Take the coding off a body.

    Returns:
        The body, and the coding that replay puts on again; None for an unknown one,
        which stays on.

    Raises:
        Malformed: The body is not in that coding, or is too large without it.
    """
    known = known_coding(coding)
    if not body or known is None:
        return body, None
    bits = _deflate_bits(body) if known == "deflate" else 16 + zlib.MAX_WBITS
    try:
        return _inflated(body, bits), known
    except zlib.error as error:
        raise Malformed(f"A body that says it is in {known} is not.") from error


def known_coding(text: str) -> str | None:
    """
    Return the coding that a header names; None for one that stays on.

    Source: RFC 9110 §8.4.1.3 (x-gzip).
    """
    coding = text.strip().lower()
    coding = "gzip" if coding == "x-gzip" else coding
    return coding if coding in CODINGS else None


def encoded(body: bytes, coding: str) -> bytes:
    """Put a coding on a body; the same bytes for the same body."""
    if coding == "gzip":
        return gzip.compress(body, mtime=0)
    return zlib.compress(body)


def _deflate_bits(body: bytes) -> int:
    # RFC 9110 §8.4.1.2: many send the bare data without the zlib frame.
    has_frame = len(body) > 1 and (body[0] * 256 + body[1]) % 31 == 0
    return zlib.MAX_WBITS if has_frame and body[0] & 15 == 8 else -zlib.MAX_WBITS


def _inflated(body: bytes, bits: int) -> bytes:
    reader = zlib.decompressobj(bits)
    plain = reader.decompress(body, BODY_BYTES_MAX)
    if reader.unconsumed_tail:
        raise Malformed(f"A body has more than {BODY_BYTES_MAX:,} bytes decoded.")
    if not reader.eof:
        raise zlib.error("cut off")
    return plain


def _exact_form(body: bytes) -> dict[str, list[str]] | None:
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict")
    except ValueError:
        return None
    fields = grouped(pairs)
    # Fields that take turns would come back in another order.
    return fields if pairs and pairs_of(fields) == pairs else None


def _exact_parts(wire: Wire, keep: Keep | None) -> list[dict[str, Any]] | None:
    try:
        reader = MultipartReader(boundary_of(wire.content_type))
        events = reader.feed(wire.body)
        reader.close()
    except PetstoreError:
        return None
    parts: list[tuple[PartStart, list[bytes]]] = []
    for event in events:
        if isinstance(event, PartStart):
            parts.append((event, []))
        elif isinstance(event, PartData):
            parts[-1][1].append(event.content)
    return [_part(start, b"".join(pieces), keep) for start, pieces in parts]


def _part(start: PartStart, body: bytes, keep: Keep | None) -> dict[str, Any]:
    shown: dict[str, Any] = {"name": start.name}
    if start.filename is not None:
        shown["filename"] = start.filename
    if start.content_type is not None:
        shown["type"] = start.content_type
    return {**shown, **(_plain(body, start.content_type or "", keep) or {"text": ""})}


def _plain(body: bytes, kind: str, keep: Keep | None) -> dict[str, Any]:
    if not body:
        return {}
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = None
    if text is None or _UNREADABLE.search(text):
        if keep is not None and len(body) > BYTES_MAX:
            return {"file": keep(body, _extension(kind))}
        return {"base64": base64.b64encode(body).decode()}
    if keep is not None and len(text) > TEXT_CHARACTERS_MAX:
        return {"file": keep(body, _extension(kind or "text/plain"))}
    return {"text": text}


def _extension(kind: str) -> str:
    subtype = kind.rpartition("/")[2].rpartition("+")[2]
    known = {"plain": "txt", "jpeg": "jpg", "octet-stream": "bin", "": "bin"}
    return known.get(subtype, re.sub("[^a-z0-9]", "", subtype)[:8] or "bin")


def _framed(parts: list[FormPart], content_type: str, fetch: Fetch) -> Wire:
    pieces = []
    for part in parts:
        lines = [f"content-disposition: form-data; name={quoted(part.name)}"]
        if part.filename is not None:
            lines[0] += f"; filename={quoted(part.filename)}"
        if part.type is not None:
            lines.append(f"content-type: {part.type}")
        head = "\r\n".join([f"--{BOUNDARY}", *lines, "", ""])
        pieces += [head.encode(), _bytes_of(part, fetch), b"\r\n"]
    pieces.append(f"--{BOUNDARY}--\r\n".encode())
    kind = media_type({"content-type": content_type}) or MULTIPART
    return Wire(b"".join(pieces), f"{kind}; boundary={BOUNDARY}")


def _bytes_of(content: Content | FormPart, fetch: Fetch) -> bytes:
    if content.text is not None:
        return content.text.encode()
    if content.base64 is not None:
        return base64.b64decode(content.base64)
    return b"" if content.file is None else fetch(content.file)
