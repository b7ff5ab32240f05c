"""The session of a test is opened as its marker and the command line say."""

import pytest

from petstore.contract.errors import ConfigError
from petstore.mock.cassette import save
from petstore.mock.judging import Asked, Run, objection_of, open_for
from petstore.mock.opening import open_session
from petstore.mock.suites import Wanted
from tests.mock.builders import a_cassette, a_request, an_exchange, respond
from tests.mock.doors import socket_door


@pytest.mark.parametrize(
    ("mode", "upstream", "is_wanted"),
    [
        (None, None, False),
        ("replay", None, False),
        ("none", None, False),
        ("auto", None, False),
        ("record", None, True),
        ("new_episodes", None, True),
        ("check", None, True),
        ("replay", "https://petstore.example", True),
    ],
)
def test_network_is_wanted_by_who_names_one_that_is_asked(mode, upstream, is_wanted):
    assert is_wanted is Asked(mode, upstream).is_network


@pytest.fixture
def path(tmp_path):
    exchanges = [an_exchange(f"GET /pet/{n}", f"getPetById-{n}") for n in range(1, 31)]
    save(a_cassette(*exchanges), tmp_path / "a.yaml")
    return tmp_path / "a.yaml"


def test_miss_is_told_without_what_nobody_asked_for(path):
    session = open_session(cassette=path)

    respond(session, a_request("GET /pet/99"))

    head = objection_of(session).splitlines()[0]
    assert f"The test passed, but 1 request had no answer ({path})." == head


def test_strict_session_names_the_first_ones_that_nobody_asked_for(path):
    head = objection_of(open_session(cassette=path, is_strict=True))

    assert "nobody asked for getPetById-1, getPetById-2" in head
    assert f"getPetById-20 and 10 more ({path})." in head


def test_upstream_that_is_away_is_told_with_its_url(path):
    """A client may swallow the 502 that it gets."""
    session = open_session(
        cassette=path, mode="record", upstream="http://127.0.0.1:1", environment={}
    )

    assert 502 == socket_door(session, "GET /pet/1").status_code

    told = objection_of(session)
    words = "1 request had no answer: The upstream http://127.0.0.1:1 did not answer: "
    assert words in told
    assert told.endswith(f" ({path}).")


@pytest.mark.parametrize(("environment", "is_told"), [({}, False), ({"CI": "1"}, True)])
def test_cassette_that_is_missing_in_ci_says_that_nothing_is_recorded_there(
    tmp_path, environment, is_told
):
    path = tmp_path / "none.yaml"
    wanted = Wanted(mode="record" if is_told else "replay")
    run = Run("test_a", Asked(None, None), owners={}, recorded=set())

    with pytest.raises(ConfigError, match="There is no cassette") as caught:
        open_for("a", path, wanted=wanted, run=run, environment=environment)

    assert is_told is ("CI is set" in caught.value.message)
