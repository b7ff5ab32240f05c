"""
Read a recording as a story, and tell where it does not fit together; no I/O.

    gone        an entity answers, or is in a list, after it was deleted
    lost        an entity that is there for sure is not found
    id          an answer is about another entity than was asked for
    duplicate   what exists is created once more, where the face does not replace
    echo        a write answers another value than it was sent
    version     the version of an entity goes back
    value       the same version of an entity has another value than before
    stock       the inventory is not what it was, and what was done since
    absent      a list lacks a pet that it should have
    filter      a list has a pet that was not asked for
    order       the writes of a history are not in their order
    gone-pet    an order is for a pet that was deleted (a warning: only the shop's rules
                forbid it)

Nothing is assumed of what the recording does not tell; what a foreign client may have
done in between, such as a new value, is none of these. Answers that repeat an earlier
one (`Idempotency-Replayed`) tell nothing.
"""

from collections.abc import Iterator
from typing import Any, Final

from petstore.contract.order import OrderDraft
from petstore.contract.pet import PetDraft
from petstore.contract.user import UserDraft
from petstore.contract.versions import read_if_none_match
from petstore.mock.contract_lint import Read
from petstore.mock.drifts import Finding
from petstore.mock.keys import KINDS_BY_NAME, LISTS, Key
from petstore.mock.story_answers import (
    entity_of,
    of_echo,
    of_history,
    of_id,
    of_version,
    pairs,
)
from petstore.mock.story_lists import of_inventory, of_list
from petstore.mock.world import EntityState, World

_REPLAYED: Final = "idempotency-replayed"
_CONTROL: Final = "/__petstore/"
_NOT_FOUND: Final = 404
_FAULT_MIN: Final = 500
_CREATING: Final = (
    "addPet",
    "placeOrder",
    "createUser",
    "createUsersWithArrayInput",
    "createUsersWithListInput",
)
# They answer for what was deleted as well.
_OF_GONE: Final = ("restorePet", "getPetHistory")


def story_findings(reads: list[Read]) -> Iterator[Finding]:
    """Yield where a recording does not fit together."""
    world = World()
    for read in reads:
        if read.request.path.startswith(_CONTROL):
            # It may have set the store back.
            world.clear()
        if read.call is None or _REPLAYED in read.response.headers:
            continue
        yield from _told(world, read)


def touched(read: Read) -> list[Key]:
    """Return the entities that a request names, and those that its answer made."""
    if read.call is None:
        return []
    keys = _made(read) if read.call.operation.id in _CREATING else []
    named = _key(read)
    return keys if named is None else [named, *keys]


def _told(world: World, read: Read) -> Iterator[Finding]:
    assert read.call is not None
    operation = read.call.operation.id
    if not read.is_success:
        yield from _refused(world, read)
    elif operation == "getInventory":
        yield from of_inventory(world, read)
    elif operation in LISTS:
        yield from of_list(world, read)
    elif operation in _CREATING:
        yield from _created(world, read)
    elif operation == "getPetHistory":
        yield from of_history(read)
    else:
        yield from _answered(world, read)


def _key(read: Read) -> Key | None:
    """Return the entity that a request is about; None where it is about none."""
    assert read.call is not None
    arguments = read.call.arguments
    operation = read.call.operation.id
    if operation == "updatePet":
        return Key("pet", arguments["pet"].id)
    if operation in LISTS or operation == "loginUser":
        return None
    for name, kind in KINDS_BY_NAME.items():
        if name in arguments:
            return Key(kind, arguments[name])
    return None


def _refused(world: World, read: Read) -> Iterator[Finding]:
    key = _key(read)
    if key is None:
        return
    known, status = world.entities.get(key), read.response.status
    is_there = known is not None and not known.is_gone
    if status == _NOT_FOUND and is_there and known is not None:
        words = f"another one, for {key} is there since {known.by}"
        yield read.place.finding(("response", "status"), "lost", words)
        world.forget(key)
    elif status >= _FAULT_MIN:
        # Nobody knows what was done.
        world.forget(key)


def _answered(world: World, read: Read) -> Iterator[Finding]:
    key = _key(read)
    if key is None:
        return
    assert read.call is not None
    operation = read.call.operation
    known = world.entities.get(key)
    if known is not None and known.is_gone and not _may_be_gone(read):
        words = f"404, for {known.by} deleted {key}"
        yield read.place.finding(("response", "status"), "gone", words)
    yield from of_id(read, key)
    yield from of_version(read, read.value, (), known)
    yield from of_echo(read)
    if operation.method == "DELETE":
        _deleted(world, key, known, read)
    elif operation.id == "updateUser":
        _renamed(world, key, read)
    elif operation.id != "uploadFile":
        _seen(world, key, known, read)
    if key.kind == "order" and operation.writes:
        # The shop's rules change the pet with its order.
        world.forget_values(*[one for one in world.entities if one.kind == "pet"])


