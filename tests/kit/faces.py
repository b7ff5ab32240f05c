"""Say which calls a face can carry, and which part of a value it can answer."""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from petstore.contract.call import ByteStream, Call, Place
from petstore.contract.flavours import Face
from petstore.contract.media import MULTIPART, OCTETS

# Names that a route has in the place of a username.
_TAKEN_SEGMENTS = {"login", "logout", "createWithArray", "createWithList"}


def can_carry(face: Face, call: Call[Any]) -> bool:
    """
    Tell whether a face has words for a call.

    What it has none for: an operation that it lacks; a version in a body of the
    compatible faces; a field that no model knows; commas in a list of theirs; an empty
    item of a list, an empty field of a form, an empty path segment; a username that is
    a route; and of an upload whatever its form leaves out.
    """
    route = face.routes.get(call.operation.id)
    if route is None:
        return False
    for arg in route.args:
        if arg.name not in call.arguments:
            continue
        value = call.arguments[arg.name]
        if arg.place is Place.UPLOAD and not _can_carry_file(value, route.takes):
            return False
        if arg.place is Place.BODY and not _can_carry_body(face, value):
            return False
        if not _can_carry_text(face, arg.place, value):
            return False
    return True


def without_version(value: Any) -> Any:
    """Return a value as the compatible faces know it."""
    if isinstance(value, list):
        return [without_version(one) for one in value]
    if isinstance(value, BaseModel) and "version" in type(value).model_fields:
        return value.model_copy(update={"version": None})
    return value


def as_answered(face: Face, value: Any) -> Any:
    """Return what of a value the face's answers carry."""
    return value if face.flavour == "native" else without_version(value)


def _can_carry_body(face: Face, value: Any) -> bool:
    has_versions = face.flavour == "native"
    return all(
        not one.model_extra and (has_versions or getattr(one, "version", None) is None)
        for one in _models(value)
    )


def _models(value: Any) -> Iterator[BaseModel]:
    if isinstance(value, list):
        for item in value:
            yield from _models(item)
    if isinstance(value, BaseModel):
        yield value
        for name in type(value).model_fields:
            yield from _models(getattr(value, name))


def _can_carry_text(face: Face, place: Place, value: Any) -> bool:
    if place is Place.PATH:
        return value not in _TAKEN_SEGMENTS and value != ""
    if place is Place.FORM:
        return bool(value != "")
    if place is Place.QUERY and isinstance(value, list):
        has_comma = any("," in item for item in value) and face.flavour != "native"
        return "" not in value and not has_comma
    return True


def _can_carry_file(value: ByteStream, takes: tuple[str, ...]) -> bool:
    if takes[0] == MULTIPART:
        return value.file_name is not None
    is_known = value.media_type == OCTETS or value.media_type.startswith("image/")
    return bool(value.chunks) and value.file_name is None and is_known
