"""Two ways to ask the same are equal, and two things that differ are not."""

import gzip

import pytest

from petstore.contract.errors import ConfigError
from petstore.mock.facts import facts_of, key_of, read_ignored
from tests.mock.builders import a_json_request, a_request

V2_XML = {"content_type": "application/xml"}
MULTIPART = "multipart/form-data; boundary={0}"


def form(boundary: str, *lines: str) -> bytes:
    parts = [f"--{boundary}\r\n{line}\r\n" for line in lines]
    return "".join([*parts, f"--{boundary}--\r\n"]).encode()


def key(request, ignore=(), headers=()):
    return key_of(facts_of(request, headers), read_ignored(ignore))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (a_request("GET /pet/7"), a_request("GET /pet/007")),
        (a_request("GET /pet/7"), a_request("GET /pet/7/")),
        (a_request("GET /pet/7"), a_request("GET /pet/7", user_agent="x", date="y")),
        (a_request("GET /user/a%40b"), a_request("GET /user/a@b")),
        (
            a_request("GET /v2/pet/findByStatus?status=sold,pending"),
            a_request("GET /v2/pet/findByStatus?status=sold&status=pending"),
        ),
        (
            a_request("GET /api/v3/pet/findByStatus"),
            a_request("GET /api/v3/pet/findByStatus?status=available"),
        ),
        (a_request("GET /pet?limit=7"), a_request("GET /pet?limit=07")),
        (a_request("GET /x?a=1&b=2"), a_request("GET /x?b=2&a=1")),
        (
            a_json_request("POST /store/order", '{"petId": 7.0, "quantity": 1}'),
            a_json_request("POST /store/order", '{"quantity":1,"petId":7}'),
        ),
        (
            a_json_request("POST /store/order", '{"petId":7}'),
            a_request("POST /store/order", b'{"petId":7}'),
        ),
        (
            a_json_request("POST /store/order", "{}", idempotency_key="a"),
            a_json_request("POST /store/order", "{}", idempotency_key="b"),
        ),
        (
            a_request("POST /v2/pet", b"<Pet><id>1</id><name>a</name></Pet>", **V2_XML),
            a_request(
                "POST /v2/pet", b"<Pet>\n<name>a</name><id>1</id></Pet>", **V2_XML
            ),
        ),
        (
            a_request(
                "POST /v2/pet/1/uploadImage",
                form("a", 'content-disposition: form-data; name="x"\r\n\r\ny'),
                content_type=MULTIPART.format("a"),
            ),
            a_request(
                "POST /v2/pet/1/uploadImage",
                form("bb", 'content-disposition: form-data; name="x"\r\n\r\ny'),
                content_type=MULTIPART.format("bb"),
            ),
        ),
        (
            a_request("GET /user/login?username=a&password=b"),
            a_request("GET /user/login?username=a&password=c"),
        ),
        (
            a_json_request("POST /tokens", '{"username":"a","password":"b"}'),
            a_json_request(
                "POST /tokens", '{"username":"a","password":"<password-1>"}'
            ),
        ),
        (
            a_json_request("POST /other", '{"q": 1, "deep": {"clientSecret": "a"}}'),
            a_json_request("POST /other", '{"q": 1, "deep": {"clientSecret": "b"}}'),
        ),
    ],
)
def test_ways_to_ask_the_same_are_equal(one, other):
    assert key(one) == key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (a_request("GET /pet/7"), a_request("GET /pet/8")),
        (a_request("GET /pet/7"), a_request("GET /v2/pet/7")),
        (a_request("GET /v2/pet/7"), a_request("GET /api/v3/pet/7")),
        (a_request("GET /pet/7"), a_request("HEAD /pet/7")),
        (a_request("GET /pet/7"), a_request("GET /pet/7", if_none_match='"1"')),
        (
            a_request("GET /v2/pet/7"),
            a_request("GET /v2/pet/7", accept="application/xml"),
        ),
        (a_request("GET /x?a=1"), a_request("GET /x?a=2")),
        (a_request("GET /x?a=1&a=2"), a_request("GET /x?a=2&a=1")),
        (a_request("GET /x?pageToken=a"), a_request("GET /x?pageToken=b")),
        (
            a_json_request("POST /store/order", '{"petId":7}'),
            a_json_request("POST /store/order", '{"petId":"7"}'),
        ),
        (
            a_json_request("POST /store/order", '{"complete":true}'),
            a_json_request("POST /store/order", '{"complete":1}'),
        ),
        (
            a_json_request("POST /store/order", "{"),
            a_json_request("POST /store/order", "{{"),
        ),
        (
            a_json_request("POST /user/createWithList", '[{"id":1},{"id":2}]'),
            a_json_request("POST /user/createWithList", '[{"id":2},{"id":1}]'),
        ),
        (a_request("POST /x", b"\xff"), a_request("POST /x", b"\xfe")),
    ],
)
def test_what_differs_is_another_request(one, other):
    assert key(one) != key(other)


def test_compressed_request_is_what_it_was_before():
    body = b'{"petId":7}'
    plain = a_json_request("POST /store/order", body.decode())
    coded = a_json_request("POST /store/order", "", content_encoding="gzip")
    coded.body = gzip.compress(body)
    other = a_json_request("POST /store/order", "no", content_encoding="gzip")

    assert key(plain) == key(coded) != key(other)


def test_header_counts_where_the_cassette_names_it():
    one, other = (a_request("GET /pet/7", x_tenant=name) for name in "ab")

    assert key(one) == key(other)
    assert key(one, headers=["x-tenant"]) != key(other, headers=["x-tenant"])


@pytest.mark.parametrize(
    ("ignore", "body"),
    [
        (["json.shipDate"], '{"petId":7,"tags":[{"id":1,"n":1}],"shipDate":"x"}'),
        (["json.tags[*].id"], '{"petId":7,"tags":[{"id":9,"n":1}]}'),
        (["json.tags[0].id"], '{"petId":7,"tags":[{"n":1}]}'),
        (["json.tags"], '{"petId":7}'),
        (["json.tags[*]"], '{"petId":7,"tags":[]}'),
        (["json"], "[]"),
        (["json.*"], '{"x":1}'),
        (["json.petId", "json.tags[0].n"], '{"petId":1,"tags":[{"id":1,"n":2}]}'),
    ],
)
def test_ignored_path_may_differ(ignore, body):
    recorded = a_json_request(
        "POST /store/order", '{"petId":7,"tags":[{"id":1,"n":1}]}'
    )

    assert key(recorded, ignore) == key(
        a_json_request("POST /store/order", body), ignore
    )
    assert key(recorded) != key(a_json_request("POST /store/order", body))


def test_query_headers_and_path_may_be_ignored():
    one, other = a_request("GET /pet/1?ts=1"), a_request("GET /pet/2?ts=2")

    assert key(one, ["query.ts", "path.petId"]) == key(other, ["query.ts", "path"])


@pytest.mark.parametrize(
    "path", ["", "$.json.a", "body.a", "json..a", "json[x]", "json."]
)
def test_path_that_is_none_is_refused(path):
    with pytest.raises(ConfigError, match=r"one begins with json, form, parts, query"):
        read_ignored([path])


@pytest.mark.parametrize("body", [b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>", b"<x>"])
def test_xml_that_is_none_is_compared_as_text(body):
    facts = facts_of(a_request("POST /v2/pet", body, **V2_XML))

    assert {"text": body.decode()} == facts.body
