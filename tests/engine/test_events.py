"""Listeners see every write of what they may read, in order, and miss none."""

import asyncio
import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import petstore
from petstore.contract import calls
from petstore.contract.call import Reply
from petstore.contract.errors import Forbidden, Invalid, Unavailable
from petstore.contract.event import HEARTBEAT_S, Event
from petstore.contract.facade import AsyncPetstore
from petstore.engine import seeding
from petstore.engine.context import EMBEDDED
from petstore.engine.engine import AsyncEngine
from petstore.engine.events import (
    LOOK_CHARACTERS_MAX,
    LOOK_LENGTH_MAX,
    PAUSE_S,
    follow,
)
from petstore.engine.feeds import LISTENER_COUNT_MAX
from petstore.engine.flows import Read, Visit
from petstore.engine.keys import add_key
from petstore.engine.opening import open_async_engine
from petstore.storage.findings import checks
from tests.engine.doors import PASSWORD, Doors
from tests.engine.shops import Opener, Shop, defaults, opening
from tests.kit.builders import a_draft, a_user_draft, an_order_draft
from tests.kit.stores import ManualClock

NEW = "retry: 1000\nid: 0\n\n"


def seen(shop: Shop, count: int, **place: Any) -> list[Event]:
    """Return the first events after a place."""
    return list(itertools.islice(shop.events(**place), count))


def marks(events: list[Event]) -> list[tuple[int, str, int, int, str]]:
    return [
        (one.seq, one.kind, one.entity_id, one.version, one.action) for one in events
    ]


def chunks(reply: Reply[Any]) -> Iterator[str]:
    """Yield the pieces of a stream as they are sent."""
    return (chunk.decode() for chunk in reply.value.chunks)


def test_writes_are_told_in_order(sandbox: Shop):
    sandbox.pets.create(a_draft())
    sandbox.store.orders.place(an_order_draft())
    sandbox.users.create(a_user_draft())
    sandbox.pets.update(1, name="Max")
    sandbox.pets.delete(1)

    events = seen(sandbox, 5, after=0)

    assert [
        (1, "pet", 1, 1, "create"),
        (2, "order", 1, 1, "create"),
        (3, "user", 1, 1, "create"),
        (4, "pet", 1, 2, "update"),
        (5, "pet", 1, 3, "delete"),
    ] == marks(events)
    assert [one.body for one in sandbox.changes("pet")] == [
        events[0].entity,
        events[3].entity,
        None,
    ]
    assert "password" not in (events[2].entity or {})
    assert events[3:] == seen(sandbox, 2, after=3)


def test_listener_is_woken_by_a_write(sandbox: Shop):
    stream = chunks(sandbox.send(calls.get_events()))
    assert NEW == next(stream)

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(next, stream)
        sandbox.pets.create(a_draft())
        text = waiting.result(10)

    assert text.startswith('event: change\nid: 1\ndata: {"seq":1,"kind":"pet",')
    assert text.endswith("}\n\n")


def test_unit_of_many_writes_has_its_id_with_the_last(sandbox: Shop):
    """Or who goes on after it would miss the rest."""
    count = LOOK_LENGTH_MAX + 20
    users = [a_user_draft(username=f"user {number}") for number in range(count)]
    sandbox.users.create_many(users)

    stream = chunks(sandbox.send(calls.get_events(after=0)))
    text = "".join(itertools.islice(stream, 3))

    assert NEW + "event: change\ndata: " == text[: len(NEW) + 20]
    assert 1 == text.count("\nid: 1\n")
    assert count == text.count("event: change\n")
    assert list(range(1, count + 1)) == [
        one.entity_id for one in seen(sandbox, count, after=0)
    ]


