"""What other clients send is read as the face has it, or refused with its reason."""

from typing import Any

import pytest

from petstore.contract import pet_operations as pets
from petstore.contract import shop_operations as shop
from petstore.contract.bodies import FIELDS_MAX
from petstore.contract.call import ByteStream, Call
from petstore.contract.errors import (
    Invalid,
    Malformed,
    NoSuchPath,
    RemoteError,
    UnsupportedMedia,
)
from petstore.contract.flavours import FACES, Face, face
from petstore.contract.http import (
    Request,
    decode_parameters,
    decode_request,
    parse_fields,
    resolve,
)
from petstore.contract.media import FORM, JSON, XML, media_type
from tests.kit.builders import a_draft

NATIVE = face("native", "strict")
V2, V3 = face("v2", "strict"), face("v3", "strict")
PUBLIC_V2, PUBLIC_V3 = face("v2", "public"), face("v3", "public")


def name_of(value: object) -> str | None:
    return f"{value.flavour}-{value.contract}" if isinstance(value, Face) else None


def decoded(face: Face, request: Request) -> Call[Any]:
    match = resolve(face, request.method, request.path)
    return decode_request(match, request)


def asked(face: Face, line: str, body: bytes = b"", kind: str = JSON) -> Call[Any]:
    """Decode what a request line such as `GET /pet/1` says."""
    method, _, target = line.partition(" ")
    path, _, query = target.partition("?")
    headers = {"content-type": kind} if body else {}
    return decoded(face, Request(method, face.base + path, query, headers, body))


def pet_with(members: bytes) -> bytes:
    return b'{"name":"Rex","photoUrls":[],' + members + b"}"


@pytest.mark.parametrize("face", [V2, V3, PUBLIC_V2, PUBLIC_V3], ids=name_of)
@pytest.mark.parametrize(
    "query",
    ["tags=a&tags=b", "tags=a,b", "tags=a%2Cb", "tags=,a,&tags=b", "tags=a&x&tags=b"],
)
def test_list_may_be_repeated_or_comma_separated(face, query):
    assert asked(face, f"GET /pet/findByTags?{query}").arguments["tags"] == ["a", "b"]


def test_escaped_comma_belongs_to_the_value_on_the_native_face():
    assert asked(NATIVE, "GET /pet/findByTags?tags=a%2Cb,c").arguments == {
        "tags": ["a,b", "c"]
    }


def test_comma_in_a_text_stays():
    assert asked(NATIVE, "GET /pet?q=a,b%2Cc").arguments == {"q": "a,b,c"}


def test_first_value_of_a_text_counts():
    assert asked(NATIVE, "GET /pet?q=a&q=b").arguments == {"q": "a"}


def test_absent_list_is_the_default_of_the_face():
    assert asked(PUBLIC_V2, "GET /pet/findByStatus").arguments == {"status": []}
    assert asked(V3, "GET /pet/findByStatus").arguments == {"status": ["available"]}


@pytest.mark.parametrize(
    ("face", "line", "field"),
    [
        (NATIVE, "GET /pet/findByTags", "query.tags"),
        (V2, "GET /pet/findByStatus", "query.status"),
        (V2, "GET /user/login?username=ann", "query.password"),
        (PUBLIC_V3, "POST /pet/1", "query.name"),
    ],
)
def test_required_argument_is_named(face, line, field):
    with pytest.raises(Invalid) as caught:
        asked(face, line)

    assert [problem.field for problem in caught.value.fields] == [field]
    assert caught.value.extra["reason"] == "missing"


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("GET /pet?limit=0", "query.limit"),
        ("GET /pet?limit=ten", "query.limit"),
        ("GET /pet?limit=1_0", "query.limit"),
        ("GET /pet?limit=%D9%A1", "query.limit"),
        ("GET /pet?sort=age", "query.sort"),
        ("GET /pet?status=flying", "query.status"),
        ("GET /pet/findByTags?tags=a%00b", "query.tags"),
        ("GET /store/order?status=lost", "query.status"),
        ("GET /user/a%00b", "path.username"),
        ("GET /photos/..%2Fetc", "path.name"),
    ],
)
def test_argument_that_breaks_the_schema_is_named(line, field):
    with pytest.raises(Invalid) as caught:
        asked(NATIVE, line)

    assert [problem.field for problem in caught.value.fields] == [field]


def test_value_outside_the_enum_passes_where_the_public_server_takes_it():
    assert asked(PUBLIC_V2, "GET /pet/findByStatus?status=flying").arguments == {
        "status": ["flying"]
    }
    with pytest.raises(Invalid) as caught:
        asked(PUBLIC_V3, "GET /pet/findByStatus?status=flying")

    assert caught.value.extra["input"] == ["flying"]


def test_secret_that_is_refused_is_not_kept():
    with pytest.raises(Invalid) as caught:
        asked(NATIVE, "GET /user/login?username=ann&password=hush%00")

    assert "hush" not in repr(vars(caught.value))


