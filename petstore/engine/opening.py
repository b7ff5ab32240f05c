"""Open an engine over a store: the same steps for both kinds of caller."""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple, TypedDict

from petstore.contract.errors import ConfigError
from petstore.contract.flavours import Contract
from petstore.engine.blobs import BlobStore, DiskBlobs, MemoryBlobs
from petstore.engine.engine import AsyncEngine, Engine
from petstore.engine.instants import from_milliseconds, to_milliseconds
from petstore.engine.passwords import Hasher, default_hasher
from petstore.engine.profile import Auth, Profile, ProfileName, Rules, profile
from petstore.engine.seeding import (
    UNIT_LENGTH,
    Unit,
    check_kind,
    claimed,
    empty,
    first_units,
    hashed,
    profile_name,
)
from petstore.engine.seeds import Seed, parse_seed
from petstore.engine.setup import UPLOAD_BYTES_MAX, Setup
from petstore.storage.address import parse
from petstore.storage.pictures import directory_of
from petstore.storage.reader import Reader
from petstore.storage.store import AsyncStore, SyncStore, open_async_store, open_store
from petstore.storage.transaction import Clock, Tx

DATA_DIR: Final = Path("petstore-data")
_TOKEN_BITS: Final = 128

Progress = Callable[[int, int], None]


class Options(TypedDict, total=False):
    """
    Set up an embedded store.

    Args:
        profile: sandbox or shop; what the store was made for, or sandbox, unless given.
        auth, contract, rules: Single switches, set apart from the profile.
        seed: First data of a new store: public, empty, a number of pets, or a file.
        clock: Gives the time; the system's clock unless given.
        data_dir: Where a store on Postgres keeps pictures.
        upload_bytes_max: Size of the largest picture that is taken.
        hasher: Hashes passwords; Argon2id unless given.
        on_progress: Told the pets stored so far and in all, while a new store fills.
    """

    profile: ProfileName | None
    auth: Auth | None
    contract: Contract | None
    rules: Rules | None
    seed: str | int | Seed | None
    clock: Callable[[], datetime] | None
    data_dir: Path | None
    upload_bytes_max: int
    hasher: Hasher
    on_progress: Progress


class _Plan(NamedTuple):
    """Hold what opening needs, before the store is open."""

    url: str
    clock: Clock
    options: Options

    def equip(self, kind: ProfileName | None) -> Setup:
        options = self.options
        hasher = options.get("hasher")
        return Setup(
            profile=choose_profile(kind, options),
            clock=self.clock,
            random_token=_random_token,
            blobs=self._blobs(),
            hasher=default_hasher if hasher is None else lambda: hasher,
            upload_bytes_max=options.get("upload_bytes_max", UPLOAD_BYTES_MAX),
        )

    def filling(self, seed: Seed, chosen: Profile) -> Iterator[Unit]:
        """Yield what brings a store to its first data, whatever is in it."""
        yield empty
        progress = self.options.get("on_progress")
        total, done = len(seed.pets), 0
        for unit in first_units(chosen.name, seed):
            yield unit
            done = min(total, done + UNIT_LENGTH)
            if progress is not None:
                progress(done, total)

    def seed(self, setup: Setup) -> Seed:
        """Return the first data as the store is to keep them."""
        seed = self._given_seed(setup.profile)
        return seed if setup.profile.keeps_passwords else hashed(seed, setup.hasher())

    def _given_seed(self, chosen: Profile) -> Seed:
        given = self.options.get("seed")
        if isinstance(given, Seed):
            return given
        default = "public" if chosen.name == "sandbox" else "empty"
        now = from_milliseconds(self.clock())
        return parse_seed(str(default if given is None else given), now=now)

    def _blobs(self) -> BlobStore:
        address = parse(self.url)
        if address.kind == "memory":
            return MemoryBlobs(self.clock)
        if address.kind == "postgres":
            directory = self.options.get("data_dir") or DATA_DIR
            # Later, the program may work in another directory.
            return DiskBlobs(directory.absolute(), self.clock)
        return DiskBlobs(directory_of(address.path), self.clock)


