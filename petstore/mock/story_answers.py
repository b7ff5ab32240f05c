"""Tell whether one answer of a story fits its request, and what was before."""

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any, Final

from pydantic import BaseModel

from petstore.contract.order import OrderDraft, OrderPatch
from petstore.contract.pet import PetDraft, PetPatch, Photo
from petstore.contract.user import User, UserDraft
from petstore.contract.versions import read_if_none_match
from petstore.mock.contract_lint import Read
from petstore.mock.drifts import Finding, shown
from petstore.mock.json_walk import NOTHING, Location, differences
from petstore.mock.keys import Key
from petstore.mock.secrets import is_secret_name
from petstore.mock.world import EntityState

_SENT: Final = (PetDraft, PetPatch, OrderDraft, OrderPatch, UserDraft)
_FORM_FIELDS: Final = ("name", "status")


def entity_of(value: Any) -> Any:
    """Return the entity in an answer; None where it carries none."""
    if isinstance(value, Photo):
        return value.pet
    return value if isinstance(value, PetDraft | OrderDraft | UserDraft) else None


def body_location(read: Read, *steps: str | int) -> Location:
    """Return where in the answer a field stands; the body itself unless it is JSON."""
    kind = read.place.exchange.response.kind or "json"
    return "response", kind, *(steps if kind == "json" else ())


def of_id(read: Read, key: Key) -> Iterator[Finding]:
    """Yield an answer about another entity than was asked for."""
    assert read.call is not None
    entity = entity_of(read.value)
    if entity is None or read.call.operation.id == "updateUser":
        return
    name = "username" if isinstance(entity, User) else "id"
    given = getattr(entity, name)
    if given != key.id:
        steps = ("pet", name) if isinstance(read.value, Photo) else (name,)
        words = f"{shown(key.id)}, as the request has it"
        yield read.place.finding(body_location(read, *steps), "id", words)


def of_version(
    read: Read, value: Any, steps: Location, known: EntityState | None
) -> Iterator[Finding]:
    """Yield a version that is lower than before, or the same of another value."""
    if known is None or known.version is None or known.is_gone:
        return
    entity = entity_of(value)
    version = getattr(entity, "version", None)
    if isinstance(value, Photo):
        steps = (*steps, "pet")
    location = body_location(read, *steps, "version")
    if entity is None:
        tags = read_if_none_match(read.response.headers.get("etag", ""))
        version = tags[0] if tags else None
        location = ("response", "headers", "etag")
    if version is not None and version < known.version:
        words = f"{known.version} or more, as {known.by} had it"
        yield read.place.finding(location, "version", words)
    if entity is not None and known.value is not None and version is not None:
        yield from _of_value(read, entity, known, location[:-1])


def _of_value(
    read: Read, entity: BaseModel, known: EntityState, location: Location
) -> Iterator[Finding]:
    """Yield what differs although the version is the same."""
    if known.value.version != getattr(entity, "version", None):
        return
    old, new = (
        one.model_dump(mode="json", by_alias=True, exclude_none=True)
        for one in (known.value, entity)
    )
    for difference in differences(old, new):
        steps = difference.location
        if is_secret_name(str(steps[0])):
            # A shop does not tell it again.
            continue
        right = "nothing" if difference.old is NOTHING else shown(difference.old)
        words = f"{right}, as {known.by} has it in the same version"
        place = (*location, *steps) if location[1] == "json" else location
        yield read.place.finding(place, "value", words)


def of_echo(read: Read) -> Iterator[Finding]:
    """Yield the fields that a write answers otherwise than they were sent."""
    assert read.call is not None
    if read.place.exchange.response.kind != "json":
        # XML has no words for some characters.
        return
    arguments = read.call.arguments
    if read.call.operation.id == "updatePetWithForm":
        sent = {name: arguments[name] for name in _FORM_FIELDS if name in arguments}
        yield from _of_echo(read, sent, read.value, ())
    for draft, value, steps in pairs(read):
        yield from _of_echo(read, _plain(read, draft), value, steps)


def pairs(read: Read) -> Iterator[tuple[Any, Any, Location]]:
    """
    Yield each model of a request's body, what came of it, and where that stands.

    What came of it is None where the answer does not tell.
    """
    assert read.call is not None
    for argument in read.call.arguments.values():
        if isinstance(argument, _SENT):
            yield argument, entity_of(read.value), ()
        if not isinstance(argument, list):
            continue
        values = read.value if isinstance(read.value, list) else []
        for index, (one, value) in enumerate(zip_longest(argument, values)):
            if isinstance(one, _SENT):
                yield one, entity_of(value), (index,)


def _plain(read: Read, model: BaseModel) -> dict[str, Any]:
    """Return what was sent, without what an answer need not repeat."""
    given = {name: getattr(model, name) for name in model.model_fields_set}
    given.pop("version", None)
    if isinstance(model, UserDraft) and _keeps_id(read):
        given.pop("id", None)
    if given.get("username") == "":
        # Keeps the name that the path has.
        del given["username"]
    if isinstance(given.get("id"), int) and given["id"] <= 0:
        del given["id"]
    return given


def _keeps_id(read: Read) -> bool:
    """Tell whether a user may have been there, and so has its id already."""
    assert read.call is not None
    assert read.match is not None
    is_update = read.call.operation.id == "updateUser"
    return is_update or read.match.face.policy.replace_existing


def _of_echo(
    read: Read, sent: dict[str, Any], value: Any, steps: Location
) -> Iterator[Finding]:
    entity = entity_of(value)
    if entity is None:
        return
    fields = type(entity).model_fields
    for name, one in sent.items():
        is_plain = not isinstance(one, list | BaseModel) and one is not None
        if not is_plain or name not in fields or is_secret_name(name):
            continue
        if getattr(entity, name) != one:
            alias = fields[name].alias or name
            words = f"{shown(one)}, as it was sent"
            yield read.place.finding(body_location(read, *steps, alias), "echo", words)


def of_history(read: Read) -> Iterator[Finding]:
    """Yield the writes of a history that are not in their order."""
    before: Any = None
    for index, change in enumerate(getattr(read.value, "items", ())):
        for name in ("seq", "version", "at"):
            if before is not None and getattr(change, name) < getattr(before, name):
                location = body_location(read, "items", index, name)
                words = f"no less than {shown(getattr(before, name))} before it"
                yield read.place.finding(location, "order", words)
        before = change
