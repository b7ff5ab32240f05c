"""
Hold the house together where import-linter cannot see.

That `__all__` is sorted is checked by ruff (RUF022).
"""

import ast
import importlib
import inspect
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from types import ModuleType

import httpx
import pytest
from pydantic import AwareDatetime, BaseModel
from sqlalchemy import BigInteger, Text

import petstore
from petstore.contract.arguments import IDEMPOTENCY_KEY
from petstore.contract.errors import (
    REMOTE_ERRORS,
    FieldProblem,
    RemoteError,
    remote_error,
)
from petstore.contract.facade import AsyncPetstore, Petstore
from petstore.contract.flavours import FACES
from petstore.contract.http import resolve
from petstore.contract.operations import OPERATIONS
from petstore.contract.order import Order
from petstore.contract.pet import Category, Pet, Tag
from petstore.contract.user import User
from petstore.engine.bindings import FLOWS, UNITS
from petstore.storage.tables import OrderRow, PetRow, PetTagRow, UserRow
from tests.kit.annotations import leaf_types
from tests.kit.facades import (
    AsyncNotingBackend,
    Noted,
    NotingBackend,
    call,
    call_async,
    methods_of,
    signatures,
)

ROOT = Path(__file__).parents[1]
PRODUCTS = ("petstore", "petstore_client", "petstore_tui")
SOURCES = sorted(
    path
    for folder in (*PRODUCTS, "tests", "examples")
    for path in (ROOT / folder).rglob("*.py")
)
KERNEL = [
    *sorted((ROOT / "petstore/contract").glob("*.py")),
    ROOT / "petstore/rules.py",
]

HEAVY = {
    *("aiosqlite", "alembic", "argon2", "httpx", "offapi", "PIL", "psycopg", "rich"),
    *("sanic", "sqlalchemy", "sqlmodel", "textual", "typer", "yaml"),
}
# An instant is stored as milliseconds, a truth as 0 or 1.
NUMBERS = (int, datetime, AwareDatetime)
FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 50
NESTING_MAX = 3
BLOCKS = (
    *(ast.If, ast.For, ast.AsyncFor, ast.While, ast.Match),
    *(ast.With, ast.AsyncWith, ast.Try, ast.TryStar),
)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@pytest.mark.parametrize("root", PRODUCTS)
def test_importing_a_root_loads_nothing_else(root):
    loaded = loaded_by(f"import {root}")

    assert {root} == {name for name in loaded if name.startswith("petstore")}
    assert HEAVY.isdisjoint(loaded)


def test_the_kernel_loads_no_heavy_library():
    names = [f"petstore.contract.{path.stem}" for path in KERNEL[:-1]]

    loaded = loaded_by(f"import petstore.rules, {', '.join(names)}")

    assert HEAVY.isdisjoint(loaded)


@pytest.mark.parametrize("path", KERNEL, ids=lambda path: path.name)
def test_the_kernel_imports_pydantic_and_the_standard_library_only(path):
    allowed = {*sys.stdlib_module_names, "petstore", "pydantic", "pydantic_core"}

    assert set(top_level_imports(path)) <= allowed


@pytest.mark.parametrize("root", PRODUCTS)
def test_all_names_of_a_root_are_its_public_names(root):
    module = importlib.import_module(root)
    exported = list(getattr(module, "__all__", []))

    values = {name: getattr(module, name) for name in exported}

    assert len(set(exported)) == len(exported)
    assert {*values, *public_names(module)} == set(exported)


def loaded_by(statement: str) -> set[str]:
    """Return what a fresh interpreter has loaded after the statement."""
    code = f"{statement}\nimport sys\nprint(*sys.modules)"
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def top_level_imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "the kernel imports by full names"
            yield str(node.module).partition(".")[0]


def public_names(module: ModuleType) -> set[str]:
    """Return the names that the module defines or took from another of ours."""
    return {
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and str(getattr(value, "__module__", "")).partition(".")[0] in PRODUCTS
    }


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_fits_the_house(path):
    """Migrations are exempt from lengths: a released one is never touched again."""
    source = path.read_text()
    functions = list(functions_in(source))
    too_deep = [one.name for one in functions if nesting(one) > NESTING_MAX]
    too_long = [one.name for one in functions if lines(one) > FUNCTION_LINES_MAX]
    line_count = source.count("\n")

    assert [] == too_deep
    if "migrations" not in path.parts:
        assert [] == too_long
        assert line_count <= FILE_LINES_MAX


def functions_in(source: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, FUNCTIONS):
            yield node


def lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def nesting(node: ast.AST) -> int:
    """Return how deep blocks stand in blocks; an `elif` stands beside its `if`."""
    return max(
        (depth_of(child, node) for child in ast.iter_child_nodes(node)), default=0
    )


def depth_of(child: ast.AST, parent: ast.AST) -> int:
    if isinstance(child, FUNCTIONS):
        return 0
    is_elif = isinstance(parent, ast.If) and parent.orelse == [child]
    is_block = isinstance(child, BLOCKS) and not is_elif
    return nesting(child) + is_block


