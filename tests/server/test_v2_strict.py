"""
Under contract=strict `/v2` answers what its document says.

A refusal is an ApiResponse whose code is the status; a problem document goes to those
alone who name it.

Source: Swagger Petstore 1.0.7 (Swagger 2.0).
"""

import json

import pytest

from tests.kit.server import (
    answer,
    api_response,
    compact,
    open_shop,
    problem_of,
)

pytestmark = pytest.mark.usefixtures("quiet_log")

REX = {
    "id": 4711,
    "category": {"id": 1, "name": "Dogs"},
    "name": "Rex",
    "photoUrls": ["url"],
    "tags": [{"id": 1, "name": "friendly"}],
    "status": "sold",
}
ORDER = {
    "id": 4711,
    "petId": 198772,
    "quantity": 7,
    "shipDate": "2024-01-31T10:00:00.000+00:00",
    "status": "approved",
    "complete": True,
}
ANN = {"id": 4711, "username": "ann", "password": "correct horse"}
NAMELESS = {"id": 1, "photoUrls": []}
UNHEARD = {"content": b"x", "headers": {"content-type": "text/unheard"}}
A_FILE = {"files": {"file": ("a.png", b"12345", "image/png")}}
ONLY_HTML = {"headers": {"accept": "text/html"}}
PROBLEM = "application/problem+json"


@pytest.mark.parametrize(
    ("line", "options", "body"),
    [
        ("POST /pet", {"json": REX}, compact(REX)),
        ("PUT /pet", {"json": {**REX, "id": 1}}, compact({**REX, "id": 1})),
        ("GET /pet/findByStatus?status=sold,sold&status=sold", {}, None),
        ("POST /pet/1", {"data": {"name": "Rex"}}, api_response(200, "1")),
        ("POST /pet/1", {}, api_response(200, "1")),
        ("DELETE /pet/1", {}, api_response(200, "1")),
        ("GET /store/inventory", {}, '{"available":7,"pending":2,"sold":1}'),
        ("POST /store/order", {"json": ORDER}, compact(ORDER)),
        ("POST /store/order", {"json": {"id": 77}}, '{"id":77,"complete":false}'),
        # The bounds 1 to 10 of the document are those of its examples.
        ("GET /store/order/10", {}, None),
        ("DELETE /store/order/1", {}, api_response(200, "1")),
        ("POST /user", {"json": ANN}, api_response(200, "4711")),
        ("POST /user/createWithArray", {"json": [ANN]}, api_response(200, "ok")),
        ("POST /user/createWithList", {"json": [ANN]}, api_response(200, "ok")),
        ("PUT /user/user1", {"json": ANN}, api_response(200, "1")),
        ("DELETE /user/user1", {}, api_response(200, "user1")),
        ("GET /user/logout", {}, api_response(200, "ok")),
    ],
)
async def test_answer(strict, line, options, body):
    response = await ask(strict, line, **options)

    assert 200 == response.status_code
    assert body in (None, response.text)
    assert "application/json" == response.headers["content-type"]


@pytest.mark.parametrize(
    ("line", "options", "status"),
    [
        ("GET /pet/abc", {}, 400),
        ("GET /pet/0.5", {}, 400),
        ("GET /pet/9223372036854775808", {}, 400),
        ("DELETE /pet/abc", {}, 400),
        ("POST /pet/abc", {}, 400),
        ("POST /pet/abc/uploadImage", A_FILE, 400),
        ("GET /store/order/abc", {}, 400),
        ("DELETE /store/order/abc", {}, 400),
        ("GET /pet/4711", {}, 404),
        ("GET /pet/-1", {}, 404),
        ("PUT /pet", {"json": REX}, 404),
        ("DELETE /pet/4711", {}, 404),
        ("POST /pet/4711", {}, 404),
        ("POST /pet/4711/uploadImage", A_FILE, 404),
        ("GET /store/order/4711", {}, 404),
        ("DELETE /store/order/4711", {}, 404),
        ("GET /user/nobody", {}, 404),
        ("PUT /user/nobody", {"json": ANN}, 404),
        ("DELETE /user/nobody", {}, 404),
        ("GET /nothing", {}, 404),
        ("GET /pet/findByStatus", {}, 400),
        ("GET /pet/findByStatus?status=unheard", {}, 400),
        ("GET /pet/findByStatus?status=sold,unheard", {}, 400),
        ("GET /pet/findByTags", {}, 400),
        ("GET /user/login", {}, 400),
        ("GET /user/login?username=user1", {}, 400),
        ("GET /user/%00", {}, 400),
        ("POST /pet", {}, 400),
        ("PUT /pet", {"content": b"{"}, 400),
        ("POST /store/order", {}, 400),
        ("POST /user", {"content": b"hello"}, 400),
        ("POST /pet", {"json": {"name": "Rex"}}, 405),
        ("POST /pet", {"json": {"photoUrls": []}}, 405),
        ("POST /pet", {"json": {**REX, "name": None}}, 405),
        ("POST /pet", {"json": {**REX, "name": 5}}, 405),
        ("POST /pet", {"json": {**REX, "id": "4711"}}, 405),
        ("POST /pet", {"json": {**REX, "id": 2**63}}, 405),
        ("POST /pet", {"json": {**REX, "id": 1.5}}, 405),
        ("POST /pet", {"json": {**REX, "status": "unheard"}}, 405),
        ("POST /pet", {"json": {**REX, "tags": "friendly"}}, 405),
        ("PUT /pet", {"json": NAMELESS}, 405),
        ("PUT /pet", {"json": {"name": "Rex", "photoUrls": []}}, 405),
        ("PUT /pet", {"json": [REX]}, 405),
        ("POST /pet/1", {"data": {"status": "unheard"}}, 405),
        ("POST /store/order", {"json": {"status": "unheard"}}, 400),
        ("POST /store/order", {"json": {"quantity": 2**31}}, 400),
        ("POST /store/order", {"json": {"quantity": "7"}}, 400),
        ("POST /store/order", {"json": {"shipDate": "soon"}}, 400),
        ("POST /store/order", {"json": {"shipDate": "2024-01-31"}}, 400),
        ("POST /user", {"json": {"firstName": "Nobody"}}, 400),
        ("POST /user", {"json": [ANN]}, 400),
        ("POST /user/createWithArray", {"json": ANN}, 400),
        ("POST /user/createWithList", {"json": [ANN, {}]}, 400),
        ("PUT /user/user1", {"json": {"userStatus": "x"}}, 400),
        ("POST /pet", {"json": {**REX, "id": 1}}, 409),
        ("POST /store/order", {"json": {**ORDER, "id": 1}}, 409),
        ("POST /user", {"json": {"username": "user1"}}, 409),
        ("POST /user/createWithList", {"json": [ANN, {"username": "user1"}]}, 409),
        ("PUT /user/user1", {"json": {"username": "user2"}}, 409),
        ("POST /pet", UNHEARD, 415),
        ("POST /pet/1", UNHEARD, 415),
        ("POST /pet/1/uploadImage", UNHEARD, 415),
        ("POST /pet/1/uploadImage", A_FILE, 400),
        ("POST /pet/1/uploadImage", {"files": {"image": b"1"}}, 400),
        ("GET /pet/1", ONLY_HTML, 406),
        ("DELETE /pet/1", ONLY_HTML, 406),
        ("PATCH /pet/1", {"json": {}}, 405),
    ],
)
async def test_refusal(strict, line, options, status):
    response = await refused(strict, line, **options)

    problem = problem_of(response)
    assert (status, api_response(status, problem["detail"])) == answer(response)
    assert "application/json" == response.headers["content-type"]


