"""A call with a key is done once, and its answer is kept for a week."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from sqlalchemy import func, select

from petstore.contract import calls
from petstore.contract.call import ByteStream
from petstore.contract.errors import Conflicted, Invalid, RuleBroken, Unauthorized
from petstore.engine import pets, seeding
from petstore.engine.context import EMBEDDED
from petstore.engine.flows import Visit
from petstore.engine.idempotency import (
    FORGOTTEN_COUNT_MAX,
    KEY_LIFE_MS,
    run_unit,
    without_key,
)
from petstore.storage.tables import IDEMPOTENCY
from petstore.storage.transaction import Tx
from tests.engine.doors import PASSWORD, Doors
from tests.engine.shops import Opener, Shop, opening
from tests.kit.builders import a_draft, a_user_draft, an_order_draft
from tests.kit.pictures import PNG, a_picture
from tests.kit.stores import ManualClock

REPLAYED = {"idempotency-replayed": "true"}
KINDS = ("pet", "order", "user")
COUNT = select(func.count()).select_from(IDEMPOTENCY)
ROWS = select(IDEMPOTENCY)


def keyed_calls(key: str, *, other: bool = False) -> dict[str, Any]:
    """Return a call of each operation that takes a key; or the same, but for a bit."""
    keyed: Any = {"idempotency_key": key}
    name = "Max" if other else "Rex"
    picture = a_picture() if other else PNG
    draft, user = a_draft(name=name), a_user_draft(first_name=name)
    return {
        "addPet": calls.add_pet(draft, **keyed),
        "placeOrder": calls.place_order(an_order_draft(quantity=1 + other), **keyed),
        "createUser": calls.create_user(user, **keyed),
        "createUsersWithArrayInput": calls.create_users_with_array([user], **keyed),
        "createUsersWithListInput": calls.create_users_with_list([user], **keyed),
        "updatePetWithForm": calls.update_pet_with_form(1, name=name, **keyed),
        "restorePet": calls.restore_pet(2 if other else 1, **keyed),
        "uploadFile": calls.upload_file(1, ByteStream(picture), **keyed),
    }


def written(shop: Shop) -> list[Any]:
    """Return all that was ever written."""
    return [shop.changes(kind) for kind in KINDS]


@pytest.fixture
def stocked(sandbox: Shop) -> Shop:
    """Give a sandbox with a pet, which `updatePetWithForm` and others need."""
    sandbox.pets.create(a_draft())
    sandbox.pets.create(a_draft())
    return sandbox


@pytest.mark.parametrize("name", keyed_calls("k"))
def test_same_call_with_the_same_key_is_done_once(stocked: Shop, name):
    first = stocked.send(keyed_calls("k")[name])
    before = written(stocked)

    again = stocked.send(keyed_calls("k")[name])

    assert (first.value, first.version, 200) == (again.value, again.version, 200)
    assert REPLAYED == again.headers
    assert {} == first.headers
    assert before == written(stocked)
    stocked.assert_sound()


@pytest.mark.parametrize("name", keyed_calls("k"))
def test_other_call_with_the_same_key_is_refused(stocked: Shop, name):
    stocked.send(keyed_calls("k")[name])
    before = written(stocked)

    with pytest.raises(Invalid, match="Idempotency-Key came with other") as refused:
        stocked.send(keyed_calls("k", other=True)[name])

    (problem,) = refused.value.fields
    assert ("header.Idempotency-Key", "reused") == (problem.field, problem.kind)
    assert before == written(stocked)


def test_key_is_one_per_operation(sandbox: Shop):
    sandbox.send(keyed_calls("k")["addPet"])

    placed = sandbox.send(keyed_calls("k")["placeOrder"])

    assert {} == placed.headers


def test_call_without_a_key_leaves_none(sandbox: Shop):
    sandbox.pets.create(a_draft())
    sandbox.users.create(a_user_draft())

    assert [(0,)] == sandbox.rows(COUNT)


def test_call_that_failed_may_be_sent_again(shop: Shop):
    """What was refused was not done, so the key is as good as new."""
    order = calls.place_order(an_order_draft(), idempotency_key="k")
    with pytest.raises(RuleBroken):
        shop.send(order)
    shop.pets.create(a_draft())

    placed = shop.send(order)

    assert ({}, 1) == (placed.headers, placed.value.id)
    assert 1 == len(shop.changes("order"))


def test_answer_is_that_of_the_first_time(sandbox: Shop):
    call = calls.add_pet(a_draft(name="Rex"), idempotency_key="k")
    sandbox.send(call)
    sandbox.pets.update(1, name="Max")
    sandbox.pets.delete(1)

    again = sandbox.send(call)

    assert ("Rex", 1) == (again.value.name, again.version)


def test_key_is_forgotten_after_a_week(sandbox: Shop, clock: ManualClock):
    call = calls.add_pet(a_draft(), idempotency_key="k")
    ids = []
    for passed_ms in (0, KEY_LIFE_MS - 1, 1, KEY_LIFE_MS - 1):
        clock.now += passed_ms
        ids.append(sandbox.send(call).value.id)

    assert [1, 1, 2, 2] == ids
    assert [(1,)] == sandbox.rows(COUNT)


def test_old_keys_are_forgotten_a_few_at_a_time(sandbox: Shop, clock: ManualClock):
    for number in range(FORGOTTEN_COUNT_MAX + 3):
        sandbox.pets.create(a_draft(), idempotency_key=f"old-{number}")
    clock.now += KEY_LIFE_MS

    counts = []
    for number in range(3):
        sandbox.pets.create(a_draft(), idempotency_key=f"new-{number}")
        counts += sandbox.rows(COUNT)

    assert [(4,), (2,), (3,)] == counts


def test_key_is_its_callers_own(doors: Doors):
    call = calls.add_pet(a_draft(), idempotency_key="k")

    def added(actor: str) -> int:
        sent = doors.sent[actor]
        return doors.shop.send_as(
            call, bearer=sent.bearer, api_key=sent.api_key
        ).value.id

    assert [1, 2, 3, 1] == [added(one) for one in ("owner", "clerk", "key", "owner")]
    assert 4 == doors.shop.send(call).value.id


def test_key_of_a_user_outlives_the_token(doors: Doors):
    call = calls.add_pet(a_draft(), idempotency_key="k")
    tokens = [doors.shop.auth.login("cleo", PASSWORD).access_token for _ in range(2)]

    replies = [doors.shop.send_as(call, bearer=token) for token in tokens]

    assert [{}, REPLAYED] == [reply.headers for reply in replies]


def test_key_opens_no_door(doors: Doors):
    """Who may do it no more is refused, known key or not."""
    call = calls.add_pet(a_draft(), idempotency_key="k")
    token = doors.shop.auth.login("cleo", PASSWORD).access_token
    doors.shop.send_as(call, bearer=token)
    doors.shop.send_as(calls.delete_token(), bearer=token)

    with pytest.raises(Unauthorized):
        doors.shop.send_as(call, bearer=token)


def test_store_keeps_neither_keys_nor_passwords_nor_their_hashes(lone: Opener):
    shop = lone(profile="shop")
    user = a_user_draft(password="correct horse")

    shop.users.create(user, idempotency_key="secret-key")
    other = calls.create_user(
        a_user_draft(password="another one"), idempotency_key="secret-key"
    )

    (row,) = shop.rows(ROWS)
    assert "secret-key" not in str(row)
    assert "horse" not in str(row)
    with pytest.raises(Invalid):
        shop.send(other)


def test_conflict_is_not_kept(sandbox: Shop):
    sandbox.pets.create(a_draft(id=7))

    for _ in range(2):
        with pytest.raises(Conflicted, match="Pet 7 exists"):
            sandbox.pets.create(a_draft(id=7), idempotency_key="k")
    assert [(0,)] == sandbox.rows(COUNT)


def test_reset_forgets_keys(sandbox: Shop):
    sandbox.pets.create(a_draft(), idempotency_key="k")

    sandbox.engine.store.write(seeding.empty)

    assert [(0,)] == sandbox.rows(COUNT)


# -------------------------------------------------------------------- postgres


def test_twelve_of_the_same_from_six_processes_are_done_once(rivals: list[Shop]):
    call = calls.add_pet(a_draft(), idempotency_key="k")

    with ThreadPoolExecutor(12) as pool:
        replies = list(pool.map(lambda shop: shop.send(call), rivals * 2))

    assert {1} == {reply.value.id for reply in replies}
    assert 1 == [reply.headers for reply in replies].count({})
    assert 1 == len(rivals[0].changes("pet"))
    rivals[0].assert_sound()


def test_call_that_waits_too_long_for_the_first_is_told_to_come_back(
    postgres_url: str, clock: ManualClock, tmp_path: Path
):
    call = calls.add_pet(a_draft(), idempotency_key="k")
    claimed, free = Event(), Event()

    def hold(tx: Tx) -> None:
        run_unit(tx, visit, pets.add, without_key(call.arguments))
        claimed.set()
        assert free.wait(10)

    impatient = f"{postgres_url}&options=-c%20lock_timeout%3D50ms"
    with (
        opening(postgres_url, clock, data_dir=tmp_path) as first,
        opening(impatient, clock, data_dir=tmp_path) as second,
        ThreadPoolExecutor(1) as pool,
    ):
        visit = Visit(call, EMBEDDED, first.engine.setup)
        holding = pool.submit(first.engine.store.write, hold)
        assert claimed.wait(10)
        with pytest.raises(Conflicted, match="still runs") as refused:
            second.send(call)
        free.set()
        holding.result()
        again = second.send(call)

    assert {"retry_after": 1} == refused.value.extra
    assert (1, REPLAYED) == (again.value.id, again.headers)
