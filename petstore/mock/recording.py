"""Make an exchange of a request and its answer, as a cassette keeps it."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from petstore.contract.call import ByteStream
from petstore.contract.http import Request
from petstore.contract.replies import Response
from petstore.mock.cassette import Cassette
from petstore.mock.exchange import (
    Exchange,
    RecordedRequest,
    RecordedResponse,
    values_of,
)
from petstore.mock.facts import COUNTED_HEADERS, match_of
from petstore.mock.payload import Wire, decoded, read_chunks, read_wire
from petstore.mock.redaction import Redactor

# They differ each time, or are about the connection, or are of whoever replays.
VOLATILE_HEADERS: Final = frozenset(
    {
        "access-control-allow-credentials",
        "access-control-allow-headers",
        "access-control-allow-methods",
        "access-control-allow-origin",
        "access-control-expose-headers",
        "age",
        "alt-svc",
        "cf-ray",
        "connection",
        "content-encoding",
        "content-length",
        "date",
        "expect-ct",
        "keep-alive",
        "nel",
        "report-to",
        "server",
        "server-timing",
        "strict-transport-security",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
        "x-powered-by",
        "x-request-id",
        "x-runtime",
    }
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
        plain_response, response_coding = _decoded_response(response)
        asked, answered = self._redactor.redacted(plain_request, plain_response, match)
        operation_id = None if match is None else match.route.operation.id
        return Exchange(
            id=id or self._next_id(_stem(asked, operation_id)),
            request=self._recorded_request(asked, request_coding),
            response=self._recorded_response(answered, response_coding),
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
        fields: dict[str, list[str]] = {}
        for name, value in parse_qsl(request.query, keep_blank_values=True):
            fields.setdefault(name, []).append(value)
        if "parts" in content:
            headers["content-type"] = kind.partition(";")[0].strip()
        return RecordedRequest.model_validate(
            {
                "method": request.method,
                "path": request.path,
                "query": values_of(fields),
                "headers": headers,
                **_coded(coding),
                **content,
            }
        )

    def _recorded_response(
        self, response: Response, coding: str | None
    ) -> RecordedResponse:
        headers = {
            name: value
            for name, value in sorted(response.headers.items())
            if name not in VOLATILE_HEADERS
        }
        foreign = response.headers.get("content-encoding", "identity")
        if coding is None and foreign != "identity" and response.body:
            # What nobody here can take off stays on.
            headers["content-encoding"] = foreign
        kind = headers.get("content-type", "")
        body = response.body
        if isinstance(body, ByteStream):
            chunks: Any = body.chunks
            content = read_chunks([self._redactor.chunk(chunk) for chunk in chunks])
        else:
            content = read_wire(Wire(body, kind), self._cassette.keep)
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


def lower_names(headers: Mapping[str, str]) -> dict[str, str]:
    """Return headers with their names in lower case, as they are compared."""
    return {name.lower(): value for name, value in headers.items()}


def _decoded_request(request: Request) -> tuple[Request, str | None]:
    assert isinstance(request.body, bytes)
    headers = lower_names(request.headers)
    body, coding = decoded(request.body, headers.get("content-encoding", ""))
    plain = Request(request.method, request.path, request.query, headers, body)
    return plain, coding


def _decoded_response(response: Response) -> tuple[Response, str | None]:
    headers = lower_names(response.headers)
    if isinstance(response.body, ByteStream):
        return Response(response.status, headers, response.body), None
    body, coding = decoded(response.body, headers.get("content-encoding", ""))
    return Response(response.status, headers, body), coding


def _coded(coding: str | None) -> dict[str, str]:
    return {} if coding is None else {"encoding": coding}


def _stem(request: Request, operation_id: str | None) -> str:
    if operation_id is not None:
        return operation_id
    path = unquote(request.path)
    words = "".join(one if one.isalnum() and one.isascii() else "-" for one in path)
    return f"{request.method.lower()}{words.rstrip('-')[:60]}"
