"""A value survives its response on every face, as far as the face shows it."""

import json
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from petstore.contract import calls
from petstore.contract import pet_operations as pets
from petstore.contract.call import ByteStream, Call, Operation, Reply
from petstore.contract.errors import NotAcceptable
from petstore.contract.flavours import FACES, Face, Route, Shape, face
from petstore.contract.http import Request
from petstore.contract.operations import OPERATIONS
from petstore.contract.pet import Pet, Photo
from petstore.contract.replies import (
    Response,
    check_acceptable,
    decode_reply,
    encode_reply,
    follow_ups,
)
from petstore.contract.user import Token, UserDraft
from petstore.contract.xml import from_xml
from tests.kit.builders import a_pet, a_user, an_order
from tests.kit.faces import as_answered
from tests.kit.operation_strategies import operation_values

NATIVE = face("native", "strict")
V2, V3 = face("v2", "strict"), face("v3", "strict")
PUBLIC_V2, PUBLIC_V3 = face("v2", "public"), face("v3", "public")
ARGUMENTS = {
    "pet_id": 7,
    "order_id": 7,
    "username": "ann",
    "user": UserDraft(username="ann"),
    "users": [UserDraft(username="ann"), UserDraft(username="bob")],
    "content": ByteStream(b"png", file_name="rex.png"),
}
INSTANT = datetime(2030, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)


def a_call(operation: Operation[Any]) -> Call[Any]:
    """Return a call whose arguments any answer may name."""
    names = {arg.name for arg in operation.args}
    given = {name: value for name, value in ARGUMENTS.items() if name in names}
    return Call(operation, given)


def a_request(path: str = "/", query: str = "", **headers: str) -> Request:
    return Request("GET", path, query, headers)


def answered(face: Face, name: str, value: Any, **headers: str) -> Response:
    """Encode the reply to an operation."""
    call = a_call(OPERATIONS[name])
    return encode_reply(face, call, Reply(value), a_request(**headers))


def text_of(face: Face, name: str, value: Any, **headers: str) -> str:
    body = answered(face, name, value, **headers).body
    assert isinstance(body, bytes)
    return body.decode()


@cache
def any_reply(face: Face) -> st.SearchStrategy[tuple[str, Any]]:
    """Draw the name of an operation and what a store may answer."""
    drawn = [
        st.tuples(st.just(name), operation_values(route.operation))
        for name, route in face.routes.items()
    ]
    return st.one_of(drawn)


@pytest.mark.parametrize("key", FACES, ids="-".join)
@settings(max_examples=settings().max_examples * 2)
@given(data=st.data())
def test_value_survives_its_response(key, data):
    face = FACES[key]
    name, value = data.draw(any_reply(face))
    route = face.routes[name]
    call = a_call(route.operation)

    response = encode_reply(face, call, Reply(value), a_request())
    reply = decode_reply(face, call, response)

    assert reply.value == expected_of(face, route, value)


def expected_of(face: Face, route: Route, value: Any) -> Any:
    """Return what an answer carries of a value."""
    if route.reads is not None:
        return None
    if isinstance(value, Token):
        # The public servers' header has no milliseconds.
        fraction = value.expires_at.microsecond if face.is_public else 0
        expires_at = value.expires_at - timedelta(microseconds=fraction)
        return value.model_copy(update={"expires_at": expires_at})
    if isinstance(value, Photo) and route.shape is Shape.PET:
        return Photo(pet=as_answered(face, value.pet))
    if isinstance(value, Photo) and route.shape is Shape.MESSAGE:
        message = (
            "additionalMetadata: null\n"
            f"File uploaded to ./rex.png, {value.size_bytes} bytes"
        )
        return Photo(code=200, type="unknown", message=message)
    return as_answered(face, value)


def test_version_is_the_etag_of_the_native_face_only():
    reply = Reply(a_pet(version=3), version=3)
    call = calls.get_pet_by_id(1)

    native = encode_reply(NATIVE, call, reply, a_request())
    compat = encode_reply(V2, call, reply, a_request())

    assert native.headers["etag"] == '"3"'
    assert "etag" not in compat.headers
    assert b"version" not in bytes_of(compat)
    assert decode_reply(NATIVE, call, native).version == 3
    assert decode_reply(V2, call, compat).version is None


def bytes_of(response: Response) -> bytes:
    assert isinstance(response.body, bytes)
    return response.body


@pytest.mark.parametrize("face", [NATIVE, V2, V3])
def test_next_page_of_a_plain_list_is_a_link(face):
    call = calls.find_pets_by_status("sold", cursor="old")
    request = a_request("/pet/findByStatus", "status=sold&cursor=old&&x=1")

    response = encode_reply(face, call, Reply([], next_cursor="a+b"), request)

    link = '</pet/findByStatus?status=sold&x=1&cursor=a%2Bb>; rel="next"'
    assert response.headers["link"] == link
    assert decode_reply(face, call, response).next_cursor == "a+b"


