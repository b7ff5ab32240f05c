"""
Carry requests over HTTP.

Transports are used directly. httpx's client above them costs a third more for each
request, follows cookies, and logs each URL at INFO, which for `GET /user/login` holds
a password.
"""

import asyncio
import copy
import sys
import threading
from collections import deque
from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
)
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import Any, Final, Self

import httpx

from petstore.contract.call import ByteStream
from petstore.contract.errors import NotSupported
from petstore.contract.media import OCTETS
from petstore.contract.replies import Response
from petstore_client._limit import Limit, abortable, current, interruptible
from petstore_client._wire import (
    CONNECTIONS_MAX,
    Wire,
    async_stock_transport,
    stock_transport,
)
from petstore_client.address import Server
from petstore_client.decisions import Send
from petstore_client.downloads import AsyncBody, AsyncDownload, Body, Download
from petstore_client.gate import AsyncGate, Gate
from petstore_client.options import Timeout
from petstore_client.scopes import PerLoop, PerProcess
from petstore_client.transports import Carrier, carrier_of

_SUCCESS: Final = range(200, 300)


class HttpSender:
    """
    Carry requests to one server; safe to share between threads, and after a fork.

    Args:
        timeout: How long connecting, and each read or write, may take.
        transport: What `carrier_of` takes.

    Raises:
        ConfigError: It takes something else.
    """

    def __init__(
        self, server: Server, timeout: Timeout | None = None, transport: Any = None
    ) -> None:
        self._carrier = carrier_of(transport, "handle_request")
        self._wire = Wire(server, timeout or Timeout(), is_stock=self._carrier.is_stock)
        self.server = server
        self._pools = PerProcess(partial(_Pool, self._wire, self._carrier))

    def with_timeout(self, timeout: Timeout) -> Self:
        """Return a sender with other times over the same connections."""
        sender = copy.copy(self)
        sender._wire = self._wire.with_timeout(timeout)
        return sender

    def exchange(self, step: Send) -> Response:
        """
        Send a request and return the response, whatever its status.

        Raises:
            TransportError: No answer came.
            DeadlineExceeded: The call's time is over.
            DecodeError: The compression of the answer is broken.
            Unavailable: The sender is closed.
            OSError: The file of an upload cannot be read.
        """
        wire = self._wire
        wire.require_open()
        outgoing = wire.outgoing(step, _sync_content(step.request.body))
        pool = self._pools.get()
        if not pool.gate.enter(wire.pool_until(step.deadline)):
            raise wire.crowded(step.deadline, pool.gate.held_count)
        limit = Limit(step.deadline)
        is_kept = False
        try:
            # The close may have come while this request waited.
            wire.require_open()
            pool.reap()
            with wire.guard(limit):
                incoming = pool.transport.handle_request(outgoing)
            is_kept = _is_download(step, incoming)
            if is_kept and step.is_endless:
                limit.lift()
            leave = _leave_of(pool.gate, step) if is_kept else None
            return self._response(pool, limit, incoming, leave)
        finally:
            # What goes on for ever must not take the place of calls for ever.
            if not is_kept or step.is_endless:
                pool.gate.leave()

    @property
    def is_closed(self) -> bool:
        """Whether the client was closed."""
        return self._wire.closed.is_set()

    def pause(self, seconds: float) -> None:
        """Wait, but no longer than until the sender is closed."""
        self._pools.get().over.wait(seconds)

    def close(self) -> None:
        """Close all connections; a second time does nothing."""
        self._wire.closed.set()
        is_ours = self._carrier.foreign is None
        pool = self._pools.peek() if is_ours else self._pools.get()
        if pool is not None:
            pool.close()

    def _response(
        self,
        pool: "_Pool",
        limit: Limit,
        incoming: httpx.Response,
        leave: Callable[[], None] | None,
    ) -> Response:
        """Read the answer, unless it is left to be read; `leave` then ends its stay."""
        guard = partial(self._wire.guard, limit, has_begun=True)
        if leave is not None:
            body = Body(
                pieces=incoming.iter_bytes(),
                guard=guard,
                close=incoming.close,
                leave=leave,
                abandoned=pool.abandoned,
            )
            return _response(incoming, _stream(incoming, Download(body)))
        try:
            with guard():
                return _response(incoming, incoming.read())
        finally:
            incoming.close()


