"""Measure servers: replies a second, time to the first reply, memory."""

import http.client
import json
import statistics
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import perf_counter

from tests.bench import load, wrk
from tests.bench.processes import Command, Server, module, running
from tests.bench.references import spread
from tests.bench.table import Row, interleaved, ratio

ROUND_COUNT = 5
RUN_S = 3
BARE = "bare Sanic: 150 bytes"
# What is compared, with what, and how many times as many replies it must give.
RATES_MIN = (
    ("petstore: GET /pet/{id}", BARE, 0.5),
    ("petstore: GET /pet/{id}", "FastAPI + SQLModel: GET /pet/{id}", 15),
    ("petstore: POST /pet, FULL", BARE, 0.3),
    ("petstore: POST /pet, FULL", "FastAPI + SQLModel: POST /pet", 8),
)
# Had the reference less of its core, the ratios do not say much.
CPU_MIN = 0.9
START_COUNT = 5
START_MAX = 3
RSS_MB_MAX = 120

_PET = {
    "name": "doggie",
    "photoUrls": ["https://example.com/a.jpg"],
    "category": {"id": 1, "name": "Dogs"},
    "tags": [{"id": 1, "name": "friendly"}, {"id": 2, "name": "small"}],
    "status": "available",
}
# The reference's models are flat and speak snake case, as its tutorials do.
_PET_OF_REFERENCE = {
    "name": "doggie",
    "photo_urls": ["https://example.com/a.jpg"],
    "category": "Dogs",
    "tags": [{"name": "friendly"}, {"name": "small"}],
    "status": "available",
}


@dataclass(frozen=True, slots=True)
class Run:
    """
    Hold what one run measured.

    Args:
        server_cpu: Part of its core that the server had, 0 to 1; well below 1, it
            waited for the disk, or something else was busy on this machine.
    """

    rate: load.Rate
    server_cpu: float


@dataclass(frozen=True, slots=True)
class Target:
    """Hold what to send to a server, and what its runs measured."""

    server: Server
    requests: list[bytes]
    runs: list[Run] = field(default_factory=list)

    def run(self) -> float:
        """Measure once, and return the replies a second."""
        started_s, started_cpu_s = perf_counter(), self.server.cpu_s()
        rate = _measure(self.server.port, self.requests)
        took_cpu_s = self.server.cpu_s() - started_cpu_s
        self.runs.append(Run(rate, took_cpu_s / (perf_counter() - started_s)))
        return rate.per_second

    def server_cpu(self) -> float:
        """Return the median part of its core that the server had."""
        return statistics.median(run.server_cpu for run in self.runs)

    def detail(self) -> str:
        """Return the median latencies, and how busy the two cores were."""
        p50_ms = statistics.median(run.rate.p50_ms for run in self.runs)
        p99_ms = statistics.median(run.rate.p99_ms for run in self.runs)
        load_cpu = statistics.median(run.rate.load_cpu for run in self.runs)
        return (
            f"p50 {p50_ms:.2f} ms, p99 {p99_ms:.2f} ms; "
            f"CPU: server {self.server_cpu():.0%}, load {load_cpu:.0%}"
        )


Targets = Mapping[str, Target]


def generator() -> str:
    """Return the name of what sends the requests."""
    version = wrk.version()
    if version is None:
        return "Python (wrk is not installed)"
    return f"wrk {version}"


@contextmanager
def references(folder: Path, file: Path, pet_count: int) -> Iterator[Targets]:
    """Run the reference servers; `file` holds the pets of `fastapi_shop`."""
    fastapi_command = module("fastapi_shop", file)
    with (
        running("bare", module("bare_sanic"), folder) as bare,
        running("fastapi", fastapi_command, folder) as fastapi,
    ):
        yield {
            BARE: Target(bare, [load.get("/")]),
            "FastAPI + SQLModel: GET /pet/{id}": Target(fastapi, _gets(pet_count)),
            "FastAPI + SQLModel: POST /pet": Target(
                fastapi, [_post(_PET_OF_REFERENCE)]
            ),
        }


