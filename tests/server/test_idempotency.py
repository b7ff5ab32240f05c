"""Idempotency keys on the wire of the native face, and nowhere else."""

import pytest

from tests.kit.server import open_shop, problem_of

pytestmark = pytest.mark.usefixtures("quiet_log")

REX = {"name": "Rex", "photoUrls": []}
KEY = {"idempotency-key": "6f9619ff-8b86-d011-b42d-00cf4fc964ff"}


@pytest.mark.parametrize(
    ("line", "body"),
    [
        ("POST /pet", {"json": REX}),
        ("POST /store/order", {"json": {"petId": 1}}),
        ("POST /user", {"json": {"username": "ann", "password": "pw"}}),
        ("POST /user/createWithList", {"json": [{"username": "ann"}]}),
        ("POST /pet/1", {"data": {"name": "Rex"}}),
        ("POST /pet/1/restore", {}),
    ],
)
async def test_repeat_is_answered_word_for_word(public, line, body):
    first = await public.ask(line, headers=KEY, **body)
    before = await public.rows()
    again = await public.ask(line, headers=KEY, **body)

    assert (200, first.content) == (again.status_code, again.content)
    assert first.headers.get("etag") == again.headers.get("etag")
    assert "idempotency-replayed" not in first.headers
    assert "true" == again.headers["idempotency-replayed"]
    assert before == await public.rows()


async def test_other_body_under_the_same_key_is_422(public):
    await public.ask("POST /pet", json=REX, headers=KEY)

    response = await public.refused("POST /pet", json={**REX, "name": "M"}, headers=KEY)

    assert 422 == response.status_code
    (fault,) = problem_of(response)["fields"]
    assert ("header.Idempotency-Key", "reused") == (fault["field"], fault["kind"])
    assert "false" == response.headers["x-should-retry"]


@pytest.mark.parametrize("key", ["k" * 256, "a b", ""])
async def test_key_that_is_none_is_refused(public, key):
    headers = {"idempotency-key": key}

    response = await public.refused("POST /pet", json=REX, headers=headers)

    assert 422 == response.status_code
    assert "header.Idempotency-Key" == problem_of(response)["fields"][0]["field"]


@pytest.mark.parametrize("line", ["POST /v2/pet", "POST /api/v3/pet", "POST /tokens"])
async def test_key_is_looked_at_where_it_is_documented_only(line):
    login = {"username": "user1", "password": "XXXXXXXXXXX"}
    body = login if line == "POST /tokens" else REX
    async with open_shop() as shop:
        answers = [await shop.ask(line, json=body, headers=KEY) for _ in range(2)]
        rows = await shop.rows()

    assert answers[0].content != answers[1].content
    assert [] == rows["idempotency"]
