"""
`/v2` answers as petstore.swagger.io does, word for word.

Source: swagger-petstore 1.0.7, as it answers.
"""

import json
import logging

import pytest

from tests.kit.server import answer, api_response, compact, problem_of

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
    "shipDate": "2024-01-31T10:00:00.000+0000",
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
USER_1 = {
    "id": 1,
    "username": "user1",
    "firstName": "first name 1",
    "lastName": "last name 1",
    "email": "email1@test.com",
    "password": "XXXXXXXXXXX",
    "phone": "123-456-7890",
    "userStatus": 1,
}
NAMELESS = {"firstName": "Nobody"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
UNHEARD = {"content": b"x", "headers": {"content-type": "text/unheard"}}
ONLY_HTML = {"headers": {"accept": "text/html"}}
A_FILE = {"files": {"file": ("a.png", b"12345", "image/png")}}
NOT_FOUND_URI = "null for uri: http://petstore.swagger.io"


def no_number(text: str) -> str:
    return f'java.lang.NumberFormatException: For input string: "{text}"'


@pytest.mark.parametrize(
    ("line", "options", "body"),
    [
        ("POST /v2/pet", {"json": SHUFFLED_REX}, compact(REX)),
        ("PUT /v2/pet", {"json": SHUFFLED_REX}, compact(REX)),
        ("POST /v2/pet", {"json": {**REX, "id": 1}}, compact({**REX, "id": 1})),
        ("PUT /v2/pet", {"json": {**REX, "id": 1}}, compact({**REX, "id": 1})),
        ("POST /v2/pet", {"json": {"id": 77}}, '{"id":77,"photoUrls":[],"tags":[]}'),
        (
            "POST /v2/pet",
            {"json": {"id": 77, "category": {}}},
            '{"id":77,"category":{"id":0},"photoUrls":[],"tags":[]}',
        ),
        ("GET /v2/pet/1", {}, compact(CAT)),
        ("GET /v2/pet/+1", {}, compact(CAT)),
        ("DELETE /v2/pet/1", {}, api_response(200, "1")),
        ("DELETE /v2/pet/1", {"headers": {"api_key": "no"}}, api_response(200, "1")),
        ("POST /v2/pet/1", {"data": {"name": "Rex"}}, api_response(200, "1")),
        ("POST /v2/pet/1", {}, api_response(200, "1")),
        ("POST /v2/pet/1", {"headers": FORM}, api_response(200, "1")),
        ("GET /v2/pet/findByStatus", {}, "[]"),
        ("GET /v2/pet/findByStatus?status=unheard", {}, "[]"),
        ("GET /v2/pet/findByTags", {}, "[]"),
        ("GET /v2/pet/findByTags?tags=unheard", {}, "[]"),
        ("GET /v2/store/inventory", {}, '{"available":7,"pending":2,"sold":1}'),
        ("POST /v2/store/order", {"json": ORDER}, compact(ORDER)),
        (
            "POST /v2/store/order",
            {"json": {"id": 77}},
            '{"id":77,"petId":0,"quantity":0,"complete":false}',
        ),
        ("DELETE /v2/store/order/1", {}, api_response(200, "1")),
        ("POST /v2/user", {"json": ANN}, api_response(200, "4711")),
        ("POST /v2/user", {"json": NAMELESS}, api_response(200, "0")),
        ("POST /v2/user/createWithArray", {"json": [ANN]}, api_response(200, "ok")),
        ("POST /v2/user/createWithList", {"json": [ANN]}, api_response(200, "ok")),
        ("POST /v2/user/createWithList", {"json": [NAMELESS]}, api_response(200, "ok")),
        ("POST /v2/user/createWithArray", {"json": []}, api_response(200, "ok")),
        ("GET /v2/user/user1", {}, compact(USER_1)),
        ("PUT /v2/user/user1", {"json": {**ANN, "id": 1}}, api_response(200, "1")),
        ("PUT /v2/user/ann", {"json": ANN}, api_response(200, "4711")),
        ("DELETE /v2/user/user1", {}, api_response(200, "user1")),
        ("DELETE /v2/user/user%3F10", {}, api_response(200, "user?10")),
        ("GET /v2/user/logout", {}, api_response(200, "ok")),
    ],
)
async def test_answer(public, line, options, body):
    response = await public.ask(line, **options)

    assert (200, body) == answer(response)
    assert response.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("line", "options", "status", "message"),
    [
        ("GET /v2/pet/abc", {}, 404, no_number("abc")),
        ("GET /v2/pet/0.5", {}, 404, no_number("0.5")),
        ("GET /v2/pet/9999999999999999999", {}, 404, no_number("9999999999999999999")),
        ("GET /v2/pet/%20", {}, 404, no_number(" ")),
        ("DELETE /v2/pet/abc", {}, 404, no_number("abc")),
        ("POST /v2/pet/abc", {"data": {"name": "Rex"}}, 404, no_number("abc")),
        ("POST /v2/pet/abc/uploadImage", A_FILE, 404, no_number("abc")),
        ("GET /v2/store/order/abc", {}, 404, no_number("abc")),
        ("DELETE /v2/store/order/abc", {}, 404, no_number("abc")),
        ("POST /v2/pet", {}, 405, "no data"),
        ("PUT /v2/pet", {}, 405, "no data"),
        ("POST /v2/pet", {"content": b" \r\n\t "}, 405, "no data"),
        ("POST /v2/user", {}, 405, "no data"),
        ("PUT /v2/user/user1", {}, 405, "no data"),
        ("POST /v2/user/createWithArray", {}, 405, "no data"),
        ("POST /v2/user/createWithList", {}, 405, "no data"),
        ("POST /v2/pet", {"content": b"{"}, 400, "bad input"),
        ("PUT /v2/pet", {"content": b"hello"}, 400, "bad input"),
        ("POST /v2/store/order", {"content": b"{"}, 400, "bad input"),
        ("POST /v2/user", {"content": b"[1,"}, 400, "bad input"),
        ("GET /v2/nothing", {}, 404, f"{NOT_FOUND_URI}/v2/nothing"),
        ("GET /v2/pet/1/2", {}, 404, f"{NOT_FOUND_URI}/v2/pet/1/2"),
        ("GET /v2/a?b=c", {}, 404, f"{NOT_FOUND_URI}/v2/a?b=c"),
        ("POST /v2/pet", UNHEARD, 415, None),
        ("POST /v2/pet/1", UNHEARD, 415, None),
        ("POST /v2/store/order", UNHEARD, 415, None),
        ("POST /v2/pet/1/uploadImage", UNHEARD, 415, None),
        ("GET /v2/pet/1", ONLY_HTML, 406, None),
        ("POST /v2/pet", {"json": REX, **ONLY_HTML}, 406, None),
        ("DELETE /v2/pet/1", ONLY_HTML, 406, None),
        ("GET /v2/store/inventory", ONLY_HTML, 406, None),
        ("POST /v2/pet/1/uploadImage", {**A_FILE, **ONLY_HTML}, 406, None),
        ("PATCH /v2/pet/1", {"json": {}}, 405, None),
        ("DELETE /v2/pet", {}, 405, None),
        ("POST /v2/pet/4711", {}, 404, "not found"),
        ("DELETE /v2/store/order/4711", {}, 404, "Order Not Found"),
    ],
)
async def test_refusal_with_the_status_as_code(public, line, options, status, message):
    response = await public.refused(line, **options)

    assert (status, api_response(status, message)) == answer(response)
    assert response.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("line", "options", "status", "body"),
    [
        ("POST /v2/store/order", {}, 400, api_response(1, "No data", "error")),
        ("GET /v2/pet/4711", {}, 404, api_response(1, "Pet not found", "error")),
        ("GET /v2/pet/0", {}, 404, api_response(1, "Pet not found", "error")),
        ("GET /v2/pet/-1", {}, 404, api_response(1, "Pet not found", "error")),
        (
            "GET /v2/store/order/99",
            {},
            404,
            api_response(1, "Order not found", "error"),
        ),
        ("GET /v2/user/nobody", {}, 404, api_response(1, "User not found", "error")),
        ("GET /v2/user/%00", {}, 404, api_response(1, "User not found", "error")),
        ("DELETE /v2/pet/4711", {}, 404, ""),
        ("DELETE /v2/user/nobody", {}, 404, ""),
        ("POST /v2/pet/1/uploadImage", {"files": {"image": b"1"}}, 500, ""),
    ],
)
async def test_refusal_in_other_words(public, line, options, status, body):
    response = await public.refused(line, **options)

    assert (status, body) == answer(response)
    assert body or "content-type" not in response.headers


