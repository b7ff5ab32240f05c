"""
Build the call of each operation from typed arguments; no I/O.

A builder is named as its operation. It raises Invalid for what the schema refuses, with
each field named, so that wrong input is told before anything is sent. An argument that
may be None is left out of the call then.
"""

from collections.abc import Sequence
from typing import TypedDict, TypeVar, Unpack, overload

from petstore.contract import event_operations as events
from petstore.contract import pet_operations as pets
from petstore.contract import shop_operations as shop
from petstore.contract.call import ByteStream, Call, Operation
from petstore.contract.checks import check_arguments
from petstore.contract.model import Page
from petstore.contract.order import Order, OrderDraft, OrderPatch
from petstore.contract.pet import Pet, PetChange, PetDraft, PetPatch, Photo
from petstore.contract.photo_urls import photo_name
from petstore.contract.user import Token, TokenInfo, User, UserDraft

T = TypeVar("T")

OneOrMore = str | Sequence[str]
# ANY_VERSION in it stands for any; None is no condition.
Versions = int | Sequence[int] | None


class PageArguments(TypedDict, total=False):
    """
    Choose a page of a listing.

    Args:
        limit: How many a page may hold at most.
        cursor: The `next_cursor` of the page before; None is the first page.
    """

    limit: int | None
    cursor: str | None


class Condition(TypedDict, total=False):
    """
    Hold a write to what its caller saw.

    Args:
        if_version: Refuse (Stale) unless the entity has it; None overwrites any.
    """

    if_version: Versions


class Keyed(TypedDict, total=False):
    """
    Let a call be sent again.

    Args:
        idempotency_key: With the same one, the same call is done once, and answered
            alike for a week; chosen anew for each new call, such as a UUID.
    """

    idempotency_key: str | None


def add_pet(pet: PetDraft, **keyed: Unpack[Keyed]) -> Call[Pet]:
    """Add a pet."""
    return _call(pets.ADD_PET, pet=pet, **keyed)


def update_pet(pet: Pet, *, if_version: Versions = None) -> Call[Pet]:
    """Replace a pet, if it still has one of the versions."""
    return _call(pets.UPDATE_PET, pet=pet, if_version=if_version)


def list_pets(
    *,
    status: OneOrMore | None = None,
    tag: OneOrMore | None = None,
    category: str | None = None,
    q: str | None = None,
    sort: str | None = None,
    **page: Unpack[PageArguments],
) -> Call[Page[Pet]]:
    """
    List pets, a page at a time.

    Args:
        status: A pet with any of them counts.
        tag: A pet with any of these tag names counts.
        q: Start of the name; upper and lower case are the same.
        sort: id, -id, name or -name.
    """
    return _call(
        pets.LIST_PETS,
        status=status,
        tag=tag,
        category=category,
        q=q,
        sort=sort,
        **page,
    )


def find_pets_by_status(
    status: OneOrMore, *, cursor: str | None = None
) -> Call[list[Pet]]:
    """Find pets with any of the statuses; `Reply.next_cursor` tells of more."""
    return _call(pets.FIND_PETS_BY_STATUS, status=status, cursor=cursor)


def find_pets_by_tags(tags: OneOrMore, *, cursor: str | None = None) -> Call[list[Pet]]:
    """Find pets with any of the tag names; `Reply.next_cursor` tells of more."""
    return _call(pets.FIND_PETS_BY_TAGS, tags=tags, cursor=cursor)


@overload
def get_pet_by_id(pet_id: int) -> Call[Pet]: ...
@overload
def get_pet_by_id(pet_id: int, *, unless_version: Versions) -> Call[Pet | None]: ...
def get_pet_by_id(
    pet_id: int, *, unless_version: Versions = None
) -> Call[Pet] | Call[Pet | None]:
    """Get a pet; where it has one of the versions, the reply is 304 with None."""
    return _call(pets.GET_PET_BY_ID, pet_id=pet_id, unless_version=unless_version)


def update_pet_with_form(
    pet_id: int,
    *,
    name: str | None = None,
    status: str | None = None,
    if_version: Versions = None,
    **keyed: Unpack[Keyed],
) -> Call[Pet]:
    """Change the name or the status of a pet, or both."""
    return _call(
        pets.UPDATE_PET_WITH_FORM,
        pet_id=pet_id,
        name=name,
        status=status,
        if_version=if_version,
        **keyed,
    )


def patch_pet(
    pet_id: int, patch: PetPatch, *, if_version: Versions = None
) -> Call[Pet]:
    """Change the fields that are set in the patch; None clears one."""
    return _call(pets.PATCH_PET, pet_id=pet_id, patch=patch, if_version=if_version)


def delete_pet(pet_id: int, *, if_version: Versions = None) -> Call[None]:
    """Delete a pet."""
    return _call(pets.DELETE_PET, pet_id=pet_id, if_version=if_version)


def restore_pet(pet_id: int, **keyed: Unpack[Keyed]) -> Call[Pet]:
    """Bring a deleted pet back."""
    return _call(pets.RESTORE_PET, pet_id=pet_id, **keyed)


def get_pet_history(
    pet_id: int, **page: Unpack[PageArguments]
) -> Call[Page[PetChange]]:
    """List the writes of a pet, oldest first, a page at a time."""
    return _call(pets.GET_PET_HISTORY, pet_id=pet_id, **page)


def upload_file(
    pet_id: int,
    content: ByteStream,
    *,
    additional_metadata: str | None = None,
    **keyed: Unpack[Keyed],
) -> Call[Photo]:
    """Upload a picture of a pet."""
    return _call(
        pets.UPLOAD_FILE,
        pet_id=pet_id,
        content=content,
        additional_metadata=additional_metadata,
        **keyed,
    )


