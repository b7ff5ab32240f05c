"""An exchange keeps what tells of it, and nothing that changes each time."""

import gzip

from petstore.contract.call import ByteStream
from petstore.contract.replies import Response
from petstore.mock.cassette import document_of
from petstore.mock.recording import Recorder
from petstore.mock.redaction import Redactor
from tests.mock.builders import a_cassette, a_json_request, a_request


def a_recorder(**header):
    return Recorder(a_cassette(**header), Redactor())


def recorded(request, response, **header):
    return document_of(a_recorder(**header).exchange(request, response))


def test_what_changes_each_time_is_left_out():
    response = Response(
        200,
        {"Date": "now", "Server": "x", "X-Request-Id": "1", "ETag": '"1"',
         "Content-Type": "application/json", "Content-Length": "2"},
        b"{}",
    )  # fmt: skip
    request = a_request("GET /pet/7?b=1&a=2&b=3", Host="x", Accept="*/*", Prefer="x")

    assert {
        "id": "getPetById-1",
        "request": {
            "method": "GET",
            "path": "/pet/7",
            "query": {"b": ["1", "3"], "a": "2"},
            "headers": {"prefer": "x"},
        },
        "response": {
            "status": 200,
            "headers": {"content-type": "application/json", "etag": '"1"'},
            "json": {},
        },
    } == recorded(request, response)


def test_header_that_the_cassette_names_is_kept():
    request = a_request("GET /pet/7", x_tenant="a")

    shown = recorded(request, Response(204), headers=["x-tenant"])

    assert {"x-tenant": "a"} == shown["request"]["headers"]
    assert {"status": 204} == shown["response"]


def test_ids_are_numbered_by_operation():
    recorder = a_recorder()
    lines = ["GET /pet/7", "GET /v2/pet/8", "GET /my/own%20thing", "GET /pet/9"]

    assert ["getPetById-1", "getPetById-2", "get-my-own-thing-1", "getPetById-3"] == [
        recorder.exchange(a_request(line), Response(200)).id for line in lines
    ]


def test_coding_is_kept_beside_the_body():
    body = gzip.compress(b'{"a":1}')
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    request = a_json_request("POST /x", "", content_encoding="gzip")
    request.body = body

    shown = recorded(request, Response(200, headers, body))

    for half in ("request", "response"):
        assert ("gzip", {"a": 1}) == (shown[half]["encoding"], shown[half]["json"])


def test_coding_that_is_unknown_stays_on():
    headers = {"content-type": "text/plain", "content-encoding": "br"}

    shown = recorded(a_request("GET /x"), Response(200, headers, b"\x8b"))

    assert headers == shown["response"]["headers"]


def test_pieces_of_events_are_kept():
    headers = {"content-type": "text/event-stream"}
    stream = ByteStream([b"id: 1\n\n", b"data: a\n\n"], "")

    shown = recorded(a_request("GET /events"), Response(200, headers, stream))

    assert ["id: 1\n\n", "data: a\n\n"] == shown["response"]["chunks"]


def test_challenge_is_no_secret_and_kept():
    told = 'Basic realm="a", Bearer realm="b", error="invalid_token"'
    response = Response(401, {"WWW-Authenticate": told})

    shown = recorded(a_request("GET /x", authorization="Bearer abc"), response)

    assert {"www-authenticate": told} == shown["response"]["headers"]
