"""
Start the mock servers that a user would pick instead: Prism, Mockoon, WireMock.

They come from npm: `npm install @stoplight/prism-cli @mockoon/cli wiremock` in a folder
that is given. Each answers one operation with the same bytes as ours.
"""

import http.client
import json
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from socket import create_server
from typing import Final

from tests.bench.load import HOST
from tests.bench.processes import READY_TIMEOUT_S, Server, cores, pinned

PATH: Final = "/pet/7"
_STOP_S: Final = 10.0
_POLL_S: Final = 0.05


@contextmanager
def prism(tools: Path, folder: Path, body: bytes) -> Iterator[Server]:
    """Run Prism, which answers with the example of a document."""
    document = folder / "prism.json"
    document.write_text(json.dumps(_document(body)))
    program = tools / "node_modules/.bin/prism"
    with _running(
        "prism", [program, "mock", "-h", HOST, "-p", "{port}", document]
    ) as one:
        yield one


@contextmanager
def mockoon(tools: Path, folder: Path, body: bytes) -> Iterator[Server]:
    """Run Mockoon, which answers with what its environment says."""
    document = folder / "openapi.json"
    document.write_text(json.dumps(_document(body)))
    program = tools / "node_modules/.bin/mockoon-cli"
    command: list[str | Path] = [
        program,
        "start",
        "--data",
        document,
        "--port",
        "{port}",
        "--hostname",
        HOST,
    ]
    with _running("mockoon", [*command, "--disable-log-to-file"]) as one:
        yield one


@contextmanager
def wiremock(tools: Path, folder: Path, body: bytes) -> Iterator[Server]:
    """Run WireMock with one mapping, as fast as its manual says how."""
    mappings = folder / "wiremock" / "mappings"
    mappings.mkdir(parents=True, exist_ok=True)
    mapping = {
        "request": {"method": "GET", "urlPath": PATH},
        "response": {
            "status": 200,
            "body": body.decode(),
            "headers": {"Content-Type": "application/json"},
        },
    }
    (mappings / "pet.json").write_text(json.dumps(mapping))
    (jar,) = (tools / "node_modules/wiremock/build").glob("*.jar")
    command: list[str | Path] = [
        "java",
        "-jar",
        jar,
        "--port",
        "{port}",
        "--bind-address",
        HOST,
    ]
    command += ["--root-dir", mappings.parent, "--no-request-journal"]
    with _running("wiremock", [*command, "--async-response-enabled", "false"]) as one:
        yield one


def _document(body: bytes) -> dict[str, object]:
    example = {"example": json.loads(body), "schema": {"type": "object"}}
    return {
        "openapi": "3.0.3",
        "info": {"title": "A pet", "version": "1"},
        "paths": {
            "/pet/{petId}": {
                "get": {
                    "operationId": "getPetById",
                    "parameters": [
                        {
                            "name": "petId",
                            "in": "path",
                            "required": True,
                            "schema": {"type": "integer"},
                        }
                    ],
                    "responses": {
                        "200": {
                            "description": "A pet",
                            "content": {"application/json": example},
                        }
                    },
                }
            }
        },
    }


@contextmanager
def _running(name: str, command: Sequence[str | Path]) -> Iterator[Server]:
    with create_server((HOST, 0)) as free:
        port = free.getsockname()[1]
    with pinned(cores()[0]):
        process = subprocess.Popen(
            [str(part).format(port=port) for part in command],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
        )
    try:
        _await(name, process, port)
        yield Server(name, process, port)
    finally:
        process.terminate()
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await(name: str, process: "subprocess.Popen[str]", port: int) -> None:
    deadline = time.monotonic() + READY_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        connection = http.client.HTTPConnection(HOST, port, timeout=5)
        try:
            connection.request("GET", PATH)
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(_POLL_S)
        finally:
            connection.close()
    raise RuntimeError(f"{name} did not answer {PATH}.")
