"""A call survives its request on every face; whatever else comes is refused."""

from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from petstore.contract import calls
from petstore.contract import pet_operations as pets
from petstore.contract.call import Call
from petstore.contract.errors import Invalid, NotSupported
from petstore.contract.flavours import FACES, Face, face
from petstore.contract.http import (
    Request,
    decode_request,
    encode_request,
    resolve,
)
from petstore.contract.media import FORM, JSON, MERGE_PATCH
from petstore.contract.operations import RESERVED_USERNAMES
from petstore.contract.pet import PetPatch
from tests.kit.builders import a_draft, a_pet
from tests.kit.faces import can_carry
from tests.kit.operation_strategies import operation_calls
from tests.kit.scripts import Script, only

NATIVE = face("native", "strict")
V2, V3 = face("v2", "strict"), face("v3", "strict")
PUBLIC_V2, PUBLIC_V3 = face("v2", "public"), face("v3", "public")


def decoded(face: Face, request: Request) -> Call[Any]:
    match = resolve(face, request.method, request.path)
    return decode_request(match, request)


@cache
def any_call(face: Face) -> st.SearchStrategy[Script]:
    """Draw a call that the face can carry, of any of its operations."""
    drawn = [
        operation_calls(
            route.operation,
            unknown_status=face.is_public and not route.refuses_strangers,
        ).filter(lambda call: can_carry(face, call))
        for route in face.routes.values()
    ]
    return st.one_of(drawn).map(only)


@pytest.mark.parametrize("key", FACES, ids="-".join)
@settings(max_examples=settings().max_examples * 2)
@given(data=st.data())
def test_call_survives_its_request(key, data):
    face = FACES[key]
    (call,) = data.draw(any_call(face)).calls

    request = encode_request(face, call)
    read = decoded(face, request)

    assert read == call
    # Of a patch it matters which fields were set; bodies say so.
    assert encode_request(face, read) == request


def test_operation_that_a_face_lacks_is_not_supported():
    with pytest.raises(NotSupported, match="The v2 API has no operation listPets"):
        encode_request(V2, calls.list_pets())


@pytest.mark.parametrize("face", [V2, V3])
@pytest.mark.parametrize(
    ("call", "names"),
    [
        (calls.delete_pet(1, if_version=2), "if_version"),
        (calls.add_pet(a_draft(), idempotency_key="k"), "idempotency_key"),
        (
            calls.update_pet_with_form(1, if_version=2, idempotency_key="k"),
            "idempotency_key and no if_version",
        ),
    ],
)
def test_argument_that_a_face_lacks_is_not_left_out_in_silence(face, call, names):
    expected = f"{call.operation.id} takes no {names} on the {face.flavour} API; leave"

    with pytest.raises(NotSupported, match=expected):
        encode_request(face, call)


ODD_NAMES = st.text("./%\\?#;+ \t~ü", min_size=1, max_size=8)


@pytest.mark.parametrize("key", FACES, ids="-".join)
@given(name=ODD_NAMES)
def test_name_of_dots_and_slashes_is_one_segment_of_its_path(key, name):
    face = FACES[key]
    call = calls.get_user_by_name(name)

    request = encode_request(face, call)

    assert decoded(face, request) == call
    last = request.path.removeprefix(f"{face.base}/user/")
    assert "/" not in last
    # These are resolved by what is between a client and its server.
    assert last not in ("", ".", "..")


@pytest.mark.parametrize("key", FACES, ids="-".join)
@pytest.mark.parametrize("name", sorted(RESERVED_USERNAMES))
def test_name_whose_path_is_another_operation_is_refused(key, name):
    with pytest.raises(Invalid, match=f"/user/{name} is another operation"):
        encode_request(FACES[key], calls.delete_user(name))


@pytest.mark.parametrize(
    ("face", "call", "line"),
    [
        (NATIVE, calls.get_pet_by_id(-5), "GET /pet/-5"),
        (V2, calls.get_user_by_name("a/b ü"), "GET /v2/user/a%2Fb%20%C3%BC"),
        (V3, calls.get_user_by_name("."), "GET /api/v3/user/%2E"),
        (V3, calls.get_user_by_name(".."), "GET /api/v3/user/%2E%2E"),
        (V3, calls.get_user_by_name("..."), "GET /api/v3/user/..."),
        (
            NATIVE,
            calls.find_pets_by_tags(["a,b", "c"]),
            "GET /pet/findByTags?tags=a%2Cb&tags=c",
        ),
        (V2, calls.find_pets_by_status([]), "GET /v2/pet/findByStatus?status="),
        (
            V3,
            calls.update_pet_with_form(1, name="R x", status="sold"),
            "POST /api/v3/pet/1?name=R+x&status=sold",
        ),
    ],
)
def test_request_line_is_as_the_face_has_it(face, call, line):
    request = encode_request(face, call)

    query = f"?{request.query}" if request.query else ""
    assert f"{request.method} {request.path}{query}" == line


@pytest.mark.parametrize(
    ("face", "call", "kind", "body"),
    [
        (
            NATIVE,
            calls.update_pet(a_pet(version=7, category=None, tags=[], status=None)),
            JSON,
            b'{"id":1,"name":"Rex","photoUrls":["url1"],"tags":[],"version":7}',
        ),
        (
            V2,
            calls.update_pet(a_pet(version=7, category=None, tags=[], status=None)),
            JSON,
            b'{"id":1,"name":"Rex","photoUrls":["url1"],"tags":[]}',
        ),
        (
            NATIVE,
            Call(pets.PATCH_PET, {"pet_id": 1, "patch": PetPatch(status=None)}),
            MERGE_PATCH,
            b'{"status":null}',
        ),
        (V2, calls.update_pet_with_form(1, name="R x"), FORM, b"name=R+x"),
        (V2, calls.update_pet_with_form(1), "", b""),
        (V2, calls.delete_pet(1), "", b""),
    ],
)
def test_body_is_as_the_face_has_it(face, call, kind, body):
    request = encode_request(face, call)

    assert (kind, body) == (request.headers.get("content-type", ""), request.body)
