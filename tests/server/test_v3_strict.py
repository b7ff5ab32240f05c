"""
Under contract=strict `/api/v3` answers what its document says.

Source: Swagger Petstore 1.0.26 (OpenAPI 3.0).
"""

import pytest

from tests.kit.server import answer, api_response, compact, open_shop, problem_of

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
ORDER = {
    "id": 4711,
    "petId": 198772,
    "quantity": 7,
    "shipDate": "2024-01-31T10:00:00.000+00:00",
    "status": "approved",
    "complete": True,
}
ANN = {"id": 4711, "username": "ann", "password": "correct horse"}
BOB = {"id": 4712, "username": "bob"}
UNHEARD = {"content": b"x", "headers": {"content-type": "text/unheard"}}
OCTETS = {"content-type": "application/octet-stream"}
A_FILE = {"content": b"12345", "headers": OCTETS}
PROBLEM = "application/problem+json"


@pytest.mark.parametrize(
    ("line", "options", "body"),
    [
        ("POST /pet", {"json": REX}, compact(REX)),
        ("PUT /pet", {"json": {**REX, "id": 1}}, compact({**REX, "id": 1})),
        ("POST /pet/1?name=Rex", {}, compact({**CAT, "name": "Rex"})),
        ("POST /pet/1?status=sold", {}, compact({**CAT, "status": "sold"})),
        ("POST /pet/1", {}, compact(CAT)),
        ("GET /store/inventory", {}, '{"available":7,"pending":2,"sold":1}'),
        ("POST /store/order", {"json": ORDER}, compact(ORDER)),
        ("GET /store/order/10", {}, None),
        ("POST /user", {"json": ANN}, compact(ANN)),
        # The document has one user here.
        ("POST /user/createWithList", {"json": [ANN, BOB]}, compact(ANN)),
    ],
)
async def test_answer(strict, line, options, body):
    response = await ask(strict, line, **options)

    assert 200 == response.status_code
    assert body in (None, response.text)
    assert "application/json" == response.headers["content-type"]


@pytest.mark.parametrize(
    ("line", "options"),
    [
        ("DELETE /pet/1", {}),
        ("DELETE /store/order/1", {}),
        ("DELETE /user/user1", {}),
        ("PUT /user/user1", {"json": ANN}),
        ("GET /user/logout", {}),
        ("POST /user/createWithList", {"json": []}),
    ],
)
async def test_answer_without_a_body(strict, line, options):
    response = await ask(strict, line, **options)

    assert (200, "") == answer(response)
    assert "content-type" not in response.headers


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", [1, 2, 4, 7, 8, 9, 10]),
        ("?status=sold", [5]),
        ("?status=sold,pending", [3, 5, 6]),
    ],
)
async def test_status_has_its_documented_default(strict, query, ids):
    response = await ask(strict, f"GET /pet/findByStatus{query}")

    assert ids == [pet["id"] for pet in response.json()]


