"""The native face: always strict, with problem documents, versions and listings."""

from base64 import urlsafe_b64encode
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.kit.server import answer, compact, open_shop, problem_of

pytestmark = pytest.mark.usefixtures("quiet_log")

PROBLEM = "application/problem+json"
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
    "shipDate": "2024-01-31T10:00:00Z",
    "status": "approved",
    "complete": True,
}
ANN = {"id": 4711, "username": "ann", "password": "correct horse"}
UNHEARD = {"content": b"x", "headers": {"content-type": "text/unheard"}}
PATCH = {"content-type": "application/merge-patch+json"}
NO_PHOTO = f"/photos/{'0' * 64}.png"


def versioned(entity: dict, version: int = 1) -> str:
    return compact({**entity, "version": version})


@pytest.mark.parametrize(
    ("line", "options", "body"),
    [
        ("POST /pet", {"json": REX}, versioned(REX)),
        ("PUT /pet", {"json": {**REX, "id": 1}}, versioned({**REX, "id": 1}, 2)),
        ("GET /pet/1", {}, versioned(CAT)),
        (
            "POST /pet/1",
            {"data": {"name": "Rex"}},
            versioned({**CAT, "name": "Rex"}, 2),
        ),
        ("PATCH /pet/1", {"json": {"name": "A"}}, versioned({**CAT, "name": "A"}, 2)),
        ("DELETE /pet/1", {}, ""),
        ("GET /store/inventory", {}, '{"available":7,"pending":2,"sold":1}'),
        ("POST /store/order", {"json": ORDER}, versioned(ORDER)),
        ("DELETE /store/order/1", {}, ""),
        ("POST /user", {"json": ANN}, versioned(ANN)),
        ("POST /user/createWithArray", {"json": [ANN]}, f"[{versioned(ANN)}]"),
        ("POST /user/createWithList", {"json": []}, "[]"),
        (
            "PUT /user/user1",
            {"json": ANN},
            versioned({"id": 1, **{k: ANN[k] for k in ("username", "password")}}, 2),
        ),
        ("DELETE /user/user1", {}, ""),
        ("GET /user/logout", {}, ""),
        ("DELETE /tokens/current", {}, ""),
    ],
)
async def test_answer(public, line, options, body):
    response = await public.ask(line, **options)

    assert (200, body) == answer(response)
    expected = "application/json" if body else None
    assert expected == response.headers.get("content-type")


@pytest.mark.parametrize(
    ("line", "options", "status", "code"),
    [
        ("GET /pet/abc", {}, 400, "malformed"),
        ("GET /pet/0.5", {}, 400, "malformed"),
        ("GET /pet/1_000", {}, 400, "malformed"),
        ("GET /pet/%D9%A1", {}, 400, "malformed"),
        ("GET /pet/9223372036854775808", {}, 400, "malformed"),
        ("GET /store/order/abc", {}, 400, "malformed"),
        ("POST /pet", {}, 400, "malformed"),
        ("POST /pet", {"content": b"{"}, 400, "malformed"),
        ("PATCH /pet/1", {"content": b"hello"}, 400, "malformed"),
        ("GET /pet/4711", {}, 404, "not_found"),
        ("GET /pet/-9223372036854775808", {}, 404, "not_found"),
        ("PUT /pet", {"json": REX}, 404, "not_found"),
        ("PATCH /pet/4711", {"json": {}}, 404, "not_found"),
        ("DELETE /pet/4711", {}, 404, "not_found"),
        ("POST /pet/4711/restore", {}, 404, "not_found"),
        ("GET /pet/4711/history", {}, 404, "not_found"),
        ("GET /store/order/4711", {}, 404, "not_found"),
        ("PATCH /store/order/4711", {"json": {}}, 404, "not_found"),
        ("DELETE /store/order/4711", {}, 404, "not_found"),
        ("GET /user/nobody", {}, 404, "not_found"),
        ("PUT /user/nobody", {"json": ANN}, 404, "not_found"),
        ("DELETE /user/nobody", {}, 404, "not_found"),
        (f"GET {NO_PHOTO}", {}, 404, "not_found"),
        ("GET /nothing", {}, 404, "no_such_path"),
        ("DELETE /pet", {}, 405, "method_not_allowed"),
        ("POST /healthz", {}, 405, "method_not_allowed"),
        ("POST /pet", {"json": {**REX, "id": 1}}, 409, "conflicted"),
        ("POST /store/order", {"json": {**ORDER, "id": 1}}, 409, "conflicted"),
        ("POST /user", {"json": {"username": "user1"}}, 409, "conflicted"),
        ("POST /user", {"json": {"id": 1, "username": "a"}}, 409, "conflicted"),
        ("PUT /user/user1", {"json": {"username": "user2"}}, 409, "conflicted"),
        ("POST /pet", UNHEARD, 415, "unsupported_media"),
        ("POST /pet/1", {"json": {"name": "Rex"}}, 415, "unsupported_media"),
        ("POST /pet/1/uploadImage", UNHEARD, 415, "unsupported_media"),
        ("GET /photos/abc", {}, 422, "invalid"),
        ("GET /photos/..%2Fshop.db", {}, 422, "invalid"),
        ("GET /user/%00", {}, 422, "invalid"),
    ],
)
async def test_refusal_is_a_problem(public, line, options, status, code):
    response = await public.refused(line, **options)

    problem = response.json()
    assert (status, PROBLEM) == (response.status_code, response.headers["content-type"])
    assert (status, code) == (problem["status"], problem["code"])
    assert f"urn:petstore:problem:{code}" == problem["type"]
    assert {"title", "detail"} <= problem.keys()
    assert problem == problem_of(response)


