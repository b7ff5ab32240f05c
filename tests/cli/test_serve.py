"""A real server, as users start it; everything else is in test_plan.py."""

import os
import signal
import socket
import subprocess
import sys
from contextlib import closing
from urllib.parse import urlsplit

import httpx
import pytest

import petstore
from petstore.contract.errors import Unauthorized
from tests.cli.processes import TIMEOUT_S, environment, serving, wait_until


@pytest.fixture
def errors(tmp_path):
    """Give a file for what servers say on stderr."""
    return tmp_path / "stderr"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_a_signal(errors, number):
    with serving(errors=errors) as server:
        answer = httpx.get(f"{server.url}/v2/pet/1")
        code = server.stop(number)

    assert answer.json()["name"] == "Cat 1"
    assert code == 0
    assert server.url in server.stderr
    assert "Traceback" not in server.stderr


def test_a_store_on_disk_outlives_the_server(errors, tmp_path):
    pet = {"id": 77, "name": "Rex", "photoUrls": []}

    with serving("--store", "shop.db", errors=errors) as server:
        assert httpx.post(f"{server.url}/v2/pet", json=pet).is_success
        assert server.stop() == 0

    with petstore.open(str(tmp_path / "shop.db")) as client:
        assert client.pets.get(77).name == "Rex"


def test_a_new_shop_gets_an_owner_this_once(errors, tmp_path):
    options = ("--store", "shop.db", "--profile", "shop")
    with serving(*options, errors=errors) as server:
        lines = server.stderr.splitlines()
        (password,) = (
            line.split()[1] for line in lines if line.strip().startswith("password ")
        )
        body = {"username": "owner", "password": password}
        token = httpx.post(f"{server.url}/tokens", json=body).json()["accessToken"]
        headers = {"authorization": f"Bearer {token}"}
        assert httpx.get(f"{server.url}/pet").status_code == 401
        assert httpx.get(f"{server.url}/pet", headers=headers).status_code == 200
        foreign = httpx.get(f"{server.url}/pet", headers={"host": "evil.example"})
        assert foreign.status_code == 400

    with serving(*options, errors=errors) as server:
        assert "password" not in server.stderr
    with petstore.open(str(tmp_path / "shop.db")) as client:
        client.auth.login("owner", password)
        with pytest.raises(Unauthorized):
            client.auth.login("owner", "another one")


def test_a_server_on_all_addresses_names_one_that_answers(errors):
    with serving("--host", "0.0.0.0", errors=errors) as server:  # noqa: S104
        assert httpx.get(f"{server.url}/healthz").is_success

    assert server.url.startswith("http://127.0.0.1:")
    assert "Warning: with --host 0.0.0.0" in server.stderr


@pytest.mark.parametrize(
    ("options", "is_logged"),
    [
        ((), True),
        (("--quiet",), False),
        (("--profile=shop", "--auth=off"), False),
        (("--profile=shop", "--auth=off", "--verbose"), True),
    ],
)
def test_refused_requests_are_logged_in_a_sandbox_or_when_asked_for(
    errors, options, is_logged
):
    with serving(*options, errors=errors) as server:
        httpx.get(f"{server.url}/v2/pet/999?api_key=secret")

    lines = [one for one in server.stderr.splitlines() if "no pet 999." in one]
    assert len(lines) == is_logged
    assert all("GET /v2/pet/999: " in one and " 404" in one for one in lines)
    assert "secret" not in server.stderr


def test_a_request_writes_no_escape_to_the_log(errors):
    with serving(errors=errors) as server:
        address = urlsplit(server.url)
        with socket.create_connection((address.hostname, address.port)) as client:
            client.sendall(b"GET /\x1b[31m HTTP/1.0\r\nHost: x\r\n\r\n")
            client.recv(1)

    assert "GET /" in server.stderr
    assert "\x1b" not in server.stderr


