"""A server knows its sessions, and says so of one that it does not know."""

import pytest

from petstore.contract.errors import Conflicted, Invalid, Unavailable
from petstore.mock.opening import open_session
from petstore.mock.refusals import NoSuchSession, NotEnded
from petstore.mock.sessions import Sessions, new_id
from tests.mock.builders import a_session


def test_default_serves_whoever_names_none():
    default = a_session()

    assert Sessions(default).addressed("/pet/7", None) == (default, "/pet/7", "")


@pytest.mark.parametrize(
    ("path", "rest"),
    [("/__s/a/pet/7", "/pet/7"), ("/__s/a/", "/"), ("/__s/a", "/")],
)
def test_prefix_names_the_session_and_is_no_part_of_the_request(path, rest):
    sessions, session = Sessions(a_session()), a_session(id="a")
    sessions.add(session)

    assert sessions.addressed(path, None) == (session, rest, "/__s/a")


def test_header_names_the_session():
    sessions, session = Sessions(a_session()), a_session(id="a")
    sessions.add(session)

    assert sessions.addressed("/pet/7", "a") == (session, "/pet/7", "")


def test_prefix_wins_over_the_header():
    sessions = Sessions(a_session())
    for name in "ab":
        sessions.add(a_session(id=name))

    assert sessions.addressed("/__s/a/pet/7", "b").session.id == "a"


@pytest.mark.parametrize(
    ("path", "named"), [("/__s/b/pet/7", None), ("/__s//pet/7", None), ("/pet/7", "b")]
)
def test_unknown_session_is_501_and_no_answer_of_the_api(path, named):
    with pytest.raises(NoSuchSession, match="POST /__mock/sessions") as caught:
        Sessions(a_session()).addressed(path, named)

    assert caught.value.status == 501


def test_base_path_of_a_session_leads_to_it():
    sessions, session = Sessions(a_session()), a_session(id="buy.twice-1_x")

    base = sessions.add(session)

    assert sessions.addressed(f"{base}/pet/7", None).session is session


@pytest.mark.parametrize(
    "name", ["", "a" * 81, "a/b", "ä", "a b", "a%2f", "..", ".", "a\n"]
)
def test_id_is_what_a_url_keeps_as_it_is(name):
    with pytest.raises(Invalid, match="id: "):
        Sessions(a_session()).add(a_session(id=name))


def test_id_is_taken_once():
    sessions = Sessions(a_session())
    sessions.add(a_session(id="a"))

    for taken in ("a", "default"):
        with pytest.raises(Conflicted, match=f"a session {taken}"):
            sessions.add(a_session(id=taken))


def test_number_of_sessions_is_bounded():
    sessions = Sessions(a_session(), count_max=2)
    sessions.add(a_session(id="a"))

    with pytest.raises(Unavailable, match="2 sessions"):
        sessions.add(a_session(id="b"))
    sessions.remove("a")
    sessions.add(a_session(id="b"))

    assert ["default", "b"] == [one.id for one in sessions]


def test_removed_session_is_unknown():
    sessions, session = Sessions(a_session()), a_session(id="a")
    sessions.add(session)

    assert sessions.remove("a") is session
    with pytest.raises(NoSuchSession):
        sessions.get("a")


def test_default_cannot_be_removed():
    with pytest.raises(NotEnded, match="default"):
        Sessions(a_session()).remove("default")


def test_default_of_another_name_has_both():
    default = a_session(id="shop")
    sessions = Sessions(default)

    assert sessions.get("shop") is sessions.get("default") is default
    assert 1 == len(sessions)


def test_new_ids_differ():
    assert 100 == len({new_id() for _ in range(100)})


def test_file_is_recorded_by_one_session_at_a_time(tmp_path):
    sessions = Sessions(a_session())
    first, second = (
        open_session(
            id=name, cassette=tmp_path / "a.yaml", mode="record", upstream="engine"
        )
        for name in ("a", "b")
    )
    sessions.add(first)

    with pytest.raises(Conflicted, match=r"Session a records .*a\.yaml already"):
        sessions.add(second)
    sessions.remove("a")

    assert "/__s/b" == sessions.add(second)
