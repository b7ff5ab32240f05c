"""Give this folder's tests a command line in process, and somewhere to run it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import petstore
from petstore.cli.main import app
from petstore.cli.stores import KEY_VARIABLE, STORE_VARIABLE
from tests.kit.stores import (
    durable_url,
    empty_postgres_url,
    file_url,
    postgres,
    postgres_url,
)

__all__ = ["durable_url", "empty_postgres_url", "file_url", "postgres", "postgres_url"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Hold what a command left behind."""

    code: int
    stdout: str
    stderr: str

    @property
    def data(self) -> Any:
        """Return the JSON that was printed."""
        return json.loads(self.stdout)

    @property
    def rows(self) -> list[list[str]]:
        """Return the words of each line below a table's head."""
        return [line.split() for line in self.stdout.splitlines()[2:]]


class Terminal:
    """Run commands in this process."""

    def __init__(self) -> None:
        self._runner = CliRunner()

    def __call__(self, line: str, *more: str, stdin: str | None = None) -> Outcome:
        """
        Run a command.

        Args:
            line: Its words; what has spaces goes into `more`.
        """
        result = self._runner.invoke(
            app, [*line.split(), *more], input=stdin, prog_name="petstore"
        )
        error = result.exception
        if error is not None and not isinstance(error, SystemExit):
            raise error
        return Outcome(result.exit_code, result.stdout, result.stderr)

    def data(self, line: str, *more: str) -> Any:
        """Run a command that must do its work, and return the JSON it printed."""
        outcome = self(line, *more, "--json")
        assert outcome.code == 0, outcome.stderr
        return outcome.data


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Give a command line in an empty folder, with nothing set."""
    monkeypatch.chdir(tmp_path)
    for name in (STORE_VARIABLE, KEY_VARIABLE):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    return Terminal()


@pytest.fixture(params=["store", "server"])
def shop(
    request: pytest.FixtureRequest, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Terminal]:
    """Give a command line over the public data, in a file and behind a server."""
    if request.param == "store":
        terminal("db seed shop.db")
        monkeypatch.setenv(STORE_VARIABLE, "shop.db")
        yield terminal
        return
    with petstore.serve() as server:
        monkeypatch.setenv(STORE_VARIABLE, server.url)
        yield terminal
