"""
Put something around each call of a client, and around each of its requests.

A call is sent several times where that is needed: what wraps the backend sees it once,
and what wraps the transport sees each attempt.
"""

from time import perf_counter
from typing import Any, TypeVar

import petstore
from petstore_client import (
    BackendWrapper,
    Call,
    PetDraft,
    Petstore,
    Reply,
    Transport,
    connect,
)

T = TypeVar("T")


class Timed(BackendWrapper):
    """Tell how long each call takes."""

    def send(self, call: Call[T]) -> Reply[T]:
        begun = perf_counter()
        try:
            return super().send(call)
        finally:
            took_ms = (perf_counter() - begun) * 1_000
            print(f"{call.operation.id} took {took_ms:.0f} ms")


class Branded:
    """Say in each request which shop it comes from."""

    def __init__(self, inner: Transport) -> None:
        self.inner = inner

    def handle_request(self, request: Any) -> Any:
        request.headers["x-shop"] = "north"
        response = self.inner.handle_request(request)
        attempt = request.extensions["petstore_attempt"]
        print(f"attempt {attempt.number}, {attempt.path}: {response.status_code}")
        return response

    def close(self) -> None:
        self.inner.close()


with petstore.serve() as server:
    backend = Timed(connect(server.url, transport=Branded))
    with Petstore(backend) as client:
        rex = client.pets.create(PetDraft(name="Rex", photo_urls=[]))
        client.with_options(timeout=2).pets.get(rex.id)
