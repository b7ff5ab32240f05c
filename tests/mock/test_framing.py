"""A mock frames each answer itself, so no recording may say how."""

from pathlib import Path

import pytest

from petstore.contract.errors import ConfigError
from petstore.mock.cassette import parse
from tests.mock.builders import a_session, an_exchange
from tests.mock.doors import DOORS
from tests.mock.servers import served

TEXT = """\
petstore: cassette/1
---
id: a
request: {method: GET, path: /a}
response:
  status: 200
  headers: {HEADERS}
  json: {}
...
"""


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("content-length: '5'", "content-length is not written in a recording"),
        ("Content-Length: '2'", "content-length is not written in a recording"),
        ("transfer-encoding: chunked", "transfer-encoding is not written in a recor"),
        ("connection: close", "connection is not written in a recording: a mock"),
        ("Keep-Alive: timeout=5", "keep-alive is not written in a recording"),
        ("proxy-connection: close", "proxy-connection is not written in a recording"),
        ("te: trailers", "te is not written in a recording"),
        ("trailer: etag", "trailer is not written in a recording"),
        ("upgrade: h2c", "upgrade is not written in a recording"),
        ("ETag: a, etag: b", "has a name twice, for capitals do not count in it: etag"),
    ],
)
def test_header_of_a_connection_is_refused_with_file_line_and_field(header, words):
    with pytest.raises(ConfigError) as told:
        parse(TEXT.replace("HEADERS", header), Path("a.yaml"))

    assert told.value.message.startswith("a.yaml:")
    assert words in told.value.message
    assert "response" in told.value.message


def test_what_is_wrong_with_a_length_is_told():
    head = TEXT.replace("GET", "HEAD")
    for text in (
        head.replace("HEADERS", "content-length: '5'"),
        head.replace("HEADERS", "content-length: many").replace("  json: {}\n", ""),
    ):
        with pytest.raises(ConfigError, match=r"content-length.*HEAD"):
            parse(text)


def test_stub_of_a_connection_is_refused():
    stub = {
        "id": "a",
        "request": {"method": "GET", "path": "/a"},
        "response": {"status": 200, "headers": {"connection": "close"}},
    }
    with served(a_session()) as client:
        reply = client.post("/__mock/sessions/default/exchanges", json=stub)

    assert 400 <= reply.status_code < 500
    assert "connection is not written in a recording" in reply.text


@pytest.mark.parametrize("door", DOORS)
def test_name_of_a_header_may_have_capitals(door):
    form = {"headers": {"Content-Type": "application/x-www-form-urlencoded"}}
    recorded = an_exchange(
        "POST /x",
        "x",
        request={**form, "form": {"a": "1"}},
        response={**form, "form": {"b": "2"}},
    )

    reply = door(a_session(recorded), "POST /x", data={"a": "1"})

    assert "b=2" == reply.text
    assert [form["headers"]["Content-Type"]] == reply.headers.get_list("content-type")
