"""What wrk is told, and what is made of its answer."""

import json
import shutil

import pytest

import petstore
from tests.bench import load, wrk

COUNTED = {
    "replies": 3_000,
    "took_us": 2_000_000,
    "p50_us": 250,
    "p99_us": 1_500,
    "failures": 0,
}


def output_of(**counted: int) -> str:
    return "Running 2s test\n" + json.dumps({**COUNTED, **counted}) + "\n"


def test_rate_is_replies_over_time():
    rate = wrk.rate_of(output_of(), 0.5)

    assert rate == load.Rate(per_second=1_500, p50_ms=0.25, p99_ms=1.5, load_cpu=0.25)


@pytest.mark.parametrize("counted", [{"failures": 1}, {"replies": 0}], ids=str)
def test_any_failure_ends_the_run(counted):
    with pytest.raises(RuntimeError, match="not only good replies"):
        wrk.rate_of(output_of(**counted), 0.5)


def test_requests_are_written_so_that_lua_reads_the_same_bytes():
    text = wrk.script([b'a"\r\n0', b"\xff{}"])

    assert r'"a\034\013\0100",' in text
    assert r'"\255\123\125",' in text


@pytest.mark.skipif(shutil.which("wrk") is None, reason="wrk is not installed")
def test_wrk_measures_a_server_and_sees_its_refusals():
    with petstore.serve() as server:
        port = int(server.url.rpartition(":")[2])

        rate = wrk.measure(port, [load.get("/pet/1"), load.get("/pet/2")], seconds=1)
        with pytest.raises(RuntimeError, match="not only good replies"):
            wrk.measure(port, [load.get("/pet/1"), load.get("/pet/77")], seconds=1)

    assert rate.per_second > 1
    assert rate.load_cpu > 0
