"""Prepare a new store: what it is for, its first data, and back to that."""

import itertools
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, TypeVar

from sqlalchemy import bindparam, delete, select, update

from petstore.contract.arguments import SCOPES
from petstore.contract.errors import ConfigError, Invalid, Unavailable
from petstore.contract.order import OrderDraft
from petstore.contract.pet import PetDraft
from petstore.contract.role import Role
from petstore.contract.user import UserDraft
from petstore.engine import identity, order_rows, pet_rows, user_rows
from petstore.engine.ids import given_id
from petstore.engine.passwords import Hasher, new_password, protected
from petstore.engine.profile import ProfileName
from petstore.engine.seeds import PetSource, Seed
from petstore.storage.ledger import LOG_BEGIN_FACT, LOG_NAME_FACT, new_log_name
from petstore.storage.statement import Statement
from petstore.storage.tables import (
    CHANGE,
    COUNTER,
    IDEMPOTENCY,
    INVENTORY,
    META,
    PET,
    PET_TAG,
    PHOTO,
    PURCHASE_ORDER,
    SHOP_USER,
    TOKEN,
)
from petstore.storage.transaction import Tx

SANDBOX_KEY: Final = "special-key"
OWNER_NAME: Final = "owner"
UNIT_LENGTH: Final = 1_000
# The one fact that every store has once it is filled, and keeps for ever.
KIND_FACT: Final = "profile.kind"
_CLAIM: Final = "filling"

_META = Statement(select(META.c.value).where(META.c.name == bindparam("fact")))
_SET_META = Statement.inserting(
    lambda insert: (
        insert(META)
        .values(name=bindparam("fact"), value=bindparam("text"))
        .on_conflict_do_update(
            index_elements=["name"], set_={"value": bindparam("text")}
        )
    )
)
_KEEP_META = Statement(
    update(META)
    .where(META.c.name == bindparam("fact"), META.c.value == bindparam("text"))
    .values(value=META.c.value)
)
_DROP_META = Statement(delete(META).where(META.c.name == bindparam("fact")))
# Tags before pets: they refer to them.
_EMPTY = [
    Statement(delete(table))
    for table in (PET_TAG, PET, PURCHASE_ORDER, SHOP_USER, TOKEN, INVENTORY)
] + [Statement(delete(table)) for table in (CHANGE, PHOTO, IDEMPOTENCY)]
_REWIND = Statement(update(COUNTER).where(COUNTER.c.name != "clock").values(value=0))
# Whoever follows the log has to notice that it ends here, so the clock goes on.
_END_LOG = Statement(
    update(COUNTER)
    .where(COUNTER.c.name == "clock", COUNTER.c.value > 0)
    .values(value=COUNTER.c.value + 1)
    .returning(COUNTER.c.value)
)
_ANY_OWNER = Statement(
    select(SHOP_USER.c.id).where(SHOP_USER.c.role == Role.OWNER.value).limit(1)
)

Unit = Callable[[Tx], None]
D = TypeVar("D", PetDraft, OrderDraft, UserDraft)


@dataclass(frozen=True, slots=True)
class Account:
    """Hold the first account of a shop; the password is shown once and kept hashed."""

    username: str
    password: str


def profile_name(tx: Tx) -> ProfileName | None:
    """Return what the store was made for; None for a new one."""
    row = tx.row(_META, {"fact": KIND_FACT})
    if row is None:
        return None
    return "shop" if row[0] == "shop" else "sandbox"


def check_kind(stored: ProfileName | None, asked: ProfileName) -> None:
    """
    Refuse to run a store as something that it was not made for.

    Raises:
        ConfigError: It was made for the other profile.
    """
    if stored is None or stored == asked:
        return
    reason = (
        "a sandbox keeps passwords readable"
        if stored == "sandbox"
        else "a sandbox would keep passwords readable in it"
    )
    raise ConfigError(
        f"This store was made with profile={stored} and cannot be opened with"
        f" profile={asked}: {reason}. Use profile={stored}, or another store."
    )


def claimed(units: Iterable[Unit]) -> Iterator[Unit]:
    """
    Yield the units that fill a store which others may open at this moment.

    Whoever begins last goes on, from an empty store; the others are stopped at their
    next unit. So the data are whole, whoever wins.

    Raises:
        Unavailable: In a unit: somebody else fills the store, or has filled it.
    """
    claim = secrets.token_hex(8)
    yield partial(_claim, claim=claim)
    for unit in units:
        yield partial(_run_claimed, unit=unit, claim=claim)


