"""Execute the operations on pets; each is one function of a transaction."""

from collections.abc import Sequence
from typing import Final, TypedDict, Unpack

from petstore.contract.arguments import FIND_COUNT_MAX, PAGE_SIZE_DEFAULT
from petstore.contract.call import Reply
from petstore.contract.errors import Conflicted, NotFound, TooLarge
from petstore.contract.model import ITEMS_MAX, Page
from petstore.contract.pet import Pet, PetChange, PetDraft, PetPatch
from petstore.engine import changes
from petstore.engine.conditions import require_version, unless_known
from petstore.engine.context import Context
from petstore.engine.ids import given_id
from petstore.engine.merging import merged_with
from petstore.engine.orders import open_order_of
from petstore.engine.paging import Key, read_cursor, write_cursor
from petstore.engine.pet_queries import Filters, read_page
from petstore.engine.pet_rows import (
    StoredPet,
    delete_pet,
    find,
    insert_pet,
    update_pet,
    with_tags,
)
from petstore.rules import check_pet_delete, check_pet_transition, new_pet_status
from petstore.storage.transaction import Tx

# Most clients of a find do not follow its link, so an end before 1,000 pets would hide
# some from them. This is for a tag that many thousand deleted pets had, about 50 ms.
_FIND_EXAMINED_MAX: Final = 50_000
_FIND_SORT: Final = "id"
_KEY_TYPES: Final = {"id": (int,), "name": (str, int)}


def get(
    tx: Tx, _: Context, *, pet_id: int, unless_version: Sequence[int] | None = None
) -> Pet | Reply[None]:
    """Return a pet, or 304 for one that the caller knows, or raise NotFound."""
    pet = _live(tx, pet_id).pet
    return pet if unless_version is None else unless_known(pet, unless_version)


def add(tx: Tx, context: Context, *, pet: PetDraft) -> Pet:
    """
    Store a new pet, or revive a deleted one whose id was given.

    Raises:
        Conflicted: The id is taken, and the policy does not replace.
        RuleBroken: The shop knows no such status, or does not allow its change.
    """
    if context.has_shop_rules:
        pet = pet.model_copy(update={"status": new_pet_status(pet.status)})
    pet_id = given_id(pet.id)
    stored = None if pet_id is None else find(tx, pet_id)
    if stored is None:
        return insert_pet(tx, pet_id or tx.next_id("pet"), pet)
    if not stored.is_deleted and not context.policy.replace_existing:
        raise Conflicted(
            f"Pet {pet_id} exists; leave the id out, or replace the pet with PUT."
        )
    return _change(tx, context, stored, pet)


def replace(
    tx: Tx, context: Context, *, pet: Pet, if_version: Sequence[int] | None = None
) -> Pet:
    """
    Replace a pet; a missing one is created where the policy says so.

    Raises:
        NotFound: It is missing, and the policy does not create it.
        Stale: It has another version.
        RuleBroken: The shop does not allow the change of status.
    """
    stored = find(tx, pet.id)
    if stored is not None and not stored.is_deleted:
        _require_version(stored, if_version)
        if context.has_shop_rules and pet.status is None:
            pet = pet.model_copy(update={"status": stored.pet.status})
        return _change(tx, context, stored, pet)
    if context.policy.create_missing:
        return add(tx, context, pet=pet)
    raise _no_pet(pet.id)


def patch(
    tx: Tx,
    context: Context,
    *,
    pet_id: int,
    patch: PetPatch,
    if_version: Sequence[int] | None = None,
) -> Pet:
    """
    Merge a JSON merge patch into a pet; an empty one writes nothing.

    Raises:
        NotFound: There is no such pet.
        Stale: It has another version.
        Invalid: The patch clears what a pet needs.
        RuleBroken: The shop does not allow the change of status.
    """
    stored = _live(tx, pet_id)
    _require_version(stored, if_version)
    given = patch.model_dump(mode="json", exclude_unset=True)
    if not given:
        return stored.pet
    merged = merged_with(stored.pet, given, PetDraft)
    if "name" not in stored.pet.model_fields_set and "name" not in given:
        merged.model_fields_set.discard("name")
    # A patch that leaves the status out does not change it, and breaks no rule then.
    return _change(tx, context, stored, merged, names_status=True)


def update_with_form(
    tx: Tx,
    context: Context,
    *,
    pet_id: int,
    name: str | None = None,
    status: str | None = None,
    if_version: Sequence[int] | None = None,
) -> Pet:
    """Change name and status where they are given; raises as `patch`."""
    given = {"name": name, "status": status}
    changed = {field: value for field, value in given.items() if value is not None}
    given_patch = PetPatch.model_validate(changed)
    return patch(tx, context, pet_id=pet_id, patch=given_patch, if_version=if_version)


def delete(
    tx: Tx, context: Context, *, pet_id: int, if_version: Sequence[int] | None = None
) -> None:
    """
    Delete a pet; a tombstone stays, from which it can be restored.

    Raises:
        NotFound: There is no such pet.
        Stale: It has another version.
        RuleBroken: An order of the shop needs it.
    """
    stored = _live(tx, pet_id)
    _require_version(stored, if_version)
    if context.has_shop_rules:
        check_pet_delete(pet_id, open_order_id=open_order_of(tx, pet_id))
    delete_pet(tx, stored.pet)


