"""Build recordings of requests and answers of every kind."""

from typing import Any
from urllib.parse import urlencode

import httpx

from petstore.contract.call import ByteStream
from petstore.contract.http import Request
from petstore.contract.media import EVENTS, FORM, MULTIPART
from petstore.contract.replies import Response
from petstore.mock.cassette import Cassette
from petstore.mock.exchange import Exchange, Header
from petstore.mock.payload import encoded
from petstore.mock.recording import Recorder
from petstore.mock.redaction import Redactor
from petstore.mock.tape import wire_request

UPSTREAM = "https://petstore3.swagger.io:8443"
PICTURE = b"\x89PNG" + bytes(range(256))
# A body with its media type; "" where there is none.
Wired = tuple[str, bytes]
NO_BODY: Wired = ("", b"")


def a_json(text: str) -> Wired:
    """A body of JSON."""
    return "application/json", text.encode()


def a_form(fields: dict[str, list[str]]) -> Wired:
    """A body of an HTML form."""
    pairs = [(name, value) for name, many in fields.items() for value in many]
    return FORM, urlencode(pairs).encode()


def a_multipart(parts: list[tuple[str, str | None, str | None, bytes]]) -> Wired:
    """A body of name, file name, type and content of each part."""
    pieces = []
    for name, filename, kind, body in parts:
        file = "" if filename is None else f'; filename="{filename}"'
        typed = "" if kind is None else f"\r\ncontent-type: {kind}"
        head = f'--xyz\r\ncontent-disposition: form-data; name="{name}"{file}{typed}'
        pieces.append(head.encode() + b"\r\n\r\n" + body + b"\r\n")
    return f"{MULTIPART}; boundary=xyz", b"".join(pieces) + b"--xyz--\r\n"


def a_request(
    method: str = "GET",
    path: str = "/v2/pet/7",
    query: list[tuple[str, str]] | None = None,
    body: Wired = NO_BODY,
) -> Request:
    """A request that accepts JSON; equal names of a query stand together."""
    kind, content = body
    headers = {"accept": "application/json"}
    if kind:
        headers["content-type"] = kind
    return Request(method, path, urlencode(sorted(query or [])), headers, content)


def an_answer(
    status: int = 200, body: Wired | list[str] = NO_BODY, coding: str | None = None
) -> Response:
    """An answer; a list is a stream of events."""
    if isinstance(body, list):
        chunks = [one.encode() for one in body]
        return Response(status, {"content-type": EVENTS}, ByteStream(chunks, EVENTS))
    kind, content = body
    headers = {"x-rate-limit": "5000"}
    if kind:
        headers["content-type"] = kind
    if coding is not None and content:
        headers["content-encoding"] = coding
        content = encoded(content, coding)
    return Response(status, headers, content)


def recorded(pairs: list[tuple[Request, Response]], **header: Any) -> Cassette:
    """A recording of these requests and answers."""
    cassette = Cassette(Header(**{"upstream": UPSTREAM, **header}))
    recorder = Recorder(cassette, Redactor())
    for request, response in pairs:
        cassette.exchanges.append(recorder.exchange(request, response))
    return cassette


def a_story() -> list[tuple[Request, Response]]:
    """One request and answer of each kind; two equal requests have two answers."""
    cat = a_json('{"id":7,"name":"Mimi","photoUrls":[],"price":1.5}')
    upload = a_multipart(
        [
            ("additionalMetadata", None, None, b"asleep"),
            ("file", "cat.png", "image/png", PICTURE),
        ]
    )
    tags = [("tags", "a b"), ("tags", "\u00e9&c")]
    form = a_form({"name": ["M & M"], "x": ["1", "2"]})
    pet_xml = ("application/xml", b"<Pet><id>7</id></Pet>")
    event = "id: 1\ndata: {}\n\n"
    return [
        (a_request("POST", "/v2/pet", body=cat), an_answer(200, cat)),
        (a_request(), an_answer(200, a_json('{"id":7,"name":"Mimi"}'))),
        (a_request("GET", "/v2/pet/findByTags", tags), an_answer(200, a_json("[]"))),
        (
            a_request("GET", "/v2/pet/findByTags", tags[:1]),
            an_answer(200, a_json("[1,2]"), "gzip"),
        ),
        (
            a_request("POST", "/v2/pet/7", body=form),
            an_answer(405, a_json('{"code":405}')),
        ),
        (a_request("POST", "/v2/pet/7/uploadImage", body=upload), an_answer(200, cat)),
        (
            a_request("POST", "/other/raw", body=("application/octet-stream", PICTURE)),
            an_answer(201, ("image/png", PICTURE)),
        ),
        (
            a_request("PUT", "/v2/pet", body=pet_xml),
            an_answer(500, ("application/xml", b"<e>no</e>\n")),
        ),
        (a_request("GET", "/events"), an_answer(200, [event, event])),
        (a_request("GET", "/other/a%20b"), an_answer(503, ("text/plain", b"\xc3\xa4"))),
        (a_request("GET", "/other", [("p", "1"), ("q", "2")]), an_answer(202)),
        (a_request("GET", "/other", [("p", "1")]), an_answer(203)),
        (a_request("DELETE", "/v2/pet/7"), an_answer(204)),
        (a_request(), an_answer(404, a_json('{"message":"Pet not found"}'))),
    ]


def ask(client: httpx.Client, cassette: Cassette, exchange: Exchange) -> httpx.Response:
    """Send a recorded request."""
    asked = wire_request(cassette, exchange.request)
    assert isinstance(asked.body, bytes)
    url = f"{asked.path}?{asked.query}" if asked.query else asked.path
    headers = dict(asked.headers)
    return client.request(asked.method, url, content=asked.body, headers=headers)
