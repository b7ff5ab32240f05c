"""Pages of any origin may call the server, and may read all that it says."""

import pytest

from petstore.server.settings import Settings
from tests.kit.server import answer, open_shop

pytestmark = pytest.mark.usefixtures("quiet_log")

FROM_A_PAGE = {"origin": "http://localhost:3000"}
EXPOSED = {
    "ETag",
    "Link",
    "X-Expires-After",
    "X-Rate-Limit",
    "X-Petstore-Problem",
    "X-Petstore-Cursor",
}
PHOTO = {
    "content": b"\x89PNG\r\n\x1a\n",
    "headers": {"content-type": "application/octet-stream"},
}


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("GET /pet/1", 200),
        ("GET /v2/pet/1", 200),
        ("GET /api/v3/pet/1", 200),
        ("HEAD /v2/pet/1", 200),
        ("GET /pet/4711", 404),
        ("DELETE /v2/pet/4711", 404),
        ("GET /v2/pet/abc", 404),
        ("GET /api/v3/pet/abc", 400),
        ("GET /api/v3/pet/4711", 404),
        ("GET /nothing", 404),
        ("GET /v2/nothing", 404),
        ("GET /api/v3/nothing", 404),
        ("BREW /v2/pet/1", 405),
        ("POST /v2/pet", 405),
        ("OPTIONS /v2/pet/1", 200),
        ("GET /healthz", 200),
        ("POST /__petstore/reset", 200),
    ],
)
async def test_every_answer_may_be_read_by_any_page(public, line, status):
    response = await public.ask(line, headers=FROM_A_PAGE)

    assert status == response.status_code
    assert "*" == response.headers["access-control-allow-origin"]
    exposed = response.headers["access-control-expose-headers"]
    assert set(exposed.split(", ")) >= EXPOSED


async def test_photo_may_be_read_by_any_page(public):
    pet = (await public.ask("POST /api/v3/pet/1/uploadImage", **PHOTO)).json()

    response = await public.ask(f"GET {pet['photoUrls'][-1]}", headers=FROM_A_PAGE)

    assert 200 == response.status_code
    assert "*" == response.headers["access-control-allow-origin"]


@pytest.mark.parametrize(
    "path", ["/pet", "/v2/pet/1", "/api/v3/user/user1", "/nothing", "/healthz"]
)
async def test_preflight_allows_what_it_asks_for(public, path):
    asks = {
        **FROM_A_PAGE,
        "access-control-request-method": "PUT",
        "access-control-request-headers": "x-trace, content-type, api_key",
    }

    response = await public.refused(f"OPTIONS {path}", headers=asks)

    assert (200, "") == answer(response)
    headers = response.headers
    assert "x-trace, content-type, api_key" == headers["access-control-allow-headers"]
    methods = set(headers["access-control-allow-methods"].split(", "))
    assert {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} == methods


@pytest.mark.parametrize(
    ("path", "allow"),
    [
        ("/pet", "GET, HEAD, POST, PUT, OPTIONS"),
        ("/pet/1", "DELETE, GET, HEAD, PATCH, POST, OPTIONS"),
        ("/v2/pet", "POST, PUT, OPTIONS"),
        ("/v2/pet/1/", "DELETE, GET, HEAD, POST, OPTIONS"),
        ("/api/v3/store/inventory", "GET, HEAD, OPTIONS"),
        ("/healthz", "GET, HEAD, OPTIONS"),
        ("/docs", "GET, HEAD, OPTIONS"),
        ("/v2/swagger.json", "GET, HEAD, OPTIONS"),
        ("/__petstore/assets/page.css", "GET, HEAD, OPTIONS"),
        ("/__petstore/reset", "POST, OPTIONS"),
        ("/nothing", "OPTIONS"),
    ],
)
async def test_options_say_what_is_allowed(public, path, allow):
    response = await public.ask(f"OPTIONS {path}")

    assert allow == response.headers["allow"]
    allowed = response.headers["access-control-allow-headers"]
    assert allowed.startswith("Content-Type, api_key, Authorization, If-Match, ")


async def test_origin_may_be_one_or_none():
    async with open_shop(Settings(cors_origin="https://shop.example")) as shop:
        one = await shop.ask("GET /v2/pet/1")
    async with open_shop(Settings(cors_origin=None)) as shop:
        none = [await shop.ask(f"{verb} /v2/pet/1") for verb in ("GET", "OPTIONS")]

    assert "https://shop.example" == one.headers["access-control-allow-origin"]
    for response in none:
        assert not [it for it in response.headers if it.startswith("access-control-")]


async def test_host_that_is_not_listed_is_refused():
    async with open_shop(Settings(hosts=frozenset({"shop.example"}))) as shop:
        answers = [
            await shop.ask("GET /v2/pet/1", headers={"host": host})
            for host in ("shop.example", "SHOP.example:8080", "evil.example")
        ]

    assert [200, 200, 400] == [response.status_code for response in answers]
