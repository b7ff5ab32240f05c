"""
Open a session on the files that it replays or records, and end it.

    replay   serves the file, never writes it                        VCR: none
    auto     replays the file if there is one, else records it       VCR: once
    extend   serves the file, asks and keeps what is not in it;      VCR: new_episodes
             begins one where there is none
    record   asks all, and replaces the file when the session ends   VCR: all
    check    asks all and compares;  off  asks all

A recording is written by `finish` alone, so a test that fails leaves the file as it is.
"""

import logging
import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypedDict, Unpack

from petstore.contract.errors import ConfigError
from petstore.mock.ages import instant_of, limit_of
from petstore.mock.cassette import Cassette, document_of, save
from petstore.mock.clock import parse_clock
from petstore.mock.contract_stamp import contract_stamp
from petstore.mock.exchange import Exchange, Header
from petstore.mock.facts import read_ignored
from petstore.mock.faults import FaultRules
from petstore.mock.loading import loaded, stamp_of, taped
from petstore.mock.session import Session
from petstore.mock.steps import ENGINE, MODES, Mode, Report, Setup
from petstore.mock.tape import Tape
from petstore.mock.urls import checked_url

LOGGER: Final = logging.getLogger("petstore.mock")
VCR_MODES: Final = {
    "none": "replay",
    "once": "auto",
    "new_episodes": "extend",
    "all": "record",
}
MODE_NAMES: Final = ("auto", *MODES, *VCR_MODES)
RECORDING: Final = ("record", "extend")
# Whoever names one of them wants somebody else to be asked.
ASKING: Final = (*RECORDING, "check", "off")
# A recording of the engine is the same whenever it is made.
ENGINE_TIME: Final = "2026-01-01T00:00:00Z"


class SessionOptions(TypedDict, total=False):
    """
    Say which session is wanted.

    Args:
        id: Names it in reports and URLs; `default` unless given.
        cassette: What it replays or records; None for one without a recording.
        base: Cassettes that are looked into after it, in this order.
        mode: replay unless given; see the top of this file.
        on_miss: fail unless given.
        upstream: URL of whom is asked, or `engine`; else what the cassette says.
        faults: Rules, as `faults.py` describes them.
        ignore: Paths of requests that may differ.
        seed: Of what happens by chance.
        clock: As `parse_clock` reads it; real unless given, and where the engine is
            recorded, the same instant in each recording.
        data: First data of the engine.
        anew: operationIds of what `extend` asks anew, and drops of the file.
        is_strict: Whether a miss, or an exchange nobody asked for, is a failure.
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
    faults: Iterable[Mapping[str, Any]]
    ignore: Iterable[str]
    seed: int
    clock: str | None
    data: str | int
    anew: Collection[str]
    is_strict: bool
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
    """

    upstream: str | None = None
    own: Cassette | None = None
    is_strict: bool = False
    ignore: tuple[str, ...] = ()
    kept_count: int = 0

    def reset(self) -> None:
        """Go back to the start, without what was recorded since."""
        if self.target is not None:
            del self.target.exchanges[self.kept_count :]
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
    return session


