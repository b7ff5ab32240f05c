"""Cookies and challenges are recorded, without what nobody may see, and replayed."""

import json

import pytest

from petstore.contract.http import Request
from petstore.contract.replies import Response
from petstore.mock.cassette import Cassette, dump, load, parse, save
from petstore.mock.checking import check_cassette
from petstore.mock.convert import convert
from petstore.mock.recording import Recorder
from petstore.mock.redaction import Redactor
from petstore.mock.tidying import tidy
from tests.mock.builders import a_cassette, a_request, a_session, an_exchange
from tests.mock.doors import DOORS

SID = "0123456789abcdef"
COOKIES = [
    f"sid={SID}; Path=/; HttpOnly; Expires=Wed, 21 Oct 2065 07:28:00 GMT",
    "lang=de; Max-Age=60",
]
SHOWN = ["sid=<cookie-1>; Path=/; HttpOnly", "lang=<cookie-2>; Max-Age=60"]
DIGEST = 'Digest realm="pets", qop="auth", nonce="7ypf/xlj9XXw", opaque="5ccc09c4"'


def recorded(body: bytes = b"", status: int = 200, **headers: str) -> Cassette:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    cassette = a_cassette()
    recorder = Recorder(cassette, Redactor())
    response = Response(status, told, body)
    cassette.exchanges.append(recorder.exchange(a_request("GET /x"), response))
    return parse(dump(cassette))


def set_cookie(cassette: Cassette) -> list[str]:
    return cassette.exchanges[0].response.headers["set-cookie"].split("\n")


@pytest.mark.parametrize("door", DOORS)
def test_each_cookie_is_replayed_with_its_name_and_attributes(door):
    cassette = recorded(set_cookie="\n".join(COOKIES))

    reply = door(a_session(*cassette.exchanges), "GET /x")

    assert SHOWN == reply.headers.get_list("set-cookie")


def test_several_cookies_are_a_list_in_the_file_and_one_is_a_text():
    several, one = recorded(set_cookie="\n".join(COOKIES)), recorded(set_cookie="a=b")

    assert f"set-cookie: [{SHOWN[0]}, {SHOWN[1]}]\n" in dump(several)
    assert "set-cookie: a=<cookie-1>" in dump(one)


def test_the_value_of_a_cookie_is_found_elsewhere_unless_it_is_a_word():
    cassette = recorded(
        f"{SID} in Path=/ of de".encode(), set_cookie="\n".join(COOKIES)
    )

    assert "<cookie-1> in Path=/ of de" == cassette.exchanges[0].response.text


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("a=", ["a="]),
        ("a", ["<cookie-1>"]),
        ('a="b c"; Secure', ["a=<cookie-1>; Secure"]),
        ('a={"b":1,"c":2}', ["a=<cookie-1>"]),
        (
            "a=b; Path=/, c=d; Path=/e",
            ["a=<cookie-1>; Path=/", "c=<cookie-2>; Path=/e"],
        ),
        ("a=b\nc=b", ["a=<cookie-1>", "c=<cookie-1>"]),
        (
            "a=; expires=Thu, 01 Jan 1970 00:00:00 GMT",
            ["a=; expires=Thu, 01 Jan 1970 00:00:00 GMT"],
        ),
        ("a=<cookie-4>; Path=/", ["a=<cookie-4>; Path=/"]),
    ],
)
def test_a_cookie_of_any_form_is_shown_without_its_value(given, shown):
    assert shown == set_cookie(recorded(set_cookie=given))


