"""
Run `petstore serve` as a process of its own, which ends whatever a test does.

A server prints one JSON line with its `url` when it can be asked. Linux only.
"""

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

import petstore

READY_TIMEOUT_S = 60.0
END_TIMEOUT_S = 20.0
POLL_S = 0.005
HOST = "127.0.0.1"
MODULE = (sys.executable, "-m", "petstore.cli")
# Runs what follows as a user who may not do what a file's mode forbids, even as root.
UNPRIVILEGED = (sys.executable, str(Path(__file__).with_name("unprivileged.py")))
_OURS = "PETSTORE_"


@dataclass(frozen=True, slots=True)
class Program:
    """Hold a started process."""

    process: subprocess.Popen[bytes]
    errors: Path

    def url(self, *, timeout_s: float = READY_TIMEOUT_S) -> str:
        """
        Wait until the server answers, and return where.

        Raises:
            RuntimeError: It ended or said nothing in time; quotes its stderr.
        """
        # The line is written at once, so what can be read is all of it.
        line = self._out.readline() if self.is_ready(timeout_s=timeout_s) else b""
        if not line:
            raise RuntimeError(f"the server did not start:\n{self.said()}")
        return str(json.loads(line)["url"])

    def is_ready(self, *, timeout_s: float) -> bool:
        """Wait until the server answers or has ended; False when it has not in time."""
        readable, _, _ = select.select([self._out], [], [], timeout_s)
        return bool(readable)

    def port(self) -> int:
        """Wait until the server answers, and return its port."""
        port = urlsplit(self.url()).port
        assert port is not None
        return port

    def signal(self, number: int) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def end(self, *, timeout_s: float = END_TIMEOUT_S) -> int:
        """
        Wait until the process has ended, and return its exit code.

        Raises:
            subprocess.TimeoutExpired: It has not.
        """
        return self.process.wait(timeout_s)

    def said(self) -> str:
        """Return what it wrote to stderr so far."""
        return self.errors.read_text(errors="replace")

    def rss_mb(self) -> float:
        """Return the resident memory of the process."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) / 1024

    @property
    def _out(self) -> IO[bytes]:
        assert self.process.stdout is not None
        return self.process.stdout


@contextmanager
def started(
    folder: Path, *arguments: str | Path, launcher: tuple[str, ...] = ()
) -> Iterator[Program]:
    """
    Start `petstore serve` on a free port, and do not wait for it.

    Args:
        folder: Keeps what it writes to stderr.
        arguments: Beside the host and the port.
        launcher: What runs the command.
    """
    command = [*launcher, *MODULE, "serve", "--host", HOST, "--port", "0"]
    command += [str(argument) for argument in arguments]
    errors = folder / f"stderr-{len(list(folder.glob('stderr-*')))}"
    with errors.open("wb") as stderr:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=_environment(),
        )
    with process:
        try:
            yield Program(process, errors)
        finally:
            process.kill()


def until(
    is_so: Callable[[], bool], *, within_s: float, every_s: float = POLL_S
) -> float:
    """
    Wait for something, and return how many seconds that took.

    Raises:
        TimeoutError: It did not happen in time.
    """
    began_s = time.monotonic()
    while not is_so():
        if time.monotonic() - began_s > within_s:
            raise TimeoutError(f"not so within {within_s:g} s")
        time.sleep(every_s)
    return time.monotonic() - began_s


def _environment() -> dict[str, str]:
    return {
        name: value for name, value in os.environ.items() if not name.startswith(_OURS)
    }


def in_a_process(code: str, *arguments: str) -> Any:
    """Run Python code as a process of its own, and return the JSON that it prints."""
    root = str(Path(petstore.__path__[0]).parent)
    run = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, "PYTHONPATH": root},
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == run.returncode, run.stderr
    return json.loads(run.stdout)
