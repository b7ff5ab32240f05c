"""Serve or record with a mock until it is told to stop."""

import json
import os
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple, TypedDict, Unpack

from petstore.cli.commanding import run_command
from petstore.cli.failures import FAILED
from petstore.cli.output import note, plain, say
from petstore.contract.errors import ConfigError
from petstore.mock.cassette import load
from petstore.mock.door import DoorOptions, MockDoor
from petstore.mock.faults import FaultRules, Rule
from petstore.mock.modes import ASKING, RECORDING
from petstore.mock.opening import (
    OpenedSession,
    SessionOptions,
    finish,
    held_against,
    open_session,
)
from petstore.mock.serving import MockServer, run_until_signal
from petstore.mock.steps import ENGINE, Report
from petstore.mock.tape import Tape
from petstore.mock.urls import check_network, checked_url
from petstore.mock.wording import counted
from petstore.server.settings import LOOPBACK
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
        is_timed: Whether it is kept when the pieces of a stream came.
    """

    cassette: Path
    upstream: str
    only: tuple[str, ...]
    command: tuple[str, ...]
    port: int
    is_timed: bool
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
    is_timed: bool
    is_realtime: bool


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
        is_timed=given["is_timed"],
        is_realtime=given["is_realtime"],
    )
    if data is not None:
        options["data"] = data
    return options


def serve(served: Served) -> int:
    """
    Serve until SIGINT, SIGTERM or SIGHUP, then keep what was recorded.

    Returns:
        What the process exits with: 1 where a strict session fell short.

    Raises:
        ConfigError: It cannot be served, or kept.
    """
    for url in served.door.get("upstreams", ()):
        # At the start, and not when a session first wants one.
        checked_url(url)
    session = open_session(**served.session)
    _check(session, served)
    door = MockDoor(session, **served.door)
    host = served.door.get("host", LOOPBACK)
    with closing(bind(host, served.port)) as listener:
        url = url_of(listener)

        def announce() -> None:
            note(_banner(session, door, url))
            say(json.dumps({"url": url}))

        run_until_signal(door, listener, announce)
    note(_told(session, finish(session)))
    found = held_against(session)
    if not found:
        return 0
    note(plain(f"error: Session {session.id} fell short: {'; '.join(found)}."))
    return FAILED


def _check(session: OpenedSession, served: Served) -> None:
    """Refuse at the start what each request would fail with."""
    folder = served.door.get("folder")
    if folder is not None and not folder.is_dir():
        raise ConfigError(f"Wrong --folder: {folder} is no folder.")
    if session.upstream is not None:
        return
    option = f"--mode {session.mode}" if session.mode in ASKING else ""
    if session.on_miss == "upstream":
        option = "--on-miss upstream"
    if option:
        raise ConfigError(
            f"{option} asks somebody; say whom with --upstream URL, or with"
            " --upstream engine for the store in this process."
        )


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
        is_timed=wanted.is_timed,
    )
    before = _counts(wanted)
    options = DoorOptions(is_network_asked=wanted.is_network_asked)
    door = MockDoor(session, **options)
    if not wanted.command:
        with closing(bind(LOOPBACK, wanted.port)) as listener:
            url = url_of(listener)
            run_until_signal(door, listener, lambda: _invite(url))
        _keep(session, wanted, before)
        return 0
    with MockServer(door, port=wanted.port) as server:
        environment = {**os.environ, URL_VARIABLE: server.url}
        ending = run_command(wanted.command, environment)
    # The last line of the command may have no end.
    note("")
    if ending.code == 0:
        _keep(session, wanted, before)
    else:
        left = "is as it was" if wanted.cassette.exists() else "was not written"
        note(plain(f"{ending.words}; {wanted.cassette} {left}."))
    return ending.code


def _counts(wanted: Recording) -> Counter[str]:
    """Return how many exchanges of each operation a recording has that goes on."""
    if not wanted.only:
        return Counter()
    tape = Tape([load(wanted.cassette)])
    return Counter(take.facts.operation_id for take in tape.takes)


def _keep(session: OpenedSession, wanted: Recording, before: Counter[str]) -> None:
    """
    Write what was recorded, and say what became of the recording.

    Raises:
        ConfigError: It cannot be written, or there is nothing to be written.
    """
    path = wanted.cassette
    target = session.target
    is_empty = target is not None and not (target.exchanges or session.failures)
    if is_empty and not path.exists():
        raise ConfigError(
            f"{path} was not written, for nothing was asked. The URL to ask at is in"
            f" {URL_VARIABLE}."
        )
    note(_told(session, finish(session)))
    if not wanted.only:
        return
    after = _counts(wanted)
    for name in wanted.only:
        note(plain(f"{before[name]} of {name} were replaced by {after[name]}."))


def read_faults(path: Path | None) -> list[Rule]:
    """
    Read a file of fault rules: a YAML list, as `faults.py` of the mock describes it.

    Raises:
        ConfigError: There is none, or it holds what is no rule.
    """
    if path is None:
        return []
    import yaml

    try:
        rules = yaml.safe_load(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"Cannot read {path}: {error.strerror}.") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path} is no YAML: {error}.") from error
    if not isinstance(rules, list):
        raise ConfigError(
            f"{path} should hold a list of rules, as  - do: {{reset: true}}  is one."
        )
    try:
        return FaultRules.of(rules).rules
    except ConfigError as error:
        raise ConfigError(f"{path}: {error.message}") from error


def _invite(url: str) -> None:
    note(f"Recording at {url}; Ctrl-C ends and keeps it.")
    say(json.dumps({"url": url}))


def _told(session: OpenedSession, report: Report) -> str:
    asked = counted(report.requests, "request")
    if report.unmatched:
        asked += f", {report.unmatched} of them had no answer"
    if session.mode == "check":
        drifts = [f"drift: {one}" for one in report.drifts]
        last = f"{asked}, {counted(len(drifts), 'drift')}."
        return "\n".join(map(plain, [*drifts, last]))
    if session.mode not in RECORDING or session.target is None:
        return f"{asked}."
    kept = counted(report.recorded, "exchange")
    verb = "is" if report.recorded == 1 else "are"
    return plain(f"{asked}; {kept} {verb} in {session.target.path}.")


def _banner(session: OpenedSession, door: MockDoor, url: str) -> str:
    sources = [str(one.path) for one in session.tape.cassettes]
    lines = [
        f"petstore mock at {url}",
        "",
        f"  Replays  {plain(', '.join(sources)) or 'nothing'}",
        f"  Mode     {session.mode}{_missed(session)}",
        f"  Page     {url}/__mock/",
    ]
    if session.upstream and _asks(session):
        whom = "the store in this process" if session.upstream == ENGINE else None
        lines.append(f"  Asks     {whom or plain(session.upstream)}")
    if door.token is not None:
        lines.append(f"  Token    {door.token}   (for /__mock)")
    return "\n".join([*lines, "", "Ctrl-C stops it."])


def _asks(session: OpenedSession) -> bool:
    """Tell whether a session asks its upstream; a replay names it, and does not."""
    return session.mode != "replay" or session.on_miss == "upstream"


def _missed(session: OpenedSession) -> str:
    if session.mode != "replay":
        return ""
    answer = {
        "fail": "501, with a report",
        "engine": "answered by the store in this process",
        "example": "an example of the contract",
        "upstream": "answered by whom it asks",
    }[session.on_miss]
    return f"; what was not recorded is {answer}"
