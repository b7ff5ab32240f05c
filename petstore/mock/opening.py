"""
Open a session on the files that it replays or records, and end it.

A recording is written by `finish` alone, so a test that fails leaves the file as it is.
"""

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypedDict, Unpack

from petstore.contract.errors import ConfigError
from petstore.mock.ages import check_age
from petstore.mock.cassette import Cassette, document_of, save
from petstore.mock.clock import parse_clock, system_now
from petstore.mock.contract_stamp import contract_stamp
from petstore.mock.exchange import Exchange, Header
from petstore.mock.facts import read_ignored
from petstore.mock.faults import FaultRules, Rule
from petstore.mock.loading import Stamp, loaded, stamp_of, taped
from petstore.mock.logs import LOGGER
from petstore.mock.modes import RECORDING, check_unasked, mode_of
from petstore.mock.session import Session
from petstore.mock.sharing import RecordedBeside, add_to, alone_in, save_beside
from petstore.mock.steps import ENGINE, Mode, Report, Setup
from petstore.mock.tape import Tape
from petstore.mock.urls import checked_url
from petstore.mock.whole_files import written_path
from petstore.mock.wording import counted

_LEFT_COUNT_MAX: Final = 20
# A recording of the engine is the same whenever it is made.
ENGINE_TIME: Final = "2026-01-01T00:00:00Z"


class SessionOptions(TypedDict, total=False):
    """
    Say which session is wanted.

    Args:
        id: Names it in reports and URLs; `default` unless given.
        cassette: What it replays or records; None for one without a recording.
        base: Cassettes that are looked into after it, in this order.
        mode: replay unless given; see the top of `modes.py`.
        on_miss: fail unless given.
        upstream: URL of whom is asked, or `engine`; else what the cassette says.
        faults: Rules, as `faults.py` describes them.
        ignore: Paths of requests that may differ.
        seed: Of what happens by chance.
        clock: As `parse_clock` reads it; real unless given, and where the engine is
            recorded, the same instant in each recording.
        data: First data of the engine: public, empty, a number of pets or a file;
            public unless given, and behind a recording what that shows.
        anew: operationIds of what `extend` asks anew, and drops of the file.
        is_strict: Whether a miss, or an exchange nobody asked for, is a failure.
        is_timed: Whether it is recorded when the pieces of a stream came.
        is_realtime: Whether they are replayed at such times.
        max_age: As `90d`; else what the cassette says.
        environment: Variables; those of the process unless given.
        now: Tells the date; the system's unless given.
    """

    id: str
    cassette: str | Path | None
    base: Sequence[str | Path]
    mode: str | None
    on_miss: str | None
    upstream: str | None
    faults: Iterable[Mapping[str, Any] | Rule]
    ignore: Iterable[str]
    seed: int
    clock: str | None
    data: str | int
    anew: Collection[str]
    is_strict: bool
    is_timed: bool
    is_realtime: bool
    max_age: str | None
    environment: Mapping[str, str]
    now: Callable[[], datetime]


class OpenedSession(Session):
    """
    Be a session that knows where it is from.

    Attributes:
        upstream: URL of whom it asks, or `engine`; None where nobody answers.
        own: Its cassette, without the base ones.
        ignore: Paths of requests that may differ.
        kept_count: How many exchanges its recording began with.
        dropped: What its file has and is asked anew.
        stamp: Tells how its file was when it began; None where there was none.
    """

    upstream: str | None = None
    own: Cassette | None = None
    is_strict: bool = False
    ignore: tuple[str, ...] = ()
    kept_count: int = 0
    dropped: tuple[Exchange, ...] = ()
    stamp: Stamp | None = None

    def reset(self) -> None:
        """Go back to the start, without what was recorded since."""
        if self.target is not None:
            self.target.cut(self.kept_count)
        super().reset()


