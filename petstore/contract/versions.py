"""
Say which versions of an entity a call is about, and write them as entity tags.

Version 7 is the strong tag `"7"`. An argument holds versions as a list: ANY_VERSION in
it is what `*` means, whichever version is there. The empty list matches no version, and
so does a tag that no store gives; on the wire such a tag, `""`, stands for it.

Source: RFC 9110 §8.8.3 (entity tags), §13.1.1 (If-Match), §13.1.2 (If-None-Match).
"""

import re
from collections.abc import Sequence
from enum import Enum
from typing import Annotated, Final

from pydantic import AfterValidator, Field, WithJsonSchema

from petstore.contract.model import INT64_MAX, ITEMS_MAX

ANY_VERSION: Final = 0
_ANY: Final = "*"
_NONE: Final = '""'
_TAG: Final = re.compile(r'(W/)?"([1-9][0-9]{0,18})"')


class Carried(Enum):
    """Be the type of FROM_PET and FROM_USER."""

    VERSION = "version"


# A write is for the version that its model came with, if it came with one.
FROM_PET: Final = Carried.VERSION
FROM_USER: Final = Carried.VERSION


def _any_alone(versions: list[int]) -> list[int]:
    return [ANY_VERSION] if ANY_VERSION in versions else versions


_Versions = Annotated[
    list[Annotated[int, Field(ge=ANY_VERSION, le=INT64_MAX)]],
    Field(max_length=ITEMS_MAX),
    AfterValidator(_any_alone),
]
IfVersion = Annotated[
    _Versions,
    WithJsonSchema(
        {
            "type": "string",
            "description": (
                "Entity tags; the write is refused (412) unless one of them is the"
                " entity's ETag, or it is `*`."
            ),
            "examples": ['"3"'],
        }
    ),
]
UnlessVersion = Annotated[
    _Versions,
    WithJsonSchema(
        {
            "type": "string",
            "description": (
                "Entity tags; the answer is 304 without a body where one of them is the"
                " entity's ETag, or it is `*`."
            ),
            "examples": ['"3"'],
        }
    ),
]


def matches(version: int | None, versions: Sequence[int]) -> bool:
    """Tell whether the version of an entity that exists is one of these."""
    return version in versions or ANY_VERSION in versions


def etag(version: int) -> str:
    """Return the entity tag of a version."""
    return f'"{version}"'


def write_versions(versions: Sequence[int]) -> str:
    """Write versions as a header has them."""
    if ANY_VERSION in versions:
        return _ANY
    return ", ".join(map(etag, versions)) or _NONE


def read_if_match(text: str) -> list[int]:
    """Read If-Match, of which weak tags match nothing."""
    return _read(text, takes_weak=False)


def read_if_none_match(text: str) -> list[int]:
    """Read If-None-Match, of which weak tags match as strong ones do."""
    return _read(text, takes_weak=True)


def carried(model: object, given: int | Carried | None) -> int | None:
    """Return the version that a write is for; None overwrites any."""
    if not isinstance(given, Carried):
        return given
    version: int | None = getattr(model, "version", None)
    return version


def _read(text: str, *, takes_weak: bool) -> list[int]:
    if text.strip() == _ANY:
        return [ANY_VERSION]
    # A comma inside of a tag breaks it in two, and neither half is a version's.
    found = (_TAG.fullmatch(piece.strip(" \t")) for piece in text.split(","))
    versions = [int(tag[2]) for tag in found if tag and (takes_weak or not tag[1])]
    return [version for version in versions if version <= INT64_MAX]