class AsyncHttpSender:
    """
    Carry requests to one server, for any event loop, each with its own connections.

    Args:
        transport: What `carrier_of` takes.

    Raises:
        ConfigError: It takes something else.
    """

    def __init__(
        self, server: Server, timeout: Timeout | None = None, transport: Any = None
    ) -> None:
        self._carrier = carrier_of(transport, "handle_async_request")
        self._wire = Wire(server, timeout or Timeout(), is_stock=self._carrier.is_stock)
        self.server = server
        self._pools = PerLoop(partial(_AsyncPool, self._wire, self._carrier))

    def with_timeout(self, timeout: Timeout) -> Self:
        """Return a sender with other times over the same connections."""
        sender = copy.copy(self)
        sender._wire = self._wire.with_timeout(timeout)
        return sender

    async def exchange(self, step: Send) -> Response:
        """Send a request and return the response; see `HttpSender.exchange`."""
        wire = self._wire
        wire.require_open()
        outgoing = wire.outgoing(step, _async_content(step.request.body))
        pool = self._pools.get()
        if not await pool.gate.enter(wire.pool_until(step.deadline)):
            raise wire.crowded(step.deadline, pool.gate.held_count)
        limit = Limit(step.deadline)
        answer = self._answer(pool, outgoing, step, limit)
        if not self._carrier.is_stock:
            return await self._in_time(answer, limit)
        # See `_limit.py` for why httpcore is not cancelled.
        return await abortable(answer, limit)

    @property
    def is_closed(self) -> bool:
        """Whether the client was closed."""
        return self._wire.closed.is_set()

    async def pause(self, seconds: float) -> None:
        """Wait, but no longer than until the sender is closed."""
        pool = self._pools.get()
        # A pool that was made after the close is told of none.
        if self._wire.closed.is_set():
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await pool.over.wait()

    async def close(self) -> None:
        """Close all connections; a second time does nothing."""
        self._wire.closed.set()
        if self._carrier.foreign is not None:
            await self._carrier.foreign.aclose()
        for loop, pool in self._pools.take():
            if loop is asyncio.get_running_loop():
                await pool.close()
            elif loop.is_running():
                asyncio.run_coroutine_threadsafe(pool.close(), loop)

    async def _in_time(self, answer: Awaitable[Response], limit: Limit) -> Response:
        """Wait for what a caller gave, which knows nothing of the limit."""
        timer = asyncio.timeout(limit.deadline - monotonic())
        try:
            async with timer:
                return await answer
        except TimeoutError:
            if timer.expired():
                raise self._wire.late() from None
            raise

    async def _answer(
        self, pool: "_AsyncPool", outgoing: httpx.Request, step: Send, limit: Limit
    ) -> Response:
        is_kept = False
        try:
            # The close may have come while this request waited.
            self._wire.require_open()
            with self._wire.guard(limit):
                incoming = await pool.transport.handle_async_request(outgoing)
            is_kept = _is_download(step, incoming)
            if is_kept and step.is_endless:
                limit.lift()
            leave = _leave_of(pool.gate, step) if is_kept else None
            return await self._response(limit, incoming, leave)
        finally:
            if not is_kept or step.is_endless:
                pool.gate.leave()

    async def _response(
        self,
        limit: Limit,
        incoming: httpx.Response,
        leave: Callable[[], None] | None,
    ) -> Response:
        guard = partial(self._wire.guard, limit, has_begun=True)
        if leave is not None:
            pieces = incoming.aiter_bytes()
            body = AsyncBody(pieces, guard, incoming.aclose, leave)
            return _response(incoming, _stream(incoming, AsyncDownload(body)))
        try:
            with guard():
                return _response(incoming, await incoming.aread())
        finally:
            await incoming.aclose()


