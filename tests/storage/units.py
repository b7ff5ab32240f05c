"""Write and read a small shop, with units that any test of this folder may run."""

import sqlite3
from typing import Any

import psycopg
from sqlalchemy import bindparam, delete, select, text, update
from sqlalchemy.dialects.postgresql import insert

from petstore.contract.errors import Conflicted
from petstore.storage.statement import Statement
from petstore.storage.tables import (
    CHANGE,
    COUNTER,
    INVENTORY,
    PET,
    PET_TAG,
    PURCHASE_ORDER,
    SHOP_USER,
)
from petstore.storage.transaction import Tx, overtaken

INSERT_PET = Statement(insert(PET))
INSERT_TAG = Statement(insert(PET_TAG))
INSERT_ORDER = Statement(insert(PURCHASE_ORDER))
INSERT_USER = Statement(insert(SHOP_USER))
FIND_PET = Statement(select(PET).where(PET.c.id == bindparam("pet_id")))
FIND_TAGS = Statement(
    select(PET_TAG.c.tag_id, PET_TAG.c.name)
    .where(PET_TAG.c.pet_id == bindparam("pet_id"))
    .order_by(PET_TAG.c.position)
)
CLAIM_PET = Statement.inserting(lambda insert: insert(PET).on_conflict_do_nothing())
PET_IDS = Statement(select(PET.c.id).order_by(PET.c.id))
CHANGES = Statement(select(CHANGE).order_by(CHANGE.c.seq, CHANGE.c.position))
KEPT = Statement(select(INVENTORY).order_by(INVENTORY.c.status))
RENAME_PET = Statement(
    update(PET)
    .where(PET.c.id == bindparam("pet_id"))
    .values(name=bindparam("new_name"), version=PET.c.version + 1)
)
DELETE_PETS = Statement(delete(PET))
STOCK_UP = Statement(
    insert(COUNTER).values(
        name="stock", value=bindparam("pieces", type_=COUNTER.c.value.type)
    )
)
BUY = Statement(
    update(COUNTER)
    .where(COUNTER.c.name == "stock", COUNTER.c.value >= 1)
    .values(value=COUNTER.c.value - 1)
)
COUNTER_VALUE = Statement(
    select(COUNTER.c.value).where(COUNTER.c.name == bindparam("counter"))
)
DROP_COUNTER = Statement(delete(COUNTER).where(COUNTER.c.name == bindparam("counter")))
# A unit that breaks a deferred reference fails at its COMMIT, and only there.
DEFER_REFERENCES = Statement(text("PRAGMA defer_foreign_keys=ON"))


def change(url, *statements):
    """Do to a store what no unit may do."""
    if url.startswith("postgresql"):
        with psycopg.connect(url, autocommit=True) as session:
            for statement in statements:
                session.execute(statement.encode())
        return
    connection = sqlite3.connect(url, isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


def pet_row(pet_id: int, **changed: Any) -> dict[str, Any]:
    """Return the parameters of INSERT_PET."""
    return {
        "id": pet_id,
        "category_id": 1,
        "category_name": "Dogs",
        "name": "Rex",
        "photo_urls": "[]",
        "status": "available",
        "version": 1,
        "name_folded": "rex",
        "created_at": 0,
        "updated_at": 0,
        "deleted_at": None,
        **changed,
    }


def order_row(order_id: int, **changed: Any) -> dict[str, Any]:
    """Return the parameters of INSERT_ORDER."""
    return {
        "id": order_id,
        "pet_id": 1,
        "quantity": 1,
        "ship_date": None,
        "status": "placed",
        "complete": 0,
        "version": 1,
        "created_at": 0,
        "updated_at": 0,
        "deleted_at": None,
        **changed,
    }


def user_row(user_id: int, **changed: Any) -> dict[str, Any]:
    """Return the parameters of INSERT_USER."""
    return {
        "id": user_id,
        "username": f"user{user_id}",
        "first_name": None,
        "last_name": None,
        "email": None,
        "password": None,
        "phone": None,
        "user_status": None,
        "role": "clerk",
        "version": 1,
        "created_at": 0,
        "updated_at": 0,
        **changed,
    }


def add_pet(
    tx: Tx, *, pet_id: int | None = None, name: str = "Rex", status: str = "available"
) -> int:
    """Write a pet with two tags, as the engine would, and return its id."""
    chosen = tx.next_id("pet") if pet_id is None else pet_id
    row = pet_row(chosen, name=name, status=status, created_at=tx.now)
    if tx.run(CLAIM_PET, row) == 0:
        raise overtaken("pet", chosen) if pet_id is None else Conflicted("It is taken.")
    tx.run_each(
        INSERT_TAG,
        [
            {"pet_id": chosen, "position": 0, "tag_id": 1, "name": "friendly"},
            {"pet_id": chosen, "position": 1, "tag_id": 1, "name": "small"},
        ],
    )
    tx.count(status, 1)
    tx.log("pet", chosen, 1, "create", f'{{"name": "{name}"}}')
    return chosen


def add_orphan_tag(tx: Tx) -> None:
    """Write what SQLite refuses at the COMMIT."""
    tx.rows(DEFER_REFERENCES)
    tx.run(INSERT_TAG, {"pet_id": 404, "position": 0, "tag_id": 1, "name": "lost"})


def pet_ids(tx: Tx) -> list[int]:
    """Return the ids of all pets."""
    return [pet_id for (pet_id,) in tx.rows(PET_IDS)]


def inventory(tx: Tx) -> dict[str, int]:
    """Return the inventory as it is kept."""
    return dict(tx.rows(KEPT))


def clock_value(tx: Tx) -> int:
    """Return the last `seq` that was given out."""
    (value,) = tx.row(COUNTER_VALUE, {"counter": "clock"}) or (0,)
    return int(value)
