"""
Refuse what breaks the contract, and say so in the names of the wire.

The models are open: they keep enum values that they do not know. Whoever reads input
decides whether such values pass, and calls `check_known` where they do not: a server
under a strict contract, and the builders of calls.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from functools import cache
from itertools import islice
from typing import Annotated, Any, Final, NamedTuple, TypeVar, get_args, get_origin

from pydantic import BaseModel, InstanceOf, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, PydanticSerializationError, to_json

from petstore.contract.call import Arg, ByteStream, Call, Operation, Place
from petstore.contract.errors import FieldProblem, Invalid
from petstore.contract.model import NO_NUL, enum_fields, enum_in
from petstore.contract.operations import RESERVED_USERNAMES

T = TypeVar("T")

PROBLEMS_MAX: Final = 20
DETAILS_MAX: Final = 1_000
_PROBLEMS_IN_MESSAGE_MAX: Final = 3
# The names of unknown fields are the caller's, and as long as the caller likes.
_NAME_LENGTH_MAX: Final = 100


def check_known(
    value: object, location: str, enum: type[StrEnum] | None = None
) -> None:
    """
    Refuse a value outside the enum that the contract documents for it.

    Args:
        value: A model, of which its own fields are checked; a plain value; or a list.
        location: Where the value is, such as `body`.
        enum: What a plain value must be of; a model says that itself.

    Raises:
        Invalid: Names each field at fault and the documented values.
    """
    if isinstance(value, BaseModel) and _is_known(value):
        return
    strangers = list(_strangers(value, location, enum))
    if strangers:
        raise invalid(strangers)


def _is_known(model: BaseModel) -> bool:
    # Every body comes by here, and nearly every one is as it should be.
    for name, enum in enum_fields(type(model)):
        item = getattr(model, name)
        if item is not None and not isinstance(item, enum):
            return False
    return True


def check_fields(call: Call[T]) -> None:
    """
    Refuse a call whose body has fields that no model declares, as a strict face does.

    For a store of this version. A client must not: a newer server may have such fields.

    Raises:
        Invalid: Names each of them.
    """
    for arg in call.operation.args:
        if arg.place is not Place.BODY:
            continue
        problems = list(_undeclared(call.arguments.get(arg.name), "body"))
        if problems and arg.secret:
            # A name that the caller made up may be the secret itself.
            problems = [replace(one, field="body") for one in problems]
        if problems:
            raise invalid(problems)


def checked(arg: Arg, value: object, location: str, *, is_open: bool = False) -> object:
    """
    Return a value as the argument's type has it; nothing is converted.

    Args:
        is_open: Whether a value outside a documented enum passes.

    Raises:
        Invalid: The value is not what the argument takes.
    """
    reading = _reading(arg)
    try:
        read = reading.adapter.validate_python(value, strict=True)
    except ValidationError as error:
        # Not chained: a traceback of the cause would show the input, secret or not.
        refusal = invalid_from(error, location, is_secret=arg.secret)
        raise _as_written(refusal, arg, location) from None
    if is_open:
        return read
    try:
        check_known(read, location, reading.enum)
    except Invalid as refusal:
        raise _as_written(refusal, arg, location) from None
    return read


def _as_written(refusal: Invalid, arg: Arg, location: str) -> Invalid:
    """Name a parameter as its caller did: one value of a list has no name there."""
    if arg.place is Place.BODY:
        return refusal
    named = [replace(problem, field=location) for problem in refusal.fields]
    return invalid(list(dict.fromkeys(named)))


def check_arguments(
    operation: Operation[T], given: Mapping[str, object]
) -> dict[str, object]:
    """
    Return the arguments of a call by name, without those that are optional and None.

    A model is copied and validated again, for it may have been changed since it was
    made; one value or any iterable stands for a list.

    Raises:
        Invalid: Names each argument and field at fault.
    """
    arguments: dict[str, object] = {}
    problems: list[FieldProblem] = []
    for arg in operation.args:
        value = given.get(arg.name)
        if value is None and not arg.required:
            continue
        location = _location(arg)
        try:
            read = checked(arg, _plain(arg, value), location)
            if arg.place is Place.BODY:
                _check_writable(read, location)
            arguments[arg.name] = read
        except Invalid as refusal:
            problems += refusal.fields
    if problems:
        raise invalid(problems)
    return arguments


def check_no_null(value: object, location: str) -> None:
    """
    Refuse null where a field may be absent; no document calls a field nullable.

    Args:
        value: What was read of a body, in which a field that is set and None was null.
        location: Where the value is, such as `body`.

    Raises:
        Invalid: Names each field at fault.
    """
    nulls = list(islice(_nulls(value, location), DETAILS_MAX))
    if nulls:
        raise invalid(nulls)


def check_username(name: str, location: str) -> None:
    """
    Refuse the name of a user whom no path would lead to.

    Raises:
        Invalid: The path is that of another operation.
    """
    if name in RESERVED_USERNAMES:
        right = f"choose another name, for /user/{name} is another operation"
        raise invalid([FieldProblem(location, right, "reserved")])


def invalid_from(
    error: ValidationError, location: str, *, is_secret: bool = False
) -> Invalid:
    """
    Return the refusal that names the fields as the wire does, and never their values.

    Args:
        location: Where the validated value is, such as `body`.
        is_secret: Whether names that the caller made up are left out as well.
    """
    if error.error_count() > DETAILS_MAX:
        # To spell them out would keep a server busy for a second.
        return invalid(
            [FieldProblem(location, f"{error.error_count():,} faults", "too_many")]
        )
    details = error.errors(include_url=False, include_input=False)
    unions = {one["loc"][:-1] for one in details if _is_enum_of_union(one)}
    return invalid(
        [
            _problem(one, location, unions, is_secret=is_secret)
            for one in details
            if not _is_enum_of_union(one)
        ]
    )


def invalid(problems: Sequence[FieldProblem]) -> Invalid:
    """Return the refusal of these inputs, one or more; it lists a bounded number."""
    shown = [f"{one.field}: {one.message}" for one in problems]
    more = len(shown) - _PROBLEMS_IN_MESSAGE_MAX
    if more > 0:
        shown[_PROBLEMS_IN_MESSAGE_MAX:] = [f"and {more} more"]
    return Invalid(sentence("; ".join(shown)), fields=tuple(problems[:PROBLEMS_MAX]))


def sentence(text: str) -> str:
    """Return a text with its end; a question has one."""
    return text if text.endswith(("?", ".")) else f"{text}."


def _nulls(value: object, location: str) -> Iterator[FieldProblem]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _nulls(item, f"{location}.{index}")
    elif isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            if name in value.model_fields_set:
                yield from _nulls(getattr(value, name), f"{location}.{field.alias}")
    elif value is None:
        right = "Input should not be null; leave the field out"
        yield FieldProblem(location, right, "null")


def _strangers(
    value: object, location: str, enum: type[StrEnum] | None
) -> Iterator[FieldProblem]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _strangers(item, f"{location}.{index}", enum)
    elif isinstance(value, BaseModel):
        for name, field_enum in enum_fields(type(value)):
            item = getattr(value, name)
            if item is not None and not isinstance(item, field_enum):
                alias = type(value).model_fields[name].alias
                yield from _strangers(item, f"{location}.{alias or name}", field_enum)
    elif enum is not None and value not in list(enum):
        values = ", ".join(f"'{member}'" for member in enum)
        yield FieldProblem(location, f"Input should be one of {values}", "enum")


def _undeclared(value: object, location: str) -> Iterator[FieldProblem]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _undeclared(item, f"{location}.{index}")
    elif isinstance(value, BaseModel):
        for name, item in value.__dict__.items():
            if isinstance(item, BaseModel | list):
                alias = type(value).model_fields[name].alias
                yield from _undeclared(item, f"{location}.{alias or name}")
        for name in value.model_extra or ():
            place = f"{location}.{name[:_NAME_LENGTH_MAX]}"
            yield FieldProblem(place, _PLAINER["extra_forbidden"], "extra_forbidden")


class _Reading(NamedTuple):
    """Hold how an argument is read: what is derived from its type, once."""

    adapter: TypeAdapter[object]
    enum: type[StrEnum] | None
    model: type[BaseModel] | None
    is_list: bool


@cache
def _reading(arg: Arg) -> _Reading:
    kind = arg.type
    if arg.place is Place.UPLOAD:
        # A stream is looked at, never read.
        return _Reading(TypeAdapter(InstanceOf[ByteStream]), None, None, is_list=False)
    item = _bare(kind)
    is_list = get_origin(item) is list
    if is_list:
        item = get_args(item)[0]
    is_model = isinstance(item, type) and issubclass(item, BaseModel)
    return _Reading(
        TypeAdapter(kind), enum_in(kind), item if is_model else None, is_list
    )


def _bare(annotation: Any) -> Any:
    is_annotated = get_origin(annotation) is Annotated
    return get_args(annotation)[0] if is_annotated else annotation


def _location(arg: Arg) -> str:
    return "body" if arg.place is Place.BODY else f"{arg.place}.{arg.wire}"


def _plain(arg: Arg, value: object) -> object:
    """Return what can be validated: lists as lists, models as the data in them."""
    reading = _reading(arg)
    if not reading.is_list:
        return _data(value, reading.model)
    if isinstance(value, str | int):
        return [value]
    if isinstance(value, Iterable):
        return [_data(item, reading.model) for item in value]
    return value


def _data(value: object, model: type[BaseModel] | None) -> object:
    """
    Return the fields of a model by alias; any other value as it is.

    A `Pet` is a `PetDraft` and may stand for one; what it has beyond a draft is left
    out then. Whether a field was set matters to a patch and is kept.
    """
    if model is None or not isinstance(value, model):
        return value
    beyond = type(value).model_fields.keys() - model.model_fields.keys()
    given = value.model_dump(exclude=beyond, exclude_unset=True, warnings=False)
    # A list that was left to its default and then appended to does not count as set.
    changed = value.model_dump(exclude=beyond, exclude_defaults=True, warnings=False)
    return changed | given


def _check_writable(value: object, location: str) -> None:
    """Refuse what no request can carry; only fields that no model knows hold such."""
    try:
        to_json(value)
    except PydanticSerializationError:
        problem = FieldProblem(location, "Unknown fields should be JSON", "not_json")
        raise invalid([problem]) from None


def _is_enum_of_union(detail: ErrorDetails) -> bool:
    """
    Tell whether an error comes from the enum half of an open enum.

    `PetStatus | Text` fails twice for one value, and the text half says more.
    """
    location = detail["loc"]
    return (
        detail["type"] in ("enum", "is_instance_of")
        and bool(location)
        and str(location[-1]).startswith("str-enum[")
    )


def _problem(
    detail: ErrorDetails,
    location: str,
    unions: set[tuple[int | str, ...]],
    *,
    is_secret: bool,
) -> FieldProblem:
    steps = detail["loc"]
    is_made_up = detail["type"] == "extra_forbidden"
    if steps[:-1] in unions or (is_made_up and is_secret):
        steps = steps[:-1]
    names = (str(step)[:_NAME_LENGTH_MAX] for step in steps)
    return FieldProblem(".".join((location, *names)), _message(detail), detail["type"])


def _message(detail: ErrorDetails) -> str:
    context = detail.get("ctx", {})
    if detail["type"] == "value_error":
        return str(context["error"])
    if context.get("pattern") == NO_NUL:
        return "String should have no NUL character"
    return _PLAINER.get(detail["type"], detail["msg"])


_PLAINER: Final[Mapping[str, str]] = {
    "missing": "Field required",
    "extra_forbidden": "There is no such field",
    "string_unicode": "String should be valid Unicode, without lone surrogates",
    "timezone_aware": "Input should have a time zone, such as 2030-01-31T12:00:00Z",
}