async def test_detail_of_a_refusal_is_in_a_header_and_in_the_log(public, caplog):
    caplog.set_level(logging.INFO, "petstore.server")

    response = await public.refused("POST /v2/pet", json={**REX, "tags": "friendly"})

    problem = problem_of(response)
    assert ("invalid", 422) == (problem["code"], problem["status"])
    assert "body.tags" in problem["detail"]
    assert ["body.tags"] == [field["field"] for field in problem["fields"]]
    assert response.headers["x-petstore-problem"] in caplog.text


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        ({"id": "101"}, {"id": 101}),
        ({"id": " 101 "}, {"id": 101}),
        ({"id": 77, "name": 555}, {"id": 77, "name": "555"}),
        ({"id": 77, "name": 1.5}, {"id": 77, "name": "1.5"}),
        ({"id": 77, "name": True}, {"id": 77, "name": "true"}),
        ({"id": 77.9}, {"id": 77}),
        ({"id": 77, "name": None}, {"id": 77}),
        ({"id": 77, "tags": None, "photoUrls": None}, {"id": 77}),
        ({"id": 77, "status": 5}, {"id": 77, "status": "5"}),
        ({"id": 77, "status": "unheard"}, {"id": 77, "status": "unheard"}),
        ({"id": 77, "colour": "red"}, {"id": 77}),
        ({"id": 77, "category": None}, {"id": 77}),
        (
            {"id": 77, "category": {"id": None, "name": 5}},
            {"id": 77, "category": {"id": 0, "name": "5"}},
        ),
        (
            {"id": 77, "category": {"id": "5", "colour": "red"}},
            {"id": 77, "category": {"id": 5}},
        ),
        (
            {"id": 77, "tags": [{"name": 5}, {"id": "6", "name": None}]},
            {"id": 77, "tags": [{"id": 0, "name": "5"}, {"id": 6}]},
        ),
    ],
)
async def test_near_types_of_a_pet_are_converted(public, sent, answered):
    response = await public.ask("POST /v2/pet", json=sent)

    assert 200 == response.status_code
    assert {"photoUrls": [], "tags": [], **answered} == response.json()
    assert response.json() == (await public.ask(f"GET /v2/pet/{answered['id']}")).json()


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        ({"quantity": "7"}, {"quantity": 7}),
        ({"quantity": None, "petId": None}, {}),
        ({"quantity": 1.9}, {"quantity": 1}),
        ({"complete": "true"}, {"complete": True}),
        ({"complete": 1}, {"complete": True}),
        ({"complete": None}, {}),
        ({"shipDate": None}, {}),
        ({"shipDate": "2024-01-31"}, {"shipDate": "2024-01-31T00:00:00.000+0000"}),
        ({"shipDate": 1706695200000}, {"shipDate": "2024-01-31T10:00:00.000+0000"}),
        (
            {"shipDate": "2024-01-31T10:00:00.123Z"},
            {"shipDate": "2024-01-31T10:00:00.123+0000"},
        ),
        (
            {"shipDate": "2024-01-31T12:00:00.000+0200"},
            {"shipDate": "2024-01-31T10:00:00.000+0000"},
        ),
    ],
)
async def test_near_types_of_an_order_are_converted(public, sent, answered):
    response = await public.ask("POST /v2/store/order", json={"id": 77, **sent})

    unsaid = {"id": 77, "petId": 0, "quantity": 0, "complete": False}
    assert {**unsaid, **answered} == response.json()


