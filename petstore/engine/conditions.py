"""Hold writes to the version that their caller saw, and spare reads what is known."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from petstore.contract.call import Reply
from petstore.contract.errors import Stale
from petstore.contract.versions import matches

_NOT_MODIFIED = 304


class Versioned(Protocol):
    """Be an entity that counts its writes."""

    version: int | None


E = TypeVar("E", bound=Versioned)


def require_version(
    entity: Versioned, if_version: Sequence[int] | None, *, what: str
) -> None:
    """
    Refuse a write that is for other versions of an entity than the stored one.

    Args:
        if_version: None takes any.
        what: Names the entity, such as `Pet 7`.

    Raises:
        Stale: It has none of them; carries the one that it has.

    Source: RFC 9110 §13.1.1.
    """
    if if_version is not None and not matches(entity.version, if_version):
        raise Stale(
            f"{what} has version {entity.version} now; read it again, and decide anew.",
            current_version=entity.version,
        )


def unless_known(entity: E, unless_version: Sequence[int]) -> E | Reply[None]:
    """
    Return an entity, or a reply without it where the caller has this version.

    Source: RFC 9110 §13.1.2.
    """
    if not matches(entity.version, unless_version):
        return entity
    return Reply(None, version=entity.version, status=_NOT_MODIFIED)
