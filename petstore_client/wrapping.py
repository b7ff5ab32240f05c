"""
Put something around each call: a backend that holds another one.

    class Timed(BackendWrapper):
        def send(self, call: Call[T]) -> Reply[T]:
            begun = monotonic()
            try:
                return super().send(call)
            finally:
                print(call.operation.id, monotonic() - begun)

    client = Petstore(Timed(connect("https://pets.example.com")))

It sees a call once, however often that is sent; `transports.py` is for each attempt.
"""

import copy
from typing import TYPE_CHECKING, Any, Self, TypeVar, Unpack

from petstore.contract.call import AsyncBackend, Backend, Call, Reply
from petstore.contract.errors import ConfigError
from petstore_client.settings import Options

T = TypeVar("T")


class BackendWrapper:
    """
    Pass everything on to another backend; override what is to be more.

    Any object with `send` and `close` is a backend, too. This one also passes on what
    else the other one has, so that `Petstore.with_options` goes on to work, and
    `Petstore.events` to follow a server that breaks off.
    """

    def __init__(self, inner: Backend) -> None:
        self.inner = inner

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> object:
            return _passed_on(self, name)

    def send(self, call: Call[T]) -> Reply[T]:
        """Answer a call, or raise a PetstoreError."""
        return self.inner.send(call)

    def close(self) -> None:
        """Close the backend inside."""
        self.inner.close()

    def with_options(self, **options: Unpack[Options]) -> Self:
        """
        Return a copy around a backend with other options.

        Raises:
            ConfigError: An option is not what it should be, or no server is called.
        """
        twin = copy.copy(self)
        twin.inner = adjusted(self.inner, options)
        return twin


class AsyncBackendWrapper:
    """Pass everything on to another backend of coroutines; as `BackendWrapper`."""

    def __init__(self, inner: AsyncBackend) -> None:
        self.inner = inner

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> object:
            return _passed_on(self, name)

    async def send(self, call: Call[T]) -> Reply[T]:
        """Answer a call, or raise a PetstoreError."""
        return await self.inner.send(call)

    async def close(self) -> None:
        """Close the backend inside."""
        await self.inner.close()

    def with_options(self, **options: Unpack[Options]) -> Self:
        """Return a copy with other options; see `BackendWrapper.with_options`."""
        twin = copy.copy(self)
        twin.inner = adjusted(self.inner, options)
        return twin


def _passed_on(wrapper: Any, name: str) -> object:
    # A copy asks for much before it has anything inside.
    if name.startswith("_") or name == "inner":
        raise AttributeError(f"{type(wrapper).__name__!r} has no attribute {name!r}")
    return getattr(wrapper.inner, name)


def adjusted(backend: Any, options: Options) -> Any:
    """
    Return a backend with other options.

    Raises:
        ConfigError: It has none, or one is not what it should be.
    """
    if not hasattr(backend, "with_options"):
        raise ConfigError(
            "Only a client of a server has timeout, retry and auth. What wraps its"
            " backend passes them on by a method with_options, as BackendWrapper does;"
            f" {type(backend).__name__} has none."
        )
    return backend.with_options(**options)