@pytest.mark.parametrize(
    ("table", "model", "server_columns"),
    [
        pytest.param(
            PetRow,
            Pet,
            {"name_folded", "created_at", "updated_at", "deleted_at"},
            id="pet",
        ),
        pytest.param(PetTagRow, Tag, {"pet_id", "position"}, id="tag"),
        pytest.param(
            OrderRow, Order, {"created_at", "updated_at", "deleted_at"}, id="order"
        ),
        pytest.param(UserRow, User, {"role", "created_at", "updated_at"}, id="user"),
    ],
)
def test_a_table_holds_the_fields_of_its_model(table, model, server_columns):
    columns = {name: type(one.type) for name, one in table.__table__.columns.items()}

    shared = {
        name: kind for name, kind in columns.items() if name not in server_columns
    }

    assert expected_columns(model) == shared
    assert server_columns < set(columns)


def expected_columns(model: type[BaseModel]) -> dict[str, type]:
    """Return the column type of each field; a value of two fields is two columns."""
    columns: dict[str, type] = {}
    for name, field in model.model_fields.items():
        kinds = list(leaf_types(field.annotation))
        if Category in kinds:
            nested = expected_columns(Category)
            columns |= {f"{name}_{inner}": kind for inner, kind in nested.items()}
        elif Tag not in kinds:
            is_number = any(issubclass(kind, NUMBERS) for kind in kinds)
            columns[name] = BigInteger if is_number else Text
    if model is Tag:
        # `id` would read as the key of the row, and one tag id has many rows.
        columns["tag_id"] = columns.pop("id")
    return columns


def test_the_engine_binds_every_operation_once():
    assert set(OPERATIONS) == {*UNITS, *FLOWS}
    assert UNITS.keys().isdisjoint(FLOWS)


@pytest.mark.parametrize("name", sorted(UNITS))
def test_the_bound_function_takes_the_arguments_of_its_operation(name):
    _tx, _context, *parameters = inspect.signature(UNITS[name]).parameters.values()
    # The engine itself takes the key; no function of a transaction sees it.
    declared = {
        arg.name: arg.required
        for arg in OPERATIONS[name].args
        if arg is not IDEMPOTENCY_KEY
    }

    named = {one.name: one.default is one.empty for one in parameters if is_named(one)}

    assert named.items() <= declared.items()
    if len(named) == len(parameters):
        assert named == declared
    else:
        # It passes the rest on together, as the filters of a listing.
        assert not any(declared[name] for name in declared.keys() - named)


def is_named(parameter: inspect.Parameter) -> bool:
    return parameter.kind is not parameter.VAR_KEYWORD


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda one: one.id)
def test_every_operation_is_found_by_its_method_and_path(operation):
    path = operation.path.replace("{", "").replace("}", "")

    match = resolve(FACES["native", "strict"], operation.method, path)

    assert operation is match.route.operation


@pytest.fixture(scope="module")
def server_url():
    with petstore.serve() as server:
        yield server.url


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda one: one.id)
def test_the_server_reaches_every_operation(operation, server_url):
    """What it answers does not matter here, as long as the operation does."""
    path = re.sub("{[^}]*}", "1", operation.path)

    # Only a refusal is read: the events go on for ever.
    with httpx.stream(operation.method, f"{server_url}{path}") as reply:
        if reply.is_error:
            reply.read()

    assert not is_lost(reply)


def test_the_server_says_where_there_is_no_operation(server_url):
    """Or the test above would hold nothing."""
    assert is_lost(httpx.get(f"{server_url}/pet/1/name"))
    assert is_lost(httpx.put(f"{server_url}/pet/1"))


def is_lost(reply: httpx.Response) -> bool:
    if not reply.is_error:
        return False
    return reply.status_code == 405 or "There is nothing at" in reply.text


def test_the_facade_offers_every_operation():
    backend = NotingBackend()

    for method in methods_of(Petstore(backend)):
        with pytest.raises(Noted):
            call(method)

    assert set(OPERATIONS) == set(backend.noted)


async def test_the_async_facade_offers_every_operation():
    backend = AsyncNotingBackend()

    for method in methods_of(AsyncPetstore(backend)):
        with pytest.raises(Noted):
            await call_async(method)

    assert set(OPERATIONS) == set(backend.noted)


def test_the_two_facades_have_the_same_methods_and_signatures():
    sync = signatures(Petstore(NotingBackend()))
    twin = signatures(AsyncPetstore(AsyncNotingBackend()))

    assert sync == twin


def test_every_remote_error_is_listed_once():
    # A subclass without a code of its own travels as what it stands below.
    coded = [kind for kind in subclasses_of(RemoteError) if "code" in vars(kind)]

    assert sorted(coded, key=str) == sorted(REMOTE_ERRORS, key=str)
    assert len({kind.code for kind in REMOTE_ERRORS}) == len(REMOTE_ERRORS)
    assert all(400 <= kind.status < 600 for kind in REMOTE_ERRORS)


@pytest.mark.parametrize("kind", REMOTE_ERRORS, ids=lambda kind: kind.code)
def test_a_remote_error_survives_its_problem_document(kind):
    fault = FieldProblem(field="body.name", message="must be text", kind="string_type")
    error = kind("No.", fields=(fault,), current_version=7)

    # As JSON, because that is how it travels.
    problem = json.loads(json.dumps(error.to_problem()))
    rebuilt = remote_error(error.status, problem)

    assert type(rebuilt) is kind
    assert error.to_problem() == rebuilt.to_problem()
    assert (error.message, error.fields) == (rebuilt.message, rebuilt.fields)


def subclasses_of(kind: type[RemoteError]) -> Iterator[type[RemoteError]]:
    for subclass in kind.__subclasses__():
        yield subclass
        yield from subclasses_of(subclass)