@pytest.mark.parametrize(
    ("line", "options", "status"),
    [
        ("GET /pet/abc", {}, 400),
        ("GET /pet/9223372036854775808", {}, 400),
        ("DELETE /pet/abc", {}, 400),
        ("POST /pet/abc?name=x", {}, 400),
        ("POST /pet/abc/uploadImage", A_FILE, 400),
        ("GET /store/order/0.5", {}, 400),
        ("DELETE /store/order/abc", {}, 400),
        ("GET /pet/4711", {}, 404),
        ("PUT /pet", {"json": REX}, 404),
        ("DELETE /pet/4711", {}, 404),
        ("POST /pet/4711?name=x", {}, 404),
        ("POST /pet/4711/uploadImage", A_FILE, 404),
        ("GET /store/order/4711", {}, 404),
        ("DELETE /store/order/4711", {}, 404),
        ("GET /user/nobody", {}, 404),
        ("PUT /user/nobody", {"json": ANN}, 404),
        ("DELETE /user/nobody", {}, 404),
        ("GET /nothing", {}, 404),
        ("GET /pet/findByStatus?status=unheard", {}, 400),
        ("GET /pet/findByTags", {}, 400),
        ("POST /pet/1?status=unheard", {}, 400),
        ("GET /user/%00", {}, 400),
        ("POST /pet", {}, 400),
        ("PUT /pet", {"content": b"{"}, 400),
        ("POST /store/order", {"content": b"hello"}, 400),
        ("POST /user", {}, 400),
        ("POST /pet", {"json": {"photoUrls": []}}, 422),
        ("POST /pet", {"json": {"name": "Rex"}}, 422),
        ("POST /pet", {"json": {**REX, "id": "4711"}}, 422),
        ("POST /pet", {"json": {**REX, "id": 2**63}}, 422),
        ("POST /pet", {"json": {**REX, "status": "unheard"}}, 422),
        ("PUT /pet", {"json": {"name": "Rex", "photoUrls": []}}, 422),
        ("POST /pet", {"data": {"name": "Rex"}}, 422),
        ("POST /store/order", {"json": {"status": "unheard"}}, 422),
        ("POST /store/order", {"json": {"quantity": 2**31}}, 422),
        ("POST /user", {"json": {"firstName": "Nobody"}}, 422),
        ("POST /user/createWithList", {"json": ANN}, 422),
        ("PUT /user/user1", {"json": {"userStatus": "x"}}, 422),
        ("POST /pet", {"json": {**REX, "id": 1}}, 409),
        ("POST /user", {"json": {"username": "user1"}}, 409),
        ("POST /pet", UNHEARD, 415),
        ("POST /pet/1/uploadImage", UNHEARD, 415),
        ("POST /pet/1/uploadImage", A_FILE, 400),
        ("POST /pet/1/uploadImage", {"headers": OCTETS}, 400),
        ("PATCH /pet/1", {"json": {}}, 405),
        ("POST /user/createWithArray", {"json": [ANN]}, 405),
    ],
)
async def test_refusal(strict, line, options, status):
    response = await refused(strict, line, **options)

    problem = problem_of(response)
    assert (status, api_response(status, problem["detail"])) == answer(response)
    assert "application/json" == response.headers["content-type"]


async def test_problem_document_goes_to_those_who_name_it(strict):
    response = await refused(strict, "GET /pet/abc", headers={"accept": PROBLEM})

    assert (400, PROBLEM) == (response.status_code, response.headers["content-type"])
    assert problem_of(response) == response.json()


async def test_form_is_read_as_what_its_texts_say(strict):
    body = {"id": "77", "name": "Rex", "photoUrls": "a", "status": "sold"}

    response = await ask(strict, "POST /pet", data=body)

    rex = {"id": 77, "name": "Rex", "photoUrls": ["a"], "tags": [], "status": "sold"}
    assert (200, compact(rex)) == answer(response)


@pytest.mark.parametrize("query", ["", "?username=user1&password=XXXXXXXXXXX"])
async def test_login_is_a_json_text(strict, query):
    response = await ask(strict, f"GET /user/login{query}")

    said, _, session = response.json().partition(": ")
    assert ("Logged in user session", True) == (said, session.isdigit())
    assert "2030-01-01T01:00:00.000+00:00" == response.headers["x-expires-after"]
    assert "5000" == response.headers["x-rate-limit"]


async def test_wrong_password_is_a_bad_request_where_it_matters():
    async with open_shop(contract="strict", auth="on") as shop:
        answers = [
            await refused(shop, f"GET /user/login{query}")
            for query in ("", "?username=user1&password=wrong")
        ]

    message = "The username or the password is wrong."
    assert [(400, api_response(400, message))] * 2 == [answer(it) for it in answers]


async def ask(shop, line, **options):
    """Send a request whose line leaves out the base."""
    return await shop.ask(line.replace(" /", " /api/v3/", 1), **options)


async def refused(shop, line, **options):
    """Send what is to be refused, and see that nothing was stored."""
    return await shop.refused(line.replace(" /", " /api/v3/", 1), **options)
