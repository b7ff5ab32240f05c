"""A recorded request is found by its original bytes, and nobody is told its secrets."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petstore.contract.replies import Response
from petstore.mock.cassette import dump, parse
from petstore.mock.facts import facts_of
from petstore.mock.recording import Recorder
from petstore.mock.redaction import Redactor
from petstore.mock.session import Session
from petstore.mock.tape import Tape
from tests.mock.builders import (
    JSON,
    a_cassette,
    a_json_request,
    a_request,
    an_exchange,
    respond,
)

SECRET = "hunter2secret"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=b"


def a_part(name: str, text: str) -> bytes:
    head = f'--b\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'
    return head.encode()


def named(secret: str):
    """Return requests that tell a secret where its name says that it is one."""
    return {**in_json(secret), **in_xml(secret), **elsewhere(secret)}


def in_json(secret: str):
    quoted = json.dumps(secret)
    broken = f'{{"username":"ada","password":{quoted},}}'
    return {
        "trailing comma": a_json_request("POST /v2/user", broken),
        "cut off": a_json_request("POST /v2/user", f'{{"password":{quoted[:-1]}'),
        "no quotes": a_json_request("POST /v2/user", f'{{"password":{secret}}}'),
        "python": a_json_request("POST /v2/user", f"{{'password': '{secret}'}}"),
        "JavaScript": a_json_request("POST /v2/user", f"{{password: {quoted}}}"),
        "plain": a_request("POST /v2/user", broken.encode(), content_type="text/plain"),
        "text/json": a_json_request("POST /x", broken, content_type="text/json"),
        "json as text/json": a_json_request(
            "POST /x", f'{{"password": {quoted}}}', content_type="text/json"
        ),
        "json without a type": a_request("POST /x", f'{{"pin": {quoted} }}'.encode()),
        "json in json": a_json_request("POST /x", json.dumps({"of": broken})),
        "inexact": a_json_request("POST /x", f'{{"a":1.50,"b":{{"pin":{quoted}}}}}'),
        "inexact group": a_json_request(
            "POST /x", f'{{"a":1.50,"session":{{"i":{quoted}}}}}'
        ),
    }


def in_xml(secret: str):
    return {
        "broken xml": a_request(
            "POST /v2/user",
            f"<User><password>{secret}</password></Usr>".encode(),
            content_type="application/xml",
        ),
        "cut off xml": a_request(
            "POST /v2/user",
            f"<User><password>{secret}".encode(),
            content_type="application/xml",
        ),
        "cdata": a_request(
            "POST /v2/user",
            f"<User><password><![CDATA[{secret}]]></password></User>".encode(),
            content_type="application/xml",
        ),
        "attribute": a_request(
            "POST /x",
            f'<user password="{secret}"/>'.encode(),
            content_type="application/xml",
        ),
    }


def elsewhere(secret: str):
    broken = f'{{"username":"ada","password":"{secret}",}}'
    return {
        "form": a_request("POST /x", f"password={secret}".encode(), content_type=FORM),
        "form without a type": a_request("POST /x", f"password={secret}".encode()),
        "multipart": a_request(
            "POST /x",
            a_part("password", secret) + a_part("a", broken) + b"--b--\r\n",
            content_type=MULTIPART,
        ),
        "broken multipart": a_request(
            "POST /x", a_part("password", secret), content_type=MULTIPART
        ),
        "query": a_request(f"GET /x?password={secret}"),
        "json in a query": a_request(
            f"GET /x?filter=%7B%22password%22:%22{secret}%22%7D"
        ),
        "path": a_request(f"GET /x;password={secret}"),
        "header": a_request("GET /pet/7", x_api_key=secret),
        "authorization": a_request("GET /pet/7", authorization=f"Bearer {secret}"),
    }


COUNTED = ["x-api-key", "authorization"]


def recorded(*requests, response=b"{}"):
    """Return what is read of the file of a recording of these requests."""
    cassette = a_cassette(headers=COUNTED)
    recorder = Recorder(cassette, Redactor())
    for request in requests:
        answer = Response(200, JSON, response)
        cassette.exchanges.append(recorder.exchange(request, answer))
    return parse(dump(cassette))


def misses(cassette, *requests):
    session = Session(Tape([cassette]))
    return [one for one in requests if respond(session, one).served_by == "miss"]


@pytest.mark.parametrize("place", named(SECRET))
def test_secret_is_in_no_fact_and_no_report_and_no_file(place):
    request = named(SECRET)[place]
    session = Session(Tape([a_cassette(an_exchange(), headers=COUNTED)]))

    answer = respond(session, request)

    assert SECRET not in repr(facts_of(request, COUNTED))
    assert answer.miss is None or SECRET not in answer.miss.text
    assert SECRET not in repr([(row, row.shown()) for row in session.journal])
    assert SECRET not in dump(recorded(request))


@pytest.mark.parametrize("place", named(SECRET))
def test_recorded_request_is_found_by_another_secret(place):
    cassette = recorded(named(SECRET)[place])

    assert [] == misses(cassette, named("another-1")[place])


WORD = st.text("abcdefgh01239-_.~", min_size=1, max_size=20)


@given(WORD, st.data())
def test_every_recorded_request_is_found_by_its_own_bytes(secret, data):
    """Also one in which a secret comes again where nobody names it as one."""
    other = data.draw(st.sampled_from([secret, f"a {secret}", "word", ""]))
    quoted = json.dumps(other)
    requests = [
        *named(secret).values(),
        a_json_request("POST /v2/pet", f'{{"name":{quoted},"photoUrls":[]}}'),
        a_request(f"GET /v2/user/{secret}"),
        a_request(f"GET /other/{secret}/a%2Fb?of={secret}&q=1"),
        a_request("PUT /x", f"told {other}".encode(), content_type="text/plain"),
        a_request(
            "POST /v2/pet",
            f"<Pet><name>{other}</name></Pet>".encode(),
            content_type="application/xml",
        ),
    ]

    assert [] == misses(recorded(*requests), *requests)


def test_word_that_somebody_takes_for_a_password_stays_where_it_is_none():
    """Swagger UI fills every field with "string"."""
    user = a_json_request("POST /v2/user", '{"username":"string","password":"string"}')
    requests = [user, a_request("GET /v2/user/string")]

    cassette = recorded(*requests, response=b'{"name":"string"}')

    assert "string" == cassette.exchanges[0].request.json_value["username"]
    assert "/v2/user/string" == cassette.exchanges[1].request.path
    assert {"name": "string"} == cassette.exchanges[1].response.json_value
    assert [] == misses(cassette, *requests)


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ('{"has_password":true}', {"has_password": True}),
        ('{"pin":1234}', {"pin": 0}),
        ('{"pin":"1234"}', {"pin": "<secret-1>"}),
    ],
)
def test_type_of_a_field_stays(told, kept):
    cassette = recorded(a_request("GET /x"), response=told.encode())

    assert kept == cassette.exchanges[0].response.json_value


def test_xml_with_a_placeholder_is_still_xml():
    body = f"<a><password>{SECRET}</password><b>{SECRET}</b></a>".encode()
    request = a_request("POST /x", body, content_type="application/xml")

    assert "xml" in facts_of(request).body
    text = recorded(request).exchanges[0].request.text
    assert text is not None
    assert text.endswith("<b>&lt;password-1&gt;</b></a>")
