"""Read the matchers of Hoverfly that match exactly."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from pydantic import Field, TypeAdapter, ValidationError

from petstore.mock.foreign import Shape, refused


class Matcher(Shape):
    """Hold one matcher, and what else must match."""

    matcher: str = "exact"
    value: Any = None
    then: Any = Field(default=None, alias="doMatch")


Matchers = list[Matcher]
Form = dict[str, Matchers]


def one_of(place: str, matchers: Matchers) -> str:
    """
    Return the only value that is matched.

    Raises:
        ValueError: There is none, or a pattern.
    """
    values = exact_of(place, matchers)
    if len(values) != 1:
        raise ValueError(f"{place} should have one exact value")
    return values[0]


def exact_of(place: str, matchers: Matchers) -> list[str]:
    """
    Return the values that are matched; [] where anything is.

    Raises:
        ValueError: They are matched by a pattern.
    """
    if len(matchers) > 1:
        raise ValueError(f"{place} has several matchers; one is read")
    for one in matchers:
        if one.then is None and one.matcher == "array" and isinstance(one.value, list):
            return [str(value) for value in one.value]
        if one.then is not None or one.matcher != "exact":
            raise ValueError(f"{place} is matched by {one.matcher}; exact is read")
        return [str(one.value)]
    return []


def form_of(fields: Mapping[str, Any]) -> bytes:
    """
    Return the HTML form that is matched field by field.

    Raises:
        ValueError: A field is matched by a pattern.
        ConfigError: They are no matchers.
    """
    try:
        matchers = TypeAdapter(Form).validate_python(fields)
    except ValidationError as error:
        raise refused(error, Form) from None
    pairs = [
        (name, value)
        for name, many in matchers.items()
        for value in exact_of(f"request.body.{name}", many)
    ]
    return urlencode(pairs).encode()
