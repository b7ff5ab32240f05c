"""Fill in what a public server never leaves out, for its classes have no null there."""

from typing import Any, TypeVar

from pydantic import BaseModel

from petstore.contract.order import Order
from petstore.contract.pet import Category, Pet, Tag
from petstore.contract.user import User

M = TypeVar("M", bound=BaseModel)


def with_java_defaults(value: BaseModel) -> BaseModel:
    """Fill what is a primitive in the public servers' classes, and so never null."""
    if isinstance(value, Order):
        return _with_zeros(value, "pet_id", "quantity")
    if isinstance(value, User):
        return _with_zeros(value, "user_status")
    if isinstance(value, Pet):
        return _with_numbered_parts(value)
    return value


def _with_numbered_parts(pet: Pet) -> Pet:
    category, tags = pet.category, pet.tags
    parts: list[Category | Tag] = [*tags] if category is None else [category, *tags]
    if all(part.id is not None for part in parts):
        return pet
    numbered: dict[str, Any] = {"tags": [_with_zeros(tag, "id") for tag in tags]}
    if category is not None:
        numbered["category"] = _with_zeros(category, "id")
    return pet.model_copy(update=numbered)


def _with_zeros(value: M, *names: str) -> M:
    missing = {name: 0 for name in names if getattr(value, name) is None}
    return value.model_copy(update=missing) if missing else value