def open_session(**options: Unpack[SessionOptions]) -> OpenedSession:
    """
    Open a session.

    Raises:
        ConfigError: A file is missing, damaged or too old, or an option is none.
    """
    path = _path_of(options.get("cassette"))
    environment = options.get("environment", os.environ)
    mode = mode_of(options.get("mode"), path, environment)
    anew = options.get("anew", ())
    # Before it is read: what comes in between counts as a change.
    stamp = _stamp_of(path)
    own = _own(path, mode, options)
    ignore = tuple(options.get("ignore", ()))
    # Also where there is no exchange yet that could be compared.
    read_ignored(ignore)
    bases = [Path(one) for one in options.get("base", ())]
    if own is not None and anew:
        tape = Tape([own, *map(loaded, bases)], ignore=ignore)
    else:
        sources = [] if path is None or own is None else [path]
        tape = taped([*sources, *bases], ignore)
    target = _target(mode, path, own, options)
    session = OpenedSession(tape, **_setup(options, mode, target))
    upstream = options.get("upstream") or _upstream_of(own or target)
    if upstream is not None and upstream != ENGINE:
        upstream = checked_url(upstream)
    session.upstream = upstream
    session.own = own
    session.is_strict = options.get("is_strict", False)
    session.ignore = ignore
    session.kept_count = 0 if target is None else len(target.exchanges)
    session.stamp = stamp
    if path is not None and own is not None and anew:
        kept = {one.id for one in own.exchanges}
        all_of_it = loaded(path).exchanges
        session.dropped = tuple(one for one in all_of_it if one.id not in kept)
    return session


def _own(path: Path | None, mode: Mode, options: SessionOptions) -> Cassette | None:
    """Return what is replayed of the file; None where there is nothing yet."""
    environment, anew = options.get("environment", os.environ), options.get("anew", ())
    if path is None or mode == "record":
        return None
    if mode == "extend" and not anew and not path.exists():
        check_unasked(path, environment)
        return None
    own = loaded(path)
    now = options.get("now", system_now)()
    check_age(own, options.get("max_age"), now=now, environment=environment)
    return _without(own, anew) if anew else own


def _without(cassette: Cassette, operation_ids: Collection[str]) -> Cassette:
    """
    Return a recording without some operations.

    Raises:
        ConfigError: It has none of one of them; says which there are.
    """
    known = {take.facts.operation_id for take in Tape([cassette]).takes} - {""}
    unknown = sorted(set(operation_ids) - known)
    if unknown:
        raise ConfigError(
            f"{cassette.path} has no {unknown[0]}; it has {', '.join(sorted(known))}."
        )
    left = [
        take.exchange
        for take in Tape([cassette]).takes
        if take.facts.operation_id not in operation_ids
    ]
    return replace(cassette, exchanges=left, files=dict(cassette.files))


def finish(session: Session) -> Report:
    """
    End a session well: what it recorded becomes the file.

    A recording that is the same as before leaves the file untouched, and so does one
    that is not whole. What others made of the file meanwhile stays; see `sharing.py`.

    Raises:
        ConfigError: It cannot be written, or would lose what was recorded before: who
            was asked did not answer, or nobody asked anything.
        RecordedBeside: It is written, under another name.
    """
    session.traffic.cut_streams()
    target = session.target
    if session.mode in RECORDING and target is not None and target.path is not None:
        with alone_in(target.path.parent):
            _write(session, target, target.path)
    report = session.report()
    for told in report.unrecorded:
        LOGGER.warning("%s", told)
    return report


def _write(session: Session, target: Cassette, path: Path) -> None:
    before = _before(path)
    _check_whole(session, target, before)
    beside: RecordedBeside | None = None
    is_changed = False
    if before is not None and isinstance(session, OpenedSession):
        is_changed = _stamp_of(path) != session.stamp
        if is_changed and session.mode == "extend":
            add_to(before, target, session.kept_count, session.dropped)
    if before is None or not _is_same(before, target):
        if is_changed and session.mode == "record":
            beside = save_beside(target)
        else:
            save(target)
    if isinstance(session, OpenedSession):
        # Of where it lies now, which may be beside its file.
        session.stamp = _stamp_of(target.path)
        session.kept_count = len(target.exchanges)
    if beside is not None:
        raise beside


def _check_whole(session: Session, target: Cassette, before: Cassette | None) -> None:
    if session.failures:
        raise ConfigError(
            f"{target.path} is as it was: {counted(len(session.failures), 'request')}"
            f" had no answer. {session.failures[0]}"
        )
    if not target.exchanges and before is not None and before.exchanges:
        raise ConfigError(
            f"{target.path} is as it was: nothing was recorded, and it holds"
            f" {counted(len(before.exchanges), 'exchange')}."
        )


def held_against(session: Session) -> list[str]:
    """Say what a strict session holds against its client; [] for nothing."""
    is_strict = isinstance(session, OpenedSession) and session.is_strict
    return shortcomings(session) if is_strict else []


