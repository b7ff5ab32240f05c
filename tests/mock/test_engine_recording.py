"""What is recorded from the engine is the same each time, to the byte."""

import re
import threading

import pytest

from petstore.contract.call import ByteStream
from petstore.mock.cassette import Cassette, dump, load, save
from petstore.mock.engine_door import AsyncEngineDoor, EngineDoor
from petstore.mock.session import Session
from petstore.mock.streams import KEPT_BYTES_MAX, kept_stream
from petstore.mock.tape import Tape
from tests.kit.pictures import PNG
from tests.mock.kit import (
    NOW,
    a_pet,
    a_story,
    ask,
    chunks_of,
    clock,
    pieces_of,
    played,
    recorded,
    text_of,
)

EVENTS = "text/event-stream"


def everything():
    """Ask on all faces for all there is, events last."""
    stories = [one for flavour in ("native", "v2", "v3") for one in a_story(flavour)]
    return [*stories, ask("GET /events?after=0")]


def files_of(folder):
    return {
        str(one.relative_to(folder)): one.read_bytes()
        for one in sorted(folder.rglob("*"))
        if one.is_file()
    }


def test_recording_twice_gives_the_same_files(tmp_path):
    for name in ("once", "twice"):
        save(recorded(everything()), tmp_path / name / "story.yaml")

    once = files_of(tmp_path / "once")
    assert once == files_of(tmp_path / "twice")
    assert b"correct horse" not in b"".join(once.values())
    assert b"1000000000000001" not in b"".join(once.values())


def test_what_was_recorded_is_replayed(tmp_path):
    """Nobody answers but the recording, which was written and read in between."""
    story = everything()
    save(recorded(story), tmp_path / "story.yaml")
    session = Session(Tape([load(tmp_path / "story.yaml")]))
    with EngineDoor(clock=clock) as engine:
        for request in story[:-1]:
            expected = engine.answer(request)
            answer = played(session, request)
            assert answer.served_by.startswith("recording/"), request
            assert expected.status == answer.response.status
            if "login" not in request.path and "tokens" not in request.path:
                assert hidden(expected.body) == hidden(answer.response.body)

    events = list(pieces_of(played(session, story[-1]).response))
    assert b"retry: 1000\nid: 1.0\n\n" == events[0]
    assert all(one.startswith(b"event: change\nid: 1.") for one in events[1:])
    assert [] == session.report().unplayed


def hidden(body):
    return re.sub(rb'"password":"[^"]*"', b"", body)


def test_stream_is_recorded_when_its_reader_leaves():
    target = Cassette()
    session = Session(Tape([]), mode="record", target=target)
    with EngineDoor(clock=clock, seed="empty") as engine:
        response = played(session, ask("GET /events?after=0"), engine).response
        played(session, ask("POST /pet", a_pet(1)), engine)
        pieces = pieces_of(response)
        first = [next(pieces), next(pieces)]
        before = [one.id for one in target.exchanges]
        pieces.close()
        pieces.close()

    assert ["addPet-1"] == before
    assert ["addPet-1", "getEvents-1"] == [one.id for one in target.exchanges]
    assert b"".join(first).decode() == "".join(
        target.exchanges[1].response.chunks or []
    )


async def test_stream_is_recorded_for_coroutines_too():
    done: list[ByteStream] = []

    async def source():
        yield b"id: 1\n\nid: 2\n\n:\n\n"
        yield b"id: 3\n\nid"

    stream = kept_stream(ByteStream(source(), EVENTS), done.append)
    read = [piece async for piece in chunks_of(stream)]

    assert 2 == len(read)
    (kept,) = done
    assert [b"id: 1\n\n", b"id: 2\n\n", b"id: 3\n\n", b"id"] == kept.chunks


def test_stream_beyond_the_limit_is_handed_on_and_not_kept():
    done: list[ByteStream] = []
    pieces = [b"a" * KEPT_BYTES_MAX, b"b"]

    read = list(chunks_of(kept_stream(ByteStream(pieces, "text/plain"), done.append)))

    assert pieces == read
    assert pieces[:1] == done[0].chunks


def test_stream_that_is_there_is_kept_at_once():
    done: list[ByteStream] = []

    kept_stream(ByteStream(b"id: 1\n\n", EVENTS), done.append)

    assert [b"id: 1\n\n"] == done[0].chunks


def test_picture_survives_in_a_file_of_its_own():
    kind = "application/octet-stream"
    picture = PNG + b"\0" * 2_000
    story = [ask("POST /v2/pet/1/uploadImage", picture, content_type=kind)]
    cassette = recorded(story)
    name = cassette.exchanges[0].request.file

    assert name is not None
    assert picture == cassette.fetch(name)
    assert "PNG" not in dump(cassette)


def test_threads_record_one_after_another():
    target = Cassette()
    session = Session(Tape([]), mode="record", target=target)
    with EngineDoor(clock=clock) as engine:
        threads = [
            threading.Thread(target=played, args=(session, ask("GET /pet/1"), engine))
            for _ in range(8)
        ]
        for one in threads:
            one.start()
        for one in threads:
            one.join()

    names = [f"getPetById-{number}" for number in range(1, 9)]
    assert names == sorted(one.id for one in target.exchanges)


@pytest.mark.parametrize("seed", ["empty", 3, "public"])
async def test_both_doors_begin_alike(seed):
    with EngineDoor(clock=clock, seed=seed) as door:
        async with AsyncEngineDoor(clock=clock, seed=seed) as beside:
            request = ask("GET /pet")
            assert text_of(door.answer(request)) == text_of(
                await beside.answer(request)
            )


def test_seeds_are_of_the_time_of_the_clock():
    with EngineDoor(clock=clock) as door:
        order = door.answer(ask("GET /store/order/1"))

    assert NOW.isoformat().replace("+00:00", "Z") in text_of(order)
