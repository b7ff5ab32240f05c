"""Read pets from rows and write them to rows; no other file knows their columns."""

from collections.abc import Sequence
from typing import Any

from pydantic_core import from_json, to_json
from sqlalchemy import Select, and_, bindparam, delete, insert, select, update

from petstore.contract.model import of_values
from petstore.contract.pet import Category, Pet, PetDraft, PetStatus, Tag
from petstore.engine.changes import record
from petstore.rules import fold_name
from petstore.storage.statement import (
    LIST_LENGTH_MAX,
    Statement,
    list_params,
    one_of,
    padded_count,
)
from petstore.storage.tables import PET, PET_TAG
from petstore.storage.transaction import Action, Row, Tx, overtaken

COLUMNS = (
    PET.c.id,
    PET.c.category_id,
    PET.c.category_name,
    PET.c.name,
    PET.c.photo_urls,
    PET.c.status,
    PET.c.version,
    PET.c.name_folded,
)
_ID, _FOLDED = 0, 7

_BY_ID = Statement(
    select(
        *COLUMNS, PET.c.deleted_at, PET_TAG.c.tag_id, PET_TAG.c.name, PET_TAG.c.position
    )
    .select_from(PET.outerjoin(PET_TAG, PET_TAG.c.pet_id == PET.c.id))
    .where(PET.c.id == bindparam("pet_id"))
    .order_by(PET_TAG.c.position)
)
_DELETED_AT, _TAG_ID, _TAG_NAME, _POSITION = 8, 9, 10, 11


def _tags_of(count: int) -> Select[tuple[object, ...]]:
    return (
        select(PET_TAG.c.pet_id, PET_TAG.c.tag_id, PET_TAG.c.name)
        .where(one_of(PET_TAG.c.pet_id, "pet_id", count))
        .order_by(PET_TAG.c.pet_id, PET_TAG.c.position)
    )


_TAGS_OF = Statement.of(_tags_of)
_INSERT = Statement.inserting(lambda insert: insert(PET).on_conflict_do_nothing())
_UPDATE = Statement(
    update(PET)
    .where(
        and_(
            PET.c.id == bindparam("pet_id"),
            PET.c.version == bindparam("base_version"),
        )
    )
    .values(
        {
            name: bindparam(name)
            for name in (
                "category_id",
                "category_name",
                "name",
                "photo_urls",
                "status",
                "version",
                "name_folded",
                "updated_at",
                "deleted_at",
            )
        }
    )
)
_INSERT_TAG = Statement(insert(PET_TAG))
_DELETE_TAGS = Statement(delete(PET_TAG).where(PET_TAG.c.pet_id == bindparam("owner")))

_STATUSES: dict[str | None, PetStatus] = {status.value: status for status in PetStatus}
_ALL_SET = set(Pet.model_fields)
_NAMELESS_SET = _ALL_SET - {"name"}


class StoredPet:
    """Hold a pet as stored, and whether it is deleted."""

    __slots__ = ("is_deleted", "pet")

    def __init__(self, pet: Pet, *, is_deleted: bool) -> None:
        self.pet = pet
        self.is_deleted = is_deleted


def find(tx: Tx, pet_id: int) -> StoredPet | None:
    """Return the pet of that id, deleted or not; None when there never was one."""
    rows = tx.rows(_BY_ID, {"pet_id": pet_id})
    if not rows:
        return None
    first = rows[0]
    tags = [
        _tag(row[_TAG_ID], row[_TAG_NAME]) for row in rows if row[_POSITION] is not None
    ]
    return StoredPet(_pet(first, tags), is_deleted=first[_DELETED_AT] is not None)


def with_tags(tx: Tx, rows: Sequence[Row]) -> list[Pet]:
    """Return the pets of rows of COLUMNS, in order, each with its tags."""
    tags: dict[int, list[Tag]] = {row[_ID]: [] for row in rows}
    ids = list(tags)
    for start in range(0, len(ids), LIST_LENGTH_MAX):
        part = ids[start : start + LIST_LENGTH_MAX]
        found = tx.rows(_TAGS_OF(padded_count(part)), list_params("pet_id", part))
        for pet_id, tag_id, name in found:
            tags[pet_id].append(_tag(tag_id, name))
    return [_pet(row, tags[row[_ID]]) for row in rows]


def key_by_id(row: Row) -> tuple[int]:
    """Return what pets are sorted by under sort=id."""
    return (row[_ID],)


def key_by_name(row: Row) -> tuple[str, int]:
    """Return what pets are sorted by under sort=name; as bytes, as both engines do."""
    return (row[_FOLDED], row[_ID])


def _tag(tag_id: int | None, name: str | None) -> Tag:
    return of_values(Tag, {"id": tag_id, "name": name}, {"id", "name"})


