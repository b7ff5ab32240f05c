"""
Look after the api keys of a store.

Whoever holds the store itself may, and nobody else. A key is kept as a hash under a
label, so it can be shown once only.
"""

from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, delete, select

from petstore.contract.arguments import SCOPES
from petstore.contract.errors import Conflicted, Invalid, NotFound
from petstore.engine import identity
from petstore.engine.instants import from_milliseconds
from petstore.storage.statement import Statement
from petstore.storage.tables import TOKEN
from petstore.storage.transaction import Tx

LABEL_LENGTH_MAX: Final = 100

_LIST = Statement(
    select(TOKEN.c.label, TOKEN.c.scopes, TOKEN.c.created_at)
    .where(TOKEN.c.label > bindparam("after"))
    .order_by(TOKEN.c.label)
    .limit(bindparam("row_count"))
)
_FIND = Statement(select(TOKEN.c.hash).where(TOKEN.c.label == bindparam("wanted")))
_DELETE = Statement(delete(TOKEN).where(TOKEN.c.label == bindparam("wanted")))


@dataclass(frozen=True, slots=True)
class Key:
    """Describe an api key; the key itself is not stored."""

    label: str
    scopes: tuple[str, ...]
    created_at: datetime


def list_keys(tx: Tx, *, after: str = "", limit: int) -> list[Key]:
    """Return api keys by label, from the first one after a label."""
    rows = tx.rows(_LIST, {"after": after, "row_count": limit})
    return [
        Key(label, tuple(scopes.split()), from_milliseconds(created_at))
        for label, scopes, created_at in rows
    ]


def add_key(tx: Tx, label: str, key: str, *, scopes: Set[str]) -> None:
    """
    Keep the hash of an api key under a label.

    Raises:
        Invalid: The label is none, or there is no such scope.
        Conflicted: The label is taken.
    """
    if not label.isprintable() or not 0 < len(label.strip()) <= LABEL_LENGTH_MAX:
        raise Invalid(
            f"The label of a key must be 1 to {LABEL_LENGTH_MAX} printable characters."
        )
    if unknown := sorted(scopes - SCOPES.keys()):
        known = ", ".join(SCOPES)
        raise Invalid(f"There is no scope {unknown[0]!r}; there are {known}.")
    if tx.row(_FIND, {"wanted": label}) is not None:
        raise Conflicted(f"There is a key {label} already; choose another label.")
    identity.add_credential(tx, key, scopes=" ".join(sorted(scopes)), label=label)


def delete_key(tx: Tx, label: str) -> None:
    """
    Delete an api key; requests with it are refused from then on.

    Raises:
        NotFound: No such key.
    """
    if tx.run(_DELETE, {"wanted": label}) == 0:
        raise NotFound(f"There is no key {label}.")