@pytest.mark.parametrize(
    ("line", "sent", "fields"),
    [
        ("POST /pet", {}, ["body.name", "body.photoUrls"]),
        ("POST /pet", {**REX, "id": "1"}, ["body.id"]),
        ("POST /pet", {**REX, "id": 2**63}, ["body.id"]),
        ("POST /pet", {**REX, "id": -(2**63) - 1}, ["body.id"]),
        ("POST /pet", {**REX, "id": 1.5}, ["body.id"]),
        ("POST /pet", {**REX, "id": True}, ["body.id"]),
        ("POST /pet", {**REX, "name": None}, ["body.name"]),
        ("POST /pet", {**REX, "name": "x" * 501}, ["body.name"]),
        ("POST /pet", {**REX, "status": "unheard"}, ["body.status"]),
        ("POST /pet", {**REX, "colour": "red"}, ["body.colour"]),
        ("POST /pet", {**REX, "tags": [{"id": "x"}]}, ["body.tags.0.id"]),
        ("POST /pet", {**REX, "category": "Dogs"}, ["body.category"]),
        ("POST /pet", {**REX, "photoUrls": ["x"] * 1_001}, ["body.photoUrls"]),
        ("POST /pet", [REX], ["body"]),
        ("POST /pet", {**REX, "category": None}, ["body.category"]),
        ("PUT /pet", {"name": "Rex", "photoUrls": []}, ["body.id"]),
        ("PATCH /pet/1", {"name": None}, ["body.name"]),
        ("PATCH /pet/1", {"nmae": "Rex"}, ["body.nmae"]),
        ("PATCH /pet/1", {"id": 2}, ["body.id"]),
        ("PATCH /pet/1", {"status": "unheard"}, ["body.status"]),
        ("POST /store/order", {"quantity": 2**31}, ["body.quantity"]),
        ("POST /store/order", {"shipDate": "soon"}, ["body.shipDate"]),
        ("POST /store/order", {"shipDate": "2024-01-31T10:00:00"}, ["body.shipDate"]),
        ("POST /store/order", {"complete": 1}, ["body.complete"]),
        ("POST /user", {"firstName": "Nobody"}, ["body.username"]),
        ("POST /user", {"username": ""}, ["body.username"]),
        ("POST /user/createWithList", [ANN, {"id": "x"}], ["body.1.id"]),
        ("POST /tokens", {"username": "user1"}, ["body.password"]),
    ],
)
async def test_invalid_body_names_the_fields(public, line, sent, fields):
    response = await public.refused(line, json=sent)

    assert (422, "invalid") == (response.status_code, response.json()["code"])
    assert fields == [field["field"] for field in response.json()["fields"]]


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("GET /pet/findByStatus", "query.status"),
        ("GET /pet/findByStatus?status=unheard", "query.status"),
        ("GET /pet/findByTags", "query.tags"),
        ("GET /pet?status=sold,unheard", "query.status"),
        ("GET /pet?sort=colour", "query.sort"),
        ("GET /pet?limit=0", "query.limit"),
        ("GET /pet?limit=1001", "query.limit"),
        ("GET /pet?limit=ten", "query.limit"),
        ("GET /pet?limit=", "query.limit"),
        ("GET /pet?q=%00", "query.q"),
        ("GET /store/order?status=unheard", "query.status"),
        ("GET /store/order?petId=x", "query.petId"),
        ("GET /store/order?sort=name", "query.sort"),
        ("GET /user?sort=id", "query.sort"),
        ("GET /user/login", "query.username"),
        ("GET /pet/1/history?limit=0", "query.limit"),
    ],
)
async def test_invalid_query_names_the_parameter(public, line, field):
    response = await public.refused(line)

    assert (422, "invalid") == (response.status_code, response.json()["code"])
    assert [field] == [one["field"] for one in response.json()["fields"]]


