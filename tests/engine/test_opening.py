"""Opening: what a store is for, its switches, its first data, and back to them."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from petstore.contract.errors import (
    ConfigError,
    NotFound,
    RuleBroken,
)
from petstore.contract.facade import AsyncPetstore
from petstore.contract.pet import PetDraft
from petstore.engine.engine import AsyncEngine
from petstore.engine.opening import open_async_engine, refill, reset, stored_profile
from petstore.engine.profile import SANDBOX, SHOP, Profile, profile
from petstore.engine.seeds import RandomPets, Seed
from petstore.storage.findings import checks
from petstore.storage.statement import Statement
from petstore.storage.tables import META, TOKEN
from tests.engine.shops import Opener, Shop, defaults
from tests.kit.builders import a_draft, an_order_draft
from tests.kit.stores import ManualClock

_TOKENS = Statement(select(TOKEN.c.hash))


# ------------------------------------------------------------------ what it is for


@pytest.mark.parametrize(("made", "asked"), [("sandbox", "shop"), ("shop", "sandbox")])
def test_store_stays_what_it_was_made_for(reopened: Opener, made, asked):
    reopened(profile=made).close()

    with pytest.raises(ConfigError, match=f"made with profile={made}"):
        reopened(profile=asked)

    for again in ({"profile": made}, {}):
        shop = reopened(**again)
        assert made == shop.engine.setup.profile.name
        shop.close()
    assert made == stored_profile(reopened.url)


def test_new_store_is_a_sandbox_unless_told(opened: Opener):
    assert opened().engine.setup.profile == SANDBOX


def test_profile_of_no_store_is_unknown(tmp_path: Path):
    assert stored_profile("memory:") is None
    assert stored_profile(str(tmp_path / "none.db")) is None
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize(
    ("switches", "expected"),
    [
        ({}, SANDBOX),
        ({"profile": "shop"}, SHOP),
        ({"auth": "on"}, Profile("sandbox", "on", "public", "lenient")),
        ({"contract": "strict"}, Profile("sandbox", "off", "strict", "lenient")),
        ({"rules": "shop"}, Profile("sandbox", "off", "public", "shop")),
        (
            {
                "profile": "shop",
                "auth": "off",
                "contract": "public",
                "rules": "lenient",
            },
            Profile("shop", "off", "public", "lenient"),
        ),
        ({"auth": None, "contract": None, "rules": None, "profile": None}, SANDBOX),
    ],
)
def test_each_switch_is_set_by_itself(lone: Opener, switches, expected):
    assert expected == lone(**switches).engine.setup.profile


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"profile": "prod"}, "no profile 'prod'; use sandbox or shop"),
        ({"auth": "maybe"}, "auth must be off or on, not 'maybe'"),
        ({"contract": "loose"}, "contract must be public or strict"),
        ({"rules": "none"}, "rules must be lenient or shop"),
        ({"sed": "empty"}, "no option 'sed'; there are auth, clock"),
        ({"seed": "none.json"}, r"'none\.json' cannot be read"),
    ],
)
def test_wrong_option_is_refused_and_the_store_let_go(
    reopened: Opener, options, message
):
    with pytest.raises(ConfigError, match=message):
        reopened(**options)

    assert reopened().pets.create(a_draft()).id == 1


def test_switches_decide_only_how_a_store_is_opened(reopened: Opener):
    shop = reopened(auth="on", rules="shop")
    shop.pets.create(a_draft())
    with pytest.raises(RuleBroken):
        shop.store.orders.place(an_order_draft(pet_id=404))
    shop.close()

    sandbox = reopened()

    assert sandbox.store.orders.place(an_order_draft(pet_id=404)).id == 1


def test_shop_without_auth_still_hides_passwords():
    assert not profile("shop", auth="off", contract="public").keeps_passwords
    assert profile("sandbox", auth="on", contract="strict").keeps_passwords


# ------------------------------------------------------------------------ the clock


@pytest.mark.parametrize("milliseconds", [1_893_456_000_678, 1_893_456_000_001, 0, -1])
def test_clock_is_read_to_the_millisecond(lone: Opener, milliseconds):
    lone.clock.now = milliseconds
    shop = lone()

    shop.pets.create(a_draft())

    (change,) = shop.changes("pet")
    assert milliseconds == change.at
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
    assert at == next(iter(shop.pets.history(1))).at


def test_clock_may_show_any_time_zone_but_must_show_one(lone: Opener):
    at = datetime(2030, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    shop = lone(clock=lambda: at)
    shop.pets.create(a_draft())

    assert shop.changes("pet")[0].at == 1_893_456_000_000
    with pytest.raises(TypeError):
        lone(clock=lambda: at.replace(tzinfo=None))


def test_clock_is_the_machines_unless_given(lone: Opener):
    shop = lone(clock=None)
    shop.pets.create(a_draft())

    assert shop.changes("pet")[0].at > lone.clock.now - 10 * 365 * 24 * 3_600_000


# ----------------------------------------------------------------- back to the start


async def opened_async(url: str, clock: ManualClock, **options: Any) -> Any:
    given: Any = {**defaults(clock), **options}
    return await open_async_engine(url, given), given


async def test_reset_brings_the_first_data_back(
    store_url: str, clock: ManualClock, tmp_path: Path
):
    engine, options = await opened_async(
        store_url, clock, seed="public", data_dir=tmp_path, auth="on"
    )
    client = AsyncPetstore(engine)
    await client.pets.create(a_draft(id=5_000))
    await client.pets.delete(1)
    await client.auth.login("user1", "XXXXXXXXXXX")

    for _ in range(2):
        await reset(engine, store_url, options)

    assert (await client.pets.get(1)).version == 1
    assert await client.store.inventory() == {"available": 7, "pending": 2, "sold": 1}
    assert (await client.pets.create(a_draft())).id == 11
    with pytest.raises(NotFound):
        await client.pets.get(5_000)
    # The public key's.
    assert len(await engine.store.read(lambda tx: tx.rows(_TOKENS))) == 1
    await engine.close()


async def faults_of(engine: AsyncEngine) -> list[str]:
    found = [await engine.store.read(look) for look in checks("sqlite").values()]
    return [fault for one in found for fault in one]


async def test_what_shares_a_commit_with_a_reset_leaves_no_trace(clock: ManualClock):
    engine, options = await opened_async("memory:", clock, seed=5)
    client = AsyncPetstore(engine)

    await asyncio.gather(
        client.pets.delete(1),
        *(client.pets.create(a_draft()) for _ in range(5)),
        reset(engine, "memory:", options),
        client.pets.create(a_draft(name="Late")),
    )

    names = {pet.id: pet.name async for pet in client.pets.list()}
    assert [1, 2, 3, 4, 5, 6] == list(names)
    assert names[6] == "Late"
    assert [] == await faults_of(engine)
    await engine.close()


async def test_reset_that_fails_leaves_what_shares_its_commit(clock: ManualClock):
    class BrokenPets:
        def __len__(self) -> int:
            return 2_000

        def __iter__(self) -> Iterator[PetDraft]:
            yield from RandomPets(1_500)
            raise OSError("the disk with the pets is gone")

    engine, _ = await opened_async("memory:", clock, seed=5)
    client = AsyncPetstore(engine)

    _, failed, _ = await asyncio.gather(
        client.pets.create(a_draft()),
        reset(engine, "memory:", {"seed": Seed(pets=BrokenPets())}),
        client.pets.create(a_draft()),
        return_exceptions=True,
    )

    assert isinstance(failed, OSError)
    assert [1, 2, 3, 4, 5, 6, 7] == [pet.id async for pet in client.pets.list()]
    assert [] == await faults_of(engine)
    await engine.close()


async def test_nobody_sees_a_store_half_reset(clock: ManualClock):
    engine, options = await opened_async("memory:", clock, seed=1_500)
    client = AsyncPetstore(engine)
    seen: set[int] = set()

    async def look() -> None:
        while not task.done():
            seen.add(sum((await client.store.inventory()).values()))
            await client.pets.create(a_draft(status="available"))
            await client.pets.delete(1)
            await client.pets.restore(1)

    task = asyncio.create_task(reset(engine, "memory:", options))
    await look()
    await task

    assert min(seen) >= 1_500
    await engine.close()


def test_refilling_gives_a_store_its_first_data_again(reopened: Opener):
    shop = reopened(seed="public")
    shop.pets.create(a_draft())

    refill(shop.engine, reopened.url, {"seed": 5, "clock": None})

    assert list(range(1, 6)) == [pet.id for pet in shop.pets.list()]
    assert [] == list(shop.users.list())
    assert [("sandbox",)] == shop.rows(
        select(META.c.value).where(META.c.name == "profile.kind")
    )
    shop.assert_sound()


def test_pictures_on_postgres_go_where_they_are_told(
    postgres_url: str, clock: ManualClock, tmp_path: Path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    opener = Opener(postgres_url, clock)
    shop: Shop = opener()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")

    writer = shop.engine.setup.blobs.writer()
    writer.write(b"some")
    name = writer.finish()
    opener.close()

    assert (tmp_path / "petstore-data" / name).read_bytes() == b"some"
