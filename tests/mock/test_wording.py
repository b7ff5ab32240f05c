"""What a person wrote wrongly in a cassette is told as a person would tell it."""

from pathlib import Path

import pytest

from petstore.contract.errors import ConfigError
from petstore.mock.cassette import parse

HEADER = "petstore: cassette/1"
REQUEST = "{method: GET, path: /pet/7}"
RESPONSE = "{status: 200}"
QUERY = "should be names with their values, as {status: [available]}"
FORM = "should be names with their values, as {name: Rex}"
HEADERS = "should be names with a text each, as {content-type: application/json}"
PARTS = "should be a list of parts, as [{name: file, text: a}]"
BODIES = "json, form, text, base64, file, parts, chunks, encoding, headers"


def told(header=HEADER, id="a-1", request=REQUEST, response=RESPONSE, more="") -> str:
    """Return what is said of a cassette, with its line."""
    document = f"id: {id}\nrequest: {request}\nresponse: {response}\n{more}"
    with pytest.raises(ConfigError) as caught:
        parse(f"{header}\n---\n{document}\n...\n", Path("a.yaml"))
    return caught.value.message


def with_field(field: str) -> str:
    return f"{{method: POST, path: /pet, {field}}}"


OF_A_REQUEST = [
    ("query: status=available", f"query: is a text, and {QUERY}"),
    ("query: [status]", f"query: is a list, and {QUERY}"),
    (
        "query: {a: {b: c}}",
        "query.a: is a mapping, and should be a text, or a list",
    ),
    ("query: {a: null}", "query.a: is nothing, and should be a text, or a list"),
    ("query: {a: 1.5}", "query.a.0: is 1.5, and should be a text, as '1.5' with"),
    ("headers: [accept]", f"headers: is a list, and {HEADERS}"),
    ("headers: {a: 5}", "headers.a: is 5, and should be a text, as '5' with its"),
    ("headers: {a: true}", "headers.a: is true, and should be a text, as 'true'"),
    ("headers: {a: [b]}", "headers.a: is a list, and should be a text"),
    ("headers: {a b: c}", "headers: 'a b' is no name of a header, as content-type"),
    ("headers: {A: b, a: c}", "headers: has a name twice, for capitals do not"),
    ("form: a=b", f"form: is a text, and {FORM}"),
    ("parts: {name: a}", f"parts: is a mapping, and {PARTS}"),
    (
        "parts: [a]",
        "parts.0: is a text, and should be fields with their values, of",
    ),
    (
        "parts: [{nam: a}]",
        "parts.0.nam: there is no such field; did you mean name?",
    ),
    (
        "parts: [{name: a, text: b, file: 5d1c0b2a9f3e.c}]",
        "parts.0: has file and text, of which",
    ),
    ("chunks: a", "chunks: is a text, and should be a list of texts"),
    ("text: 5", "text: is 5, and should be a text, as '5' with its quotes"),
    ("base64: '%'", "base64: is no base64, which is A-Z a-z 0-9 + / in fours"),
    ("file: ../x", "file: is '../x', and should be the name of a file beside the"),
    ("encoding: br", "encoding: is 'br', and should be 'gzip' or 'deflate'"),
    ("jsn: {}", "jsn: there is no such field; did you mean json?"),
    ("cookies: {}", f"cookies: there is no such field; there are {BODIES}, method"),
]


@pytest.mark.parametrize(
    ("field", "words"),
    [pytest.param(*one, id=one[0]) for one in OF_A_REQUEST],
)
def test_field_of_a_request_says_what_fits(field, words):
    assert told(request=with_field(field)).startswith(f"a.yaml:4: request.{words}")


