"""
End each read and write when the call's total time is over, or its caller has gone.

httpx limits the wait for each piece, and begins anew with the next one: a server that
drips a byte a second holds a caller for ever. So the limit lies below, in the network
backend of the connection pool, where each read and write gets what is left.

Cancellation ends here as well. httpcore 1.0 waits at places where a cancelled task
leaves a connection in the pool that nobody uses or closes. So a request runs in a task
that is never cancelled as a whole: only what it waits for on the network is, and that
looks to httpcore like a network that failed.
"""

import asyncio
import math
import socket
import ssl
from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Coroutine,
    Iterable,
    Iterator,
)
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from time import monotonic
from typing import Any, Final, Generic, TypeVar

import httpcore

T = TypeVar("T")
S = TypeVar("S")

SocketOptions = Iterable[Any] | None

# One `send` may take only a part, and each part would begin the time anew.
_WRITE_BYTES_MAX: Final = 64 * 1024


class Limit:
    """
    Say until when one request may use the network.

    Args:
        deadline: A time of `time.monotonic`.
    """

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.is_lifted = False
        self._is_aborted = False
        self._waiting: asyncio.Task[Any] | None = None

    def left(self, timeout: float | None) -> float:
        """
        Return how long the next step may take.

        Raises:
            httpcore.ReadTimeout: There is no time left.
        """
        left = self.deadline - monotonic()
        if left <= 0 or self._is_aborted:
            raise httpcore.ReadTimeout("The time is over.")
        return left if timeout is None else min(left, timeout)

    def lift(self) -> None:
        """Let the rest take as long as it may."""
        self.deadline = math.inf
        self.is_lifted = True

    def abort(self) -> None:
        """End what the request waits for, and refuse it any further step."""
        self._is_aborted = True
        if self._waiting is not None:
            self._waiting.cancel()

    async def wait(self, step: Awaitable[T]) -> T:
        """
        Wait for one step.

        Raises:
            httpcore.ReadTimeout: It was aborted.
        """
        task = self._waiting = asyncio.current_task()
        try:
            return await step
        except asyncio.CancelledError:
            if not self._is_aborted:
                raise
            assert task is not None
            task.uncancel()
            raise httpcore.ReadTimeout("The caller has gone.") from None
        finally:
            self._waiting = None


# A transport has no argument for it, and one pool serves many requests at once.
_LIMIT: Final[ContextVar[Limit | None]] = ContextVar("limit", default=None)


@contextmanager
def under(limit: Limit) -> Iterator[None]:
    """Put what is read and written inside under a limit."""
    token = _LIMIT.set(limit)
    try:
        yield
    finally:
        _LIMIT.reset(token)


def current() -> Limit:
    """Return the limit that this request is under."""
    return _LIMIT.get() or Limit(math.inf)


async def abortable(step: Coroutine[Any, Any, T], limit: Limit) -> T:
    """
    Wait for what uses the network under a limit, in a task that is never cancelled.

    When the waiting task is, the limit is aborted, and so the step ends soon.
    """
    task = asyncio.create_task(step)
    try:
        await asyncio.wait((task,))
    except asyncio.CancelledError:
        limit.abort()
        # Loops refer to their tasks weakly.
        _ENDING.add(task)
        task.add_done_callback(_forget)
        raise
    return task.result()


_ENDING: Final[set[asyncio.Task[Any]]] = set()


def _forget(task: asyncio.Task[Any]) -> None:
    _ENDING.discard(task)
    if not task.cancelled():
        # Else asyncio logs that nobody asked.
        task.exception()


