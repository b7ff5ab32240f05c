"""Declare the user, and what proves who somebody is."""

from typing import Annotated

from pydantic import Field
from pydantic.config import JsonDict

from petstore.contract.model import Instant, Int32, Int64, Model, Text, Version

# Declared here once: redaction, logs and the change log look for this format.
SECRET: JsonDict = {"format": "password"}

UserId = Annotated[Int64, Field(description="Identifies the user.", examples=[10])]
Username = Annotated[
    Text, Field(description="The name to log in with.", examples=["theUser"])
]
Password = Annotated[
    Text,
    Field(
        description="Readable again in a sandbox only; a shop never returns it.",
        examples=["12345"],
        json_schema_extra=SECRET,
    ),
]


class UserDraft(Model):
    """Describe a user to create or replace; id absent, 0 or negative asks for one."""

    id: UserId | None = None
    username: Username | None = None
    first_name: Text | None = Field(default=None, examples=["John"])
    last_name: Text | None = Field(default=None, examples=["James"])
    email: Text | None = Field(default=None, examples=["john@email.com"])
    # Out of `repr` like all secrets, or tracebacks and logs of calls would show it.
    password: Password | None = Field(default=None, repr=False)
    phone: Text | None = Field(default=None, examples=["12345"])
    user_status: Annotated[Int32, Field(description="User Status")] | None = Field(
        default=None, examples=[1]
    )


class User(UserDraft):
    """Describe a user of the store."""

    id: UserId
    version: Version = None


class Credentials(Model):
    """Prove who you are with a password."""

    username: Username
    password: Password = Field(repr=False)


class Token(Model):
    """Hold what a login gives; send it as `Authorization: Bearer …`."""

    access_token: str = Field(
        description="Opaque; kept only as a hash.",
        repr=False,
        json_schema_extra=SECRET,
    )
    expires_at: Instant = Field(description="When it stops working.")


class TokenInfo(Model):
    """Describe the credential that a request came with."""

    username: str | None = Field(default=None, description="Whose it is.")
    scopes: list[str] = Field(description="What it allows, sorted.")
    expires_at: Instant | None = Field(
        default=None, description="When it stops working; absent for an api key."
    )
