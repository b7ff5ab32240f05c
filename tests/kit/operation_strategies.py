"""Draw calls and values of any operation, for tests of the codec."""

from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from pydantic import BaseModel

from petstore.contract.arguments import PAGE_SIZE_MAX
from petstore.contract.call import ByteStream, Call, Operation
from petstore.contract.media import OCTETS
from petstore.contract.model import INT32_MAX, Page
from petstore.contract.order import Order, OrderPatch, OrderStatus
from petstore.contract.pet import Pet, PetChange, PetPatch, PetStatus, Photo
from petstore.contract.shop_operations import GET_INVENTORY
from petstore.contract.user import Credentials, Token, TokenInfo, User
from petstore.contract.versions import ANY_VERSION
from tests.kit.strategies import (
    IDS,
    INT32S,
    INT64S,
    TEXTS,
    Fields,
    instants,
    order_drafts,
    order_fields,
    orders,
    pet_drafts,
    pet_fields,
    pets,
    statuses,
    user_drafts,
    users,
)

M = TypeVar("M", bound=BaseModel)

_VERSIONS = st.none() | st.integers(1, 1_000)
# ANY_VERSION stands alone, as the builders see to.
_PLACES = st.from_regex(r"\A([0-9a-f]{1,8}\.)?[0-9]{1,16}\Z")
_VERSION_LISTS = st.just([ANY_VERSION]) | st.lists(
    st.integers(1, 2**63 - 1), max_size=3
)
_ITEMS = st.lists(TEXTS.filter(bool), max_size=3)
_PHOTO_NAMES = st.from_regex(r"[0-9a-f]{64}(\.[a-z]{3,4})?", fullmatch=True)
# The name of a file is quoted in a way that cannot tell "%22" from a quotation mark.
_FILE_NAMES = st.none() | st.text(
    st.characters(codec="utf-8", exclude_categories=["C"], exclude_characters='%"\\'),
    min_size=1,
    max_size=20,
)


def operation_calls(
    operation: Operation[Any], *, unknown_status: bool = False
) -> SearchStrategy[Call[Any]]:
    """
    Draw calls as the builders make them, with any of the optional arguments.

    Args:
        unknown_status: Whether statuses that the contract does not document are drawn.
    """
    args = operation.args
    known = _arguments(unknown_status=unknown_status)
    drawn = {
        one.name: known.get(f"{operation.id}.{one.name}", known[one.name])
        for one in args
    }
    required = {one.name: drawn.pop(one.name) for one in args if one.required}
    return st.fixed_dictionaries(required, optional=drawn).map(
        lambda arguments: Call(operation, arguments)
    )


def _arguments(*, unknown_status: bool) -> Fields:
    """Return what each argument is drawn from; one operation's own goes first."""
    text = TEXTS if unknown_status else None
    pet_status = statuses(PetStatus, text=text)
    user_sort = st.sampled_from(["username", "-username"])
    return {
        "pet_id": INT64S,
        "order_id": INT64S,
        "username": TEXTS,
        "password": TEXTS,
        "name": TEXTS,
        "getPhoto.name": _PHOTO_NAMES,
        "status": st.lists(pet_status, max_size=3),
        "updatePetWithForm.status": pet_status,
        "listOrders.status": statuses(OrderStatus, text=text),
        "tag": _ITEMS,
        "tags": _ITEMS,
        "category": TEXTS,
        "q": TEXTS,
        "sort": st.sampled_from(["id", "-id"]),
        "listUsers.sort": user_sort,
        "limit": st.integers(1, PAGE_SIZE_MAX),
        "cursor": TEXTS,
        "additional_metadata": TEXTS,
        "content": _files(),
        "pet": _with(pets(unknown_status=unknown_status), version=_VERSIONS),
        "addPet.pet": _with(
            pet_drafts(unknown_status=unknown_status), id=st.none() | INT64S
        ),
        "patch": _patches(PetPatch, pet_fields(TEXTS, unknown_status=unknown_status)),
        "patchOrder.patch": _patches(
            OrderPatch, order_fields(TEXTS, unknown_status=unknown_status)
        ),
        "order": _with(
            order_drafts(unknown_status=unknown_status), id=st.none() | INT64S
        ),
        "user": _with(user_drafts(), id=st.none() | INT64S),
        "users": st.lists(_with(user_drafts(), id=st.none() | INT64S), max_size=2),
        "after": _PLACES,
        "last_event_id": _PLACES,
        "idempotency_key": st.from_regex("[!-~]{1,255}", fullmatch=True),
        "if_version": _VERSION_LISTS,
        "unless_version": _VERSION_LISTS,
        "credentials": _models(Credentials, username=TEXTS, password=TEXTS),
    }


