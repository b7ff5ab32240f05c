"""Hash passwords, and compare them in constant time."""

import hmac
import secrets
import threading
from functools import cache
from typing import Final, Protocol

from petstore.contract.errors import FieldProblem, Invalid
from petstore.contract.user import UserDraft

PASSWORD_LENGTH_MIN: Final = 8
_HASH_COUNT_MAX: Final = 2
_PASSWORD_BYTES: Final = 12


class Hasher(Protocol):
    """Hash and verify passwords; tests use a fast one."""

    def hash(self, password: str) -> str:
        """Return a salted hash that names its parameters."""

    def verify(self, hashed: str, password: str) -> bool:
        """Return whether the password is the one that was hashed."""


class Argon2Hasher:
    """
    Hash with Argon2id and the second recommendation of RFC 9106 §4 (64 MiB).

    Few at a time, for a login is open to anybody, and each takes that memory.
    """

    def __init__(self) -> None:
        self._places = threading.BoundedSemaphore(_HASH_COUNT_MAX)
        # Imported late: a sandbox never hashes.
        from argon2 import PasswordHasher

        self._hasher = PasswordHasher()

    def hash(self, password: str) -> str:
        """Return a salted Argon2id hash."""
        with self._places:
            return self._hasher.hash(password)

    def verify(self, hashed: str, password: str) -> bool:
        """Return whether the password is the one that was hashed."""
        from argon2.exceptions import InvalidHashError, VerificationError

        with self._places:
            try:
                return self._hasher.verify(hashed, password)
            except (VerificationError, InvalidHashError):
                return False


@cache
def default_hasher() -> Hasher:
    """Return the hasher of real shops."""
    return Argon2Hasher()


def new_password() -> str:
    """Return a random password, to be shown once."""
    return secrets.token_urlsafe(_PASSWORD_BYTES)


def protected(user: UserDraft, hasher: Hasher, *, location: str = "body") -> UserDraft:
    """
    Return the user with the password hashed.

    Args:
        location: Where the user stands in the input.

    Raises:
        Invalid: The password is too short.
    """
    if user.password is None:
        return user
    if len(user.password) < PASSWORD_LENGTH_MIN:
        message = f"must have {PASSWORD_LENGTH_MIN} characters at least"
        raise Invalid(
            f"The password {message}.",
            fields=(FieldProblem(f"{location}.password", message, "too_short"),),
            reason="body",
        )
    return user.model_copy(update={"password": hasher.hash(user.password)})


def is_right(stored: str | None, password: str, hasher: Hasher | None) -> bool:
    """
    Compare a password with the stored one.

    Args:
        stored: None for an unknown user, who takes as long to refuse as a known one.
        hasher: None where passwords are stored readable.
    """
    if hasher is None:
        given = password.encode()
        return hmac.compare_digest((stored or "").encode(), given) and bool(stored)
    if stored is None:
        hasher.hash(password)
        return False
    return hasher.verify(stored, password)
