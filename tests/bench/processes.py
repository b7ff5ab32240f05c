"""
Start the servers that are measured, each on a core of its own.

A server prints one JSON line with its `url` when it can be asked; whatever else it
prints is read and dropped, so that a full pipe never holds it up. Linux only.
"""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

Command = Sequence[str | Path]

READY_TIMEOUT_S = 120
# The product ends within it; bare Sanic may lose a signal right after its first reply.
STOP_TIMEOUT_S = 5.0
# Hidden from the servers, because it would slow down only some of them.
_UNWANTED = ("COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG", "PYTHONDEVMODE")


@dataclass(frozen=True, slots=True)
class Server:
    """Hold a running server."""

    name: str
    process: subprocess.Popen[str]
    port: int

    def rss_mb(self) -> float:
        """Return the resident memory of the process and of all its children."""
        return sum(_rss_kb(pid) for pid in _family(self.process.pid)) / 1024

    def cpu_s(self) -> float:
        """Return the processor time that they have used."""
        return sum(_cpu_s(pid) for pid in _family(self.process.pid))


@cache
def cores() -> tuple[int, int]:
    """
    Return the core of the servers and the core of the load, in that order.

    Decided once: where this thread is pinned already, only one core seems usable.
    """
    usable = sorted(os.sched_getaffinity(0))
    return usable[0], usable[-1]


@contextmanager
def pinned(core: int) -> Iterator[None]:
    """Keep this thread, and the processes it starts, on one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def running(
    name: str,
    command: Command,
    folder: Path,
    *,
    stop_timeout_s: float = STOP_TIMEOUT_S,
) -> Iterator[Server]:
    """
    Run a server while the block lasts.

    Args:
        folder: Keeps what the server writes to stderr.
        stop_timeout_s: It is killed when it has not ended by then.

    Raises:
        RuntimeError: It ended or said nothing in time; quotes its stderr.
    """
    errors = folder / f"{name}.stderr"
    env = {key: value for key, value in os.environ.items() if key not in _UNWANTED}
    with errors.open("w") as stderr, pinned(cores()[0]):
        process = subprocess.Popen(
            [str(part) for part in command],
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            env=env,
        )
    try:
        yield Server(name, process, _port(name, process, errors))
    finally:
        _stop(process, stop_timeout_s)


def module(name: str, *args: str | Path) -> Command:
    """Return the command that runs a module of this package."""
    return [sys.executable, "-m", f"tests.bench.{name}", *args]


def _port(name: str, process: subprocess.Popen[str], errors: Path) -> int:
    urls: queue.Queue[str | None] = queue.Queue()
    threading.Thread(target=_read, args=(process, urls), daemon=True).start()
    try:
        url = urls.get(timeout=READY_TIMEOUT_S)
    except queue.Empty:
        url = None
    port = urlsplit(url).port if url else None
    if port is None:
        raise RuntimeError(f"{name} did not start:\n{errors.read_text()[-2000:]}")
    return port


def _read(process: subprocess.Popen[str], urls: queue.Queue[str | None]) -> None:
    assert process.stdout is not None
    with process.stdout as lines:
        for line in lines:
            if line.startswith("{"):
                urls.put(json.loads(line).get("url"))
    urls.put(None)


def _stop(process: subprocess.Popen[str], timeout_s: float) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in _family(int(child)))]


def _rss_kb(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1])


def _cpu_s(pid: int) -> float:
    # The name before the ")" may hold spaces; utime and stime are fields 14 and 15.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
