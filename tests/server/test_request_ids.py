"""Each answer names its request, in the client's words where it has any."""

import logging

import pytest

from petstore.server.request_ids import LENGTH_MAX, request_ids
from petstore.server.settings import Settings
from tests.kit.pictures import PNG
from tests.kit.server import on_socket

PICTURE = {"content": PNG, "headers": {"content-type": "image/png"}}


@pytest.mark.parametrize(
    "line",
    [
        "GET /pet/1",
        "GET /v2/pet/1",
        "GET /api/v3/pet/0",
        "GET /nothing",
        "PUT /healthz",
        "GET /healthz",
        "GET /openapi.json",
        "OPTIONS /pet",
        "DELETE /pet/1",
    ],
)
async def test_answer_has_the_id_of_its_request(public, line):
    given = await public.ask(line, headers={"x-request-id": "job 7/3"})
    minted = await public.ask(line)

    assert "job 7/3" == given.headers["x-request-id"]
    assert minted.headers["x-request-id"]


async def test_picture_has_the_id_of_its_request(public):
    png = await public.ask("POST /pet/1/uploadImage", **PICTURE)
    headers = {"x-request-id": "mine"}

    picture = await public.ask(f"GET {png.json()['url']}", headers=headers)

    assert (200, "mine") == (picture.status_code, picture.headers["x-request-id"])


@pytest.mark.parametrize(
    "given",
    ["", "a" * (LENGTH_MAX + 1), "a\tb", "ü", "a\nb", "a\x00b", " a", "\udcff"],
    ids=ascii,
)
def test_id_that_is_not_sane_is_replaced(given):
    id_of = request_ids()

    minted = [id_of({"x-request-id": given}), id_of({})]

    assert given not in minted
    assert 2 == len(set(minted))
    assert all(one.isascii() and len(one) < 32 for one in minted)


@pytest.mark.parametrize("given", ["a", "a b", "~" * LENGTH_MAX, '"x-1"'])
def test_sane_id_is_kept(given):
    assert given == request_ids()({"x-request-id": given})


async def test_refusal_is_in_the_log_under_its_id(public, caplog):
    caplog.set_level(logging.INFO, "petstore.server")

    await public.ask("GET /pet/404", headers={"x-request-id": "mine"})

    (line,) = [one.getMessage() for one in caplog.records if "GET" in one.getMessage()]
    assert line.startswith("GET /pet/404: {")
    assert line.endswith("} [mine]")


def test_refusal_of_what_is_no_http_has_an_id_too(connect):
    with on_socket(Settings()) as server:
        wire = connect(server.url)
        wire.send(b"GET /pet/1 HTTP/1.1\r\nno colon\r\n\r\n")
        answer = wire.answer()

    assert 400 == answer.status
    assert answer.headers["x-request-id"]
