"""Know who calls: tokens, api keys, roles, and what they may do."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, Final

from sqlalchemy import bindparam, delete, insert, select

from petstore.contract.arguments import (
    PLACE_ORDERS,
    READ_PETS,
    READ_USERS,
    SCOPES,
    WRITE_ORDERS,
    WRITE_PETS,
)
from petstore.contract.call import Call
from petstore.contract.errors import Forbidden, Unauthorized
from petstore.contract.role import Role
from petstore.contract.user import Token, TokenInfo
from petstore.engine.context import NOBODY, Context, Credentials, Principal
from petstore.engine.instants import from_milliseconds
from petstore.storage.statement import Statement
from petstore.storage.tables import SHOP_USER, TOKEN
from petstore.storage.transaction import Tx

TOKEN_LIFE_MS: Final = 60 * 60 * 1000
ROLE_SCOPES: Final[Mapping[Role, frozenset[str]]] = {
    Role.OWNER: frozenset(SCOPES),
    Role.CLERK: WRITE_PETS | PLACE_ORDERS | WRITE_ORDERS | READ_USERS,
    # No document asks for anything to place an order, so no scope of a clerk may be
    # needed. To change one is another matter: an order names no customer.
    Role.CUSTOMER: READ_PETS | PLACE_ORDERS,
}

_FIND = Statement(
    select(
        TOKEN.c.hash,
        TOKEN.c.user_id,
        TOKEN.c.scopes,
        TOKEN.c.expires_at,
        TOKEN.c.label,
        SHOP_USER.c.username,
    )
    .select_from(TOKEN.outerjoin(SHOP_USER, SHOP_USER.c.id == TOKEN.c.user_id))
    .where(TOKEN.c.hash == bindparam("wanted_hash"))
)
_INSERT = Statement(insert(TOKEN))
_DELETE = Statement(delete(TOKEN).where(TOKEN.c.hash == bindparam("wanted_hash")))
_DELETE_EXPIRED = Statement(
    delete(TOKEN).where(
        TOKEN.c.user_id == bindparam("owner"), TOKEN.c.expires_at <= bindparam("now")
    )
)


def hash_token(token: str) -> str:
    """Return what a store keeps of a token: 128 random bits need no slow hash."""
    # Whoever sends it may send bytes that are no text.
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


def authenticate(tx: Tx, credentials: Credentials) -> Principal:
    """
    Return who sent the credentials; of two that are valid, the token's user.

    Returns:
        NOBODY where nothing was sent, or nothing that is valid (any more).
    """
    if not (credentials.bearer or credentials.api_key):
        return NOBODY
    return next(_known(tx, credentials), NOBODY)


def authorize(tx: Tx, credentials: Credentials, call: Call[Any]) -> Principal:
    """
    Return whose credential allows the call; of two that were sent, one is enough.

    Raises:
        Unauthorized: None of them is valid (any more).
        Forbidden: None of them has all scopes; the message names what is missing.

    Source: OpenAPI 3.1, security requirement objects are alternatives.
    """
    operation = call.operation
    if not operation.scopes:
        return authenticate(tx, credentials)
    shortages: list[frozenset[str]] = []
    for principal in _known(tx, credentials):
        shortage = operation.scopes - principal.scopes
        if not shortage or _is_own(principal, call):
            return principal
        shortages.append(shortage)
    if shortages:
        fewest = min(shortages, key=len)
        missing = ", ".join(sorted(fewest))
        raise Forbidden(f"{operation.id} also needs the scopes {missing}.")
    needed = ", ".join(sorted(operation.scopes))
    raise Unauthorized(
        f"{operation.id} needs the scopes {needed}, and this request carries no"
        " credential, or one that is unknown or has expired: send the header"
        " api_key, or log in and send Authorization: Bearer."
    )


def _known(tx: Tx, credentials: Credentials) -> Iterator[Principal]:
    """Yield who holds each credential that is valid, looking up as few as needed."""
    for sent in (credentials.bearer, credentials.api_key):
        row = tx.row(_FIND, {"wanted_hash": hash_token(sent)}) if sent else None
        if row is None:
            continue
        token_hash, user_id, scopes, expires_at, label, username = row
        has_expired = expires_at is not None and expires_at <= tx.now
        is_orphan = user_id is not None and username is None
        if not (has_expired or is_orphan):
            yield Principal(
                name=username or label,
                user_id=user_id,
                scopes=frozenset(scopes.split()),
                token_hash=token_hash,
                expires_at_ms=expires_at,
            )


def _is_own(principal: Principal, call: Call[Any]) -> bool:
    own = call.operation.own
    return (
        own is not None
        and principal.is_user
        and bool(call.arguments[own] == principal.name)
    )


def issue_token(tx: Tx, token: str, *, user_id: int, role: Role) -> Token:
    """Keep a new token for a user, and drop the user's expired ones."""
    tx.run(_DELETE_EXPIRED, {"owner": user_id, "now": tx.now})
    expires_at = tx.now + TOKEN_LIFE_MS
    scopes = " ".join(sorted(ROLE_SCOPES[role]))
    add_credential(
        tx, token, scopes=scopes, user_id=user_id, expires_at=expires_at, label=None
    )
    return Token(access_token=token, expires_at=from_milliseconds(expires_at))


def add_credential(
    tx: Tx,
    token: str,
    *,
    scopes: str,
    user_id: int | None = None,
    expires_at: int | None = None,
    label: str | None = None,
) -> None:
    """Keep a token of a user, or an api key under a label."""
    tx.run(
        _INSERT,
        {
            "hash": hash_token(token),
            "user_id": user_id,
            "scopes": scopes,
            "created_at": tx.now,
            "expires_at": expires_at,
            "label": label,
        },
    )


def describe(_: Tx, context: Context) -> TokenInfo:
    """
    Describe the credential of the call; with auth=off anybody may do everything.

    Raises:
        Unauthorized: There is none, or none that is valid (any more).
    """
    principal, is_enforced = context.principal, context.profile.auth == "on"
    if is_enforced and principal is NOBODY:
        raise Unauthorized(
            "This request carries no credential, or one that is unknown or has expired."
        )
    expires_at = principal.expires_at_ms
    return TokenInfo(
        username=principal.name,
        scopes=sorted(principal.scopes if is_enforced else SCOPES),
        expires_at=None if expires_at is None else from_milliseconds(expires_at),
    )


def revoke(tx: Tx, context: Context) -> None:
    """End the token of the call; an api key stays, it belongs to no login."""
    if context.principal.token_hash is not None and context.principal.is_user:
        tx.run(_DELETE, {"wanted_hash": context.principal.token_hash})