@pytest.mark.parametrize(
    "text",
    ["abc", "0.5", "9223372036854775808", "99999999999999999999", "1_0", " 1", "", "-"],
)
def test_id_that_is_no_int64_cannot_be_read(text):
    match = resolve(NATIVE, "GET", "/pet/x")
    match.path_arguments["petId"] = text

    with pytest.raises(Malformed, match="64-bit integer") as caught:
        decode_parameters(match, Request("GET", "/pet/x", "", {}))

    assert (caught.value.extra["reason"], caught.value.extra["input"]) == (
        "path_id",
        text,
    )


@pytest.mark.parametrize(
    ("text", "number"),
    [("+1", 1), ("007", 7), ("-9223372036854775808", -(2**63)), ("0", 0)],
)
def test_id_may_have_a_sign_and_zeros(text, number):
    assert asked(NATIVE, f"GET /pet/{text}").arguments == {"pet_id": number}


def test_query_must_be_utf8():
    with pytest.raises(Malformed, match="query must be UTF-8"):
        asked(NATIVE, "GET /pet?q=%ff")


def test_query_of_too_many_fields_is_not_read():
    fields = "&".join(["q=a"] * FIELDS_MAX)

    assert asked(NATIVE, f"GET /pet?{fields}").arguments == {"q": "a"}
    with pytest.raises(Malformed, match="2,000 fields"):
        asked(NATIVE, f"GET /pet?{fields}&q=a")


@pytest.mark.parametrize("face", [NATIVE, V2, V3], ids=name_of)
@pytest.mark.parametrize(
    ("line", "body", "fields"),
    [
        ("POST /pet", pet_with(b'"category":null'), ["body.category"]),
        ("POST /pet", pet_with(b'"category":{"id":null}'), ["body.category.id"]),
        ("POST /pet", pet_with(b'"tags":[{},{"name":null}]'), ["body.tags.1.name"]),
        ("PUT /pet", pet_with(b'"id":1,"status":null'), ["body.status"]),
        ("POST /store/order", b'{"shipDate" : null}', ["body.shipDate"]),
        (
            "POST /user/createWithList",
            b'[{"username":"null"},{"id":null,"firstName":null}]',
            ["body.1.id", "body.1.firstName"],
        ),
    ],
)
def test_null_is_no_value_of_an_optional_field(face, line, body, fields):
    with pytest.raises(Invalid, match="leave the field out") as caught:
        asked(face, line, body)

    assert fields == [problem.field for problem in caught.value.fields]


@pytest.mark.parametrize("face", [PUBLIC_V2, PUBLIC_V3], ids=name_of)
def test_public_servers_take_null_for_absent(face):
    call = asked(face, "POST /pet", pet_with(b'"category":null,"status":null'))

    assert call.arguments["pet"].category is None


def test_null_has_a_meaning_in_a_merge_patch():
    call = asked(NATIVE, "PATCH /pet/1", b'{"category":null,"tags":[{"id":null}]}')

    assert {"category", "tags"} == call.arguments["patch"].model_fields_set


@pytest.mark.parametrize("face", [NATIVE, V2, V3], ids=name_of)
def test_null_as_a_word_or_below_what_nobody_knows_passes(face):
    body = b'{"name":"null","photoUrls":["null"]}'
    assert asked(face, "POST /pet", body).arguments["pet"].name == "null"
    if face is not NATIVE:
        asked(face, "POST /pet", pet_with(b'"colour":null'))
        xml = b"<Pet><name>null</name><photoUrls/><category/></Pet>"
        assert asked(V2, "POST /pet", xml, XML).arguments["pet"].name == "null"


def test_fields_keep_their_order_and_literal_commas_apart():
    assert parse_fields("a=1,2&b&a=%2C+&=c", "query") == {
        "a": [["1", "2"], [", "]],
        "b": [[""]],
        "": [["c"]],
    }


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("application/json", JSON),
        ("Application/JSON; charset=utf-8", JSON),
        (" application/xml ;q=1", XML),
        ("", ""),
    ],
)
def test_media_type_has_no_parameters(header, expected):
    assert media_type({"content-type": header}) == expected


def test_media_type_may_be_missing():
    assert media_type({}) == ""


def test_body_without_media_type_is_json():
    body = b'{"name":"Rex","photoUrls":[]}'
    request = Request("POST", "/pet", "", {}, body)

    assert decoded(NATIVE, request).arguments["pet"].name == "Rex"


@pytest.mark.parametrize(
    ("face", "line", "kind"),
    [
        (NATIVE, "POST /pet", "text/plain"),
        (NATIVE, "POST /pet", XML),
        (V2, "POST /store/order", XML),
        (V2, "POST /pet/1", JSON),
        (NATIVE, "POST /pet/1/uploadImage", JSON),
    ],
)
def test_media_type_that_the_operation_does_not_take_is_refused(face, line, kind):
    with pytest.raises(UnsupportedMedia, match=f"not '{kind}'"):
        asked(face, line, b"{}", kind)


