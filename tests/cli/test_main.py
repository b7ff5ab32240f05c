import os
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from petstore.contract.version import __version__
from tests.cli.commands import commands, options
from tests.cli.processes import environment

HEAVY = {"alembic", "httpx", "sanic", "sqlalchemy", "sqlmodel", "textual", "yaml"}
COMMANDS = commands()
ROOT = Path(__file__).parents[2]


def loaded_by(line):
    code = f"""
import sys
from petstore.cli import run
sys.argv = ["petstore", *{line.split()!r}]
try:
    run()
except SystemExit:
    print(*sys.modules)
"""
    run = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    return set(run.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("line", ["--version", "--help", "serve --help", "pet --help"])
def test_help_loads_nothing_heavy(line):
    assert HEAVY.isdisjoint(loaded_by(line))


def test_a_command_loads_no_other_one():
    commands = {f"petstore.cli.{name}" for name in ("db", "key", "order", "pet")}

    assert commands.isdisjoint(loaded_by("serve --help"))


def test_the_first_help_shows_flags_as_flags(terminal):
    assert "<bool>" not in terminal("--help").stdout


def test_whoever_misspells_a_command_is_told_its_name(terminal):
    assert "serve" in terminal("srve").stderr


def test_version_loads_no_rich():
    assert "rich" not in loaded_by("--version")


def test_a_start_looks_for_no_plugin_of_pydantic(tmp_path):
    info = tmp_path / "plugin-1.dist-info"
    info.mkdir()
    (info / "entry_points.txt").write_text("[pydantic]\nloud = loud:plugin\n")
    (tmp_path / "loud.py").write_text("print('loaded')\n")
    paths = os.pathsep.join((environment()["PYTHONPATH"], str(tmp_path)))

    run = subprocess.run(
        [sys.executable, "-m", "petstore.cli", "openapi"],
        env={**environment(), "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=True,
    )

    assert run.stdout.startswith("{")


def test_version_is_that_of_the_package(terminal):
    assert terminal("--version").stdout == f"petstore {__version__}\n"


def test_the_command_is_installed():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    module, _, function = project["scripts"]["petstore"].partition(":")
    assert callable(getattr(import_module(module), function))


def test_nothing_shows_the_help(terminal):
    shown = terminal("")

    assert "Usage: petstore" in shown.stdout + shown.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(terminal, name):
    shown = terminal(f"{name} --help")

    assert shown.code == 0
    assert COMMANDS[name].help
    assert all(option in shown.stdout for option in options(COMMANDS[name]))
    # A flag takes no value.
    assert "<bool>" not in shown.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_says_what_it_does(name):
    shown = [one for one in COMMANDS[name].params if not getattr(one, "hidden", False)]

    assert [one.name for one in shown if not one.help] == []


@pytest.mark.parametrize("line", ["nope", "pet nope", "serve --nope", "serve now"])
def test_what_does_not_exist_is_wrong_usage(terminal, line):
    assert terminal(line).code == 2