def _own(path: Path | None, mode: Mode, options: SessionOptions) -> Cassette | None:
    """Return what is replayed of the file; None where there is nothing yet."""
    environment, anew = options.get("environment", os.environ), options.get("anew", ())
    if path is None or mode == "record":
        return None
    if mode == "extend" and not anew and not path.exists():
        _check_unasked(path, environment)
        return None
    own = loaded(path)
    _check_age(own, options, environment)
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
    that is not whole.

    Raises:
        ConfigError: It cannot be written, or would lose what was recorded before: who
            was asked did not answer, or nobody asked anything.
    """
    target = session.target
    if session.mode in RECORDING and target is not None and target.path is not None:
        before = _before(target.path)
        _check_whole(session, target, before)
        if before is None or not _is_same(before, target):
            save(target)
    report = session.report()
    for told in report.unrecorded:
        LOGGER.warning("%s", told)
    return report


def _check_whole(session: Session, target: Cassette, before: Cassette | None) -> None:
    if session.failures:
        raise ConfigError(
            f"{target.path} is as it was: {len(session.failures)} requests had no"
            f" answer. {session.failures[0]}"
        )
    if not target.exchanges and before is not None and before.exchanges:
        raise ConfigError(
            f"{target.path} is as it was: nothing was recorded, and it holds"
            f" {len(before.exchanges)} exchanges."
        )


def shortcomings(session: Session) -> list[str]:
    """Say what a strict session holds against its client; [] for nothing."""
    found = []
    report = session.report()
    if report.unmatched:
        found.append(f"{report.unmatched} requests had no answer")
    if report.unrecorded:
        found.append(f"{len(report.unrecorded)} answers were not recorded")
    if report.drifts:
        found.append(f"{len(report.drifts)} drifts, the first: {report.drifts[0]}")
    if session.mode != "replay":
        return found
    own = session.own if isinstance(session, OpenedSession) else None
    left = [
        take.exchange.id
        for take in session.tape.takes
        if take.number not in session.cursor.played
        and (own is None or take.cassette.path == own.path)
    ]
    if left:
        found.append(f"nobody asked for {', '.join(left)}")
    return found


def mode_of(
    asked: str | None, path: Path | None, environment: Mapping[str, str]
) -> Mode:
    """
    Return the mode of a session.

    Args:
        asked: One of MODE_NAMES; None for replay, which never needs a network.

    Raises:
        ConfigError: It is none, needs a cassette, or would record in CI unasked.
    """
    name = VCR_MODES.get(asked or "replay", asked or "replay")
    if name == "auto":
        name = _automatic(path, environment)
    for mode in MODES:
        if mode == name:
            if mode in RECORDING and path is None:
                raise ConfigError(
                    f"Wrong mode: {mode} needs a cassette to write; name one."
                )
            known: Mode = mode
            return known
    raise ConfigError(
        f"Wrong mode: there is no {asked!r:.40}; there are {', '.join(MODE_NAMES)}."
    )


def _automatic(path: Path | None, environment: Mapping[str, str]) -> str:
    if path is None or path.exists():
        return "replay"
    _check_unasked(path, environment)
    return "record"


def _check_unasked(path: Path, environment: Mapping[str, str]) -> None:
    if environment.get("CI"):
        raise ConfigError(
            f"CI is set, so {path}, which does not exist, is not recorded. Record it"
            " elsewhere and commit it, or ask for mode record."
        )


def _setup(options: SessionOptions, mode: Mode, target: Cassette | None) -> Setup:
    seed = options.get("seed", 0)
    faults = FaultRules.of(options.get("faults", ()), seed=seed)
    setup = Setup(mode=mode, faults=faults, target=target, seed=seed)
    clock = options.get("clock")
    if clock is None and target is not None and target.header.upstream == ENGINE:
        clock = "freeze"
    if clock is not None:
        setup["clock"] = parse_clock(clock)
    if "data" in options:
        setup["data"] = options["data"]
    if "id" in options:
        setup["id"] = options["id"]
    on_miss: Any = options.get("on_miss")
    if on_miss is not None:
        # The session says which ones there are.
        setup["on_miss"] = on_miss
    return setup


def _target(
    mode: Mode, path: Path | None, own: Cassette | None, options: SessionOptions
) -> Cassette | None:
    if path is None or mode not in RECORDING:
        return None
    if own is not None:
        # Others replay the one that was loaded.
        return replace(own, exchanges=list(own.exchanges), files=dict(own.files))
    before = _before(path)
    header = Header(name=path.stem) if before is None else before.header
    upstream = options.get("upstream") or header.upstream
    now = _now(options).strftime("%Y-%m-%dT%H:%M:%SZ")
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
    if not path.exists() or not stamp_of(path).size_bytes:
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


def _check_age(
    cassette: Cassette, options: SessionOptions, environment: Mapping[str, str]
) -> None:
    header = cassette.header
    limit = options.get("max_age") or header.max_age
    told = header.checked or header.recorded
    if limit is None or told is None:
        return
    made = instant_of(told)
    if made is None:
        raise ConfigError(
            f"{cassette.path}: recorded: {told!r:.40} is no instant; one is"
            " 2026-11-22T20:00:00Z."
        )
    age = _now(options) - made
    if age <= limit_of(limit):
        return
    text = (
        f"{cassette.path} is {age.days} days old, and max_age is {limit}. Record it"
        " anew, or check it against its upstream."
    )
    if environment.get("CI"):
        raise ConfigError(text)
    LOGGER.warning("%s", text)


def _now(options: SessionOptions) -> datetime:
    given = options.get("now")
    if given is not None:
        return given()
    return datetime.now(UTC)  # noqa: TID251  the clock to inject


def _path_of(given: str | Path | None) -> Path | None:
    return None if given is None else Path(given)


def _upstream_of(cassette: Cassette | None) -> str | None:
    return None if cassette is None else cassette.header.upstream