async def test_problem_document_goes_to_those_who_name_it(strict):
    accept = {"accept": f"{PROBLEM}, application/json"}

    response = await refused(strict, "GET /pet/4711", headers=accept)

    assert (404, PROBLEM) == (response.status_code, response.headers["content-type"])
    assert problem_of(response) == response.json()
    assert "not_found" == response.json()["code"]


async def test_refusal_names_each_field_and_what_would_be_right(strict):
    sent = {"id": "x", "photoUrls": [1], "status": "sold"}

    response = await refused(strict, "POST /pet", json=sent)

    fields = [field["field"] for field in problem_of(response)["fields"]]
    assert ["body.id", "body.name", "body.photoUrls.0"] == fields
    assert "body.name: Field required" in response.json()["message"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("GET /nothing", "There is nothing at /v2/nothing."),
        ("GET /pet/1/2", "There is nothing at /v2/pet/1/2."),
        ("DELETE /pet", "/v2/pet takes POST, PUT, not DELETE."),
    ],
)
async def test_refusal_names_the_whole_path(strict, line, message):
    response = await refused(strict, line)

    assert message == response.json()["message"]


async def test_unknown_properties_are_dropped(strict):
    response = await ask(strict, "POST /pet", json={**REX, "colour": "red"})

    assert (200, compact(REX)) == answer(response)


async def test_later_orders_can_be_read(strict):
    await ask(strict, "POST /store/order", json=ORDER)

    assert (200, compact(ORDER)) == answer(await ask(strict, "GET /store/order/4711"))


async def test_login_is_a_json_text(strict):
    response = await ask(strict, "GET /user/login?username=user1&password=x")

    said, _, session = response.json().partition(":")
    assert ("logged in user session", True) == (said, session.isdigit())
    assert "2030-01-01T01:00:00.000+00:00" == response.headers["x-expires-after"]
    assert "5000" == response.headers["x-rate-limit"]


async def test_wrong_password_is_a_bad_request_where_it_matters():
    async with open_shop(contract="strict", auth="on") as shop:
        line = "GET /user/login?username=user1&password="

        wrong = await refused(shop, f"{line}wrong")
        right = await ask(shop, f"{line}XXXXXXXXXXX")

    message = "The username or the password is wrong."
    assert (400, api_response(400, message)) == answer(wrong)
    assert 200 == right.status_code


async def test_credentials_are_asked_for_in_api_response():
    async with open_shop(contract="strict", auth="on") as shop:
        nobody = await refused(shop, "DELETE /pet/1")
        login = await ask(shop, "GET /user/login?username=user1&password=XXXXXXXXXXX")
        token = login.json().partition(":")[2]
        bearer = {"authorization": f"Bearer {token}"}
        customer = await refused(shop, "DELETE /pet/1", headers=bearer)
        reading = await ask(shop, "GET /pet/1", headers=bearer)

    assert [401, 403, 200] == [
        response.status_code for response in (nobody, customer, reading)
    ]
    assert [401, 403] == [json.loads(it.text)["code"] for it in (nobody, customer)]
    assert "Bearer" == nobody.headers["www-authenticate"]


async def ask(shop, line, **options):
    """Send a request whose line leaves out the base."""
    return await shop.ask(line.replace(" /", " /v2/", 1), **options)


async def refused(shop, line, **options):
    """Send what is to be refused, and see that nothing was stored."""
    return await shop.refused(line.replace(" /", " /v2/", 1), **options)
