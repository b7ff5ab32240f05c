"""
Declare what a cassette holds: one request with its answer, and what is said of all.

Field names are those of the file; `cassette.py` describes it.
"""

import base64
import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Any, Final, Literal, Self, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from petstore.contract.lines import SET_COOKIE, header_values
from petstore.mock.hops import HOP_HEADERS, LENGTH, told_length
from petstore.mock.wording import Right

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
Coding = Literal["gzip", "deflate"]
CODINGS: Final[tuple[Coding, ...]] = get_args(Coding)
# So many days.
MAX_AGE_PATTERN: Final = r"^[0-9]{1,5}d$"
# The begin of a hash, and an extension; it leads nowhere else.
SIDE_NAME_PATTERN: Final = r"^[0-9a-f]{12}\.[a-z0-9]{1,8}$"
ID_PATTERN: Final = r"^[A-Za-z0-9._-]{1,120}$"
# Bytes of such a body cannot be in a coding, which replay puts on.
_PLAIN_KINDS: Final = ("json", "form", "text", "parts", "chunks")
_CODINGS: Final = ("gzip", "x-gzip", "deflate")
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


def _too_many(kinds: set[str]) -> str:
    return f"has {' and '.join(sorted(kinds))}, of which one is right"


def _shared(headers: dict[str, str]) -> dict[str, str]:
    items = tuple(headers.items())
    shared = _HEADERS.get(items)
    if shared is not None:
        return shared
    for name, value in items:
        _check_header(name, value)
    # RFC 9110 §5.1: a hand writes Content-Type, and it is the same header.
    lower = {name.lower(): value for name, value in items}
    if len(lower) < len(items):
        raise ValueError(
            f"has a name twice, for capitals do not count in it: {_twice(items)}"
        )
    if len(_HEADERS) >= _HEADERS_COUNT_MAX:
        _HEADERS.clear()
    _HEADERS[items] = lower
    return lower


def _twice(items: tuple[tuple[str, str], ...]) -> str:
    names = [name.lower() for name, _ in items]
    return next(name for name in names if names.count(name) > 1)


def _check_header(name: str, value: str) -> None:
    """Refuse what would end a header, or begin another one."""
    if not _HEADER_NAME.fullmatch(name):
        raise ValueError(
            f"{name!r:.100} is no name of a header, as content-type is one"
        )
    # Each line of it is a header of its own; see `petstore.contract.lines`.
    plain = value.replace("\n", "") if name.lower() == SET_COOKIE else value
    if _CONTROL.search(plain):
        raise ValueError(f"{name} has a line break or another control character")


def _lined(headers: Any) -> Any:
    """Take a list of cookies for their lines."""
    if not isinstance(headers, dict) or not any(
        isinstance(one, list) for one in headers.values()
    ):
        return headers
    return {
        name: "\n".join(value)
        if isinstance(value, list)
        and str(name).lower() == SET_COOKIE
        and all(isinstance(one, str) for one in value)
        else value
        for name, value in headers.items()
    }


def _unframed(headers: dict[str, str]) -> dict[str, str]:
    """Refuse what a mock writes anew into each answer, and would send twice."""
    if HOP_HEADERS.isdisjoint(headers):
        return headers
    for name in headers:
        if name in HOP_HEADERS and not told_length("HEAD", {name: headers[name]}):
            hint = " but as a number, where HEAD was answered" * (name == LENGTH)
            raise ValueError(
                f"{name} is not written in a recording{hint}: a mock sends its own"
            )
    return headers


# RFC 9110 §9.1: capitals count in a method.
Method = Annotated[
    str, Field(pattern="^[A-Z]+$"), Right("a method in capitals, as GET")
]
Path = Annotated[
    str,
    Field(pattern=r"^/[^\s?#]*$"),
    Right("a path, as /pet/7, without what follows a ?, which is the query"),
]
Paths = Annotated[list[str], Right("a list of paths, as [json.shipDate]")]
Headers = Annotated[
    dict[str, str],
    AfterValidator(_shared),
    Right("names with a text each, as {content-type: application/json}"),
]
AnswerHeaders = Annotated[
    dict[str, str],
    BeforeValidator(_lined),
    AfterValidator(_shared),
    AfterValidator(_unframed),
    Right("names with a text each, as {content-type: application/json}"),
]
# One value may stand alone in the file.
Values = Annotated[
    list[str], BeforeValidator(_as_list), Right("a text, or a list of texts")
]


def _decodable(text: str) -> str:
    try:
        base64.b64decode(text, validate=True)
    except ValueError:
        raise ValueError(
            "is no base64, which is A-Z a-z 0-9 + / in fours, with = at its end"
        ) from None
    return text


def _ascending(offsets_ms: list[int]) -> list[int]:
    for before, offset in pairwise(offsets_ms):
        if offset < before:
            raise ValueError(
                f"goes back from {before} to {offset}; each is counted from the head of"
                " the answer, so a later one is the same or greater"
            )
    return offsets_ms


