"""A server outlives its Postgres: 503 while it is away, and 200 soon after."""

import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import psycopg
import pytest

from petstore.storage.address import parse
from petstore.storage.maintenance import check
from tests.kit.postgres import URL_VARIABLE, running_server
from tests.proofs.processes import HOST, Program, started, until
from tests.proofs.wire import request

pytestmark = pytest.mark.proof

BACK_S_MAX = 5.0
STOP_S_MAX = 5.0
ENDED_S_MAX = 30.0
# The kit's servers forget the last commits when they crash.
DURABLE = "&options=-csynchronous_commit%3Don"
PET = {"name": "Rex", "photoUrls": [], "status": "sold"}

Tell = Callable[[str], None]


@dataclass(slots=True)
class OwnPostgres:
    """Hold a Postgres server that nobody else uses, and how it was started."""

    url: str
    data: Path
    command: list[bytes]
    owner: os.stat_result
    restarted: "subprocess.Popen[bytes] | None" = None

    @contextmanager
    def away(self) -> Iterator[None]:
        """End it as a crash would, with all its connections, and bring it back."""
        pid = listener(self.data)
        # Immediate shutdown; its processes leave by themselves.
        os.kill(pid, signal.SIGQUIT)
        until(lambda: not self._is_running(pid), within_s=ENDED_S_MAX)
        try:
            yield
        finally:
            self.restarted = self._start()
            until(lambda: can_connect(self.url), within_s=ENDED_S_MAX)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Let it do nothing, and not even refuse."""
        pid = listener(self.data)
        # First the one that would start others, and reap them.
        os.kill(pid, signal.SIGSTOP)
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for child in children:
            os.kill(int(child), signal.SIGSTOP)
        try:
            yield
        finally:
            for child in children:
                os.kill(int(child), signal.SIGCONT)
            os.kill(pid, signal.SIGCONT)

    def _start(self) -> "subprocess.Popen[bytes]":
        # Postgres refuses to run as root; only root can be somebody else.
        is_root = os.geteuid() == 0
        with (self.data.parent / "log").open("ab") as log:
            return subprocess.Popen(
                self.command,
                user=self.owner.st_uid if is_root else None,
                group=self.owner.st_gid if is_root else None,
                extra_groups=[] if is_root else None,
                cwd=self.data,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def _is_running(self, pid: int) -> bool:
        if self.restarted is not None and self.restarted.pid == pid:
            return self.restarted.poll() is None
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return False
        # Nobody may be there to reap it.
        return state != "Z"


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[OwnPostgres]:
    """Start a server for these tests, which end it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(URL_VARIABLE, raising=False)
        with running_server() as url:
            (folder,) = parse_qs(urlsplit(url).query)["host"]
            server = as_started(url + DURABLE, Path(folder) / "data")
            yield server
    if server.restarted is not None:
        server.restarted.wait(ENDED_S_MAX)


def test_server_outlives_its_postgres(
    own_postgres: OwnPostgres, tmp_path: Path, tell: Tell
):
    with (
        serving(own_postgres.url, tmp_path) as server,
        httpx.Client(base_url=server.url()) as http,
    ):
        created = http.post("/pet", json=PET).raise_for_status().json()
        with own_postgres.away():
            away = [
                http.get(f"/pet/{created['id']}"),
                http.post("/pet", json=PET),
                http.get("/store/inventory"),
            ]
            ready = http.get("/readyz")
        read_s = until(lambda: is_answered(http.get("/pet/1")), within_s=BACK_S_MAX)
        write_s = until(
            lambda: is_answered(http.post("/pet", json=PET)), within_s=BACK_S_MAX
        )

        assert [503] * len(away) == [one.status_code for one in away]
        assert {"unavailable"} == {one.json()["code"] for one in away}
        assert 503 == ready.status_code
        # Its place is for whoever runs the server.
        place = parse(own_postgres.url).shown
        assert not any(place in f"{one.headers} {one.text}" for one in (*away, ready))
        assert place in server.said()
        assert created == http.get(f"/pet/{created['id']}").json()
        assert 2 == http.get("/store/inventory").json()["sold"]
        server.signal(signal.SIGTERM)
        assert 0 == server.end()
    assert [] == check(own_postgres.url)
    tell(f"200 to a read {read_s:.2f} s after its return, to a write {write_s:.2f} s")


def test_server_ends_while_its_postgres_is_away(
    own_postgres: OwnPostgres, tmp_path: Path
):
    with serving(own_postgres.url, tmp_path) as server:
        server.url()
        with own_postgres.away():
            server.signal(signal.SIGTERM)

            assert 0 == server.end(timeout_s=STOP_S_MAX)


def test_server_ends_while_its_postgres_does_not_answer(
    own_postgres: OwnPostgres, tmp_path: Path
):
    with (
        serving(own_postgres.url, tmp_path) as server,
        socket.create_connection((HOST, server.port())) as client,
        own_postgres.frozen(),
    ):
        client.sendall(request("GET", "/store/inventory"))
        server.signal(signal.SIGTERM)

        # It could not close its store, and says so.
        assert -signal.SIGTERM == server.end(timeout_s=STOP_S_MAX)
        assert "the store did not close in time" in server.said()


@contextmanager
def serving(url: str, folder: Path) -> Iterator[Program]:
    options = ("--store", url, "--seed", "empty", "--data-dir", folder / "data")
    with started(folder, *options) as server:
        yield server


def is_answered(answer: httpx.Response) -> bool:
    assert answer.status_code in (200, 503), answer.text
    return answer.status_code == 200


def can_connect(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=1).close()
    except psycopg.OperationalError:
        return False
    return True


def as_started(url: str, data: Path) -> OwnPostgres:
    process = Path(f"/proc/{listener(data)}")
    command = process.joinpath("cmdline").read_bytes().split(b"\0")[:-1]
    return OwnPostgres(url, data, command, data.stat())


def listener(data: Path) -> int:
    """Return the process that a server on this data listens with."""
    return int((data / "postmaster.pid").read_text().split()[0])
