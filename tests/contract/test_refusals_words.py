"""A refusal has the status and the words of its face."""

import json

import pytest

from petstore.contract import errors
from petstore.contract.errors import FieldProblem, RemoteError
from petstore.contract.flavours import FACES, face
from petstore.contract.replies import Response
from tests.kit.refusals import FAULT_ID, an_error, answer

NATIVE = face("native", "strict")
V2, V3 = face("v2", "strict"), face("v3", "strict")
PUBLIC_V2, PUBLIC_V3 = face("v2", "public"), face("v3", "public")
NOT_FOUND = errors.NotFound("There is no pet 7.")
PATH_ID = errors.Malformed("It is no id.", reason="path_id", input='a"b')
EMPTY = errors.Malformed("A body is required.", reason="empty_body")
NO_JSON = errors.Malformed("The body is no JSON.", reason="not_json")
NO_FILE = an_error(errors.Invalid, "form.file", reason="no_file")
FAULT = errors.ServerFault("It failed.")
BAD_BODY = an_error(errors.Invalid, "body.id", reason="body")
BAD_NAME = an_error(errors.Invalid, "path.username")
METHOD = errors.MethodNotAllowed("Not so.", allow=["GET", "PUT"])


def said(response: Response) -> tuple[int, str]:
    """Return the status and the body."""
    assert isinstance(response.body, bytes)
    return response.status, response.body.decode()


def v2(code: int, message: str | None, kind: str = "unknown") -> str:
    text = {} if message is None else {"message": message}
    return json.dumps({"code": code, "type": kind, **text}, separators=(",", ":"))


def v3(code: int, message: str) -> str:
    return json.dumps({"code": code, "message": message}, separators=(",", ":"))


BAD = v2(500, "something bad happened")


@pytest.mark.parametrize(
    ("name", "error", "status", "body"),
    [
        ("getPetById", NOT_FOUND, 404, v2(1, "Pet not found", "error")),
        ("getOrderById", NOT_FOUND, 404, v2(1, "Order not found", "error")),
        ("getUserByName", NOT_FOUND, 404, v2(1, "User not found", "error")),
        ("getUserByName", BAD_NAME, 404, v2(1, "User not found", "error")),
        ("updatePetWithForm", NOT_FOUND, 404, v2(404, "not found")),
        ("deleteOrder", NOT_FOUND, 404, v2(404, "Order Not Found")),
        ("updatePet", NOT_FOUND, 404, v2(404, "not found")),
        ("deletePet", NOT_FOUND, 404, ""),
        ("deleteUser", NOT_FOUND, 404, ""),
        (None, NOT_FOUND, 404, v2(404, "null for uri: http://h/v2/asked")),
        (
            "getPetById",
            PATH_ID,
            404,
            v2(404, 'java.lang.NumberFormatException: For input string: "a"b"'),
        ),
        ("addPet", EMPTY, 405, v2(405, "no data")),
        ("createUser", EMPTY, 405, v2(405, "no data")),
        ("placeOrder", EMPTY, 400, v2(1, "No data", "error")),
        ("addPet", NO_JSON, 400, v2(400, "bad input")),
        ("addPet", BAD_BODY, 500, BAD),
        ("uploadFile", NO_FILE, 500, ""),
        ("addPet", FAULT, 500, BAD),
        (None, METHOD, 405, v2(405, None)),
        ("addPet", errors.UnsupportedMedia("x"), 415, v2(415, None)),
        ("getPetById", errors.NotAcceptable("x"), 406, v2(406, None)),
        ("addPet", errors.TooLarge("x"), 413, v2(413, "x")),
        ("addPet", errors.Unavailable("x"), 503, v2(503, "x")),
    ],
)
def test_public_v2_says_it_word_for_word(name, error, status, body):
    assert said(answer(PUBLIC_V2, name, error)) == (status, body)


FAILED = (
    f"There was an error processing your request. It has been logged (ID: {FAULT_ID})"
)
UNREADABLE = "Input error: unable to convert input to io.swagger.petstore.model.Pet"
NO_LONG = "Input error: couldn't convert `a\"b` to type `class java.lang.Long`"
NO_STATUS = (
    "Input error: query parameter `status` value `x` is not in the allowable values"
    " `[available, pending, sold]`"
)
STRANGER = errors.Invalid(
    "It is none.",
    fields=(FieldProblem("query.status.1", "is none", "enum"),),
    input=["sold", "x", "y"],
)


def missing(field: str) -> RemoteError:
    return an_error(errors.Invalid, field, reason="missing")


NAMELESS = missing("query.name")


