"""Call every method of a facade, and note which operations reach the backend."""

import inspect
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any, get_origin

from petstore.contract.call import Call, Reply
from petstore.contract.facade import AsyncPetstore, Petstore
from petstore.contract.order import OrderDraft
from petstore.contract.pager import AsyncPager, Pager
from petstore.contract.pet import Pet, PetDraft
from petstore.contract.resource import AsyncResource, Resource
from petstore.contract.user import UserDraft
from tests.kit.annotations import leaf_types
from tests.kit.builders import a_draft, a_pet, a_user_draft, an_order_draft

# A change needs a field, and none of them has to be given by itself.
CHANGES: dict[str, dict[str, Any]] = {
    "update": {"status": None},
    "update_with_form": {"name": "Rex"},
}
# A value for an argument of that name, else one for its type.
BY_NAME = {"statuses": "available"}
BY_TYPE: dict[type, Any] = {
    int: 1,
    # Text that is also the name of a picture.
    str: "0" * 64,
    bytes: b"",
    Pet: a_pet(),
    PetDraft: a_draft(),
    OrderDraft: an_order_draft(),
    UserDraft: a_user_draft(),
}


class Noted(Exception):
    """Say that a call reached the backend, which has no answer."""


class NotingBackend:
    """Note the operation of each call."""

    def __init__(self) -> None:
        self.noted: list[str] = []

    def send(self, call: Call[Any]) -> Reply[Any]:
        """Note a call."""
        self.noted.append(call.operation.id)
        raise Noted

    def close(self) -> None:
        """Hold nothing."""


class AsyncNotingBackend:
    """Note the operation of each call."""

    def __init__(self) -> None:
        self.noted: list[str] = []

    async def send(self, call: Call[Any]) -> Reply[Any]:
        """Note a call."""
        self.noted.append(call.operation.id)
        raise Noted

    async def close(self) -> None:
        """Hold nothing."""


def methods_of(group: Any) -> Iterator[Any]:
    """Return the methods of all groups below a facade; each sends one operation."""
    if isinstance(group, Petstore | AsyncPetstore):
        yield group.events
    for value in vars(group).values():
        if isinstance(value, Resource | AsyncResource):
            yield from public_methods(value)
            yield from methods_of(value)


_GENERATOR = "Generator[petstore.contract.event.Event, None, None]"


def signatures(facade: Petstore | AsyncPetstore) -> dict[str, str]:
    """Return the signature of each method, in the words of the sync facade."""
    return {
        method.__qualname__.removeprefix("Async"): str(inspect.signature(method))
        .replace("AsyncPager", "Pager")
        .replace("AsyncIterator", "Iterator")
        .replace("collections.abc.AsyncIterable[bytes] | ", "")
        .replace("AsyncGenerator[petstore.contract.event.Event, None]", _GENERATOR)
        for method in (*public_methods(facade), *methods_of(facade))
    }


def call(method: Any) -> None:
    """Call a method with just what it needs, and fetch from what it returns."""
    outcome = sent(method)
    if isinstance(outcome, Pager):
        outcome.first()
    if isinstance(outcome, Iterator):
        next(outcome)


async def call_async(method: Any) -> None:
    """Call a method with just what it needs, and fetch from what it returns."""
    outcome = sent(method)
    if isinstance(outcome, AsyncIterator):
        outcome = anext(outcome)
    await (outcome.first() if isinstance(outcome, AsyncPager) else outcome)


def sent(method: Any, *, like: Any = None) -> Any:
    """
    Call a method with just what it needs.

    Args:
        like: Has the method's signature, where it has another one itself.
    """
    named = like or method
    return method(*samples(named), **CHANGES.get(named.__name__, {}))


def public_methods(group: Any) -> Iterator[Any]:
    """Return the bound methods without an underscore."""
    for name, method in inspect.getmembers(group, inspect.ismethod):
        if not name.startswith("_"):
            yield method


def samples(method: Any) -> list[Any]:
    """Return a value for each argument that has to be given."""
    return [
        sample(parameter)
        for parameter in inspect.signature(method).parameters.values()
        if parameter.default is parameter.empty
        and parameter.kind is not parameter.VAR_KEYWORD
    ]


def sample(parameter: inspect.Parameter) -> Any:
    """Return a value that the parameter takes."""
    if parameter.name in BY_NAME:
        return BY_NAME[parameter.name]
    kinds = leaf_types(parameter.annotation)
    value = next(BY_TYPE[kind] for kind in kinds if kind in BY_TYPE)
    return [value] if get_origin(parameter.annotation) is Sequence else value
