"""An answer that a recording cannot hold reaches its client, and is told."""

import httpx
import pytest

from petstore.contract.call import ByteStream
from petstore.contract.media import EVENTS
from petstore.contract.replies import Response
from petstore.mock.opening import OpenedSession, finish, open_session
from petstore.mock.steps import Ask
from petstore.mock.transport import MockTransport
from tests.mock.builders import a_request, respond

NO_GZIP = Response(200, {"content-encoding": "gzip"}, b"hunter2hunter2")


@pytest.fixture
def session(tmp_path) -> OpenedSession:
    return open_session(
        cassette=tmp_path / "a.yaml", mode="record", upstream="http://localhost:1"
    )


@pytest.mark.parametrize(
    ("line", "response", "words"),
    [
        pytest.param("GET /pet/7", NO_GZIP, "GET /pet/7 is not recorded", id="coding"),
        pytest.param(
            "M-SEARCH /pet/7",
            Response(200, {}, b"{}"),
            "a recording holds no such method.",
            id="method",
        ),
    ],
)
def test_answer_that_cannot_be_kept_passes_through_and_is_told(
    session, caplog, line, response, words
):
    answer = respond(session, a_request(line), response)
    kept = respond(session, a_request("GET /pet/8"), Response(200, {}, b"{}"))
    report = finish(session)

    assert response is answer.response
    assert ["upstream/unrecorded", "upstream"] == [
        row.served_by for row in session.journal
    ]
    assert "upstream" == kept.served_by
    assert (1, 2, 0) == (report.recorded, report.requests, report.unmatched)
    assert [True] == [words in one for one in report.unrecorded]
    assert words in caplog.text
    assert "hunter2" not in caplog.text


def test_stream_that_cannot_be_kept_is_told(session):
    stream = ByteStream([b"data: 1\n\n"], "text/event-stream")
    response = Response(200, {"content-type": "text/event-stream"}, stream)
    answer = respond(session, a_request("M-SEARCH /events"), response)
    assert isinstance(answer.response.body, ByteStream)

    pieces = list(answer.response.body)

    assert [b"data: 1\n\n"] == pieces
    assert 1 == len(session.report().unrecorded)


def test_reset_forgets_what_was_not_kept(session):
    respond(session, a_request(), NO_GZIP)

    session.reset()

    assert [] == session.report().unrecorded


def test_secret_in_a_path_is_not_told(session):
    respond(session, a_request("GET /reset/password=hunter22"), NO_GZIP)

    (told,) = session.report().unrecorded

    assert "GET /reset/password=* is not recorded" in told


def test_client_that_leaves_before_it_is_answered_is_told(session):
    responding = session.respond(a_request("POST /pet"))
    assert isinstance(next(responding), Ask)

    responding.close()

    (row,) = session.journal
    assert (0, "upstream") == (row.status, row.served_by)
    (told,) = session.report().unrecorded
    assert told.startswith("POST /pet is not recorded: its client left before")


def test_stream_that_is_all_there_is_recorded_event_by_event(session):
    body = ByteStream(b"data: 1\n\ndata: 2\n\n", EVENTS)
    answer = Response(200, {"content-type": EVENTS}, body)

    transport = MockTransport(session, ask=lambda _: answer)
    with httpx.Client(transport=transport, base_url="http://mock.test") as client:
        text = client.get("/feed").text

    assert "data: 1\n\ndata: 2\n\n" == text
    assert session.target is not None
    (one,) = session.target.exchanges
    assert ["data: 1\n\n", "data: 2\n\n"] == one.response.chunks


def test_reset_drops_the_large_bodies_of_what_it_drops(session):
    answer = Response(200, {"content-type": "image/png"}, bytes(200_000))
    respond(session, a_request("GET /large"), answer)
    assert session.target is not None
    assert 1 == len(session.target.files)

    session.reset()

    assert {} == session.target.files
