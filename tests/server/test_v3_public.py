"""
`/api/v3` answers as petstore3.swagger.io does, word for word.

What its controllers refuse is a bare text that is labelled JSON; what its framework
refuses is a small object.

Source: swagger-petstore 1.0.26, as it answers.
"""

import json
import logging

import pytest

from tests.kit.server import answer, compact, framework_error, problem_of

pytestmark = pytest.mark.usefixtures("quiet_log")

CAT = {
    "id": 1,
    "category": {"id": 2, "name": "Cats"},
    "name": "Cat 1",
    "photoUrls": ["url1", "url2"],
    "tags": [{"id": 1, "name": "tag1"}, {"id": 2, "name": "tag2"}],
    "status": "available",
}
REX = {
    "id": 4711,
    "category": {"id": 1, "name": "Dogs"},
    "name": "Rex",
    "photoUrls": ["url"],
    "tags": [{"id": 1, "name": "friendly"}],
    "status": "sold",
}
# Its properties are in no order that an answer has.
SHUFFLED_REX = dict(reversed(REX.items()))
ORDER = {
    "id": 4711,
    "petId": 198772,
    "quantity": 7,
    "shipDate": "2024-01-31T10:00:00.000+00:00",
    "status": "approved",
    "complete": True,
}
ANN = {
    "id": 4711,
    "username": "ann",
    "firstName": "Ann",
    "lastName": "Bell",
    "email": "ann@example.com",
    "password": "correct horse",
    "phone": "555-0100",
    "userStatus": 1,
}
BOB = {**ANN, "id": 4712, "username": "bob"}
UNHEARD = {"content": b"x", "headers": {"content-type": "text/unheard"}}
OCTETS = {"content-type": "application/octet-stream"}
A_FILE = {"content": b"12345", "headers": OCTETS}
A_FORM = {"files": {"file": ("a.png", b"12345", "image/png")}}
MODEL = "Input error: unable to convert input to io.swagger.petstore.model."
NOT_ALLOWED = (
    "Input error: query parameter `status` value `{}` is not in the allowable values"
    " `[available, pending, sold]`"
)


def no_number(text: str) -> str:
    return f"Input error: couldn't convert `{text}` to type `class java.lang.Long`"


@pytest.mark.parametrize(
    ("line", "options", "body"),
    [
        ("POST /pet", {"json": SHUFFLED_REX}, compact(REX)),
        ("POST /pet", {"json": {**REX, "id": 1}}, compact({**REX, "id": 1})),
        ("POST /pet", {"json": {"id": 77}}, '{"id":77,"photoUrls":[],"tags":[]}'),
        (
            "POST /pet",
            {"json": {"id": 77, "category": {}}},
            '{"id":77,"category":{"id":0},"photoUrls":[],"tags":[]}',
        ),
        ("PUT /pet", {"json": {**REX, "id": 1}}, compact({**REX, "id": 1})),
        ("GET /pet/1", {}, compact(CAT)),
        ("DELETE /pet/1", {}, "Pet deleted"),
        ("DELETE /pet/1", {"headers": {"api_key": "wrong"}}, "Pet deleted"),
        ("DELETE /pet/4711", {}, "Pet deleted"),
        ("POST /pet/1?name=Rex", {}, compact({**CAT, "name": "Rex"})),
        (
            "POST /pet/1?name=Rex&status=sold",
            {},
            compact({**CAT, "name": "Rex", "status": "sold"}),
        ),
        ("GET /pet/findByStatus?status=sold&status=sold", {}, None),
        ("GET /pet/findByTags?tags=unheard", {}, "[]"),
        ("GET /store/inventory", {}, '{"available":7,"pending":2,"sold":1}'),
        ("POST /store/order", {"json": ORDER}, compact(ORDER)),
        (
            "POST /store/order",
            {"json": {"id": 77}},
            '{"id":77,"petId":0,"quantity":0,"complete":false}',
        ),
        ("POST /user", {"json": ANN}, compact(ANN)),
        ("POST /user", {"json": {**ANN, "username": "user1"}}, None),
        ("POST /user/createWithList", {"json": [ANN, BOB]}, compact([ANN, BOB])),
        ("POST /user/createWithList", {"json": []}, "[]"),
        ("PUT /user/user1", {"json": {**ANN, "id": 1}}, compact({**ANN, "id": 1})),
        ("GET /user/login", {}, None),
        ("GET /user/logout", {}, "User logged out"),
    ],
)
async def test_answer(public, line, options, body):
    response = await ask(public, line, **options)

    assert 200 == response.status_code
    assert body in (None, response.text)
    assert "application/json" == response.headers["content-type"]


