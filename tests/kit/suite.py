"""Run a suite of tests that somebody else wrote, with the plugin of this package."""

from importlib.metadata import entry_points
from pathlib import Path

import pytest

from petstore.mock.cassette import save
from petstore.mock.exchange import Exchange
from tests.mock.builders import JSON, a_cassette, an_exchange

ROOT = Path(__file__).parents[2]
PET = {"id": 7, "name": "Mimi", "photoUrls": []}
# An installed package brings the plugin by itself; a checkout has to be found.
IS_INSTALLED = bool(entry_points(group="pytest11", name="petstore"))
PLUGIN = [] if IS_INSTALLED else ["-p", "petstore.testing"]
PROJECT = """
[tool.pytest]
strict = true
filterwarnings = ["error"]
asyncio_mode = "auto"
asyncio_default_fixture_loop_scope = "function"
addopts = ["--import-mode=importlib"]
"""
GET = "import httpx\n\ndef get(mock, path):\n    return httpx.get(mock.url + path)\n"


class Suite:
    """Be a suite: its folder, its tests and its cassettes."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        pytester.makepyprojecttoml(PROJECT)

    @property
    def folder(self) -> Path:
        return self.pytester.path

    def tests(self, source: str, module: str = "test_shop") -> None:
        self.pytester.makepyfile(**{module: GET + source})

    def cassette(self, name: str, *exchanges: Exchange) -> Path:
        """Put a cassette down; without exchanges, one of a pet."""
        path = self.folder / "cassettes" / f"{name}.yaml"
        save(a_cassette(*(exchanges or [a_recorded_pet()]), upstream="engine"), path)
        return path

    def run(self, *args: str) -> pytest.RunResult:
        # Workers of pytest-xdist see the path of when their parent began.
        run = "subprocess" if "-n" in args else "inprocess"
        result: pytest.RunResult = getattr(self.pytester, f"runpytest_{run}")(
            *PLUGIN, *args
        )
        return result

    def outcomes(self, *args: str) -> dict[str, int]:
        found = self.run(*args).parseoutcomes()
        return {name: n for name, n in found.items() if name != "warnings"}


def a_recorded_pet(
    line: str = "GET /pet/7", exchange_id: str = "getPetById-1"
) -> Exchange:
    """Return a read of a pet that is called Mimi."""
    return an_exchange(line, exchange_id, response={"headers": JSON, "json": PET})


@pytest.fixture
def suite(pytester, monkeypatch) -> Suite:
    monkeypatch.delenv("CI", raising=False)
    if not IS_INSTALLED:
        monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return Suite(pytester)
