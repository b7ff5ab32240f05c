"""
Say what carries the attempts of a call, so that a caller may put something between.

    class Counted:
        def __init__(self, inner: Transport) -> None:
            self.inner, self.count = inner, 0

        def handle_request(self, request: Any) -> Any:
            self.count += 1
            return self.inner.handle_request(request)

        def close(self) -> None:
            self.inner.close()

    Petstore("https://pets.example.com", transport=Counted)

A request has `method`, `url`, `headers` and `extensions`, and a response `status_code`
and `headers`, as httpx names them; what is put into the headers of a request is sent.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Protocol, TypeVar

from petstore.contract.errors import ConfigError

ATTEMPT: Final = "petstore_attempt"


class Transport(Protocol):
    """Carry requests; the transports of httpx do."""

    def handle_request(self, request: Any) -> Any:
        """Send a request, and return the response once its head is there."""

    def close(self) -> None:
        """Close all connections."""


class AsyncTransport(Protocol):
    """Carry requests of coroutines; the asynchronous transports of httpx do."""

    async def handle_async_request(self, request: Any) -> Any:
        """Send a request, and return the response once its head is there."""

    async def aclose(self) -> None:
        """Close all connections."""


class Attempt(NamedTuple):
    """
    Say what a request is for; a transport finds it in the request's `extensions`.

    Args:
        operation: operationId of the contract.
        path: Template of the path, without what fills it.
        number: Counted from 1, for each call anew.
    """

    operation: str
    path: str
    number: int


T = TypeVar("T", Transport, AsyncTransport)


@dataclass(frozen=True, slots=True)
class Carrier:
    """
    Hold what a caller gave to carry requests; by default nothing.

    Args:
        foreign: Carries them in place of the stock transport.
        around: Makes, of a stock transport, what carries them.
    """

    foreign: Any = None
    around: Callable[[Any], Any] | None = None

    @property
    def is_stock(self) -> bool:
        """Whether nothing was given."""
        return self.foreign is None and self.around is None

    def put_around(self, stock: T) -> T:
        """
        Return what carries the requests of one pool.

        Raises:
            ConfigError: The caller's function returns no transport.
        """
        if self.around is None:
            return stock
        wrapped: T = self.around(stock)
        if not _is_transport(wrapped, _method_of(stock)):
            raise ConfigError(
                f"What is given as transport must make a transport, not {wrapped!r:.99}"
                f", which has no {_method_of(stock)}."
            )
        return wrapped


def carrier_of(transport: Any, method: str) -> Carrier:
    """
    Return what a caller means by a transport.

    Args:
        method: What it has to have.

    Raises:
        ConfigError: It is neither a transport nor a function.
    """
    if transport is None:
        return Carrier()
    if not isinstance(transport, type) and _is_transport(transport, method):
        return Carrier(foreign=transport)
    if callable(transport):
        return Carrier(around=transport)
    raise ConfigError(
        f"A transport of this client has {method}, or is a function that is given the"
        f" stock transport and returns one that has; {transport!r:.99} is neither."
    )


def _is_transport(value: object, method: str) -> bool:
    return callable(getattr(value, method, None))


def _method_of(stock: object) -> str:
    is_sync = _is_transport(stock, "handle_request")
    return "handle_request" if is_sync else "handle_async_request"