def _files() -> SearchStrategy[ByteStream]:
    def stream(content: bytes, media_type: str, name: str | None) -> ByteStream:
        return ByteStream(content, media_type, len(content), name)

    kinds = st.sampled_from([OCTETS, "image/png", "image/svg+xml", "text/plain"])
    return st.builds(stream, st.binary(max_size=40), kinds, _FILE_NAMES)


def _with(
    models: SearchStrategy[M], **fields: SearchStrategy[Any]
) -> SearchStrategy[M]:
    """Draw models with these fields drawn as well."""
    return st.tuples(models, st.fixed_dictionaries(fields)).map(
        lambda drawn: drawn[0].model_copy(update=drawn[1])
    )


def _models(kind: type[M], **fields: SearchStrategy[Any]) -> SearchStrategy[M]:
    # Not `builds`, which takes the aliases for further fields.
    return st.fixed_dictionaries(fields).map(kind.model_validate)


def _patches(model: type[M], fields: Fields) -> SearchStrategy[M]:
    optional = {name: st.none() | one for name, one in fields.items()}
    return st.fixed_dictionaries({}, optional=optional).map(model.model_validate)


def operation_values(operation: Operation[Any]) -> SearchStrategy[Any]:
    """Draw what a store may answer to the operation."""
    return _VALUES[operation.result]


_PETS = _with(pets(unknown_status=True), version=_VERSIONS)
_ORDERS = _with(orders(unknown_status=True), version=_VERSIONS)
_USERS = _with(users(), version=_VERSIONS)
_CHANGES = _models(
    PetChange,
    seq=IDS,
    version=IDS,
    action=st.sampled_from(["create", "update", "delete", "restore"]),
    at=instants(),
    actor=st.none() | TEXTS,
    pet=st.none() | _PETS,
)


def _lists(models: SearchStrategy[M]) -> SearchStrategy[list[M]]:
    return st.lists(models, max_size=2)


def _pages(page: type[Page[M]], models: SearchStrategy[M]) -> SearchStrategy[Page[M]]:
    return _models(page, items=_lists(models), next_cursor=st.none() | TEXTS)


_VALUES: dict[Any, SearchStrategy[Any]] = {
    None: st.none(),
    Pet: _PETS,
    list[Pet]: _lists(_PETS),
    Page[Pet]: _pages(Page[Pet], _PETS),
    Page[PetChange]: _pages(Page[PetChange], _CHANGES),
    Photo: _models(
        Photo,
        code=st.none() | INT32S,
        type=st.none() | TEXTS,
        message=st.none() | TEXTS,
        url=st.none() | TEXTS,
        media_type=st.none() | TEXTS,
        size_bytes=st.integers(0, 2**40),
        pet=_PETS,
    ),
    ByteStream: _files(),
    GET_INVENTORY.result: st.dictionaries(TEXTS, st.integers(0, INT32_MAX), max_size=4),
    Order: _ORDERS,
    Page[Order]: _pages(Page[Order], _ORDERS),
    User: _USERS,
    list[User]: _lists(_USERS),
    Page[User]: _pages(Page[User], _USERS),
    Token: _models(
        Token,
        # Digits, as stores give: behind the words of a face nothing else is found.
        access_token=st.integers(0, 2**128 - 1).map(str),
        expires_at=instants(),
    ),
    TokenInfo: _models(
        TokenInfo,
        username=st.none() | TEXTS,
        scopes=st.lists(TEXTS, max_size=3),
        expires_at=st.none() | instants(),
    ),
}
