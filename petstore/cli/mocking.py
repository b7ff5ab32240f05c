"""Serve or record with a mock until it is told to stop."""

import json
import os
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any, Final, NamedTuple, TypedDict, Unpack

from petstore.cli.output import note, plain, say
from petstore.contract.errors import ConfigError
from petstore.mock.door import DoorOptions, MockDoor
from petstore.mock.opening import (
    RECORDING,
    OpenedSession,
    SessionOptions,
    finish,
    open_session,
    shortcomings,
)
from petstore.mock.serving import MockServer, run_until_signal
from petstore.mock.steps import ENGINE, Report
from petstore.mock.urls import check_network, checked_url
from petstore.server.sockets import bind, url_of

URL_VARIABLE: Final = "PETSTORE_URL"


class Served(NamedTuple):
    """
    Hold what a mock server needs.

    Args:
        session: Serves whoever names no session.
    """

    session: SessionOptions
    door: DoorOptions
    port: int


class Recording(NamedTuple):
    """
    Hold what is to be recorded.

    Args:
        only: operationIds that are recorded anew; all without one.
        command: What asks; without one, others do until Ctrl-C.
    """

    cassette: Path
    upstream: str
    only: tuple[str, ...]
    command: tuple[str, ...]
    port: int
    is_network_asked: bool


class Given(TypedDict):
    """Hold the options of a session, as they stand on the command line."""

    mode: str
    on_miss: str
    upstream: str | None
    clock: str
    data: str | None
    seed: int
    faults: Path | None
    ignore: list[str]
    is_strict: bool


def session_of(cassettes: list[Path], **given: Unpack[Given]) -> SessionOptions:
    """
    Return which session is wanted; the first cassette is its own.

    Raises:
        ConfigError: The file of fault rules cannot be read.
    """
    data, clock = given["data"], given["clock"]
    options = SessionOptions(
        cassette=cassettes[0] if cassettes else None,
        base=cassettes[1:],
        mode=given["mode"],
        on_miss=given["on_miss"],
        upstream=given["upstream"],
        clock=None if clock == "real" else clock,
        seed=given["seed"],
        faults=read_faults(given["faults"]),
        ignore=given["ignore"],
        is_strict=given["is_strict"],
    )
    if data is not None:
        options["data"] = data
    return options


def serve(served: Served) -> None:
    """
    Serve until SIGINT or SIGTERM, then keep what was recorded.

    Raises:
        ConfigError: It cannot be served, or kept; or a strict one fell short.
    """
    for url in served.door.get("upstreams", ()):
        # At the start, and not when a session first wants one.
        checked_url(url)
    session = open_session(**served.session)
    door = MockDoor(session, **served.door)
    host = served.door.get("host", "127.0.0.1")
    with closing(bind(host, served.port)) as listener:
        url = url_of(listener)

        def announce() -> None:
            note(_banner(session, door, url))
            say(json.dumps({"url": url}))

        run_until_signal(door, listener, announce)
    _end(session)


def record(wanted: Recording) -> int:
    """
    Record until the command ends, or until Ctrl-C.

    Returns:
        What the process exits with: the command's code, and nothing is kept unless it
        is 0.

    Raises:
        ConfigError: It cannot be recorded, or the command not be run.
    """
    if wanted.upstream != ENGINE:
        check_network(checked_url(wanted.upstream), is_asked=wanted.is_network_asked)
    session = open_session(
        cassette=wanted.cassette,
        mode="extend" if wanted.only else "record",
        upstream=wanted.upstream,
        anew=wanted.only,
    )
    options = DoorOptions(is_network_asked=wanted.is_network_asked)
    door = MockDoor(session, **options)
    if not wanted.command:
        with closing(bind("127.0.0.1", wanted.port)) as listener:
            url = url_of(listener)
            run_until_signal(door, listener, lambda: _invite(url))
        _end(session)
        return 0
    with MockServer(door, port=wanted.port) as server:
        code = _run(wanted.command, server.url)
    if code == 0:
        _end(session)
    else:
        left = plain(str(wanted.cassette))
        note(f"The command exited with {code}; {left} is as it was.")
    return code


def read_faults(path: Path | None) -> list[Any]:
    """
    Read a file of fault rules: a YAML list, as `faults.py` of the mock describes it.

    Raises:
        ConfigError: There is none, or it is no list.
    """
    if path is None:
        return []
    import yaml

    try:
        rules = yaml.safe_load(path.read_text())
    except OSError as error:
        raise ConfigError(f"Cannot read {path}: {error.strerror}.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is no YAML: {error}.") from error
    if not isinstance(rules, list):
        raise ConfigError(
            f"{path} should hold a list of rules, as  - do: {{reset: true}}  is one."
        )
    return rules


def _run(command: tuple[str, ...], url: str) -> int:
    environment = {**os.environ, URL_VARIABLE: url}
    try:
        # Whoever gives a command wants it run.
        return subprocess.run(command, env=environment, check=False).returncode  # noqa: S603
    except OSError as error:
        raise ConfigError(f"Cannot run {command[0]}: {error.strerror}.") from error
    except KeyboardInterrupt:
        return 130


def _invite(url: str) -> None:
    note(f"Recording at {url}; Ctrl-C ends and keeps it.")
    say(json.dumps({"url": url}))


def _end(session: OpenedSession) -> None:
    report = finish(session)
    note(_told(session, report))
    found = shortcomings(session) if session.is_strict else []
    if found:
        raise ConfigError(f"Session {session.id} fell short: {'; '.join(found)}.")


def _told(session: OpenedSession, report: Report) -> str:
    asked = f"{report.requests} requests, {report.unmatched} of them had no answer"
    if session.mode == "check":
        drifts = [f"drift: {one}" for one in report.drifts]
        return plain("\n".join([*drifts, f"{asked}, {len(drifts)} drifts."]))
    if session.mode not in RECORDING or session.target is None:
        return f"{asked}."
    return f"{asked}; {report.recorded} exchanges are in {session.target.path}."


def _banner(session: OpenedSession, door: MockDoor, url: str) -> str:
    sources = [str(one.path) for one in session.tape.cassettes]
    lines = [
        f"petstore mock at {url}",
        "",
        f"  Replays  {plain(', '.join(sources)) or 'nothing'}",
        f"  Mode     {session.mode}, on a miss: {session.on_miss}",
        f"  Page     {url}/__mock/",
    ]
    if session.upstream:
        lines.append(f"  Asks     {plain(session.upstream)}")
    if door.token is not None:
        lines.append(f"  Token    {door.token}   (for /__mock)")
    return "\n".join([*lines, "", "Ctrl-C stops it."])
