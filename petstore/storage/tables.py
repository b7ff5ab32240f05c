"""
Declare the tables of a store.

They live in a metadata of their own, so that the SQLModel tables of a host
application stay untouched. Two column types exist: a 64-bit integer (also for times,
in milliseconds since the epoch in UTC, and for 0/1) and a text sorted by its bytes.
The classes say what a table holds; statements are written on the `Table` constants.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Text,
    text,
)
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

# A name for each constraint: Alembic's rebuild of a SQLite table loses unnamed ones.
METADATA = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

# STRICT refuses BIGINT, and on SQLite only INTEGER makes a key the row's own id.
_INTEGER = BigInteger().with_variant(Integer, "sqlite")
_TEXT = Text().with_variant(Text(collation="C"), "postgresql")

_STRICT = {"sqlite_strict": True}
# One tree instead of two where the key is not a single integer.
_CLUSTERED = {"sqlite_strict": True, "sqlite_with_rowid": False}


class _Base(SQLModel, registry=registry(metadata=METADATA)):
    # Nobody validates a row, so its validator is never built.
    model_config = {"defer_build": True}


def _integer(**options: Any) -> Any:
    return Field(sa_column=Column(_INTEGER, **{"nullable": False, **options}))


def _text(**options: Any) -> Any:
    return Field(sa_column=Column(_TEXT, **{"nullable": False, **options}))


def _integer_key(*constraints: ForeignKey) -> Any:
    # Without autoincrement=False Postgres makes a SERIAL of it.
    column = Column(_INTEGER, *constraints, primary_key=True, autoincrement=False)
    return Field(sa_column=column)


def _flag(name: str) -> Any:
    is_zero_or_one = CheckConstraint(f"{name} IN (0, 1)", name=name)
    return Field(sa_column=Column(_INTEGER, is_zero_or_one, nullable=False))


def _live_index(name: str, *columns: str) -> Index:
    # Naming Postgres' option here would import its dialect at every start; `schema.py`
    # reads it from `info` when it makes tables there.
    is_live = text("deleted_at IS NULL")
    return Index(name, *columns, sqlite_where=is_live, info={"where": is_live})


class PetRow(_Base, table=True):
    """Hold one pet; a deleted one stays as a tombstone."""

    __tablename__ = "pet"
    __table_args__ = (
        _live_index("ix_pet_status", "status", "id"),
        _live_index("ix_pet_name_folded", "name_folded", "id"),
        _live_index("ix_pet_category_name", "category_name", "id"),
        _live_index("ix_pet_id", "id"),
        _STRICT,
    )

    id: int = _integer_key()
    category_id: int | None = _integer(nullable=True)
    category_name: str | None = _text(nullable=True)
    name: str | None = _text(nullable=True)
    photo_urls: str = _text()
    status: str | None = _text(nullable=True)
    version: int = _integer()
    name_folded: str = _text()
    created_at: int = _integer()
    updated_at: int = _integer()
    deleted_at: int | None = _integer(nullable=True)


class PetTagRow(_Base, table=True):
    """Hold one tag of one pet, a value that the pet owns."""

    __tablename__ = "pet_tag"
    __table_args__ = (Index("ix_pet_tag_name", "name", "pet_id"), _CLUSTERED)

    pet_id: int = _integer_key(ForeignKey("pet.id"))
    position: int = _integer_key()
    tag_id: int | None = _integer(nullable=True)
    name: str | None = _text(nullable=True)


class OrderRow(_Base, table=True):
    """Hold one order; `pet_id` is no foreign key, lenient rules accept any."""

    __tablename__ = "purchase_order"
    __table_args__ = (
        _live_index("ix_purchase_order_status", "status", "id"),
        _live_index("ix_purchase_order_pet_id", "pet_id"),
        _live_index("ix_purchase_order_id", "id"),
        _STRICT,
    )

    id: int = _integer_key()
    pet_id: int | None = _integer(nullable=True)
    quantity: int | None = _integer(nullable=True)
    ship_date: int | None = _integer(nullable=True)
    status: str | None = _text(nullable=True)
    complete: int = _flag("complete")
    version: int = _integer()
    created_at: int = _integer()
    updated_at: int = _integer()
    deleted_at: int | None = _integer(nullable=True)


class UserRow(_Base, table=True):
    """Hold one user; `password` is readable in a sandbox, a hash in a shop."""

    __tablename__ = "shop_user"
    __table_args__ = (_STRICT,)

    id: int = _integer_key()
    username: str = _text(unique=True)
    first_name: str | None = _text(nullable=True)
    last_name: str | None = _text(nullable=True)
    email: str | None = _text(nullable=True)
    password: str | None = _text(nullable=True)
    phone: str | None = _text(nullable=True)
    user_status: int | None = _integer(nullable=True)
    role: str = _text()
    version: int = _integer()
    created_at: int = _integer()
    updated_at: int = _integer()


class TokenRow(_Base, table=True):
    """Hold one token or API key by its hash; a key has a label and no user."""

    __tablename__ = "token"
    __table_args__ = (Index("ix_token_user_id", "user_id"), _CLUSTERED)

    hash: str = _text(primary_key=True)
    user_id: int | None = _integer(nullable=True)
    scopes: str = _text()
    created_at: int = _integer()
    expires_at: int | None = _integer(nullable=True)
    label: str | None = _text(nullable=True)


class InventoryRow(_Base, table=True):
    """Count the live pets of one status; a status without pets has no row."""

    __tablename__ = "inventory"
    __table_args__ = (_CLUSTERED,)

    status: str = _text(primary_key=True)
    pets: int = _integer()


class CounterRow(_Base, table=True):
    """Hold the last number given out: `id.pet`, `id.order`, `id.user`, `clock`."""

    __tablename__ = "counter"
    __table_args__ = (_CLUSTERED,)

    name: str = _text(primary_key=True)
    value: int = _integer()


class ChangeRow(_Base, table=True):
    """Record one write of one entity; a unit's writes share its `seq`."""

    __tablename__ = "change"
    __table_args__ = (
        Index("ix_change_entity", "kind", "entity_id", "version"),
        _CLUSTERED,
    )

    seq: int = _integer_key()
    position: int = _integer_key()
    kind: str = _text()
    entity_id: int = _integer()
    version: int = _integer()
    action: str = _text()
    at: int = _integer()
    actor: str | None = _text(nullable=True)
    body: str | None = _text(nullable=True)