def _pet(row: Row, tags: list[Tag]) -> Pet:
    pet_id, category_id, category_name, name, photo_urls, status, version = row[:7]
    return of_values(
        Pet,
        {
            "id": pet_id,
            "category": _category(category_id, category_name),
            "name": name or "",
            "photo_urls": from_json(photo_urls),
            "tags": tags,
            "status": _STATUSES.get(status, status),
            "version": version,
        },
        _fields_set(is_named=name is not None),
    )


def _fields_set(*, is_named: bool) -> set[str]:
    return (_ALL_SET if is_named else _NAMELESS_SET).copy()


def _category(category_id: int | None, name: str | None) -> Category | None:
    # An empty category is none: a store has no other way to keep it.
    if category_id is None and name is None:
        return None
    return of_values(Category, {"id": category_id, "name": name}, {"id", "name"})


def _category_of(draft: PetDraft) -> Category | None:
    category = draft.category
    if category is None:
        return None
    is_kept = not category.__pydantic_extra__ and category.name is not None
    return category if is_kept else _category(category.id, category.name)


def _bare_tag(tag: Tag) -> Tag:
    """Return the tag as a store keeps it: without fields that it does not know."""
    return _tag(tag.id, tag.name) if tag.__pydantic_extra__ else tag


def insert_pet(tx: Tx, pet_id: int, draft: PetDraft) -> Pet:
    """
    Store a new pet under an id that none has; writes one change.

    Raises:
        Overtaken: Somebody else took the id at the same moment.
    """
    pet = _as_pet(pet_id, draft, version=1)
    values = _values(pet)
    values.update(id=pet_id, created_at=tx.now, updated_at=tx.now, deleted_at=None)
    if tx.run(_INSERT, values) == 0:
        raise overtaken("pet", pet_id)
    _insert_tags(tx, pet)
    _settle(tx, pet, "create", status_before=None)
    return pet


def update_pet(tx: Tx, stored: StoredPet, draft: PetDraft) -> Pet:
    """
    Store the next version of a pet, reviving a deleted one; writes one change.

    Raises:
        Overtaken: Somebody else wrote it at the same moment.
    """
    before = stored.pet
    pet = _as_pet(before.id, draft, version=_version(before) + 1)
    _write(tx, before, _values(pet), deleted_at=None)
    if pet.tags != before.tags:
        tx.run(_DELETE_TAGS, {"owner": pet.id})
        _insert_tags(tx, pet)
    if stored.is_deleted:
        _settle(tx, pet, "restore", status_before=None)
    else:
        _settle(tx, pet, "update", status_before=before.status)
    return pet


def delete_pet(tx: Tx, pet: Pet) -> None:
    """Leave a tombstone in place of the pet; writes one change."""
    version = _version(pet) + 1
    _write(tx, pet, {**_values(pet), "version": version}, deleted_at=tx.now)
    if pet.status is not None:
        tx.count(pet.status, -1)
    tx.log("pet", pet.id, version, "delete", None)


def _version(pet: Pet) -> int:
    assert pet.version is not None
    return pet.version


def _as_pet(pet_id: int, draft: PetDraft, *, version: int) -> Pet:
    return of_values(
        Pet,
        {
            "id": pet_id,
            "category": _category_of(draft),
            "name": draft.name,
            "photo_urls": draft.photo_urls,
            "tags": [_bare_tag(tag) for tag in draft.tags],
            "status": draft.status,
            "version": version,
        },
        _fields_set(is_named="name" in draft.model_fields_set),
    )


def _values(pet: Pet) -> dict[str, Any]:
    category = pet.category
    return {
        "category_id": None if category is None else category.id,
        "category_name": None if category is None else category.name,
        "name": pet.name if "name" in pet.model_fields_set else None,
        "photo_urls": to_json(pet.photo_urls).decode(),
        "status": None if pet.status is None else str(pet.status),
        "version": pet.version,
        "name_folded": fold_name(pet.name),
    }


def _write(
    tx: Tx, before: Pet, values: dict[str, Any], *, deleted_at: int | None
) -> None:
    guard = {"pet_id": before.id, "base_version": before.version}
    times = {"updated_at": tx.now, "deleted_at": deleted_at}
    if tx.run(_UPDATE, {**values, **guard, **times}) == 0:
        raise overtaken("pet", before.id)


def _insert_tags(tx: Tx, pet: Pet) -> None:
    tx.run_each(
        _INSERT_TAG,
        [
            {
                "pet_id": pet.id,
                "position": position,
                "tag_id": tag.id,
                "name": tag.name,
            }
            for position, tag in enumerate(pet.tags)
        ],
    )


def _settle(tx: Tx, pet: Pet, action: Action, *, status_before: str | None) -> None:
    if pet.status != status_before:
        if status_before is not None:
            tx.count(status_before, -1)
        if pet.status is not None:
            tx.count(pet.status, 1)
    record(tx, "pet", pet, action)