def restore(tx: Tx, _: Context, *, pet_id: int) -> Pet:
    """Bring a deleted pet back as it was; one that is there is returned as it is."""
    stored = find(tx, pet_id)
    if stored is None:
        raise _no_pet(pet_id)
    return update_pet(tx, stored, stored.pet) if stored.is_deleted else stored.pet


def attach_photo(tx: Tx, context: Context, *, pet_id: int, url: str) -> Pet | None:
    """
    Add a picture to a pet, unless it has it; writes one change.

    Returns:
        The pet; None when there is none and the policy does not mind.

    Raises:
        NotFound: There is no such pet.
        TooLarge: The pet has as many pictures as one may have.
    """
    stored = find(tx, pet_id)
    if stored is None or stored.is_deleted:
        if context.policy.photo_without_pet:
            return None
        raise _no_pet(pet_id)
    pet = stored.pet
    if url in pet.photo_urls:
        return pet
    if len(pet.photo_urls) >= ITEMS_MAX:
        raise TooLarge(f"A pet may have {ITEMS_MAX:,} pictures at most.")
    draft = pet.model_copy(update={"photo_urls": [*pet.photo_urls, url]})
    return update_pet(tx, stored, draft)


class Listing(TypedDict, total=False):
    """
    Say which pets a listing holds, and in which order.

    Args:
        status, tag: A pet with any of them counts.
        q: Start of the name; case does not matter.
        sort: id, -id, name or -name; by name where q is given, else by id.
    """

    status: list[str]
    tag: list[str]
    category: str
    q: str
    sort: str


def list_page(
    tx: Tx,
    _: Context,
    *,
    limit: int = PAGE_SIZE_DEFAULT,
    cursor: str | None = None,
    **asked: Unpack[Listing],
) -> Page[Pet]:
    """Return a page of the pets that match all filters."""
    sort = asked.get("sort") or ("name" if "q" in asked else "id")
    filters = Filters(
        statuses=tuple(asked.get("status", ())),
        tags=tuple(asked.get("tag", ())),
        category=asked.get("category"),
        prefix=asked.get("q"),
    )
    after = read_cursor(cursor, sort, _KEY_TYPES[sort.removeprefix("-")])
    rows, next_key = read_page(tx, filters, sort, after=after, limit=limit)
    return Page[Pet].model_construct(
        items=with_tags(tx, rows), next_cursor=_cursor(sort, next_key)
    )


def find_by_status(
    tx: Tx, _: Context, *, status: list[str], cursor: str | None = None
) -> Reply[list[Pet]]:
    """Return the pets of these statuses, by id, 1,000 at most."""
    return _found(tx, Filters(statuses=tuple(status)), cursor, has_values=bool(status))


def find_by_tags(
    tx: Tx, _: Context, *, tags: list[str], cursor: str | None = None
) -> Reply[list[Pet]]:
    """Return the pets with any of these tags, by id, each once, 1,000 at most."""
    return _found(tx, Filters(tags=tuple(tags)), cursor, has_values=bool(tags))


def history(
    tx: Tx,
    _: Context,
    *,
    pet_id: int,
    limit: int = PAGE_SIZE_DEFAULT,
    cursor: str | None = None,
) -> Page[PetChange]:
    """Return a page of the writes of a pet, oldest first."""
    if find(tx, pet_id) is None:
        raise _no_pet(pet_id)
    return changes.pet_history(tx, pet_id, limit=limit, cursor=cursor)


def _found(
    tx: Tx, filters: Filters, cursor: str | None, *, has_values: bool
) -> Reply[list[Pet]]:
    if not has_values:
        return Reply([])
    rows, next_key = read_page(
        tx,
        filters,
        _FIND_SORT,
        after=read_cursor(cursor, _FIND_SORT, _KEY_TYPES[_FIND_SORT]),
        limit=FIND_COUNT_MAX,
        examined=_FIND_EXAMINED_MAX,
    )
    return Reply(with_tags(tx, rows), next_cursor=_cursor(_FIND_SORT, next_key))


def _cursor(sort: str, key: Key | None) -> str | None:
    return None if key is None else write_cursor(sort, key)


def _live(tx: Tx, pet_id: int) -> StoredPet:
    stored = find(tx, pet_id)
    if stored is None or stored.is_deleted:
        raise _no_pet(pet_id)
    return stored


def _require_version(stored: StoredPet, if_version: Sequence[int] | None) -> None:
    require_version(stored.pet, if_version, what=f"Pet {stored.pet.id}")


def _no_pet(pet_id: int) -> NotFound:
    return NotFound(f"There is no pet {pet_id}.")


def _change(
    tx: Tx,
    context: Context,
    stored: StoredPet,
    draft: PetDraft,
    *,
    names_status: bool = False,
) -> Pet:
    if context.has_shop_rules and not stored.is_deleted:
        check_pet_transition(
            stored.pet.status,
            draft.status,
            open_order_id=open_order_of(tx, stored.pet.id),
            names_status=names_status,
        )
    return update_pet(tx, stored, draft)