def test_the_switches_reach_the_server(errors):
    options = (
        "--contract=strict",
        "--seed=3",
        "--allow-reset",
        "--cors-origin=http://x",
    )
    with serving(*options, errors=errors) as server:
        assert httpx.get(f"{server.url}/v2/pet/x").status_code == 400
        assert httpx.get(f"{server.url}/v2/pet/4").status_code == 404
        answer = httpx.post(f"{server.url}/__petstore/reset")
        assert answer.headers["access-control-allow-origin"] == "http://x"
        assert answer.status_code == 200


def test_a_port_in_use_is_named(terminal):
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        refused = terminal(f"serve --port {port}")

    assert refused.code == 2
    assert f"port {port}" in refused.stderr


@pytest.mark.parametrize(
    ("options", "code"),
    [
        pytest.param("--host 192.0.2.1", 2, id="not-an-address-of-ours"),
        pytest.param("--host host.invalid", 2, id="no-such-host"),
        pytest.param("--store postgresql://x@127.0.0.1:1/y", 1, id="no-postgres"),
        pytest.param("--store /nonexistent/shop.db", 2, id="no-folder"),
        pytest.param("--store .", 2, id="folder"),
        pytest.param("--seed typo.json", 2, id="no-seed"),
        pytest.param("--workers 2", 2, id="workers"),
        pytest.param("--profile shop --allow-reset", 2, id="unsafe"),
    ],
)
def test_a_server_that_cannot_start_says_why_in_a_line(terminal, options, code):
    refused = terminal(f"serve --port 0 {options}")

    assert refused.code == code
    assert refused.stdout == ""
    assert refused.stderr.startswith("error: ")
    assert refused.stderr.count("\n") == 1


def test_a_store_that_is_in_use_is_not_served(terminal):
    with petstore.open("shop.db"):
        refused = terminal("serve --port 0 --store shop.db")

    assert refused.code == 2
    assert f"process {os.getpid()}" in refused.stderr


@pytest.mark.parametrize(
    "line", ["--port 65536", "--port x", "--workers 0", "--auth x"]
)
def test_wrong_usage_exits_with_2(terminal, line):
    assert terminal(f"serve {line}").code == 2


def test_an_interrupted_filling_is_begun_again(tmp_path, terminal):
    """A store that was not filled to its end counts as new."""
    command = [sys.executable, "-m", "petstore.cli", "serve", "--port=0"]
    with subprocess.Popen(
        [*command, "--store=shop.db", "--seed=1000000"], cwd=tmp_path, env=environment()
    ) as process:
        wait_until((tmp_path / "shop.db-wal").exists)
        process.send_signal(signal.SIGTERM)
        assert process.wait(TIMEOUT_S) == 0

    assert terminal("db seed shop.db --seed 3").stdout == "shop.db holds 3 pets.\n"


def test_workers_share_one_port_and_one_shop(errors, empty_postgres_url):
    options = ("--workers=2", f"--store={empty_postgres_url}", "--profile=shop")
    with serving(*options, errors=errors) as server:
        assert len(server.workers()) == 2
        statuses = [httpx.get(f"{server.url}/readyz").status_code for _ in range(20)]
        code = server.stop()

    assert set(statuses) == {200}
    assert code == 0
    assert server.stderr.count("username owner") == 1


def test_a_worker_that_dies_ends_the_server(errors, empty_postgres_url):
    options = ("--workers", "2", "--store", empty_postgres_url)
    with serving(*options, errors=errors) as server:
        first, _ = server.workers()
        os.kill(first, signal.SIGKILL)
        code = server.process.wait(TIMEOUT_S)

    assert code == 1
    assert f"error: Worker {first} ended with exit code -9" in server.stderr
    assert not server.is_reachable()


def test_workers_do_not_outlive_their_parent(errors, empty_postgres_url):
    options = ("--workers", "2", "--store", empty_postgres_url)
    with serving(*options, errors=errors) as server:
        server.stop(signal.SIGKILL)

        wait_until(lambda: not server.is_reachable())
