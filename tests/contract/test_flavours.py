"""Each face has its operations, where the official documents have them."""

import pytest

from petstore.contract import calls
from petstore.contract.call import ByteStream, Place
from petstore.contract.errors import NotSupported
from petstore.contract.flavours import FACES, STRICT, Shape, face, face_of
from petstore.contract.media import FORM, JSON, MERGE_PATCH, MULTIPART, OCTETS, XML
from petstore.contract.operations import OPERATIONS

NATIVE = face("native", "strict")
V2, V3 = face("v2", "strict"), face("v3", "strict")
PUBLIC_V2, PUBLIC_V3 = face("v2", "public"), face("v3", "public")
OURS = {
    *("listPets", "patchPet", "restorePet", "getPetHistory", "getPhoto", "listOrders"),
    *("patchOrder", "listUsers", "createToken", "getToken", "deleteToken"),
    "getEvents",
}


def test_native_face_has_every_operation():
    assert NATIVE.routes.keys() == OPERATIONS.keys()


@pytest.mark.parametrize("contract", ["public", "strict"])
def test_compatible_faces_have_those_of_their_documents(contract):
    official = OPERATIONS.keys() - OURS
    v2, v3 = face("v2", contract).routes, face("v3", contract).routes

    assert set(v2) == official
    assert set(v3) == official - {"createUsersWithArrayInput"}
    assert (len(v2), len(v3)) == (20, 19)


def test_native_face_is_strict_under_either_contract():
    assert face("native", "public") is NATIVE
    assert not NATIVE.is_public


@pytest.mark.parametrize(
    ("path", "flavour"),
    [
        ("/v2/pet/1", "v2"),
        ("/api/v3/pet/1", "v3"),
        ("/pet/1", "native"),
        ("/v2", "native"),
        ("/v23/pet", "native"),
        ("/api/v31/pet", "native"),
        ("/", "native"),
    ],
)
@pytest.mark.parametrize("contract", ["public", "strict"])
def test_face_is_known_by_the_path(path, flavour, contract):
    assert face_of(path, contract) is face(flavour, contract)


def test_face_without_an_operation_says_so():
    with pytest.raises(NotSupported, match="The v3 API has no operation createUsers"):
        V3.route(OPERATIONS["createUsersWithArrayInput"])


def test_route_of_an_operation_is_bound_to_it():
    for one in FACES.values():
        for name, route in one.routes.items():
            assert one.route(OPERATIONS[name]) is route
            assert route.operation is OPERATIONS[name]


@pytest.mark.parametrize(
    ("name", "native", "v2", "v3"),
    [
        ("addPet", (JSON,), (JSON, XML), (JSON, XML, FORM)),
        ("updatePet", (JSON,), (JSON, XML), (JSON, XML, FORM)),
        ("placeOrder", (JSON,), (JSON,), (JSON, XML, FORM)),
        ("createUser", (JSON,), (JSON,), (JSON, XML, FORM)),
        ("createUsersWithListInput", (JSON,), (JSON,), (JSON,)),
        ("updatePetWithForm", (FORM,), (FORM,), ()),
        ("uploadFile", (OCTETS,), (MULTIPART, OCTETS), (OCTETS,)),
        ("getPetById", (), (), ()),
    ],
)
def test_body_may_have_the_media_types_of_its_document(name, native, v2, v3):
    taken = [one.routes[name].takes for one in (NATIVE, V2, V3)]

    assert taken == [native, v2, v3]


def test_patch_is_a_merge_patch():
    assert NATIVE.routes["patchPet"].takes == (MERGE_PATCH, JSON)


@pytest.mark.parametrize(
    ("name", "argument", "native", "v2", "v3"),
    [
        ("updatePetWithForm", "name", Place.FORM, Place.FORM, Place.QUERY),
        (
            "uploadFile",
            "additional_metadata",
            Place.QUERY,
            Place.FORM,
            Place.QUERY,
        ),
    ],
)
def test_argument_travels_where_the_document_has_it(name, argument, native, v2, v3):
    places = [
        next(arg.place for arg in one.routes[name].args if arg.name == argument)
        for one in (NATIVE, V2, V3)
    ]

    assert places == [native, v2, v3]


def test_public_faces_require_what_the_public_servers_do():
    def required(one, name):
        return [arg.name for arg in one.routes[name].args if arg.required]

    assert required(V2, "loginUser") == ["username", "password"]
    assert required(PUBLIC_V2, "loginUser") == required(V3, "loginUser") == []
    assert required(PUBLIC_V3, "updatePetWithForm") == ["pet_id", "name"]
    assert required(V3, "updatePetWithForm") == ["pet_id"]


def test_only_public_faces_have_a_policy():
    assert {key for key, one in FACES.items() if one.policy != STRICT} == {
        ("v2", "public"),
        ("v3", "public"),
    }


def test_unknown_properties_are_dropped_by_the_compatible_faces():
    assert {one.flavour: one.extra for one in FACES.values()} == {
        "native": "forbid",
        "v2": "ignore",
        "v3": "ignore",
    }


@pytest.mark.parametrize("key", FACES, ids="-".join)
def test_shape_that_says_something_has_the_words(key):
    says = {Shape.MESSAGE, Shape.TEXT, Shape.QUOTED}
    for route in FACES[key].routes.values():
        assert (route.shape in says) == (route.text is not None)


def test_upload_is_told_in_the_words_of_the_public_server():
    text = PUBLIC_V2.routes["uploadFile"].text
    assert text is not None
    call = calls.upload_file(
        1, ByteStream(b"x", file_name="../a.png"), additional_metadata="left"
    )
    plain = calls.upload_file(1, ByteStream(b"x"))
    photo = OPERATIONS["uploadFile"].result(size_bytes=3)

    assert text(call, photo) == (
        "additionalMetadata: left\nFile uploaded to ./../a.png, 3 bytes"
    )
    assert text(plain, photo) == (
        "additionalMetadata: null\nFile uploaded to ./file, 3 bytes"
    )
