"""Run the command line in processes of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

import petstore

TIMEOUT_S = 30
POLL_S = 0.02
# nohup, and a shell's background, start what they run deaf to signals, tests as well.
_LISTENING = (
    "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
    " signal.signal(signal.SIGHUP, signal.SIG_DFL);"
    " runpy.run_module('petstore.cli', run_name='__main__')"
)
COMMAND = (sys.executable, "-c", _LISTENING)


class ServerProcess:
    """Hold a `petstore serve` of its own; made by `serving`."""

    def __init__(self, process: subprocess.Popen[str], url: str, errors: Path) -> None:
        self.process = process
        self.url = url
        self._errors = errors

    @property
    def stderr(self) -> str:
        """Return what it has said on stderr."""
        return self._errors.read_text()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(TIMEOUT_S)

    def workers(self) -> list[int]:
        """Return the ids of the processes that serve."""
        (line,) = (one for one in self.stderr.splitlines() if "Workers" in one)
        return [int(word) for word in line.replace(",", "").split()[1:]]

    def is_reachable(self) -> bool:
        """Tell whether anything listens at the URL."""
        parts = urlsplit(self.url)
        try:
            socket.create_connection((parts.hostname, parts.port or 80), 1).close()
        except OSError:
            return False
        return True


@contextmanager
def serving(
    *options: str, errors: Path, command: tuple[str, ...] = ("serve",)
) -> Iterator[ServerProcess]:
    """
    Serve from another process while the block lasts.

    Args:
        errors: File for its stderr.
        command: The words that start a server.
    """
    with errors.open("w") as stderr:
        process = subprocess.Popen(
            [*COMMAND, *command, "--port", "0", *options],
            cwd=errors.parent,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
    assert process.stdout is not None
    with process, process.stdout as lines:
        # One line and no more; a read to the end would wait for the server's.
        line = lines.readline()
        assert line, errors.read_text()
        try:
            yield ServerProcess(process, json.loads(line)["url"], errors)
        finally:
            process.kill()
        assert lines.read() == ""


def run_cli(
    *arguments: str, stdout: int | IO[str] = subprocess.PIPE
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [*COMMAND, *arguments],
        env=environment(),
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )


def environment() -> dict[str, str]:
    """Return what gives a process the product as this one has it."""
    # Installed, or from a checkout.
    return {**os.environ, "PYTHONPATH": str(Path(petstore.__file__).parents[1])}


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait for what another process is about to do."""
    deadline = time.monotonic() + TIMEOUT_S
    while not is_so():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(POLL_S)
