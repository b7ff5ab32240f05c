"""
Do what a call with an idempotency key asks for once, however often it is sent.

The key is claimed first of all, in the transaction that it protects: a call that fails
leaves no claim, and one that is sent again while the first runs waits for its end. What
was answered is kept for a week.

A store keeps hashes. The key's also names who called, so nobody is answered what was
meant for somebody else. That of the arguments is keyed with the key itself, for they
may hold a password.

Source: draft-ietf-httpapi-idempotency-key-header.
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Any, Final

from pydantic_core import to_json
from sqlalchemy import bindparam, delete, select, update

from petstore.contract.arguments import IDEMPOTENCY_KEY
from petstore.contract.bodies import adapter_for
from petstore.contract.call import ByteStream, Call, Reply
from petstore.contract.errors import Conflicted, FieldProblem, Invalid
from petstore.engine.context import Context, Principal
from petstore.engine.flows import Visit, as_reply
from petstore.storage.statement import Statement, Value
from petstore.storage.tables import IDEMPOTENCY
from petstore.storage.transaction import Row, Tx

KEY_LIFE_MS: Final = 7 * 24 * 60 * 60 * 1000
# More than one, so that the old ones get fewer; few, so that no write is held up.
FORGOTTEN_COUNT_MAX: Final = 8
REPLAYED_HEADER: Final = "idempotency-replayed"
# What no answer is; it stays where a claim has no answer yet.
_UNFINISHED: Final = ""
_RETRY_AFTER_S: Final = 1

_CLAIMED = ("operation", "fingerprint", "status", "version", "body", "created_at")


def _claim(insert: Any) -> Any:
    claim = insert(IDEMPOTENCY)
    return claim.on_conflict_do_update(
        index_elements=["key"],
        set_={name: claim.excluded[name] for name in _CLAIMED},
        where=IDEMPOTENCY.c.created_at <= bindparam("forgotten_at"),
    )


_CLAIM = Statement.inserting(_claim)
_FIND = Statement(
    select(
        IDEMPOTENCY.c.fingerprint,
        IDEMPOTENCY.c.status,
        IDEMPOTENCY.c.version,
        IDEMPOTENCY.c.body,
    ).where(IDEMPOTENCY.c.key == bindparam("wanted"))
)
_FINISH = Statement(
    update(IDEMPOTENCY)
    .where(IDEMPOTENCY.c.key == bindparam("wanted"))
    .values({name: bindparam(name) for name in ("status", "version", "body")})
)
_FORGET = Statement(
    delete(IDEMPOTENCY).where(
        IDEMPOTENCY.c.key.in_(
            select(IDEMPOTENCY.c.key)
            .where(IDEMPOTENCY.c.created_at <= bindparam("forgotten_at"))
            .order_by(IDEMPOTENCY.c.created_at)
            .limit(FORGOTTEN_COUNT_MAX)
        )
    )
)


def without_key(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments that a function of a transaction takes."""
    name = IDEMPOTENCY_KEY.name
    return {key: value for key, value in arguments.items() if key != name}


def run_unit(
    tx: Tx, visit: Visit, unit: Callable[..., Any], arguments: Mapping[str, Any]
) -> Reply[Any]:
    """Execute a call by a function of a transaction; see `once`."""
    context = visit.enter(tx)
    return once(
        tx, visit, context, lambda: as_reply(unit(tx, context, **arguments), tx)
    )


def once(
    tx: Tx,
    visit: Visit,
    context: Context,
    act: Callable[[], Reply[Any]],
    *,
    content: str = "",
) -> Reply[Any]:
    """
    Act, or give the answer that the same call with the same key was given before.

    Args:
        content: Stands for a stream among the arguments.

    Raises:
        Invalid: The key came with other arguments before.
        Conflicted: Another process runs the same call, and takes long.
    """
    key = visit.call.arguments.get(IDEMPOTENCY_KEY.name)
    if key is None:
        return act()
    hashed = _hashed(key, visit.call, context.principal)
    fingerprint = _fingerprint(key, visit.call, content)
    forgotten_at = tx.now - KEY_LIFE_MS
    claim: dict[str, Value] = {
        "key": hashed,
        "operation": visit.call.operation.id,
        "fingerprint": fingerprint,
        "status": 0,
        "version": None,
        "body": _UNFINISHED,
        "created_at": tx.now,
        "forgotten_at": forgotten_at,
    }
    if not tx.claim(_CLAIM, claim, busy=_still_running()):
        return _replayed(visit.call, tx.row(_FIND, {"wanted": hashed}), fingerprint)
    tx.run(_FORGET, {"forgotten_at": forgotten_at})
    reply = act()
    body = reply.text or to_json(reply.value, by_alias=True, exclude_none=True)
    answer = {"status": reply.status, "version": reply.version, "body": body.decode()}
    tx.run(_FINISH, {"wanted": hashed, **answer})
    return reply


def _replayed(call: Call[Any], row: Row | None, fingerprint: str) -> Reply[Any]:
    if row is None:
        # A distributed store may show a claim late.
        raise _still_running()
    kept_fingerprint, status, version, body = row
    if kept_fingerprint != fingerprint:
        right = "came with other arguments before; a new request takes a new key"
        raise Invalid(
            f"This {IDEMPOTENCY_KEY.wire} {right}.",
            fields=(FieldProblem(f"header.{IDEMPOTENCY_KEY.wire}", right, "reused"),),
        )
    return Reply(
        adapter_for(call.operation.result).validate_json(body),
        version=version,
        status=status,
        headers={REPLAYED_HEADER: "true"},
    )


def _still_running() -> Conflicted:
    return Conflicted(
        f"The first request with this {IDEMPOTENCY_KEY.wire} still runs; try again in a"
        " moment.",
        retry_after=_RETRY_AFTER_S,
    )


def _hashed(key: str, call: Call[Any], principal: Principal) -> str:
    """Hash the key, for one caller and one operation; a new token is the same user."""
    owner = principal.token_hash
    if principal.is_user:
        owner = f"user {principal.user_id}"
    text = "\n".join((owner or "", call.operation.id, key))
    return hashlib.sha256(text.encode()).hexdigest()


def _fingerprint(key: str, call: Call[Any], content: str) -> str:
    arguments = {
        name: content if isinstance(value, ByteStream) else value
        for name, value in sorted(without_key(call.arguments).items())
    }
    text = to_json(arguments, by_alias=True, exclude_none=True)
    return hmac.digest(key.encode(), text, "sha256").hex()
