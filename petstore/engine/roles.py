"""
Look after the users of a store and their roles.

No operation of the contract does this: whoever holds the store itself may, and nobody
else. Passwords arrive as the store keeps them (see `passwords.protected`).
"""

from sqlalchemy import bindparam, delete, select, update

from petstore.contract.checks import check_username
from petstore.contract.errors import Conflicted, NotFound, RuleBroken
from petstore.contract.role import Role
from petstore.contract.user import UserDraft
from petstore.engine import seeding, user_rows
from petstore.engine.user_rows import StoredUser
from petstore.storage.statement import Statement
from petstore.storage.tables import META, SHOP_USER, TOKEN
from petstore.storage.transaction import Tx

_LIST = Statement(
    select(*user_rows.COLUMNS)
    .where(SHOP_USER.c.username > bindparam("after"))
    .order_by(SHOP_USER.c.username)
    .limit(bindparam("row_count"))
)
_SET_ROLE = Statement(
    update(SHOP_USER)
    .where(SHOP_USER.c.id == bindparam("wanted_id"))
    .values(role=bindparam("new_role"))
)
_END_TOKENS = Statement(delete(TOKEN).where(TOKEN.c.user_id == bindparam("wanted_id")))
_OTHER_OWNER = Statement(
    select(SHOP_USER.c.id)
    .where(
        SHOP_USER.c.role == Role.OWNER.value, SHOP_USER.c.id != bindparam("wanted_id")
    )
    .limit(1)
)
# Changes nothing, and lets units that do it through one after the other.
_HOLD_OWNERS = Statement(
    update(META).where(META.c.name == seeding.KIND_FACT).values(value=META.c.value)
)


def list_users(tx: Tx, *, after: str = "", limit: int) -> list[StoredUser]:
    """Return users with their roles by name, from the first one after a name."""
    rows = tx.rows(_LIST, {"after": after, "row_count": limit})
    return [StoredUser(user_rows.user_of(row), role=Role(row[-1])) for row in rows]


def add_user(tx: Tx, draft: UserDraft, *, role: Role) -> StoredUser:
    """
    Store a new user with a role; writes one change.

    Raises:
        Conflicted: The username is taken.
        Invalid: No path leads to it.
    """
    assert draft.username
    check_username(draft.username, "user.username")
    if user_rows.find(tx, draft.username) is not None:
        raise Conflicted(f"The username {draft.username} is taken; choose another one.")
    user = user_rows.insert_user(tx, tx.next_id("user"), draft, role=role)
    return StoredUser(user, role=role)


def add_first_owner(tx: Tx, draft: UserDraft) -> bool:
    """
    Store the owner of a shop that has none; writes one change.

    Returns:
        Whether it had none.

    Raises:
        Conflicted: Somebody has the name, and is no owner.
    """
    if seeding.has_owner(tx):
        return False
    if user_rows.find(tx, draft.username or "") is not None:
        raise Conflicted(
            f"This shop has no owner, and its user {draft.username} is none. Make that"
            f" user one: petstore user set-role {draft.username} {Role.OWNER}"
        )
    add_user(tx, draft, role=Role.OWNER)
    return True


def set_role(tx: Tx, username: str, *, role: Role) -> StoredUser:
    """
    Give a user another role, and end the user's tokens; writes one change.

    Raises:
        NotFound: No such user.
        RuleBroken: It would leave the shop without an owner.
    """
    stored = _stored(tx, username)
    if role is not Role.OWNER:
        _require_other_owner(tx, stored)
    user = user_rows.update_user(tx, stored.user, stored.user)
    tx.run(_SET_ROLE, {"wanted_id": user.id, "new_role": role.value})
    # A token carries the scopes of the role that its user had at the login.
    tx.run(_END_TOKENS, {"wanted_id": user.id})
    return StoredUser(user, role=role)


def delete_user(tx: Tx, username: str) -> None:
    """
    Delete the user of that name; see `remove_user`.

    Raises:
        NotFound: No such user.
        RuleBroken: It would leave the shop without an owner.
    """
    remove_user(tx, _stored(tx, username))


def remove_user(tx: Tx, stored: StoredUser) -> None:
    """
    Delete a user, and end the user's tokens; writes one change.

    Raises:
        RuleBroken: It would leave the shop without an owner.
    """
    _require_other_owner(tx, stored)
    user_rows.delete_user(tx, stored.user)


def _stored(tx: Tx, username: str) -> StoredUser:
    stored = user_rows.find(tx, username)
    if stored is None:
        raise NotFound(f"There is no user {username}.")
    return stored


def _require_other_owner(tx: Tx, stored: StoredUser) -> None:
    if stored.role is not Role.OWNER:
        return
    # Or two owners who go at the same moment would each see the other one stay.
    tx.run(_HOLD_OWNERS)
    if tx.row(_OTHER_OWNER, {"wanted_id": stored.user.id}) is None:
        raise RuleBroken(
            f"{stored.user.username} is the last owner; make somebody else one first."
        )
