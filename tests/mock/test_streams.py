"""A stream of events is kept as one piece per event, however it travelled."""

import pytest

from petstore.contract.call import ByteStream
from petstore.mock.streams import kept_stream


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_event_ends_with_an_empty_line_of_any_kind(end):
    events = [b"id: 1" + end * 2, b"id: 2" + end + b"data: a" + end * 2]
    alive = b":" + end * 2
    kept: list[ByteStream] = []
    source = ByteStream(iter([events[0] + alive, events[1]]), "text/event-stream")

    read = kept_stream(source, kept.append)

    assert 2 == len(list(read))
    assert [events] == [one.chunks for one in kept]