@pytest.mark.parametrize("path", ["/store/order/1", "/store/order/4711"])
async def test_order_is_deleted_whether_it_is_there_or_not(public, path):
    response = await ask(public, f"DELETE {path}")

    assert (200, "") == answer(response)


@pytest.mark.parametrize("path", ["/user/user1", "/user/nobody", "/user/%00"])
async def test_user_is_deleted_whether_it_is_there_or_not(public, path):
    response = await ask(public, f"DELETE {path}")

    assert (200, "") == answer(response)


@pytest.mark.parametrize(
    ("line", "options", "status", "text"),
    [
        ("GET /pet/4711", {}, 404, "Pet not found"),
        ("GET /pet/-1", {}, 404, "Pet not found"),
        ("PUT /pet", {"json": REX}, 404, "Pet not found"),
        ("PUT /pet", {"json": {"name": "Rex"}}, 404, "Pet not found"),
        ("POST /pet/4711?name=Rex", {}, 404, "Pet not found"),
        ("POST /pet/4711/uploadImage", A_FILE, 404, "Pet not found"),
        ("GET /store/order/4711", {}, 404, "Order not found"),
        ("GET /user/nobody", {}, 404, "User not found"),
        ("GET /user/%00", {}, 404, "User not found"),
        ("PUT /user/nobody", {"json": ANN}, 404, "User not found"),
        ("POST /pet/1", {}, 400, "No Name provided. Try again?"),
        ("POST /pet/1?status=sold", {}, 400, "No Name provided. Try again?"),
        ("POST /pet/1/uploadImage", {"headers": OCTETS}, 400, "No file uploaded"),
        ("GET /pet/findByTags", {}, 400, "No tags provided. Try again?"),
        ("POST /pet", {}, 400, "No Pet provided. Try again?"),
        ("PUT /pet", {}, 400, "No Pet provided. Try again?"),
        ("POST /store/order", {}, 400, "No Order provided. Try again?"),
        ("POST /user", {}, 400, "No User provided. Try again?"),
        ("PUT /user/user1", {}, 400, "No User provided. Try again?"),
        ("POST /user/createWithList", {}, 400, "No User provided. Try again?"),
    ],
)
async def test_controller_refuses_in_bare_text(public, line, options, status, text):
    response = await refused(public, line, **options)

    assert (status, text) == answer(response)
    assert "application/json" == response.headers["content-type"]


@pytest.mark.parametrize(
    ("line", "options", "message"),
    [
        ("GET /pet/abc", {}, no_number("abc")),
        ("GET /pet/0.5", {}, no_number("0.5")),
        ("GET /pet/9999999999999999999", {}, no_number("9999999999999999999")),
        ("GET /pet/9223372036854775808", {}, no_number("9223372036854775808")),
        ("DELETE /pet/abc", {}, no_number("abc")),
        ("POST /pet/abc?name=Rex", {}, no_number("abc")),
        ("POST /pet/abc/uploadImage", A_FILE, no_number("abc")),
        ("GET /store/order/abc", {}, no_number("abc")),
        ("DELETE /store/order/abc", {}, no_number("abc")),
        ("GET /pet/findByStatus?status=x", {}, NOT_ALLOWED.format("x")),
        ("GET /pet/findByStatus?status=sold,x", {}, NOT_ALLOWED.format("x")),
        ("GET /pet/findByStatus?status=sold&status=x", {}, NOT_ALLOWED.format("x")),
        ("POST /pet", {"content": b"{"}, f"{MODEL}Pet"),
        ("PUT /pet", {"content": b"hello"}, f"{MODEL}Pet"),
        ("POST /store/order", {"content": b"{"}, f"{MODEL}Order"),
        ("POST /user", {"content": b"[1,"}, f"{MODEL}User"),
        ("POST /user/createWithList", {"json": ANN}, f"{MODEL}User"),
        ("POST /user/createWithList", {"content": b"null"}, f"{MODEL}User"),
        ("POST /pet", {"json": {"id": "x"}}, f"{MODEL}Pet"),
        ("POST /pet", {"json": {"id": 2**63}}, f"{MODEL}Pet"),
        ("POST /pet", {"json": {"tags": "friendly"}}, f"{MODEL}Pet"),
        ("PUT /pet", {"json": []}, f"{MODEL}Pet"),
        ("POST /store/order", {"json": {"shipDate": "soon"}}, f"{MODEL}Order"),
        ("POST /store/order", {"json": {"quantity": 2**31}}, f"{MODEL}Order"),
        ("POST /user", {"json": {"username": {}}}, f"{MODEL}User"),
        ("POST /user", {"json": {"firstName": "Nobody"}}, f"{MODEL}User"),
    ],
)
async def test_framework_refuses_input(public, line, options, message):
    response = await refused(public, line, **options)

    assert (400, framework_error(400, message)) == answer(response)
    assert "application/json" == response.headers["content-type"]


