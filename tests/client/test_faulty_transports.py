"""Requests fail on the wire by a plan, and a client meets it as it would a network."""

from collections.abc import Iterator, Sequence
from typing import Any

import httpx
import pytest

from petstore.contract import calls
from petstore.contract.errors import (
    DeadlineExceeded,
    PetstoreError,
    TransportError,
    Unavailable,
)
from petstore_client import AsyncPetstore, Petstore, Retry, Timeout
from petstore_client.testing import (
    AsyncFaultyTransport,
    Fake,
    Fault,
    Faults,
    FaultyTransport,
    router,
)
from tests.client.wire import PET
from tests.kit.builders import a_draft

ORIGIN = "http://pets.test"
AT_ONCE = Retry(base_s=0)


class Answering(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Answer each request with a pet, and keep what came."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.bodies: list[Body] = []
        self.close_count = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        self.bodies.append(Body())
        return httpx.Response(200, stream=self.bodies[-1], request=request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return self.handle_request(request)

    def close(self) -> None:
        self.close_count += 1

    async def aclose(self) -> None:
        self.close()


class Body(httpx.SyncByteStream, httpx.AsyncByteStream):
    def __init__(self) -> None:
        self.is_closed = False

    def __iter__(self) -> Iterator[bytes]:
        yield PET

    async def __aiter__(self) -> Any:
        yield PET

    def close(self) -> None:
        self.is_closed = True

    async def aclose(self) -> None:
        self.close()


def client_of(inner: Any, plan: Sequence[Fault | None], **settings: Any) -> Petstore:
    settings.setdefault("retry", AT_ONCE)
    sleep = settings.pop("sleep", None)
    given = {} if sleep is None else {"sleep": sleep}
    transport = FaultyTransport(inner, Faults(plan), **given)
    url = settings.pop("url", ORIGIN)
    return Petstore(url, transport=transport, **settings)


def async_client_of(inner: Any, plan: Sequence[Fault | None], **settings: Any) -> Any:
    sleep = settings.pop("sleep", None)
    given = {} if sleep is None else {"sleep": sleep}
    transport = AsyncFaultyTransport(inner, Faults(plan), **given)
    return AsyncPetstore(ORIGIN, transport=transport, **settings)


def test_dropped_request_reaches_nobody_and_is_sent_again():
    inner = Answering()
    with client_of(inner, [Fault.drop()]) as client:
        reply = client.send(calls.get_pet_by_id(1))

    assert (2, 1) == (reply.attempts, len(inner.requests))


def test_dropped_request_is_known_never_to_have_been_sent():
    """Else nobody could send a POST of the public API again."""
    inner = Answering()
    with client_of(inner, [Fault.drop()], url=f"{ORIGIN}/v2") as client:
        client.pets.create(a_draft())
    with (
        client_of(inner, [Fault.drop()], retry=1) as client,
        pytest.raises(TransportError) as raised,
    ):
        client.pets.get(1)

    assert len(inner.requests) == 1
    assert "no" == raised.value.sent


def test_lost_answer_of_a_post_is_not_sent_again_where_it_would_act_twice():
    fake = Fake(seed="empty")
    routes = router(f"{ORIGIN}/v2", fake=fake)
    inner = httpx.MockTransport(routes.handler)
    with (
        client_of(inner, [Fault.lost()], url=f"{ORIGIN}/v2") as client,
        pytest.raises(TransportError) as raised,
    ):
        client.pets.create(a_draft())

    assert ("maybe", 1) == (raised.value.sent, raised.value.attempts)
    assert len(fake.store.pets.list().collect(9)) == 1
    fake.close()


def test_lost_answer_of_a_post_with_a_key_comes_with_the_next_attempt():
    fake = Fake(seed="empty")
    inner = httpx.MockTransport(router(ORIGIN, fake=fake).handler)
    with client_of(inner, [Fault.lost(), Fault.lost()]) as client:
        reply = client.send(calls.add_pet(a_draft()))

    assert reply.attempts == 3
    assert [reply.value] == fake.store.pets.list().collect(9)
    fake.close()


def test_lost_answer_holds_no_connection():
    inner = Answering()
    with client_of(inner, [Fault.lost()]) as client:
        client.pets.get(1)

    assert [True, True] == [body.is_closed for body in inner.bodies]


@pytest.mark.parametrize("path", ["", "/v2", "/api/v3"])
def test_unavailable_is_told_on_every_face(path):
    inner, plan = Answering(), [Fault.unavailable(retry_after_s=7)]
    with (
        client_of(inner, plan, url=ORIGIN + path, retry=1) as client,
        pytest.raises(Unavailable, match="fault plan") as raised,
    ):
        client.pets.get(1)

    assert 7 == raised.value.retry_after_s
    assert [] == inner.requests


def test_unavailable_with_leave_to_come_back_is_tried_again():
    inner = Answering()
    plan = [Fault.unavailable(retry_after_s=0), Fault.unavailable(), None]
    with client_of(inner, plan) as client:
        assert client.send(calls.get_pet_by_id(1)).attempts == 3


def test_late_answer_is_waited_for():
    inner, slept = Answering(), list[float]()
    with client_of(inner, [Fault.delay(3)], sleep=slept.append) as client:
        assert client.send(calls.get_pet_by_id(1)).attempts == 1

    assert [3] == slept


def test_answer_that_is_too_late_is_not_waited_for():
    inner, slept = Answering(), list[float]()
    timeout = Timeout(total=9, read=4)
    late = client_of(
        inner, [Fault.delay(60)], sleep=slept.append, timeout=timeout, retry=1
    )
    with late, pytest.raises(TransportError, match="sent nothing for 4 seconds"):
        late.pets.get(1)

    assert [4] == slept
    assert inner.bodies[0].is_closed


def test_late_answer_keeps_to_the_total_time():
    with (
        client_of(Answering(), [Fault.delay(60)], timeout=0.02) as client,
        pytest.raises(DeadlineExceeded),
    ):
        client.pets.get(1)


def test_client_without_limits_waits_for_ever():
    slept: list[float] = []
    transport = FaultyTransport(
        Answering(), Faults([Fault.delay(1e6)]), sleep=slept.append
    )

    transport.handle_request(httpx.Request("GET", ORIGIN))

    assert [1e6] == slept


def test_faulty_transport_closes_the_one_inside():
    inner = Answering()

    client_of(inner, []).close()

    assert 1 == inner.close_count


async def test_coroutines_meet_the_same_faults():
    inner, slept = Answering(), list[float]()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    plan = [Fault.drop(), Fault.lost(), Fault.unavailable(), Fault.delay(3)]
    async with async_client_of(inner, plan, sleep=sleep, retry=AT_ONCE) as client:
        reply = await client.send(calls.get_pet_by_id(1))

    assert 4 == reply.attempts
    assert [3] == slept
    assert [True, True] == [body.is_closed for body in inner.bodies]
    assert 1 == inner.close_count


@pytest.mark.parametrize(
    ("fault", "kind", "sent"),
    [
        (Fault.drop(), TransportError, "no"),
        (Fault.lost(), TransportError, "maybe"),
        (Fault.unavailable(), Unavailable, None),
        (Fault.delay(60), DeadlineExceeded, None),
    ],
    ids=["drop", "lost", "unavailable", "delay"],
)
async def test_fault_is_the_same_error_everywhere(fault, kind, sent):
    def error_of(client: Petstore) -> PetstoreError:
        with client, pytest.raises(PetstoreError) as raised:
            client.pets.get(1)
        return raised.value

    options: dict[str, Any] = {"timeout": 0.02, "retry": 1}
    wire = error_of(client_of(Answering(), [fault], **options))
    fake = error_of(Petstore(Fake(Faults([fault]), timeout=0.02)))
    async with async_client_of(Answering(), [fault], **options) as client:
        with pytest.raises(PetstoreError) as raised:
            await client.pets.get(1)

    for error in (wire, fake, raised.value):
        assert kind is type(error)
        assert sent == getattr(error, "sent", None)
        assert ("getPetById", 1) == (error.operation, error.attempts)
