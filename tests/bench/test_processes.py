"""A server of the bench never outlives its block."""

import os
import sys

from tests.bench.processes import cores, pinned, running

DEAF = """
import json, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(json.dumps({"url": "http://127.0.0.1:1"}), flush=True)
time.sleep(600)
"""


def test_a_server_that_minds_no_signal_is_killed(tmp_path):
    command = [sys.executable, "-c", DEAF]

    with running("deaf", command, tmp_path, stop_timeout_s=0.1) as server:
        assert server.process.poll() is None

    assert server.process.returncode == -9


def test_server_and_load_keep_the_cores_that_they_have_at_first(tmp_path):
    server_core, load_core = cores()

    with (
        pinned(load_core),
        running(
            "deaf", [sys.executable, "-c", DEAF], tmp_path, stop_timeout_s=0.1
        ) as server,
    ):
        assert os.sched_getaffinity(server.process.pid) == {server_core}
        assert os.sched_getaffinity(0) == {load_core}
