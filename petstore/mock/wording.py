"""
Say what is wrong with what a person wrote, and what would be right.

Cassettes, rules of faults, bodies of the admin API and expectations of tests are read
by models. What such a model refuses is told in these words, whoever reads:

    request.query: is a text, and should be names with their values, as
        {status: [available]}
    do.resett: there is no such field; did you mean reset?

A field says with `Right` what would be right where its type does not say enough.
"""

import difflib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Final, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from petstore.contract.checks import invalid
from petstore.contract.errors import FieldProblem, Invalid
from petstore.mock.json_walk import Location

_SHOWN_LENGTH_MAX: Final = 40
_NAME_LENGTH_MAX: Final = 100
# A text that is no text of its kind may be shown; what is elsewhere may be a secret.
_SHOWN: Final = ("literal_error", "string_pattern_mismatch")
_RIGHT_TYPES: Final[Mapping[Any, str]] = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "names with their values",
}
_BOUNDS: Final[Mapping[str, str]] = {
    "greater_than_equal": "{ge:g} or more",
    "greater_than": "more than {gt:g}",
    "less_than_equal": "{le:g} or less",
    "less_than": "less than {lt:g}",
    "too_long": "a list of {max_length} at most",
    "string_too_long": "a text of {max_length} characters at most",
    "string_too_short": "a text of {min_length} characters or more",
    "finite_number": "a number that ends",
    "literal_error": "{expected}",
}


@dataclass(frozen=True, slots=True)
class Right:
    """
    Say in a field's annotation what would be right.

    Args:
        words: What the field should be, with an example of it.
    """

    words: str


class Fault(NamedTuple):
    """
    Hold what is wrong with one field.

    Args:
        kind: Stable name of the fault, as pydantic names its errors.
        message: Without the field, and without a full stop.
    """

    location: Location
    kind: str
    message: str

    @property
    def field(self) -> str:
        """The field, as `do.delay.min`; "" for the whole."""
        return ".".join(str(step)[:_NAME_LENGTH_MAX] for step in self.location)


def faults_of(error: ValidationError, model: Any) -> list[Fault]:
    """
    Return what a model refused, the names that there are not first.

    Args:
        model: The type that was read.
    """
    details = error.errors(include_url=False)
    # A name that is misspelt is also one that is missing.
    details.sort(key=lambda one: one["type"] != "extra_forbidden")
    return [Fault(one["loc"], one["type"], _message(one, model)) for one in details]


def invalid_of(error: ValidationError, model: Any, location: str) -> Invalid:
    """
    Return the refusal of what a model refused.

    Args:
        model: The type that was read.
        location: Where the whole is, such as `body`.
    """
    return invalid(
        [
            FieldProblem(f"{location}.{one.field}".rstrip("."), one.message, one.kind)
            for one in faults_of(error, model)
        ]
    )


def unheld(error: ValidationError) -> str:
    """Say what a recording cannot hold, without its value, which may be a secret."""
    place = ".".join(map(str, error.errors(include_url=False)[0]["loc"]))
    return f"a recording holds no such {place or 'exchange'}"


def hint(name: str, known: Collection[str]) -> str:
    """Return which name may be meant, or which there are; see `sentence`."""
    close = difflib.get_close_matches(name, known, 1)
    return f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"


def counted(count: int, noun: str) -> str:
    """Say how many there are: `1 request`, `1,000 requests`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def kind_of(value: object) -> str:
    """Say what a value is, without telling a text, which may be a secret."""
    if value is None:
        return "nothing"
    if isinstance(value, bool | int | float):
        return {"True": "true", "False": "false"}.get(str(value), str(value))[
            :_SHOWN_LENGTH_MAX
        ]
    if isinstance(value, str):
        return "a text"
    if isinstance(value, Mapping):
        return "a mapping"
    return "a list" if isinstance(value, list | tuple) else f"a {type(value).__name__}"


class _Place(NamedTuple):
    """
    Hold what a model says of one place in it.

    Args:
        known: The fields that may stand beside it.
    """

    annotation: Any
    known: list[str]
    right: str | None


def _message(detail: ErrorDetails, model: Any) -> str:
    kind, location = detail["type"], detail["loc"]
    place = _placed(model, location)
    if kind == "extra_forbidden":
        name = str(location[-1])
        return f"there is no such field; {hint(name, place.known)}"
    if kind == "missing":
        return f"is missing; it should be {place.right or _of_type(place)}"
    if kind == "json_invalid":
        return f"is no JSON: {detail.get('ctx', {}).get('error')}"
    if kind == "value_error":
        return detail["msg"].removeprefix("Value error, ")
    return f"is {_shown(detail)}, and should be {_right(detail, place)}"


def _shown(detail: ErrorDetails) -> str:
    given = detail["input"]
    if isinstance(given, str) and detail["type"] in _SHOWN:
        # What stands in a query may be a secret.
        path, mark, _ = given.partition("?")
        return repr(path[:_SHOWN_LENGTH_MAX] + (f"{mark}…" if mark else ""))
    return kind_of(given)


def _right(detail: ErrorDetails, place: _Place) -> str:
    if place.right is not None:
        return place.right
    bound = _BOUNDS.get(detail["type"])
    if bound is not None:
        return bound.format(**detail.get("ctx", {}))
    right, given = _of_type(place), detail["input"]
    if right == _RIGHT_TYPES[str] and isinstance(given, int | float):
        return f"{right}, as '{kind_of(given)}' with its quotes"
    return right


def _of_type(place: _Place) -> str:
    kind = place.annotation
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return f"fields with their values, of {', '.join(_names(kind))}"
    return _RIGHT_TYPES.get(get_origin(kind) or kind, "something else")


def _placed(model: Any, location: Location) -> _Place:
    place = _of_item(model)
    for step in location:
        owner = place.annotation
        if isinstance(owner, type) and issubclass(owner, BaseModel):
            place = _of_field(owner, step)
        else:
            place = _of_item(next(reversed(get_args(owner)), None))
    return place


def _of_item(annotation: Any) -> _Place:
    kind, right = _bare(annotation)
    return _Place(kind, [], right)


def _of_field(owner: type[BaseModel], step: str | int) -> _Place:
    fields = owner.model_fields.items()
    info = next((info for name, info in fields if step in (name, info.alias)), None)
    if info is None:
        return _Place(None, _names(owner), None)
    kind, right = _bare(info.annotation)
    return _Place(kind, _names(owner), _right_of(info.metadata) or right)


def _names(model: type[BaseModel]) -> list[str]:
    return [info.alias or name for name, info in model.model_fields.items()]


def _bare(annotation: Any) -> tuple[Any, str | None]:
    """Return a type without None and without its metadata, and what these say."""
    if get_origin(annotation) is Annotated:
        inner, *metadata = get_args(annotation)
        kind, right = _bare(inner)
        return kind, _right_of(metadata) or right
    choices = [one for one in get_args(annotation) if one is not NoneType]
    if get_origin(annotation) in (Union, UnionType) and len(choices) == 1:
        return _bare(choices[0])
    return annotation, None


def _right_of(metadata: Iterable[Any]) -> str | None:
    return next((one.words for one in metadata if isinstance(one, Right)), None)