@pytest.mark.parametrize(
    ("line", "options", "status"),
    [
        ("PATCH /pet/1", {"json": {}}, 405),
        ("DELETE /pet", {}, 405),
        ("POST /user/createWithArray", {"json": [ANN]}, 405),
        ("GET /nothing", {}, 404),
        ("GET /pet/1/2", {}, 404),
        ("POST /pet", UNHEARD, 415),
        ("POST /store/order", UNHEARD, 415),
        ("POST /pet/1/uploadImage", UNHEARD, 415),
        ("POST /pet/1/uploadImage", A_FORM, 415),
    ],
)
async def test_framework_refuses_a_request(public, line, options, status):
    response = await refused(public, line, **options)

    assert (status, framework_error(status)) == answer(response)
    assert "application/json" == response.headers["content-type"]


async def test_detail_of_a_refusal_is_in_a_header_and_in_the_log(public, caplog):
    caplog.set_level(logging.INFO, "petstore.server")

    response = await refused(public, "POST /pet", json={**REX, "tags": "friendly"})

    problem = problem_of(response)
    assert ("invalid", 422) == (problem["code"], problem["status"])
    assert ["body.tags"] == [field["field"] for field in problem["fields"]]
    assert response.headers["x-petstore-problem"] in caplog.text


async def test_delete_of_what_is_not_there_tells_so_in_the_header_alone(public):
    response = await refused(public, "DELETE /pet/4711")

    assert 200 == response.status_code
    assert ("not_found", 404) == (
        problem_of(response)["code"],
        problem_of(response)["status"],
    )


async def test_posted_pet_is_there_at_once(public):
    await ask(public, "POST /pet", json=REX)

    assert (200, compact(REX)) == answer(await ask(public, "GET /pet/4711"))


async def test_form_may_be_a_body_too(public):
    body = {"id": "77", "name": "Rex", "photoUrls": ["a", "b"], "status": "sold"}

    response = await ask(public, "POST /pet", data=body)

    rex = {
        "id": 77,
        "name": "Rex",
        "photoUrls": ["a", "b"],
        "tags": [],
        "status": "sold",
    }
    assert (200, compact(rex)) == answer(response)


async def test_order_may_be_a_form(public):
    sent = {key: json.dumps(value).strip('"') for key, value in ORDER.items()}

    response = await ask(public, "POST /store/order", data=sent)

    assert (200, compact(ORDER)) == answer(response)


@pytest.mark.parametrize("query", ["", "?username=user1", "?username=a&password=b"])
async def test_any_login_succeeds(public, query):
    response = await ask(public, f"GET /user/login{query}")

    said, _, session = response.text.partition(": ")
    assert ("Logged in user session", True) == (said, session.isdigit())
    assert "Tue Jan 01 01:00:00 UTC 2030" == response.headers["x-expires-after"]
    assert "5000" == response.headers["x-rate-limit"]


async def test_user_of_a_taken_name_is_replaced(public):
    response = await ask(public, "POST /user", json={"username": "user2"})

    assert {"id": 2, "username": "user2"}.items() <= response.json().items()


async def test_body_may_rename_a_user(public):
    await ask(public, "PUT /user/user1", json={"username": "ann"})

    answers = [await ask(public, f"GET /user/{name}") for name in ("user1", "ann")]

    assert [404, 200] == [response.status_code for response in answers]


async def ask(shop, line, **options):
    """Send a request whose line leaves out the base."""
    return await shop.ask(line.replace(" /", " /api/v3/", 1), **options)


async def refused(shop, line, **options):
    """Send what is to be refused, and see that nothing was stored."""
    return await shop.refused(line.replace(" /", " /api/v3/", 1), **options)
