"""Open the session of a test as its marker and the command line say, and judge it."""

import os
from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any, Final, NamedTuple

from petstore.contract.checks import sentence
from petstore.contract.errors import ConfigError
from petstore.mock.modes import ASKING, MODE_NAMES, RECORDING, VCR_MODES
from petstore.mock.opening import (
    ENGINE_TIME,
    OpenedSession,
    SessionOptions,
    open_session,
    shortcomings,
)
from petstore.mock.session import Session
from petstore.mock.steps import ENGINE
from petstore.mock.suites import Wanted, mode_for
from petstore.mock.urls import checked_url
from petstore.mock.wording import hint

_REPORT_COUNT_MAX: Final = 10


class Asked(NamedTuple):
    """Hold what the command line says of the mode and of the upstream."""

    mode: str | None
    upstream: str | None

    @property
    def is_network(self) -> bool:
        """Whether somebody wants the network, even where CI is set."""
        mode = VCR_MODES.get(self.mode or "", self.mode)
        return mode in ASKING or self.upstream is not None

    def check(self) -> None:
        """
        Refuse what no test could be run with.

        Raises:
            ConfigError: An option is none; says which there are.
        """
        if self.mode is not None and self.mode not in MODE_NAMES:
            words = f"--petstore-mode: there is no {self.mode!r:.40}"
            raise ConfigError(sentence(f"{words}; {hint(self.mode, MODE_NAMES)}"))
        if self.upstream is not None and self.upstream != ENGINE:
            try:
                checked_url(self.upstream)
            except ConfigError as error:
                words = error.message.removeprefix("Wrong upstream: ")
                raise ConfigError(f"--petstore-upstream: {words}") from error


class Run(NamedTuple):
    """
    Hold what a run of tests has to do with one of them.

    Args:
        test: Its id.
        owners: Tests whose markers name no cassette, by where theirs lies.
        recorded: Cassettes that tests of this process recorded before.
        others: Its other tests, as pytest has them, where several processes run them.
    """

    test: str
    asked: Asked
    owners: Mapping[Path, str]
    recorded: set[Path]
    others: Iterable[Any] = ()

    def check_owner(self, cassette: Path) -> None:
        """
        Refuse a cassette that another test has by accident.

        Raises:
            ConfigError: One has.
        """
        owner = self.owners.get(cassette, self.test)
        if owner != self.test:
            raise ConfigError(
                f"{owner} has the same cassette, {cassette}, for its name differs only"
                " in what a file's name may not hold; name one: petstore(cassette=…)."
            )

    def mode(self, mode: str, cassette: Path) -> str:
        """
        Return the mode of a test whose marker names its cassette.

        Raises:
            ConfigError: Processes would begin one recording side by side.
        """
        name = VCR_MODES.get(mode, mode)
        if name not in ("record", "auto"):
            return mode
        if cassette.resolve() in self.recorded:
            return "extend"
        if name == "record" or not cassette.exists():
            self._refuse_rivals(cassette)
        return mode

    def _refuse_rivals(self, cassette: Path) -> None:
        rival = next((one for one in self.others if _names(one, cassette)), None)
        if rival is not None:
            raise ConfigError(
                f"{rival.nodeid} records {cassette} as well, and may do so in another"
                " process; record without -n, so that one test follows the other."
            )

    def note(self, session: OpenedSession) -> None:
        """Note that a test ended well, with what it recorded in its file."""
        target = session.target
        if target is not None and target.path is not None:
            self.recorded.add(target.path.resolve())


def _names(item: Any, cassette: Path) -> bool:
    """Tell whether the marker of a test names a cassette."""
    marks = [one.kwargs for one in item.iter_markers("petstore")]
    named = next((one["cassette"] for one in marks if "cassette" in one), None)
    if not isinstance(named, str | PathLike):
        return False
    return bool((item.path.parent / named).resolve() == cassette.resolve())


def open_for(
    session_id: str,
    cassette: Path | None,
    *,
    wanted: Wanted,
    run: Run,
    environment: Mapping[str, str] = os.environ,
) -> OpenedSession:
    """
    Open the session of a test.

    Args:
        cassette: Where the test's cassette lies, or shall; None for none.

    Raises:
        ConfigError: It is missing or damaged, or something wanted is none; or other
            processes record it as well.
    """
    mode = _mode_of(cassette, wanted, run, environment)
    on_miss = wanted.get("on_miss")
    if mode == "replay" and cassette is not None and not cassette.exists():
        if "cassette" in wanted or on_miss in (None, "fail"):
            raise _missing(cassette, environment)
        # Somebody else answers everything.
        cassette = None
    options = SessionOptions(
        id=session_id,
        cassette=cassette,
        mode=mode,
        on_miss=on_miss,
        upstream=run.asked.upstream or wanted.get("upstream"),
        faults=wanted.get("faults", ()),
        ignore=wanted.get("ignore", ()),
        is_strict=wanted.get("strict", False),
        is_timed=wanted.get("timing", False),
        is_realtime=wanted.get("realtime", False),
        environment=environment,
        # An engine answers the same whenever the test runs.
        clock=ENGINE_TIME,
    )
    if "seed" in wanted:
        options["data"] = wanted["seed"]
    session = open_session(**options)
    if session.upstream is None and session.target is not None:
        # What was recorded before is recorded from the same place again.
        session.upstream = session.target.header.upstream
    return session


def _mode_of(
    cassette: Path | None, wanted: Wanted, run: Run, environment: Mapping[str, str]
) -> str:
    mode = mode_for(wanted.get("mode"), run.asked.mode, environment)
    if cassette is None:
        is_recording = VCR_MODES.get(mode, mode) in RECORDING
        # The command line means the tests that have one.
        return "replay" if is_recording and "mode" not in wanted else mode
    if "cassette" in wanted:
        return run.mode(mode, cassette)
    run.check_owner(cassette)
    return mode


def objection_of(session: OpenedSession) -> str:
    """Say why a test that passed should not have; "" for nothing."""
    report = session.report()
    if not (report.unmatched or report.drifts or session.is_strict):
        return ""
    found = shortcomings(session, is_strict=session.is_strict)
    if not found:
        return ""
    cassette = session.own or session.target
    source = "no cassette" if cassette is None else str(cassette.path)
    head = f"The test passed, but {'; '.join(found)} ({source})."
    untold = [one for one in misses_of(session) if one.rstrip(".") not in head]
    return "\n\n".join([head, *untold])


def misses_of(session: Session) -> list[str]:
    """Return the reports of what had no answer, the last ones."""
    reports = [row.report for row in session.journal if row.report is not None]
    return reports[-_REPORT_COUNT_MAX:]


def _missing(cassette: Path, environment: Mapping[str, str]) -> ConfigError:
    is_ci = bool(environment.get("CI"))
    why = " CI is set, so only what the command line asks for is recorded." * is_ci
    return ConfigError(
        f"There is no cassette {cassette}.{why}\n"
        "Record it:  pytest --petstore-mode=record --petstore-upstream=URL|engine\n"
        "or mark the test:  @pytest.mark.petstore(cassette=…)  or  (on_miss='engine')."
    )
