"""Execute the operations on users."""

from collections.abc import Hashable, Sequence
from typing import cast

from sqlalchemy import BindParameter, Select, bindparam, select

from petstore.contract.arguments import PAGE_SIZE_DEFAULT
from petstore.contract.call import Reply
from petstore.contract.checks import check_username
from petstore.contract.errors import Conflicted, FieldProblem, Invalid, NotFound
from petstore.contract.model import Page
from petstore.contract.role import Role
from petstore.contract.user import User, UserDraft
from petstore.engine.conditions import require_version, unless_known
from petstore.engine.context import Context
from petstore.engine.ids import given_id
from petstore.engine.paging import read_cursor, write_cursor
from petstore.engine.roles import remove_user
from petstore.engine.user_rows import (
    COLUMNS,
    StoredUser,
    find,
    find_by_id,
    insert_user,
    update_user,
    user_of,
)
from petstore.storage.statement import Statement, Value
from petstore.storage.tables import SHOP_USER
from petstore.storage.transaction import Tx


def get(
    tx: Tx,
    context: Context,
    *,
    username: str,
    unless_version: Sequence[int] | None = None,
) -> User | Reply[None]:
    """Return a user, or 304 for one that the caller knows, or raise NotFound."""
    user = _shown(_stored(tx, username).user, context)
    return user if unless_version is None else unless_known(user, unless_version)


def create(
    tx: Tx, context: Context, *, user: UserDraft, location: str = "body"
) -> User | None:
    """
    Store a new user.

    Args:
        location: Where the user stands in the input.

    Returns:
        The user; None where a user without a name is answered and not stored.

    Raises:
        Conflicted: The name or the id is taken, and the policy does not replace.
        Invalid: It has no name, or one that no path leads to.
    """
    if not user.username:
        if context.policy.nameless_users:
            return None
        raise Invalid(
            "A user needs a username.",
            fields=(FieldProblem(f"{location}.username", "is required", "missing"),),
            reason="body",
        )
    if not context.policy.any_username:
        check_username(user.username, f"{location}.username")
    user_id = given_id(user.id)
    taken = find(tx, user.username)
    if taken is None and user_id is not None:
        taken = find_by_id(tx, user_id)
    if taken is None:
        user_id = user_id or tx.next_id("user")
        return _shown(insert_user(tx, user_id, user, role=Role.CUSTOMER), context)
    if not context.policy.replace_existing:
        what = f"username {user.username}"
        if taken.user.username != user.username:
            what = f"id {user_id}"
        raise Conflicted(f"The {what} is taken; choose another one.")
    return _shown(update_user(tx, taken.user, user), context)


def create_many(tx: Tx, context: Context, *, users: list[UserDraft]) -> list[User]:
    """
    Store several users, all or none.

    Raises:
        Conflicted, Invalid: One of them cannot be stored, as `create`.
    """
    created = [
        create(tx, context, user=user, location=f"body.{index}")
        for index, user in enumerate(users)
    ]
    return [user for user in created if user is not None]


def replace(
    tx: Tx,
    context: Context,
    *,
    username: str,
    user: UserDraft,
    if_version: Sequence[int] | None = None,
) -> User | None:
    """
    Replace a user; a name in the body renames, the id stays.

    Returns:
        As `create` where the policy creates a user that is missing.

    Raises:
        NotFound: No such user, and the policy does not create one.
        Stale: The user has another version.
        Conflicted: The new name is taken.
        Invalid: No path leads to the new name.
    """
    draft = user.model_copy(update={"username": user.username or username})
    stored = find(tx, username)
    if stored is None:
        if not context.policy.create_missing:
            raise _no_user(username)
        return create(tx, context, user=draft)
    _require_version(stored, if_version)
    name = draft.username or username
    if name != username:
        _check_new_name(tx, context, name)
    return _shown(update_user(tx, stored.user, draft), context)


def delete(
    tx: Tx, _: Context, *, username: str, if_version: Sequence[int] | None = None
) -> None:
    """
    Delete a user and end the user's tokens.

    Raises:
        NotFound: No such user.
        Stale: The user has another version.
        RuleBroken: It would leave the shop without an owner.
    """
    stored = _stored(tx, username)
    _require_version(stored, if_version)
    remove_user(tx, stored)


def list_page(
    tx: Tx,
    context: Context,
    *,
    sort: str = "username",
    limit: int = PAGE_SIZE_DEFAULT,
    cursor: str | None = None,
) -> Page[User]:
    """Return a page of users by name."""
    after = read_cursor(cursor, sort, (str,))
    params: dict[str, Value] = {"row_count": limit + 1}
    if after is not None:
        params["after_name"] = after[0]
    rows = tx.rows(_PAGE((sort, after is not None)), params)
    users = [_shown(user_of(row), context) for row in rows[:limit]]
    has_more = len(rows) > limit
    next_cursor = write_cursor(sort, (users[-1].username,)) if has_more else None
    return Page[User].model_construct(items=users, next_cursor=next_cursor)


def _build(shape: Hashable) -> Select[tuple[object, ...]]:
    sort, has_after = cast(tuple[str, bool], shape)
    name = SHOP_USER.c.username
    is_descending = sort.startswith("-")
    statement = select(*COLUMNS)
    if has_after:
        mark: BindParameter[str] = bindparam("after_name")
        statement = statement.where(name < mark if is_descending else name > mark)
    return statement.order_by(name.desc() if is_descending else name).limit(
        bindparam("row_count")
    )


_PAGE = Statement.of(_build)


def _stored(tx: Tx, username: str) -> StoredUser:
    stored = find(tx, username)
    if stored is None:
        raise _no_user(username)
    return stored


def _require_version(stored: StoredUser, if_version: Sequence[int] | None) -> None:
    require_version(stored.user, if_version, what=f"User {stored.user.username}")


def _check_new_name(tx: Tx, context: Context, name: str) -> None:
    if not context.policy.any_username:
        check_username(name, "body.username")
    if find(tx, name) is not None:
        raise Conflicted(f"The username {name} is taken; choose another one.")


def _no_user(username: str) -> NotFound:
    return NotFound(f"There is no user {username}.")


def _shown(user: User, context: Context) -> User:
    """Return the user as anybody may see it: a shop never shows a password."""
    if context.profile.keeps_passwords:
        return user
    return user.model_copy(update={"password": None})
