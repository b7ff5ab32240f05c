"""
End each read and write when the call's total time is over, or its client is closed.

httpx limits the wait for each piece, and begins anew with the next one: a server that
drips a byte a second holds a caller for ever. So the limit lies below, in the network
backend of the connection pool, where each read and write gets what is left.
"""

import socket
import ssl
import threading
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Final, Generic, TypeVar

import httpcore

from petstore_client._limit import left, wait

S = TypeVar("S")

SocketOptions = Iterable[Any] | None

# One `send` may take only a part, and each part would begin the time anew.
_WRITE_BYTES_MAX: Final = 64 * 1024


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
            left_s = left(timeout)
            inner = self._inner.connect_tcp(
                address, port, left_s, local_address, socket_options
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
        self._busy = threading.Lock()
        self._is_over = False

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
        self._busy.acquire()
        try:
            return self._inner.read(max_bytes, left(timeout))
        finally:
            self._leave()

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._busy.acquire()
        try:
            for start in range(0, len(buffer), _WRITE_BYTES_MAX):
                piece = buffer[start : start + _WRITE_BYTES_MAX]
                self._inner.write(piece, left(timeout))
        finally:
            self._leave()

    def _leave(self) -> None:
        self._busy.release()
        if self._is_over:
            self._close_unless_busy()

    def _close_unless_busy(self) -> None:
        # Its number may be given to a new socket at once, and a thread that is about to
        # wait for this one would wait for that; so such a thread closes it, afterwards.
        if self._busy.acquire(blocking=False):
            try:
                self._inner.close()
            finally:
                self._busy.release()

    def close(self) -> None:
        self._opened.forget(self)
        self._is_over = True
        # A thread that reads would wait on for what the peer sends, closed or not. Not
        # the method of a TLS socket, which takes from the reader what it reads with.
        connected = self._inner.get_extra_info("socket")
        if isinstance(connected, socket.socket):
            with suppress(OSError):
                socket.socket.shutdown(connected, socket.SHUT_RDWR)
        self._close_unless_busy()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        try:
            left_s = left(timeout)
            inner = self._inner.start_tls(ssl_context, server_hostname, left_s)
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
        left_s = left(timeout)
        stream = await wait(
            self._inner.connect_tcp(host, port, left_s, local_address, socket_options)
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
        return await wait(self._inner.read(max_bytes, left(timeout)))

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await wait(self._inner.write(buffer, left(timeout)))

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
            left_s = left(timeout)
            inner = await wait(
                self._inner.start_tls(ssl_context, server_hostname, left_s)
            )
        except BaseException:
            await self._inner.aclose()
            raise
        finally:
            self._opened.forget(self)
        return await _AsyncStream.opened(inner, self._opened)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
