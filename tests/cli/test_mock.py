"""Recordings are made, replayed, checked and converted from a terminal."""

import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import petstore
from petstore.mock.cassette import load, save
from tests.cli.processes import run_cli, serving
from tests.mock.builders import JSON, a_cassette, an_exchange

ASK = """
import os, sys, urllib.request
url = os.environ["PETSTORE_URL"]
for path in sys.argv[2:]:
    print(urllib.request.urlopen(url + path).read().decode())
sys.exit(int(sys.argv[1]))
"""
MOCK = ("mock", "serve")


@pytest.fixture
def errors(tmp_path) -> Path:
    return tmp_path / "stderr"


@pytest.fixture
def cassette(tmp_path) -> Path:
    path = tmp_path / "pets.yaml"
    pet = an_exchange(response={"headers": JSON, "json": {"id": 7, "name": "Rex"}})
    save(a_cassette(pet, an_exchange("DELETE /pet/7", "deletePet-1")), path)
    return path


@pytest.fixture(scope="module")
def upstream() -> Iterator[str]:
    with petstore.serve() as server:
        yield server.url


def asking(code: int, *paths: str) -> list[str]:
    """Return a command that asks for paths, and exits with a code."""
    return ["--", sys.executable, "-c", ASK, str(code), *paths]


def test_recording_is_replayed_until_a_signal(errors, cassette):
    with serving(str(cassette), errors=errors, command=MOCK) as server:
        found = httpx.get(f"{server.url}/pet/7")
        missed = httpx.get(f"{server.url}/pet/8")
        page = httpx.get(f"{server.url}/__mock/")
        code = server.stop()

    assert {"id": 7, "name": "Rex"} == found.json()
    assert "recording/getPetById-1" == found.headers["x-petstore-served-by"]
    assert (501, 200, 0) == (missed.status_code, page.status_code, code)
    assert "2 requests, 1 of them had no answer" in server.stderr
    assert "Traceback" not in server.stderr


def test_strict_one_fails_where_something_was_not_asked_for(errors, cassette):
    with serving(str(cassette), "--strict", errors=errors, command=MOCK) as server:
        httpx.get(f"{server.url}/pet/7")
        code = server.stop()

    assert 2 == code
    assert "fell short: nobody asked for deletePet-1" in server.stderr


def test_faults_are_read_from_a_file(errors, cassette, tmp_path):
    rules = tmp_path / "faults.yaml"
    rules.write_text("- when: {nth: 1}\n  do: {status: 503}\n")
    options = (str(cassette), "--faults", str(rules))
    with serving(*options, errors=errors, command=MOCK) as server:
        statuses = [httpx.get(f"{server.url}/pet/7").status_code for _ in range(2)]

    assert [503, 200] == statuses


def test_what_a_command_asks_is_recorded(tmp_path, upstream):
    path = tmp_path / "new.yaml"
    options = ["mock", "record", str(path), "--upstream", upstream]

    first = run_cli(*options, *asking(0, "/pet/1", "/v2/pet/2"))
    text = path.read_text()
    again = run_cli(*options, *asking(0, "/pet/1", "/v2/pet/2"))

    assert (0, 0) == (first.returncode, again.returncode), first.stderr
    assert "2 exchanges are in" in first.stderr
    assert ["/pet/1", "/v2/pet/2"] == [one.request.path for one in load(path).exchanges]
    assert text == path.read_text()


def test_command_that_fails_leaves_the_recording_as_it_was(cassette, upstream):
    before = cassette.read_bytes()

    failed = run_cli(
        "mock", "record", str(cassette), "--upstream", upstream, *asking(3, "/pet/1")
    )

    assert 3 == failed.returncode
    assert "The command exited with 3" in failed.stderr
    assert before == cassette.read_bytes()


@pytest.mark.parametrize("only", [[], ["--only", "getPetById"]])
def test_upstream_that_is_away_leaves_the_recording_as_it_was(cassette, only):
    before = cassette.read_bytes()
    quiet = ["--", sys.executable, "-c", f"try: exec({ASK!r})\nexcept OSError: pass"]
    options = ["--upstream", "http://127.0.0.1:1", *only, *quiet, "0", "/pet/1"]

    failed = run_cli("mock", "record", str(cassette), *options)

    assert 2 == failed.returncode
    assert "is as it was: 1 requests had no answer" in failed.stderr
    assert before == cassette.read_bytes()


def test_command_that_asks_nothing_leaves_the_recording_as_it_was(cassette, terminal):
    before = cassette.read_bytes()

    failed = terminal("mock record", str(cassette), "--", "true")

    assert 2 == failed.code
    assert "nothing was recorded, and it holds 2 exchanges" in failed.stderr
    assert before == cassette.read_bytes()


def test_one_operation_is_recorded_anew(cassette, upstream):
    options = ["mock", "record", str(cassette), "--upstream", upstream]

    done = run_cli(*options, "--only", "getPetById", *asking(0, "/pet/1"))
    refused = run_cli(*options, "--only", "addPet", *asking(0))

    assert 0 == done.returncode, done.stderr
    assert ["DELETE /pet/7", "GET /pet/1"] == [
        f"{one.request.method} {one.request.path}" for one in load(cassette).exchanges
    ]
    assert 2 == refused.returncode
    assert "has no addPet; it has deletePet, getPetById" in refused.stderr


