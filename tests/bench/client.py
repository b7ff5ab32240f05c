"""
Measure the client: its processor time beside httpx's own, and what it costs to have.

Processor time of this process only, so that neither the server nor the network counts.
"""

import asyncio
import importlib
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from petstore.contract.errors import DeadlineExceeded
from petstore.contract.pet import Pet
from petstore_client import AsyncPetstore, Petstore, Retry, Timeout
from tests.bench.processes import Server
from tests.bench.table import Row, interleaved, microseconds, ratio

ROUND_COUNT = 7
CALL_COUNT = 300
ADDED_MAX = 1.15
GENERATED_MAX = 1.0
MODULE_COUNT_MAX = 60
SECOND_MS_MAX = 1.0
DEADLINE_S_MAX = 1.15
# Each byte comes within the time of one read, and the last of them never.
DRIP_S = 0.05
# Made by openapi-python-client, of our own document; see the noxfile.
GENERATED = "pet_shop_client"

Measure = Callable[[], float]


def rows(server: Server, generated: Path | None) -> Iterator[Row]:
    """Measure against a running server; `generated` is the folder of that client."""
    url = f"http://127.0.0.1:{server.port}"
    yield from _sync_rows(url, generated)
    yield from _async_rows(url)
    yield _modules_row()
    yield _second_row(url)
    yield from (_deadline_row(kind) for kind in ("header", "body"))


def _sync_rows(url: str, generated: Path | None) -> Iterator[Row]:
    with httpx.Client(base_url=url) as bare, Petstore(url) as ours:
        measures: dict[str, Measure] = {
            "bare": lambda: _cpu_s(
                lambda: Pet.model_validate_json(bare.get("/pet/1").content)
            ),
            "ours": lambda: _cpu_s(lambda: ours.pets.get(1)),
        }
        if generated is not None:
            measures["generated"] = _generated(url, generated)
        found = interleaved(measures, round_count=ROUND_COUNT)
    yield _added_row("client: CPU of pets.get", found)
    if generated is not None:
        yield Row(
            "client: CPU of pets.get",
            _median(found["ours"]),
            f"{_median(found['generated'])} openapi-python-client",
            value=ratio(found["ours"], found["generated"]),
            bar=GENERATED_MAX,
            is_floor=False,
        )


def _generated(url: str, folder: Path) -> Measure:
    sys.path.insert(0, str(folder))
    client = importlib.import_module(GENERATED).Client(base_url=url)
    operation: Any = importlib.import_module(f"{GENERATED}.api.pet.get_pet_by_id")
    assert operation.sync(1, client=client).id == 1
    return lambda: _cpu_s(lambda: operation.sync(1, client=client))


def _async_rows(url: str) -> Iterator[Row]:
    with asyncio.Runner() as runner:
        bare = httpx.AsyncClient(base_url=url)
        ours = AsyncPetstore(url)

        async def ask_bare() -> object:
            return Pet.model_validate_json((await bare.get("/pet/1")).content)

        async def ask_ours() -> object:
            return await ours.pets.get(1)

        found = interleaved(
            {
                "bare": lambda: runner.run(_async_cpu_s(ask_bare)),
                "ours": lambda: runner.run(_async_cpu_s(ask_ours)),
            },
            round_count=ROUND_COUNT,
        )
        runner.run(bare.aclose())
        runner.run(ours.close())
    yield _added_row("client: CPU of pets.get, async", found)


def _added_row(name: str, found: dict[str, list[float]]) -> Row:
    return Row(
        name,
        _median(found["ours"]),
        f"{_median(found['bare'])} httpx and model_validate_json",
        value=ratio(found["ours"], found["bare"]),
        bar=ADDED_MAX,
        is_floor=False,
    )


def _cpu_s(call: Callable[[], object]) -> float:
    started_s = time.process_time()
    for _ in range(CALL_COUNT):
        call()
    return (time.process_time() - started_s) / CALL_COUNT


async def _async_cpu_s(call: Callable[[], Any]) -> float:
    started_s = time.process_time()
    for _ in range(CALL_COUNT):
        await call()
    return (time.process_time() - started_s) / CALL_COUNT


def _median(times_s: list[float]) -> str:
    return microseconds(statistics.median(times_s))


def _modules_row() -> Row:
    code = "import sys; n = len(sys.modules); import petstore_client; "
    loaded = subprocess.run(
        [sys.executable, "-c", f"{code}print(len(sys.modules) - n)"],
        capture_output=True,
        text=True,
        check=True,
    )
    count = int(loaded.stdout)
    return Row(
        "import petstore_client: modules",
        f"{count}",
        value=count,
        bar=MODULE_COUNT_MAX,
        is_floor=False,
    )


def _second_row(url: str) -> Row:
    times_ms: list[float] = []
    with Petstore(url) as first:
        first.pets.get(1)
        for _ in range(ROUND_COUNT):
            started_s = time.perf_counter()
            second = Petstore(url)
            times_ms.append((time.perf_counter() - started_s) * 1000)
            second.close()
    second_ms = statistics.median(times_ms)
    return Row(
        "second client, ms",
        f"{second_ms:.2f} ms",
        value=second_ms,
        bar=SECOND_MS_MAX,
        is_floor=False,
    )


def _deadline_row(kind: str) -> Row:
    with _dripping(kind) as url, Petstore(url, **_ONE_SECOND) as client:
        started_s = time.perf_counter()
        with suppress(DeadlineExceeded):
            client.pets.get(1)
        took_s = time.perf_counter() - started_s
    return Row(
        f"total=1 against a dripping {kind}, s",
        f"{took_s:.2f} s",
        value=took_s,
        bar=DEADLINE_S_MAX,
        is_floor=False,
    )


_ONE_SECOND: Any = {"timeout": Timeout(total=1.0), "retry": Retry(attempts=1)}


@contextmanager
def _dripping(kind: str) -> Iterator[str]:
    """Serve one request with a header, or a body, that comes byte by byte."""
    is_over = threading.Event()
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
    if kind == "body":
        head += b"content-length: 10000\r\n\r\n"

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection, suppress(OSError):
            connection.sendall(head)
            while not is_over.wait(DRIP_S):
                connection.sendall(b"x")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            is_over.set()
            thread.join()
