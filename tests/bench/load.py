"""
Send requests over a few kept-alive connections, as fast as one server answers.

Each connection has one request under way: the next leaves when the reply is complete.
A reply needs a Content-Length, and any status but 200 ends the run.
"""

import asyncio
import gc
import itertools
import statistics
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from time import perf_counter, process_time
from typing import cast

import uvloop

HOST = "127.0.0.1"
CONNECTION_COUNT = 32
WARM_UP_S = 0.5
STALL_TIMEOUT_S = 60
_LENGTH = b"content-length:"


@dataclass(frozen=True, slots=True)
class Rate:
    """
    Hold what a run measured.

    Args:
        load_cpu: Part of its core that the load itself used, 0 to 1; near 1, the load
            was measured and not the server.
    """

    per_second: float
    p50_ms: float
    p99_ms: float
    load_cpu: float


def get(path: str) -> bytes:
    """Return a GET request."""
    return f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()


def post(path: str, body: bytes) -> bytes:
    """Return a POST request with a JSON body."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def measure(port: int, requests: Iterable[bytes], *, seconds: float) -> Rate:
    """
    Send requests, over and over, and measure after a warm-up.

    Args:
        requests: Sent in this order, shared by all connections.

    Raises:
        RuntimeError: A reply was not a 200, or a connection broke.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        gc.disable()
        try:
            return runner.run(_measure(port, itertools.cycle(requests), seconds))
        finally:
            gc.enable()


async def _measure(port: int, requests: Iterator[bytes], seconds: float) -> Rate:
    run = Run(requests)
    loop = asyncio.get_running_loop()
    for _ in range(CONNECTION_COUNT):
        await loop.create_connection(lambda: Connection(run), HOST, port)
    await asyncio.sleep(WARM_UP_S)

    run.latencies_s.clear()
    started_s, started_cpu_s = perf_counter(), process_time()
    await asyncio.wait({run.failure}, timeout=seconds)
    took_s, took_cpu_s = perf_counter() - started_s, process_time() - started_cpu_s
    latencies_s = run.latencies_s[:]

    run.is_over = True
    async with asyncio.timeout(STALL_TIMEOUT_S):
        await run.all_closed.wait()
    if run.failure.done():
        raise RuntimeError(run.failure.result())
    return _rate(latencies_s, took_s, took_cpu_s / took_s)


def _rate(latencies_s: list[float], took_s: float, load_cpu: float) -> Rate:
    if len(latencies_s) < 2:
        raise RuntimeError("the server answered nothing in time")
    hundredths = statistics.quantiles(latencies_s, n=100)
    return Rate(
        per_second=len(latencies_s) / took_s,
        p50_ms=hundredths[49] * 1000,
        p99_ms=hundredths[98] * 1000,
        load_cpu=load_cpu,
    )


class Run:
    """Hold what the connections of one run share."""

    def __init__(self, requests: Iterator[bytes]) -> None:
        self.requests = requests
        self.latencies_s: list[float] = []
        self.is_over = False
        self.all_closed = asyncio.Event()
        self._open_count = 0
        self.failure: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def opened(self) -> None:
        """Count a connection that opened."""
        self._open_count += 1

    def closed(self) -> None:
        """Count a connection that closed."""
        self._open_count -= 1
        if self._open_count == 0:
            self.all_closed.set()

    def fail(self, message: str) -> None:
        """End the run; the first failure is the one reported."""
        self.is_over = True
        if not self.failure.done():
            self.failure.set_result(message)


class Connection(asyncio.Protocol):
    """Keep one request under way."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._buffer = b""
        self._sent_at_s = 0.0
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        # uvloop's transports are no subclass of it.
        self._transport = cast(asyncio.Transport, transport)
        self._run.opened()
        self._send()

    def data_received(self, data: bytes) -> None:
        """Count a complete reply, and send the next request."""
        if self._buffer:
            data = self._buffer + data
        head_end = data.find(b"\r\n\r\n")
        if head_end < 0:
            self._buffer = data
            return
        body_size = len(data) - head_end - 4
        expected_size = _content_length(data[:head_end])
        if body_size < expected_size:
            self._buffer = data
            return
        self._buffer = b""
        if body_size > expected_size or not data.startswith(b"HTTP/1.1 200 "):
            self._fail(f"a reply is no single 200: {data[:500]!r}")
            return
        self._finish()

    def connection_lost(self, exc: Exception | None) -> None:
        """Report a connection that broke before its reply."""
        if not self._run.is_over:
            self._run.fail(f"the server closed a connection: {exc!r}")
        self._run.closed()

    def _finish(self) -> None:
        run = self._run
        run.latencies_s.append(perf_counter() - self._sent_at_s)
        if run.is_over:
            self._transport.close()
            return
        self._send()

    def _send(self) -> None:
        self._sent_at_s = perf_counter()
        self._transport.write(next(self._run.requests))

    def _fail(self, message: str) -> None:
        self._run.fail(message)
        self._transport.abort()


def _content_length(head: bytes) -> int:
    """Return the size of the body; a head without one counts as an endless body."""
    lower = head.lower()
    start = lower.find(_LENGTH)
    if start < 0:
        return 2**62
    end = lower.find(b"\r", start)
    return int(lower[start + len(_LENGTH) : end if end >= 0 else None])
