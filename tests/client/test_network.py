"""No server holds a call longer than its total time, whatever it does or omits."""

import socket
from time import monotonic
from typing import Any

import httpcore
import pytest

from petstore.contract import calls
from petstore.contract.call import ByteStream
from petstore.contract.errors import (
    ConfigError,
    DeadlineExceeded,
    PetstoreError,
    TransportError,
)
from petstore_client import AsyncPetstore, Petstore, Timeout
from petstore_client._limit import Limit, under
from petstore_client._network import AsyncDeadlineBackend, DeadlineBackend
from petstore_client._wire import async_stock_transport, stock_transport
from petstore_client.address import server_of
from tests.client.raw import ANSWER, Raw, raw_server, say_nothing

LATE_S = 0.15
EVERY_S = 0.05
DIGEST = "0" * 64


def drip_head(raw: Raw, connection: socket.socket) -> None:
    raw.next_request(connection)
    raw.drip(connection, ANSWER + b"X-Long: " + b"x" * 1_000, EVERY_S)


def drip_body(raw: Raw, connection: socket.socket) -> None:
    raw.next_request(connection)
    connection.sendall(ANSWER + b"Content-Length: 1000\r\n\r\n")
    raw.drip(connection, b"{" * 1_000, EVERY_S)


def swallow_slowly(raw: Raw, connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    while not raw.is_over.wait(EVERY_S) and connection.recv(16_384):
        pass


PET = calls.get_pet_by_id(1)
UPLOAD = calls.upload_file(1, ByteStream(b"x" * 8_000_000))
TALKS = [
    pytest.param(drip_head, PET, 1.0, id="dripping head"),
    pytest.param(drip_body, PET, 1.0, id="dripping body"),
    pytest.param(drip_body, calls.get_photo(DIGEST), 0.3, id="dripping download"),
    pytest.param(swallow_slowly, UPLOAD, 0.3, id="swallowing slowly"),
    pytest.param(say_nothing, PET, 0.3, id="saying nothing"),
]


@pytest.mark.parametrize(("talk", "call", "total_s"), TALKS)
def test_call_ends_when_its_time_is_over(talk, call, total_s):
    with raw_server(talk) as raw, Petstore(raw.url, timeout=total_s) as client:
        begun = monotonic()
        with pytest.raises(DeadlineExceeded, match="the call may take in all"):
            read_all(client.send(call).value)
        took_s = monotonic() - begun

    assert total_s - 0.01 <= took_s <= total_s + LATE_S


@pytest.mark.parametrize(("talk", "call", "total_s"), TALKS)
async def test_async_call_ends_when_its_time_is_over(talk, call, total_s):
    with raw_server(talk) as raw:
        async with AsyncPetstore(raw.url, timeout=total_s) as client:
            begun = monotonic()
            with pytest.raises(DeadlineExceeded, match="the call may take in all"):
                await read_all_async((await client.send(call)).value)
            took_s = monotonic() - begun

    assert total_s - 0.01 <= took_s <= total_s + LATE_S


def read_all(value):
    return b"".join(value.chunks) if hasattr(value, "chunks") else value


async def read_all_async(value):
    if hasattr(value, "chunks"):
        return [piece async for piece in value.chunks]
    return value


async def test_tls_that_never_comes_ends_as_well():
    """The sockets are closed, too: an open one would be a warning, and so an error."""
    with raw_server(say_nothing) as raw:
        url = f"https{raw.url.removeprefix('http')}"
        with Petstore(url, timeout=0.2) as client, pytest.raises(DeadlineExceeded):
            client.pets.get(1)
        async with AsyncPetstore(url, timeout=0.2) as async_client:
            with pytest.raises(DeadlineExceeded):
                await async_client.pets.get(1)


async def test_server_that_accepts_nobody_was_sent_nothing():
    times = Timeout(connect=0.05)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        address = listener.getsockname()
        url = f"http://127.0.0.1:{address[1]}"
        # Its queue is full.
        with socket.create_connection(address):
            errors = failure_of(url, times), await failure_of_async(url, times)

    for error in errors:
        assert f"{url} took no connection in 0.05 seconds." == error.message
        assert isinstance(error, TransportError)
        assert "no" == error.sent


def failure_of(url: str, timeout: Timeout | None = None) -> PetstoreError:
    with (
        Petstore(url, retry=1, timeout=timeout) as client,
        pytest.raises(PetstoreError) as caught,
    ):
        client.pets.get(1)
    return caught.value


async def failure_of_async(url: str, times: Timeout | None = None) -> PetstoreError:
    async with AsyncPetstore(url, retry=1, timeout=times) as client:
        with pytest.raises(PetstoreError) as caught:
            await client.pets.get(1)
    return caught.value


def close_at_once(raw: Raw, connection: socket.socket) -> None:
    raw.next_request(connection)


def break_off(raw: Raw, connection: socket.socket) -> None:
    raw.next_request(connection)
    connection.sendall(ANSWER + b"Content-Length: 1000\r\n\r\n{")


def speak_plainly(_: Raw, connection: socket.socket) -> None:
    connection.recv(65_536)
    connection.sendall(b"SSH-2.0-OpenSSH\r\n\r\n")


@pytest.mark.parametrize(
    ("talk", "scheme", "message", "sent"),
    [
        (close_at_once, "http", "No answer came from {url}: Server disc", "maybe"),
        (break_off, "http", "The answer of {url} broke off: peer closed", "maybe"),
        (speak_plainly, "http", "No answer came from {url}: illegal status", "maybe"),
        (speak_plainly, "https", "{url} cannot be reached: it speaks no TLS", "no"),
    ],
)
async def test_each_trouble_has_a_sentence_of_its_own(talk, scheme, message, sent):
    with raw_server(talk) as raw:
        url = raw.url.replace("http", scheme)
        failure, twin = failure_of(url), await failure_of_async(url)

    for error in (failure, twin):
        assert isinstance(error, TransportError)
        assert error.message.startswith(message.format(url=url))
        assert sent == error.sent


async def test_host_that_is_nowhere_is_told():
    url = "http://no-such-host.invalid"

    for error in (failure_of(url), await failure_of_async(url)):
        assert "the name of the host has no address" in error.message
        assert isinstance(error, TransportError)
        assert "no" == error.sent


async def test_port_where_nobody_listens_is_told():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"

    for error in (failure_of(url), await failure_of_async(url)):
        assert f"{url} cannot be reached: nothing listens there." == error.message


async def test_proxy_that_refuses_is_told(monkeypatch):
    def refuse(raw: Raw, connection: socket.socket) -> None:
        raw.next_request(connection)
        connection.sendall(b"HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n")

    with raw_server(refuse) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url.replace("//", "//ann:hush@"))
        monkeypatch.setenv("no_proxy", "")
        url = "https://pets.example"
        errors = failure_of(url), await failure_of_async(url)

    for error in errors:
        assert isinstance(error, TransportError)
        told = f"{url} was refused through the proxy {proxy.url}: 407 Who are you."
        assert told == error.message
        assert "no" == error.sent


