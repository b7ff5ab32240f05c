"""
Tell what nobody may see, by its name; the contract's own secrets are among them.

Source: `format: password` of the models, secret arguments of the operations, and the
names under which other APIs pass credentials.
"""

import re
from functools import lru_cache
from typing import Final

from petstore.contract.lines import SET_COOKIE
from petstore.contract.operations import OPERATIONS
from petstore.contract.user import SECRET, Token, UserDraft

# What stands for a secret wherever one is compared.
WILDCARD: Final = "*"
# What stands for one in a recording; in a path it is written for a URL.
PLACEHOLDER: Final = re.compile(r"<[a-z]+-[0-9]+>")
WRITTEN_PLACEHOLDER: Final = re.compile(r"(?:<|%3C)[a-z]+-[0-9]+(?:>|%3E)")
# RFC 9110 §11.6.1, §11.7.1: they say how a client may prove who it is.
CHALLENGES: Final = frozenset({"proxy-authenticate", "www-authenticate"})
# They are dropped: no recording is found by them.
SECRET_HEADERS: Final = frozenset(
    {
        "api_key",
        "authorization",
        "cookie",
        "proxy-authorization",
        "x-amz-security-token",
        "x-api-key",
        "x-auth-token",
        "x-csrf-token",
    }
)
# They are kept, without the values in them.
TELLING_HEADERS: Final = CHALLENGES | {SET_COOKIE}
_OF_OTHERS: Final = re.compile(
    r"pass(?:word|wd|phrase|code)|secret|(?:^|_)(?:access|auth|id|refresh|session|csrf)?"
    r"_?token$|api_?key$|authorization$|credentials?$|private_?key|(?:^|_)session(?:_?id)?$"
    r"|cookie|(?:^|_)(?:jwt|otp|pin|signature)$"
)
# They say where a listing goes on, and tell one page from another.
_PLACES: Final = re.compile(r"(?:page|next|continuation|sync|cursor)_?token$")
# JSON Schema, and OpenAPI's security schemes.
_OF_SCHEMA: Final = frozenset({"type", "$ref", "allOf", "anyOf", "oneOf", "properties"})
# A field within another one in a form: `user[password]`.
_BRACKETS: Final = re.compile(r"[\[\]]+|(?:%5[BD])+", re.IGNORECASE)
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NAMES_MAX: Final = 4096


def _names_of_contract() -> frozenset[str]:
    fields = {
        info.alias or name
        for model in (UserDraft, Token)
        for name, info in model.model_fields.items()
        if _is_told_secret(info.json_schema_extra, *info.metadata)
    }
    args = {arg.wire for one in OPERATIONS.values() for arg in one.args if arg.secret}
    # A body that is a secret as a whole is one by its fields.
    return frozenset(name.lower() for name in fields | args - {"credentials"})


def _is_told_secret(*told: object) -> bool:
    return any(
        one == SECRET or getattr(one, "json_schema_extra", None) == SECRET
        for one in told
    )


_OF_CONTRACT: Final = _names_of_contract()


def is_secret(name: str, value: object) -> bool:
    """
    Tell whether a field of JSON is a secret.

    `has_password: true` tells none, one that is null or empty is not there, and what
    a document of an API says of a password is none either.
    """
    if value is None or isinstance(value, bool) or value in ({}, []):
        return False
    is_described = isinstance(value, dict) and not _OF_SCHEMA.isdisjoint(value)
    return not is_described and is_secret_name(name)


@lru_cache(_NAMES_MAX)
def is_secret_name(name: str) -> bool:
    """Tell whether a field, a parameter or an element of that name is a secret."""
    if name.lower() in _OF_CONTRACT:
        return True
    steps = [
        _CAMEL.sub("_", step).lower().replace("-", "_")
        for step in _BRACKETS.split(name)
        if step
    ]
    if _PLACES.search("_".join(steps)):
        return False
    # Whatever is below a secret is one.
    return any(_OF_OTHERS.search(one) for one in ("_".join(steps), *steps))


def is_secret_header(name: str) -> bool:
    """Tell whether a header, by its name in lower case, is a secret as a whole."""
    is_named = name in SECRET_HEADERS or is_secret_name(name)
    return is_named and name not in TELLING_HEADERS


def kind_of(name: str) -> str:
    """Return what a secret of that name is called in its placeholder."""
    name = name.lower()
    for kind in ("pass", "session", "key", "cookie", "nonce", "opaque"):
        if kind in name:
            return {"pass": "password"}.get(kind, kind)
    return "token" if "token" in name or "auth" in name else "secret"
