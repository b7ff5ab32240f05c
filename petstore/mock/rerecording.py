"""Record what was recorded once more, which gives it the form of a new recording."""

from petstore.contract.call import ByteStream
from petstore.contract.http import Match, Request
from petstore.contract.media import JSON
from petstore.contract.replies import Response
from petstore.mock.cassette import Cassette
from petstore.mock.exchange import Exchange, RecordedRequest, RecordedResponse
from petstore.mock.payload import write_wire
from petstore.mock.recording import Recorder, lower_names
from petstore.mock.redaction import Redactor
from petstore.mock.tape import wire_request


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


def plain_response(cassette: Cassette, response: RecordedResponse) -> Response:
    """
    Return a recorded answer without its coding.

    Raises:
        ConfigError: Its body cannot be read.
    """
    headers = lower_names(response.headers)
    if response.chunks is not None:
        chunks = [chunk.encode() for chunk in response.chunks]
        kind = headers.get("content-type", "")
        return Response(response.status, headers, ByteStream(chunks, kind))
    body, kind = write_wire(response, headers.get("content-type", ""), cassette.fetch)
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
    """Return what the wire does not carry: coding, and JSON that nobody calls so."""
    kept: dict[str, object] = {}
    if old.encoding is not None:
        kept["encoding"] = old.encoding
    if old.kind == "json" and not lower_names(old.headers).get("content-type"):
        headers = dict(anew.headers)
        headers.pop("content-type", None)
        kept["headers"] = headers
    return kept