@pytest.mark.parametrize("proxy", ["ftp://proxy:1", "http://ann:hush@:x", "socks5://h"])
@pytest.mark.parametrize("kind", [Petstore, AsyncPetstore])
def test_environment_that_names_no_proxy_is_told(monkeypatch, proxy, kind):
    monkeypatch.setenv("http_proxy", proxy)
    monkeypatch.setenv("no_proxy", "")

    with pytest.raises(ConfigError, match="proxy") as caught:
        kind("http://pets.example", retry=1)

    assert "hush" not in str(caught.value)


def test_proxy_without_a_scheme_is_one_of_http(monkeypatch):
    with raw_server(close_at_once) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url.removeprefix("http://"))
        monkeypatch.setenv("no_proxy", "")
        failure_of("http://pets.example")

        assert 1 == proxy.request_count


@pytest.mark.parametrize("url", ["http://pets.example", "https://pets.example"])
@pytest.mark.parametrize("proxy", ["", "http://proxy:1"])
def test_pools_of_httpx_take_a_backend(monkeypatch, url, proxy):
    """What is used of httpx and httpcore beyond what they promise."""
    monkeypatch.setenv("http_proxy", proxy)
    monkeypatch.setenv("https_proxy", proxy)
    server = server_of(url, flavour=None)

    pool, async_pool = (
        stock_transport(server)._pool,
        async_stock_transport(server)._pool,
    )

    assert isinstance(pool._network_backend, DeadlineBackend)
    assert isinstance(async_pool._network_backend, AsyncDeadlineBackend)
    # A connection to a proxy is one inside of another.
    made: Any = pool.create_connection(httpcore.Origin(b"http", b"pets.example", 80))
    assert pool._network_backend is (made._connection or made)._network_backend


def test_all_addresses_of_a_host_are_tried(monkeypatch):
    """Each gets a share of what is left, not the whole time anew."""
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda *_, **__: [
            (socket.AF_INET, 1, 6, "", (f"127.0.0.{number}", 1)) for number in (2, 3)
        ],
    )
    inner = Connecting()

    with under(Limit(monotonic() + 100)):
        stream = DeadlineBackend(inner).connect_tcp("pets.example", 1, timeout=5)
    stream.close()

    assert ["127.0.0.2", "127.0.0.3"] == inner.tried


class Connecting(httpcore.MockBackend):
    """Refuse the first address."""

    def __init__(self) -> None:
        super().__init__([])
        self.tried: list[str] = []

    def connect_tcp(self, host, port, timeout=None, *_, **__):
        self.tried.append(host)
        if len(self.tried) == 1:
            raise httpcore.ConnectError("No.")
        return super().connect_tcp(host, port)


def test_without_a_limit_times_are_what_they_are():
    backend = DeadlineBackend(Connecting())

    with pytest.raises(httpcore.ConnectError):
        backend.connect_tcp("127.0.0.1", 1, timeout=None)
