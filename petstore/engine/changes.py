"""Write and read the change log: the only history there is."""

from typing import Literal

from sqlalchemy import bindparam, select

from petstore.contract.model import Page
from petstore.contract.order import Order
from petstore.contract.pet import Pet, PetChange
from petstore.engine.instants import from_milliseconds
from petstore.engine.paging import read_cursor, write_cursor
from petstore.storage.statement import Statement
from petstore.storage.tables import CHANGE
from petstore.storage.transaction import Action, Row, Tx

_PAGE = Statement(
    select(
        CHANGE.c.seq,
        CHANGE.c.version,
        CHANGE.c.action,
        CHANGE.c.at,
        CHANGE.c.actor,
        CHANGE.c.body,
    )
    .where(
        CHANGE.c.kind == bindparam("kind"),
        CHANGE.c.entity_id == bindparam("entity_id"),
        CHANGE.c.version > bindparam("after_version"),
    )
    .order_by(CHANGE.c.version)
    .limit(bindparam("row_count"))
)


def record(
    tx: Tx, kind: Literal["pet", "order"], entity: Pet | Order, action: Action
) -> None:
    """Log an entity as it was just written; a door sends the same text on."""
    assert entity.version is not None
    # Half the time of model_dump_json, and this is every POST.
    text = entity.__pydantic_serializer__.to_json(
        entity, by_alias=True, exclude_none=True
    )
    tx.written = (entity, text)
    tx.log(kind, entity.id, entity.version, action, text.decode())


def pet_history(
    tx: Tx, pet_id: int, *, limit: int, cursor: str | None
) -> Page[PetChange]:
    """Return a page of the writes of one pet, oldest first."""
    after = read_cursor(cursor, "version", (int,)) or (0,)
    rows = tx.rows(
        _PAGE,
        {
            "kind": "pet",
            "entity_id": pet_id,
            "after_version": after[0],
            "row_count": limit + 1,
        },
    )
    kept = [_change(row) for row in rows[:limit]]
    has_more = len(rows) > limit
    next_cursor = write_cursor("version", (kept[-1].version,)) if has_more else None
    return Page[PetChange](items=kept, next_cursor=next_cursor)


def _change(row: Row) -> PetChange:
    seq, version, action, at, actor, body = row
    return PetChange(
        seq=seq,
        version=version,
        action=action,
        at=from_milliseconds(at),
        actor=actor,
        pet=None if body is None else Pet.model_validate_json(body),
    )
