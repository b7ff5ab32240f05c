"""Read users from rows and write them to rows."""

from typing import Any

from sqlalchemy import and_, bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from petstore.contract.errors import Unavailable
from petstore.contract.user import User, UserDraft
from petstore.storage.statement import Statement
from petstore.storage.tables import CHANGE, SHOP_USER, TOKEN
from petstore.storage.transaction import Action, Row, Tx

_FIELDS = (
    "username",
    "first_name",
    "last_name",
    "email",
    "password",
    "phone",
    "user_status",
)
COLUMNS = (
    SHOP_USER.c.id,
    *(SHOP_USER.c[name] for name in _FIELDS),
    SHOP_USER.c.version,
    SHOP_USER.c.role,
)
_BY_NAME = Statement(
    select(*COLUMNS).where(SHOP_USER.c.username == bindparam("wanted_name"))
)
_BY_ID = Statement(select(*COLUMNS).where(SHOP_USER.c.id == bindparam("wanted_id")))
_INSERT = Statement(insert(SHOP_USER))
_UPDATE = Statement(
    update(SHOP_USER)
    .where(
        and_(
            SHOP_USER.c.id == bindparam("user_id"),
            SHOP_USER.c.version == bindparam("base_version"),
        )
    )
    .values({name: bindparam(name) for name in (*_FIELDS, "version", "updated_at")})
)
_DELETE = Statement(delete(SHOP_USER).where(SHOP_USER.c.id == bindparam("user_id")))
_DELETE_TOKENS = Statement(delete(TOKEN).where(TOKEN.c.user_id == bindparam("owner")))
_LAST_VERSION = Statement(
    select(func.max(CHANGE.c.version)).where(
        CHANGE.c.kind == "user", CHANGE.c.entity_id == bindparam("user_id")
    )
)


class StoredUser:
    """Hold a user as stored: with the password or its hash, and the role."""

    __slots__ = ("role", "user")

    def __init__(self, user: User, role: str) -> None:
        self.user = user
        self.role = role


def find(tx: Tx, username: str) -> StoredUser | None:
    """Return the user of that name, or None."""
    row = tx.row(_BY_NAME, {"wanted_name": username})
    return None if row is None else _stored(row)


def find_by_id(tx: Tx, user_id: int) -> StoredUser | None:
    """Return the user of that id, or None."""
    row = tx.row(_BY_ID, {"wanted_id": user_id})
    return None if row is None else _stored(row)


def user_of(row: Row) -> User:
    """Return the user of a row of COLUMNS."""
    return User.model_construct(
        id=row[0], **dict(zip(_FIELDS, row[1:8], strict=True)), version=row[8]
    )


def _stored(row: Row) -> StoredUser:
    return StoredUser(user_of(row), role=row[9])


def insert_user(tx: Tx, user_id: int, draft: UserDraft, *, role: str) -> User:
    """Store a new user; writes one change."""
    row = tx.row(_LAST_VERSION, {"user_id": user_id})
    # A user of this id may have lived before: its versions go on, not back.
    last_version = row[0] if row is not None and row[0] is not None else 0
    user = _as_user(user_id, draft, version=last_version + 1)
    values = {**_values(user), "id": user_id, "role": role}
    tx.run(_INSERT, {**values, "created_at": tx.now, "updated_at": tx.now})
    _log(tx, user, "create")
    return user


def update_user(tx: Tx, stored: User, draft: UserDraft) -> User:
    """
    Store the next version of a user; writes one change.

    A draft without password keeps the stored one: nobody can send back what a shop
    never showed. A new password ends the user's tokens.
    """
    assert stored.version is not None
    if draft.password is None:
        draft = draft.model_copy(update={"password": stored.password})
    user = _as_user(stored.id, draft, version=stored.version + 1)
    guard = {"user_id": stored.id, "base_version": stored.version}
    if tx.run(_UPDATE, {**_values(user), **guard, "updated_at": tx.now}) == 0:
        raise Unavailable(
            f"Somebody else wrote user {stored.username} at the same moment; try again.",
            retry_after=1,
        )
    if user.password != stored.password:
        tx.run(_DELETE_TOKENS, {"owner": stored.id})
    _log(tx, user, "update")
    return user


def delete_user(tx: Tx, user: User) -> None:
    """Remove a user and the user's tokens; writes one change."""
    assert user.version is not None
    tx.run(_DELETE_TOKENS, {"owner": user.id})
    tx.run(_DELETE, {"user_id": user.id})
    tx.log("user", user.id, user.version + 1, "delete", None)


def _as_user(user_id: int, draft: UserDraft, *, version: int) -> User:
    fields = {name: getattr(draft, name) for name in _FIELDS}
    return User.model_construct(id=user_id, **fields, version=version)


def _values(user: User) -> dict[str, Any]:
    values = {name: getattr(user, name) for name in _FIELDS}
    return {**values, "version": user.version}


def _log(tx: Tx, user: User, action: Action) -> None:
    assert user.version is not None
    body = user.model_dump_json(exclude_none=True, exclude={"password"})
    tx.log("user", user.id, user.version, action, body)
