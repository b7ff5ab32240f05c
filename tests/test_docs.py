"""
Run the README: every block of code, and every command that it names.

- A `python` block runs in a folder that all blocks share; if it has tests, in pytest.
  It finds the newest server at `localhost:8080`, too.
- In a `console` block, each `$` line runs in a shell and prints what follows it, where
  `...` stands for anything. `petstore serve` goes on until the end, and
  `localhost:8080` is the newest server.
- A `sh` block sets a machine up. This very run began with it, so it is only compared.
"""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pytest

from tests.cli.commands import commands, options
from tests.cli.processes import TIMEOUT_S, environment, serving

pytestmark = pytest.mark.uncounted

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
LINES_MAX = 200
SERVER = "localhost:8080"
SET_UP = ["pip install . && petstore serve", "pip install nox && nox"]

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = _FENCE.findall(README)
_CODE = re.compile(r"`([^`]+)`")
# A machine without curl still has this one, for what the README does with it.
_CURL = """#!{python}
import argparse, httpx
parser = argparse.ArgumentParser()
parser.add_argument("url")
parser.add_argument("-H", action="append", default=[])
parser.add_argument("-d")
given = parser.parse_args()
headers = dict(line.split(": ", 1) for line in given.H)
method = "GET" if given.d is None else "POST"
url = given.url if "://" in given.url else "http://" + given.url
print(httpx.request(method, url, headers=headers, content=given.d).text, end="")
"""
_PETSTORE = '#!/bin/sh\nexec "{python}" -m petstore.cli "$@"\n'


@dataclass(slots=True)
class Reader:
    """Be somebody who types what the README says."""

    folder: Path
    programs: Path
    servers: ExitStack = field(default_factory=ExitStack)
    host: str = SERVER

    def run(self, command: str) -> str:
        """Run a line in a shell, and return what it prints."""
        if command.startswith("petstore serve"):
            self.serve(*command.split()[2:])
            return ""
        finished = subprocess.run(
            ["/bin/sh", "-c", command.replace(SERVER, self.host)],
            cwd=self.folder,
            env={
                **environment(),
                "PATH": f"{self.programs}{os.pathsep}{os.environ['PATH']}",
                "PETSTORE_STORE": f"http://{self.host}",
            },
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        assert finished.returncode == 0, finished.stderr
        return finished.stdout

    def run_python(self, code: str) -> None:
        """Run a block of Python, its tests if it has any."""
        path = self.folder / "test_block.py"
        path.write_text(code.replace(SERVER, self.host))
        is_test = re.search(r"^def test_", code, re.MULTILINE)
        finished = subprocess.run(
            [sys.executable, *(PYTEST if is_test else ()), path.name],
            cwd=self.folder,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        assert finished.returncode == 0, finished.stdout + finished.stderr

    def serve(self, *given: str) -> None:
        """Start a server; later lines talk to it."""
        errors = self.folder / f"stderr-{len(list(self.folder.iterdir()))}"
        server = self.servers.enter_context(serving(*given, errors=errors))
        self.host = server.url.removeprefix("http://")


# A checkout that is not installed has no entry point for the plugin.
PYTEST = ("-m", "pytest", "-q", "-p", "no:asyncio", "-p", "petstore.testing")


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    """Give a reader with an empty folder, for whom a server runs."""
    folder, programs = tmp_path / "work", tmp_path / "programs"
    for made in (folder, programs):
        made.mkdir()
    install(programs / "petstore", _PETSTORE)
    if shutil.which("curl") is None:
        install(programs / "curl", _CURL)
    one = Reader(folder, programs)
    with one.servers:
        one.serve()
        yield one


def install(program: Path, text: str) -> None:
    program.write_text(text.format(python=sys.executable))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)


def test_every_block_does_what_the_readme_says(reader):
    for language, block in BLOCKS:
        if language == "python":
            reader.run_python(block)
        elif language == "console":
            run_console(reader, block)
        else:
            assert (language, block.strip()) in [("sh", line) for line in SET_UP]
    (client,) = re.findall(r'`(Petstore\("recorded:[^`]+\))`', README)
    # A client of what a block before has recorded, as the text has it.
    reader.run_python(
        f"from petstore_client import Petstore\n"
        f"with {client} as shop:\n    assert shop.pets.get(1).name == 'Cat 1'\n"
    )


def run_console(reader: Reader, block: str) -> None:
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        printed = reader.run(command)
        if expected:
            assert matches(printed, expected), f"$ {command}\n{printed}"


def matches(printed: str, expected: str) -> bool:
    """Compare without trailing blanks; `...` stands for anything."""
    pattern = ".*".join(re.escape(piece) for piece in tidy(expected).split("..."))
    return re.fullmatch(pattern, tidy(printed), re.DOTALL) is not None


def tidy(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def test_the_blocks_that_set_up_are_the_two_commands():
    assert [block.strip() for language, block in BLOCKS if language == "sh"] == SET_UP


def test_ci_runs_the_readmes_test_command():
    assert (ROOT / ".ci" / "run").read_text().splitlines()[-1] == SET_UP[1]


def test_the_readme_is_short():
    assert len(README.splitlines()) <= LINES_MAX


def test_every_command_is_in_the_readme():
    assert sorted(commands()) == sorted(named_commands())


def named_commands() -> Iterator[str]:
    """Read the table of commands; the words after the first share its group."""
    for line in section("Commands"):
        if not line.startswith("| `petstore "):
            continue
        first, *others = _CODE.findall(line.split("|")[1])
        *group, name = first.split()[1:]
        for one in (name, *others):
            yield " ".join((*group, one))


def test_every_option_of_serve_is_in_the_readme():
    rows = [line for line in section("Configuration") if line.startswith("| `--")]
    named = [one for row in rows for one in _CODE.findall(row.split("|")[1])]

    assert {*options(commands()["serve"])} - {"--help"} == {*named}


def section(title: str) -> list[str]:
    (found,) = (one for one in README.split("\n## ") if one.startswith(f"{title}\n"))
    return found.splitlines()


def test_the_defaults_of_a_client_are_those_of_the_readme():
    from petstore_client import Retry, Timeout

    rows = "\n".join(section("Call a server"))

    assert asdict(Timeout()) == shown_call(rows, "Timeout")
    assert asdict(Retry()) == shown_call(rows, "Retry")
    assert f"| {Timeout().total:.0f} s |" in rows
    assert f"| `retry` | | {Retry().attempts} |" in rows


def shown_call(text: str, name: str) -> dict[str, float]:
    """Return the keywords that a class is called with."""
    (keywords,) = re.findall(rf"`{name}\((.+?)\)`", text)
    pairs = (pair.split("=") for pair in keywords.split(", "))
    return {key: float(value) for key, value in pairs}


def test_the_variables_of_the_readme_exist():
    from petstore.cli.stores import KEY_VARIABLE, STORE_VARIABLE
    from petstore_client.settings import TIMEOUT_VARIABLE, URL_VARIABLE

    named = set(re.findall(r"`(PETSTORE_\w+)`", README))

    assert named == {KEY_VARIABLE, STORE_VARIABLE, TIMEOUT_VARIABLE, URL_VARIABLE}


def test_what_a_server_prints_is_json(reader):
    assert json.loads(reader.run(f"curl {SERVER}/healthz")) == {"status": "ok"}