def open_engine(url: str, options: Options) -> Engine:
    """
    Open a store for callers that wait, and fill it when it is new.

    Raises:
        ConfigError: The store or an option is not what it should be.
    """
    plan = _plan(url, options)
    store = open_store(url, clock=plan.clock)
    try:
        return Engine(store, _prepare(store, plan))
    except BaseException:
        store.close()
        raise


def _prepare(store: SyncStore, plan: _Plan) -> Setup:
    kind = store.read(profile_name)
    setup = plan.equip(kind)
    if kind is None:
        for unit in claimed(plan.filling(plan.seed(setup), setup.profile)):
            store.write(unit)
    return setup


async def open_async_engine(url: str, options: Options) -> AsyncEngine:
    """Open a store for the running event loop; see `open_engine`."""
    plan = _plan(url, options)
    store = await open_async_store(url, clock=plan.clock)
    try:
        return AsyncEngine(store, await _prepare_async(store, plan))
    except BaseException:
        await store.close()
        raise


async def _prepare_async(store: AsyncStore, plan: _Plan) -> Setup:
    kind = await store.read(profile_name)
    setup = plan.equip(kind)
    if kind is None:
        for unit in claimed(plan.filling(plan.seed(setup), setup.profile)):
            await store.write(unit)
    return setup


async def reset(engine: AsyncEngine, url: str, options: Options) -> None:
    """
    Bring a store back to its first data; pictures that no pet names stay.

    All at once: a caller who writes meanwhile could take an id that the data need.
    """
    plan, chosen = _plan(url, options), engine.setup.profile
    seed = plan.seed(engine.setup)

    def fill(tx: Tx) -> None:
        tx.start_over(plan.filling(seed, chosen))

    await engine.store.write(fill)


def refill(engine: Engine, url: str, options: Options) -> None:
    """Remove everything from a store, and give it its first data again."""
    plan, setup = _plan(url, options), engine.setup
    for unit in plan.filling(plan.seed(setup), setup.profile):
        engine.store.write(unit)


def stored_profile(url: str) -> ProfileName | None:
    """
    Return what a store was made for, without owning it.

    Returns:
        None where no store is yet, or one without its first data.

    Raises:
        ConfigError: There is something else, or the URL names no store.
        Unavailable: Postgres cannot be reached.
    """
    address = parse(url)
    is_file = address.kind == "file"
    if address.kind == "memory" or (is_file and not address.path.exists()):
        return None
    with closing(Reader(address)) as reader:
        return None if reader.revision() is None else reader.read(profile_name)


def choose_profile(kind: ProfileName | None, options: Options) -> Profile:
    """
    Return what a store is run as: as it is told, else as what it was made for.

    Raises:
        ConfigError: It was made for something else, or a switch has no such value.
    """
    asked = options.get("profile")
    if asked is not None:
        check_kind(kind, profile(asked).name)
    return profile(
        asked or kind or "sandbox",
        auth=options.get("auth"),
        contract=options.get("contract"),
        rules=options.get("rules"),
    )


def _plan(url: str, options: Options) -> _Plan:
    unknown = sorted(set(options) - set(Options.__annotations__))
    if unknown:
        known = ", ".join(sorted(Options.__annotations__))
        raise ConfigError(f"There is no option {unknown[0]!r}; there are {known}.")
    return _Plan(url, _milliseconds(options.get("clock")), options)


def _milliseconds(clock: Callable[[], datetime] | None) -> Clock:
    if clock is None:
        return _system_clock
    return lambda: to_milliseconds(clock())


def _system_clock() -> int:
    return time.time_ns() // 1_000_000  # noqa: TID251  the clock to inject


def _random_token() -> str:
    # Digits only: public clients look for a number behind "user session:".
    return str(secrets.randbits(_TOKEN_BITS))
