"""Requests leave as the codec wrote them, and whatever happens on the way is told."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from math import inf
from typing import Any

import httpx
import pytest

import petstore_client
from petstore.contract import calls
from petstore.contract.call import ByteStream, Call
from petstore.contract.errors import (
    DeadlineExceeded,
    DecodeError,
    Forbidden,
    NotFound,
    NotSupported,
    PetstoreError,
    ServerFault,
    TransportError,
)
from petstore.contract.pet import PetDraft
from petstore_client._limit import Limit
from petstore_client._wire import Wire
from petstore_client.address import Server
from petstore_client.options import Timeout
from tests.client.conftest import RawServer
from tests.client.wire import ORIGIN, PET, a_server, send, send_async

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def seen_by(call: Call[Any], server: Server | None = None) -> httpx.Request:
    """Return the request that a call becomes."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(404)

    with suppress(NotFound):
        send(answer, call, server)
    return seen[0]


def test_request_has_credentials_and_asks_for_json():
    request = seen_by(calls.get_pet_by_id(1))

    assert str(request.url) == f"{ORIGIN}/pet/1"
    assert request.headers["api_key"] == "k"
    assert request.headers["accept"] == "application/json, */*;q=0.1"
    assert request.headers["user-agent"] == "petstore-client"


def test_path_and_query_leave_as_they_were_encoded():
    path = seen_by(calls.get_user_by_name("a/b ?ü%"), a_server("v2", "/shop")).url
    dots = seen_by(calls.get_user_by_name("..")).url
    query = seen_by(calls.find_pets_by_tags(["a,b", "c&d"])).url

    assert path.raw_path == b"/shop/v2/user/a%2Fb%20%3F%C3%BC%25"
    assert dots.raw_path == b"/user/%2E%2E"
    assert query.raw_path == b"/pet/findByTags?tags=a%2Cb&tags=c%26d"


def test_body_leaves_as_json():
    request = seen_by(calls.add_pet(PetDraft(name="Rex", photo_urls=[])))

    assert request.headers["content-type"] == "application/json"
    assert request.read() == b'{"name":"Rex","photoUrls":[],"tags":[]}'


def test_request_id_and_status_come_with_the_reply():
    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"X-Request-Id": "r1"}, content=PET)

    reply = send(answer, calls.get_pet_by_id(1))

    assert (reply.request_id, reply.status) == ("r1", 200)
    assert (reply.value.id, reply.value.name) == (1, "Rex")


NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
MAYBE_SENT = (
    httpx.ReadTimeout,
    httpx.WriteTimeout,
    httpx.ReadError,
    httpx.WriteError,
    httpx.CloseError,
    httpx.RemoteProtocolError,
    httpx.LocalProtocolError,
)


def failure(error: Exception, *, is_stock: bool = True, **options: Any) -> Any:
    """Return what a failure of the transport becomes."""
    wire = Wire(a_server(), Timeout(), is_stock=is_stock)
    with pytest.raises(PetstoreError) as caught, wire.guard(Limit(inf), **options):
        raise error
    return caught.value


@pytest.mark.parametrize(
    ("kind", "sent"),
    [*((kind, "no") for kind in NEVER_SENT), *((kind, "maybe") for kind in MAYBE_SENT)],
)
def test_failure_says_whether_the_request_may_have_left(kind, sent):
    assert sent == failure(kind("")).sent
    assert ORIGIN in failure(kind("")).message


@pytest.mark.parametrize("kind", NEVER_SENT)
async def test_transport_of_the_caller_is_not_believed(kind):
    """Some tell a reset connection as one that was never made."""

    def fail(_: httpx.Request) -> httpx.Response:
        raise kind("")

    with pytest.raises(TransportError, match=ORIGIN) as caught:
        send(fail, calls.get_pet_by_id(1))
    with pytest.raises(TransportError, match=ORIGIN) as caught_async:
        await send_async(fail, calls.get_pet_by_id(1))

    assert "maybe" == caught.value.sent == caught_async.value.sent


async def test_transport_of_the_caller_has_no_longer_than_the_call():
    async def hang(_: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    transport = httpx.MockTransport(hang)
    async with petstore_client.AsyncPetstore(
        ORIGIN, timeout=0.05, transport=transport
    ) as client:
        with pytest.raises(DeadlineExceeded, match="did not answer in the time"):
            await client.pets.get(1)


async def test_time_that_a_transport_of_the_caller_sets_itself_is_not_ours():
    def fail(_: httpx.Request) -> httpx.Response:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        await send_async(fail, calls.get_pet_by_id(1))


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (httpx.ConnectTimeout(""), f"{ORIGIN} took no connection in 5 seconds."),
        (httpx.PoolTimeout(""), f"No connection to {ORIGIN} was free for 5 seconds."),
        (
            httpx.WriteTimeout(""),
            f"{ORIGIN} took nothing of the request for 15 seconds.",
        ),
        (httpx.ReadTimeout(""), f"{ORIGIN} sent nothing for 15 seconds."),
        (httpx.ProxyError("407 Who?"), f"{ORIGIN} was refused: 407 Who?."),
        (httpx.ConnectError("No."), f"{ORIGIN} cannot be reached: No."),
        (httpx.ReadError("reset"), f"No answer came from {ORIGIN}: reset."),
        (httpx.ReadError(""), f"No answer came from {ORIGIN}: ReadError."),
    ],
)
def test_each_failure_has_a_sentence_of_its_own(error, message):
    assert message == failure(error).message