def test_upload_without_media_type_is_refused():
    with pytest.raises(UnsupportedMedia, match="a body without Content-Type"):
        decoded(NATIVE, Request("POST", "/pet/1/uploadImage", "", {}, b"x"))


@pytest.mark.parametrize(
    ("face", "line", "kind", "body"),
    [
        (V2, "POST /pet", XML, b"<Pet><name>Rex</name><photoUrls/></Pet>"),
        (V3, "POST /pet", FORM, b"name=Rex&photoUrls="),
        (V3, "PUT /pet", FORM, b"id=1&name=Rex&photoUrls=a&photoUrls=b"),
    ],
)
def test_compatible_faces_take_other_media_types(face, line, kind, body):
    assert asked(face, line, body, kind).arguments["pet"].name == "Rex"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"name=Rex&status=sold", {"pet_id": 1, "name": "Rex", "status": "sold"}),
        (b"name=&status=", {"pet_id": 1}),
        (b"name=&name=Rex", {"pet_id": 1, "name": "Rex"}),
        (b"name=a,b", {"pet_id": 1, "name": "a,b"}),
        (b"", {"pet_id": 1}),
    ],
)
def test_empty_field_of_a_form_was_not_sent(body, expected):
    assert asked(V2, "POST /pet/1", body, FORM).arguments == expected


def test_empty_field_of_a_form_is_a_value_on_the_native_face():
    assert asked(NATIVE, "POST /pet/1", b"name=", FORM).arguments == {
        "pet_id": 1,
        "name": "",
    }


def test_form_must_be_utf8():
    with pytest.raises(Malformed, match="form must be UTF-8"):
        asked(V2, "POST /pet/1", b"name=\xff", FORM)
    with pytest.raises(Malformed, match="form must be UTF-8"):
        asked(V2, "POST /pet/1", b"name=%ff", FORM)


@pytest.mark.parametrize("face", [NATIVE, V2, V3], ids=name_of)
def test_unknown_status_in_a_body_is_refused_under_strict(face):
    with pytest.raises(Invalid, match=r"body\.status"):
        asked(face, "POST /pet", b'{"name":"a","photoUrls":[],"status":"flying"}')


@pytest.mark.parametrize("face", [PUBLIC_V2, PUBLIC_V3], ids=name_of)
def test_unknown_status_in_a_body_passes_under_public(face):
    call = asked(face, "POST /pet", b'{"name":"a","photoUrls":[],"status":"flying"}')

    assert call.arguments["pet"].status == "flying"


def test_unknown_property_is_refused_by_the_native_face_only():
    body = b'{"name":"a","photoUrls":[],"colour":"red"}'

    with pytest.raises(Invalid, match=r"body\.colour: There is no such field"):
        asked(NATIVE, "POST /pet", body)
    assert asked(V2, "POST /pet", body).arguments["pet"] == a_draft(
        name="a", photo_urls=[], category=None, tags=[], status=None
    )


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", Malformed),
        (b" ", Malformed),
        (b"{", Malformed),
        (b"\xff", Malformed),
        (b"[" * 100_000, Malformed),
        (b'{"name":"\\ud800","photoUrls":[]}', Malformed),
        (b'{"name":"a\\u0000","photoUrls":[]}', Invalid),
        (b'{"name":5,"photoUrls":[]}', Invalid),
        (b'{"name":"a"}', Invalid),
        (b'{"name":"a","photoUrls":[],"id":9223372036854775808}', Invalid),
        (b"null", Invalid),
        (b"[]", Invalid),
    ],
)
def test_body_that_is_no_pet_is_refused(body, kind):
    for one in (NATIVE, V2, V3):
        with pytest.raises(RemoteError) as caught:
            asked(one, "POST /pet", body)

        assert type(caught.value) is kind


def test_upload_may_be_a_stream_of_bytes_in_memory():
    stream = ByteStream(b"png", "image/png")
    request = Request(
        "POST", "/pet/1/uploadImage", "", {"content-type": "image/png"}, stream
    )

    assert decoded(NATIVE, request).arguments["content"] == ByteStream(
        b"png", "image/png", 3
    )


@pytest.mark.parametrize("key", FACES, ids="-".join)
def test_path_may_end_with_a_slash(key):
    assert asked(FACES[key], "GET /pet/1/").operation is pets.GET_PET_BY_ID


def test_path_below_another_base_leads_nowhere():
    with pytest.raises(NoSuchPath):
        resolve(V2, "GET", "/api/v3/pet/1")


def test_logout_takes_nothing():
    assert asked(V2, "GET /user/logout?x=1") == Call(shop.LOGOUT_USER, {})
