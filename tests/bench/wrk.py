"""
Send requests with wrk, where it is installed: a load that others know and trust.

A script, generated for each run, gives out the requests and prints what was counted as
one line of JSON.
"""

import json
import re
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from tests.bench.load import CONNECTION_COUNT, HOST, STALL_TIMEOUT_S, Rate

WARM_UP_S = 1
_SCRIPT = """\
local requests = {{
{requests}
}}
local last = 0

function request()
  last = last % #requests + 1
  return requests[last]
end

function done(summary, latency, _)
  local failures = 0
  for _, count in pairs(summary.errors) do
    failures = failures + count
  end
  local form = '"replies": %d, "took_us": %d, "p50_us": %d, "p99_us": %d'
  io.write("{{", string.format(
    form, summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99)
  ), string.format(', "failures": %d}}\\n', failures))
end
"""


@cache
def version() -> str | None:
    """Return the version of wrk; None where it is not installed."""
    program = shutil.which("wrk")
    if program is None:
        return None
    # It tells its version with its usage, and calls both a failure.
    told = subprocess.run([program, "--version"], capture_output=True, text=True)
    found = re.search(r"[0-9]+\.[0-9]+\.[0-9]+", told.stdout + told.stderr)
    return found.group() if found else "of some version"


def measure(port: int, requests: Iterable[bytes], *, seconds: int) -> Rate:
    """
    Send requests, over and over, after a warm-up.

    Args:
        requests: Sent in this order, shared by all connections.

    Raises:
        RuntimeError: A connection broke, or a reply was a refusal.
    """
    with tempfile.TemporaryDirectory(prefix="petstore-wrk-") as folder:
        path = Path(folder) / "requests.lua"
        path.write_text(script(requests))
        _run(port, path, seconds=WARM_UP_S)
        started_cpu_s = _children_cpu_s()
        output = _run(port, path, seconds=seconds)
    return rate_of(output, _children_cpu_s() - started_cpu_s)


def script(requests: Iterable[bytes]) -> str:
    """Return the program that gives wrk its requests."""
    lines = (f'  "{_escaped(request)}",' for request in requests)
    return _SCRIPT.format(requests="\n".join(lines))


def rate_of(output: str, load_cpu_s: float) -> Rate:
    """
    Return what a run measured.

    Args:
        output: All that wrk printed.

    Raises:
        RuntimeError: It counted a failure, or no reply.
    """
    found: dict[str, Any] = json.loads(output.splitlines()[-1])
    if found["failures"] or not found["replies"]:
        raise RuntimeError(f"wrk had not only good replies:\n{output}")
    took_s = found["took_us"] / 1e6
    return Rate(
        per_second=found["replies"] / took_s,
        p50_ms=found["p50_us"] / 1000,
        p99_ms=found["p99_us"] / 1000,
        load_cpu=load_cpu_s / took_s,
    )


def _run(port: int, path: Path, *, seconds: int) -> str:
    command = ["wrk", "--threads", "1", "--connections", str(CONNECTION_COUNT)]
    command += ["--duration", f"{seconds}s", "--timeout", f"{STALL_TIMEOUT_S}s"]
    command += ["--script", str(path), f"http://{HOST}:{port}"]
    run = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=seconds + STALL_TIMEOUT_S,
        check=False,
    )
    if run.returncode != 0:
        raise RuntimeError(f"wrk failed: {run.stderr or run.stdout}")
    return run.stdout


def _escaped(data: bytes) -> str:
    """Write bytes as the inside of a string of Lua."""
    return "".join(
        chr(byte) if chr(byte).isalnum() and byte < 128 else f"\\{byte:03d}"
        for byte in data
    )


def _children_cpu_s() -> float:
    """Return the processor time of the programs that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
