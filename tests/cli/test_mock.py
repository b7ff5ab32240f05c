"""Recordings are made, replayed, checked and converted from a terminal."""

import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import petstore
from petstore.mock.cassette import load, save
from tests.cli.processes import run_cli, serving
from tests.mock.builders import JSON, a_cassette, an_exchange
from tests.mock.servers import QuietHandler, upstream_of

ASK = """
import os, sys, urllib.request
url = os.environ["PETSTORE_URL"]
for path in sys.argv[2:]:
    print(urllib.request.urlopen(url + path).read().decode())
sys.exit(int(sys.argv[1]))
"""
MOCK = ("mock", "serve")


class Events(QuietHandler):
    """Tell one event."""

    def do_GET(self) -> None:
        """Answer a request."""
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        self.wfile.write(b"data: 1\n\n")


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

    assert 1 == code
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
    assert "is as it was: 1 request had no answer" in failed.stderr
    assert before == cassette.read_bytes()


def test_command_that_asks_nothing_leaves_the_recording_as_it_was(cassette, terminal):
    before = cassette.read_bytes()

    failed = terminal("mock record", str(cassette), "--", "true")

    assert 2 == failed.code
    assert "nothing was recorded, and it holds 2 exchanges" in failed.stderr
    assert before == cassette.read_bytes()


def test_recording_of_nothing_is_not_written(tmp_path, terminal):
    path = tmp_path / "new.yaml"

    failed = terminal("mock record", str(path), "--", "true")

    assert 2 == failed.code
    assert f"{path} was not written, for nothing was asked." in failed.stderr
    assert not path.exists()


def test_recording_ends_well_with_its_terminal(errors, tmp_path):
    path = tmp_path / "new.yaml"
    with serving(str(path), errors=errors, command=("mock", "record")) as server:
        httpx.get(f"{server.url}/pet/1")
        server.process.send_signal(signal.SIGHUP)
        code = server.stop(signal.SIGHUP)

    assert (0, 1) == (code, len(load(path).exchanges))
    assert f"1 request; 1 exchange is in {path}.\n" in server.stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "replay; what was not recorded is 501, with a report"),
        (("--on-miss", "engine"), "is answered by the store in this process"),
        (("--mode", "off"), "off\n"),
    ],
)
def test_banner_names_whom_it_asks_only_where_it_does(errors, tmp_path, options, words):
    path = tmp_path / "a.yaml"
    save(a_cassette(an_exchange(), upstream="http://127.0.0.1:1"), path)
    with serving(str(path), *options, errors=errors, command=MOCK) as server:
        banner = server.stderr

    assert f"  Mode     {words}" in banner or words in banner
    assert ("--mode" in options) == ("Asks     http://127.0.0.1:1" in banner)


def test_one_operation_is_recorded_anew(cassette, upstream):
    options = ["mock", "record", str(cassette), "--upstream", upstream]

    done = run_cli(*options, "--only", "getPetById", *asking(0, "/pet/1"))
    refused = run_cli(*options, "--only", "addPet", *asking(0))

    assert 0 == done.returncode, done.stderr
    assert "1 of getPetById were replaced by 1." in done.stderr
    assert ["DELETE /pet/7", "GET /pet/1"] == [
        f"{one.request.method} {one.request.path}" for one in load(cassette).exchanges
    ]
    assert 2 == refused.returncode
    assert "has no addPet; it has deletePet, getPetById" in refused.stderr


def test_events_come_at_the_times_that_were_recorded(tmp_path, errors):
    path = tmp_path / "events.yaml"
    with upstream_of(Events) as url:
        options = ["mock", "record", str(path), "--upstream", url, "--timing"]
        done = run_cli(*options, *asking(0, "/events"))
    cassette = load(path)
    (recorded,) = cassette.exchanges
    late = recorded.response.model_copy(update={"offsets_ms": [50_000]})
    cassette.exchanges = [recorded.model_copy(update={"response": late})]
    save(cassette, path)

    with serving(str(path), "--realtime", errors=errors, command=MOCK) as server:
        with pytest.raises(httpx.ReadTimeout):
            httpx.get(f"{server.url}/events", timeout=0.5)
        code = server.stop()

    assert (0, 0) == (done.returncode, code), done.stderr
    assert ["data: 1\n\n"] == recorded.response.chunks
    assert 1 == len(recorded.response.offsets_ms or ())


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


