"""Whatever arrives, the codec reads it or raises an error of ours."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petstore.contract.call import Call
from petstore.contract.errors import DecodeError, RemoteError
from petstore.contract.flavours import FACES, Face, Route
from petstore.contract.http import Request, decode_request, encode_request, resolve
from petstore.contract.media import (
    FORM,
    JSON,
    MERGE_PATCH,
    MULTIPART,
    OCTETS,
    XML,
    YAML,
)
from petstore.contract.refusals import Refused, encode_error
from petstore.contract.replies import Response, decode_reply
from tests.kit.strategies import INT64S

_NAMES = st.sampled_from(
    [
        *("id", "name", "photoUrls", "tags", "category", "status", "petId", "quantity"),
        *("shipDate", "complete", "username", "password", "userStatus", "version"),
        *("code", "type", "message", "detail", "fields", "expiresAt", "accessToken"),
        *("items", "nextCursor", "pet", "limit", "cursor", "q", "sort", "tag"),
        *("additionalMetadata", "file", "photoUrl", "x"),
    ]
)
_TEXTS = st.text(max_size=4) | st.sampled_from(
    ["sold", "placed", "2030-01-02T00:00:00Z", "1", "true", "\0", "not_found", "-id"]
)
_NUMBERS = INT64S | st.integers(-(2**70), 2**70) | st.floats()
_JSON = st.recursive(
    st.none() | st.booleans() | _NUMBERS | _TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=6)
    ),
    max_leaves=12,
)
# What every pet needs, so that the rest of a body is looked at as well.
_PETS = st.dictionaries(_NAMES, _JSON, max_size=6).map(
    lambda members: {"id": 1, "name": "Rex", "photoUrls": [], **members}
)
_FIELDS = st.lists(
    st.tuples(_NAMES, _TEXTS | st.sampled_from(["%", "%ff", "a%2Cb,c"])), max_size=3
).map(lambda pairs: "&".join(f"{name}={value}" for name, value in pairs))
_XML = st.recursive(
    _TEXTS,
    lambda inner: st.builds(
        lambda name, many: f"<{name}>{''.join(many)}</{name}>",
        _NAMES,
        st.lists(inner, max_size=3),
    ),
    max_leaves=6,
)
_PARTS = st.builds(
    lambda name, text: (
        f"--b\r\nContent-Disposition: form-data; name={name}\r\n\r\n{text}\r\n--b--"
    ),
    _NAMES,
    _TEXTS,
)
_JSON_BODIES = (_JSON | _PETS | st.lists(_PETS, max_size=2)).map(
    lambda value: json.dumps(value).encode()
)
_BODIES = {
    JSON: _JSON_BODIES,
    MERGE_PATCH: _JSON_BODIES,
    XML: _XML.map(lambda text: f"<Pet>{text}</Pet>".encode()),
    FORM: _FIELDS.map(str.encode),
    f"{MULTIPART}; boundary=b": _PARTS.map(str.encode),
    OCTETS: st.binary(max_size=9),
}
_ANY_BODY = st.one_of(list(_BODIES.values()))
_ACCEPTS = st.sampled_from(["", XML, YAML, "text/html", "application/problem+json"])
_SEGMENTS = st.sampled_from(["1", "-1", "9" * 30, "x", "%ff", "%00", "%2e", "a%2Fb"])


@st.composite
def requests(draw: st.DrawFn, face: Face) -> Request:
    """Draw a request that finds a route and is otherwise anything."""
    route = draw(st.sampled_from(list(face.routes.values())))
    path = route.path
    while "{" in path:
        before, _, rest = path.partition("{")
        path = before + draw(_SEGMENTS) + rest.partition("}")[2]
    kind = draw(_kinds(route))
    body = draw(_ANY_BODY | _BODIES.get(kind, _ANY_BODY))
    headers = {"content-type": kind, "accept": draw(_ACCEPTS)}
    return Request(route.method, face.base + path, draw(_FIELDS), headers, body)


def _kinds(route: Route) -> st.SearchStrategy[str]:
    taken = [
        f"{kind}; boundary=b" if kind == MULTIPART else kind for kind in route.takes
    ]
    return st.sampled_from([*taken, *taken, *taken, JSON, "", MULTIPART])


@pytest.mark.parametrize("key", FACES, ids="-".join)
@given(data=st.data())
def test_request_is_read_or_refused_in_words(key, data):
    face = FACES[key]
    request = data.draw(requests(face))
    route = None
    try:
        match = resolve(face, request.method, request.path)
        route = match.route
        call = decode_request(match, request)
    except RemoteError as error:
        refused = Refused(face, route, request, "http://h/", "0" * 16)
        check_words(face, encode_error(refused, error), error)
    else:
        check_can_be_sent_again(face, call)


def check_words(face: Face, response: Response, error: RemoteError) -> None:
    """Check that our client gets the same refusal."""
    assert 200 <= response.status < 600
    with pytest.raises(type(error)):
        decode_reply(face, Call(face.routes["getPetById"].operation, {}), response)


def check_can_be_sent_again(face: Face, call: Call[Any]) -> None:
    again = encode_request(face, call)
    read = decode_request(resolve(face, again.method, again.path), again)

    # A file may lose its name and its type on the way, an empty form field itself.
    has_lost = "content" in call.arguments or "" in call.arguments.values()
    assert has_lost or read == call


@pytest.mark.parametrize("key", FACES, ids="-".join)
@given(data=st.data())
def test_answer_is_read_or_kept(key, data):
    face = FACES[key]
    name = data.draw(st.sampled_from(sorted(face.routes)))
    response = data.draw(_RESPONSES)
    try:
        decode_reply(face, Call(face.routes[name].operation, {}), response)
    except (DecodeError, RemoteError) as error:
        kept = error

        assert kept.message
        assert isinstance(kept, RemoteError) or kept.body == response.body


_RESPONSES = st.builds(
    Response,
    st.sampled_from([200, 200, 200, 200, 201, 204, 302, 400, 404, 409, 418, 500, 599]),
    st.fixed_dictionaries(
        {},
        optional={
            "content-type": st.sampled_from([JSON, "text/html", XML]),
            "x-petstore-problem": _FIELDS | _JSON_BODIES.map(bytes.decode),
            "x-expires-after": _TEXTS,
            "location": _TEXTS,
        },
    ),
    _ANY_BODY | _JSON_BODIES,
)
