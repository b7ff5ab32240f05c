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
import inspect
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
        require_waiting(inner, "BackendWrapper")
        self.inner = inner

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.inner!r})"

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
        require_coroutines(inner, "AsyncBackendWrapper")
        self.inner = inner

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.inner!r})"

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


def require_waiting(backend: object, user: str) -> None:
    """
    Refuse what is no backend for callers that wait.

    Args:
        user: The class that was given it.

    Raises:
        ConfigError: Says what to use.
    """
    send = _send_of(backend, user)
    if inspect.iscoroutinefunction(send):
        raise ConfigError(
            f"{user} takes a backend for callers that wait, and"
            f" {type(backend).__name__} answers coroutines: use"
            f" Async{user} with it, or give {user} what connect(url),"
            " petstore.open() or Fake() returns."
        )


def require_coroutines(backend: object, user: str) -> None:
    """Refuse what is no backend for coroutines; as `require_waiting`."""
    send = _send_of(backend, user)
    # A decorator may hide the coroutine function inside; a mock is no routine.
    is_plain = inspect.isroutine(send)
    if is_plain and not inspect.iscoroutinefunction(inspect.unwrap(send)):
        raise ConfigError(
            f"{user} takes a backend for coroutines, whose send is an `async def`, and"
            f" {type(backend).__name__} has a plain one: use"
            f" {user.removeprefix('Async')} with it, or give {user} what"
            " connect_async(url), `await petstore.open_async()` or AsyncFake() returns."
        )


def _send_of(backend: object, user: str) -> Any:
    if isinstance(backend, type):
        raise ConfigError(
            f"{user} takes a backend, not its class; give {backend.__name__}(…)."
        )
    send = getattr(backend, "send", None)
    if not callable(send):
        raise ConfigError(f"{user} takes a URL or a backend, not {backend!r:.100}.")
    return send


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