class PhotoRow(_Base, table=True):
    """Describe one stored picture; its bytes are kept beside the store."""

    __tablename__ = "photo"
    __table_args__ = (_CLUSTERED,)

    name: str = _text(primary_key=True)
    media_type: str = _text()
    size: int = _integer()
    created_at: int = _integer()


class IdempotencyRow(_Base, table=True):
    """Hold what a call with an idempotency key was answered; see `idempotency.py`."""

    __tablename__ = "idempotency"
    __table_args__ = (Index("ix_idempotency_created_at", "created_at"), _CLUSTERED)

    key: str = _text(primary_key=True)
    operation: str = _text()
    fingerprint: str = _text()
    status: int = _integer()
    version: int | None = _integer(nullable=True)
    body: str = _text()
    created_at: int = _integer()


class MetaRow(_Base, table=True):
    """Hold one fact about the store itself, such as `format`."""

    __tablename__ = "meta"
    __table_args__ = (_CLUSTERED,)

    name: str = _text(primary_key=True)
    value: str = _text()


PET = METADATA.tables["pet"]
PET_TAG = METADATA.tables["pet_tag"]
PURCHASE_ORDER = METADATA.tables["purchase_order"]
SHOP_USER = METADATA.tables["shop_user"]
TOKEN = METADATA.tables["token"]
INVENTORY = METADATA.tables["inventory"]
COUNTER = METADATA.tables["counter"]
CHANGE = METADATA.tables["change"]
PHOTO = METADATA.tables["photo"]
IDEMPOTENCY = METADATA.tables["idempotency"]
META = METADATA.tables["meta"]
