"""A command is run to its end, and ends with whoever runs it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from petstore.cli.commanding import run_command
from petstore.contract.errors import ConfigError
from petstore.mock.cassette import save
from tests.cli.processes import COMMAND, TIMEOUT_S, environment, wait_until
from tests.mock.builders import a_cassette, an_exchange


def shell(line: str) -> list[str]:
    return ["/bin/sh", "-c", line]


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("exit 0", 0, "exited with 0"),
        ("exit 3", 3, "exited with 3"),
        ("kill -9 $$", 137, "ended by SIGKILL"),
        ("kill -15 $$", 143, "ended by SIGTERM"),
    ],
)
def test_code_is_what_a_shell_says(line, code, words):
    ending = run_command(shell(line), dict(os.environ))

    assert code == ending.code
    assert words in ending.words


def test_command_that_is_missing_is_told():
    with pytest.raises(ConfigError, match="Cannot run no-such-command: No such file"):
        run_command(["no-such-command"], dict(os.environ))


def is_alive(process_id: int) -> bool:
    try:
        state = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return False
    return state[0] != "Z"


def recording(path: Path, line: str, ids: Path) -> subprocess.Popen[str]:
    """Start a recording of a command that says its ids, and wait until it has."""
    words = ("mock", "record", str(path), "--", *shell(line.format(ids=ids)))
    process = subprocess.Popen(
        [*COMMAND, *words],
        env=environment(),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(lambda: ids.exists() and len(ids.read_text().split()) == 2)
    return process


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)],
)
def test_signal_ends_the_command_and_keeps_the_old_recording(tmp_path, number, code):
    path, ids = tmp_path / "a.yaml", tmp_path / "ids"
    save(a_cassette(an_exchange()), path)
    before = path.read_bytes()
    line = f"{sys.executable} -c 'import time; time.sleep(60)' & echo $$ $! > {{ids}}"
    process = recording(path, f"{line}; wait", ids)
    children = [int(one) for one in ids.read_text().split()]

    process.send_signal(number)
    _, told = process.communicate(timeout=TIMEOUT_S)

    assert code == process.returncode
    assert f"ended by {signal.Signals(number).name}; {path} is as it was." in told
    assert "Traceback" not in told
    assert before == path.read_bytes()
    wait_until(lambda: not any(map(is_alive, children)))


def test_signal_before_there_is_a_recording_says_that_there_is_none(tmp_path):
    path, ids = tmp_path / "a.yaml", tmp_path / "ids"
    process = recording(path, "echo $$ $$ > {ids}; exec sleep 60", ids)

    process.send_signal(signal.SIGTERM)
    _, told = process.communicate(timeout=TIMEOUT_S)

    assert 143 == process.returncode
    assert f"ended by SIGTERM; {path} was not written." in told
    assert not path.exists()


def test_second_signal_does_not_wait_for_a_command_that_will_not_end(tmp_path):
    path, ids = tmp_path / "a.yaml", tmp_path / "ids"
    stubborn = (
        "trap 'touch {ids}.told' TERM; echo $$ $$ > {ids}; while :; do sleep 1; done"
    )
    process = recording(path, stubborn, ids)
    begun = time.monotonic()

    process.send_signal(signal.SIGTERM)
    wait_until(lambda: Path(f"{ids}.told").exists())
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=TIMEOUT_S)

    assert 143 == process.returncode
    assert time.monotonic() - begun < 8
    assert not is_alive(int(ids.read_text().split()[0]))


def test_signals_that_come_together_are_one(tmp_path):
    path, ids = tmp_path / "a.yaml", tmp_path / "ids"
    process = recording(path, "echo $$ $$ > {ids}; exec sleep 60", ids)

    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGHUP)
    _, told = process.communicate(timeout=TIMEOUT_S)

    assert process.returncode in (143, 129)
    assert "Traceback" not in told
    assert f"{path} was not written." in told
