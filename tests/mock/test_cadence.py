"""The events of a stream are recorded with their times, and come at them again."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from contextvars import Context
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any, TypeVarTuple

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from petstore.contract.call import ByteStream
from petstore.contract.media import EVENTS
from petstore.contract.replies import Response
from petstore.mock.cadence import PAUSE_MS_MAX, Paced, in_time, paced_pieces
from petstore.mock.cassette import Cassette, dump, load, parse, save
from petstore.mock.clock import ClockPlan
from petstore.mock.convert import Format, convert
from petstore.mock.exchange import Exchange
from petstore.mock.judging import Asked, Run, open_for
from petstore.mock.opening import open_session
from petstore.mock.orders import SessionOrder, options_of
from petstore.mock.session import Session
from petstore.mock.streams import kept_stream
from petstore.mock.tape import Tape
from petstore.mock.tidying import tidy
from tests.mock.builders import (
    a_cassette,
    a_request,
    a_session,
    an_exchange,
    respond,
)
from tests.mock.doors import DOORS, async_door, respx_door, sync_door
from tests.mock.servers import served

KIND = {"content-type": EVENTS}
ONE, TWO = "data: 1\n\n", "data: 2\n\n"
NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
NEVER_MS = 3_600_000
Ts = TypeVarTuple("Ts")
IN_PROCESS = (sync_door, async_door, respx_door)


class Ticking:
    """Tell the time, which passes only between the pieces of a stream."""

    def __init__(self) -> None:
        self.now_s = 7.0

    def __call__(self) -> float:
        return self.now_s

    def pieces(self, *timed: tuple[float, bytes]) -> Iterator[bytes]:
        for pause_s, piece in timed:
            self.now_s += pause_s
            yield piece


class Jumping(asyncio.SelectorEventLoop):
    """Let the time of whoever waits come at once."""

    now_s = 0.0

    def time(self) -> float:
        return self.now_s

    def call_at(
        self,
        when: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        self.now_s = max(self.now_s, when)
        return super().call_at(when, callback, *args, context=context)


def a_stream(offsets_ms: list[int] | None, *chunks: str, **more: Any) -> Exchange:
    times = {} if offsets_ms is None else {"offsets_ms": offsets_ms}
    response = {"headers": KIND, "chunks": list(chunks or [ONE, TWO]), **times}
    return an_exchange("GET /events", id="e", response=response, **more)


def a_realtime_session(offsets_ms: list[int] | None, **setup: Any) -> Session:
    today = {"today": lambda: NOON, "is_realtime": True, **setup}
    return a_session(a_stream(offsets_ms), **today)


def recorded(is_timed: bool) -> Cassette:
    """Record a stream whose second event begins within the first piece."""
    clock, target = Ticking(), a_cassette()
    session = a_session(mode="record", target=target, now_s=clock, is_timed=is_timed)
    pieces = clock.pieces(
        (0.1004, b"data: 1\n\ndata"), (0.15, b": 2\n"), (2, b":\n\n"), (0.5, b"\n")
    )
    stream = ByteStream(pieces, EVENTS)
    answer = respond(session, a_request("GET /events"), Response(200, KIND, stream))
    assert isinstance(answer.response.body, ByteStream)
    answer.response.body.read()
    return target


def test_event_is_recorded_with_when_it_was_whole():
    (one,) = recorded(is_timed=True).exchanges

    assert ["data: 1\n\n", "data: 2\n:\n\n", "\n"] == one.response.chunks
    assert [100, 2250, 2750] == one.response.offsets_ms


def test_times_are_left_out_unless_they_are_asked_for():
    (one,) = recorded(is_timed=False).exchanges

    assert one.response.offsets_ms is None
    assert "offsets" not in dump(recorded(is_timed=False))


async def test_sign_of_life_takes_its_time_with_it():
    clock, done = Ticking(), list[ByteStream]()

    async def source():
        for piece in clock.pieces((1, b"data: 1\n\n"), (1, b":\n\n"), (1, b"a\n\n")):
            yield piece

    await kept_stream(ByteStream(source(), EVENTS), done.append, now_s=clock).aread()

    (kept,) = done
    assert isinstance(kept, Paced)
    assert ([b"data: 1\n\n", b"a\n\n"], [1000, 3000]) == (kept.chunks, kept.offsets_ms)


pauses_ms = st.lists(st.integers(0, 10**6), max_size=4)


def timed(pauses_ms: list[int]) -> Exchange:
    """Return an exchange with an event after each pause."""
    chunks = [f"data: {number}\n\n" for number, _ in enumerate(pauses_ms)]
    response: dict[str, Any] = {"headers": KIND, "chunks": chunks}
    if pauses_ms:
        response["offsets_ms"] = list(accumulate(pauses_ms))
    return an_exchange("GET /events", id="e", response=response)


@given(pauses_ms)
def test_times_come_back_from_a_file_and_stay_when_it_is_tidied(pauses_ms):
    cassette = a_cassette(timed(pauses_ms), recorded=NOON.isoformat())

    tidied = tidy(parse(dump(cassette)), canonical=True)

    assert dump(cassette) == dump(tidied)


@pytest.mark.parametrize(
    ("to", "name"),
    [("har", "a.har"), ("vcr", "a.vcr.yaml"), ("wiremock", "a.wiremock.json")],
)
@given(pauses_ms.filter(bool))
def test_times_come_back_from_another_tool(tmp_path_factory, to, name, pauses_ms):
    folder = tmp_path_factory.mktemp("there")
    cassette = a_cassette(timed(pauses_ms))
    save(cassette, folder / "source.yaml")

    losses = convert(folder / "source.yaml", folder / name, to=to)
    losses += convert(folder / name, folder / "back.yaml")

    assert [] == losses
    assert dump(cassette) == dump(load(folder / "back.yaml"))


@pytest.mark.parametrize(
    ("to", "chunks", "words"),
    [
        pytest.param("hoverfly", [ONE, TWO], "no place for `offsets_ms`", id="none"),
        pytest.param("har", ["da", "ta: 1\n\n"], "the times of the pieces", id="cut"),
    ],
)
def test_lost_times_are_told(to: Format, chunks, words, tmp_path: Path):
    save(a_cassette(a_stream([0, 250], *chunks)), tmp_path / "a.yaml")

    losses = convert(tmp_path / "a.yaml", tmp_path / "a.json", to=to)
    losses += convert(tmp_path / "a.json", tmp_path / "back.yaml")

    assert [one for one in losses if words in one]
    (back,) = load(tmp_path / "back.yaml").exchanges
    assert back.response.offsets_ms is None


def test_times_that_an_edit_left_alone_are_told(tmp_path):
    save(a_cassette(a_stream([0, 250])), tmp_path / "a.yaml")
    convert(tmp_path / "a.yaml", tmp_path / "a.har", to="har")
    shown = json.loads((tmp_path / "a.har").read_text())
    shown["log"]["entries"][0]["response"]["content"]["text"] = ONE
    (tmp_path / "a.har").write_text(json.dumps(shown))

    losses = convert(tmp_path / "a.har", tmp_path / "back.yaml")

    assert [one for one in losses if "offsets_ms fits no events; it is lost" in one]
    assert [ONE] == load(tmp_path / "back.yaml").exchanges[0].response.chunks


@pytest.mark.parametrize("ask", DOORS)
def test_events_come_at_their_times_on_each_door(ask):
    session = a_realtime_session([20, 50])
    begun = time.monotonic()

    reply = ask(session, "GET /events")

    passed = timedelta(seconds=time.monotonic() - begun)
    passed += session.clock.now() - NOON
    assert ONE + TWO == reply.text
    assert timedelta(milliseconds=50) <= passed


@pytest.mark.parametrize("ask", IN_PROCESS)
def test_only_the_clock_of_the_session_waits_in_process(ask):
    session = a_realtime_session([1_000, 31_000])
    begun = time.monotonic()

    reply = ask(session, "GET /events", timeout=31)

    assert ONE + TWO == reply.text
    assert timedelta(seconds=31) == session.clock.now() - NOON
    assert time.monotonic() - begun < 30


@pytest.mark.parametrize("ask", DOORS)
def test_pause_beyond_the_read_timeout_is_one(ask):
    begun = time.monotonic()

    with pytest.raises(httpx.ReadTimeout):
        ask(a_realtime_session([0, 50_000]), "GET /events", timeout=0.2)

    assert time.monotonic() - begun < 30


@pytest.mark.parametrize(
    ("offsets_ms", "setup"),
    [
        pytest.param([0, NEVER_MS], {"is_realtime": False}, id="not asked for"),
        pytest.param(None, {}, id="not recorded"),
    ],
)
@pytest.mark.parametrize("ask", DOORS)
def test_events_come_at_once_otherwise(ask, offsets_ms, setup):
    session = a_realtime_session(offsets_ms, **setup)

    reply = ask(session, "GET /events", timeout=20)

    assert ONE + TWO == reply.text
    assert NOON == session.clock.now()


@pytest.mark.parametrize("ask", IN_PROCESS)
def test_length_of_a_pause_is_bounded(ask):
    session = a_realtime_session([NEVER_MS, 10**400])

    assert ONE + TWO == ask(session, "GET /events", timeout=60).text
    assert timedelta(milliseconds=2 * PAUSE_MS_MAX) == session.clock.now() - NOON


def test_times_stay_where_dates_are_moved():
    cassette = a_cassette(a_stream([0, 2_000]), recorded="2026-11-22T20:00:00Z")
    session = Session(Tape([cassette]), clock=ClockPlan("shift"), is_realtime=True)
    before = session.clock.now()

    sync_door(session, "GET /events")

    assert timedelta(seconds=2) <= session.clock.now() - before


def test_late_piece_is_made_up_for():
    sent_s = []

    async def read() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, Jumping)
        async for _ in in_time(Paced([b"a", b"b"], EVENTS, offsets_ms=[1000, 3000])):
            sent_s.append(loop.now_s)
            loop.now_s += 1.5

    with asyncio.Runner(loop_factory=Jumping) as runner:
        runner.run(read())

    assert [1.0, 3.0] == sent_s


def test_stub_has_its_times_as_well(tmp_path):
    order = SessionOrder(realtime=True)
    session = open_session(**options_of(order, tmp_path))
    session.add_stub(a_stream([0, 4_000]))
    before = session.clock.now()

    sync_door(session, "GET /events")

    assert timedelta(seconds=4) <= session.clock.now() - before


def test_session_that_is_begun_over_http_may_record_times(tmp_path):
    with served(a_session(), folder=tmp_path) as client:
        order = {"cassette": "e.yaml", "mode": "record", "timing": True}
        order["upstream"] = "engine"
        begun = client.post("/__mock/sessions", json=order)
        stream = f"{begun.json()['base_url']}/events?after=0"
        with client.stream("GET", stream) as reply:
            next(reply.iter_raw())
        client.delete(f"/__mock/sessions/{begun.json()['id']}")

    (one,) = load(tmp_path / "e.yaml").exchanges
    assert one.response.offsets_ms is not None


@pytest.mark.parametrize("is_realtime", [True, False])
def test_marker_asks_for_the_times(tmp_path, is_realtime):
    path = tmp_path / "e.yaml"
    save(a_cassette(a_stream([0, NEVER_MS])), path)
    run = Run("test_a", Asked(None, None), owners={}, recorded=set())
    session = open_for("e", path, wanted={"realtime": is_realtime}, run=run)
    before = session.clock.now()

    sync_door(session, "GET /events", timeout=60)

    assert is_realtime == (before < session.clock.now())


def test_pauses_are_from_one_piece_to_the_next():
    stream = Paced([b"a", b"b", b"c"], EVENTS, offsets_ms=[250, 250, 1250])

    assert [(0.25, b"a"), (0, b"b"), (1, b"c")] == list(paced_pieces(stream))
