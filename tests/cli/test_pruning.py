"""What nobody asked for is dropped of the recording that it is in, and of no other."""

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from petstore.mock.cassette import load, save
from petstore.mock.opening import open_session
from tests.cli.processes import TIMEOUT_S, environment
from tests.mock.builders import a_cassette, a_request, an_exchange, respond


@pytest.fixture
def folder(tmp_path) -> Path:
    """Return a folder of two recordings whose exchanges have the same ids."""
    pet = an_exchange(response={"json": {"id": 7}})
    for name in ("own", "base"):
        left = an_exchange("DELETE /pet/7", "deletePet-1")
        save(a_cassette(pet, left), tmp_path / f"{name}.yaml")
    return tmp_path


def ids_of(path: Path) -> list[str]:
    return [one.id for one in load(path).exchanges]


def reported(folder: Path, *lines: str) -> str:
    """Return the report of a session in which something was asked for."""
    session = open_session(cassette=folder / "own.yaml", base=[folder / "base.yaml"])
    for line in lines:
        respond(session, a_request(line))
    report = folder / "report.json"
    report.write_text(json.dumps(asdict(session.report())))
    return str(report)


def test_what_nobody_asked_for_is_dropped_of_its_own_file(folder, terminal):
    report = reported(folder, "GET /pet/7", "DELETE /pet/7", "DELETE /pet/7")

    own = terminal("mock tidy --prune", report, str(folder / "own.yaml"))
    base = terminal("mock tidy --prune", report, str(folder / "base.yaml"))

    assert ["getPetById-1", "deletePet-1"] == ids_of(folder / "own.yaml")
    assert ["deletePet-1"] == ids_of(folder / "base.yaml")
    assert "1 dropped: getPetById-1" in base.stderr
    assert (2, True) == (own.code, "tells of none of these recordings" in own.stderr)


def test_whole_folder_is_pruned_by_one_report(folder, terminal):
    report = reported(folder, "GET /pet/7", "DELETE /pet/7", "DELETE /pet/7")

    pruned = terminal("mock tidy --prune", report, str(folder))

    assert 0 == pruned.code
    assert (2, 1) == tuple(
        len(ids_of(folder / f"{one}.yaml")) for one in ("own", "base")
    )


def test_recording_that_nobody_asked_for_is_never_emptied(folder, terminal):
    report = reported(folder, "GET /pet/7")

    pruned = terminal("mock tidy --prune", report, str(folder))

    assert (2, 2) == (pruned.code, len(ids_of(folder / "base.yaml")))
    assert "base.yaml is as it was: nobody asked for anything" in pruned.stderr
    assert ["getPetById-1"] == ids_of(folder / "own.yaml")


@pytest.mark.parametrize(
    "told",
    [
        "[]",
        "{}",
        '{"unplayed": "getPetById-1"}',
        '{"unplayed": ["getPetById-1"]}',
        '{"unplayed": [{"cassette": "own.yaml", "id": 1}]}',
    ],
)
def test_what_is_no_report_is_refused(told: str, folder, terminal):
    report = folder / "report.json"
    report.write_text(told)

    refused = terminal("mock tidy --prune", str(report), str(folder / "own.yaml"))

    assert (2, True) == (refused.code, "is no report of a session" in refused.stderr)
    assert 2 == len(ids_of(folder / "own.yaml"))


def test_repeats_that_are_dropped_are_named(folder, terminal):
    path = folder / "own.yaml"
    save(a_cassette(an_exchange(), an_exchange(id="getPetById-2")), path)

    tidied = terminal("mock tidy", str(path))

    assert f"{path}: tidied, 1 dropped: getPetById-2" in tidied.stderr.replace("\n", "")


def test_files_are_utf_8_whatever_the_terminal_speaks(folder):
    """Windows has an encoding of its own, and so has a machine without a locale."""
    path, report, faults = (folder / one for one in ("a.yaml", "r.json", "f.yaml"))
    save(a_cassette(an_exchange(status=418, note="Größe"), an_exchange(id="b")), path)
    left = {"cassette": str(path), "id": "b", "note": "Größe"}
    told = json.dumps({"unplayed": [left]}, ensure_ascii=False)
    report.write_text(told, "utf-8")
    faults.write_text("- {when: {path: /größe}, do: {status: 1}}", "utf-8")

    checked = in_ascii("check", str(path))
    tidied = in_ascii("tidy", "--prune", str(report), str(path))
    served = in_ascii("serve", str(path), "--faults", str(faults))

    assert (1, True) == (checked.returncode, "418" in checked.stdout), checked.stderr
    assert (0, ["getPetById-1"]) == (tidied.returncode, ids_of(path)), tidied.stderr
    assert "do.status" in served.stderr


def in_ascii(*words: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the mock where text is ASCII unless told."""
    locale = {**environment(), "LC_ALL": "C", "PYTHONUTF8": "0"}
    return subprocess.run(
        [sys.executable, "-m", "petstore.cli", "mock", *words],
        env={**locale, "PYTHONCOERCECLOCALE": "0"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
