"""What cannot be served is refused in one line, and left as it was."""

import hashlib
import os
import socket
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import petstore
from petstore.contract.errors import ConfigError
from tests.proofs.processes import HOST, started

pytestmark = pytest.mark.proof

END_S_MAX = 10.0
FAILED, WRONG_SETTING = 1, 2


def test_port_in_use_is_refused(tmp_path: Path):
    with closing(socket.create_server((HOST, 0))) as taken:
        port = taken.getsockname()[1]

        line = refusal(tmp_path, "--port", str(port))

    assert f"Cannot listen on {HOST} port {port}: Address already in use." in line
    assert "Choose another --port" in line


def test_store_of_another_process_is_refused_by_its_pid(tmp_path: Path):
    store = tmp_path / "shop.db"
    with started(tmp_path, "--store", store) as owner:
        owner.url()
        named = f"in use by process {owner.process.pid} since "

        assert named in refusal(tmp_path, "--store", store)
        with pytest.raises(ConfigError, match=named):
            petstore.open(str(store))


def test_store_of_a_killed_process_is_free(tmp_path: Path):
    store = tmp_path / "shop.db"
    with started(tmp_path, "--store", store) as owner:
        owner.url()
        owner.process.kill()
        owner.end()

    with petstore.open(str(store)) as shop:
        assert 1 == shop.pets.get(1).id


async def test_store_of_this_process_is_refused(tmp_path: Path):
    store = tmp_path / "shop.db"
    with petstore.open(str(store)):
        named = f"{store} is in use by process {os.getpid()} since "
        with pytest.raises(ConfigError, match=named):
            petstore.open(str(store))
        with pytest.raises(ConfigError, match=named):
            await petstore.open_async(f"sqlite:///{store}")
        with pytest.raises(ConfigError, match=named):
            petstore.serve(str(store)).__enter__()

    petstore.open(str(store)).close()


def test_store_of_a_newer_version_is_refused_and_untouched(tmp_path: Path):
    folder = tmp_path / "shop"
    folder.mkdir()
    store = folder / "shop.db"
    petstore.open(str(store)).close()
    with closing(sqlite3.connect(store, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    before = contents(folder)

    line = refusal(tmp_path, "--store", store)

    assert "has revision 9999, made by a newer version" in line
    assert "nstall a newer petstore" in line
    assert before == contents(folder)
    with pytest.raises(ConfigError, match="made by a newer version"):
        petstore.open(str(store))
    assert before == contents(folder)


def test_postgres_out_of_reach_is_refused_without_its_password(tmp_path: Path):
    with closing(socket.create_server((HOST, 0))) as unused:
        port = unused.getsockname()[1]
    store = f"postgresql://ann:secret@{HOST}:{port}/shop"

    line = refusal(tmp_path, "--store", store, code=FAILED)

    assert f"reach the store postgresql://ann@{HOST}:{port}/shop" in line
    assert "check that the server runs" in line


def refusal(folder: Path, *arguments: str | Path, code: int = WRONG_SETTING) -> str:
    """Return the one line that a server says which does not start."""
    with started(folder, *arguments) as server:
        assert code == server.end(timeout_s=END_S_MAX)
        said = server.said().splitlines()
    assert 1 == len(said), said
    assert said[0].startswith("error: ")
    assert "secret" not in said[0]
    return said[0]


def contents(folder: Path) -> dict[str, str]:
    """Return what a folder holds, by name."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
    }