def shortcomings(session: Session, *, is_strict: bool = True) -> list[str]:
    """
    Say what was not as it should be; [] for nothing.

    Args:
        is_strict: Whether what nobody asked for counts, too.
    """
    found = []
    report = session.report()
    if report.unmatched:
        words = f"{counted(report.unmatched, 'request')} had no answer"
        # A miss has a report of its own; who was asked in vain has none.
        why = f": {session.failures[0]}" if session.failures else ""
        found.append(words + why.removesuffix("."))
    if report.unrecorded:
        verb = "was" if len(report.unrecorded) == 1 else "were"
        answers = counted(len(report.unrecorded), "answer")
        found.append(f"{answers} {verb} not recorded")
    if report.drifts:
        drifts = counted(len(report.drifts), "drift")
        found.append(f"{drifts}, the first: {report.drifts[0]}")
    if session.mode != "replay" or not is_strict:
        return found
    own = session.own if isinstance(session, OpenedSession) else None
    left = [
        take.exchange.id
        for take in session.tape.takes
        if take.number not in session.cursor.played
        and (own is None or take.cassette.path == own.path)
    ]
    if left:
        rest = len(left) - _LEFT_COUNT_MAX
        more = f" and {rest:,} more" if rest > 0 else ""
        found.append(f"nobody asked for {', '.join(left[:_LEFT_COUNT_MAX])}{more}")
    return found


def _setup(options: SessionOptions, mode: Mode, target: Cassette | None) -> Setup:
    seed = options.get("seed", 0)
    faults = FaultRules.of(options.get("faults", ()), seed=seed)
    setup = Setup(mode=mode, faults=faults, target=target, seed=seed)
    setup["is_timed"] = options.get("is_timed", False)
    setup["is_realtime"] = options.get("is_realtime", False)
    clock = options.get("clock")
    if clock is None and target is not None and target.header.upstream == ENGINE:
        clock = "freeze"
    if clock is not None:
        setup["clock"] = parse_clock(clock)
    if "data" in options:
        _check_data(options["data"])
        setup["data"] = options["data"]
    if "id" in options:
        setup["id"] = options["id"]
    on_miss: Any = options.get("on_miss")
    if on_miss is not None:
        # The session says which ones there are.
        setup["on_miss"] = on_miss
    return setup


def _check_data(data: str | int) -> None:
    """
    Refuse what is no first data, before a request waits for it.

    Raises:
        ConfigError: There is no such file, or it is wrong.
    """
    # Late: of the engine, which a replay does without.
    from petstore.engine.seeds import parse_seed

    parse_seed(str(data))


def _target(
    mode: Mode, path: Path | None, own: Cassette | None, options: SessionOptions
) -> Cassette | None:
    if path is None or mode not in RECORDING:
        return None
    # Now, and not when all has been recorded.
    written_path(path)
    if own is not None:
        # Others replay the one that was loaded.
        return replace(own, exchanges=list(own.exchanges), files=dict(own.files))
    before = _before(path)
    header = Header(name=path.stem) if before is None else before.header
    upstream = options.get("upstream") or header.upstream
    now = options.get("now", system_now)().strftime("%Y-%m-%dT%H:%M:%SZ")
    fresh: dict[str, Any] = {
        "recorded": ENGINE_TIME if upstream == ENGINE else now,
        "checked": None,
        "contract": contract_stamp(),
        "upstream": upstream,
    }
    return Cassette(header.model_copy(update=fresh), path=path)


def _before(path: Path) -> Cassette | None:
    """
    Return what a recording replaces; None where there is nothing.

    Raises:
        ConfigError: It is another kind of file, or damaged; neither is overwritten.
    """
    stamp = _stamp_of(path)
    if stamp is None or not stamp.size_bytes:
        return None
    try:
        return loaded(path)
    except ConfigError as error:
        raise ConfigError(
            f"{path} is not overwritten, for it is no whole cassette; name another"
            f" file, or remove it. {error.message}"
        ) from error


def _is_same(before: Cassette, after: Cassette) -> bool:
    """Tell whether two recordings differ in nothing but their dates."""
    dates = {"recorded", "checked"}
    return before.header.model_dump(exclude=dates) == after.header.model_dump(
        exclude=dates
    ) and _documents(before.exchanges) == _documents(after.exchanges)


def _documents(exchanges: list[Exchange]) -> list[dict[str, Any]]:
    return [document_of(one) for one in exchanges]


def _stamp_of(path: Path | None) -> Stamp | None:
    return None if path is None or not path.exists() else stamp_of(path)


def _path_of(given: str | Path | None) -> Path | None:
    return None if given is None else Path(given)


def _upstream_of(cassette: Cassette | None) -> str | None:
    return None if cassette is None else cassette.header.upstream
