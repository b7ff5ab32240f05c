"""Say which calls a face can carry, and which part of a value it can answer."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from petstore.contract.call import Arg, ByteStream, Call, Place
from petstore.contract.flavours import Face, Route
from petstore.contract.media import MULTIPART, OCTETS
from petstore.contract.pet import Category

# Names that a route has in the place of a username.
_TAKEN_SEGMENTS = {"login", "logout", "createWithArray", "createWithList"}
_JAVA_NUMBERS = {"id", "pet_id", "quantity", "user_status"}


def can_carry(face: Face, call: Call[Any]) -> bool:
    """
    Tell whether a face has words for a call.

    What it has none for: an operation or an argument that it lacks; a call without an
    argument that it requires; a version in a body of the compatible faces; a field that
    no model knows; a comma in a list, and an empty field of a form of theirs; an empty
    item of a list, an empty segment of a path; a username that is a route; an empty
    category, where the public servers number it; and of an upload whatever its form
    leaves out.
    """
    route = face.routes.get(call.operation.id)
    if route is None or call.arguments.keys() - {arg.name for arg in route.args}:
        return False
    return all(
        _can_carry_argument(face, route, arg, call.arguments) for arg in route.args
    )


def as_answered(face: Face, value: Any) -> Any:
    """
    Return what of a value the answers of a face carry.

    The compatible faces have no versions, and where a class of the public servers has a
    number that cannot be null, they answer 0.
    """
    if face.flavour == "native":
        return value
    if isinstance(value, list):
        return [as_answered(face, one) for one in value]
    if not isinstance(value, BaseModel):
        return value
    names = type(value).model_fields.keys()
    changed: dict[str, Any] = {
        name: as_answered(face, getattr(value, name)) for name in names
    }
    if "version" in changed:
        changed["version"] = None
    if face.is_public:
        for name in _JAVA_NUMBERS & changed.keys():
            changed[name] = changed[name] or 0
    return value.model_copy(update=changed)


def _can_carry_argument(
    face: Face, route: Route, arg: Arg, arguments: Mapping[str, Any]
) -> bool:
    if arg.name not in arguments:
        return not arg.required
    value = arguments[arg.name]
    if arg.place is Place.UPLOAD:
        return _can_carry_file(value, route.takes)
    if arg.place is Place.BODY:
        return _can_carry_body(face, value)
    return _can_carry_text(face, arg.place, value)


def _can_carry_body(face: Face, value: Any) -> bool:
    has_versions = face.flavour == "native"
    return all(
        not one.model_extra
        and (has_versions or getattr(one, "version", None) is None)
        and not (face.is_public and _is_empty_category(one))
        for one in _models(value)
    )


def _is_empty_category(value: BaseModel) -> bool:
    return isinstance(value, Category) and value.id is None and value.name is None


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
    if place is Place.FORM and face.flavour != "native":
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
