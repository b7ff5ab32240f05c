"""The tests of every kind of client leave out no method, and no error of one."""

import inspect
import re
from collections.abc import Iterator
from operator import attrgetter

import pytest

from petstore.contract.errors import NotSupported
from petstore.contract.operations import OPERATIONS
from petstore_client import Petstore
from tests.client import test_every_kind_pets, test_every_kind_shop
from tests.client.kinds import (
    KINDS,
    SHOWN,
    Stores,
    has,
    named_methods,
    operation_of,
    stores,
)
from tests.kit.facades import NotingBackend, sent

__all__ = ["stores"]

# They fill `SHOWN`.
assert test_every_kind_pets
assert test_every_kind_shop

# These take a store that asks who calls, or that has an owner; the tests of the engine
# and of the server show them. What a flavour lacks is shown below.
ELSEWHERE = {
    ("auth.login", "Unauthorized"),
    ("auth.login_user", "Unauthorized"),
    ("auth.me", "Unauthorized"),
    ("events", "Forbidden"),
    ("events", "NotSupported"),
    ("events", "Unauthorized"),
    ("users.delete", "RuleBroken"),
}
# They have names for media types of their own, and POST what exists already where the
# public contract replaces it.
OF_FOREIGN_CLIENTS = {
    ("pets.create", "RuleBroken"),
    ("pets.upload_photo", "UnsupportedMedia"),
}
_RAISES = re.compile(r"^    ((?:\w+, )*\w+):", re.MULTILINE)


METHODS = dict(named_methods(Petstore(NotingBackend())))


def promised() -> Iterator[tuple[str, str | None]]:
    """Return each method with None, and with each error that it says to raise."""
    for name, method in METHODS.items():
        yield name, None
        _, _, raises = (inspect.getdoc(method) or "").partition("Raises:")
        for line in _RAISES.findall(raises):
            yield from ((name, error) for error in line.split(", "))


def test_every_method_says_which_errors_its_operation_has():
    declared = {
        (method, error.__name__)
        for method, operation_id in operation_of().items()
        for error in OPERATIONS[operation_id].errors
    }

    assert OF_FOREIGN_CLIENTS == declared - {*promised()}


def test_every_method_is_shown_with_each_of_its_errors():
    assert {*promised()} - ELSEWHERE <= SHOWN
    assert {*promised()} >= ELSEWHERE


@pytest.mark.parametrize(
    ("kind", "method"),
    [(one, name) for one in KINDS for name in operation_of() if not has(one, name)],
)
def test_method_that_a_flavour_lacks_is_refused_before_anything_is_sent(
    stores: Stores, kind: str, method: str
):
    lacking = attrgetter(method)(stores.client(kind))

    with pytest.raises(NotSupported, match=f"no operation {operation_of()[method]}"):
        # A listing sends nothing before it is iterated.
        next(iter(sent(lacking, like=METHODS[method])))


@pytest.mark.parametrize(
    "kind", [one for one in KINDS if KINDS[one].flavour != "native"]
)
def test_condition_that_a_flavour_lacks_is_refused_before_anything_is_sent(
    stores: Stores, kind: str
):
    with pytest.raises(NotSupported, match="if_version"):
        stores.client(kind).pets.delete(1, if_version=1)
