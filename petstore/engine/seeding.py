"""Prepare a new store: what it is for, its first data, and back to that."""

import itertools
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from petstore.contract.arguments import SCOPES
from petstore.contract.errors import ConfigError, Invalid
from petstore.contract.order import OrderDraft
from petstore.contract.pet import PetDraft
from petstore.contract.user import UserDraft
from petstore.engine import identity, order_rows, pet_rows, user_rows
from petstore.engine.passwords import Hasher, default_hasher, protected
from petstore.engine.profile import ProfileName
from petstore.engine.seeds import Seed
from petstore.storage.statement import Statement
from petstore.storage.tables import (
    CHANGE,
    COUNTER,
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
OWNER: Final = "owner"
_UNIT_LENGTH: Final = 1_000

_META = Statement(select(META.c.value).where(META.c.name == bindparam("fact")))
_SET_META = Statement(
    insert(META)
    .values(name=bindparam("fact"), value=bindparam("text"))
    .on_conflict_do_update(index_elements=["name"], set_={"value": bindparam("text")})
)
# Tags before pets: they refer to them.
_EMPTY = [
    Statement(delete(table))
    for table in (PET_TAG, PET, PURCHASE_ORDER, SHOP_USER, TOKEN, INVENTORY)
] + [Statement(delete(CHANGE)), Statement(delete(PHOTO))]
_REWIND = Statement(update(COUNTER).values(value=0))
_ANY_OWNER = Statement(
    select(SHOP_USER.c.id).where(SHOP_USER.c.role == "owner").limit(1)
)

Unit = Callable[[Tx], None]


@dataclass(frozen=True, slots=True)
class Account:
    """Hold the first account of a shop; the password is shown once and kept hashed."""

    username: str
    password: str


def profile_name(tx: Tx) -> ProfileName | None:
    """Return what the store was made for; None for a new one."""
    row = tx.row(_META, {"fact": "profile.kind"})
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


def first_units(
    kind: ProfileName, seed: Seed, hasher: Callable[[], Hasher] = default_hasher
) -> Iterator[Unit]:
    """
    Yield the units that fill a new store; the last one marks it as filled.

    Args:
        hasher: Makes what a shop hashes the passwords of the seed with.

    Raises:
        ConfigError: A password of the seed is too short for a shop.
    """
    if kind == "sandbox":
        yield _add_sandbox_key
    users = seed.users if kind == "sandbox" else _protected(seed.users, hasher)
    for part in _parts(seed.pets):
        yield lambda tx, part=part: _add_pets(tx, part)  # type: ignore[misc]
    yield lambda tx: _add_rest(tx, seed.orders, users)
    yield lambda tx: _mark(tx, kind)


def empty(tx: Tx) -> None:
    """Remove everything but what the store is for."""
    for statement in _EMPTY:
        tx.run(statement)
    tx.run(_REWIND)


def has_owner(tx: Tx) -> bool:
    """Return whether anybody owns the shop."""
    return tx.row(_ANY_OWNER) is not None


def new_owner() -> Account:
    """Return an account for the first owner, with a random password."""
    return Account(OWNER, secrets.token_urlsafe(12))


def add_user(tx: Tx, user: UserDraft, *, role: str) -> None:
    """Store a user with a role; the password is hashed already."""
    user_rows.insert_user(tx, tx.next_id("user"), user, role=role)


def _parts(pets: Iterable[PetDraft]) -> Iterator[list[PetDraft]]:
    pets = iter(pets)
    while part := list(itertools.islice(pets, _UNIT_LENGTH)):
        yield part


def _add_pets(tx: Tx, pets: list[PetDraft]) -> None:
    for pet in pets:
        pet_rows.insert_pet(tx, pet.id or tx.next_id("pet"), pet)


def _protected(
    users: Sequence[UserDraft], hasher: Callable[[], Hasher]
) -> list[UserDraft]:
    try:
        return [
            protected(user, hasher(), location=f"users[{index}]")
            for index, user in enumerate(users)
        ]
    except Invalid as error:
        (fault,) = error.fields
        raise ConfigError(f"The seed's {fault.field} {fault.message}.") from error


def _add_rest(tx: Tx, orders: Sequence[OrderDraft], users: Sequence[UserDraft]) -> None:
    for order in orders:
        order_rows.insert_order(tx, order.id or tx.next_id("order"), order)
    for user in users:
        user_id = user.id or tx.next_id("user")
        user_rows.insert_user(tx, user_id, user, role="customer")


def _add_sandbox_key(tx: Tx) -> None:
    scopes = " ".join(sorted(SCOPES))
    identity.add_credential(tx, SANDBOX_KEY, scopes=scopes, label=SANDBOX_KEY)


def _mark(tx: Tx, kind: ProfileName) -> None:
    tx.run(_SET_META, {"fact": "profile.kind", "text": kind})
