"""
Send calls to a server over HTTP.

What is decided about a call stands in `decisions.py`; the two backends here do what a
decision asks for. What a face's answer leaves out is fetched by further calls, so a
value may already show what somebody else wrote in between.
"""

import asyncio
import copy
import secrets
import threading
import time
from dataclasses import replace
from typing import Any, Final, Self, TypeVar, Unpack

from petstore.contract.call import Call, Reply
from petstore.contract.errors import DeadlineExceeded, PetstoreError
from petstore.contract.flavours import face
from petstore_client._http import AsyncHttpSender, HttpSender
from petstore_client.address import Server
from petstore_client.auth import Anonymous, auth_of
from petstore_client.budget import Budget
from petstore_client.decisions import Decision, Pause, Renew, Rules, Send, Step, decide
from petstore_client.options import Retry, Timeout, retry_of, timeout_of
from petstore_client.scopes import PerLoop, PerProcess
from petstore_client.settings import Options
from petstore_client.watching import is_watched, watched

T = TypeVar("T")

_TOKEN_BYTES: Final = 16


class RemoteBackend:
    """
    Answer calls by a server; any thread may send.

    Args:
        sender: Carries the requests.
        rules: What calls are decided by.
    """

    def __init__(self, sender: HttpSender, rules: Rules) -> None:
        self._sender = sender
        self._rules = rules
        self._renewing = PerProcess(threading.Lock)
        self._is_root = True

    def __repr__(self) -> str:
        return repr(self._sender.server)

    def with_options(self, **options: Unpack[Options]) -> Self:
        """Return a backend with other options over the same connections."""
        backend = copy.copy(self)
        backend._is_root = False
        backend._rules = changed(self._rules, options)
        backend._sender = self._sender.with_timeout(backend._rules.timeout)
        return backend

    @property
    def origin(self) -> str:
        """Scheme, host and port of the server."""
        return self._sender.server.origin

    def send(self, call: Call[T]) -> Reply[T]:
        """Send a call until it is answered or given up; raises what `decide` does."""
        return self._drive(decide(call, self._rules))

    @property
    def is_closed(self) -> bool:
        """Whether the client was closed, so that no stream is followed again."""
        return self._sender.is_closed

    def pause_before_stream(self, failure_count: int, asked_s: float | None) -> None:
        """Wait before a stream is followed again, but not beyond the close."""
        self._sender.pause(stream_pause_s(self._rules, failure_count, asked_s))

    def close(self) -> None:
        """Close all connections, unless another backend lent them."""
        if self._is_root:
            self._sender.close()

    def _drive(self, decision: Decision[T]) -> T:
        try:
            step = next(decision)
            while True:
                try:
                    outcome = self._do(step)
                except PetstoreError as error:
                    step = decision.throw(error)
                else:
                    step = decision.send(outcome)
        except StopIteration as end:
            value: T = end.value
            return value

    def _do(self, step: Step) -> Any:
        if isinstance(step, Send):
            if not is_watched():
                return self._sender.exchange(step)
            with watched(step, self._sender.server) as watch:
                return watch.saw(self._sender.exchange(watch.step))
        if isinstance(step, Pause):
            return self._sender.pause(step.seconds)
        return self._renew(step)

    def _renew(self, step: Renew) -> None:
        auth, lock = self._rules.auth, self._renewing.get()
        # One login serves every call that was refused with the same credentials.
        if not lock.acquire(timeout=_left_s(step)):
            raise _late()
        try:
            if auth.headers() == step.refused:
                self._drive(auth.renewal(_for_login(self._rules, step)))
        finally:
            lock.release()


