"""Run the examples as a reader would: each in a process and a folder of its own."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.processes import TIMEOUT_S, environment
from tests.kit.stores import empty_postgres_url, postgres

__all__ = ["empty_postgres_url", "postgres"]

pytestmark = pytest.mark.uncounted

EXAMPLES = Path(__file__).parents[1] / "examples"
PATHS = sorted(EXAMPLES.glob("*.py"))
# A checkout that is not installed has no entry point for the plugin.
PYTEST = ("-m", "pytest", "-q", "-p", "no:asyncio", "-p", "petstore.testing")
LINES_MAX = 60


def run(folder, *arguments):
    finished = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert finished.stderr == ""
    return finished.stdout


def example(name):
    return str(EXAMPLES / name)


def test_every_example_is_run_here():
    run_here = {
        "client_async.py",
        "client_middleware.py",
        "client_retries.py",
        "client_sync.py",
        "client_upload.py",
        "embed_async.py",
        "embed_sync.py",
        "httpx_v2.py",
        "mock_record.py",
        "test_flaky_network.py",
        "test_my_app.py",
        "test_with_fake.py",
        "test_with_recording.py",
        "test_with_respx.py",
        "use_postgres.py",
    }

    assert run_here == {path.name for path in PATHS}


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_an_example_is_short(path):
    assert len(path.read_text().splitlines()) <= LINES_MAX


def test_embed_sync(tmp_path):
    shown = run(tmp_path, example("embed_sync.py"))

    assert shown.splitlines()[0] == "Rex is pending in order 1"
    assert "a second time: " in shown
    assert shown.splitlines()[-2:] == ["version 1: create", "version 2: update"]


def test_embed_async(tmp_path):
    shown = run(tmp_path, example("embed_async.py"))

    assert shown.splitlines()[0] == "{'available': 99, 'sold': 1}"
    assert "'Pet 99', 'Pet 98'" in shown


def test_httpx_v2(tmp_path):
    shown = run(tmp_path, example("httpx_v2.py"))

    assert shown.splitlines()[:2] == ["created: doggie", "sold: ['Dog 2', 'doggie']"]
    assert shown.splitlines()[-1] == "gone: Pet not found"


def test_client_sync(tmp_path):
    shown = run(tmp_path, example("client_sync.py"))

    assert shown.splitlines() == [
        "Rex is in order 11",
        "somebody was quicker: 412",
        "friendly: ['Rex']",
        "gone: There is no pet 11.",
    ]


def test_client_async(tmp_path):
    first, *events = run(tmp_path, example("client_async.py")).splitlines()

    assert first.startswith("found: ['Cat 1', 'Cat 2'")
    assert events[-1].endswith(": delete")


def test_client_upload(tmp_path):
    shown = run(tmp_path, example("client_upload.py"))

    assert "100%" in shown
    assert shown.splitlines()[-2:] == ["stored: image/png", "read back: True"]


def test_client_retries(tmp_path):
    shown = run(tmp_path, example("client_retries.py"))

    assert shown.splitlines() == [
        "created: Rex",
        "found: Rex",
        "getPetById, 3 attempts, sent: no",
    ]


def test_client_middleware(tmp_path):
    shown = run(tmp_path, example("client_middleware.py"))

    assert re.sub(r"\d+ ms", "N ms", shown).splitlines() == [
        "attempt 1, /pet: 200",
        "addPet took N ms",
        "attempt 1, /pet/{petId}: 200",
        "getPetById took N ms",
    ]


def test_use_postgres(tmp_path, empty_postgres_url):
    shown = run(tmp_path, example("use_postgres.py"), empty_postgres_url)

    assert shown.splitlines() == ["pets: 100", "order: 1 placed", "orders: 1"]


def test_mock_record(tmp_path):
    shown = run(tmp_path, example("mock_record.py"))

    assert shown.splitlines() == [
        "recorded: Cat 1 is in order 11",
        "petstore: cassette/1",
        "replayed: Cat 1 is in order 11",
        "unplayed: []",
    ]


@pytest.mark.parametrize(
    ("name", "count"),
    [("test_with_recording.py", 2), ("test_flaky_network.py", 5)],
)
def test_of_an_app_with_a_recording(tmp_path, name, count):
    shutil.copy(example(name), tmp_path)
    shutil.copytree(EXAMPLES / "cassettes", tmp_path / "cassettes")

    shown = run(tmp_path, *PYTEST, name)

    assert f"{count} passed" in shown


@pytest.mark.parametrize(
    ("name", "count"),
    [("test_my_app.py", 6), ("test_with_fake.py", 3), ("test_with_respx.py", 4)],
)
def test_of_an_app(tmp_path, name, count):
    # Away from the settings that our own tests run under.
    shutil.copy(example(name), tmp_path)

    shown = run(tmp_path, *PYTEST, name)

    assert f"{count} passed" in shown
