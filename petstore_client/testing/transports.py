"""
Let requests fail on the wire by a plan, whoever carries them.

    faults = Faults([Fault.lost(), Fault.unavailable(retry_after_s=1)])
    transport = FaultyTransport(httpx.HTTPTransport(), faults)
    Petstore("http://localhost:8080", transport=transport)

A client believes no transport but its own that a request was never sent: what httpx
raises means "maybe" from any other. A plan does know, so a drop raises the client's own
TransportError, with sent="no", and so does a lost answer, with sent="maybe". A plain
httpx client has no word for them; these transports are for `petstore_client`.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from petstore.contract.errors import PetstoreError, RemoteError
from petstore.contract.faults import Fault, Faults
from petstore.contract.flavours import NATIVE
from petstore.contract.http import Request
from petstore.contract.refusals import Refused, encode_error


class FaultyTransport:
    """
    Carry requests as another transport of httpx does, with the faults of a plan.

    An answer that is later than the client waits raises httpx.ReadTimeout, after the
    time that the client waits: what is left of its total time, or less.

    Args:
        inner: An `httpx.BaseTransport`.
        sleep: Waits; give a function that notes the seconds, and no time passes.
    """

    def __init__(
        self,
        inner: Any,
        faults: Faults,
        *,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._inner = inner
        self._faults = faults
        self._sleep = sleep

    def handle_request(self, request: Any) -> Any:
        """Carry a request, unless the plan says otherwise."""
        fault = self._faults.next()
        refusal = fault.before()
        if refusal is not None:
            return _refused(refusal, request)
        response = self._inner.handle_request(request)
        try:
            if fault.delay_s:
                self._sleep(fault.wait_s(_patience_s(request)))
            _check(fault, request)
        except BaseException:
            response.close()
            raise
        return response

    def close(self) -> None:
        """Close the transport inside."""
        self._inner.close()


class AsyncFaultyTransport:
    """
    Carry requests of coroutines with the faults of a plan; else as `FaultyTransport`.

    Args:
        inner: An `httpx.AsyncBaseTransport`.
    """

    def __init__(
        self,
        inner: Any,
        faults: Faults,
        *,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._inner = inner
        self._faults = faults
        self._sleep = sleep

    async def handle_async_request(self, request: Any) -> Any:
        """Carry a request, unless the plan says otherwise."""
        fault = self._faults.next()
        refusal = fault.before()
        if refusal is not None:
            return _refused(refusal, request)
        response = await self._inner.handle_async_request(request)
        try:
            if fault.delay_s:
                await self._sleep(fault.wait_s(_patience_s(request)))
            _check(fault, request)
        except BaseException:
            await response.aclose()
            raise
        return response

    async def aclose(self) -> None:
        """Close the transport inside."""
        await self._inner.aclose()


def _refused(refusal: PetstoreError, request: httpx.Request) -> httpx.Response:
    """Return the answer that says so, where one says so; else raise it."""
    if not isinstance(refusal, RemoteError):
        raise refusal
    # Whatever stands in front of a store knows none of its flavours.
    asked = Request(request.method, request.url.path, "", request.headers)
    refused = Refused(NATIVE, None, asked, str(request.url), "")
    response = encode_error(refused, refusal)
    return httpx.Response(
        response.status,
        headers=response.headers,
        content=response.body if isinstance(response.body, bytes) else b"",
        request=request,
    )


def _check(fault: Fault, request: httpx.Request) -> None:
    """Raise what the client learns instead of the answer."""
    patience_s = _patience_s(request)
    if fault.is_late(patience_s):
        raise httpx.ReadTimeout(
            f"The fault plan held the answer back for {fault.delay_s:g} s.",
            request=request,
        )
    loss = fault.after()
    if loss is not None:
        raise loss


def _patience_s(request: httpx.Request) -> float:
    read_s = request.extensions.get("timeout", {}).get("read")
    return math.inf if read_s is None else float(read_s)