def test_next_page_of_a_listing_is_in_its_body():
    page = {"items": [], "nextCursor": "c"}
    value = OPERATIONS["listPets"].result.model_validate(page)

    response = answered(NATIVE, "listPets", value)

    assert (json.loads(bytes_of(response)), "link" in response.headers) == (page, False)


def test_status_headers_and_request_id_come_with_the_reply():
    headers = {"x-request-id": "r1", "x-rate-limit": "5"}
    response = Response(201, headers, b'{"id":1,"name":"","photoUrls":[]}')

    reply = decode_reply(NATIVE, calls.get_pet_by_id(1), response)

    assert (reply.status, reply.request_id) == (201, "r1")
    assert reply.headers["x-rate-limit"] == "5"


TOKEN = Token(access_token="123", expires_at=INSTANT)


@pytest.mark.parametrize(
    ("face", "name", "value", "body"),
    [
        (V2, "deletePet", None, '{"code":200,"type":"unknown","message":"7"}'),
        (V2, "deleteOrder", None, '{"code":200,"type":"unknown","message":"7"}'),
        (V2, "deleteUser", None, '{"code":200,"type":"unknown","message":"ann"}'),
        (V2, "logoutUser", None, '{"code":200,"type":"unknown","message":"ok"}'),
        (V2, "createUser", a_user(id=9), '{"code":200,"type":"unknown","message":"9"}'),
        (V2, "createUser", None, '{"code":200,"type":"unknown","message":"0"}'),
        (
            V2,
            "updatePetWithForm",
            a_pet(),
            '{"code":200,"type":"unknown","message":"7"}',
        ),
        (
            PUBLIC_V2,
            "loginUser",
            TOKEN,
            '{"code":200,"type":"unknown","message":"logged in user session:123"}',
        ),
        (V2, "loginUser", TOKEN, '"logged in user session:123"'),
        (PUBLIC_V3, "loginUser", TOKEN, "Logged in user session: 123"),
        (V3, "loginUser", TOKEN, '"Logged in user session: 123"'),
        (NATIVE, "loginUser", TOKEN, '"123"'),
        (PUBLIC_V3, "logoutUser", None, "User logged out"),
        (PUBLIC_V3, "deletePet", None, "Pet deleted"),
        (V3, "deletePet", None, ""),
        (V3, "updateUser", a_user(), ""),
        (NATIVE, "deletePet", None, ""),
        (V3, "createUsersWithListInput", [], ""),
        (PUBLIC_V3, "createUsersWithListInput", [], "[]"),
        (V2, "getInventory", {"sold": 2}, '{"sold":2}'),
        (NATIVE, "findPetsByTags", [], "[]"),
    ],
)
def test_answer_has_the_words_of_its_face(face, name, value, body):
    assert text_of(face, name, value) == body


def test_first_user_of_a_list_is_the_answer_of_v3():
    users = [a_user(id=1), a_user(id=2)]

    assert json.loads(text_of(V3, "createUsersWithListInput", users))["id"] == 1


@pytest.mark.parametrize(
    ("face", "limits"),
    [
        (NATIVE, "2030-01-02T03:04:05.678+00:00"),
        (V2, "2030-01-02T03:04:05.678+00:00"),
        (PUBLIC_V2, "Wed Jan 02 03:04:05 UTC 2030"),
        (PUBLIC_V3, "Wed Jan 02 03:04:05 UTC 2030"),
    ],
)
def test_login_says_when_it_ends(face, limits):
    headers = answered(face, "loginUser", TOKEN).headers

    assert (headers["x-expires-after"], headers["x-rate-limit"]) == (limits, "5000")


@pytest.mark.parametrize(
    ("face", "text"),
    [
        (PUBLIC_V2, "2030-01-02T03:04:05.678+0000"),
        (PUBLIC_V3, "2030-01-02T03:04:05.678+00:00"),
        (V2, "2030-01-02T03:04:05.678+00:00"),
        (V3, "2030-01-02T03:04:05.678+00:00"),
        (NATIVE, "2030-01-02T03:04:05.678000Z"),
    ],
)
def test_instant_is_written_as_the_face_does(face, text):
    order = json.loads(text_of(face, "getOrderById", an_order(ship_date=INSTANT)))

    assert order["shipDate"] == text


def test_public_answer_leaves_out_a_name_that_was_never_given():
    pet = a_pet(name="")
    pet.model_fields_set.discard("name")

    assert "name" not in json.loads(text_of(PUBLIC_V2, "getPetById", pet))
    assert json.loads(text_of(V2, "getPetById", pet))["name"] == ""
    assert json.loads(text_of(PUBLIC_V2, "getPetById", a_pet(name="")))["name"] == ""