def test_answer_that_broke_off_is_told():
    error = failure(httpx.ReadError("reset"), has_begun=True)

    assert f"The answer of {ORIGIN} broke off: reset." == error.message


def test_refused_connection_was_never_sent():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with (
        petstore_client.Petstore(f"http://127.0.0.1:{port}", retry=1) as client,
        pytest.raises(TransportError) as caught,
    ):
        client.pets.get(1)

    assert caught.value.sent == "no"


def test_connection_that_is_no_tls_was_never_sent(answering):
    server: RawServer = answering(ANSWER)
    with (
        petstore_client.Petstore(
            server.url.replace("http", "https"), retry=1
        ) as client,
        pytest.raises(TransportError) as caught,
    ):
        client.pets.get(1)

    assert caught.value.sent == "no"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"SSH-2.0\r\n", id="no http"),
        pytest.param(ANSWER + b"Content-Length: 99\r\n\r\n{", id="half a body"),
    ],
)
async def test_connection_that_ends_early_was_maybe_sent(answering, answer):
    server: RawServer = answering(answer)
    with (
        petstore_client.Petstore(server.url, retry=1) as client,
        pytest.raises(TransportError) as caught,
    ):
        client.pets.get(1)
    async with petstore_client.AsyncPetstore(server.url, retry=1) as async_client:
        with pytest.raises(TransportError) as caught_async:
            await async_client.pets.get(1)

    assert "maybe" == caught.value.sent == caught_async.value.sent
    assert len(server.requests) == 2


def test_silent_server_is_given_up():
    times = Timeout(read=0.05)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with (
            petstore_client.Petstore(url, timeout=times, retry=1) as client,
            pytest.raises(TransportError, match="sent nothing for 0") as caught,
        ):
            client.pets.get(1)

    assert caught.value.sent == "maybe"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(httpx.Response(200, html="<h1>Log in</h1>"), id="a web page"),
        pytest.param(httpx.Response(200, content=PET[:20]), id="truncated JSON"),
        pytest.param(httpx.Response(200, json={"items": []}), id="another model"),
        pytest.param(httpx.Response(200), id="nothing"),
    ],
)
def test_answer_of_something_else_is_kept_for_the_bug_report(answer):
    with pytest.raises(DecodeError) as caught:
        send(lambda _: answer, calls.get_pet_by_id(1))

    assert answer.content == caught.value.body


def test_web_page_is_no_confirmation_of_a_delete():
    page = httpx.Response(200, html="<h1>Welcome to the hotel</h1>")

    with pytest.raises(DecodeError, match="web page"):
        send(lambda _: page, calls.delete_pet(1))


async def test_broken_compression_cannot_be_read():
    def answer(_: httpx.Request) -> httpx.Response:
        stream = httpx.ByteStream(b"no gzip")
        return httpx.Response(200, headers={"content-encoding": "gzip"}, stream=stream)

    with pytest.raises(DecodeError, match="corrupt"):
        send(answer, calls.get_pet_by_id(1))
    with pytest.raises(DecodeError, match="corrupt"):
        await send_async(answer, calls.get_pet_by_id(1))


@pytest.mark.parametrize(
    ("status", "kind"),
    [(403, Forbidden), (404, DecodeError), (500, ServerFault), (502, ServerFault)],
)
def test_refusal_that_is_a_web_page_is_known_by_its_status(status, kind):
    page = httpx.Response(status, html="<h1>Oops</h1>")

    with pytest.raises(kind):
        send(lambda _: page, calls.get_pet_by_id(1))


@pytest.mark.parametrize("call", [calls.get_pet_by_id(1), calls.delete_pet(1)])
async def test_redirect_is_not_followed_so_credentials_stay_at_their_origin(call):
    asked: list[str] = []

    def redirect(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return httpx.Response(302, headers={"location": "https://evil.example/pet/1"})

    with pytest.raises(DecodeError, match=r"302 and points to https://evil\.example"):
        send(redirect, call)
    with pytest.raises(DecodeError, match=r"302"):
        await send_async(redirect, call)

    assert asked == ["pets.example", "pets.example"]


def test_password_of_a_login_is_in_no_log(server, caplog):
    caplog.set_level(logging.DEBUG)
    with petstore_client.Petstore(server[0]) as client:
        client.auth.login_user("ann", "hush-hush")

    assert [
        record for record in caplog.records if record.name.startswith("httpx")
    ] == []


@pytest.mark.parametrize("bypassed", [True, False])
def test_proxy_of_the_environment_is_used(answering, monkeypatch, bypassed):
    answer = ANSWER + b"Content-Length: %d\r\n\r\n%b" % (len(PET), PET)
    proxy: RawServer = answering(answer)
    target: RawServer = answering(answer)
    monkeypatch.setenv("http_proxy", proxy.url)
    monkeypatch.setenv("no_proxy", "127.0.0.1" if bypassed else "")

    with petstore_client.Petstore(target.url) as client:
        client.pets.get(1)

    assert len(target.requests) == bypassed
    assert len(proxy.requests) == (not bypassed)


def test_synchronous_client_cannot_read_an_async_iterator():
    async def chunks() -> AsyncIterator[bytes]:
        yield b"never"

    with pytest.raises(NotSupported, match="no async iterator"):
        send(
            lambda _: httpx.Response(500),
            calls.upload_file(1, ByteStream(chunks())),
        )