def test_nobody_is_asked_for_what_is_not_safe_and_that_is_told(tmp_path, terminal):
    order = an_exchange("POST /store/order", "placeOrder-1", 201)
    save(a_cassette(order), tmp_path / "a.yaml")
    save(a_cassette(order, an_exchange("GET /billing")), tmp_path / "b.yaml")

    nobody = terminal("mock check --against http://127.0.0.1:1 a.yaml")
    somebody = terminal("mock check --against engine --json b.yaml")
    offline = terminal("mock check a.yaml")

    assert "warning: a.yaml:1: petstore: nothing that it holds is" in nobody.stdout
    assert "; asked 0 of 1 (1 is not safe to ask again)." in nobody.stderr
    assert "unasked" not in somebody.stdout
    assert "; asked 1 of 2 (1 is not safe to ask again)." in somebody.stderr
    assert "asked" not in offline.stderr + offline.stdout


def test_what_is_checked_while_it_is_served_is_told(errors, cassette, upstream):
    options = (str(cassette), "--mode", "check", "--upstream", upstream, "--strict")
    with serving(*options, errors=errors, command=MOCK) as server:
        httpx.get(f"{server.url}/pet/7")
        httpx.get(f"{server.url}/pet/8")
        code = server.stop()

    assert 1 == code
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
    assert "1 recording, 0 drifts, 0 warnings; asked 2 of 2." in checked.stderr


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


def test_recording_is_converted_and_back(cassette, tmp_path, terminal):
    har, back = tmp_path / "pets.har", tmp_path / "back.yaml"

    there = terminal("mock convert", str(cassette), str(har))
    home = terminal("mock convert", str(har), str(back))

    assert (0, 0) == (there.code, home.code), there.stderr + home.stderr
    assert [one.response for one in load(cassette).exchanges] == [
        one.response for one in load(back).exchanges
    ]


@pytest.fixture
def half_read(cassette, tmp_path) -> Path:
    """Return a folder whose first recording is cut off, and whose last has a drift."""
    (tmp_path / "a.yaml").write_text(cassette.read_text().removesuffix("...\n"))
    gone = an_exchange(status=418)
    save(a_cassette(gone), tmp_path / "z.yaml")
    return tmp_path


def test_one_recording_that_cannot_be_read_hides_no_other(half_read, terminal):
    checked = terminal("mock check", str(half_read))
    as_json = terminal("mock check --json", str(half_read))

    kinds = [
        (Path(one["path"]).name, one["kind"]) for one in json.loads(as_json.stdout)
    ]
    assert (2, 2) == (checked.code, as_json.code)
    assert f"error: {half_read / 'a.yaml'} was cut off" in checked.stderr
    assert "z.yaml:" in checked.stdout
    assert "3 recordings, 2 drifts, 0 warnings, 1 unreadable." in checked.stderr
    assert ("a.yaml", "unreadable") == kinds[0]
    assert "z.yaml" == kinds[-1][0]


def test_one_recording_that_cannot_be_read_leaves_no_other_untidy(half_read, terminal):
    text = (half_read / "z.yaml").read_text()
    (half_read / "z.yaml").write_text(f"# a comment\n{text}")

    tidied = terminal("mock tidy", str(half_read))

    assert 2 == tidied.code
    assert f"error: {half_read / 'a.yaml'} was cut off" in tidied.stderr
    assert f"{half_read / 'z.yaml'}: tidied" in tidied.stderr
    assert text == (half_read / "z.yaml").read_text()


def test_recording_that_is_missing_is_told(terminal):
    checked = terminal("mock check none.yaml")

    assert 2 == checked.code
    assert checked.stderr.startswith("error: Cannot read none.yaml: ")


def test_rule_that_is_none_is_told_with_its_file(terminal, tmp_path):
    path = tmp_path / "faults.yaml"
    path.write_text("- do: {resett: true}\n")

    failed = terminal("mock serve --faults", str(path))

    right = "faults[0].do.resett: there is no such field; did you mean reset?"
    assert f"error: {path}: Wrong {right}\n" == failed.stderr


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("serve none.yaml", "Cannot read none.yaml"),
        ("serve --faults none.yaml", "Cannot read none.yaml"),
        ("serve --clock yesterday", "should be real, freeze, shift, or an instant"),
        ("serve --data publik --on-miss engine", "The seed 'publik' cannot be read"),
        ("serve --folder nowhere", "Wrong --folder: nowhere is no folder"),
        ("serve --mode off", "--mode off asks somebody; say whom with --upstream URL"),
        ("serve --on-miss upstream", "--on-miss upstream asks somebody; say whom"),
        ("check --against contrct a.yaml", "--against: 'contrct' should be contract,"),
        ("check a.yaml --values", "say whom to ask with --against"),
        ("serve --data nofile", "The seed 'nofile' cannot be read"),
        ("serve --allow-upstream pets.test", "is no URL of a server"),
        ("serve --mode record", "needs a cassette"),
        ("record a.yaml --upstream example.com", "is no URL of a server"),
        ("record a.yaml -- no-such-command", "Cannot run no-such-command"),
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
