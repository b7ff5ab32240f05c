"""Declare the operations on pets and their pictures."""

from typing import Final

from petstore.contract.arguments import (
    CURSOR,
    IDEMPOTENCY_KEY,
    IF_VERSION,
    PAGING,
    READ_PETS,
    UNLESS_VERSION,
    WRITE_PETS,
    Metadata,
    PetSort,
    PhotoName,
    Prefix,
    Statuses,
    Tags,
    body,
    path,
    query,
)
from petstore.contract.call import Arg, ByteStream, Operation, Place, Safety
from petstore.contract.errors import (
    Conflicted,
    NotFound,
    RuleBroken,
    TooLarge,
    UnsupportedMedia,
)
from petstore.contract.model import Page, Text
from petstore.contract.pet import (
    Pet,
    PetChange,
    PetDraft,
    PetId,
    PetName,
    PetPatch,
    PetStatusText,
    Photo,
)

_PET_ID = path("pet_id", "petId", PetId)

ADD_PET: Final[Operation[Pet]] = Operation(
    id="addPet",
    method="POST",
    path="/pet",
    summary="Add a new pet to the store",
    tag="pet",
    args=(body("pet", PetDraft), IDEMPOTENCY_KEY),
    result=Pet,
    safety=Safety.KEYED,
    errors=(Conflicted, RuleBroken),
    scopes=WRITE_PETS,
    writes=True,
)
UPDATE_PET: Final[Operation[Pet]] = Operation(
    id="updatePet",
    method="PUT",
    path="/pet",
    summary="Update an existing pet",
    tag="pet",
    args=(body("pet", Pet), IF_VERSION),
    result=Pet,
    safety=Safety.IDEMPOTENT,
    errors=(NotFound, RuleBroken),
    scopes=WRITE_PETS,
    writes=True,
)
LIST_PETS: Final[Operation[Page[Pet]]] = Operation(
    id="listPets",
    method="GET",
    path="/pet",
    summary="List pets, a page at a time",
    tag="pet",
    args=(
        query("status", "status", Statuses),
        query("tag", "tag", Tags),
        query("category", "category", Text),
        query("q", "q", Prefix),
        query("sort", "sort", PetSort),
        *PAGING,
    ),
    result=Page[Pet],
    safety=Safety.SAFE,
    scopes=READ_PETS,
)
FIND_PETS_BY_STATUS: Final[Operation[list[Pet]]] = Operation(
    id="findPetsByStatus",
    method="GET",
    path="/pet/findByStatus",
    summary="Finds Pets by status",
    tag="pet",
    args=(query("status", "status", Statuses, required=True), CURSOR),
    result=list[Pet],
    safety=Safety.SAFE,
    scopes=READ_PETS,
)
FIND_PETS_BY_TAGS: Final[Operation[list[Pet]]] = Operation(
    id="findPetsByTags",
    method="GET",
    path="/pet/findByTags",
    summary="Finds Pets by tags",
    tag="pet",
    args=(query("tags", "tags", Tags, required=True), CURSOR),
    result=list[Pet],
    safety=Safety.SAFE,
    scopes=READ_PETS,
    deprecated=True,
)
GET_PET_BY_ID: Final[Operation[Pet]] = Operation(
    id="getPetById",
    method="GET",
    path="/pet/{petId}",
    summary="Find pet by ID",
    tag="pet",
    args=(_PET_ID, UNLESS_VERSION),
    result=Pet,
    safety=Safety.SAFE,
    errors=(NotFound,),
    scopes=READ_PETS,
)
UPDATE_PET_WITH_FORM: Final[Operation[Pet]] = Operation(
    id="updatePetWithForm",
    method="POST",
    path="/pet/{petId}",
    summary="Updates a pet in the store with form data",
    tag="pet",
    args=(
        _PET_ID,
        Arg("name", "name", Place.FORM, PetName, required=False),
        Arg("status", "status", Place.FORM, PetStatusText, required=False),
        IF_VERSION,
        IDEMPOTENCY_KEY,
    ),
    result=Pet,
    safety=Safety.IDEMPOTENT,
    errors=(NotFound, RuleBroken),
    scopes=WRITE_PETS,
    writes=True,
)
PATCH_PET: Final[Operation[Pet]] = Operation(
    id="patchPet",
    method="PATCH",
    path="/pet/{petId}",
    summary="Change some fields of a pet (JSON merge patch)",
    tag="pet",
    args=(_PET_ID, body("patch", PetPatch), IF_VERSION),
    result=Pet,
    safety=Safety.IDEMPOTENT,
    errors=(NotFound, RuleBroken),
    scopes=WRITE_PETS,
    writes=True,
)
DELETE_PET: Final[Operation[None]] = Operation(
    id="deletePet",
    method="DELETE",
    path="/pet/{petId}",
    summary="Deletes a pet",
    tag="pet",
    args=(_PET_ID, IF_VERSION),
    result=None,
    safety=Safety.IDEMPOTENT,
    errors=(NotFound, RuleBroken),
    scopes=WRITE_PETS,
    writes=True,
)
RESTORE_PET: Final[Operation[Pet]] = Operation(
    id="restorePet",
    method="POST",
    path="/pet/{petId}/restore",
    summary="Bring a deleted pet back",
    tag="pet",
    args=(_PET_ID, IDEMPOTENCY_KEY),
    result=Pet,
    safety=Safety.IDEMPOTENT,
    errors=(NotFound,),
    scopes=WRITE_PETS,
    writes=True,
)
GET_PET_HISTORY: Final[Operation[Page[PetChange]]] = Operation(
    id="getPetHistory",
    method="GET",
    path="/pet/{petId}/history",
    summary="List the writes of a pet, oldest first",
    tag="pet",
    args=(_PET_ID, *PAGING),
    result=Page[PetChange],
    safety=Safety.SAFE,
    errors=(NotFound,),
    scopes=READ_PETS,
)
UPLOAD_FILE: Final[Operation[Photo]] = Operation(
    id="uploadFile",
    method="POST",
    path="/pet/{petId}/uploadImage",
    summary="uploads an image",
    tag="pet",
    args=(
        _PET_ID,
        query("additional_metadata", "additionalMetadata", Metadata),
        Arg("content", "file", Place.UPLOAD, ByteStream),
        IDEMPOTENCY_KEY,
    ),
    result=Photo,
    safety=Safety.IDEMPOTENT,
    errors=(NotFound, TooLarge, UnsupportedMedia),
    scopes=WRITE_PETS,
    writes=True,
)
GET_PHOTO: Final[Operation[ByteStream]] = Operation(
    id="getPhoto",
    method="GET",
    path="/photos/{name}",
    summary="Download a picture",
    tag="pet",
    args=(path("name", "name", PhotoName),),
    result=ByteStream,
    safety=Safety.SAFE,
    errors=(NotFound,),
)
