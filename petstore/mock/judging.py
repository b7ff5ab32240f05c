"""Open the session of a test as its marker and the command line say, and judge it."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from petstore.contract.errors import ConfigError
from petstore.mock.opening import (
    ASKING,
    ENGINE_TIME,
    VCR_MODES,
    OpenedSession,
    SessionOptions,
    open_session,
    shortcomings,
)
from petstore.mock.session import Session
from petstore.mock.suites import Wanted, mode_for

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


def open_for(
    session_id: str,
    cassette: Path | None,
    wanted: Wanted,
    asked: Asked,
    environment: Mapping[str, str] = os.environ,
) -> OpenedSession:
    """
    Open the session of a test.

    Args:
        cassette: Where the test's cassette lies, or shall; None for none.

    Raises:
        ConfigError: It is missing or damaged, or something wanted is none.
    """
    mode = mode_for(wanted.get("mode"), asked.mode, environment)
    on_miss = wanted.get("on_miss")
    if mode == "replay" and cassette is not None and not cassette.exists():
        if "cassette" in wanted or on_miss in (None, "fail"):
            raise _missing(cassette)
        # Somebody else answers everything.
        cassette = None
    options = SessionOptions(
        id=session_id,
        cassette=cassette,
        mode=mode,
        on_miss=on_miss,
        upstream=asked.upstream or wanted.get("upstream"),
        faults=wanted.get("faults", ()),
        ignore=wanted.get("ignore", ()),
        is_strict=wanted.get("strict", False),
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


def held_against(session: OpenedSession) -> str:
    """Say why a test that passed should not have; "" for nothing."""
    report = session.report()
    if not (report.unmatched or report.drifts or session.is_strict):
        return ""
    found = shortcomings(session)
    if not found:
        return ""
    source = "no cassette" if session.own is None else str(session.own.path)
    head = f"The test passed, but {'; '.join(found)} ({source})."
    return "\n\n".join([head, *misses_of(session)])


def misses_of(session: Session) -> list[str]:
    """Return the reports of what had no answer, the last ones."""
    reports = [row.report for row in session.journal if row.report is not None]
    return reports[-_REPORT_COUNT_MAX:]


def _missing(cassette: Path) -> ConfigError:
    return ConfigError(
        f"There is no cassette {cassette}.\n"
        "Record it:  pytest --petstore-mode=record --petstore-upstream=URL|engine\n"
        "or mark the test:  @pytest.mark.petstore(cassette=…)  or  (on_miss='engine')."
    )