@pytest.mark.parametrize(
    ("line", "sent"),
    [
        ("POST /v2/pet", {"id": "x"}),
        ("POST /v2/pet", {"id": "1.9"}),
        ("POST /v2/pet", {"id": 2**63}),
        ("POST /v2/pet", {"id": 10**400}),
        ("POST /v2/pet", {"id": 1e300}),
        ("POST /v2/pet", {"id": True}),
        ("POST /v2/pet", {"id": []}),
        ("POST /v2/pet", {"name": {}}),
        ("POST /v2/pet", {"tags": "friendly"}),
        ("POST /v2/pet", {"tags": ["friendly"]}),
        ("POST /v2/pet", {"photoUrls": {}}),
        ("POST /v2/pet", {"category": "Dogs"}),
        ("PUT /v2/pet", []),
        ("PUT /v2/pet", 5),
        ("PUT /v2/pet", "pet"),
        ("PUT /v2/pet", None),
        ("POST /v2/store/order", {"quantity": 2**31}),
        ("POST /v2/store/order", {"shipDate": "soon"}),
        ("POST /v2/store/order", {"shipDate": "2024-13-31"}),
        ("POST /v2/store/order", {"shipDate": 10**17}),
        ("POST /v2/store/order", {"complete": "perhaps"}),
        ("POST /v2/user", {"userStatus": "x"}),
        ("POST /v2/user", [ANN]),
        ("POST /v2/user/createWithArray", ANN),
        ("POST /v2/user/createWithList", None),
        ("POST /v2/user/createWithList", [ANN, 5]),
        ("PUT /v2/user/user1", {"username": {}}),
    ],
)
async def test_wrong_type_is_something_bad(public, line, sent):
    response = await public.refused(line, content=json.dumps(sent))

    assert (500, api_response(500, "something bad happened")) == answer(response)
    assert "invalid" == problem_of(response)["code"]


