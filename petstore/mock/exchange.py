"""
Declare what a cassette holds: one request with its answer, and what is said of all.

Field names are those of the file; `cassette.py` describes it.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

FORMAT: Final = "cassette/1"
# Of each of them there are few; ten thousand exchanges would have 12 MB of their own.
_FIELD_SETS: Final[dict[frozenset[str], set[str]]] = {}
_HEADERS: Final[dict[tuple[tuple[str, str], ...], dict[str, str]]] = {}
_HEADERS_COUNT_MAX: Final = 1_000
# Nobody writes into what a frozen model holds.
_NO_HEADERS: Final[dict[str, str]] = {}
_NO_QUERY: Final[dict[str, list[str]]] = {}
# RFC 9110 §5.1 and §5.5.
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_KINDS: Final = ("json", "form", "text", "base64", "file", "parts", "chunks")


def _as_list(value: Any) -> Any:
    """Take one value for a list of it, and a number for how it is written."""
    if isinstance(value, list):
        return [_as_text(one) for one in value]
    return value if isinstance(value, dict) or value is None else [_as_text(value)]


def _as_text(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else value


def _shared(headers: dict[str, str]) -> dict[str, str]:
    items = tuple(headers.items())
    shared = _HEADERS.get(items)
    if shared is not None:
        return shared
    for name, value in items:
        _check_header(name, value)
    if len(_HEADERS) >= _HEADERS_COUNT_MAX:
        _HEADERS.clear()
    _HEADERS[items] = headers
    return headers


def _check_header(name: str, value: str) -> None:
    """Refuse what would end a header, or begin another one."""
    if not _HEADER_NAME.fullmatch(name):
        raise ValueError(
            f"{name!r:.100} is no name of a header, as content-type is one"
        )
    if _CONTROL.search(value):
        raise ValueError(f"{name} has a line break or another control character")


Headers = Annotated[dict[str, str], AfterValidator(_shared)]
# One value may stand alone in the file.
Values = Annotated[list[str], BeforeValidator(_as_list)]


class _Part(BaseModel):
    """Be a piece of a cassette; a field that nobody knows is a typing error."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())

    def model_post_init(self, _: Any) -> None:
        """Share what says which fields were given."""
        given = self.__pydantic_fields_set__
        shared = _FIELD_SETS.setdefault(frozenset(given), given)
        object.__setattr__(self, "__pydantic_fields_set__", shared)


class Content(_Part):
    """
    Hold a body in the one form that suits it, or none.

    A body is always decoded; `encoding` says how it was compressed.
    """

    json_value: Any = Field(
        default=None,
        alias="json",
        description="A JSON value that is written anew without loss.",
    )
    form: dict[str, Values] | None = Field(
        default=None, description="The fields of an HTML form."
    )
    text: str | None = Field(default=None, description="Any other text in UTF-8.")
    base64: str | None = Field(default=None, description="Bytes.")
    file: str | None = Field(
        default=None, description="Name of a file beside the cassette."
    )
    parts: list["FormPart"] | None = Field(
        default=None, description="The parts of a multipart form."
    )
    chunks: list[str] | None = Field(
        default=None, description="The pieces of a stream of events, as they came."
    )
    encoding: Literal["gzip", "deflate"] | None = None

    @property
    def kind(self) -> str | None:
        """Name the field that holds the body; None without one."""
        given = self.model_fields_set
        for kind in _KINDS:
            if ("json_value" if kind == "json" else kind) in given:
                return kind
        return None

    @model_validator(mode="after")
    def _has_one_body(self) -> Self:
        given = {name.removesuffix("_value") for name in self.model_fields_set}
        kinds = given.intersection(_KINDS)
        if len(kinds) > 1:
            raise ValueError(
                f"has {' and '.join(sorted(kinds))}, of which one is right"
            )
        return self


class FormPart(_Part):
    """Hold one part of a multipart form; the boundary is not kept."""

    name: str
    filename: str | None = None
    type: str | None = Field(default=None, description="Its media type.")
    text: str | None = None
    base64: str | None = None
    file: str | None = None


class RecordedRequest(Content):
    """Hold what was asked; `path` has the base of its API, and is percent-encoded."""

    method: str = Field(pattern=r"^[A-Z]+$")
    path: str = Field(pattern=r"^/[^\s?#]*$")
    query: dict[str, Values] = Field(default_factory=lambda: _NO_QUERY)
    headers: Headers = Field(default_factory=lambda: _NO_HEADERS)


class RecordedResponse(Content):
    """Hold what was answered."""

    status: int = Field(ge=100, le=599)
    headers: Headers = Field(default_factory=lambda: _NO_HEADERS)


class Matching(_Part):
    """Say how an exchange is found, where the contract's way does not suit."""

    ignore: list[str] = Field(
        default_factory=list,
        description="Further paths of the request that may differ, as `json.shipDate`.",
    )
    times: Literal["any"] | None = Field(
        default=None, description="`any` serves it as often as it is asked for."
    )


_AS_USUAL: Final = Matching()


class Exchange(_Part):
    """Hold one request and its answer."""

    id: str = Field(pattern=r"^[A-Za-z0-9._-]{1,120}$")
    request: RecordedRequest
    response: RecordedResponse
    match: Matching = Field(default_factory=lambda: _AS_USUAL)
    note: str | None = None


class Header(_Part):
    """Say where a recording is from, and what holds for all of it."""

    petstore: Literal["cassette/1"] = FORMAT
    name: str | None = None
    recorded: str | None = Field(default=None, description="When, RFC 3339.")
    checked: str | None = Field(
        default=None, description="When it last was as the upstream answers."
    )
    upstream: str | None = Field(default=None, description="A URL, or `engine`.")
    contract: str | None = Field(
        default=None, description="Version and digest of the contract of then."
    )
    ignore: list[str] = Field(
        default_factory=list, description="Paths of requests that may differ."
    )
    headers: list[str] = Field(
        default_factory=list,
        description="Further request headers to keep and to match, in lower case.",
    )
    max_age: str | None = Field(
        default=None, pattern=r"^[0-9]{1,5}d$", description="As `90d`."
    )


def values_of(fields: Mapping[str, list[str]]) -> dict[str, str | list[str]]:
    """Return fields as a file shows them: what is alone without a list."""
    return {
        name: values[0] if len(values) == 1 else values
        for name, values in fields.items()
    }
