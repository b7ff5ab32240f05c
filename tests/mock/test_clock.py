"""A session has a time of its own, and recorded times follow it where asked."""

import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from petstore.contract.errors import ConfigError
from petstore.mock.clock import REAL, TIME_FIELDS, Clock, ClockPlan, parse_clock
from petstore.mock.engine_door import EngineDoor, engine_setup
from petstore.mock.session import Session
from petstore.mock.tape import Tape
from tests.mock.kit import NOW, a_pet, ask, pieces_of, played, recorded, text_of

LATER = NOW + timedelta(days=10, hours=1, microseconds=7)
ORDER = {"id": 55, "petId": 1, "shipDate": "2030-01-02T03:04:05.678Z"}


def session_of(story, clock, **setup):
    tape = Tape([recorded(story)])
    return Session(tape, clock=parse_clock(clock), today=lambda: LATER, **setup)


@pytest.mark.parametrize(
    ("text", "plan"),
    [
        ("real", REAL),
        ("freeze", ClockPlan("freeze")),
        ("shift", ClockPlan("shift")),
        ("2030-01-01T01:00:00+01:00", ClockPlan("freeze", NOW)),
    ],
)
def test_clock_is_chosen_by_a_word_or_an_instant(text, plan):
    assert plan == parse_clock(text)


@pytest.mark.parametrize("text", ["", "later", "2030-01-01", "2030-01-01T00:00:00"])
def test_what_is_no_clock_is_refused(text):
    with pytest.raises(
        ConfigError, match=r"real, freeze, .* its zone .*, as 2026-11-22T2"
    ):
        parse_clock(text)


def test_frozen_clock_stands_and_is_advanced():
    clock = Clock(parse_clock("freeze"), recorded=NOW.isoformat(), today=lambda: LATER)

    clock.advance(90)

    assert NOW + timedelta(seconds=90) == clock.now()


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf"), 1e300])
def test_time_goes_on_and_not_without_end(seconds):
    with pytest.raises(ConfigError, match="advance"):
        Clock(today=lambda: NOW).advance(seconds)


@pytest.mark.parametrize("kind", ["freeze", "shift"])
def test_recording_that_does_not_say_its_time_is_refused(kind):
    with pytest.raises(ConfigError, match=r"The clock .* add  recorded:"):
        Clock(parse_clock(kind), recorded=None)


def test_recording_whose_time_is_none_is_refused():
    with pytest.raises(ConfigError, match="recorded: 'soon' is no instant"):
        Clock(parse_clock("freeze"), recorded="soon")


def test_every_time_of_the_contract_is_known():
    assert {"shipDate", "at", "expiresAt"} == TIME_FIELDS


@pytest.mark.parametrize(
    ("line", "was", "is_now"),
    [
        (
            "GET /store/order/55",
            "2030-01-02T03:04:05.678000Z",
            "2030-01-12T04:04:05.678000Z",
        ),
        (
            "GET /v2/store/order/55",
            "2030-01-02T03:04:05.678+0000",
            "2030-01-12T04:04:05.678+0000",
        ),
        (
            "GET /api/v3/store/order/55",
            "2030-01-02T03:04:05.678+00:00",
            "2030-01-12T04:04:05.678+00:00",
        ),
    ],
)
@pytest.mark.parametrize("accept", ["application/json", "application/xml"])
def test_times_are_shifted_in_the_form_that_they_have(line, was, is_now, accept):
    story = [ask("POST /store/order", ORDER), ask(line, accept=accept)]
    plain = text_of(played(session_of(story, "real"), story[1]).response)
    shifted = text_of(played(session_of(story, "shift"), story[1]).response)

    if accept == "application/json" or "v" not in line:
        assert was in plain
    assert plain != shifted
    assert "2030-01-02" in plain
    assert "2030-01-12T04:04:05.678" in shifted
    if was in plain:
        assert plain.replace(was, is_now) == shifted


def test_expiry_of_a_login_is_shifted():
    for base in ("", "/v2", "/api/v3"):
        login = ask(f"GET {base}/user/login?username=user1&password=XXXXXXXXXXX")
        headers = [
            played(session_of([login], clock), login).response.headers[
                "x-expires-after"
            ]
            for clock in ("real", "shift")
        ]
        assert ["2030", "2030"] == ["2030" if "2030" in one else one for one in headers]
        assert headers[0] != headers[1]
        assert "11" in headers[1]


def test_events_are_shifted():
    story = [ask("POST /pet", a_pet(50)), ask("GET /events?after=0")]
    session = session_of(story, "shift")

    events = b"".join(pieces_of(played(session, story[1]).response))

    assert b'"at":"2030-01-11T01:00:00Z"' in events


def test_text_that_looks_like_a_time_stays():
    name = 'x","shipDate":"2030-01-02T03:04:05Z'
    story = [ask("POST /pet", a_pet(50, name=name)), ask("GET /pet/50")]

    answers = [
        played(session_of(story, clock), story[1]).response
        for clock in ("real", "shift")
    ]

    assert answers[0].body == answers[1].body


def test_what_was_received_is_found_when_it_is_sent_back():
    story = [ask("POST /store/order", ORDER), ask("POST /v2/store/order", ORDER)]
    session = session_of(story, "shift")
    moved = {**ORDER, "shipDate": "2030-01-12T04:04:05.678Z"}

    answers = [
        played(session, ask(f"POST {base}/store/order", moved)) for base in ("", "/v2")
    ]
    missed = played(session, ask("POST /store/order", ORDER))

    assert ["recording/placeOrder-1", "recording/placeOrder-2"] == [
        one.served_by for one in answers
    ]
    assert "miss" == missed.served_by


def test_engine_has_the_time_of_the_session():
    story = [ask("GET /store/order/1"), ask("POST /store/order", ORDER)]
    session = session_of(story, "shift", on_miss="engine")
    moved = {**ORDER, "shipDate": "2030-01-12T04:04:05.678Z"}
    with EngineDoor(**engine_setup(session)) as engine:
        played(session, ask("POST /store/order", moved), engine)
        found = played(session, ask("GET /store/order/55"), engine)
        seed = played(session, ask("GET /v2/store/order/1", accept=""), engine)
        session.clock.advance(60)
        played(session, ask("POST /pet", a_pet(50)), engine)
        history = played(session, ask("GET /pet/50/history"), engine)

    assert ["engine"] * 3 == [one.served_by for one in (found, seed, history)]
    assert "2030-01-12T04:04:05.678000Z" in text_of(found.response)
    assert "2030-01-11T01:00:00" in text_of(seed.response)
    assert '"at":"2030-01-11T01:01:00Z"' in text_of(history.response)


def test_reset_takes_advances_back():
    session = session_of([ask("GET /pet/1")], "freeze")
    session.clock.advance(60)

    session.reset()

    assert NOW == session.clock.now()


def test_real_clock_is_that_of_this_machine():
    written = datetime.fromtimestamp(Path(__file__).stat().st_mtime, UTC)

    assert written < Clock().now()


def test_time_that_threads_let_pass_at_once_adds_up():
    clock, before = Clock(ClockPlan("freeze", NOW)), sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(lambda _: clock.advance(1), range(6_000)))
    finally:
        sys.setswitchinterval(before)

    assert NOW + timedelta(seconds=6_000) == clock.now()