def _may_be_gone(read: Read) -> bool:
    assert read.call is not None
    assert read.match is not None
    operation, face = read.call.operation, read.match.face
    if operation.id in _OF_GONE:
        return True
    if operation.id == "updatePet":
        return face.policy.create_missing
    if operation.id == "uploadFile":
        return face.policy.photo_without_pet
    # The public v3 server says so whether there was something or not.
    return operation.method == "DELETE" and face.is_public and face.flavour == "v3"


def _deleted(world: World, key: Key, known: EntityState | None, read: Read) -> None:
    if key.kind == "pet":
        _move(world, known, None)
    world.entities[key] = EntityState(read.place.exchange.id, is_gone=True)


def _renamed(world: World, key: Key, read: Read) -> None:
    assert read.call is not None
    user = read.call.arguments["user"]
    if user.id is not None:
        # Whoever had the id may have given way.
        for one in [one for one in world.entities if one.kind == "user"]:
            world.forget(one)
    name = user.username
    if name and name != key.id:
        world.forget(key)
        key = Key("user", name)
    world.forget(key)
    version = getattr(read.value, "version", None)
    world.entities[key] = EntityState(
        read.place.exchange.id, False, read.value, version
    )


def _seen(world: World, key: Key, known: EntityState | None, read: Read) -> None:
    assert read.call is not None
    entity = entity_of(read.value)
    writes = read.call.operation.writes
    if key.kind == "pet" and writes:
        before = None if read.call.operation.id == "restorePet" else known
        if before is None and not _brings(read, known):
            world.inventory = None
        else:
            _move(world, before, entity)
    version = getattr(entity, "version", None) or _tagged(read)
    if entity is None and known is not None and not writes:
        entity = known.value
    if version is None and known is not None and not known.is_gone:
        version = known.version
    world.entities[key] = EntityState(read.place.exchange.id, False, entity, version)


def _brings(read: Read, known: EntityState | None) -> bool:
    """Tell whether a write surely made one pet more."""
    assert read.call is not None
    is_restored = read.call.operation.id == "restorePet"
    return is_restored and known is not None and known.is_gone


def _tagged(read: Read) -> int | None:
    versions = read_if_none_match(read.response.headers.get("etag", ""))
    return versions[0] if versions else None


def _move(world: World, known: EntityState | None, value: Any) -> None:
    """Count a pet that was changed, or deleted where there is no value."""
    if known is None or (known.value is None and not known.is_gone):
        world.inventory = None
        return
    status = None if known.is_gone else _status(known.value)
    world.move(status, None if value is None else _status(value))


def _status(pet: Any) -> str:
    return str(pet.status)


def _created(world: World, read: Read) -> Iterator[Finding]:
    assert read.call is not None
    yield from of_echo(read)
    for draft, value, _ in pairs(read):
        key = _key_of(draft, value)
        if key is None:
            continue
        known = world.entities.get(key)
        is_there = known is not None and not known.is_gone
        if is_there and known is not None and not _replaces(read, draft):
            words = f"409, for {key} is there since {known.by}"
            yield read.place.finding(("response", "status"), "duplicate", words)
        yield from of_version(read, value, (), known if is_there else None)
        if key.kind == "pet":
            _put_in_stock(world, read, draft, known, value)
        if key.kind == "order":
            yield from _of_pet(world, read, draft)
        version = getattr(value, "version", None)
        world.entities[key] = EntityState(read.place.exchange.id, False, value, version)


def _key_of(draft: Any, value: Any) -> Key | None:
    if isinstance(draft, UserDraft):
        return Key("user", draft.username) if draft.username else None
    id = getattr(value, "id", None)
    if id is None:
        return None
    return Key("pet" if isinstance(draft, PetDraft) else "order", id)


def _made(read: Read) -> list[Key]:
    keys = [_key_of(draft, value) for draft, value, _ in pairs(read)]
    return [key for key in keys if key is not None]


def _replaces(read: Read, draft: Any) -> bool:
    assert read.match is not None
    has_own_name = isinstance(draft, UserDraft) or (draft.id or 0) > 0
    return read.match.face.policy.replace_existing and has_own_name


def _put_in_stock(
    world: World, read: Read, draft: PetDraft, known: EntityState | None, value: Any
) -> None:
    if value is None:
        world.inventory = None
    elif known is not None:
        _move(world, known, value)
    elif _replaces(read, draft):
        # It may have been there before the recording.
        world.inventory = None
    else:
        world.move(None, _status(value))


def _of_pet(world: World, read: Read, draft: OrderDraft) -> Iterator[Finding]:
    if draft.pet_id is None:
        return
    key = Key("pet", draft.pet_id)
    known = world.entities.get(key)
    if known is not None and known.is_gone:
        words = f"a pet that is there, for {known.by} deleted {key}"
        location = ("request", read.place.exchange.request.kind or "json", "petId")
        yield read.place.finding(location, "gone-pet", words, is_warning=True)
    world.forget_values(key)
