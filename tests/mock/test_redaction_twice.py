"""What was redacted once is left as it is; and secrets of headers are learned."""

import pytest

from petstore.contract.http import Request
from petstore.contract.replies import Response
from petstore.mock.cassette import Cassette
from petstore.mock.facts import match_of
from petstore.mock.recording import Recorder
from petstore.mock.redaction import Redactor

JSON = {"content-type": "application/json"}
LOGIN = Request("GET", "/api/v3/user/login", "username=ada", {}, b"")


def test_the_sentence_of_a_login_is_kept():
    told = Response(200, JSON, b'"Logged in user session: 1700000021"')

    kept = Recorder(Cassette(), Redactor()).exchange(LOGIN, told)

    assert "Logged in user session: <session-1>" == kept.response.json_value


@pytest.mark.parametrize(
    "body",
    [b'"Logged in user session: <session-1>"', b'{"message":"session:<session-4>"}'],
)
def test_a_placeholder_stays(body: bytes):
    match = match_of(LOGIN)

    _, answered = Redactor().redacted(LOGIN, Response(200, JSON, body), match)

    assert body == answered.body


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        pytest.param({"cookie": "a=b; sid=0123456789abcdef"}, {}, id="asked"),
        pytest.param(
            {},
            {"set-cookie": "sid=0123456789abcdef; Domain=petstore3.swagger.io"},
            id="told",
        ),
        pytest.param(
            {},
            {"set-cookie": "sid=0123456789abcdef; Path=/, a=b; Path=/"},
            id="several",
        ),
    ],
)
def test_the_value_of_a_cookie_is_a_secret_wherever_it_stands(asked, told):
    """And its attributes are none."""
    request = Request("GET", "/other", "", asked, b"")
    body = b"0123456789abcdef in Path=/ of petstore3.swagger.io"

    _, answered = Redactor().redacted(request, Response(200, told, body), None)

    assert b"<cookie-1> in Path=/ of petstore3.swagger.io" == answered.body
