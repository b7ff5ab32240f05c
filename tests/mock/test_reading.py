"""Whoever looks for the manual of the mock is led to it."""

import ast
import re
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from typer.testing import CliRunner

import petstore.mock
from petstore.cli.main import app
from petstore.mock import admin, live
from petstore.mock.sessions import ADMIN_PATH

CALL = re.compile(r"^ *([A-Z]+) +(/__mock/[a-z{}/]*)", re.MULTILINE)


def test_page_lists_each_call_of_the_admin_api():
    text = files(live.__package__).joinpath("page", "page.html").read_text()
    assert admin.__doc__ is not None
    calls = CALL.findall(admin.__doc__)

    assert ("GET", f"{ADMIN_PATH}/") == calls[0]
    assert calls[1:] == CALL.findall(text)


def test_help_of_the_package_names_modules_that_say_what_they_are():
    assert petstore.mock.__doc__ is not None
    names = re.findall(
        r"^    (petstore\.[a-z_.]+)", petstore.mock.__doc__, re.MULTILINE
    )

    assert {"petstore.mock.admin", "petstore.mock.cassette"} <= set(names)
    for name in names:
        # Not imported: pytest's plugin is, and once.
        spec = find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        text = Path(spec.origin).read_text()
        assert len(ast.get_docstring(ast.parse(text)) or "") > 80, name


def test_help_of_serve_names_what_to_read():
    told = CliRunner().invoke(app, ["mock", "serve", "--help"]).stdout

    for name in ("", ".cassette", ".faults", ".admin"):
        assert re.search(rf"petstore\.mock{re.escape(name)}\b", told)
