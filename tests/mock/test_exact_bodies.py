"""A body that a header of its answer depends on is replayed to the byte."""

import pytest

from petstore.contract.replies import Response
from petstore.mock.cassette import dump, parse
from petstore.mock.recording import Recorder
from petstore.mock.redaction import Redactor
from tests.mock.builders import JSON, a_cassette, a_request, a_session
from tests.mock.doors import DOORS

LOOSE = b'{"a": 1, "b": "\\u00e9"}'
TIGHT = b'{"a":1,"b":"gz"}'


def recorded(body: bytes, **headers: str):
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    response = Response(200, {**JSON, **told}, body)
    cassette = a_cassette()
    recorder = Recorder(cassette, Redactor())
    cassette.exchanges.append(recorder.exchange(a_request("GET /x"), response))
    return parse(dump(cassette)).exchanges[0]


TOLD = [
    {"etag": '"abc"'},
    {"digest": "sha-256=a"},
    {"content_digest": "sha-256=:a:"},
    {"repr_digest": "sha-256=:a:"},
    {"content_md5": "a"},
    {"x_shop_signature": "a"},
    {"x_hub_signature_256": "sha256=a"},
    {"signature": "sig1=:a:"},
]


@pytest.mark.parametrize("headers", TOLD, ids=lambda one: next(iter(one)))
@pytest.mark.parametrize("door", DOORS)
def test_the_bytes_that_a_header_tells_of_are_kept(door, headers):
    exchange = recorded(LOOSE, **headers)

    assert "text" == exchange.response.kind
    assert LOOSE == door(a_session(exchange), "GET /x").content


def test_json_that_is_compact_stays_json():
    assert "json" == recorded(TIGHT, etag='"abc"').response.kind


@pytest.mark.parametrize("headers", [{}, {"etag": 'W/"abc"'}, {"x_design": "a"}])
def test_json_that_no_header_tells_of_is_shown_as_json(headers):
    assert "json" == recorded(LOOSE, **headers).response.kind


def test_a_secret_is_found_in_such_a_body_too():
    kept = recorded(b'{"password": "hunter2222"}', etag='"abc"').response

    assert "hunter2222" not in str(kept)
