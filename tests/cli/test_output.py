import os
import subprocess
import sys
from pathlib import Path

import pytest

from petstore.cli.output import plain, print_fields, print_json, print_table
from tests.cli.processes import environment, run_cli


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("Zoë the cat 🐱", "Zoë the cat 🐱", id="letters"),
        pytest.param("a\x1b[31mb", "a\\x1b[31mb", id="escape"),
        pytest.param("a\x9bb", "a\\x9bb", id="c1"),
        pytest.param("a\nb\tc\r", "a\\nb\\tc\\r", id="white-space"),
        pytest.param("a\u202eb", "a\\u202eb", id="bidi"),
        pytest.param("a\udcffb", "a\\udcffb", id="surrogate"),
    ],
)
def test_what_does_not_show_is_an_escape(text, shown):
    assert plain(text) == shown


def test_a_cell_is_no_markup(capsys):
    print_table(("name",), [("[red]Rex[/red] :cat:",)])

    assert "[red]Rex[/red] :cat:" in capsys.readouterr().out


def test_a_pipe_gets_each_cell_whole_in_one_line():
    name = "a-" * 150
    code = f"from petstore.cli.output import print_table as p; p(['id'], [['{name}']])"
    narrow = {**environment(), "COLUMNS": "40", "FORCE_COLOR": "1"}

    run = subprocess.run(
        [sys.executable, "-c", code], env=narrow, capture_output=True, text=True
    )

    assert name in [line.strip() for line in run.stdout.splitlines()]
    assert "\x1b" not in run.stdout


def test_none_is_an_empty_cell_and_no_field(capsys):
    print_fields([("id", 7), ("name", None)])

    assert "name" not in capsys.readouterr().out


def test_json_keeps_its_order(capsys):
    print_json({"b": 1, "a": "é"})

    assert capsys.readouterr().out == '{\n  "b": 1,\n  "a": "\\u00e9"\n}\n'


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has /dev/full")
@pytest.mark.parametrize("line", ["inventory --json", "inventory", "openapi"])
def test_a_full_disk_is_an_error_and_no_traceback(line):
    store = ["--store", "memory:"] if line != "openapi" else []
    with Path("/dev/full").open("w") as full:
        run = run_cli(*line.split(), *store, stdout=full)

    assert run.returncode == 1
    assert run.stderr == "error: Cannot write the output: No space left on device.\n"


def test_a_reader_that_left_is_no_traceback():
    reading, writing = os.pipe()
    os.close(reading)

    run = run_cli("openapi", stdout=writing)
    os.close(writing)

    assert (run.returncode, run.stderr) == (1, "")


def test_a_terminal_without_unicode_gets_escapes(terminal, monkeypatch):
    terminal("db seed shop.db --seed empty")
    terminal("pet add Zoë --store shop.db")

    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    run = run_cli("pet", "list", "--store", "shop.db")

    assert "Zo\\xeb" in run.stdout