def test_public_answer_has_zero_where_java_has_no_null():
    pet = a_pet(category={"name": "Dogs"}, tags=[{"name": "a"}])
    order = an_order(pet_id=None, quantity=None)

    shown = json.loads(text_of(PUBLIC_V2, "getPetById", pet))

    assert (shown["category"]["id"], shown["tags"][0]["id"]) == (0, 0)
    assert json.loads(text_of(PUBLIC_V3, "getOrderById", order))["quantity"] == 0
    assert (
        json.loads(text_of(PUBLIC_V2, "getUserByName", a_user(user_status=None)))[
            "userStatus"
        ]
        == 0
    )
    assert "quantity" not in json.loads(text_of(V2, "getOrderById", order))


@pytest.mark.parametrize("face", [PUBLIC_V2, V2, PUBLIC_V3, V3])
def test_compatible_faces_answer_xml_where_it_is_preferred(face):
    def xml_of(name: str, value: Any) -> bytes:
        response = answered(face, name, value, accept="application/xml")
        assert response.headers["content-type"] == "application/xml"
        return bytes_of(response)

    pet = "Pet" if face.flavour == "v2" else "pet"
    assert from_xml(xml_of("getPetById", a_pet()), Pet)["name"] == "Rex"
    assert f"<{pet}>".encode() in xml_of("findPetsByTags", [a_pet()])
    assert b"<pets" in xml_of("findPetsByTags", [])
    assert b"2030-01-02T03:04:05.678Z" in xml_of("getOrderById", an_order())


def test_native_face_answers_json_whatever_is_preferred():
    response = answered(NATIVE, "getPetById", a_pet(), accept="application/xml")

    assert response.headers["content-type"] == "application/json"


def test_v3_answers_yaml_where_nothing_else_is_acceptable():
    response = answered(V3, "getPetById", a_pet(), accept="application/yaml")

    assert response.headers["content-type"] == "application/yaml"


@pytest.mark.parametrize(
    ("name", "value", "accept"),
    [
        ("getPetById", a_pet(), "text/html"),
        ("getInventory", {}, "text/xml"),
        ("uploadFile", Photo(size_bytes=3), "text/xml"),
    ],
)
def test_v2_refuses_what_it_has_no_form_for(name, value, accept):
    with pytest.raises(NotAcceptable):
        check_acceptable(V2, V2.routes[name], a_request(accept=accept))
    with pytest.raises(NotAcceptable):
        answered(V2, name, value, accept=accept)


@pytest.mark.parametrize("face", [NATIVE, V3, PUBLIC_V3])
def test_other_faces_always_have_a_form(face):
    check_acceptable(face, face.routes["getPetById"], a_request(accept="text/html"))


def test_download_has_the_media_type_of_the_picture():
    response = answered(NATIVE, "getPhoto", ByteStream(b"png", "image/png"))

    assert response.headers == {"content-type": "image/png"}
    assert isinstance(response.body, ByteStream)


def test_download_that_is_a_stream_stays_one():
    stream = ByteStream(iter([b"a"]), "image/png", 1)

    reply = decode_reply(NATIVE, a_call(pets.GET_PHOTO), Response(200, {}, stream))

    assert reply.value is stream


@pytest.mark.parametrize(
    ("name", "usernames"),
    [
        ("createUser", ["ann"]),
        ("updateUser", ["ann"]),
        ("createUsersWithListInput", ["ann", "bob"]),
        ("createUsersWithArrayInput", ["ann", "bob"]),
    ],
)
def test_users_that_v2_does_not_show_are_read_afterwards(name, usernames):
    reads = follow_ups(V2, a_call(OPERATIONS[name]))

    assert [call.operation.id for call in reads] == ["getUserByName"] * len(usernames)
    assert usernames == [call.arguments["username"] for call in reads]


def test_replaced_user_is_read_by_its_old_name_unless_it_has_a_new_one():
    def read_after(username: str | None) -> Any:
        (read,) = follow_ups(V3, calls.update_user("ann", UserDraft(username=username)))
        return read.arguments["username"]

    assert (read_after(None), read_after(""), read_after("bob")) == (
        "ann",
        "ann",
        "bob",
    )


def test_user_without_a_name_is_not_read():
    assert follow_ups(V2, calls.create_user(UserDraft())) == ()


def test_pet_that_v2_does_not_show_is_read_afterwards():
    (read,) = follow_ups(V2, calls.update_pet_with_form(7, name="Rex"))

    assert (read.operation, read.arguments) == (pets.GET_PET_BY_ID, {"pet_id": 7})


def test_value_that_is_in_the_answer_is_not_read_again():
    assert follow_ups(NATIVE, calls.create_user(UserDraft())) == ()
