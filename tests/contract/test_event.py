"""Events survive however the stream is cut, and what is none is said to be none."""

from collections.abc import AsyncIterator

import pytest

from petstore.contract import event
from petstore.contract.call import ByteStream
from petstore.contract.errors import DecodeError
from petstore.contract.event import read_events, read_events_async

TEXT = (
    b"retry: 1000\nid: a.6\n\n:\n\n"
    b'event: change\nid: a.7\ndata: {"cursor":"a.7","seq":7,"kind":"pet",'
    b'"entityId":1,"version":2,"action":"delete",'
    b'"at":"2030-01-01T00:00:00Z","entity":null}\n\n'
    b'event: change\nid: a.8.0\ndata: {"cursor":"a.8.0","seq":8,"kind":"user",'
    b'"entityId":1,"version":1,"action":"create",'
    b'"at":"2030-01-01T00:00:00Z","entity":{"id":1}}\n\n: bye\n\n'
)


@pytest.mark.parametrize("size", [1, 2, 7, len(TEXT)])
async def test_events_are_read_from_pieces_of_any_size(size):
    pieces = [TEXT[start : start + size] for start in range(0, len(TEXT), size)]

    async def trickle() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    found = list(read_events(ByteStream(pieces)))

    assert [(7, None), (8, {"id": 1})] == [(one.seq, one.entity) for one in found]
    assert found == list(read_events(ByteStream(TEXT)))
    for stream in (ByteStream(trickle()), ByteStream(TEXT)):
        assert found == [one async for one in read_events_async(stream)]


def test_event_that_is_none_is_told():
    with pytest.raises(DecodeError, match="holds an event that is none") as told:
        list(read_events(ByteStream(b'data: {"seq":"secret"}\n\n')))

    assert told.value.__cause__ is None


def test_endless_block_is_no_event(monkeypatch):
    monkeypatch.setattr(event, "_BLOCK_BYTES_MAX", 10)

    with pytest.raises(DecodeError, match="no stream of events"):
        list(read_events(ByteStream(b"data: " * 10)))
