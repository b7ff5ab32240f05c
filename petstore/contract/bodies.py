"""
Read the body of a request into a model: strictly, or as the public servers do.

The strict reading is the fast path of every face. What the public servers convert
(`"101"` to 101, null to a default, a missing name to none) is a repair after it failed,
so that a client which sends proper JSON never pays for those that do not.
"""

import codecs
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal
from urllib.parse import parse_qs

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

from petstore.contract.checks import DETAILS_MAX, invalid_from
from petstore.contract.errors import FieldProblem, Invalid, Malformed
from petstore.contract.media import FORM, XML
from petstore.contract.model import ITEMS_MAX
from petstore.contract.xml import from_xml

Extra = Literal["forbid", "ignore", "allow"]

# Of a form or a query: more than anything needs.
FIELDS_MAX: Final = 2_000
# Of a key that is named in a refusal.
_KEY_LENGTH_MAX: Final = 40
_ESCAPED_SURROGATE: Final = rb"\ud"
_MARKS: Final = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# Above it, a float may stand for another integer than was written.
_EXACT_BELOW: Final = 2.0**53


# A list of users may hold numbers as text throughout; more is somebody's joke.
_REPAIRED_MAX: Final = 5 * ITEMS_MAX


class Repair(Enum):
    """Say how much of a wrong type is converted: nothing, texts, or near types."""

    NOTHING = 0
    TEXTS = 1
    NEAR_TYPES = 2


@dataclass(slots=True)
class Body:
    """Hold a body and what it should be."""

    content: bytes
    media_type: str
    type: Any
    is_secret: bool = False


def read_body(body: Body, *, extra: Extra, repair: Repair) -> Any:
    """
    Read a body.

    Raises:
        Malformed: It is empty, or cannot be parsed.
        Invalid: It breaks the schema, and repairs do not help.
    """
    content = body.content
    if not content or content.isspace():
        raise Malformed("A body is required.", reason="empty_body")
    if body.media_type == XML:
        content = to_json(from_xml(content, body.type))
    elif body.media_type == FORM:
        content = to_json(_form_data(content, body.type))
        repair = max(repair, Repair.TEXTS, key=lambda one: one.value)
    adapter = adapter_for(body.type)
    try:
        return adapter.validate_json(content, strict=True, extra=extra)
    except ValidationError as error:
        if (fault := _json_fault(error)) is not None:
            raise _no_json(content, fault) from error
        is_hopeless = error.error_count() > _REPAIRED_MAX
        if is_hopeless or (repair is Repair.NOTHING and not _is_only_spelling(error)):
            # Not chained: a traceback of the cause would show the input.
            raise _invalid(error, body) from None
        return _read_repaired(body, content, error, extra=extra, repair=repair)


def _json_fault(error: ValidationError) -> str | None:
    if error.error_count() > 1:
        return None
    (detail,) = error.errors(include_url=False, include_input=False)
    return str(detail["ctx"]["error"]) if detail["type"] == "json_invalid" else None


def _no_json(content: bytes, fault: str) -> Malformed:
    # RFC 8259 §8.1 lets a parser ignore a mark; to whoever did not see it, nothing else
    # about the body looks wrong.
    if content.startswith(_MARKS):
        told = "begins with a byte order mark; send UTF-8 and leave the mark out"
    elif (place := _surrogate_in(content)) is not None:
        problem = FieldProblem(place, "has a lone surrogate", "string_unicode")
        return Malformed(
            f"{place} has a lone surrogate; send whole characters.",
            fields=(problem,),
            reason="not_json",
        )
    else:
        told = f"is no JSON: {fault}"
    return Malformed(f"The body {told}.", reason="not_json")


def _surrogate_in(content: bytes) -> str | None:
    """Return the place of the first text that is no Unicode; None where none is."""
    if _ESCAPED_SURROGATE not in content.lower():
        return None
    try:
        # Unlike pydantic's, this parser takes them.
        waiting = [("body", json.loads(content))]
    except (ValueError, RecursionError):
        return None
    while waiting:
        place, value = waiting.pop()
        if isinstance(value, str) and not _is_unicode(value):
            return place
        if isinstance(value, dict):
            for key, one in value.items():
                inner = f"{place}.{ascii(key[:_KEY_LENGTH_MAX])[1:-1]}"
                waiting += [(inner, one), (inner, key)]
        elif isinstance(value, list):
            waiting += [(f"{place}.{index}", one) for index, one in enumerate(value)]
    return None


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_only_spelling(error: ValidationError) -> bool:
    """
    Tell whether all that is wrong are integers that were written as `469.0`.

    Source: JSON Schema 2020-12 (core) §6.1.1.
    """
    # To look at more would keep a server busy.
    return error.error_count() <= DETAILS_MAX and all(
        problem["type"] == "int_type" and _is_whole(problem["input"])
        for problem in error.errors(include_url=False)
    )


def _is_whole(value: object) -> bool:
    if not isinstance(value, float):
        return False
    return abs(value) < _EXACT_BELOW and value.is_integer()


def _invalid(error: ValidationError, body: Body) -> Invalid:
    refusal = invalid_from(error, "body", is_secret=body.is_secret)
    refusal.extra["reason"] = "body"
    return refusal


