"""Record what the engine answers, without a socket."""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from petstore.contract.call import ByteStream, Call
from petstore.contract.errors import MethodNotAllowed, RemoteError
from petstore.contract.flavours import Contract, Face, face_of
from petstore.contract.http import Request, decode_request, encode_request, resolve
from petstore.contract.refusals import Refused, encode_error
from petstore.contract.replies import Response, encode_reply
from petstore.engine.context import Caller, Credentials
from petstore.engine.engine import Engine
from petstore.engine.opening import Options, open_engine
from petstore.mock.cassette import Cassette
from petstore.mock.exchange import Header
from petstore.mock.recording import Recorder
from petstore.mock.redaction import Redactor
from petstore.mock.yaml_stream import read_stream, write_stream
from tests.kit.faces import can_carry
from tests.kit.pictures import a_picture
from tests.mock.builders import a_json_request, a_request

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
RECORDED = "2030-01-01T12:00:00Z"


def engine_answer(
    engine: Engine, request: Request, contract: Contract = "strict"
) -> Response:
    """Return what a server over the engine would answer."""
    face = face_of(request.path, contract)
    route = None
    try:
        method = "GET" if request.method == "HEAD" else request.method
        match = resolve(face, method, request.path)
        route = match.route
        if request.method == "HEAD" and route.operation.writes:
            raise MethodNotAllowed("It has an effect.")
        call = decode_request(match, request)
        reply = engine.send(call, Caller(face.policy, Credentials()))
        response = encode_reply(face, call, reply, request)
    except RemoteError as error:
        response = encode_error(Refused(face, route, request, request.path, ""), error)
    if isinstance(response.body, ByteStream):
        chunks: Any = response.body.chunks
        kind = response.body.media_type
        whole = chunks if isinstance(chunks, bytes) else b"".join(chunks)
        response = Response(
            response.status, {**response.headers, "content-type": kind}, whole
        )
    if request.method == "HEAD":
        response.body = b""
    return response


def recorded(
    requests: Iterable[Request], ask: Callable[[Request], Response], **header: Any
) -> Cassette:
    """Return a recording of what somebody answers."""
    cassette = Cassette(Header(recorded=RECORDED, **header))
    recorder = Recorder(cassette, Redactor())
    for request in requests:
        cassette.exchanges.append(recorder.exchange(request, ask(request)))
    return cassette


def requests_of(face: Face, calls: Iterable[Call[Any]]) -> list[Request]:
    """Return the requests of those calls that a face has words for."""
    found = []
    for call in calls:
        if can_carry(face, call):
            request = encode_request(face, call)
            body = request.body
            if isinstance(body, ByteStream):
                chunks: Any = body.chunks
                request.body = chunks if isinstance(chunks, bytes) else b"".join(chunks)
            found.append(request)
    return found


def a_good_recording() -> Cassette:
    """Return a recording of all sorts of calls, and of another API."""
    options: Options = {"seed": "empty", "clock": lambda: NOW}
    engine = open_engine("memory:", options)

    def answer(request: Request) -> Response:
        if request.path.startswith("/billing"):
            kind = {"content-type": "application/json"}
            return Response(201, kind, b'{"invoice":1,"token":"t0psecret"}')
        contract: Contract = "public" if request.path.startswith("/v2") else "strict"
        return engine_answer(engine, request, contract)

    try:
        return recorded(_good_requests(), answer, max_age="90d")
    finally:
        engine.close()


def _good_requests() -> list[Request]:
    shipped = '{"petId": 1, "quantity": 2, "shipDate": "2030-01-02T10:00:00Z"}'
    form = "application/x-www-form-urlencoded"
    picture = a_picture()
    return [
        a_json_request(
            "POST /pet", '{"name": "Rex", "photoUrls": [], "status": "available"}'
        ),
        a_json_request(
            "POST /pet",
            '{"id": 70, "name": "Tom", "photoUrls": ["a"], "tags": [{"name": "old"}],'
            ' "status": "sold"}',
        ),
        a_request("GET /pet/1"),
        a_request("GET /pet/findByStatus?status=available&status=sold"),
        a_request("GET /pet"),
        a_request("GET /store/inventory"),
        a_json_request("POST /store/order", shipped),
        a_request("GET /store/order/1"),
        a_request(
            "POST /pet/1", b"name=Max&status=pending", content_type=form, accept="*/*"
        ),
        a_request("GET /pet/1", if_none_match='"2"'),
        a_request("HEAD /pet/1"),
        a_request("GET /pet/1/history"),
        a_json_request("POST /user", '{"username": "ann", "password": "s3cret!"}'),
        a_request("GET /user/login?username=ann&password=s3cret!"),
        a_request("GET /user/ann"),
        a_request(
            "POST /pet/1/uploadImage", picture, content_type="application/octet-stream"
        ),
        a_request("GET /v2/pet/1"),
        a_request("GET /v2/pet/1", accept="application/xml"),
        a_request("GET /api/v3/store/order/1"),
        a_json_request("PATCH /store/order/1", '{"status": "approved"}'),
        a_request("DELETE /pet/70"),
        a_request("GET /pet/70"),
        a_request("GET /pet/findByStatus?status=strange"),
        a_json_request("POST /pet", '{"name": 7, "photoUrls": []}'),
        a_request("GET /v2/pet/findByStatus?status=pending"),
        a_request("GET /store/inventory"),
        a_request("DELETE /v2/store/order/1"),
        a_json_request("POST /billing/invoices", '{"amount": 5}'),
    ]


GONE = object()


def edited(path: Path, exchange: str, field: str, value: object) -> None:
    """
    Edit one field of a cassette's file, as a hand would.

    Args:
        exchange: Its id; "" for the header.
        value: GONE takes the field away.
    """
    documents = [one.value for one in read_stream(path.read_text(), "it")]
    holder = next(one for one in documents if one.get("id", "") == exchange)
    *steps, last = [
        int(step[1:-1]) if step.startswith("[") else step
        for step in re.findall(r"\[\d+\]|[^.\[\]]+", field)
    ]
    for step in steps:
        if isinstance(holder, dict) and step not in holder:
            holder[step] = [] if isinstance(last, int) else {}
        holder = holder[step]
    if value is GONE:
        del holder[last]
    elif isinstance(holder, list) and last == len(holder):
        holder.append(value)
    else:
        holder[last] = value
    path.write_text(write_stream(documents))
