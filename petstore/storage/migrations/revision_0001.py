"""Make the first tables."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_INTEGER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_CLUSTERED = {"sqlite_strict": True, "sqlite_with_rowid": False}
_STRICT = {"sqlite_strict": True}


def upgrade() -> None:
    """Make every table, and the rows that each store has."""
    _make_pets()
    _make_orders()
    _make_users()
    _make_change()
    _make_small_tables()
    _add_rows()


def _make_pets() -> None:
    op.create_table(
        "pet",
        _integer("id"),
        _integer("category_id", nullable=True),
        _text("category_name", nullable=True),
        _text("name", nullable=True),
        _text("photo_urls"),
        _text("status", nullable=True),
        _integer("version"),
        _text("name_folded"),
        _integer("created_at"),
        _integer("updated_at"),
        _integer("deleted_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_pet"),
        **_STRICT,
    )
    _add_live_index("ix_pet_status", "pet", ["status", "id"])
    _add_live_index("ix_pet_name_folded", "pet", ["name_folded", "id"])
    _add_live_index("ix_pet_category_name", "pet", ["category_name", "id"])
    _add_live_index("ix_pet_id", "pet", ["id"])
    op.create_table(
        "pet_tag",
        _integer("pet_id"),
        _integer("position"),
        _integer("tag_id", nullable=True),
        _text("name", nullable=True),
        sa.PrimaryKeyConstraint("pet_id", "position", name="pk_pet_tag"),
        sa.ForeignKeyConstraint(["pet_id"], ["pet.id"], name="fk_pet_tag_pet_id"),
        **_CLUSTERED,
    )
    op.create_index("ix_pet_tag_name", "pet_tag", ["name", "pet_id"])


def _make_orders() -> None:
    op.create_table(
        "purchase_order",
        _integer("id"),
        _integer("pet_id", nullable=True),
        _integer("quantity", nullable=True),
        _integer("ship_date", nullable=True),
        _text("status", nullable=True),
        sa.Column(
            "complete",
            _INTEGER,
            sa.CheckConstraint("complete IN (0, 1)", name="ck_purchase_order_complete"),
            nullable=False,
        ),
        _integer("version"),
        _integer("created_at"),
        _integer("updated_at"),
        _integer("deleted_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_purchase_order"),
        **_STRICT,
    )
    _add_live_index("ix_purchase_order_status", "purchase_order", ["status", "id"])
    _add_live_index("ix_purchase_order_pet_id", "purchase_order", ["pet_id"])
    _add_live_index("ix_purchase_order_id", "purchase_order", ["id"])


def _make_users() -> None:
    op.create_table(
        "shop_user",
        _integer("id"),
        _text("username"),
        _text("first_name", nullable=True),
        _text("last_name", nullable=True),
        _text("email", nullable=True),
        _text("password", nullable=True),
        _text("phone", nullable=True),
        _integer("user_status", nullable=True),
        _text("role"),
        _integer("version"),
        _integer("created_at"),
        _integer("updated_at"),
        sa.PrimaryKeyConstraint("id", name="pk_shop_user"),
        sa.UniqueConstraint("username", name="uq_shop_user_username"),
        **_STRICT,
    )
    op.create_table(
        "token",
        _text("hash"),
        _integer("user_id", nullable=True),
        _text("scopes"),
        _integer("created_at"),
        _integer("expires_at", nullable=True),
        _text("label", nullable=True),
        sa.PrimaryKeyConstraint("hash", name="pk_token"),
        **_CLUSTERED,
    )
    op.create_index("ix_token_user_id", "token", ["user_id"])


def _make_change() -> None:
    op.create_table(
        "change",
        _integer("seq"),
        _integer("position"),
        _text("kind"),
        _integer("entity_id"),
        _integer("version"),
        _text("action"),
        _integer("at"),
        _text("actor", nullable=True),
        _text("body", nullable=True),
        sa.PrimaryKeyConstraint("seq", "position", name="pk_change"),
        **_CLUSTERED,
    )
    op.create_index("ix_change_entity", "change", ["kind", "entity_id", "version"])


def _make_small_tables() -> None:
    op.create_table(
        "inventory",
        _text("status"),
        _integer("pets"),
        sa.PrimaryKeyConstraint("status", name="pk_inventory"),
        **_CLUSTERED,
    )
    op.create_table(
        "counter",
        _text("name"),
        _integer("value"),
        sa.PrimaryKeyConstraint("name", name="pk_counter"),
        **_CLUSTERED,
    )
    op.create_table(
        "photo",
        _text("name"),
        _text("media_type"),
        _integer("size"),
        _integer("created_at"),
        sa.PrimaryKeyConstraint("name", name="pk_photo"),
        **_CLUSTERED,
    )
    op.create_table(
        "meta",
        _text("name"),
        _text("value"),
        sa.PrimaryKeyConstraint("name", name="pk_meta"),
        **_CLUSTERED,
    )


def _add_rows() -> None:
    op.execute(
        "INSERT INTO counter (name, value) VALUES"
        " ('id.pet', 0), ('id.order', 0), ('id.user', 0), ('clock', 0)"
    )
    op.execute("INSERT INTO meta (name, value) VALUES ('format', 'petstore 1')")


def _integer(name: str, *, nullable: bool = False) -> "sa.Column[int]":
    return sa.Column(name, _INTEGER, nullable=nullable, autoincrement=False)


def _text(name: str, *, nullable: bool = False) -> "sa.Column[str]":
    return sa.Column(name, _TEXT, nullable=nullable)


def _add_live_index(name: str, table: str, columns: list[str]) -> None:
    is_live: Any = sa.text("deleted_at IS NULL")
    op.create_index(
        name, table, columns, sqlite_where=is_live, postgresql_where=is_live
    )
