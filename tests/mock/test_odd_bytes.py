"""What is odd on the wire is recorded, and replayed on each door as it came."""

import gzip

import pytest

from petstore.contract.http import Request
from petstore.contract.replies import Response
from petstore.mock.cassette import dump, parse
from petstore.mock.recording import Recorder
from petstore.mock.redaction import Redactor
from petstore.mock.session import Session
from petstore.mock.tape import Tape
from tests.mock.builders import a_cassette
from tests.mock.doors import DOORS, respx_door, socket_door, sync_door

EACH_DOOR = pytest.mark.parametrize("door", DOORS)


def recording(request: Request, response: Response) -> Session:
    """Return a session that replays one exchange from the text of a cassette."""
    cassette = a_cassette()
    recorder = Recorder(cassette, Redactor())
    cassette.exchanges.append(recorder.exchange(request, response))
    return Session(Tape([parse(dump(cassette))]))


@EACH_DOOR
@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json; charset=utf-16", '{"a":"é"}'.encode("utf-16")),
        ("application/json", b'\xef\xbb\xbf{"a":1}'),
        ("application/json", b'{"a": 1.50}'),
        ("text/plain; charset=iso-8859-1", b"\xe9"),
        ("application/xml; charset=latin-1", b"<a>\xe9</a>"),
        ("", b"\xff\x00"),
    ],
)
def test_body_of_any_charset_is_the_same_to_the_byte(door, kind, body):
    headers = {"content-type": kind} if kind else {}
    session = recording(
        Request("POST", "/x", "", dict(headers), body),
        Response(200, dict(headers), body),
    )

    reply = door(session, "POST /x", headers=headers, content=body)

    assert (200, body) == (reply.status_code, reply.content)
    assert kind == reply.headers.get("content-type", "")


@EACH_DOOR
@pytest.mark.parametrize(
    "target",
    ["/x?a=1&a=2&b=&c", "/x?q=a+b%2Bc%20d", "/x/a%2Fb/c%20d", "/x//y", "/x?x=%C3%A9"],
)
def test_target_is_found_as_it_was_asked_for_and_no_other(door, target):
    path, _, query = target.partition("?")
    session = recording(Request("GET", path, query, {}), Response(200, {}, b"here"))
    others = ["/x?a=2&a=1&b=&c", "/x?q=a+b+c+d", "/x/a/b/c%20d", "/x/y", "/x?x=e"]

    assert "here" == door(session, f"GET {target}").text
    for other in others:
        with pytest.raises(AssertionError):
            assert 501 != door(session, f"GET {other}").status_code


def a_compressed() -> tuple[Session, dict[str, str], bytes]:
    """Return a session, and how what it recorded plainly is sent in another way."""
    body = b'{"a": 1}'
    headers = {"content-type": "application/json"}
    session = recording(
        Request("POST", "/x", "", dict(headers), body), Response(201, {}, b"here")
    )
    sent = {**headers, "content-encoding": "gzip", "expect": "100-continue"}
    return session, sent, gzip.compress(body)


@EACH_DOOR
def test_body_that_is_compressed_is_found_by_what_it_was(door):
    session, headers, coded = a_compressed()

    reply = door(session, "POST /x", headers=headers, content=coded)

    assert (201, "here") == (reply.status_code, reply.text)


@pytest.mark.parametrize("door", [socket_door, sync_door, respx_door])
def test_body_that_comes_in_chunks_is_found(door):
    session, headers, coded = a_compressed()

    pieces = iter([coded[:5], coded[5:]])
    reply = door(session, "POST /x", headers=headers, content=pieces)

    assert (201, "here") == (reply.status_code, reply.text)


@EACH_DOOR
def test_headers_that_come_again_or_are_long_are_kept(door):
    headers = {
        "link": "<a>; rel=next, <b>; rel=prev",
        "vary": "a, b",
        "www-authenticate": 'Basic realm="a", Bearer realm="b"',
        "x-long": "v" * 6_000,
    }
    session = recording(Request("GET", "/x", "", {}), Response(401, dict(headers)))

    reply = door(session, "GET /x")

    assert headers == {name: reply.headers.get(name) for name in headers}
