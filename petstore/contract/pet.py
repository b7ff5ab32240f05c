"""Declare the pet, its parts, and what a caller sends to make or change one."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from petstore.contract.model import (
    ITEMS_MAX,
    Instant,
    Int32,
    Int64,
    Model,
    Text,
    Url,
    Version,
)


class PetStatus(StrEnum):
    """Name the statuses that the contract documents; a store may hold others."""

    AVAILABLE = "available"
    PENDING = "pending"
    SOLD = "sold"


PetId = Annotated[Int64, Field(description="Identifies the pet.", examples=[10])]
PetName = Annotated[
    Text, Field(description="What the pet is called.", examples=["doggie"])
]
PetStatusText = Annotated[
    PetStatus | Text,
    Field(
        union_mode="left_to_right",
        description="pet status in the store",
        examples=["available"],
    ),
]
PhotoUrls = Annotated[
    list[Url],
    Field(
        max_length=ITEMS_MAX,
        description="Where pictures of the pet are; an upload adds one.",
        json_schema_extra={"xml": {"name": "photoUrl", "wrapped": True}},
    ),
]


class Category(Model):
    """Say what kind of animal a pet is; a value that the pet owns."""

    id: Int64 | None = Field(default=None, description="Number of the kind.")
    name: Text | None = Field(
        default=None, description="Name of the kind.", examples=["Dogs"]
    )


class Tag(Model):
    """Label a pet; a value that the pet owns, so one id may carry several names."""

    id: Int64 | None = Field(default=None, description="Number of the label.")
    name: Text | None = Field(
        default=None, description="Text of the label.", examples=["friendly"]
    )


PetCategory = Annotated[Category, Field(description="What kind of animal it is.")]
PetTags = Annotated[
    list[Tag],
    Field(
        max_length=ITEMS_MAX,
        description="Labels, in the order given.",
        json_schema_extra={"xml": {"name": "tag", "wrapped": True}},
    ),
]


class PetDraft(Model):
    """Describe a pet that is to be created; id absent, 0 or negative asks for one."""

    id: PetId | None = None
    category: PetCategory | None = None
    name: PetName
    photo_urls: PhotoUrls
    tags: PetTags = []
    status: PetStatusText | None = None


class Pet(PetDraft):
    """Describe a pet of the store."""

    id: PetId
    version: Version = None


# A misspelt field would silently change nothing.
class PetPatch(Model, extra="forbid"):
    """
    Change some fields of a pet, as a JSON merge patch.

    A field that is absent stays; null clears it.

    Source: RFC 7396.
    """

    category: PetCategory | None = None
    name: PetName | None = None
    photo_urls: PhotoUrls | None = None
    tags: PetTags | None = None
    status: PetStatusText | None = None


class ApiResponse(Model):
    """Answer in the words of the public Petstore, which has no other error body."""

    code: Int32 | None = Field(default=None, description="HTTP status, or a level.")
    type: str | None = Field(default=None, description="Name of the level.")
    message: str | None = Field(default=None, description="Id, name or what is wrong.")


class Photo(ApiResponse):
    """Confirm an upload."""

    url: str | None = Field(
        default=None,
        description="Path of the picture on this server; now one of the photoUrls.",
        examples=[
            "/photos/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08.png"
        ],
    )
    media_type: str | None = Field(default=None, description="What the picture is.")
    size_bytes: Int64 | None = Field(default=None, description="Size as stored.")
    pet: Pet | None = Field(default=None, description="The pet after the upload.")


class PetChange(Model):
    """Record one write of a pet."""

    seq: Int64 = Field(description="Place of the write among all of the store.")
    version: Int64 = Field(description="Version of the pet that the write made.")
    action: str = Field(description="create, update, delete or restore.")
    at: Instant = Field(description="When it was written.")
    actor: str | None = Field(default=None, description="Who wrote, when known.")
    pet: Pet | None = Field(
        default=None, description="The pet as written; absent after a delete."
    )