class _Pool:
    """Hold the connections of one process, and the gate in front of them."""

    def __init__(self, wire: Wire, carrier: Carrier) -> None:
        # A caller's own transport has limits of its own.
        self.gate = Gate(CONNECTIONS_MAX if carrier.foreign is None else sys.maxsize)
        self.transport = carrier.foreign or carrier.put_around(
            stock_transport(wire.server)
        )
        self.abandoned: deque[Body] = deque()
        # One for each process: whoever waits for it may hold its lock at a fork.
        self.over = threading.Event()

    def reap(self) -> None:
        """Close the downloads that were dropped unread."""
        while self.abandoned:
            with suppress(IndexError, httpx.RequestError):
                self.abandoned.popleft().close()

    def close(self) -> None:
        self.over.set()
        self.reap()
        self.transport.close()


class _AsyncPool:
    """Hold the connections of one event loop, and the gate in front of them."""

    def __init__(self, wire: Wire, carrier: Carrier) -> None:
        self._is_ours = carrier.foreign is None
        self.gate = AsyncGate(CONNECTIONS_MAX if self._is_ours else sys.maxsize)
        self.transport = carrier.foreign or self._made(carrier, wire.server)
        self.over = asyncio.Event()

    async def close(self) -> None:
        self.over.set()
        if self._is_ours:
            await self.transport.aclose()

    def _made(self, carrier: Carrier, server: Server) -> Any:
        stock = async_stock_transport(server)
        return stock if carrier.is_stock else carrier.put_around(_Uncancelled(stock))


class _Uncancelled:
    """
    Be the stock transport inside of a caller's: cancelled from outside, it is aborted.

    See `_limit.py` for why httpcore is not cancelled.
    """

    def __init__(self, stock: httpx.AsyncBaseTransport) -> None:
        self._stock = stock

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await abortable(self._stock.handle_async_request(request), current())

    async def aclose(self) -> None:
        await self._stock.aclose()


def _leave_of(gate: Gate | AsyncGate, step: Send) -> Callable[[], None]:
    """Return what a download does with its place when it is over."""
    return _nothing if step.is_endless else gate.hold()


def _nothing() -> None:
    """Give back no place, because none is held."""


def _is_download(step: Send, incoming: httpx.Response) -> bool:
    return step.is_download and incoming.status_code in _SUCCESS


def _sync_content(body: bytes | ByteStream) -> bytes | Iterable[bytes]:
    if isinstance(body, bytes):
        return body
    if isinstance(body.chunks, AsyncIterable):
        raise NotSupported(
            "A synchronous client sends bytes, a path or a file, no async iterator."
        )
    return body.chunks


def _async_content(body: bytes | ByteStream) -> bytes | AsyncIterable[bytes]:
    if isinstance(body, bytes):
        return body
    if isinstance(body.chunks, AsyncIterable):
        return interruptible(body.chunks)
    # The codec makes bytes of an upload that is bytes.
    assert not isinstance(body.chunks, bytes)
    return interruptible(_off_loop(body.chunks))


async def _off_loop(chunks: Iterable[bytes]) -> AsyncIterator[bytes]:
    """Read a file in threads: a slow disk must not stop the loop."""
    iterator = iter(chunks)
    while (chunk := await asyncio.to_thread(next, iterator, None)) is not None:
        yield chunk


def _stream(
    incoming: httpx.Response, chunks: Iterable[bytes] | AsyncIterable[bytes]
) -> ByteStream:
    length = incoming.headers.get("content-length", "")
    is_plain = "content-encoding" not in incoming.headers
    return ByteStream(
        chunks,
        incoming.headers.get("content-type", OCTETS),
        int(length) if length.isdecimal() and is_plain else None,
    )


def _response(incoming: httpx.Response, body: bytes | ByteStream) -> Response:
    return Response(incoming.status_code, dict(incoming.headers), body)
