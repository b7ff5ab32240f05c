"""A picture is read beside the event loop, piece by piece, and holds nothing open."""

import hashlib
import threading
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any, BinaryIO, cast

import pytest

from petstore.contract import calls
from petstore.contract.call import ByteStream, Call
from petstore.contract.operations import OPERATIONS
from petstore.engine.blobs import BlobStore
from petstore.engine.context import Caller
from petstore.engine.engine import AsyncEngine
from petstore.engine.opening import open_async_engine
from tests.engine.shops import PUBLIC_V2, defaults
from tests.kit.stores import ManualClock

CONTENT = bytes(range(256)) * 4_096
NAME = hashlib.sha256(CONTENT).hexdigest()


class Watched:
    """Be a store of pictures that notes who opens them, and how many are open."""

    def __init__(self, blobs: BlobStore) -> None:
        self.threads: set[str] = set()
        self.open_count = 0
        self._blobs = blobs

    def open(self, name: str) -> BinaryIO:
        self.threads.add(threading.current_thread().name.rpartition("_")[0])
        self.open_count += 1
        watched = self

        class File(BytesIO):
            def close(self) -> None:
                watched.open_count -= not self.closed
                super().close()

        return File(self._blobs.read(name))


@pytest.fixture
async def engine(clock: ManualClock) -> AsyncIterator[AsyncEngine]:
    engine = await open_async_engine("memory:", cast(Any, defaults(clock)))
    upload: Any = {"pet_id": 1, "content": ByteStream(CONTENT)}
    await engine.send(Call(OPERATIONS["uploadFile"], upload), Caller(PUBLIC_V2))
    yield engine
    await engine.close()


@pytest.fixture
def watched(engine: AsyncEngine) -> Watched:
    watched = Watched(engine.setup.blobs)
    engine.setup = engine.setup._replace(blobs=cast(BlobStore, watched))
    return watched


async def test_picture_is_read_beside_the_loop(engine: AsyncEngine, watched: Watched):
    stream = (await engine.send(calls.get_photo(NAME))).value

    assert CONTENT == await stream.aread()
    assert {"petstore-files"} == watched.threads
    assert CONTENT == await stream.aread()


async def test_picture_that_is_left_half_read_is_not_held(
    engine: AsyncEngine, watched: Watched
):
    stream = (await engine.send(calls.get_photo(NAME))).value

    pieces = cast(AsyncIterator[bytes], aiter(cast(Any, stream.chunks)))
    first = await anext(pieces)

    assert 0 < len(first) < len(CONTENT)
    assert 0 == watched.open_count