def test_drift_is_told_with_its_line(cassette, terminal):
    found = terminal("mock check", str(cassette))
    as_json = terminal("mock check --json", str(cassette))

    assert (1, 1) == (found.code, as_json.code)
    assert f"{cassette}:8: getPetById-1: response.json.photoUrls:" in found.stdout
    assert ["response.json.photoUrls"] == [one["field"] for one in as_json.data]


def test_live_values_count_when_they_are_asked_for(cassette, upstream, terminal):
    path = cassette.with_name("one.yaml")
    reply = httpx.get(f"{upstream}/v2/pet/1")
    answer = {"headers": JSON, "json": reply.json() | {"name": "Another"}}
    exchange = an_exchange("GET /v2/pet/1", response=answer)
    save(a_cassette(exchange), path)
    line = f"mock check --against {upstream}"

    shape, values = terminal(line, str(path)), terminal(line, str(path), "--values")

    assert (0, 1) == (shape.code, values.code), shape.stdout
    assert 'response.json.name: recorded "Another"' in values.stdout


def test_what_is_checked_while_it_is_served_is_told(errors, cassette, upstream):
    options = (str(cassette), "--mode", "check", "--upstream", upstream, "--strict")
    with serving(*options, errors=errors, command=MOCK) as server:
        httpx.get(f"{server.url}/pet/7")
        httpx.get(f"{server.url}/pet/8")
        code = server.stop()

    assert 2 == code
    assert "drift: getPetById-1: response.json.photoUrls" in server.stderr
    assert "drift: GET /pet/8: was not recorded [new]" in server.stderr


def test_server_answers_to_a_further_name(errors, cassette):
    options = (str(cassette), "--allow-host", "pets.test")
    with serving(*options, errors=errors, command=MOCK) as server:
        statuses = [
            httpx.get(f"{server.url}/pet/7", headers={"host": name}).status_code
            for name in ("pets.test", "other.test")
        ]

    assert [200, 400] == statuses


def test_recording_of_the_engine_has_no_drift(tmp_path, terminal):
    path = tmp_path / "engine.yaml"
    recorded = run_cli("mock", "record", str(path), *asking(0, "/pet/1", "/v2/pet/1"))

    checked = terminal("mock check --against engine", str(tmp_path))

    assert (0, 0) == (recorded.returncode, checked.code), checked.stdout
    assert "1 recordings, 0 drifts" in checked.stderr


def test_recording_is_tidied_and_shown(cassette, terminal):
    cassette.write_text(cassette.read_text().replace("name: Rex", "name:   'Rex'"))

    tidied = terminal("mock tidy", str(cassette))
    again = terminal("mock tidy", str(cassette))
    shown = terminal("mock show", str(cassette))
    rows = terminal.data("mock show", str(cassette))

    assert "tidied" in tidied.stderr
    assert "was tidy" in again.stderr
    assert "name: Rex" in cassette.read_text()
    assert "deletePet-1" in shown.stdout
    assert ["getPetById-1", "deletePet-1"] == [row["id"] for row in rows]


def test_what_nobody_asked_for_is_dropped(cassette, terminal, tmp_path):
    report = tmp_path / "report.json"
    report.write_text('{"unplayed": ["deletePet-1"]}')
    none = tmp_path / "none.json"
    none.write_text("[]")

    pruned = terminal("mock tidy --prune", str(report), str(cassette))
    refused = terminal("mock tidy --prune", str(none), str(cassette))

    assert "1 dropped" in pruned.stderr
    assert ["getPetById-1"] == [one.id for one in load(cassette).exchanges]
    assert (2, True) == (refused.code, "is no report of a session" in refused.stderr)


def test_recording_is_converted_and_back(cassette, tmp_path, terminal):
    har, back = tmp_path / "pets.har", tmp_path / "back.yaml"

    there = terminal("mock convert", str(cassette), str(har))
    home = terminal("mock convert", str(har), str(back))

    assert (0, 0) == (there.code, home.code), there.stderr + home.stderr
    assert [one.response for one in load(cassette).exchanges] == [
        one.response for one in load(back).exchanges
    ]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("serve none.yaml", "Cannot read none.yaml"),
        ("serve --faults none.yaml", "Cannot read none.yaml"),
        ("serve --clock yesterday", "yesterday"),
        ("serve --allow-upstream pets.test", "is no URL of a server"),
        ("serve --mode record", "needs a cassette"),
        ("record a.yaml --upstream example.com", "is no URL of a server"),
        ("record a.yaml -- no-such-command", "Cannot run no-such-command"),
        ("check none.yaml", "Cannot read none.yaml"),
        ("check .", "There is no cassette"),
        ("tidy a.yaml --prune none.json", "Cannot read none.json"),
        ("convert none.yaml b.har", "none.yaml"),
    ],
)
def test_wrong_input_is_told_in_one_line(line, words, terminal):
    failed = terminal(f"mock {line}")

    assert 2 == failed.code
    assert words in failed.stderr
    assert 1 == len(failed.stderr.splitlines())