Offsets = Annotated[
    list[Annotated[int, Field(ge=0, strict=True)]],
    AfterValidator(_ascending),
    Right("a list of milliseconds, one for each of chunks, as [0, 250]"),
]
Base64 = Annotated[str, AfterValidator(_decodable)]
SideName = Annotated[
    str,
    Field(pattern=SIDE_NAME_PATTERN),
    Right("the name of a file beside the cassette, as 5d1c0b2a9f3e.jpg"),
]


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
    form: Annotated[
        dict[str, Values] | None, Right("names with their values, as {name: Rex}")
    ] = Field(default=None, description="The fields of an HTML form.")
    text: str | None = Field(default=None, description="Any other text in UTF-8.")
    base64: Base64 | None = Field(default=None, description="Bytes.")
    file: SideName | None = Field(
        default=None, description="Name of a file beside the cassette."
    )
    parts: Annotated[
        list["FormPart"] | None, Right("a list of parts, as [{name: file, text: a}]")
    ] = Field(default=None, description="The parts of a multipart form.")
    chunks: Annotated[list[str] | None, Right("a list of texts")] = Field(
        default=None, description="The pieces of a stream of events, as they came."
    )
    encoding: Coding | None = None
    headers: Headers = Field(default_factory=lambda: _NO_HEADERS)

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
            raise ValueError(_too_many(kinds))
        coding = self.headers.get("content-encoding")
        if coding in _CODINGS and kinds.intersection(_PLAIN_KINDS):
            right = coding.removeprefix("x-")
            raise ValueError(
                f"has a body without the coding of its header content-encoding; write"
                f" encoding: {right}  beside the body instead of that header"
            )
        return self


class FormPart(_Part):
    """Hold one part of a multipart form; the boundary is not kept."""

    name: str
    filename: str | None = None
    type: str | None = Field(default=None, description="Its media type.")
    text: str | None = None
    base64: Base64 | None = None
    file: SideName | None = None

    @model_validator(mode="after")
    def _has_one_body(self) -> Self:
        kinds = self.model_fields_set.intersection(_KINDS)
        if len(kinds) > 1:
            raise ValueError(_too_many(kinds))
        return self


class RecordedRequest(Content):
    """Hold what was asked; `path` has the base of its API, and is percent-encoded."""

    method: Method
    path: Path
    query: Annotated[
        dict[str, Values],
        Right("names with their values, as {status: [available]}"),
    ] = Field(default_factory=lambda: _NO_QUERY)


class RecordedResponse(Content):
    """Hold what was answered."""

    status: Annotated[int, Right("a number from 100 to 599, as 200")] = Field(
        ge=100, le=599
    )
    headers: AnswerHeaders = Field(default_factory=lambda: _NO_HEADERS)
    offsets_ms: Offsets | None = Field(
        default=None,
        description="When each of `chunks` came, in ms after the head of the answer.",
    )

    @field_validator("offsets_ms")
    @classmethod
    def _is_of_its_pieces(
        cls, offsets_ms: list[int] | None, info: ValidationInfo
    ) -> list[int] | None:
        if offsets_ms is None:
            return None
        chunks = info.data.get("chunks")
        if chunks is None:
            raise ValueError("says when chunks came, and there are none beside it")
        if len(chunks) != len(offsets_ms):
            raise ValueError(
                f"has {len(offsets_ms)} times for {len(chunks)} chunks; each has one"
            )
        return offsets_ms


class Matching(_Part):
    """Say how an exchange is found, where the contract's way does not suit."""

    ignore: Paths = Field(
        default_factory=list,
        description="Further paths of the request that may differ, as `json.shipDate`.",
    )
    times: Annotated[Literal["any"] | None, Right("any, or left out")] = Field(
        default=None, description="`any` serves it as often as it is asked for."
    )


_AS_USUAL: Final = Matching()


class Exchange(_Part):
    """Hold one request and its answer."""

    id: Annotated[str, Right("1 to 120 of A-Z a-z 0-9 . _ and -, as getPetById-1")] = (
        Field(pattern=ID_PATTERN)
    )
    request: Annotated[RecordedRequest, Right("fields, as {method: GET, path: /pet/7}")]
    response: Annotated[RecordedResponse, Right("fields, as {status: 200, json: {}}")]
    match: Matching = Field(default_factory=lambda: _AS_USUAL)
    note: str | None = None

    @field_validator("response")
    @classmethod
    def _has_no_length(
        cls, response: RecordedResponse, info: ValidationInfo
    ) -> RecordedResponse:
        request = info.data.get("request")
        if LENGTH not in response.headers or request is None:
            return response
        if request.method != "HEAD" or response.kind is not None:
            raise ValueError(
                f"headers.{LENGTH} is not written in a recording but where HEAD was"
                " answered, which has no body: a mock counts what it sends"
            )
        return response


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
    ignore: Paths = Field(
        default_factory=list, description="Paths of requests that may differ."
    )
    headers: Annotated[list[str], Right("a list of names, as [x-tenant]")] = Field(
        default_factory=list,
        description="Further request headers to keep and to match, in lower case.",
    )
    max_age: Annotated[str | None, Right("a number of days, as 90d")] = Field(
        default=None, pattern=MAX_AGE_PATTERN, description="As `90d`."
    )


def values_of(fields: Mapping[str, list[str]]) -> dict[str, str | list[str]]:
    """Return fields as a file shows them: what is alone without a list."""
    return {
        name: values[0] if len(values) == 1 else values
        for name, values in fields.items()
    }


def headers_of(headers: Mapping[str, str]) -> dict[str, str | list[str]]:
    """Return headers as a file shows them: several cookies as a list."""
    return values_of(header_values(headers))
