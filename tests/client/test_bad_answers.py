"""Whatever answers in place of a Petstore, or oddly, is understood or told."""

import gzip
import pickle
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import trustme

import petstore
from petstore.contract import calls
from petstore.contract.errors import (
    DecodeError,
    Invalid,
    PetstoreError,
    RemoteError,
    ServerFault,
    TransportError,
)
from petstore.contract.pet import Pet
from petstore.contract.user import Token
from petstore_client import AsyncPetstore, MemoryTokens, Password, Petstore
from tests.client.raw import PET, Raw, raw_server, whole

# Of the public data.
PASSWORD = "XXXXXXXXXXX"
GET = calls.get_pet_by_id(1)


def saying(answer: bytes) -> Any:
    """Return a talk that answers each request with these bytes, and hangs up."""

    def talk(raw: Raw, connection: socket.socket) -> None:
        if raw.next_request(connection):
            connection.sendall(answer)

    return talk


async def both(answer: bytes, call: Any = GET, **options: Any) -> list[Any]:
    """Return what a call comes to, from a thread and from a coroutine."""
    options = {"retry": 1, **options}
    outcomes: list[Any] = []
    with raw_server(saying(answer)) as raw:
        with Petstore(raw.url, **options) as client:
            try:
                outcomes.append(client.send(call))
            except PetstoreError as error:
                outcomes.append(error)
        async with AsyncPetstore(raw.url, **options) as async_client:
            try:
                outcomes.append(await async_client.send(call))
            except PetstoreError as error:
                outcomes.append(error)
    return outcomes


def answer(status: bytes, body: bytes, *headers: bytes) -> bytes:
    lines = [b"HTTP/1.1 " + status, b"Content-Length: %d" % len(body), *headers]
    return b"\r\n".join([*lines, b"", body])


JSON = b"Content-Type: application/json"
HTML = b"<html><h1>Welcome</h1></html>"


async def test_web_page_is_told():
    page = answer(b"200 OK", HTML, b"Content-Type: text/html; charset=utf-8")

    for error in await both(page):
        assert isinstance(error, DecodeError)
        assert "The answer is a web page, not that of a Petstore." == error.message
        assert HTML == error.body


@pytest.mark.parametrize(
    ("body", "told"),
    [
        pytest.param(PET[:-5], "EOF while parsing", id="truncated"),
        pytest.param(b"", "EOF while parsing", id="empty"),
        pytest.param(b"\xff\xfe", "expected value", id="no text"),
        pytest.param(b"[]", "", id="a list"),
        pytest.param(b'{"id":1,"photoUrls":[]}', "name", id="a field missing"),
        pytest.param(b'{"id":1,"name":7,"photoUrls":[]}', "name", id="a wrong type"),
    ],
)
async def test_answer_that_is_no_pet_is_told_and_kept(body, told):
    for error in await both(answer(b"200 OK", body, JSON)):
        assert isinstance(error, DecodeError)
        assert error.message.startswith("The answer is not what the contract says: ")
        assert told in error.message
        assert body == error.body
        assert ("getPetById", 1) == (error.operation, error.attempts)


async def test_what_a_newer_server_adds_is_kept():
    """An unknown status or field must survive being read and written back."""
    body = b'{"id":1,"name":"Rex","photoUrls":[],"tags":[],"status":"lent","chip":"x"}'

    for reply in await both(answer(b"200 OK", body, JSON)):
        pet = reply.value
        assert "lent" == pet.status
        assert {"chip": "x"} == pet.model_extra
        assert pet == Pet.model_validate_json(pet.model_dump_json(by_alias=True))


async def test_delete_needs_no_body():
    for reply in await both(answer(b"200 OK", b""), calls.delete_pet(1)):
        assert reply.value is None


async def test_compressed_answer_is_read():
    body = gzip.compress(PET)

    for reply in await both(answer(b"200 OK", body, JSON, b"Content-Encoding: gzip")):
        assert "Rex" == reply.value.name


async def test_compressed_answer_that_is_cut_is_told():
    body = gzip.compress(PET)[:-12]

    for error in await both(answer(b"200 OK", body, JSON, b"Content-Encoding: gzip")):
        assert isinstance(error, DecodeError)