@cache
def adapter_for(annotation: Any) -> TypeAdapter[Any]:
    """Return the cached validator of a type."""
    return TypeAdapter(annotation)


def too_many_fields(location: str) -> Malformed:
    """Return the refusal of a form or a query that is only there to cost time."""
    return Malformed(f"The {location} may have {FIELDS_MAX:,} fields at most.")


def _form_data(content: bytes, model: type[BaseModel]) -> dict[str, Any]:
    try:
        fields = parse_qs(
            content.decode(),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=FIELDS_MAX,
        )
    except UnicodeDecodeError as error:
        raise Malformed("The form must be UTF-8.", reason="not_json") from error
    except ValueError as error:
        raise too_many_fields("form") from error
    lists = {
        field.alias
        for field in model.model_fields.values()
        if adapter_for(Annotated[field.annotation, None]).json_schema().get("type")
        == "array"
    }
    return {k: v if k in lists else v[0] for k, v in fields.items()}


def _read_repaired(
    body: Body, content: bytes, error: ValidationError, *, extra: Extra, repair: Repair
) -> Any:
    data = from_json(content)
    conversions = _NEAR_TYPES if repair is Repair.NEAR_TYPES else _TEXTS
    has_no_name = False
    for problem in error.errors(include_url=False):
        has_no_name |= _is_nameless(problem["loc"], problem["input"])
        convert = conversions.get(problem["type"])
        if convert is not None:
            _convert_at(data, problem["loc"], convert)
    try:
        value = adapter_for(body.type).validate_json(
            to_json(data), strict=True, extra=extra
        )
    except ValidationError:
        raise _invalid(error, body) from None
    if has_no_name:
        # "Absent" is kept apart from "": the public answer leaves it out as well.
        value.model_fields_set.discard("name")
    return value


def _is_nameless(location: tuple[int | str, ...], value: object) -> bool:
    return location == ("name",) and not isinstance(value, (str, int, float))


def _convert_at(
    data: Any,
    location: tuple[int | str, ...],
    convert: Callable[[Any, str], Any],
) -> None:
    """Convert what lies at a location; a union adds steps that are in no data."""
    holder: Any = None
    key: Any = None
    for step in location:
        if not _has(data, step):
            break
        holder, key, data = data, step, data[step]
    last = location[-1] if location else None
    if isinstance(data, dict) and isinstance(last, str) and last not in data:
        data[last] = convert(None, last)
    # Without one, the body itself is something else altogether.
    elif holder is not None:
        holder[key] = convert(data, str(key))


def _has(data: Any, step: int | str) -> bool:
    if isinstance(data, dict):
        return step in data
    return isinstance(data, list) and isinstance(step, int)


_DEFAULTS: Final[Mapping[str, Any]] = MappingProxyType(
    {"id": 0, "name": "", "photoUrls": (), "tags": (), "complete": False}
)


def _default(_: Any, key: str) -> Any:
    return _DEFAULTS.get(key)


def _to_int(value: Any, key: str) -> Any:
    if value is None:
        return _DEFAULTS.get(key)
    if isinstance(value, str):
        text = value.strip()
        if not text:
            return _DEFAULTS.get(key)
        return int(text) if _INTEGER.fullmatch(text) else value
    is_finite = isinstance(value, float) and math.isfinite(value)
    return int(value) if is_finite else value


def _to_text(value: Any, key: str) -> Any:
    if value is None:
        return _DEFAULTS.get(key)
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, (int, float)) else value


def _to_list(value: Any, key: str) -> Any:
    return _DEFAULTS.get(key) if value is None else value


def _to_bool(value: Any, key: str) -> Any:
    if value is None:
        return _DEFAULTS.get(key)
    if isinstance(value, int):
        return value != 0
    return _BOOLEANS.get(value, value) if isinstance(value, str) else value


def _to_instant(value: Any, _: str) -> Any:
    """Read what Jackson reads: epoch milliseconds, a bare date, `+0000`."""
    try:
        if isinstance(value, int) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000, UTC).isoformat()
        instant = datetime.fromisoformat(value)
    except (TypeError, ValueError, OverflowError, OSError):
        return value
    return instant.replace(tzinfo=instant.tzinfo or UTC).isoformat()


# int() alone would take "1_000" and Arabic digits, and fails above 4,300 digits.
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,19}")
_BOOLEANS: Final = {"true": True, "false": False, "": False}
_INSTANTS: Final = (
    "datetime_type",
    "datetime_parsing",
    "datetime_from_date_parsing",
    "datetime_object_invalid",
    "timezone_aware",
)
_TEXTS: Final[Mapping[str, Callable[[Any, str], Any]]] = MappingProxyType(
    {"int_type": _to_int, "bool_type": _to_bool}
)
_NEAR_TYPES: Final[Mapping[str, Callable[[Any, str], Any]]] = MappingProxyType(
    {
        **_TEXTS,
        "string_type": _to_text,
        "list_type": _to_list,
        "missing": _default,
        **dict.fromkeys(_INSTANTS, _to_instant),
    }
)
