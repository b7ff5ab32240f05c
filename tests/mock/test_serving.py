"""Tests share one server, and each has a session of its own on it."""

from contextlib import suppress

import httpx
import pytest

from petstore.mock.asking import Answering
from petstore.mock.door import MockDoor
from petstore.mock.opening import open_session
from petstore.mock.refusals import NoSuchSession
from petstore.mock.serving import MockServer
from petstore.mock.session import Session
from tests.mock.builders import a_session, an_exchange
from tests.mock.servers import Engine


def test_session_is_added_and_ended_while_the_server_runs():
    session = a_session(an_exchange(), id="buy")

    with MockServer(MockDoor(a_session())) as server:
        url = server.add(session)
        during = httpx.get(f"{url}/pet/7").status_code
        server.end(session)
        after = httpx.get(f"{url}/pet/7").status_code

        with pytest.raises(NoSuchSession):
            server.end(session)

    assert (200, 501) == (during, after)
    assert 1 == session.journal.count


def test_end_of_a_session_lets_go_of_its_engine():
    made: list[Engine] = []

    def engine(_: Session) -> Answering:
        made.append(Engine())
        return made[-1]

    session = a_session(id="buy", on_miss="engine")
    with MockServer(MockDoor(a_session(), engine=engine)) as server:
        httpx.get(f"{server.add(session)}/pet/7")
        server.end(session)

        assert [1] == [one.closed_count for one in made]


@pytest.mark.parametrize("is_kept", [True, False])
def test_recording_that_nobody_ended_is_kept_unless_the_block_fails(tmp_path, is_kept):
    path = tmp_path / "x.yaml"
    session = open_session(id="x", cassette=path, mode="record", upstream="engine")

    with suppress(ZeroDivisionError), MockServer(MockDoor(a_session())) as server:
        httpx.get(f"{server.add(session)}/pet/1")
        _ = 1 / is_kept

    assert is_kept is path.exists()