@contextmanager
def product(folder: Path, pet_count: int) -> Iterator[Targets]:
    """Run `petstore serve` on a new store of `pet_count` pets."""
    store = folder / "served.db"
    command = _serve("--store", store, "--seed", str(pet_count))
    with running("petstore", command, folder) as server:
        assert json.loads(_ask(server.port, "/pet/7"))["id"] == 7
        yield {
            "petstore: GET /pet/{id}": Target(server, _gets(pet_count)),
            "petstore: POST /pet, FULL": Target(server, [_post(_PET)]),
        }


@contextmanager
def small(folder: Path) -> Iterator[Server]:
    """Run `petstore serve` as it is without any option."""
    with running("client", _serve(), folder) as server:
        yield server


def rate_rows(targets: Targets) -> Iterator[Row]:
    """Measure all targets in turns; yield their rates, and how ours compare."""
    measures = {name: target.run for name, target in targets.items()}
    found = interleaved(measures, round_count=ROUND_COUNT)
    for name, target in targets.items():
        yield Row(name, rate(found[name]), target.detail())
    if (had := targets[BARE].server_cpu()) < CPU_MIN:
        yield Row(
            "DISTURBED: bare Sanic waited",
            f"{had:.0%} CPU",
            "something else was busy, or the load too weak; repeat it",
        )
    for ours, theirs, bar in RATES_MIN:
        if ours in found:
            value = ratio(found[ours], found[theirs])
            reference = f"{rate(found[theirs])} {theirs.partition(':')[0]}"
            yield Row(ours, rate(found[ours]), reference, value=value, bar=bar)


def rss_row(targets: Targets) -> Row:
    """Weigh the server, after its runs."""
    rss_mb = next(iter(targets.values())).server.rss_mb()
    return Row(
        "petstore: RSS after the run, MB",
        f"{rss_mb:.0f} MB",
        value=rss_mb,
        bar=RSS_MB_MAX,
        is_floor=False,
    )


def start_rows(folder: Path, *, is_reference_only: bool) -> Iterator[Row]:
    """Compare the time from a start to the first reply."""
    measures = {"bare": partial(start_s, module("bare_sanic"), "/", folder)}
    if not is_reference_only:
        measures["ours"] = partial(start_s, _serve(), "/pet/1", folder)
    found = interleaved(measures, round_count=START_COUNT)

    bare_text = f"{statistics.median(found['bare']) * 1000:,.0f} ms"
    yield Row("bare Sanic: start to first reply", bare_text)
    if not is_reference_only:
        yield Row(
            "petstore: start to first reply",
            f"{statistics.median(found['ours']) * 1000:,.0f} ms",
            f"{bare_text} bare Sanic",
            value=ratio(found["ours"], found["bare"]),
            bar=START_MAX,
            is_floor=False,
        )


def _measure(port: int, requests: list[bytes]) -> load.Rate:
    measure = load.measure if wrk.version() is None else wrk.measure
    return measure(port, requests, seconds=RUN_S)


def start_s(command: Command, path: str, folder: Path) -> float:
    """Return the seconds from a start to the first reply."""
    started_s = perf_counter()
    with running("start", command, folder) as server:
        _ask(server.port, path)
        return perf_counter() - started_s


def _ask(port: int, path: str) -> bytes:
    connection = http.client.HTTPConnection(load.HOST, port, timeout=60)
    try:
        connection.request("GET", path)
        reply = connection.getresponse()
        assert reply.status == 200, f"{path} answered {reply.status}"
        return reply.read()
    finally:
        connection.close()


def _serve(*args: str | Path) -> Command:
    # As a module, for a checkout that is not installed has no program. What is
    # installed is compiled already; -P keeps the checkout from taking its place.
    program = [sys.executable, "-P", "-m", "petstore.cli"]
    return [*program, "serve", "--host", load.HOST, "--port", "0", *args]


def _gets(pet_count: int) -> list[bytes]:
    ids = spread(pet_count, count=pet_count)
    return [load.get(f"/pet/{pet_id}") for pet_id in ids]


def _post(pet: Mapping[str, object]) -> bytes:
    return load.post("/pet", json.dumps(pet).encode())


def rate(per_second: list[float]) -> str:
    """Return the text of some rates."""
    return f"{statistics.median(per_second):,.0f}/s"
