"""Give this folder's tests servers: a real one, and one that says what a test wants."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

import pytest

import petstore
from petstore.contract.flavours import Contract, Flavour

PATHS: dict[Flavour, str] = {"native": "", "v2": "/v2", "v3": "/api/v3"}
ACCEPT_TIMEOUT_S = 30


@dataclass(frozen=True, slots=True)
class Petshop:
    """Say where a server of ours answers, and as what."""

    origin: str
    flavour: Flavour
    contract: Contract

    @property
    def url(self) -> str:
        """Return what a client of the flavour is given."""
        return self.origin + PATHS[self.flavour]


@pytest.fixture(scope="module", params=["public", "strict"])
def server(request: pytest.FixtureRequest) -> Iterator[tuple[str, Contract]]:
    """One server with the public data, under each contract in turn."""
    with petstore.serve(contract=request.param) as running:
        yield running.url, request.param


@pytest.fixture(params=PATHS)
def petshop(request: pytest.FixtureRequest, server: tuple[str, Contract]) -> Petshop:
    """Each API of a server in turn."""
    origin, contract = server
    return Petshop(origin, request.param, contract)


@dataclass(slots=True)
class RawServer:
    """Answer each connection with the same bytes, whatever was asked."""

    url: str
    requests: list[bytes] = field(default_factory=list)


@pytest.fixture
def answering() -> Iterator[Callable[[bytes], RawServer]]:
    """Give a function that starts a server which answers these bytes, and closes."""
    with ExitStack() as stack:

        def start(answer: bytes) -> RawServer:
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            listener.settimeout(ACCEPT_TIMEOUT_S)
            server = RawServer(f"http://127.0.0.1:{listener.getsockname()[1]}")
            thread = threading.Thread(target=_answer, args=(listener, server, answer))
            thread.start()
            stack.callback(thread.join)
            # An accept that waits does not notice that its socket is closed.
            stack.callback(listener.shutdown, socket.SHUT_RDWR)
            return server

        yield start


def _answer(listener: socket.socket, server: RawServer, answer: bytes) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            server.requests.append(connection.recv(65_536))
            connection.sendall(answer)