async def test_answer_of_an_old_server_ends_with_its_connection():
    old = b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n" + PET

    for reply in await both(old):
        assert "Rex" == reply.value.name


async def test_connection_that_closes_without_an_answer_was_maybe_sent():
    for error in await both(b""):
        assert isinstance(error, TransportError)
        assert "maybe" == error.sent
        assert "No answer came from http://127.0.0.1" in error.message


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirect_is_not_followed(status):
    """Credentials go nowhere but to the origin that the caller named."""
    with raw_server(saying(whole(PET))) as other:
        place = b"Location: %b/pet/1" % other.url.encode()
        moved = answer(b"%d Moved" % status, b"", place)

        for error in await both(moved, auth=Password("ann", "hush")):
            assert isinstance(error, DecodeError)
            assert f"status {status} and points to {other.url}/pet/1" in error.message
        assert 0 == other.request_count


@pytest.mark.parametrize("status", [402, 418, 451, 501, 502, 504, 599])
async def test_status_that_no_petstore_has_is_kept(status):
    """A gateway in between answers so."""
    for error in await both(answer(b"%d Oops" % status, b"", b"X-Request-Id: r1")):
        assert isinstance(error, RemoteError)
        assert (status, status) == (error.status, error.problem["status"])
        assert "r1" == error.request_id
        assert (status >= 500) == isinstance(error, ServerFault)
        assert (status, "r1") == facts(pickle.loads(pickle.dumps(error)))  # noqa: S301


def facts(error: Any) -> tuple[int, str]:
    return error.status, error.request_id


def test_error_says_all_that_is_known_of_it():
    with (
        petstore.serve() as server,
        Petstore(server.url) as client,
        pytest.raises(Invalid) as caught,
    ):
        client.send(calls.list_pets(cursor="no cursor"))

    error = caught.value
    for one in (error, pickle.loads(pickle.dumps(error))):  # noqa: S301
        assert 422 == one.status == one.problem["status"]
        assert "invalid" == one.problem["code"]
        assert one.message == one.problem["detail"]
        assert ("listPets", 1) == (one.operation, one.attempts)
        assert one.request_id


@contextmanager
def tls_server() -> Iterator[Raw]:
    """Run a server whose certificate is right, but that nobody here trusts."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)

    def talk(raw: Raw, connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            raw.next_request(secured)
            secured.sendall(whole(PET))

    with raw_server(talk) as raw:
        raw.url = raw.url.replace("http", "https")
        yield raw


async def test_certificate_that_is_not_trusted_is_told():
    with tls_server() as raw:
        errors = await refusals(raw.url)

    for error in errors:
        assert isinstance(error, TransportError)
        assert f"{raw.url} cannot be reached: its certificate is not trusted (" in (
            error.message
        )
        assert "no" == error.sent
    assert 0 == raw.request_count


async def refusals(url: str) -> list[PetstoreError]:
    with Petstore(url, retry=1) as client, pytest.raises(PetstoreError) as caught:
        client.pets.get(1)
    async with AsyncPetstore(url, retry=1) as async_client:
        with pytest.raises(PetstoreError) as caught_async:
            await async_client.pets.get(1)
    return [caught.value, caught_async.value]


@pytest.mark.parametrize("off", [timedelta(days=-400), timedelta(days=400)])
def test_clock_that_is_wrong_logs_in_once(off):
    """A token then seems to be over already, or to last for ever."""
    tokens = Counting()
    auth = Password("user1", PASSWORD, tokens=tokens, wall_clock=lambda: now() + off)
    with (
        petstore.serve(auth="on") as server,
        Petstore(server.url, auth=auth, retry=1) as client,
    ):
        names = [client.auth.me().username for _ in range(5)]

    assert ["user1"] * 5 == names
    assert 1 == tokens.saved_count


class Counting(MemoryTokens):
    saved_count = 0

    def save(self, token: Token) -> None:
        self.saved_count += 1
        super().save(token)


def now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251  the right clock
