"""Answers of any Petstore are read, and what is none is kept for the bug report."""

from datetime import UTC, datetime

import pytest

from petstore.contract import calls
from petstore.contract.call import ByteStream
from petstore.contract.errors import DecodeError, NotFound
from petstore.contract.flavours import face
from petstore.contract.pet import Photo
from petstore.contract.replies import Response, decode_reply
from petstore.contract.user import Token
from tests.kit.builders import a_pet

NATIVE = face("native", "strict")
V2, V3 = face("v2", "strict"), face("v3", "strict")
PUBLIC_V2, PUBLIC_V3 = face("v2", "public"), face("v3", "public")
INSTANT = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
DOWNLOAD = calls.get_photo("0" * 64)


@pytest.mark.parametrize(
    "body",
    [
        b'{"code":200,"type":"unknown","message":"logged in user session:123"}',
        b"logged in user session:123",
        b'"Logged in user session: 123"',
        b"Logged in user session: 123",
    ],
)
@pytest.mark.parametrize("face", [V2, V3, PUBLIC_V2, PUBLIC_V3])
def test_token_is_found_in_the_words_of_any_server(face, body):
    headers = {"x-expires-after": "Wed Jan 02 03:04:05 UTC 2030"}

    reply = decode_reply(face, calls.login_user("a", "b"), Response(200, headers, body))

    expected = Token(access_token="123", expires_at=INSTANT)
    assert reply.value == expected


@pytest.mark.parametrize(
    ("body", "expires_after"),
    [
        (b"logged in:1", ""),
        (b"logged in:1", "tomorrow"),
        (b"[]", "Wed Jan 02 03:04:05 UTC 2030"),
        (b"{}", "Wed Jan 02 03:04:05 UTC 2030"),
        (b'{"message":5}', "Wed Jan 02 03:04:05 UTC 2030"),
        (b"\xff", "Wed Jan 02 03:04:05 UTC 2030"),
    ],
)
def test_login_without_a_token_cannot_be_read(body, expires_after):
    response = Response(200, {"x-expires-after": expires_after}, body)

    with pytest.raises(DecodeError, match="holds no token") as caught:
        decode_reply(V2, calls.login_user("a", "b"), response)

    assert caught.value.body == body


@pytest.mark.parametrize("face", [V3, PUBLIC_V3])
def test_upload_may_be_answered_with_the_pet(face):
    response = Response(200, {}, b'{"id":7,"name":"Rex","photoUrls":["u"]}')

    reply = decode_reply(face, calls.upload_file(7, ByteStream(b"png")), response)

    assert reply.value == Photo(
        pet=a_pet(id=7, category=None, photo_urls=["u"], tags=[], status=None)
    )


def test_public_answer_may_lack_what_the_document_requires():
    body = b'[{"id":1},{"id":"2","name":null,"photoUrls":null,"extra":1}]'

    reply = decode_reply(V2, calls.find_pets_by_tags("a"), Response(200, {}, body))

    assert [(pet.id, pet.name, pet.photo_urls) for pet in reply.value] == [
        (1, "", []),
        (2, "", []),
    ]


@pytest.mark.parametrize("face", [NATIVE, V2, V3])
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"name":"Rex"', b"<html>"])
def test_answer_that_is_no_pet_is_kept(face, body):
    with pytest.raises(DecodeError, match="not what the contract says") as caught:
        decode_reply(face, calls.get_pet_by_id(1), Response(200, {}, body))

    assert caught.value.body == body


@pytest.mark.parametrize("call", [calls.delete_pet(7), calls.get_pet_by_id(7)])
def test_web_page_is_no_answer(call):
    page = Response(200, {"content-type": "text/html; charset=utf-8"}, b"<html>")

    with pytest.raises(DecodeError, match="a web page"):
        decode_reply(V2, call, page)


def test_web_page_instead_of_a_download_is_no_answer():
    page = Response(200, {"content-type": "text/html"}, ByteStream(iter([b"<html>"])))

    with pytest.raises(DecodeError, match="a web page"):
        decode_reply(NATIVE, DOWNLOAD, page)


def test_download_that_is_in_memory_is_a_stream():
    response = Response(200, {"content-type": "image/png"}, b"png")

    expected = ByteStream(b"png", "image/png", 3)
    assert decode_reply(NATIVE, DOWNLOAD, response).value == expected


@pytest.mark.parametrize(
    ("status", "headers", "message"),
    [
        (302, {"location": "http://other"}, "302 and points to http://other"),
        (304, {}, "status 304, which"),
        (101, {}, "status 101, which"),
    ],
)
def test_status_that_no_petstore_sends_is_no_answer(status, headers, message):
    with pytest.raises(DecodeError, match=message):
        decode_reply(V2, calls.delete_pet(7), Response(status, headers))


def test_success_that_carries_a_problem_is_a_refusal():
    """The public v3 server says 200 when there was nothing to delete."""
    problem = '{"code":"not_found","status":404,"detail":"There is no pet 7."}'
    response = Response(200, {"x-petstore-problem": problem}, b"Pet deleted")

    with pytest.raises(NotFound, match=r"There is no pet 7\."):
        decode_reply(PUBLIC_V3, calls.delete_pet(7), response)