async def test_posted_pet_is_there_at_once_and_deleting_twice_is_missing(public):
    await public.ask("POST /v2/pet", json=REX)

    read = await public.ask("GET /v2/pet/4711")
    deleted = [await public.ask("DELETE /v2/pet/4711") for _ in range(2)]

    assert (200, compact(REX)) == answer(read)
    assert [200, 404] == [response.status_code for response in deleted]
    assert 404 == (await public.ask("GET /v2/pet/4711")).status_code


async def test_form_changes_what_it_names_and_nothing_by_empty_fields(public):
    await public.ask("POST /v2/pet/1", data={"name": "Rex", "status": ""})
    await public.ask("POST /v2/pet/1", data={"name": "", "status": "on holiday"})

    assert {**CAT, "name": "Rex", "status": "on holiday"} == (
        await public.ask("GET /v2/pet/1")
    ).json()


@pytest.mark.parametrize("query", ["", "?username=user1", "?username=a&password=b"])
async def test_any_login_succeeds(public, query):
    response = await public.ask(f"GET /v2/user/login{query}")

    said, _, session = response.json()["message"].partition(":")
    assert ("logged in user session", True) == (said, session.isdigit())
    assert "Tue Jan 01 01:00:00 UTC 2030" == response.headers["x-expires-after"]
    assert "5000" == response.headers["x-rate-limit"]


async def test_user_of_a_taken_id_or_name_is_replaced(public):
    by_id = await public.ask("POST /v2/user", json={**ANN, "id": 1})
    by_name = await public.ask("POST /v2/user", json={"username": "user2"})

    assert [api_response(200, "1"), api_response(200, "2")] == [
        by_id.text,
        by_name.text,
    ]
    assert {**ANN, "id": 1} == (await public.ask("GET /v2/user/ann")).json()
    assert 404 == (await public.ask("GET /v2/user/user1")).status_code
