"""Record what was recorded once more, which gives it the form of a new recording."""

import re
from typing import Final

from petstore.contract.http import Match, Request
from petstore.contract.media import JSON
from petstore.contract.replies import Response
from petstore.mock.cassette import Cassette
from petstore.mock.exchange import Exchange, Header, RecordedRequest, RecordedResponse
from petstore.mock.recording import Recorder, lower_names
from petstore.mock.redaction import Redactor
from petstore.mock.tape import wire_body, wire_request

_USER: Final = re.compile(r"(?<=://)[^/?#]*@")


class Unredacted(Redactor):
    """Leave everything as it is."""

    def redacted(
        self, request: Request, response: Response, match: Match | None
    ) -> tuple[Request, Response]:
        """Return both as they are."""
        return request, response

    def chunk(self, chunk: bytes) -> bytes:
        """Return it as it is."""
        return chunk


def rerecorded(recorder: Recorder, source: Cassette, exchange: Exchange) -> Exchange:
    """
    Return an exchange as a recorder keeps it; its id, match and note stay.

    Args:
        source: Has its large bodies.

    Raises:
        ConfigError: A body cannot be read.
    """
    request, response = exchange.request, exchange.response
    asked = request.model_copy(update={"headers": _typed(request)})
    answered = response.model_copy(update={"headers": _typed(response)})
    anew = recorder.exchange(
        wire_request(source, asked), plain_response(source, answered), id=exchange.id
    )
    changes = {
        "request": anew.request.model_copy(update=_kept(request, anew.request)),
        "response": anew.response.model_copy(update=_kept(response, anew.response)),
    }
    return exchange.model_copy(update=changes)


def plain_header(header: Header, redactor: Redactor) -> Header:
    """Return what is said of a recording without secrets, nor a user in its URL."""
    shown = {
        name: redactor.words(value) for name, value in header if isinstance(value, str)
    }
    if header.upstream is not None:
        shown["upstream"] = redactor.words(_USER.sub("", header.upstream))
    return header.model_copy(update=shown)


def plain_note(exchange: Exchange, redactor: Redactor) -> Exchange:
    """Return an exchange whose note has no secret."""
    if exchange.note is None:
        return exchange
    return exchange.model_copy(update={"note": redactor.words(exchange.note)})


def plain_response(cassette: Cassette, response: RecordedResponse) -> Response:
    """
    Return a recorded answer without its coding.

    Raises:
        ConfigError: Its body cannot be read.
    """
    headers = lower_names(response.headers)
    body, kind = wire_body(cassette, response, headers.get("content-type", ""))
    if kind:
        headers["content-type"] = kind
    return Response(response.status, headers, body)


def _typed(content: RecordedRequest | RecordedResponse) -> dict[str, str]:
    """Return headers that name JSON as such, so that it is read as such again."""
    headers = lower_names(content.headers)
    if content.kind == "json" and not headers.get("content-type"):
        headers["content-type"] = JSON
    return headers


def _kept(
    old: RecordedRequest | RecordedResponse, anew: RecordedRequest | RecordedResponse
) -> dict[str, object]:
    """Return what the wire does not carry: coding, times, JSON that nobody calls so."""
    kept: dict[str, object] = {}
    if isinstance(old, RecordedResponse) and old.offsets_ms is not None:
        # Its pieces are recorded one by one.
        kept["offsets_ms"] = old.offsets_ms
    if old.encoding is not None:
        kept["encoding"] = old.encoding
    if old.kind == "json" and not lower_names(old.headers).get("content-type"):
        headers = dict(anew.headers)
        headers.pop("content-type", None)
        kept["headers"] = headers
    return kept
