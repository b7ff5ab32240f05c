"""
Draw models for property tests.

Every drawn value passes strict validation and survives a store: texts without NUL and
surrogates within the bounds, int64 ids, instants in UTC with milliseconds.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from petstore.contract.model import INT32_MAX, INT64_MAX
from petstore.contract.order import Order, OrderDraft, OrderStatus
from petstore.contract.pet import Pet, PetDraft, PetStatus
from petstore.contract.user import User, UserDraft

Fields = dict[str, SearchStrategy[Any]]

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=40)
INT32S = st.integers(-INT32_MAX - 1, INT32_MAX)
INT64S = st.integers(-INT64_MAX - 1, INT64_MAX)
# What a store keeps as it is: 0 and negative numbers ask for an id.
IDS = st.integers(1, 2**53 - 1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INSTANT_MS_MAX = int(datetime(9999, 12, 31, tzinfo=UTC).timestamp() * 1000)


def instants() -> SearchStrategy[datetime]:
    """Draw instants of the years 1970 to 9999 in UTC with milliseconds."""
    return st.integers(0, _INSTANT_MS_MAX).map(
        lambda ms: _EPOCH + timedelta(milliseconds=ms)
    )


def statuses(
    known: type[PetStatus] | type[OrderStatus],
    *,
    text: SearchStrategy[str] | None = None,
) -> SearchStrategy[str]:
    """
    Draw statuses of pets or orders.

    Args:
        text: Draws statuses that the contract does not document; None for none.
    """
    documented = st.sampled_from(list(known))
    if text is None:
        return documented
    return documented | text.filter(lambda drawn: drawn not in set(known))


def pet_drafts(
    *, text: SearchStrategy[str] = TEXTS, unknown_status: bool = False
) -> SearchStrategy[PetDraft]:
    """Draw drafts of pets, without an id."""
    fields = pet_fields(text, unknown_status=unknown_status)
    return st.fixed_dictionaries(fields).map(PetDraft.model_validate)


def pets(
    *, text: SearchStrategy[str] = TEXTS, unknown_status: bool = False
) -> SearchStrategy[Pet]:
    """Draw pets with an id that a store would give, and no version."""
    fields = pet_fields(text, unknown_status=unknown_status)
    return st.fixed_dictionaries({"id": IDS, **fields}).map(Pet.model_validate)


def order_drafts(
    *, text: SearchStrategy[str] = TEXTS, unknown_status: bool = False
) -> SearchStrategy[OrderDraft]:
    """Draw drafts of orders, without an id; the pet need not exist."""
    fields = order_fields(text, unknown_status=unknown_status)
    return st.fixed_dictionaries(fields).map(OrderDraft.model_validate)


def orders(
    *, text: SearchStrategy[str] = TEXTS, unknown_status: bool = False
) -> SearchStrategy[Order]:
    """Draw orders with an id that a store would give, and no version."""
    fields = order_fields(text, unknown_status=unknown_status)
    return st.fixed_dictionaries({"id": IDS, **fields}).map(Order.model_validate)


def user_drafts(*, text: SearchStrategy[str] = TEXTS) -> SearchStrategy[UserDraft]:
    """Draw drafts of users, without an id; the username is there and not empty."""
    return st.fixed_dictionaries(_user_fields(text)).map(UserDraft.model_validate)


def users(*, text: SearchStrategy[str] = TEXTS) -> SearchStrategy[User]:
    """Draw users with an id that a store would give, and no version."""
    fields = {"id": IDS, **_user_fields(text)}
    return st.fixed_dictionaries(fields).map(User.model_validate)


def _numbered_name(text: SearchStrategy[str]) -> SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"id": st.none() | INT64S, "name": st.none() | text})


def pet_fields(text: SearchStrategy[str], *, unknown_status: bool) -> Fields:
    """Draw each field of a pet but its id."""
    return {
        "category": st.none() | _numbered_name(text),
        "name": text,
        "photo_urls": st.lists(text, max_size=4),
        "tags": st.lists(_numbered_name(text), max_size=4),
        "status": st.none()
        | statuses(PetStatus, text=text if unknown_status else None),
    }


def order_fields(text: SearchStrategy[str], *, unknown_status: bool) -> Fields:
    """Draw each field of an order but its id."""
    return {
        "pet_id": st.none() | INT64S,
        "quantity": st.none() | INT32S,
        "ship_date": st.none() | instants(),
        "status": st.none()
        | statuses(OrderStatus, text=text if unknown_status else None),
        "complete": st.booleans(),
    }


def _user_fields(text: SearchStrategy[str]) -> Fields:
    optional = st.none() | text
    return {
        "username": text.filter(bool),
        "first_name": optional,
        "last_name": optional,
        "email": optional,
        "password": optional,
        "phone": optional,
        "user_status": st.none() | INT32S,
    }
