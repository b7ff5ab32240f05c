"""What an error says to a user is a whole sentence."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import petstore
import petstore_client
from petstore.contract import errors

ROOTS = [Path(str(root.__file__)).parent for root in (petstore, petstore_client)]
ERRORS = {
    name
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.PetstoreError)
}
# A command or a pattern to copy may stand at the end, where a full stop would hurt.
ENDS = (".", "…", "'")


@pytest.mark.parametrize("root", ROOTS, ids=lambda root: root.name)
def test_each_message_starts_with_a_capital_and_ends_with_a_full_stop(root):
    wrong = [
        f"{path.relative_to(root)}:{line}: {text}"
        for path in sorted(root.rglob("*.py"))
        for line, text in messages(ast.parse(path.read_text("utf-8")))
        if text and not is_sentence(text)
    ]

    assert wrong == []


def messages(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Give what stands in the source; what is known at run time only is a `{}`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and name_of(node.func) in ERRORS and node.args:
            yield node.lineno, text_of(node.args[0])


def name_of(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def text_of(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else "{}"
            for part in node.values
        )
    return ""


def is_sentence(text: str) -> bool:
    ends_well = text.endswith((*ENDS, "{}"))
    return not text[0].islower() and ends_well