async def test_405_says_what_is_allowed(public):
    response = await public.refused("DELETE /pet")

    assert "GET, HEAD, POST, PUT" == response.headers["allow"]


@pytest.mark.parametrize("number", [11, 2**53, 2**63 - 1])
async def test_posted_id_is_kept(public, number):
    sent = {**REX, "id": number}

    response = await public.ask("POST /pet", json=sent)

    assert (200, versioned(sent)) == answer(response)
    read = await public.ask(f"GET /pet/{number}")
    assert answer(response) == answer(read)


async def test_version_is_the_etag_of_one_entity(public):
    created = await public.ask("POST /pet", json=REX)
    changed = await public.ask("PATCH /pet/4711", json={"name": "Max"})
    listed = await public.ask("GET /pet")

    assert ['"1"', '"2"'] == [it.headers["etag"] for it in (created, changed)]
    assert "etag" not in listed.headers


@pytest.mark.parametrize("headers", [PATCH, {"content-type": "application/json"}])
async def test_merge_patch_clears_by_null_and_leaves_the_rest(public, headers):
    patch = compact({"category": None, "status": None, "tags": [], "name": "Rex"})

    response = await public.ask("PATCH /pet/1", content=patch, headers=headers)

    left = {"id": 1, "name": "Rex", "photoUrls": ["url1", "url2"], "tags": []}
    assert (200, versioned(left, 2)) == answer(response)


async def test_merge_patch_of_an_order(public):
    sent = {"petId": None, "complete": True, "shipDate": None}

    response = await public.ask("PATCH /store/order/1", json=sent)

    left = {"id": 1, "quantity": 2, "status": "placed", "complete": True}
    assert (200, versioned(left, 2)) == answer(response)


async def test_deleted_pet_comes_back_by_restore_and_by_post(public):
    await public.ask("DELETE /pet/1")
    restored = await public.ask("POST /pet/1/restore")
    again = await public.ask("POST /pet/1/restore")
    await public.ask("DELETE /pet/1")
    posted = await public.ask("POST /pet", json={**REX, "id": 1})

    assert (200, versioned(CAT, 3)) == answer(restored) == answer(again)
    assert (200, versioned({**REX, "id": 1}, 5)) == answer(posted)


async def test_history_has_each_write_oldest_first(public):
    await public.ask("PATCH /pet/1", json={"name": "Rex"})
    await public.ask("DELETE /pet/1")
    await public.ask("POST /pet/1/restore")

    first = (await public.ask("GET /pet/1/history?limit=3")).json()
    cursor = {"cursor": first["nextCursor"]}
    second = (await public.ask("GET /pet/1/history", params=cursor)).json()

    changes = [*first["items"], *second["items"]]
    assert ["create", "update", "delete", "restore"] == [it["action"] for it in changes]
    assert [1, 2, 3, 4] == [it["version"] for it in changes]
    assert ["Cat 1", "Rex", None, "Rex"] == [
        it.get("pet", {}).get("name") for it in changes
    ]
    assert "nextCursor" not in second
    assert {"2030-01-01T00:00:00Z"} == {it["at"] for it in changes}


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
        ("?sort=-id&limit=3", [10, 9, 8]),
        ("?sort=name&limit=3", [1, 2, 3]),
        ("?sort=-name&limit=2", [10, 9]),
        ("?status=sold", [5]),
        ("?status=sold,pending", [3, 5, 6]),
        ("?status=sold&status=pending", [3, 5, 6]),
        ("?tag=tag4", [3, 6, 9, 10]),
        ("?tag=tag1&tag=tag2&sort=-id", [8, 7, 5, 4, 2, 1]),
        ("?category=Lions", [7, 8, 9]),
        ("?q=cAt", [1, 2, 3]),
        ("?q=nobody", []),
        ("?q=dog&status=pending&tag=tag3&category=Dogs", [6]),
    ],
)
async def test_list_pets_filters_and_sorts(public, query, ids):
    response = await public.ask(f"GET /pet{query}")

    assert ids == [pet["id"] for pet in response.json()["items"]]