@pytest.mark.parametrize(
    ("name", "error", "status", "body"),
    [
        ("getPetById", NOT_FOUND, 404, "Pet not found"),
        ("getOrderById", NOT_FOUND, 404, "Order not found"),
        ("getUserByName", NOT_FOUND, 404, "User not found"),
        ("getUserByName", BAD_NAME, 404, "User not found"),
        ("updatePet", NOT_FOUND, 404, "Pet not found"),
        ("deletePet", NOT_FOUND, 200, "Pet deleted"),
        ("deleteOrder", NOT_FOUND, 200, ""),
        ("deleteUser", NOT_FOUND, 200, ""),
        (None, NOT_FOUND, 404, v3(404, "HTTP 404 Not Found")),
        ("getPetById", PATH_ID, 400, v3(400, NO_LONG)),
        ("addPet", EMPTY, 400, "No Pet provided. Try again?"),
        ("placeOrder", EMPTY, 400, "No Order provided. Try again?"),
        (
            "updatePetWithForm",
            missing("query.name"),
            400,
            "No Name provided. Try again?",
        ),
        ("findPetsByTags", missing("query.tags"), 400, "No tags provided. Try again?"),
        ("findPetsByTags", missing("query.cursor"), 400, "It is wrong."),
        ("findPetsByStatus", STRANGER, 400, v3(400, NO_STATUS)),
        (
            "findPetsByTags",
            an_error(errors.Invalid, "query.tags.0"),
            400,
            v3(400, "Input error: It is wrong."),
        ),
        ("addPet", NO_JSON, 400, v3(400, UNREADABLE)),
        ("addPet", BAD_BODY, 400, v3(400, UNREADABLE)),
        ("addPet", errors.Invalid("x"), 400, v3(400, UNREADABLE)),
        ("uploadFile", NO_FILE, 400, "No file uploaded"),
        ("uploadFile", errors.Invalid("x"), 400, v3(400, "Input error: x")),
        ("addPet", FAULT, 500, v3(500, FAILED)),
        (None, FAULT, 500, v3(500, FAILED)),
        (None, METHOD, 405, v3(405, "HTTP 405 Method Not Allowed")),
        (
            "addPet",
            errors.UnsupportedMedia("x"),
            415,
            v3(415, "HTTP 415 Unsupported Media Type"),
        ),
        ("addPet", errors.Conflicted("x"), 409, v3(409, "HTTP 409 Conflict")),
    ],
)
def test_public_v3_says_it_word_for_word(name, error, status, body):
    assert said(answer(PUBLIC_V3, name, error)) == (status, body)


@pytest.mark.parametrize(
    ("face", "name", "error", "status"),
    [
        (V2, "getPetById", PATH_ID, 400),
        (V2, "getPetById", NOT_FOUND, 404),
        (V2, "deletePet", NOT_FOUND, 404),
        (V3, "deletePet", NOT_FOUND, 404),
        (V2, "addPet", NO_JSON, 400),
        (V2, "addPet", BAD_BODY, 405),
        (V2, "updatePetWithForm", an_error(errors.Invalid, "form.status"), 405),
        (V2, "findPetsByStatus", STRANGER, 400),
        (V2, "placeOrder", BAD_BODY, 400),
        (V2, "createUser", BAD_BODY, 400),
        (V2, None, BAD_BODY, 400),
        (V2, "uploadFile", NO_FILE, 400),
        (V3, "uploadFile", NO_FILE, 400),
        (V3, "addPet", BAD_BODY, 422),
        (V3, "findPetsByStatus", STRANGER, 400),
        (V3, "getUserByName", BAD_NAME, 400),
        (V2, "loginUser", errors.Unauthorized("x"), 400),
        (V2, "addPet", errors.Unauthorized("x"), 401),
        (V3, "addPet", errors.Conflicted("x"), 409),
        (V3, "addPet", FAULT, 500),
    ],
)
def test_strict_face_has_the_status_of_its_document(face, name, error, status):
    body = v2(status, error.message)

    assert said(answer(face, name, error)) == (status, body)


def test_native_face_answers_a_problem_document():
    response = answer(NATIVE, "getPetById", NOT_FOUND)

    assert response.headers["content-type"] == "application/problem+json"
    assert json.loads(said(response)[1]) == NOT_FOUND.to_problem()


@pytest.mark.parametrize("face", [V2, V3])
def test_strict_face_answers_a_problem_document_to_who_asks_for_it(face):
    accept = "application/problem+json, application/json"

    response = answer(face, "addPet", BAD_BODY, accept=accept)

    assert response.headers["content-type"] == "application/problem+json"
    assert response.status == 422


@pytest.mark.parametrize("face", [PUBLIC_V2, PUBLIC_V3])
def test_public_face_answers_no_problem_document(face):
    response = answer(face, "addPet", BAD_BODY, accept="application/problem+json")

    assert response.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("face", "error", "body"),
    [
        (PUBLIC_V2, NOT_FOUND, "<apiResponse><message>Pet not found</message>"),
        (V3, NOT_FOUND, "<apiResponse><code>404</code>"),
        (PUBLIC_V3, PATH_ID, "<ApiError><code>400</code>"),
    ],
)
def test_compatible_faces_refuse_in_xml_where_it_is_preferred(face, error, body):
    response = answer(face, "getPetById", error, accept="application/xml")

    assert response.headers["content-type"] == "application/xml"
    assert body in said(response)[1]


def test_refusal_is_json_where_nothing_is_acceptable():
    response = answer(V2, "getPetById", NOT_FOUND, accept="image/png")

    assert response.headers["content-type"] == "application/json"
    assert said(response) == (404, v2(404, "There is no pet 7."))


def test_bare_words_of_v3_are_labelled_json():
    headers = answer(PUBLIC_V3, "getPetById", NOT_FOUND).headers

    assert headers["content-type"] == "application/json"
    assert "content-type" not in answer(PUBLIC_V3, "deleteUser", NOT_FOUND).headers


@pytest.mark.parametrize("key", FACES, ids="-".join)
def test_headers_say_what_a_client_may_do(key):
    face = FACES[key]
    limited = answer(face, "addPet", errors.RateLimited("x", retry_after=7))
    unknown = answer(face, "addPet", errors.Unauthorized("x"))

    assert answer(face, None, METHOD).headers["allow"] == "GET, PUT"
    assert limited.headers["retry-after"] == "7"
    assert unknown.headers["www-authenticate"] == "Bearer"
    assert "allow" not in unknown.headers
