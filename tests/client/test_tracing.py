"""Who uses OpenTelemetry sees each call and each attempt, and no secret."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

import httpx
import pytest
from opentelemetry import context, trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

import petstore
from petstore.contract.errors import DeadlineExceeded, NotFound, TransportError
from petstore_client import ApiKey, AsyncPetstore, Bearer, Password, Petstore, Retry
from tests.client.raw import PET, Raw, raw_server, say_nothing, whole
from tests.test_architecture import loaded_by

NO_PAUSE = Retry(base_s=0)
NOT_NOW = b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"
SECRET = "hush-hush-0815"
RAW_HOST = "127.0.0.1"


@pytest.fixture(scope="module")
def exporter() -> InMemorySpanExporter:
    """Set up tracing, which a process can do only once."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    return exporter


@pytest.fixture
def spans(exporter: InMemorySpanExporter) -> Iterator[InMemorySpanExporter]:
    exporter.clear()
    yield exporter
    exporter.clear()


def finished(exporter: InMemorySpanExporter) -> Sequence[ReadableSpan]:
    """Return the spans in the order in which they were opened."""
    return sorted(exporter.get_finished_spans(), key=lambda one: one.start_time or 0)


def facts(span: ReadableSpan) -> dict[str, Any]:
    attributes = dict(span.attributes or {})
    assert RAW_HOST == attributes.pop("server.address")
    assert attributes.pop("server.port")
    return attributes


class Listening:
    """Answer 503 to the first request, then a pet, and keep what continues a trace."""

    def __init__(self) -> None:
        self.traceparents: list[str] = []

    def __call__(self, raw: Raw, connection) -> None:
        while head := raw.next_request(connection):
            lines = head.decode().splitlines()
            self.traceparents += [one for one in lines if one.startswith("traceparent")]
            is_first = raw.request_count == 1
            connection.sendall(NOT_NOW if is_first else whole(PET))


def check_spans_of_a_repeated_call(spans: InMemorySpanExporter, seen: Listening):
    call, first, second = finished(spans)

    assert call.name == "getPetById"
    assert {SpanKind.CLIENT} == {one.kind for one in (call, first, second)}
    assert call.context == first.parent == second.parent
    shared = {"http.request.method": "GET", "url.template": "/pet/{petId}"}
    assert {**shared, "http.response.status_code": 200} == facts(call)
    assert {
        **shared,
        "http.response.status_code": 503,
        "error.type": "503",
    } == facts(first)
    assert {
        **shared,
        "http.response.status_code": 200,
        "http.request.resend_count": 1,
    } == facts(second)
    assert ["GET /pet/{petId}"] * 2 == [first.name, second.name]
    errors = [StatusCode.UNSET, StatusCode.ERROR, StatusCode.UNSET]
    assert errors == [one.status.status_code for one in (call, first, second)]
    assert [parent_of(first), parent_of(second)] == seen.traceparents


def parent_of(span: ReadableSpan) -> str:
    at = span.context
    assert at is not None
    ids = f"{at.trace_id:032x}-{at.span_id:016x}-{at.trace_flags:02x}"
    return f"traceparent: 00-{ids}"


def test_call_has_a_span_with_a_child_per_attempt(spans):
    seen = Listening()
    with raw_server(seen) as raw, Petstore(raw.url, retry=NO_PAUSE) as client:
        client.pets.get(1)

    check_spans_of_a_repeated_call(spans, seen)


async def test_call_of_a_coroutine_has_a_span_with_a_child_per_attempt(spans):
    seen = Listening()
    with raw_server(seen) as raw:
        async with AsyncPetstore(raw.url, retry=NO_PAUSE) as client:
            await client.pets.get(1)

    check_spans_of_a_repeated_call(spans, seen)


async def test_calls_side_by_side_have_their_own_children(spans):
    with raw_server(Listening()) as raw:
        async with AsyncPetstore(raw.url, retry=NO_PAUSE) as client:
            await asyncio.gather(*(client.pets.get(1) for _ in range(5)))

    calls = [one for one in finished(spans) if one.parent is None]
    children = [one for one in finished(spans) if one.parent is not None]

    assert 5 == len(calls)
    assert 6 == len(children)
    ids = {one.context.span_id for one in calls if one.context}
    assert ids == {one.parent.span_id for one in children if one.parent}


