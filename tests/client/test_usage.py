"""Hold what a reader is shown of the methods to all that both clients have."""

import ast
import re
from collections.abc import Iterator
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest

import petstore_client
from petstore.contract.operations import OPERATIONS
from petstore.contract.resource import AsyncResource, Resource
from tests.kit.facades import (
    AsyncNotingBackend,
    Noted,
    NotingBackend,
    call,
    public_methods,
)

_ROW = re.compile(r"^ {4}(\w+) +client\.(\S+)$", re.MULTILINE)
FOLDER = Path(__file__).parents[1] / "typing"


@pytest.mark.parametrize(
    ("name", "client"),
    [
        ("usage.py", petstore_client.Petstore(NotingBackend())),
        ("usage_async.py", petstore_client.AsyncPetstore(AsyncNotingBackend())),
    ],
)
def test_every_method_of_a_client_is_used_where_types_are_checked(name, client):
    source = (FOLDER / name).read_text()

    assert set(methods(client)) <= set(used(source))


def test_the_table_of_operations_names_the_method_that_sends_each():
    backend = NotingBackend()
    client = petstore_client.Petstore(backend)
    rows = _ROW.findall(str(petstore_client.__doc__))

    for _, path in rows:
        with pytest.raises(Noted):
            call(attrgetter(path)(client))

    assert [name for name, _ in rows] == backend.noted
    assert set(OPERATIONS) == set(backend.noted)


def methods(group: Any, path: str = "client") -> Iterator[str]:
    """Return what is written to call each method, such as `client.pets.get`."""
    for method in public_methods(group):
        yield f"{path}.{method.__name__}"
    for name, value in vars(group).items():
        if isinstance(value, Resource | AsyncResource):
            yield from methods(value, f"{path}.{name}")


def used(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)