def test_large_entities_are_read_a_few_at_a_time(sandbox: Shop):
    """Or the bounded number of events of a look would be no bound."""
    large = a_draft(photo_urls=["x" * (LOOK_CHARACTERS_MAX // 20)] * 9)
    for draft in (large, large, large, a_draft(photo_urls=large.photo_urls * 3)):
        sandbox.pets.create(draft)

    stream = chunks(sandbox.send(calls.get_events(after=0)))
    counts = [next(stream).count("event: change\n") for _ in range(4)]

    assert [0, 2, 1, 1] == counts
    assert [1, 2, 3, 4] == [one.seq for one in seen(sandbox, 4, after=0)]


def test_last_event_id_wins_over_after(sandbox: Shop):
    for _ in range(3):
        sandbox.pets.create(a_draft())

    stream = chunks(sandbox.send(calls.get_events(after=0, last_event_id=2)))

    assert "retry: 1000\nid: 2\n\n" == next(stream)
    assert "id: 3\n" in next(stream)


def test_place_that_the_log_has_not_reached_is_refused(sandbox: Shop):
    with pytest.raises(Invalid, match="change 1: after should be 0 to 0; start over"):
        sandbox.send(calls.get_events(after=1))


def test_reset_ends_a_stream_that_is_behind_it(sandbox: Shop):
    sandbox.pets.create(a_draft())
    stream = chunks(sandbox.send(calls.get_events()))
    next(stream)

    sandbox.engine.store.write(seeding.empty)

    assert [
        ": There is no change 1: after should be 2 to 2, or 0; start over,"
        " the store was reset.\n\n"
    ] == list(stream)


def test_writes_after_a_reset_do_not_hide_it(sandbox: Shop):
    sandbox.pets.create(a_draft())
    stream = chunks(sandbox.send(calls.get_events()))
    next(stream)

    sandbox.engine.store.write(seeding.empty)
    for _ in range(3):
        sandbox.pets.create(a_draft())

    assert "There is no change 1" in next(stream)
    with pytest.raises(Invalid, match="after should be 2 to 5, or 0"):
        sandbox.send(calls.get_events(after=1))
    assert [3, 4, 5] == [event.seq for event in seen(sandbox, 3, after=0)]
    assert [] == sandbox.engine.store.read(checks("sqlite")["log"])


def test_restored_store_ends_its_streams():
    with petstore.open(seed="empty") as shop:
        snapshot = shop.snapshot()
        shop.pets.create(a_draft())
        stream = chunks(shop.send(calls.get_events()))
        next(stream)

        shop.restore(snapshot)
        shop.pets.create(a_draft())

        assert [": the stream ends here; go on with Last-Event-ID\n\n"] == list(stream)


@pytest.mark.parametrize("actor", ["nobody", "stranger", "expired"])
def test_nobody_may_follow_a_shop(doors: Doors, actor):
    assert "401" == doors.refusal("getEvents", actor)


def test_kinds_are_those_that_the_caller_may_read(doors: Doors):
    doors.shop.pets.create(a_draft())
    doors.shop.store.orders.place(an_order_draft())
    newest = doors.shop.changes("order")[-1].seq

    def kinds(name: str) -> set[str]:
        token = doors.shop.auth.login(name, PASSWORD).access_token
        reply = doors.shop.send_as(calls.get_events(after=0), bearer=token)
        text = ""
        for chunk in chunks(reply):
            text += chunk
            if f"id: {newest}\n" in text:
                break
        return {kind for kind in ("pet", "order", "user") if f'"kind":"{kind}"' in text}

    assert {"pet", "order", "user"} == kinds("olga") == kinds("cleo")
    assert {"pet", "order"} == kinds("cid")


def test_key_that_reads_nothing_is_forbidden(doors: Doors):
    scopes = frozenset({"write:pets"})
    doors.shop.engine.store.write(lambda tx: add_key(tx, "blind", "k", scopes=scopes))

    with pytest.raises(Forbidden, match="needs one of the scopes read:pets, "):
        doors.shop.send_as(calls.get_events(), api_key="k")


def test_token_that_ends_ends_the_stream(doors: Doors):
    token = doors.shop.auth.login("cleo", PASSWORD).access_token
    stream = chunks(doors.shop.send_as(calls.get_events(), bearer=token))
    next(stream)

    doors.shop.send_as(calls.delete_token(), bearer=token)
    (farewell,) = stream

    assert farewell.startswith(": getEvents needs one of the scopes read:pets, ")


def test_listeners_are_limited_and_free_their_place(sandbox: Shop):
    streams = [sandbox.send(calls.get_events()) for _ in range(LISTENER_COUNT_MAX)]
    with pytest.raises(Unavailable, match="64 listeners follow") as refused:
        sandbox.send(calls.get_events())
    assert refused.value.extra["retry_after"]

    closed: Any = streams.pop().value.chunks
    closed.close()
    closed.close()
    again = sandbox.send(calls.get_events())
    del streams, again

    assert sandbox.send(calls.get_events())


def test_closing_the_store_ends_its_streams(lone: Opener):
    shop = lone()
    stream = chunks(shop.send(calls.get_events()))
    next(stream)

    shop.close()

    assert [": the stream ends here; go on with Last-Event-ID\n\n"] == list(stream)


def test_writes_of_another_process_are_seen(
    postgres_url: str, clock: ManualClock, tmp_path: Path
):
    with (
        opening(postgres_url, clock, data_dir=tmp_path) as one,
        opening(postgres_url, clock, data_dir=tmp_path) as other,
        ThreadPoolExecutor(1) as pool,
    ):
        stream = chunks(one.send(calls.get_events()))
        next(stream)
        waiting = pool.submit(next, stream)
        other.pets.create(a_draft())

        assert "id: 1\n" in waiting.result(10)


# ----------------------------------------------------------------- coroutines


async def opened_async(url: str, clock: ManualClock, tmp_path: Path) -> AsyncEngine:
    options: Any = {**defaults(clock), "data_dir": tmp_path}
    return await open_async_engine(url, options)


async def test_coroutine_follows_what_others_write(store_url, clock, tmp_path):
    engine = await opened_async(store_url, clock, tmp_path)
    client = AsyncPetstore(engine)
    await client.pets.create(a_draft())
    events = client.events(after=0)

    first = await anext(events)
    waiting = asyncio.ensure_future(anext(events))
    await client.pets.update(1, name="Max")
    second = await asyncio.wait_for(waiting, 10)
    engine.end_streams()
    rest = [event async for event in events]
    await client.close()

    assert ([1, 2], []) == ([first.seq, second.seq], rest)


async def test_listener_that_is_lost_frees_its_place(clock, tmp_path):
    engine = await opened_async("memory:", clock, tmp_path)
    for _ in range(LISTENER_COUNT_MAX + 1):
        reply = await engine.send(calls.get_events())
        listener: Any = reply.value.chunks
        assert NEW.encode() == await anext(listener)
        await listener.aclose()
        assert [] == [chunk async for chunk in listener]
    await engine.close()


@pytest.mark.parametrize("step_s", [15.0, 6.0, 0.5])
def test_stream_has_a_heartbeat_though_others_write_what_it_does_not_see(
    sandbox: Shop, step_s
):
    """Each wait ends after `step_s`: woken by a write of nothing, or over."""
    listening = begun(sandbox)
    listening.send(None)
    waited_s, outcome = 0.0, None

    while not isinstance(step := listening.send(outcome), bytes):
        if isinstance(step, Read):
            outcome = sandbox.engine.store.read(step.fn)
        else:
            outcome = min(step.seconds, step_s)
            waited_s += outcome

    assert b":\n\n" == step
    assert HEARTBEAT_S <= waited_s < HEARTBEAT_S + PAUSE_S


def begun(shop: Shop) -> Any:
    """Return the decisions of a listener from now on, after its greeting."""
    visit = Visit(calls.get_events(), EMBEDDED, shop.engine.setup)
    flow: Any = follow(visit)
    cursor = shop.engine.store.read(next(flow).fn)
    return flow.send(cursor).start(is_shared=False, is_over=lambda: False)
