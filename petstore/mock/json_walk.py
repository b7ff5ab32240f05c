"""Compare JSON values: what they hold, or only of what shape they are."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

Location = tuple[str | int, ...]
# Stands where nothing does.
NOTHING: Final = object()


class Difference(NamedTuple):
    """
    Say where two values differ.

    Args:
        old, new: What stands there; NOTHING where nothing does.
    """

    location: Location
    old: Any
    new: Any


def differences(old: Any, new: Any, location: Location = ()) -> Iterator[Difference]:
    """Yield the smallest places in which two values differ."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in [*old, *(one for one in new if one not in old)]:
            pair = old.get(name, NOTHING), new.get(name, NOTHING)
            yield from differences(*pair, (*location, name))
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            pair = member(old, index), member(new, index)
            yield from differences(*pair, (*location, index))
    elif type_of(old) != type_of(new) or old != new:
        yield Difference(location, old, new)


def shape_differences(
    old: Any, new: Any, location: Location = (), *, is_map: bool = False
) -> Iterator[Difference]:
    """
    Yield where two values are of other fields or types.

    What the members of a list have counts together: any of them shows a field that
    not all of them have.

    Args:
        is_map: Whether the names of fields are data, as those of an inventory.
    """
    if isinstance(old, list) and isinstance(new, list):
        if old and new:
            pair = _merged(old), _merged(new)
            yield from shape_differences(*pair, (*location, 0))
    elif isinstance(old, dict) and isinstance(new, dict):
        if is_map:
            pair = list(old.values()), list(new.values())
            found = shape_differences(*pair, location)
            yield from (one._replace(location=location) for one in found)
            return
        for name in [*old, *(one for one in new if one not in old)]:
            pair = old.get(name, NOTHING), new.get(name, NOTHING)
            yield from shape_differences(*pair, (*location, name))
    elif type_of(old) != type_of(new):
        yield Difference(location, old, new)


def field_of(location: Location) -> str:
    """Write a location as a path: `request.query.status[0]`."""
    path = ""
    for step in location:
        path += f"[{step}]" if isinstance(step, int) else f".{step}"
    return path.removeprefix(".")


def type_of(value: Any) -> str:
    """Name the type of a JSON value."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    names = {str: "text", list: "list", dict: "object", type(None): "null"}
    return names.get(type(value), "nothing")


def member(values: list[Any], index: int) -> Any:
    """Return a member of a list; NOTHING beyond its end."""
    return values[index] if index < len(values) else NOTHING


def _merged(values: list[Any]) -> Any:
    """Return one member that has what any of them has."""
    merged = values[0]
    for value in values[1:]:
        if isinstance(merged, dict) and isinstance(value, dict):
            both = merged.keys() & value.keys()
            merged = {
                **merged,
                **value,
                **{name: _merged([merged[name], value[name]]) for name in both},
            }
        elif isinstance(merged, list) and isinstance(value, list):
            merged = [*merged, *value]
    return merged
