"""Measure the mock beside bare Sanic, and beside what a user would pick instead."""

import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from pathlib import Path

import httpx

from petstore.mock.cassette import Cassette, load, save
from petstore.mock.exchange import Exchange, Header
from petstore.mock.session import Session
from petstore.mock.tape import Tape
from petstore.mock.transport import MockTransport
from tests.bench import load as load_
from tests.bench import mock_tools, served
from tests.bench.processes import Command, Server, module, running
from tests.bench.references import spread
from tests.bench.table import Row, interleaved, microseconds, ratio

MANY, FEW = 10_000, 10
REPLAY_MIN = 0.75
TOOL_MIN = 5
START_MAX = 2.2
RSS_MB_MAX = 100
LOAD_S_MAX = 3.0
COST_MIN = 0.95
IN_PROCESS_MIN = 5
WARM_UP_S = 20
CALL_COUNT = 1_000
OURS = "mock: GET of 10,000 exchanges"
OURS_FEW = "mock: GET of 10 exchanges"
Tool = Callable[[Path, Path, bytes], AbstractContextManager[Server]]
TOOLS: dict[str, Tool] = {
    "Prism": mock_tools.prism,
    "Mockoon": mock_tools.mockoon,
    "WireMock": mock_tools.wiremock,
}


def rows(folder: Path, tools: Path | None) -> Iterator[Row]:
    """
    Measure.

    Args:
        tools: Where npm installed the others; None leaves them out.
    """
    many, few = _recorded(folder, MANY), _recorded(folder, FEW)
    yield _load_row(many)
    with ExitStack() as stack:
        targets = _targets(stack, folder, many, few, tools)
        yield from _rate_rows(targets)
        ours = targets[OURS].server
        yield Row(
            "mock: RSS after the run, MB",
            f"{ours.rss_mb():.0f} MB",
            value=ours.rss_mb(),
            bar=RSS_MB_MAX,
            is_floor=False,
        )
        yield _in_process_row(many, ours.port)
    yield _start_row(folder, few)


def body_of(number: int) -> bytes:
    """Return a pet of about 150 bytes, as bare Sanic answers."""
    pet = {"id": number, "name": "doggie", "photoUrls": ["https://example.com/a.jpg"],
           "tags": [{"id": 1, "name": "friendly"}], "status": "available"}  # fmt: skip
    return json.dumps(pet, separators=(",", ":")).encode()


def _recorded(folder: Path, count: int) -> Path:
    exchanges = [
        Exchange.model_validate(
            {
                "id": f"getPetById-{number}",
                "request": {"method": "GET", "path": f"/pet/{number}"},
                "response": {
                    "status": 200,
                    "headers": {"content-type": "application/json"},
                    "json": json.loads(body_of(number)),
                },
            }
        )
        for number in range(1, count + 1)
    ]
    path = folder / f"{count}.yaml"
    save(Cassette(Header(), exchanges), path)
    return path


def _load_row(path: Path) -> Row:
    times_s = []
    for _ in range(3):
        began_s = time.perf_counter()
        Tape([load(path)])
        times_s.append(time.perf_counter() - began_s)
    return Row(
        "mock: 10,000 exchanges, load and index, s",
        f"{statistics.median(times_s):.2f} s",
        value=statistics.median(times_s),
        bar=LOAD_S_MAX,
        is_floor=False,
    )


def _targets(
    stack: ExitStack, folder: Path, many: Path, few: Path, tools: Path | None
) -> dict[str, served.Target]:
    start = stack.enter_context
    targets = {
        served.BARE: served.Target(
            start(running("bare", module("bare_sanic"), folder)), [load_.get("/")]
        ),
        OURS: served.Target(start(running("mock", _serve(many), folder)), _gets(MANY)),
        OURS_FEW: served.Target(start(running("few", _serve(few), folder)), _gets(FEW)),
    }
    for name, tool in TOOLS.items() if tools is not None else ():
        assert tools is not None
        server = start(tool(tools, folder, body_of(7)))
        targets[name] = served.Target(server, [load_.get(mock_tools.PATH)])
    return targets


def _rate_rows(targets: dict[str, served.Target]) -> Iterator[Row]:
    if "WireMock" in targets:
        # Java compiles what is used; until then it is another program.
        until_s = time.monotonic() + WARM_UP_S
        while time.monotonic() < until_s:
            targets["WireMock"].run()
        targets["WireMock"].runs.clear()
    found = interleaved(
        {name: target.run for name, target in targets.items()},
        round_count=served.ROUND_COUNT,
    )
    for name, target in targets.items():
        yield Row(name, served.rate(found[name]), target.detail())
    if (had := targets[served.BARE].server_cpu()) < served.CPU_MIN:
        yield Row("DISTURBED: bare Sanic waited", f"{had:.0%} CPU", "repeat it")
    bars = {served.BARE: REPLAY_MIN, OURS_FEW: COST_MIN}
    bars |= dict.fromkeys(("Prism", "Mockoon"), float(TOOL_MIN))
    for name, bar in bars.items():
        if name in found:
            yield Row(
                OURS,
                served.rate(found[OURS]),
                f"{served.rate(found[name])} {name}",
                value=ratio(found[OURS], found[name]),
                bar=bar,
            )
    if "WireMock" in found:
        times = ratio(found[OURS], found["WireMock"])
        yield Row(OURS, f"{times:.2f} times", "WireMock, warm (no bar)")


def _start_row(folder: Path, few: Path) -> Row:
    measures = {
        "bare": partial(served.start_s, module("bare_sanic"), "/", folder),
        "ours": partial(served.start_s, _serve(few), "/pet/1", folder),
    }
    found = interleaved(measures, round_count=served.START_COUNT)
    return Row(
        "mock: start to first reply",
        f"{statistics.median(found['ours']) * 1000:,.0f} ms",
        f"{statistics.median(found['bare']) * 1000:,.0f} ms bare Sanic",
        value=ratio(found["ours"], found["bare"]),
        bar=START_MAX,
        is_floor=False,
    )


def _in_process_row(path: Path, port: int) -> Row:
    """Compare both at `handle_request`, so that httpx's client counts for neither."""
    ids = spread(MANY, count=CALL_COUNT)
    inside = MockTransport(Session(Tape([load(path)])))
    with httpx.HTTPTransport() as outside:
        measures = {
            "inside": partial(_call_s, inside, f"http://{load_.HOST}", ids),
            "outside": partial(_call_s, outside, f"http://{load_.HOST}:{port}", ids),
        }
        found = interleaved(measures, round_count=served.ROUND_COUNT)
    inside_s, outside_s = (statistics.median(found[one]) for one in measures)
    return Row(
        "mock: a call in process",
        microseconds(inside_s),
        f"{microseconds(outside_s)} by a socket",
        value=ratio(found["outside"], found["inside"]),
        bar=IN_PROCESS_MIN,
    )


def _call_s(transport: httpx.BaseTransport, url: str, ids: list[int]) -> float:
    requests = [httpx.Request("GET", f"{url}/pet/{number}") for number in ids]
    began_s = time.perf_counter()
    for request in requests:
        response = transport.handle_request(request)
        assert response.status_code == 200
        response.read()
        response.close()
    return (time.perf_counter() - began_s) / len(requests)


def _serve(cassette: Path) -> Command:
    program = [sys.executable, "-P", "-m", "petstore.cli"]
    return [*program, "mock", "serve", cassette, "--host", load_.HOST, "--port", "0"]


def _gets(count: int) -> list[bytes]:
    return [load_.get(f"/pet/{number}") for number in spread(count, count=count)]