@pytest.mark.parametrize(
    ("path", "key"), [("/pet", "id"), ("/store/order", "id"), ("/user", "username")]
)
@pytest.mark.parametrize("sign", ["", "-"])
async def test_listing_goes_on_at_the_cursor(public, path, key, sign):
    params = {"limit": "4", "sort": f"{sign}{key}"}
    found = []
    for _ in range(4):
        page = (await public.ask(f"GET {path}", params=params)).json()
        found += [one[key] for one in page["items"]]
        if "nextCursor" not in page:
            break
        params["cursor"] = page["nextCursor"]

    assert found == sorted(set(found), reverse=bool(sign))
    assert len(found) == (11 if path == "/user" else 10)


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "é",
        "AAAA",
        "a" * 4_001,
        "%00",
        "=",
        urlsafe_b64encode(b"-id\x003").decode(),
    ],
)
@pytest.mark.parametrize(
    "path",
    ["/pet", "/store/order", "/user", "/pet/1/history", "/pet/findByTags?tags=x"],
)
async def test_cursor_of_no_listing_is_refused(public, path, cursor):
    joint = "&" if "?" in path else "?"

    response = await public.refused(f"GET {path}{joint}cursor={cursor}")

    assert 422 == response.status_code
    assert ["query.cursor"] == [field["field"] for field in response.json()["fields"]]


@pytest.mark.parametrize("base", ["", "/v2", "/api/v3"])
async def test_more_than_a_thousand_finds_go_on_at_the_link(base):
    async with open_shop(seed=3_100) as shop:
        path, found, sizes = f"{base}/pet/findByStatus?status=available", [], []
        while path:
            response = await shop.ask(f"GET {path}")
            sizes.append(len(response.json()))
            found += [pet["id"] for pet in response.json()]
            link = response.headers.get("link", "")
            path = link.partition("<")[2].partition(">")[0]
            assert link.endswith('; rel="next"') == bool(path)

    assert 1_000 == sizes[0]
    assert len(sizes) > 1
    assert found == sorted(set(found))
    assert len(found) > 1_000


async def test_link_keeps_the_query():
    async with open_shop(seed=3_100) as shop:
        line = "GET /pet/findByStatus?status=available&status=sold&cursor="
        link = (await shop.ask(line)).headers["link"]

    query = parse_qs(urlsplit(link[1:].partition(">")[0]).query)
    assert ["available", "sold"] == query["status"]
    assert 1 == len(query["cursor"])


async def test_escaped_comma_belongs_to_a_value(public):
    tags = [{"name": "big, brown"}]
    await public.ask("POST /pet", json={**REX, "tags": tags})

    found = [
        await public.ask(f"GET /pet/findByTags?tags={text}")
        for text in ("big%2C%20brown", "big,%20brown", "tag1,big%2C+brown")
    ]

    assert [[4711], [], [1, 4, 7, 4711]] == [
        [pet["id"] for pet in response.json()] for response in found
    ]


async def test_token_of_a_login_can_be_described_and_ended(public):
    sent = {"username": "user1", "password": "XXXXXXXXXXX"}
    token = (await public.ask("POST /tokens", json=sent)).json()
    bearer = {"authorization": f"Bearer {token['accessToken']}"}

    described = (await public.ask("GET /tokens/current", headers=bearer)).json()
    await public.ask("DELETE /tokens/current", headers=bearer)
    after = (await public.ask("GET /tokens/current", headers=bearer)).json()

    assert "2030-01-01T01:00:00Z" == token["expiresAt"] == described["expiresAt"]
    assert "user1" == described["username"]
    assert "username" not in after