class AsyncRemoteBackend:
    """Answer calls by a server from coroutines; else as `RemoteBackend`."""

    def __init__(self, sender: AsyncHttpSender, rules: Rules) -> None:
        self._sender = sender
        self._rules = rules
        # A lock belongs to the event loop that first waits for it.
        self._renewing = PerLoop(asyncio.Lock)
        self._is_root = True

    def __repr__(self) -> str:
        return repr(self._sender.server)

    def with_options(self, **options: Unpack[Options]) -> Self:
        """Return a backend with other options over the same connections."""
        backend = copy.copy(self)
        backend._is_root = False
        backend._rules = changed(self._rules, options)
        backend._sender = self._sender.with_timeout(backend._rules.timeout)
        return backend

    @property
    def origin(self) -> str:
        """Scheme, host and port of the server."""
        return self._sender.server.origin

    async def send(self, call: Call[T]) -> Reply[T]:
        """Send a call until it is answered or given up; raises what `decide` does."""
        return await self._drive(decide(call, self._rules))

    @property
    def is_closed(self) -> bool:
        """Whether the client was closed, so that no stream is followed again."""
        return self._sender.is_closed

    async def pause_before_stream(
        self, failure_count: int, asked_s: float | None
    ) -> None:
        """Wait before a stream is followed again, but not beyond the close."""
        await self._sender.pause(stream_pause_s(self._rules, failure_count, asked_s))

    async def close(self) -> None:
        """Close all connections, unless another backend lent them."""
        if self._is_root:
            await self._sender.close()

    async def _drive(self, decision: Decision[T]) -> T:
        try:
            step = next(decision)
            while True:
                try:
                    outcome = await self._do(step)
                except PetstoreError as error:
                    step = decision.throw(error)
                else:
                    step = decision.send(outcome)
        except StopIteration as end:
            value: T = end.value
            return value

    async def _do(self, step: Step) -> Any:
        if isinstance(step, Send):
            if not is_watched():
                return await self._sender.exchange(step)
            with watched(step, self._sender.server) as watch:
                return watch.saw(await self._sender.exchange(watch.step))
        if isinstance(step, Pause):
            return await self._sender.pause(step.seconds)
        return await self._renew(step)

    async def _renew(self, step: Renew) -> None:
        auth, lock = self._rules.auth, self._renewing.get()
        try:
            async with asyncio.timeout(_left_s(step)):
                await lock.acquire()
        except TimeoutError:
            raise _late() from None
        try:
            if auth.headers() == step.refused:
                await self._drive(auth.renewal(_for_login(self._rules, step)))
        finally:
            lock.release()


def remote(server: Server, options: Options, transport: Any = None) -> RemoteBackend:
    """
    Return what calls a server.

    Raises:
        ConfigError: An option is not what it should be.
    """
    rules = rules_for(server, options)
    return RemoteBackend(HttpSender(server, rules.timeout, transport), rules)


def async_remote(
    server: Server, options: Options, transport: Any = None
) -> AsyncRemoteBackend:
    """Return what calls a server from coroutines; see `remote`."""
    rules = rules_for(server, options)
    return AsyncRemoteBackend(AsyncHttpSender(server, rules.timeout, transport), rules)


def rules_for(server: Server, options: Options) -> Rules:
    """
    Return the rules of a client's calls, with a budget of its own.

    Raises:
        ConfigError: An option is not what it should be.
    """
    rules = Rules(
        # A server under either contract is understood; `strict` refuses the least.
        face=face(server.flavour, "strict"),
        timeout=Timeout(),
        retry=Retry(),
        budget=Budget(),
        clock=time.monotonic,
        chance=secrets.SystemRandom().random,
        new_key=_token,
        new_boundary=lambda: f"petstore-{_token()}",
        auth=Anonymous(),
    )
    return changed(rules, options)


def stream_pause_s(rules: Rules, failure_count: int, asked_s: float | None) -> float:
    """Return the pause before a stream, of which no server may ask for too much."""
    asked_s = min(asked_s or 0.0, rules.retry.retry_after_s_max)
    return rules.pause_s(failure_count, asked_s)


def changed(rules: Rules, options: Options) -> Rules:
    """Return rules with the given options; None leaves one as it is."""
    timeout, retry = options.get("timeout"), options.get("retry")
    auth = options.get("auth")
    return replace(
        rules,
        timeout=rules.timeout if timeout is None else timeout_of(timeout),
        retry=rules.retry if retry is None else retry_of(retry),
        auth=rules.auth if auth is None else auth_of(auth),
    )


def _token() -> str:
    return secrets.token_hex(_TOKEN_BYTES)


def _for_login(rules: Rules, step: Renew) -> Rules:
    """Return the rules of a login, which has what is left of its call's time."""
    left_s = _left_s(step)
    if left_s <= 0:
        raise _late()
    # It is not signed with what it replaces, and starts no login of its own.
    timeout = replace(rules.timeout, total=left_s)
    return replace(rules, auth=Anonymous(), timeout=timeout)


def _left_s(step: Renew) -> float:
    return max(0.0, step.deadline - time.monotonic())


def _late() -> DeadlineExceeded:
    return DeadlineExceeded("Logging in took all the time that the call may take.")
