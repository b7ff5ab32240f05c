"""Read users from rows and write them to rows."""

from typing import Any

from sqlalchemy import and_, bindparam, delete, select, update

from petstore.contract.role import Role
from petstore.contract.user import User, UserDraft
from petstore.storage.statement import Statement
from petstore.storage.tables import SHOP_USER, TOKEN
from petstore.storage.transaction import Action, Row, Tx, overtaken

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
_INSERT = Statement.inserting(lambda insert: insert(SHOP_USER).on_conflict_do_nothing())
_IS_UNCHANGED = and_(
    SHOP_USER.c.id == bindparam("user_id"),
    SHOP_USER.c.version == bindparam("base_version"),
)
_UPDATE = Statement(
    update(SHOP_USER)
    .where(_IS_UNCHANGED)
    .values({name: bindparam(name) for name in (*_FIELDS, "version", "updated_at")})
)
_HOLD = Statement(
    update(SHOP_USER).where(_IS_UNCHANGED).values(version=SHOP_USER.c.version)
)
_DELETE = Statement(delete(SHOP_USER).where(_IS_UNCHANGED))
_DELETE_TOKENS = Statement(delete(TOKEN).where(TOKEN.c.user_id == bindparam("owner")))


class StoredUser:
    """Hold a user as stored: with the password or its hash, and the role."""

    __slots__ = ("role", "user")

    def __init__(self, user: User, role: Role) -> None:
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
    return StoredUser(user_of(row), role=Role(row[9]))


def insert_user(tx: Tx, user_id: int, draft: UserDraft, *, role: Role) -> User:
    """
    Store a new user under an id and a name that none has; writes one change.

    Raises:
        Overtaken: Somebody else took one of them at the same moment.
    """
    # A user of this id may have lived before: its versions go on, not back.
    last_version = tx.last_version("user", user_id)
    user = _as_user(user_id, draft, version=last_version + 1)
    values = {**_values(user), "id": user_id, "role": role.value}
    times = {"created_at": tx.now, "updated_at": tx.now}
    if tx.run(_INSERT, {**values, **times}) == 0:
        raise overtaken("user", user_id)
    _log(tx, user, "create")
    return user


def update_user(tx: Tx, stored: User, draft: UserDraft) -> User:
    """
    Store the next version of a user; writes one change.

    A draft without password keeps the stored one: nobody can send back what a shop
    never showed. A new password ends the user's tokens.

    Raises:
        Overtaken: Somebody else wrote it at the same moment.
    """
    if draft.password is None:
        draft = draft.model_copy(update={"password": stored.password})
    user = _as_user(stored.id, draft, version=_version(stored) + 1)
    _run_guarded(tx, _UPDATE, stored, {**_values(user), "updated_at": tx.now})
    if user.password != stored.password:
        tx.run(_DELETE_TOKENS, {"owner": stored.id})
    _log(tx, user, "update")
    return user


def delete_user(tx: Tx, user: User) -> None:
    """
    Remove a user and the user's tokens; writes one change.

    Raises:
        Overtaken: Somebody else wrote it at the same moment.
    """
    # The user first, for that waits until a login that holds the user is through.
    _run_guarded(tx, _DELETE, user, {})
    tx.run(_DELETE_TOKENS, {"owner": user.id})
    tx.log("user", user.id, _version(user) + 1, "delete", None)


def hold_user(tx: Tx, user: User) -> None:
    """
    Keep everybody else from changing or removing a user while the unit runs.

    Raises:
        Overtaken: Somebody did already.
    """
    _run_guarded(tx, _HOLD, user, {})


def _run_guarded(
    tx: Tx, statement: Statement, user: User, params: dict[str, Any]
) -> None:
    guard = {"user_id": user.id, "base_version": user.version}
    if tx.run(statement, {**params, **guard}) == 0:
        raise overtaken("user", user.id)


def _version(user: User) -> int:
    assert user.version is not None
    return user.version


def _as_user(user_id: int, draft: UserDraft, *, version: int) -> User:
    fields = {name: getattr(draft, name) for name in _FIELDS}
    return User.model_construct(id=user_id, **fields, version=version)


def _values(user: User) -> dict[str, Any]:
    values = {name: getattr(user, name) for name in _FIELDS}
    return {**values, "version": user.version}


def _log(tx: Tx, user: User, action: Action) -> None:
    body = user.model_dump_json(exclude_none=True, exclude={"password"})
    tx.log("user", user.id, _version(user), action, body)
