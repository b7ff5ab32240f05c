"""Make an exchange of a request and its answer, as a cassette keeps it."""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote

from petstore.contract.call import ByteStream
from petstore.contract.errors import FieldProblem, Malformed
from petstore.contract.http import Request
from petstore.contract.lines import SET_COOKIE
from petstore.contract.replies import Response
from petstore.mock.cadence import Paced
from petstore.mock.cassette import Cassette
from petstore.mock.exchange import (
    Exchange,
    RecordedRequest,
    RecordedResponse,
    values_of,
)
from petstore.mock.facts import COUNTED_HEADERS, match_of
from petstore.mock.fields import fields_of
from petstore.mock.hops import HOP_HEADERS, told_length
from petstore.mock.payload import Wire, decoded, read_chunks, read_wire
from petstore.mock.redaction import Redactor

# They differ each time, or are about the connection, or are of whoever replays.
_VOLATILE_HEADERS: Final = HOP_HEADERS.union(
    {
        "access-control-allow-credentials",
        "access-control-allow-headers",
        "access-control-allow-methods",
        "access-control-allow-origin",
        "access-control-expose-headers",
        "age",
        "alt-svc",
        "cf-ray",
        "content-encoding",
        "date",
        "expect-ct",
        "nel",
        "report-to",
        "server",
        "server-timing",
        "strict-transport-security",
        "via",
        "x-powered-by",
        "x-request-id",
        "x-runtime",
    }
)
# A moment that differs each time; one in the last century says that a cookie is over.
_EXPIRES: Final = re.compile(r";\s*expires=(?![^;\n]*19\d\d)[^;\n]*", re.IGNORECASE)
# Clients check these against the bytes of a body.
_OF_BYTES: Final = re.compile(
    r"etag|digest|(?:content|repr)-digest|content-md5|(?:x-.+-)?signature(?:-\w+)?"
)
# What any client accepts tells nothing.
_ANYTHING: Final = ("*/*", "")