OF_A_DOCUMENT = [
    ({"id": "a b"}, 3, "id: is 'a b', and should be 1 to 120 of A-Z a-z 0-9"),
    ({"id": "7"}, 3, "id: is 7, and should be 1 to 120 of A-Z"),
    (
        {"request": "GET /pet/7"},
        4,
        "request: is a text, and should be fields, as {method: GET, path: /pet/7}",
    ),
    (
        {"response": "200"},
        5,
        "response: is 200, and should be fields, as {status: ",
    ),
    (
        {"response": "{status: ok}"},
        5,
        "response.status: is a text, and should be a",
    ),
    ({"response": "{status: 99}"}, 5, "response.status: is 99, and should be a"),
    ({"more": "match: any"}, 6, "match: is a text, and should be fields with"),
    ({"more": "match: {times: 2}"}, 6, "match.times: is 2, and should be any, or"),
    ({"more": "match: {ignore: json.a}"}, 6, "match.ignore: is a text, and should"),
    ({"more": "note: [a]"}, 6, "note: is a list, and should be a text"),
    ({"more": "nots: a"}, 6, "nots: there is no such field; did you mean note?"),
    (
        {"header": f"{HEADER}\nname: 5"},
        2,
        "name: is 5, and should be a text, as '5",
    ),
    ({"header": f"{HEADER}\nheaders: x"}, 2, "headers: is a text, and should be a"),
    (
        {"header": f"{HEADER}\nmax_age: 90"},
        2,
        "max_age: is 90, and should be a num",
    ),
    ({"header": f"{HEADER}\nid: b"}, 2, "id: a line --- is missing before it."),
    ({"header": "petstore: 1"}, 1, "petstore: is 1, and should be 'cassette/1'."),
]


@pytest.mark.parametrize(
    ("parts", "line", "words"),
    [pytest.param(*one, id=" ".join(one[0].values())) for one in OF_A_DOCUMENT],
)
def test_field_says_what_fits(parts, line, words):
    assert told(**parts).startswith(f"a.yaml:{line}: {words}")


TIMES = "should be a list of milliseconds, one for each of chunks, as [0, 250]"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ("chunks: [a], offsets_ms: 5", f"offsets_ms: is 5, and {TIMES}"),
        ("chunks: [a], offsets_ms: [a]", "offsets_ms.0: is a text, and should be a"),
        ("chunks: [a], offsets_ms: [true]", "offsets_ms.0: is true, and should be a"),
        ("chunks: [a], offsets_ms: [-1]", "offsets_ms.0: is -1, and should be 0 or"),
        ("chunks: [a, b], offsets_ms: [1]", "offsets_ms: has 1 times for 2 chunks"),
        ("chunks: [a, b], offsets_ms: [2, 1]", "offsets_ms: goes back from 2 to 1"),
        ("text: a, offsets_ms: [1]", "offsets_ms: says when chunks came, and there"),
    ],
)
def test_times_of_a_stream_say_what_fits(fields, words):
    response = f"{{status: 200, {fields}}}"

    assert told(response=response).startswith(f"a.yaml:5: response.{words}")


@pytest.mark.parametrize("half", ["request", "response"])
def test_coding_that_stands_in_a_header_is_told_where_it_belongs(half):
    more = "json: {}, headers: {content-encoding: gzip}"
    given = {
        "request": f"{{method: POST, path: /pet, {more}}}",
        "response": f"{{status: 200, {more}}}",
    }

    message = told(**{half: given[half]})

    assert f": {half}: has a body without the coding of its header" in message
    assert message.endswith("encoding: gzip  beside the body instead of that header.")


def test_no_secret_is_told():
    path = "{method: GET, path: /pet?api_key=s3cret}"

    messages = [
        told(request=path),
        told(request=with_field("query: token=s3cret")),
        told(request=with_field("headers: 's3cret'")),
        told(more="match: s3cret"),
    ]

    assert not any("s3cret" in one for one in messages)


def test_capitals_do_not_count_in_the_name_of_a_header():
    request = "{method: GET, path: /pet/7, headers: {Accept: application/xml}}"
    document = f"id: a\nrequest: {request}\nresponse: {RESPONSE}"

    (exchange,) = parse(f"{HEADER}\n---\n{document}\n...\n").exchanges

    assert {"accept": "application/xml"} == exchange.request.headers
