"""Remember what calls with an idempotency key were answered."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_INTEGER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the table of keys."""
    op.create_table(
        "idempotency",
        sa.Column("key", _TEXT, nullable=False),
        sa.Column("operation", _TEXT, nullable=False),
        sa.Column("fingerprint", _TEXT, nullable=False),
        sa.Column("status", _INTEGER, nullable=False),
        sa.Column("version", _INTEGER, nullable=True),
        sa.Column("body", _TEXT, nullable=False),
        sa.Column("created_at", _INTEGER, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_idempotency"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_idempotency_created_at", "idempotency", ["created_at"])