def get_photo(name: str, *, origin: str | None = None) -> Call[ByteStream]:
    """
    Download a picture.

    Args:
        name: Its name, or its path or URL, as a photoUrl has it.
        origin: Scheme, host and port of the server that is asked; a URL has to have it.
    """
    return _call(pets.GET_PHOTO, name=photo_name(name, origin))


def get_inventory() -> Call[dict[str, int]]:
    """Count the pets of each status."""
    return _call(shop.GET_INVENTORY)


def place_order(order: OrderDraft, **keyed: Unpack[Keyed]) -> Call[Order]:
    """Place an order."""
    return _call(shop.PLACE_ORDER, order=order, **keyed)


def list_orders(
    *,
    status: str | None = None,
    pet_id: int | None = None,
    sort: str | None = None,
    **page: Unpack[PageArguments],
) -> Call[Page[Order]]:
    """
    List orders, a page at a time.

    Args:
        pet_id: Only orders of this pet.
        sort: id or -id.
    """
    return _call(shop.LIST_ORDERS, status=status, pet_id=pet_id, sort=sort, **page)


@overload
def get_order_by_id(order_id: int) -> Call[Order]: ...
@overload
def get_order_by_id(
    order_id: int, *, unless_version: Versions
) -> Call[Order | None]: ...
def get_order_by_id(
    order_id: int, *, unless_version: Versions = None
) -> Call[Order] | Call[Order | None]:
    """Get an order; as `get_pet_by_id`."""
    return _call(shop.GET_ORDER_BY_ID, order_id=order_id, unless_version=unless_version)


def patch_order(
    order_id: int, patch: OrderPatch, *, if_version: Versions = None
) -> Call[Order]:
    """Change the fields that are set in the patch; None clears one."""
    return _call(
        shop.PATCH_ORDER, order_id=order_id, patch=patch, if_version=if_version
    )


def delete_order(order_id: int, *, if_version: Versions = None) -> Call[None]:
    """Delete an order."""
    return _call(shop.DELETE_ORDER, order_id=order_id, if_version=if_version)


def create_user(user: UserDraft, **keyed: Unpack[Keyed]) -> Call[User]:
    """Create a user."""
    return _call(shop.CREATE_USER, user=user, **keyed)


def create_users_with_array(
    users: Sequence[UserDraft], **keyed: Unpack[Keyed]
) -> Call[list[User]]:
    """Create users, all or none."""
    return _call(shop.CREATE_USERS_WITH_ARRAY, users=users, **keyed)


def create_users_with_list(
    users: Sequence[UserDraft], **keyed: Unpack[Keyed]
) -> Call[list[User]]:
    """Create users, all or none."""
    return _call(shop.CREATE_USERS_WITH_LIST, users=users, **keyed)


def list_users(
    *, sort: str | None = None, **page: Unpack[PageArguments]
) -> Call[Page[User]]:
    """
    List users, a page at a time.

    Args:
        sort: username or -username.
    """
    return _call(shop.LIST_USERS, sort=sort, **page)


def login_user(username: str, password: str) -> Call[Token]:
    """Log in as the public contract does, with the password in the query."""
    return _call(shop.LOGIN_USER, username=username, password=password)


def logout_user() -> Call[None]:
    """Log out as the public contract does."""
    return _call(shop.LOGOUT_USER)


@overload
def get_user_by_name(username: str) -> Call[User]: ...
@overload
def get_user_by_name(
    username: str, *, unless_version: Versions
) -> Call[User | None]: ...
def get_user_by_name(
    username: str, *, unless_version: Versions = None
) -> Call[User] | Call[User | None]:
    """Get a user; as `get_pet_by_id`."""
    return _call(
        shop.GET_USER_BY_NAME, username=username, unless_version=unless_version
    )


def update_user(
    username: str, user: UserDraft, *, if_version: Versions = None
) -> Call[User]:
    """Replace the user of that name."""
    return _call(shop.UPDATE_USER, username=username, user=user, if_version=if_version)


def delete_user(username: str, *, if_version: Versions = None) -> Call[None]:
    """Delete a user."""
    return _call(shop.DELETE_USER, username=username, if_version=if_version)


def create_token(username: str, password: str) -> Call[Token]:
    """Log in; the credentials travel in the body."""
    # Given as fields, because `Credentials(…)` would refuse with an error of pydantic.
    credentials = {"username": username, "password": password}
    return _call(shop.CREATE_TOKEN, credentials=credentials)


def get_token() -> Call[TokenInfo]:
    """Describe the credential that calls are made with."""
    return _call(shop.GET_TOKEN)


def delete_token() -> Call[None]:
    """Log out: end the token that calls are made with."""
    return _call(shop.DELETE_TOKEN)


def get_events(
    *, after: str | int | None = None, last_event_id: str | None = None
) -> Call[ByteStream]:
    """
    Follow what is written, as server-sent events.

    Args:
        after: An event's `cursor` to go on after, or the `seq` of a change of a
            history; 0 is the start, None from now on.
        last_event_id: The id of the last event, as a header; wins over `after`.
    """
    if isinstance(after, int):
        after = str(after)
    return _call(events.GET_EVENTS, after=after, last_event_id=last_event_id)


def _call(operation: Operation[T], **given: object) -> Call[T]:
    unknown = given.keys() - {arg.name for arg in operation.args}
    if unknown:
        # Type checkers see it in an Unpack; at run time it would go unnoticed.
        raise TypeError(f"{operation.id} takes no argument {', '.join(unknown)}")
    return Call(operation, check_arguments(operation, given))
