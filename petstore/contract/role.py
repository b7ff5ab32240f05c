"""Name the roles of users, in a module light enough for a `--help`."""

from enum import StrEnum


class Role(StrEnum):
    """Say what a user of a shop may do; `engine/identity.py` has each one's scopes."""

    OWNER = "owner"
    CLERK = "clerk"
    CUSTOMER = "customer"
