"""Two who record one file at once lose nothing of each other."""

import fcntl
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from petstore.contract.errors import ConfigError
from petstore.contract.replies import Response
from petstore.mock.cassette import load, save
from petstore.mock.door import MockDoor
from petstore.mock.opening import finish, open_session
from petstore.mock.serving import MockServer
from petstore.mock.sharing import RecordedBeside, alone_in
from tests.mock.builders import (
    JSON,
    a_cassette,
    a_request,
    a_session,
    an_exchange,
    respond,
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "pets.yaml"


def opened(path, mode="extend", **options):
    return open_session(
        cassette=path,
        mode=mode,
        upstream="http://localhost:1",
        environment={},
        **options,
    )


def ask(session, *numbers, body=b"{}"):
    for number in numbers:
        answer = Response(200, dict(JSON), body)
        respond(session, a_request(f"GET /pet/{number}"), answer)


def in_file(path):
    return {one.id: one.request.path for one in load(path).exchanges}


def names_in(folder):
    return [one.name for one in folder.iterdir()]


def test_extending_adds_to_what_somebody_else_wrote_meanwhile(path):
    save(a_cassette(an_exchange("GET /pet/1")), path)
    one, other = opened(path), opened(path)
    ask(one, 1, 2)
    ask(other, 3)

    reports = finish(one), finish(other)

    assert [2, 3] == [report.recorded for report in reports]
    assert ["/pet/1", "/pet/2", "/pet/3"] == list(in_file(path).values())


def test_recording_beside_its_file_does_not_keep_the_others_from_theirs(path):
    save(a_cassette(an_exchange("GET /pet/1")), path)
    one = opened(path, "record", id="one")
    other = opened(path.with_name("other.yaml"), "record", id="other")
    ask(one, 2)
    ask(other, 3)
    save(a_cassette(an_exchange("GET /pet/4")), path)

    with MockServer(MockDoor(a_session())) as server:
        server.add(one)
        server.add(other)

    assert {"pets.yaml", "pets.2.yaml", "other.yaml"} == set(names_in(path.parent))


def test_what_both_were_told_stands_there_once(path):
    one, other = opened(path), opened(path)
    ask(one, 1, 2)
    ask(other, 2, 3)

    finish(one)
    finish(other)

    assert ["/pet/1", "/pet/2", "/pet/3"] == list(in_file(path).values())


def test_what_each_was_told_otherwise_stands_there_twice(path):
    one, other = opened(path), opened(path)
    ask(one, 1)
    ask(other, 1, body=b'{"id":1}')

    finish(one)
    finish(other)

    assert {"getPetById-1": "/pet/1", "getPetById-2": "/pet/1"} == in_file(path)


def test_what_is_asked_anew_replaces_nothing_that_is_new(path):
    old = an_exchange("GET /pet/1"), an_exchange("GET /store/inventory", "stock-1")
    save(a_cassette(*old), path)
    anew = opened(path, anew=["getPetById"])
    other = opened(path)
    ask(anew, 1)
    ask(other, 2)

    finish(other)
    finish(anew)

    assert ["/store/inventory", "/pet/2", "/pet/1"] == list(in_file(path).values())
    assert {} == load(path).exchanges[-1].response.json_value


def test_large_bodies_of_both_are_kept(path):
    one, other = opened(path), opened(path)
    for number, session in enumerate((one, other)):
        image = Response(200, {"content-type": "image/png"}, bytes([number]) * 70_000)
        respond(session, a_request(f"GET /photos/{number}"), image)

    finish(one)
    finish(other)

    kept = load(path)
    bodies = [kept.fetch(one.response.file or "") for one in kept.exchanges]
    assert [bytes([number]) * 70_000 for number in range(2)] == bodies


@pytest.mark.parametrize("is_new", [True, False])
def test_recording_does_not_replace_what_somebody_else_wrote_meanwhile(path, is_new):
    if not is_new:
        save(a_cassette(an_exchange("GET /pet/1")), path)
    (path.with_name("pets.2.yaml")).write_text("of somebody")
    one, other = opened(path, "record"), opened(path, "record")
    ask(one, 2)
    ask(other, 3)
    finish(one)

    with pytest.raises(RecordedBeside, match=r"pets\.yaml was written.*pets\.3\.yaml"):
        finish(other)

    assert ["/pet/2"] == list(in_file(path).values())
    assert ["/pet/3"] == list(in_file(path.with_name("pets.3.yaml")).values())


def test_recording_of_the_same_once_more_is_no_conflict(path):
    one, other = opened(path, "record"), opened(path, "record")
    for session in (one, other):
        ask(session, 2)
        finish(session)

    assert ["pets.yaml"] == names_in(path.parent)


def test_session_that_ends_twice_writes_what_came_in_between(path):
    session = opened(path, "record")
    for number in (1, 2):
        ask(session, number)
        finish(session)

    assert ["/pet/1", "/pet/2"] == list(in_file(path).values())
    assert ["pets.yaml"] == names_in(path.parent)


def test_many_who_end_at_once_lose_nothing(path):
    sessions = [opened(path) for _ in range(8)]
    for number, session in enumerate(sessions):
        ask(session, number)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(finish, sessions))

    assert {f"/pet/{number}" for number in range(8)} == set(in_file(path).values())
    assert 8 == len(in_file(path))
    assert ["pets.yaml"] == names_in(path.parent)


def test_whoever_holds_the_folder_too_long_is_told(tmp_path):
    held = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)

    is_refused = pytest.raises(ConfigError, match="Somebody else writes recordings")
    with is_refused, alone_in(tmp_path, wait_s_max=0.02):
        raise AssertionError("it is locked")

    os.close(held)
    with alone_in(tmp_path, wait_s_max=0.02):
        assert [] == names_in(tmp_path)
