"""Declare what operations share: scopes, filters, paging, kinds of argument."""

from typing import Annotated, Any, Final

from pydantic import Field

from petstore.contract.call import Arg, Place
from petstore.contract.model import ITEMS_MAX, Text
from petstore.contract.pet import PetStatusText
from petstore.contract.user import UserDraft
from petstore.contract.versions import IfVersion, UnlessVersion

# Each is a parameter of a statement, whose text is compiled for their number.
CHOICES_MAX: Final = 100
PAGE_SIZE_MAX: Final = 1_000
PAGE_SIZE_DEFAULT: Final = 100
FIND_COUNT_MAX: Final = 1_000

READ_PETS: Final = frozenset({"read:pets"})
WRITE_PETS: Final = frozenset({"read:pets", "write:pets"})
READ_ORDERS: Final = frozenset({"read:orders"})
PLACE_ORDERS: Final = frozenset({"read:orders", "place:orders"})
WRITE_ORDERS: Final = frozenset({"read:orders", "write:orders"})
READ_USERS: Final = frozenset({"read:users"})
WRITE_USERS: Final = frozenset({"read:users", "write:users"})
SCOPES: Final = {
    "read:pets": "read your pets",
    "write:pets": "modify pets in your account",
    "read:orders": "read orders",
    "place:orders": "place orders",
    "write:orders": "change and cancel orders",
    "read:users": "read users",
    "write:users": "create and change users",
}
# Where the documents, as the official ones, say that OAuth is; what is true of it.
OAUTH_PATH: Final = "/oauth/"
OAUTH_TEXT: Final = (
    "OAuth is not served. Log in with POST /tokens, and send the token as"
    " `Authorization: Bearer TOKEN`."
)

Statuses = Annotated[
    list[PetStatusText],
    Field(
        max_length=CHOICES_MAX, description="Statuses; a pet with any of them counts."
    ),
]
Tags = Annotated[
    list[Annotated[Text, Field(min_length=1)]],
    Field(max_length=CHOICES_MAX, description="Tag names; a pet with any counts."),
]
Limit = Annotated[
    int, Field(ge=1, le=PAGE_SIZE_MAX, description="How many a page may hold at most.")
]
Cursor = Annotated[
    str, Field(max_length=4_000, description="The nextCursor of the page before.")
]
Prefix = Annotated[
    Text,
    Field(
        description="Start of the name, of which 200 characters count; upper and lower"
        " case are the same."
    ),
]
PetSort = Annotated[
    str,
    Field(pattern="^-?(id|name)$", description="Order: id, -id, name or -name."),
]
OrderSort = Annotated[str, Field(pattern="^-?id$", description="Order: id or -id.")]
UserSort = Annotated[
    str, Field(pattern="^-?username$", description="Order: username or -username.")
]
PhotoName = Annotated[
    str,
    Field(
        pattern=r"^[0-9a-f]{64}(\.[a-z]{3,4})?$",
        description="Content hash and extension, as in a photoUrl.",
    ),
]
IdempotencyKey = Annotated[
    str,
    Field(
        min_length=1,
        max_length=255,
        pattern="^[!-~]+$",
        description=(
            "Chosen anew for each new request, such as a UUID; with the same one, the"
            " same request is done once and answered alike, for a week."
        ),
    ),
]
Metadata = Annotated[
    Text, Field(description="Additional data to pass to server; echoed.")
]


UserDrafts = Annotated[
    list[UserDraft], Field(max_length=ITEMS_MAX, description="Users to create.")
]


def path(name: str, wire: str, kind: Any) -> Arg:
    """Declare an argument in the path."""
    return Arg(name, wire, Place.PATH, kind)


def query(name: str, wire: str, kind: Any, *, required: bool = False) -> Arg:
    """Declare an argument in the query, optional unless said."""
    return Arg(name, wire, Place.QUERY, kind, required)


def header(name: str, wire: str, kind: Any) -> Arg:
    """Declare an optional argument in a header; the native face alone has any."""
    return Arg(name, wire, Place.HEADER, kind, required=False)


def body(name: str, kind: Any, *, secret: bool = False) -> Arg:
    """Declare the argument that is the body."""
    return Arg(name, name, Place.BODY, kind, secret=secret)


IF_VERSION: Final = header("if_version", "If-Match", IfVersion)
IDEMPOTENCY_KEY: Final = header("idempotency_key", "Idempotency-Key", IdempotencyKey)
UNLESS_VERSION: Final = header("unless_version", "If-None-Match", UnlessVersion)
CURSOR: Final = query("cursor", "cursor", Cursor)
PAGING: Final = (query("limit", "limit", Limit), CURSOR)
