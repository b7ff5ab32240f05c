"""The table of operations is sound in itself."""

import re

import pytest

from petstore.contract.arguments import SCOPES
from petstore.contract.call import Place, Safety
from petstore.contract.errors import Unauthorized
from petstore.contract.flavours import FACES
from petstore.contract.operations import OPERATIONS, RESERVED_USERNAMES

each_operation = pytest.mark.parametrize(
    "operation", OPERATIONS.values(), ids=OPERATIONS
)


def test_table_holds_the_twenty_operations_of_the_contract_and_ours():
    assert len(OPERATIONS) == 32


@each_operation
def test_path_and_arguments_name_the_same_parameters(operation):
    in_path = {arg.wire for arg in operation.args if arg.place is Place.PATH}

    assert set(re.findall(r"{(\w+)}", operation.path)) == in_path


@each_operation
def test_argument_names_are_unique(operation):
    assert len({arg.name for arg in operation.args}) == len(operation.args)
    assert len({arg.wire for arg in operation.args}) == len(operation.args)


@each_operation
def test_parameter_in_a_path_or_body_is_required(operation):
    places = (Place.PATH, Place.BODY, Place.UPLOAD)

    assert all(arg.required for arg in operation.args if arg.place in places)


@each_operation
def test_call_that_writes_nothing_is_safe(operation):
    assert operation.writes == (operation.safety is not Safety.SAFE)


@each_operation
def test_scopes_are_documented(operation):
    assert operation.scopes <= SCOPES.keys()


@each_operation
def test_owner_is_named_by_an_argument(operation):
    assert operation.own is None or operation.arg(operation.own).required


@each_operation
def test_open_operation_that_asks_who_you_are_may_refuse(operation):
    asks = operation.id in ("loginUser", "createToken", "getToken", "getEvents")

    assert (Unauthorized in operation.errors) == asks


def test_reserved_usernames_are_those_that_no_path_leads_to():
    fixed = {"createWithArray", "createWithList", "login", "logout"}

    assert fixed == RESERVED_USERNAMES
    for name in fixed:
        route, _ = FACES["native", "strict"].router.find(
            "GET" if name.startswith("log") else "POST", f"/user/{name}"
        )
        assert route.operation.id != "getUserByName"


def test_methods_and_paths_are_unique():
    assert len({(one.method, one.path) for one in OPERATIONS.values()}) == 32