class Recorder:
    """
    Add exchanges to a cassette, without secrets.

    Args:
        cassette: Grows; its header says which further request headers are kept.
        redactor: Knows the secrets of the recording so far.
    """

    def __init__(self, cassette: Cassette, redactor: Redactor) -> None:
        self._cassette = cassette
        self._redactor = redactor
        self._taken = {one.id for one in cassette.exchanges}
        self._numbers: dict[str, int] = {}
        for one in cassette.exchanges:
            redactor.count_on(one.model_dump_json())

    def exchange(
        self, request: Request, response: Response, *, id: str | None = None
    ) -> Exchange:
        """
        Return what is to be kept of a request and its answer.

        Args:
            request: With its whole body.
            response: With its whole body; a ByteStream holds the pieces of events.
            id: Of an exchange that is recorded anew; None gives it one.

        Raises:
            Malformed: A body is not in the coding that it says.
        """
        match = match_of(request)
        plain_request, request_coding = _decoded_request(request)
        plain_response, response_coding = decoded_response(response)
        asked, answered = self._redactor.redacted(plain_request, plain_response, match)
        operation_id = None if match is None else match.route.operation.id
        return Exchange(
            id=id or self._next_id(_stem(asked, operation_id)),
            request=self._recorded_request(asked, request_coding),
            response=self._recorded_response(
                asked.method,
                answered,
                response_coding,
                to_the_byte=any(map(_of_bytes, plain_response.headers.items())),
            ),
        )

    def _next_id(self, stem: str) -> str:
        """Return `stem-1`, or what is free behind it, and note it as taken."""
        number = self._numbers.get(stem, 0) + 1
        while f"{stem}-{number}" in self._taken:
            number += 1
        self._numbers[stem] = number
        self._taken.add(f"{stem}-{number}")
        return f"{stem}-{number}"

    def _recorded_request(
        self, request: Request, coding: str | None
    ) -> RecordedRequest:
        body = request.body
        assert isinstance(body, bytes)
        kind = request.headers.get("content-type", "")
        content = read_wire(Wire(body, kind), self._cassette.keep)
        named = (name.lower() for name in self._cassette.header.headers)
        kept = {*COUNTED_HEADERS, *named}
        headers = {
            name: value
            for name, value in sorted(request.headers.items())
            if name in kept
        }
        if headers.get("accept", "") in _ANYTHING:
            headers.pop("accept", None)
        if "parts" in content:
            headers["content-type"] = kind.partition(";")[0].strip()
        return RecordedRequest.model_validate(
            {
                "method": request.method,
                "path": request.path,
                "query": values_of(fields_of(request.query)),
                "headers": headers,
                **_coded(coding),
                **content,
            }
        )

    def _recorded_response(
        self, method: str, response: Response, coding: str | None, *, to_the_byte: bool
    ) -> RecordedResponse:
        headers = {
            name: value
            for name, value in sorted(response.headers.items())
            if name not in _VOLATILE_HEADERS
        }
        if SET_COOKIE in headers:
            headers[SET_COOKIE] = _EXPIRES.sub("", headers[SET_COOKIE])
        length = {} if response.body else told_length(method, response.headers)
        foreign = response.headers.get("content-encoding", "identity")
        if coding is None and foreign != "identity" and (response.body or length):
            # What nobody here can take off stays on.
            headers["content-encoding"] = foreign
        headers |= length
        kind = headers.get("content-type", "")
        body = response.body
        if isinstance(body, ByteStream):
            content = read_chunks([self._redactor.chunk(piece) for piece in body])
            if isinstance(body, Paced) and content.get("chunks"):
                content["offsets_ms"] = body.offsets_ms
        else:
            wire, keep = Wire(body, kind), self._cassette.keep
            content = read_wire(wire, keep, to_the_byte=to_the_byte)
        if "parts" in content:
            headers["content-type"] = kind.partition(";")[0].strip()
        return RecordedResponse.model_validate(
            {
                "status": response.status,
                "headers": headers,
                **_coded(coding),
                **content,
            }
        )


def _of_bytes(header: tuple[str, str]) -> bool:
    """Tell whether a header depends on the bytes of a body."""
    name, value = header
    # RFC 9110 §8.8.1: a weak tag is of the meaning alone.
    return _OF_BYTES.fullmatch(name) is not None and not value.startswith("W/")


def lower_names(headers: Mapping[str, str]) -> dict[str, str]:
    """Return headers with their names in lower case, as they are compared."""
    return {name.lower(): value for name, value in headers.items()}


def _decoded_request(request: Request) -> tuple[Request, str | None]:
    assert isinstance(request.body, bytes)
    headers = lower_names(request.headers)
    body, coding = _decoded("request", request.body, headers)
    plain = Request(request.method, request.path, request.query, headers, body)
    return plain, coding


def decoded_response(response: Response) -> tuple[Response, str | None]:
    """
    Return an answer without its coding, and that; header names in lower case.

    Raises:
        Malformed: Its body is not in the coding that it says.
    """
    headers = lower_names(response.headers)
    if isinstance(response.body, ByteStream):
        return Response(response.status, headers, response.body), None
    body, coding = _decoded("response", response.body, headers)
    return Response(response.status, headers, body), coding


def _decoded(
    half: str, body: bytes, headers: Mapping[str, str]
) -> tuple[bytes, str | None]:
    try:
        return decoded(body, headers.get("content-encoding", ""))
    except Malformed as error:
        problem = FieldProblem(half, error.message, "coding")
        raise Malformed(f"{half}: {error.message}", fields=(problem,)) from error


def _coded(coding: str | None) -> dict[str, str]:
    return {} if coding is None else {"encoding": coding}


def _stem(request: Request, operation_id: str | None) -> str:
    if operation_id is not None:
        return operation_id
    path = unquote(request.path)
    words = "".join(one if one.isalnum() and one.isascii() else "-" for one in path)
    return f"{request.method.lower()}{words.rstrip('-')[:60]}"