def test_a_list_by_hand_is_read_and_anything_else_in_one_is_told():
    response = {"headers": {"Set-Cookie": ["a=b", "c=d"]}}
    kept = an_exchange(response=response).response.headers

    assert {"set-cookie": "a=b\nc=d"} == kept
    for wrong in ({"vary": ["a", "b"]}, {"set-cookie": [1]}, {"set-cookie": ["a\x00"]}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            an_exchange(response={"headers": wrong})


@pytest.mark.parametrize("door", DOORS)
def test_a_challenge_is_replayed_without_its_nonce(door):
    cassette = recorded(status=401, www_authenticate=DIGEST)

    reply = door(a_session(*cassette.exchanges), "GET /x")

    assert (
        'Digest realm="pets", qop="auth", nonce="<nonce-1>", opaque="<opaque-1>"'
        == reply.headers["www-authenticate"]
    )


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ('Basic realm="a"', 'Basic realm="a"'),
        ("Digest nonce=abcdef12, realm=a", "Digest nonce=<nonce-1>, realm=a"),
        ('Digest NONCE = "a\\"b"', 'Digest NONCE = "<nonce-1>"'),
        ("Negotiate oYG2MIGzoAMKAQ==", "Negotiate <token-1>"),
        ("Negotiate, NTLM", "Negotiate, NTLM"),
    ],
)
def test_what_a_challenge_asks_stays_and_what_it_tells_once_does_not(given, shown):
    for name in ("www-authenticate", "proxy-authenticate"):
        headers = recorded(**{name.replace("-", "_"): given}).exchanges[0].response
        assert shown == headers.headers[name]


def test_tidied_and_checked_they_stay_as_they_are(tmp_path):
    cassette = recorded(set_cookie="\n".join(COOKIES), www_authenticate=DIGEST)
    save(cassette, tmp_path / "a.yaml")
    kept = load(tmp_path / "a.yaml")

    assert [] == check_cassette(kept)
    assert cassette.exchanges == tidy(kept).exchanges


def test_a_cookie_that_a_hand_left_in_is_found(tmp_path):
    headers = {"set-cookie": [f"sid={SID}; Path=/", "a=<cookie-1>"]}
    save(
        a_cassette(an_exchange("GET /x", response={"headers": headers})), tmp_path / "a"
    )
    kept = load(tmp_path / "a")

    (drift,) = check_cassette(kept)

    assert "secret" == drift.kind
    assert SID not in dump(tidy(kept))


@pytest.mark.parametrize(
    ("name", "to"),
    [
        ("a.har", "har"),
        ("b.yaml", "vcr"),
        ("b.json", "vcr"),
        ("c", "wiremock"),
        ("d.json", "hoverfly"),
    ],
)
def test_they_go_to_other_tools_and_come_back(tmp_path, name, to):
    cassette = recorded(set_cookie="\n".join(COOKIES), www_authenticate=DIGEST)
    save(cassette, tmp_path / "a.yaml")

    losses = convert(tmp_path / "a.yaml", tmp_path / name, to=to)
    convert(tmp_path / name, tmp_path / "back.yaml")

    assert [] == losses
    assert cassette.exchanges == load(tmp_path / "back.yaml").exchanges


def test_each_cookie_of_a_browser_is_read(tmp_path):
    cookies = ["lang=de", f"sid={SID}; Path=/"]
    headers = [{"name": "Set-Cookie", "value": one} for one in cookies]
    entry = {
        "request": {"method": "GET", "url": "http://a.test/x", "headers": []},
        "response": {"status": 200, "headers": headers, "content": {}},
    }
    (tmp_path / "a.har").write_text(
        json.dumps({"log": {"version": "1.2", "creator": {}, "entries": [entry]}})
    )

    convert(tmp_path / "a.har", tmp_path / "a.yaml")

    shown = ["lang=<cookie-1>", "sid=<cookie-2>; Path=/"]
    assert shown == set_cookie(load(tmp_path / "a.yaml"))


def test_a_cookie_that_a_client_sends_is_in_no_recording():
    cassette = a_cassette(headers=["cookie"])
    request = Request("GET", "/x", "", {"cookie": f"sid={SID}"}, b"")

    exchange = Recorder(cassette, Redactor()).exchange(request, Response(200, {}, b""))

    assert {"cookie": "*"} == exchange.request.headers