def hashed(seed: Seed, hasher: Hasher) -> Seed:
    """
    Return the seed as a shop stores it: with hashes in place of passwords.

    Raises:
        ConfigError: A password is too short.
    """
    try:
        users = [
            protected(user, hasher, location=f"users[{index}]")
            for index, user in enumerate(seed.users)
        ]
    except Invalid as error:
        (fault,) = error.fields
        raise ConfigError(f"The seed's {fault.field} {fault.message}.") from error
    return replace(seed, users=users)


def first_units(kind: ProfileName, seed: Seed) -> Iterator[Unit]:
    """
    Yield the units that fill a new store; the last one marks it as filled.

    Args:
        seed: As the store keeps it; see `hashed`.
    """
    for part in _parts(seed.pets):
        yield partial(_add_pets, pets=part)
    yield partial(_add_rest, orders=seed.orders, users=seed.users)
    if kind == "sandbox":
        yield _add_sandbox_key
    yield partial(_mark, kind=kind)


def empty(tx: Tx) -> None:
    """Remove everything but what the store is for."""
    for statement in _EMPTY:
        tx.run(statement)
    tx.run(_REWIND)
    begin_log(tx)
    ended = tx.row(_END_LOG)
    if ended is not None:
        tx.run(_SET_META, {"fact": LOG_BEGIN_FACT, "text": str(ended[0])})


def begin_log(tx: Tx, name: str | None = None) -> None:
    """
    Let no place of the log so far be taken for one from now on.

    Args:
        name: What no other log has, in hexadecimal digits; random unless given.
    """
    tx.run(_SET_META, {"fact": LOG_NAME_FACT, "text": name or new_log_name()})


def has_owner(tx: Tx) -> bool:
    """Return whether anybody owns the shop."""
    return tx.row(_ANY_OWNER) is not None


def new_owner() -> Account:
    """Return an account for the first owner, with a random password."""
    return Account(OWNER_NAME, new_password())


def _parts(pets: PetSource) -> Iterator[list[PetDraft]]:
    # A source that makes its pets as it goes leaves their ids to the store.
    left = iter(_chosen_first(pets) if isinstance(pets, Sequence) else pets)
    while part := list(itertools.islice(left, UNIT_LENGTH)):
        yield part


def _chosen_first(drafts: Iterable[D]) -> list[D]:
    """Put those that name their id first, lest another is given it before them."""
    return sorted(drafts, key=lambda draft: given_id(draft.id) is None)


def _add_pets(tx: Tx, pets: list[PetDraft]) -> None:
    for pet in pets:
        pet_rows.insert_pet(tx, given_id(pet.id) or tx.next_id("pet"), pet)


def _add_rest(tx: Tx, orders: Sequence[OrderDraft], users: Sequence[UserDraft]) -> None:
    for order in _chosen_first(orders):
        order_id = given_id(order.id) or tx.next_id("order")
        order_rows.insert_order(tx, order_id, order)
    for user in _chosen_first(users):
        user_id = given_id(user.id) or tx.next_id("user")
        user_rows.insert_user(tx, user_id, user, role=Role.CUSTOMER)


def _add_sandbox_key(tx: Tx) -> None:
    scopes = " ".join(sorted(SCOPES))
    identity.add_credential(tx, SANDBOX_KEY, scopes=scopes, label=SANDBOX_KEY)


def _mark(tx: Tx, kind: ProfileName) -> None:
    tx.run(_SET_META, {"fact": KIND_FACT, "text": kind})
    tx.run(_DROP_META, {"fact": _CLAIM})


def _claim(tx: Tx, claim: str) -> None:
    # First the claim: it waits for the last unit of whoever is about to be done.
    tx.run(_SET_META, {"fact": _CLAIM, "text": claim})
    if profile_name(tx) is not None:
        raise _filled_by_another()


def _run_claimed(tx: Tx, unit: Unit, claim: str) -> None:
    if tx.run(_KEEP_META, {"fact": _CLAIM, "text": claim}) == 0:
        raise _filled_by_another()
    unit(tx)


def _filled_by_another() -> Unavailable:
    return Unavailable("Another process fills this store at this moment; try again.")
