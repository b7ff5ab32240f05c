"""Entity tags on the wire of the native face, and nowhere else."""

import pytest

pytestmark = pytest.mark.usefixtures("quiet_log")


@pytest.mark.parametrize(
    ("line", "options"),
    [
        ("GET /pet/1", {}),
        ("POST /pet", {"json": {"name": "Rex", "photoUrls": []}}),
        ("PUT /pet", {"json": {"id": 1, "name": "Rex", "photoUrls": []}}),
        ("PATCH /pet/1", {"json": {"name": "Rex"}}),
        ("POST /pet/1", {"data": {"name": "Rex"}}),
        ("POST /pet/1/restore", {}),
        ("GET /store/order/1", {}),
        ("POST /store/order", {"json": {"petId": 1}}),
        ("PATCH /store/order/1", {"json": {"quantity": 2}}),
        ("GET /user/user1", {}),
        ("POST /user", {"json": {"username": "ann"}}),
        ("PUT /user/user1", {"json": {"email": "new"}}),
    ],
)
async def test_answer_with_an_entity_has_its_tag(public, line, options):
    response = await public.ask(line, **options)

    assert f'"{response.json()["version"]}"' == response.headers["etag"]


@pytest.mark.parametrize("path", ["/pet/1", "/store/order/1", "/user/user1"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_known_entity_is_304_without_a_body(public, method, path):
    known = {"if-none-match": '"9", W/"1"'}

    response = await public.ask(f"{method} {path}", headers=known)

    assert (304, b"") == (response.status_code, response.content)
    assert '"1"' == response.headers["etag"]
    assert "content-type" not in response.headers


async def test_stale_write_is_412_and_says_the_current_version(public):
    weak_or_old = {"if-match": 'W/"1", "7"'}

    response = await public.refused("DELETE /pet/1", headers=weak_or_old)

    assert 412 == response.status_code
    assert "stale" == response.json()["code"]
    assert 1 == response.json()["current_version"]


async def test_tag_that_was_read_is_good_for_one_write(public):
    read = await public.ask("GET /pet/1")
    tag = {"if-match": read.headers["etag"]}

    first = await public.ask("PATCH /pet/1", json={"name": "Max"}, headers=tag)
    second = await public.ask("PATCH /pet/1", json={"name": "Tom"}, headers=tag)

    assert (200, '"2"') == (first.status_code, first.headers["etag"])
    assert (412, 2) == (second.status_code, second.json()["current_version"])


@pytest.mark.parametrize("path", ["/pet/1", "/store/order/1"])
async def test_patch_of_nothing_answers_what_is_there(public, path):
    before = await public.ask(f"GET {path}")

    response = await public.ask(f"PATCH {path}", json={})

    assert (200, before.json()) == (response.status_code, response.json())
    assert '"1"' == response.headers["etag"]


@pytest.mark.parametrize("base", ["/v2", "/api/v3"])
async def test_compatible_faces_have_no_tags_and_look_at_none(public, base):
    headers = {"if-none-match": "*", "if-match": '"7"'}

    read = await public.ask(f"GET {base}/pet/1", headers=headers)
    deleted = await public.ask(f"DELETE {base}/pet/1", headers=headers)

    assert (200, 200) == (read.status_code, deleted.status_code)
    assert "etag" not in read.headers