async def interruptible(chunks: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """Give the pieces of an upload; an abort ends the wait for one."""
    iterator = aiter(chunks)
    while (chunk := await _wait(anext(iterator, None))) is not None:
        yield chunk


def _left(timeout: float | None) -> float | None:
    """Return how long the next step may take, as `Limit.left`."""
    limit = _LIMIT.get()
    return timeout if limit is None else limit.left(timeout)


def _wait(step: Awaitable[T]) -> Awaitable[T]:
    limit = _LIMIT.get()
    return step if limit is None else limit.wait(step)


def _addresses(host: str, port: int) -> list[str]:
    """
    Return the addresses of a host; together, their attempts keep to the limit.

    Raises:
        httpcore.ConnectError: It has none.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, OverflowError) as error:
        raise httpcore.ConnectError(str(error)) from error
    # The text of a link-local address lacks its scope, so such a host stays a name.
    if any(at[3:] not in ((), (0,)) for *_, at in found):
        return [host]
    return list(dict.fromkeys(str(at[0]) for *_, at in found))


class _Opened(Generic[S]):
    """
    Know all connections, so that closing the pool leaves none of them open.

    httpcore closes those that it has made. One that a request is making just then goes
    on to be used, and nobody closes it.
    """

    def __init__(self) -> None:
        self._streams: set[S] = set()
        self._is_over = False

    def add(self, stream: S) -> None:
        """
        Note a new one.

        Raises:
            httpcore.ConnectError: It comes too late, and has to be closed.
        """
        # In this order: whoever ends them looks for them after it has said so.
        self._streams.add(stream)
        if self._is_over:
            raise httpcore.ConnectError("the client is closed")

    def forget(self, stream: S) -> None:
        """Note that one is closed."""
        self._streams.discard(stream)

    def end(self) -> list[S]:
        """Take no more, and return those that are open."""
        self._is_over = True
        return list(self._streams)


class DeadlineBackend(httpcore.NetworkBackend):
    """Connect like the given backend, and keep to the limit."""

    def __init__(self, inner: httpcore.NetworkBackend) -> None:
        self._inner = inner
        self._opened: _Opened[_Stream] = _Opened()

    def close(self) -> None:
        """Close all connections, and those that are just being made."""
        for stream in self._opened.end():
            stream.close()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: SocketOptions = None,
    ) -> httpcore.NetworkStream:
        """Connect to a host; the timeout is for each of its addresses."""

        def connected(address: str) -> httpcore.NetworkStream:
            left = _left(timeout)
            inner = self._inner.connect_tcp(
                address, port, left, local_address, socket_options
            )
            return _Stream.opened(inner, self._opened)

        *others, last = _addresses(host, port)
        for address in others:
            with suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return connected(address)
        return connected(last)

    def sleep(self, seconds: float) -> None:
        """Pause between two attempts to connect."""
        self._inner.sleep(seconds)


class _Stream(httpcore.NetworkStream):
    def __init__(
        self, inner: httpcore.NetworkStream, opened: "_Opened[_Stream]"
    ) -> None:
        self._inner = inner
        self._opened = opened

    @classmethod
    def opened(
        cls, inner: httpcore.NetworkStream, opened: "_Opened[_Stream]"
    ) -> "_Stream":
        stream = cls(inner, opened)
        try:
            opened.add(stream)
        except httpcore.ConnectError:
            stream.close()
            raise
        return stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _WRITE_BYTES_MAX):
            piece = buffer[start : start + _WRITE_BYTES_MAX]
            self._inner.write(piece, _left(timeout))

    def close(self) -> None:
        self._opened.forget(self)
        # A thread that reads would wait on for what the peer sends, closed or not. Not
        # the method of a TLS socket, which takes from the reader what it reads with.
        connected = self._inner.get_extra_info("socket")
        if isinstance(connected, socket.socket):
            with suppress(OSError):
                socket.socket.shutdown(connected, socket.SHUT_RDWR)
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        try:
            left = _left(timeout)
            inner = self._inner.start_tls(ssl_context, server_hostname, left)
        except BaseException:
            # The pool knows nothing of a connection that is not made yet.
            self._inner.close()
            raise
        finally:
            # From here on there is another one in its place.
            self._opened.forget(self)
        return _Stream.opened(inner, self._opened)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class AsyncDeadlineBackend(httpcore.AsyncNetworkBackend):
    """Connect like the given backend, and keep to the limit."""

    def __init__(self, inner: httpcore.AsyncNetworkBackend) -> None:
        self._inner = inner
        self._opened: _Opened[_AsyncStream] = _Opened()

    async def aclose(self) -> None:
        """Close all connections, and those that are just being made."""
        for stream in self._opened.end():
            await stream.aclose()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: SocketOptions = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to a host."""
        left = _left(timeout)
        stream = await _wait(
            self._inner.connect_tcp(host, port, left, local_address, socket_options)
        )
        return await _AsyncStream.opened(stream, self._opened)

    async def sleep(self, seconds: float) -> None:
        """Pause between two attempts to connect."""
        await self._inner.sleep(seconds)


class _AsyncStream(httpcore.AsyncNetworkStream):
    def __init__(
        self, inner: httpcore.AsyncNetworkStream, opened: "_Opened[_AsyncStream]"
    ) -> None:
        self._inner = inner
        self._opened = opened

    @classmethod
    async def opened(
        cls, inner: httpcore.AsyncNetworkStream, opened: "_Opened[_AsyncStream]"
    ) -> "_AsyncStream":
        stream = cls(inner, opened)
        try:
            opened.add(stream)
        except httpcore.ConnectError:
            await stream.aclose()
            raise
        return stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await _wait(self._inner.read(max_bytes, _left(timeout)))

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await _wait(self._inner.write(buffer, _left(timeout)))

    async def aclose(self) -> None:
        self._opened.forget(self)
        await self._inner.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            left = _left(timeout)
            inner = await _wait(
                self._inner.start_tls(ssl_context, server_hostname, left)
            )
        except BaseException:
            await self._inner.aclose()
            raise
        finally:
            self._opened.forget(self)
        return await _AsyncStream.opened(inner, self._opened)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
