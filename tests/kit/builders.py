"""Build models with defaults, so that a test states only what matters to it."""

from datetime import UTC, datetime
from typing import Any

from petstore.contract.order import Order, OrderDraft
from petstore.contract.pet import Pet, PetDraft
from petstore.contract.user import User, UserDraft

PET = {
    "category": {"id": 1, "name": "Dogs"},
    "name": "Rex",
    "photo_urls": ["url1"],
    "tags": [{"id": 1, "name": "friendly"}],
    "status": "available",
}
ORDER = {
    "pet_id": 1,
    "quantity": 1,
    "ship_date": datetime(2030, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC),
    "status": "placed",
    "complete": False,
}
USER = {
    "username": "ann",
    "first_name": "Ann",
    "last_name": "Bell",
    "email": "ann@example.com",
    "password": "correct horse",
    "phone": "555-0100",
    "user_status": 1,
}


def a_pet(**fields: Any) -> Pet:
    """Build a pet; its id is 1."""
    return Pet.model_validate({"id": 1, **PET, **fields})


def a_draft(**fields: Any) -> PetDraft:
    """Build a draft of a pet; without an id."""
    return PetDraft.model_validate({**PET, **fields})


def an_order(**fields: Any) -> Order:
    """Build an order of pet 1; its id is 1."""
    return Order.model_validate({"id": 1, **ORDER, **fields})


def an_order_draft(**fields: Any) -> OrderDraft:
    """Build a draft of an order of pet 1; without an id."""
    return OrderDraft.model_validate({**ORDER, **fields})


def a_user(**fields: Any) -> User:
    """Build a user; the id is 1."""
    return User.model_validate({"id": 1, **USER, **fields})


def a_user_draft(**fields: Any) -> UserDraft:
    """Build a draft of a user; without an id."""
    return UserDraft.model_validate({**USER, **fields})
