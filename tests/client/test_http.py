"""Requests leave as the codec wrote them, and whatever happens on the way is told."""

import gzip
import logging
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest

import petstore_client
from petstore.contract import calls
from petstore.contract.call import ByteStream, Call
from petstore.contract.errors import (
    DecodeError,
    NotFound,
    NotSupported,
    ServerFault,
    TransportError,
)
from petstore.contract.flavours import Flavour
from petstore.contract.pet import PetDraft
from petstore_client._http import AsyncHttpSender, HttpSender
from petstore_client.address import Server
from petstore_client.backends.remote import AsyncRemoteBackend, RemoteBackend
from tests.client.conftest import RawServer

ORIGIN = "https://pets.example"
PET = b'{"id":1,"name":"Rex","photoUrls":[],"tags":[]}'
DIGEST = "0" * 64
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

Handler = Callable[[httpx.Request], httpx.Response]


def a_server(flavour: Flavour = "native", prefix: str = "") -> Server:
    return Server(ORIGIN, prefix, flavour, {"api_key": "k"}, timeout_s=5)


def send(handler: Handler, call: Call[Any], server: Server | None = None) -> Any:
    server = server or a_server()
    sender = HttpSender(server, httpx.MockTransport(handler))
    return RemoteBackend(server, sender).send(call)


async def send_async(
    handler: Handler, call: Call[Any], server: Server | None = None
) -> Any:
    server = server or a_server()
    sender = AsyncHttpSender(server, httpx.MockTransport(handler))
    return await AsyncRemoteBackend(server, sender).send(call)


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


@pytest.mark.parametrize(
    ("kind", "sent"),
    [*((kind, "no") for kind in NEVER_SENT), *((kind, "maybe") for kind in MAYBE_SENT)],
)
async def test_failure_says_whether_the_request_may_have_left(kind, sent):
    def fail(_: httpx.Request) -> httpx.Response:
        raise kind("")

    with pytest.raises(TransportError, match=ORIGIN) as caught:
        send(fail, calls.get_pet_by_id(1))
    with pytest.raises(TransportError, match=ORIGIN) as caught_async:
        await send_async(fail, calls.get_pet_by_id(1))

    assert sent == caught.value.sent == caught_async.value.sent


def test_timeout_says_how_long_it_waited():
    def fail(_: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("")

    with pytest.raises(TransportError, match="did not answer within 5 seconds"):
        send(fail, calls.get_pet_by_id(1))


def test_refused_connection_was_never_sent():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with (
        petstore_client.connect(f"http://127.0.0.1:{port}") as client,
        pytest.raises(TransportError) as caught,
    ):
        client.pets.get(1)

    assert caught.value.sent == "no"


def test_connection_that_is_no_tls_was_never_sent(answering):
    server: RawServer = answering(ANSWER)
    with (
        petstore_client.connect(server.url.replace("http", "https")) as client,
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
        petstore_client.connect(server.url) as client,
        pytest.raises(TransportError) as caught,
    ):
        client.pets.get(1)
    async with petstore_client.connect_async(server.url) as async_client:
        with pytest.raises(TransportError) as caught_async:
            await async_client.pets.get(1)

    assert "maybe" == caught.value.sent == caught_async.value.sent
    assert len(server.requests) == 2


def test_silent_server_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with (
            petstore_client.connect(url, timeout_s=0.05) as client,
            pytest.raises(TransportError, match=r"within 0.05 seconds") as caught,
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
    ("status", "kind"), [(404, NotFound), (500, ServerFault), (502, ServerFault)]
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
    with petstore_client.connect(server[0]) as client:
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

    with petstore_client.connect(target.url) as client:
        client.pets.get(1)

    assert len(target.requests) == bypassed
    assert len(proxy.requests) == (not bypassed)


class Pieces(httpx.SyncByteStream, httpx.AsyncByteStream):
    """Give pieces, note how many were taken, and fail after the last if asked to."""

    def __init__(self, *pieces: bytes, error: Exception | None = None) -> None:
        self.taken_count = 0
        self.is_closed = False
        self._pieces = pieces
        self._error = error

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self.taken_count += 1
            yield piece
        if self._error is not None:
            raise self._error

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in iter(self):
            yield piece

    def close(self) -> None:
        self.is_closed = True

    async def aclose(self) -> None:
        self.is_closed = True


def download(pieces: Pieces, **headers: str) -> httpx.Response:
    headers = {"content-type": "image/png", **headers}
    return httpx.Response(200, headers=headers, stream=pieces)


async def test_download_is_read_piece_by_piece():
    pieces, async_pieces = Pieces(b"a", b"b"), Pieces(b"a", b"b")

    sync = send(lambda _: download(pieces), calls.get_photo(DIGEST)).value
    first = next(iter(sync.chunks))
    reply = await send_async(lambda _: download(async_pieces), calls.get_photo(DIGEST))
    content = [chunk async for chunk in reply.value.chunks]

    assert (first, pieces.taken_count) == (b"a", 1)
    assert (content, async_pieces.is_closed) == ([b"a", b"b"], True)


def test_download_knows_size_and_media_type():
    answer = download(Pieces(b"ab"), **{"content-length": "2"})

    stream = send(lambda _: answer, calls.get_photo(DIGEST)).value

    assert (stream.size_bytes, stream.media_type) == (2, "image/png")


def test_size_of_a_compressed_download_is_not_known():
    content = gzip.compress(b"ab")
    sizes = {"content-encoding": "gzip", "content-length": str(len(content))}

    stream = send(
        lambda _: download(Pieces(content), **sizes), calls.get_photo(DIGEST)
    ).value

    assert stream.size_bytes is None
    assert b"".join(stream.chunks) == b"ab"


async def test_download_that_breaks_off_says_so():
    def broken() -> Pieces:
        return Pieces(b"a", error=httpx.ReadError("reset"))

    pieces, async_pieces = broken(), broken()
    stream = send(lambda _: download(pieces), calls.get_photo(DIGEST)).value
    reply = await send_async(lambda _: download(async_pieces), calls.get_photo(DIGEST))

    with pytest.raises(TransportError, match="reset"):
        b"".join(stream.chunks)
    with pytest.raises(TransportError, match="reset"):
        [chunk async for chunk in reply.value.chunks]

    assert pieces.is_closed
    assert async_pieces.is_closed


def test_refused_download_is_an_error_at_once():
    with pytest.raises(NotFound):
        send(lambda _: httpx.Response(404), calls.get_photo(DIGEST))


def test_synchronous_client_cannot_read_an_async_iterator():
    async def chunks() -> AsyncIterator[bytes]:
        yield b"never"

    with pytest.raises(NotSupported, match="no async iterator"):
        send(
            lambda _: httpx.Response(500),
            calls.upload_file(1, ByteStream(chunks())),
        )