def test_span_of_the_program_is_the_parent(spans):
    tracer = trace.get_tracer("app")
    with (
        raw_server(Listening()) as raw,
        Petstore(raw.url, retry=NO_PAUSE) as client,
        tracer.start_as_current_span("app"),
    ):
        client.pets.get(1)

    app, call, *_ = finished(spans)

    assert "app" == app.name
    assert app.context == call.parent


def test_path_of_a_span_is_that_of_the_face(spans):
    with petstore.serve() as server, Petstore(f"{server.url}/v2") as client:
        client.pets.get(1)

    call, attempt = finished(spans)

    assert "GET /v2/pet/{petId}" == attempt.name
    assert "/v2/pet/{petId}" == facts(attempt)["url.template"]
    assert "getPetById" == call.name


def test_refusal_is_noted_without_its_words(spans):
    with (
        petstore.serve() as server,
        Petstore(server.url) as client,
        pytest.raises(NotFound),
    ):
        client.pets.get(4_711)

    call, attempt = finished(spans)

    assert ("NotFound", 404) == error_of(call)
    assert ("404", 404) == error_of(attempt)
    assert "4711" not in shown(spans)


def error_of(span: ReadableSpan) -> tuple[Any, Any]:
    attributes = facts(span)
    assert StatusCode.ERROR == span.status.status_code
    assert ["exception"] == [event.name for event in span.events]
    return attributes["error.type"], attributes.get("http.response.status_code")


async def test_call_without_an_answer_is_an_error(spans):
    with raw_server(say_nothing) as raw:
        url = raw.url
        with Petstore(url, timeout=0.05) as client, pytest.raises(DeadlineExceeded):
            client.pets.get(1)
    async with AsyncPetstore(url, retry=1) as async_client:
        with pytest.raises(TransportError):
            await async_client.pets.get(1)

    kinds = [error_of(one) for one in finished(spans)]

    late, lost = ("DeadlineExceeded", None), ("TransportError", None)
    assert [late, late, lost, lost] == kinds


async def test_cancelled_call_ends_its_spans(spans):
    with raw_server(say_nothing) as raw:
        async with AsyncPetstore(raw.url) as client:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(client.pets.get(1), 0.05)

    kinds = [error_of(one) for one in finished(spans)]

    assert [("CancelledError", None)] * 2 == kinds


def test_no_span_shows_a_secret(spans):
    with petstore.serve() as server:
        use_secrets(server.url)
        use_secrets(f"{server.url}/v2")

    names = [one.name for one in finished(spans)]

    assert "loginUser" in names
    assert "POST /tokens" in names
    assert SECRET not in shown(spans)


def use_secrets(url: str) -> None:
    with Petstore(url) as client:
        client.auth.login_user("ann", SECRET)
    for auth in (ApiKey(SECRET), Bearer(SECRET), Password("ann", SECRET)):
        with Petstore(url, auth=auth) as client:
            client.pets.get(1)


@pytest.mark.usefixtures("exporter")
def test_instrumented_transport_is_told_to_stay_out():
    """Its span would have the whole URL, which for a login holds a password."""
    key, kept = context._SUPPRESS_HTTP_INSTRUMENTATION_KEY, list[object]()

    def answer(_: httpx.Request) -> httpx.Response:
        kept.append(context.get_value(key))
        return httpx.Response(200, content=PET)

    transport = httpx.MockTransport(answer)
    with Petstore("http://127.0.0.1:1", transport=transport) as client:
        client.pets.get(1)

    assert [True] == kept
    assert context.get_value(key) is None


def shown(spans: InMemorySpanExporter) -> str:
    return "".join(one.to_json() for one in finished(spans))


def test_login_is_part_of_the_call_that_needs_it(spans):
    auth = Password("ann", SECRET)
    with petstore.serve() as server, Petstore(server.url, auth=auth) as client:
        client.pets.get(1)

    call, login, get = finished(spans)

    assert ["POST /tokens", "GET /pet/{petId}"] == [login.name, get.name]
    assert call.context == login.parent == get.parent


CALL = """
from petstore_client import Petstore, TransportError
try:
    Petstore("http://127.0.0.1:1", retry=1).pets.get(1)
except TransportError:
    pass
"""


def test_who_has_only_loaded_opentelemetry_traces_nothing():
    check = "from petstore_client.tracing import is_tracing\nassert not is_tracing()"

    assert "opentelemetry" in loaded_by(f"import opentelemetry.trace\n{check}")


def test_opentelemetry_is_not_loaded_where_nobody_uses_it():
    loaded = loaded_by(CALL)

    assert "httpx" in loaded
    assert "opentelemetry" not in loaded
