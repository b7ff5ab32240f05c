"""Hold what an engine function knows beside its arguments and its transaction."""

from dataclasses import dataclass
from typing import NamedTuple

from petstore.contract.arguments import SCOPES
from petstore.contract.flavours import STRICT, Policy
from petstore.engine.profile import Profile


@dataclass(frozen=True, slots=True)
class Credentials:
    """Hold what a caller sent to prove who they are; never logged."""

    api_key: str | None = None
    bearer: str | None = None

    def __repr__(self) -> str:
        return "Credentials(…)"


class Principal(NamedTuple):
    """
    Say who calls.

    Args:
        name: Username, or the label of an api key; None for nobody known.
        user_id: None for an api key and for nobody known.
        token_hash: Of the credential that was sent and is known.
        expires_at_ms: None when it does not expire.
    """

    name: str | None = None
    user_id: int | None = None
    scopes: frozenset[str] = frozenset()
    token_hash: str | None = None
    expires_at_ms: int | None = None

    @property
    def is_user(self) -> bool:
        """Whether a user logged in, rather than an api key."""
        return self.user_id is not None


NOBODY = Principal()
# Whoever holds the store itself may do everything with it.
HOLDER = Principal(scopes=frozenset(SCOPES))


class Caller(NamedTuple):
    """
    Hold what a door knows about one call.

    Args:
        policy: What the face lets the engine do beyond the operation.
        credentials: None when the caller holds the store itself and is trusted.
    """

    policy: Policy = STRICT
    credentials: Credentials | None = None


EMBEDDED = Caller()


@dataclass(slots=True)
class Context:
    """Hold the surroundings of one call."""

    profile: Profile
    policy: Policy
    principal: Principal

    @property
    def has_shop_rules(self) -> bool:
        """Whether the shop's state machines hold."""
        return self.profile.rules == "shop"
