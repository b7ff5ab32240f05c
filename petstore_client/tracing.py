"""
Trace calls where the program uses OpenTelemetry: a span per call, a child per attempt.

Nothing is imported for it: who traces has set OpenTelemetry up, and nobody else would
see a span. A span holds no message, no header and nothing that fills a path.

Source: OpenTelemetry's semantic conventions for HTTP client spans; W3C Trace Context.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import urlsplit

from petstore.contract.call import AsyncBackend, Backend, Call, Reply
from petstore.contract.errors import RemoteError
from petstore.contract.version import __version__
from petstore_client.address import Server
from petstore_client.decisions import Send
from petstore_client.wrapping import AsyncBackendWrapper, BackendWrapper

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer

T = TypeVar("T")

_STATUS: Final = "http.response.status_code"
_REFUSAL_MIN: Final = 400


class TracedBackend(BackendWrapper):
    """Trace each call of a server's backend."""

    def __init__(self, inner: Backend, server: Server) -> None:
        super().__init__(inner)
        self._server = server

    def __repr__(self) -> str:
        return repr(self.inner)

    def send(self, call: Call[T]) -> Reply[T]:
        """Answer a call, in a span if somebody traces."""
        if not is_tracing():
            return self.inner.send(call)
        with _call_span(call, self._server) as span:
            reply = self.inner.send(call)
            span.set_attribute(_STATUS, reply.status)
            return reply


class AsyncTracedBackend(AsyncBackendWrapper):
    """Trace each call of a server's backend of coroutines."""

    def __init__(self, inner: AsyncBackend, server: Server) -> None:
        super().__init__(inner)
        self._server = server

    def __repr__(self) -> str:
        return repr(self.inner)

    async def send(self, call: Call[T]) -> Reply[T]:
        """Answer a call, in a span if somebody traces."""
        if not is_tracing():
            return await self.inner.send(call)
        with _call_span(call, self._server) as span:
            reply = await self.inner.send(call)
            span.set_attribute(_STATUS, reply.status)
            return reply


@dataclass(frozen=True, slots=True)
class AttemptSpan:
    """
    Hold the span of an attempt.

    Args:
        step: What to send, with the headers that continue the trace.
    """

    step: Send
    span: "Span"

    def note(self, status: int) -> None:
        """Note the status of the answer."""
        self.span.set_attribute(_STATUS, status)
        if status >= _REFUSAL_MIN:
            _blame(self.span, str(status))


def is_tracing() -> bool:
    """Tell whether the program has set OpenTelemetry up; loaded, it still may not."""
    module: Any = sys.modules.get("opentelemetry.trace")
    # Another thread may be loading it right now.
    provider_of = getattr(module, "get_tracer_provider", None)
    if provider_of is None:
        return False
    return not isinstance(provider_of(), module.ProxyTracerProvider)


@contextmanager
def attempt_span(step: Send, server: Server) -> Iterator[AttemptSpan]:
    """Open the span of an attempt, below that of its call."""
    from opentelemetry import context, propagate

    attempt, request = step.attempt, step.request
    path = server.prefix + attempt.path
    with _span(f"{request.method} {path}", request.method, path, server) as span:
        if attempt.number > 1:
            span.set_attribute("http.request.resend_count", attempt.number - 1)
        headers: dict[str, str] = {}
        propagate.inject(headers)
        traced = replace(request, headers={**request.headers, **headers})
        # Else an instrumented httpx adds a span with the whole URL, which for a login
        # holds a password.
        key = context._SUPPRESS_HTTP_INSTRUMENTATION_KEY
        token = context.attach(context.set_value(key, True))
        try:
            yield AttemptSpan(replace(step, request=traced), span)
        finally:
            context.detach(token)


@contextmanager
def _call_span(call: Call[Any], server: Server) -> "Iterator[Span]":
    """Open the span of a call, which is named as its operation."""
    operation = call.operation
    path = server.prefix + operation.path
    with _span(operation.id, operation.method, path, server) as span:
        yield span


@contextmanager
def _span(name: str, method: str, path: str, server: Server) -> "Iterator[Span]":
    from opentelemetry.trace import SpanKind

    opened = _tracer().start_as_current_span(
        name,
        kind=SpanKind.CLIENT,
        attributes={
            "http.request.method": method,
            "url.template": path,
            **_address(server.origin),
        },
        # Both would keep the message, which may show the input.
        record_exception=False,
        set_status_on_exception=False,
    )
    with opened as span:
        try:
            yield span
        except BaseException as error:
            if isinstance(error, RemoteError):
                span.set_attribute(_STATUS, error.status)
            _blame(span, type(error).__name__)
            raise


def _blame(span: "Span", kind: str) -> None:
    from opentelemetry.trace import StatusCode

    span.set_attribute("error.type", kind)
    span.add_event("exception", {"exception.type": kind})
    span.set_status(StatusCode.ERROR)


@cache
def _tracer() -> "Tracer":
    from opentelemetry import trace

    return trace.get_tracer("petstore_client", __version__)


@cache
def _address(origin: str) -> dict[str, str | int]:
    parts = urlsplit(origin)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return {"server.address": parts.hostname or "", "server.port": port}
