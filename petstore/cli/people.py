"""Make what proves who somebody is."""

import secrets
from typing import Final

from petstore.contract import calls
from petstore.contract.errors import Invalid
from petstore.contract.user import UserDraft
from petstore.engine.passwords import protected
from petstore.engine.setup import Setup

# Lets scanners of source code find a key that somebody published.
KEY_PREFIX: Final = "psk_"
_KEY_BYTES: Final = 24


def new_key() -> str:
    """Return a random api key."""
    return KEY_PREFIX + secrets.token_urlsafe(_KEY_BYTES)


def make_draft(
    username: str, password: str, *, email: str | None, setup: Setup
) -> UserDraft:
    """
    Return a user as the store keeps it, with a hashed password in a shop.

    Raises:
        Invalid: A value breaks the contract, or the password is too short.
    """
    if not username or not password:
        raise Invalid("A user needs a name and a password.")
    # The builder of the call checks, with an error of ours.
    unchecked = UserDraft.model_construct(
        username=username, password=password, email=email
    )
    draft: UserDraft = calls.create_user(unchecked).arguments["user"]
    return (
        draft
        if setup.profile.keeps_passwords
        else protected(draft, setup.hasher(), location="user")
    )
