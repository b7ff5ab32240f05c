"""
Open a store in this process: the client API over the engine, no socket between.

    with petstore.open("shop.db") as client:
        client.pets.create(PetDraft(name="Rex", photo_urls=[]))
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from os import PathLike, fspath
from types import TracebackType
from typing import TypeVar, Unpack

from petstore.contract.call import Call, Reply
from petstore.contract.checks import check_fields
from petstore.contract.errors import ConfigError, NotSupported
from petstore.contract.facade import AsyncPetstore, Petstore
from petstore.engine.blobs import BlobStore, MemoryBlobs
from petstore.engine.engine import AsyncEngine, Engine
from petstore.engine.opening import Options, open_async_engine, open_engine
from petstore.engine.profile import ProfileName
from petstore.engine.seeding import begin_log, check_kind
from petstore.storage.address import shown

__all__ = ["AsyncEmbedded", "Embedded", "Options", "Snapshot", "open", "open_async"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Hold a whole store in memory as it was; give it to `restore`."""

    profile: ProfileName
    store: bytes
    blobs: Mapping[str, tuple[bytes, int]]


class Embedded(Petstore):
    """Call a store of this process; any thread may."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(_Strict(engine))
        self._engine = engine

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._engine.store.shown})"

    def snapshot(self) -> Snapshot:
        """
        Return the whole store as it is now, about 1 ms for 500 pets.

        Raises:
            NotSupported: The store is not in memory.
        """
        setup = self._engine.setup
        blobs = _in_memory(setup.blobs)
        store = self._engine.store.snapshot()
        # The pictures come last: then each one that the store names is among them.
        return Snapshot(setup.profile.name, store, blobs.snapshot())

    def restore(self, snapshot: Snapshot) -> None:
        """
        Replace the whole store by a snapshot.

        Raises:
            NotSupported: The store is not in memory.
            ConfigError: It is no snapshot, or one of another profile or of another
                version of the store; nothing changed.
        """
        setup = self._engine.setup
        _check_snapshot(snapshot, setup.profile.name)
        self._engine.store.restore(snapshot.store)
        self._engine.store.write(begin_log)
        _in_memory(setup.blobs).restore(snapshot.blobs)


class AsyncEmbedded(AsyncPetstore):
    """Call a store of this process from coroutines of one event loop."""

    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__(_AsyncStrict(engine))
        self._engine = engine

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._engine.store.shown})"

    async def snapshot(self) -> Snapshot:
        """Return the whole store as it is now; see `Embedded.snapshot`."""
        setup = self._engine.setup
        blobs = _in_memory(setup.blobs)
        store = await self._engine.store.snapshot()
        return Snapshot(setup.profile.name, store, blobs.snapshot())

    async def restore(self, snapshot: Snapshot) -> None:
        """Replace the whole store by a snapshot; see `Embedded.restore`."""
        setup = self._engine.setup
        _check_snapshot(snapshot, setup.profile.name)
        await self._engine.store.restore(snapshot.store)
        await self._engine.store.write(begin_log)
        _in_memory(setup.blobs).restore(snapshot.blobs)


class Opening:
    """Wait to be awaited, or entered with `async with`."""

    def __init__(self, store: str, options: Options) -> None:
        self._store = store
        self._options = options
        self._opened: AsyncEmbedded | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({shown(self._store)})"

    def __await__(self) -> Generator[None, None, AsyncEmbedded]:
        return self._open().__await__()

    async def __aenter__(self) -> AsyncEmbedded:
        self._opened = await self._open()
        return self._opened

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._opened is not None
        await self._opened.close()

    async def _open(self) -> AsyncEmbedded:
        return AsyncEmbedded(await open_async_engine(self._store, self._options))


def open(
    store: str | PathLike[str] = "memory:", **options: Unpack[Options]
) -> Embedded:
    """
    Open a store for callers that wait; no event loop is needed.

    Args:
        store: `memory:`, a path, `sqlite:///path` or `postgresql://…`.
        options: See `Options`.

    Raises:
        ConfigError: The store or an option is not what it should be.
        Unavailable: Postgres cannot be reached.
    """
    return Embedded(open_engine(fspath(store), options))


def open_async(
    store: str | PathLike[str] = "memory:", **options: Unpack[Options]
) -> Opening:
    """
    Open a store for the running event loop: `async with open_async() as client`.

    Args:
        store, options: As for `open`.

    Raises:
        ConfigError, Unavailable: When it is awaited, as `open`.
    """
    return Opening(fspath(store), options)


class _Strict:
    """Hold calls to the fields of the contract; the server's decode does it there."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def send(self, call: Call[T]) -> Reply[T]:
        check_fields(call)
        return self._engine.send(call)

    def close(self) -> None:
        self._engine.close()


class _AsyncStrict:
    """Do what `_Strict` does, for coroutines."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def send(self, call: Call[T]) -> Reply[T]:
        check_fields(call)
        return await self._engine.send(call)

    async def close(self) -> None:
        await self._engine.close()


def _check_snapshot(snapshot: object, asked: ProfileName) -> None:
    if not isinstance(snapshot, Snapshot):
        raise ConfigError(
            f"An object of type {type(snapshot).__name__} is no snapshot; give restore"
            " what snapshot returned."
        )
    check_kind(snapshot.profile, asked)


def _in_memory(blobs: BlobStore) -> MemoryBlobs:
    if isinstance(blobs, MemoryBlobs):
        return blobs
    raise NotSupported(
        "Only a store in memory has snapshots; use `petstore db backup`."
    )
