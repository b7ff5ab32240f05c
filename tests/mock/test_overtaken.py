"""A request that a reset overtakes changes nothing of what comes after it."""

from contextlib import closing

import pytest

from petstore.contract.call import ByteStream
from petstore.contract.http import Request
from petstore.contract.media import EVENTS
from petstore.contract.replies import Response
from petstore.mock.asking import Askers, Others
from petstore.mock.cassette import Cassette
from petstore.mock.driving import answered
from petstore.mock.faults import FaultRules
from petstore.mock.refusals import Overtaken
from petstore.mock.session import Session
from petstore.mock.steps import Ask, Wait
from petstore.mock.tape import Tape
from tests.mock.builders import a_session, an_exchange
from tests.mock.kit import a_pet, ask, pieces_of, recorded

POST = ask("POST /pet", a_pet(5))
GET = Ask("engine", ask("GET /pet/5"))


def a_plain() -> Session:
    return a_session(on_miss="engine")


def a_storied() -> Session:
    """Return a session of whose recording an engine is told one pet first."""
    story = recorded([POST, ask("GET /pet/5")])
    del story.exchanges[0]
    return Session(Tape([story]), on_miss="engine")


def first_ask(session: Session, request: Request) -> Ask:
    """Return what a request asks its door for; it goes no further."""
    step = next(session.respond(request))
    assert isinstance(step, Ask)
    return step


@pytest.mark.parametrize("begin", [a_plain, a_storied])
def test_engine_of_a_process_is_told_nothing_of_before(begin):
    session = begin()
    late = first_ask(session, POST if begin is a_plain else ask("GET /pet/9"))
    session.reset()
    with closing(Others(session)) as others:
        with pytest.raises(Overtaken, match="default was reset"):
            others.ask(late)
        found = others.ask(GET)

    assert 404 == found.status


@pytest.mark.parametrize("begin", [a_plain, a_storied])
async def test_engine_of_a_server_is_told_nothing_of_before(begin):
    session, askers = begin(), Askers()
    late = first_ask(session, POST if begin is a_plain else ask("GET /pet/9"))
    session.reset()

    with pytest.raises(Overtaken, match="default was reset"):
        await askers.ask(session, late)
    found = await askers.ask(session, GET)
    await askers.aclose()

    assert 404 == found.status


def test_request_that_was_late_counts_for_nothing():
    session = a_plain()

    def asked(step: Ask) -> Response:
        session.reset()
        with closing(Others(session)) as others:
            return others.ask(step)

    with pytest.raises(Overtaken):
        answered(session, POST, asked, lambda _: None)

    report = session.report()
    assert (0, 0) == (report.requests, report.unmatched)


def test_slow_request_takes_no_exchange_of_what_comes_after():
    rules = FaultRules.of([{"when": {}, "do": {"delay_ms": 5}}], seed=0)
    session = a_session(an_exchange("POST /x", "x"), faults=rules)
    responding = session.respond(ask("POST /x"))
    assert isinstance(next(responding), Wait)
    session.reset()

    with pytest.raises(Overtaken):
        next(responding)

    report = session.report()
    assert ["x"] == [one["id"] for one in report.unplayed]
    assert (0, 0) == (report.played, report.requests)


def test_answer_that_was_late_is_recorded_nowhere():
    target = Cassette()
    session = a_session(mode="record", target=target)
    whole, streamed = (session.respond(ask("GET /x")) for _ in range(2))
    next(whole)
    next(streamed)
    kind = {"content-type": EVENTS}
    events = Response(200, kind, ByteStream(iter([b"data: 1\n\n"]), EVENTS))
    with pytest.raises(StopIteration) as begun:
        streamed.send(events)
    session.reset()

    with pytest.raises(StopIteration):
        whole.send(Response(200))
    pieces = list(pieces_of(begun.value.value.response))

    assert [b"data: 1\n\n"] == pieces
    assert ([], 0) == (target.exchanges, session.report().requests)
