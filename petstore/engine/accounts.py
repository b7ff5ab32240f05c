"""
Execute what handles passwords: writing users, and logging in.

Hashing is slow on purpose, so it happens outside of transactions, and what was read
before it is looked at again after it.
"""

from collections.abc import Callable, Generator, Mapping
from functools import partial
from typing import Any, Final

from petstore.contract.call import Reply
from petstore.contract.errors import TooLarge, Unauthorized
from petstore.contract.user import Token
from petstore.engine import identity, user_rows, users
from petstore.engine.flows import Flow, Read, Step, Visit, Work, Write
from petstore.engine.idempotency import run_unit, without_key
from petstore.engine.instants import from_milliseconds
from petstore.engine.passwords import is_right, protected
from petstore.engine.setup import Setup
from petstore.engine.user_rows import StoredUser
from petstore.storage.transaction import Tx

# Each takes about 0.1 s, on purpose.
HASHED_MAX: Final = 50
_UNITS: Final[Mapping[str, Callable[..., Any]]] = {
    "createUser": users.create,
    "createUsersWithArrayInput": users.create_many,
    "createUsersWithListInput": users.create_many,
    "updateUser": users.replace,
}


def write_users(visit: Visit) -> Flow:
    """
    Create or replace users; a shop hashes their passwords before.

    Raises:
        Invalid: A password is too short.
        TooLarge: A shop would have to hash too many passwords.
    """
    arguments = without_key(visit.call.arguments)
    if not visit.setup.profile.keeps_passwords:
        # Who may not write is refused before anything is hashed for them.
        yield Read(visit.enter)
        arguments = yield from _protected(arguments, visit.setup)
    unit = _UNITS[visit.call.operation.id]
    reply: Reply[Any] = yield Write(lambda tx: run_unit(tx, visit, unit, arguments))
    return reply


def log_in(visit: Visit) -> Flow:
    """
    Exchange a name and a password for a token; with auth=off anything will do.

    Raises:
        Unauthorized: One of them is wrong; which one is not said.
    """
    setup = visit.setup
    username, password = _credentials(visit.call.arguments)
    stored: StoredUser | None = yield Read(lambda tx: user_rows.find(tx, username))
    kept = None if stored is None else stored.user.password
    if setup.profile.keeps_passwords:
        is_known = is_right(kept, password, None)
    else:
        is_known = yield Work(
            "passwords", lambda: is_right(kept, password, setup.hasher())
        )
    secret = setup.random_token()
    token: Token | None = None
    if stored is not None and is_known:
        token = yield Write(lambda tx: give_token(tx, secret, stored))
    if token is None and setup.profile.auth == "off":
        expires_at = from_milliseconds(setup.clock() + identity.TOKEN_LIFE_MS)
        token = Token(access_token=secret, expires_at=expires_at)
    if token is None:
        raise Unauthorized("The username or the password is wrong.")
    return Reply(token)


def give_token(tx: Tx, secret: str, checked: StoredUser) -> Token | None:
    """
    Keep a token for a user whose password was checked.

    Returns:
        None when that is the user's password no more.
    """
    stored = user_rows.find_by_id(tx, checked.user.id)
    if stored is None or stored.user.password != checked.user.password:
        return None
    # Or a new password could end all tokens but this one.
    user_rows.hold_user(tx, stored.user)
    return identity.issue_token(tx, secret, user_id=stored.user.id, role=stored.role)


def _credentials(arguments: Mapping[str, Any]) -> tuple[str, str]:
    if "credentials" in arguments:
        credentials = arguments["credentials"]
        return credentials.username, credentials.password
    return arguments.get("username", ""), arguments.get("password", "")


def _protected(
    arguments: Mapping[str, Any], setup: Setup
) -> Generator[Step, Any, dict[str, Any]]:
    """Hash one password after the other, so that logins have their turn between."""
    hasher = setup.hasher()
    if "user" in arguments:
        hashing = partial(protected, arguments["user"], hasher, location="body")
        return {**arguments, "user": (yield Work("passwords", hashing))}
    users = arguments["users"]
    if len(users) > HASHED_MAX:
        raise TooLarge(
            f"A shop takes {HASHED_MAX} users in one call, because it hashes their"
            f" passwords; these are {len(users)}, so send them in parts."
        )
    hashed = []
    for index, user in enumerate(users):
        hashing = partial(protected, user, hasher, location=f"body.{index}")
        hashed.append((yield Work("passwords", hashing)))
    return {**arguments, "users": hashed}
