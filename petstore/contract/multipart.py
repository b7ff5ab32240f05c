"""
Read and write multipart/form-data without doing any I/O.

The reader is fed chunks as they arrive and answers events; it holds back at most one
delimiter's length of a body and one part's headers, however large the upload is:

    preamble ─delimiter─▶ headers ─empty line─▶ body ─delimiter─▶ headers …
                                                 └──close delimiter──▶ epilogue

Delimiters are CRLF "--" boundary; preamble and epilogue are dropped.

Source: RFC 7578 (multipart/form-data), RFC 2046 §5.1.1 (delimiters), and the HTML
standard's "multipart/form-data encoding algorithm" for quoting names.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, TypeAlias
from urllib.parse import unquote

from petstore.contract.errors import FieldProblem, Invalid, Malformed, TooLarge

PART_COUNT_MAX: Final = 16
PART_HEADER_BYTES_MAX: Final = 8 * 1024

_BOUNDARY: Final = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")
_PARAMETER: Final = re.compile(
    r";\s*([!#$%&'*+.^_`|~\w-]+)\s*=\s*(\"(?:[^\"\\]|\\.)*\"|[^;\s\"]*)", re.ASCII
)
_FOLD: Final = re.compile(rb"\r\n[ \t]+")
_HEADER_VALUE: Final = re.compile(r"[\t\x20-\x7e]*")
_ESCAPED: Final = re.compile(r"\\([\"\\])")
# The first three as the HTML standard has it; a backslash it leaves alone, but one at
# the end would hide the closing quote from readers that follow RFC 9110 §5.6.4.
_QUOTING: Final = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A", "\\": r"\\"})
_QUOTED: Final = re.compile("%(?:22|0D|0A)", re.IGNORECASE)


class PartStart(NamedTuple):
    """
    Say that a part begins.

    Args:
        filename: As the client wrote it, so never to be used as a path; None when
            the part is no file.
        content_type: As the client claims; None when it claims nothing.
    """

    name: str
    filename: str | None = None
    content_type: str | None = None


class PartData(NamedTuple):
    """Carry the next bytes of the part that began last; never empty."""

    content: bytes


@dataclass(frozen=True, slots=True)
class PartEnd:
    """Say that the part is whole."""


Event: TypeAlias = PartStart | PartData | PartEnd


class FilePart(NamedTuple):
    """Describe the file of a form that is to be sent."""

    name: str
    filename: str
    content_type: str


class MultipartReader:
    """
    Read one multipart body that arrives in chunks.

    Args:
        boundary: From `boundary_of`.
    """

    def __init__(self, boundary: str) -> None:
        self._delimiter = b"\r\n--" + boundary.encode()
        # The first delimiter has no line before it; this makes it like the others.
        self._buffer = b"\r\n"
        self._state: Literal["preamble", "delimiter", "headers", "body", "epilogue"]
        self._state = "preamble"
        self._part_count = 0

    def feed(self, chunk: bytes) -> list[Event]:
        """
        Take the next bytes and return what they complete.

        Raises:
            Malformed: The bytes break the format.
            TooLarge: Too many parts, or headers that are too long.
        """
        self._buffer += chunk
        events: list[Event] = []
        while self._advance(events):
            pass
        return events

    def close(self) -> None:
        """
        Say that no more bytes come.

        Raises:
            Malformed: The closing delimiter is missing.
        """
        if self._state != "epilogue":
            raise Malformed(
                f"The multipart body ends within its {self._state}; "
                "a closing boundary would be right."
            )

    def _advance(self, events: list[Event]) -> bool:
        """Consume one piece of the buffer; return False when it needs more bytes."""
        if self._state == "headers":
            return self._read_headers(events)
        if self._state == "delimiter":
            return self._read_delimiter_end()
        if self._state == "epilogue":
            self._buffer = b""
            return False
        return self._read_until_delimiter(events)

    def _read_until_delimiter(self, events: list[Event]) -> bool:
        in_body = self._state == "body"
        at = self._buffer.find(self._delimiter)
        # Without a delimiter, the end of the buffer may still be the start of one.
        end = at if at >= 0 else max(0, len(self._buffer) - len(self._delimiter) + 1)
        if in_body and end:
            events.append(PartData(self._buffer[:end]))
        if at < 0:
            self._buffer = self._buffer[end:]
            return False
        if in_body:
            events.append(PartEnd())
        self._buffer = self._buffer[at + len(self._delimiter) :]
        self._state = "delimiter"
        return True

    def _read_delimiter_end(self) -> bool:
        if len(self._buffer) < 2:
            return False
        if self._buffer.startswith(b"--"):
            self._state = "epilogue"
            return True
        line, line_end, _ = self._buffer.partition(b"\r\n")
        # RFC 2046 §5.1.1: white space may follow a boundary, nothing else may.
        if line.strip(b" \t\r"):
            raise Malformed(
                "A line of the multipart body only begins like a boundary; "
                "choose a boundary that no part contains."
            )
        _check_header_size(len(line))
        if not line_end:
            return False
        self._part_count += 1
        if self._part_count > PART_COUNT_MAX:
            raise TooLarge(f"The form may have {PART_COUNT_MAX} parts at most.")
        # The line's end stays, for it is also the empty line of a part without headers.
        self._buffer = self._buffer[len(line) :]
        self._state = "headers"
        return True

    def _read_headers(self, events: list[Event]) -> bool:
        at = self._buffer.find(b"\r\n\r\n")
        _check_header_size(at if at >= 0 else len(self._buffer))
        if at < 0:
            return False
        events.append(_part_start(self._buffer[:at]))
        self._buffer = self._buffer[at + 4 :]
        self._state = "body"
        return True


def boundary_of(content_type: str) -> str:
    """
    Return the boundary that a Content-Type header names.

    Raises:
        Malformed: It names none, or one that RFC 2046 does not allow.
    """
    boundary = _parameters(content_type).get("boundary")
    if boundary is None:
        raise Malformed(
            "The Content-Type of the form has no boundary; "
            "multipart/form-data; boundary=… would be right."
        )
    if not _BOUNDARY.fullmatch(boundary):
        raise Malformed(
            "The boundary of the form must be 1 to 70 letters, digits or any of "
            "'()+_,-./:=?, as RFC 2046 says."
        )
    return boundary


def frame_multipart(
    fields: Mapping[str, str], file: FilePart, boundary: str
) -> tuple[bytes, bytes]:
    """
    Return what comes before and after the content of the file, of any size.

    Args:
        boundary: Random and new for each form, so that no content can contain it.

    Raises:
        Invalid: A name or text is no Unicode, or the media type is no header value.
    """
    if not _BOUNDARY.fullmatch(boundary):
        raise ValueError(f"no boundary of RFC 2046: {boundary!r}")
    delimiter = f"--{boundary}\r\n".encode()
    head = [
        delimiter + _field_headers(name) + b"\r\n" + _encoded(value, name) + b"\r\n"
        for name, value in fields.items()
    ]
    head.append(delimiter + _file_headers(file) + b"\r\n")
    return b"".join(head), f"\r\n--{boundary}--\r\n".encode()


def quoted(text: str) -> str:
    """Return a name as it stands in the header of a part, in its quotes."""
    return f'"{text.translate(_QUOTING)}"'


def _check_header_size(size: int) -> None:
    if size > PART_HEADER_BYTES_MAX:
        raise TooLarge(
            f"The headers of a part may have {PART_HEADER_BYTES_MAX:,} bytes at most."
        )


def _part_start(block: bytes) -> PartStart:
    headers = _headers(block)
    disposition = headers.get("content-disposition", "")
    parameters = _parameters(disposition)
    kind = disposition.partition(";")[0].strip().lower()
    if kind != "form-data" or "name" not in parameters:
        raise Malformed(
            "A part of the form has no name; "
            'Content-Disposition: form-data; name="…" would be right.'
        )
    encoding = headers.get("content-transfer-encoding", "binary").lower()
    if encoding not in ("binary", "8bit", "7bit"):
        # RFC 7578 §4.7: senders should not; storing the encoded text would be wrong.
        raise Malformed(
            f"Content-Transfer-Encoding {encoding} is not supported; "
            "send the bytes as they are."
        )
    return PartStart(
        name=parameters["name"],
        filename=parameters.get("filename"),
        content_type=headers.get("content-type"),
    )


def _headers(block: bytes) -> dict[str, str]:
    headers = {}
    for line in _FOLD.sub(b" ", block).split(b"\r\n")[1:]:
        name, colon, value = line.decode(errors="replace").partition(":")
        if not colon:
            raise Malformed(
                "A part of the form has a header line without a colon; "
                "Name: value would be right."
            )
        headers[name.strip().lower()] = value.strip()
    return headers


def _parameters(header: str) -> dict[str, str]:
    found = {name.lower(): value for name, value in _PARAMETER.findall(header)}
    parameters = {name: _unquoted(value) for name, value in found.items()}
    # RFC 7578 §4.2 forbids `filename*`; some clients send it beside or instead.
    charset, _, encoded = found.get("filename*", "").partition("''")
    if charset.lower() == "utf-8":
        parameters["filename"] = unquote(encoded)
    return parameters


def _unquoted(value: str) -> str:
    if not value.startswith('"'):
        return value
    # Other backslashes are part of a path that an old browser sent.
    plain = _ESCAPED.sub(r"\1", value[1:-1])
    return _QUOTED.sub(lambda match: unquote(match[0]), plain)


def _field_headers(name: str) -> bytes:
    return b"Content-Disposition: form-data; name=" + _quoted(name, name) + b"\r\n"


def _file_headers(file: FilePart) -> bytes:
    if not _HEADER_VALUE.fullmatch(file.content_type):
        raise _invalid(file.name, "its media type must be printable ASCII")
    return (
        _field_headers(file.name).removesuffix(b"\r\n")
        + b"; filename="
        + _quoted(file.filename, file.name)
        + f"\r\nContent-Type: {file.content_type}\r\n".encode()
    )


def _quoted(text: str, field: str) -> bytes:
    return _encoded(quoted(text), field)


def _encoded(text: str, field: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise _invalid(field, "its text must not hold lone surrogates") from error


def _invalid(field: str, message: str) -> Invalid:
    problem = FieldProblem(f"form.{field}", message, "multipart")
    return Invalid(f"The form field {field!a} is wrong: {message}.", fields=(problem,))
