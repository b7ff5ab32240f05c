"""Check, tidy, convert and show recordings."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from petstore.cli.failures import FAILED, WRONG_INPUT, exit_code, report
from petstore.cli.output import note, plain, print_json, print_table, say
from petstore.contract.errors import ConfigError, PetstoreError
from petstore.mock.cassette import Cassette, load, save
from petstore.mock.checking import CONTRACT, Checks, check_cassette
from petstore.mock.clock import system_now
from petstore.mock.convert import Format
from petstore.mock.convert import convert as converted
from petstore.mock.drifts import Drift
from petstore.mock.folders import cassettes_below
from petstore.mock.live_check import Tally
from petstore.mock.pruning import check_left, unplayed_of
from petstore.mock.sharing import alone_in
from petstore.mock.showing import Shown, rows_of
from petstore.mock.steps import ENGINE
from petstore.mock.tidying import tidy as tidied
from petstore.mock.urls import checked_url
from petstore.mock.wording import counted

_UNREADABLE: Final = "unreadable"


def check(paths: Sequence[Path], checks: Checks, *, as_json: bool) -> int:
    """
    Print each drift of some recordings; one that cannot be read hides no other.

    Returns:
        What the process exits with.

    Raises:
        ConfigError: A folder has no recording, or a server cannot be asked.
    """
    drifts: list[Drift] = []
    found = _cassettes(paths)
    for path in found:
        try:
            cassette = load(path)
        except ConfigError as error:
            report(error)
            drifts.append(Drift(str(path), "", "", None, _UNREADABLE, error.message))
        else:
            drifts += _checked(cassette, checks)
    if as_json:
        print_json([drift._asdict() for drift in drifts])
    counts = Counter(map(_counted_as, drifts))
    for drift in () if as_json else drifts:
        if _counted_as(drift) != "unread":
            say(plain(f"{'warning: ' if drift.is_warning else ''}{drift}"))
    unread = f", {counts['unread']} unreadable" if counts["unread"] else ""
    told = [
        counted(len(found), "recording"),
        counted(counts["drift"], "drift"),
        f"{counted(counts['warning'], 'warning')}{unread}{_asked(checks)}.",
    ]
    note(", ".join(told))
    return WRONG_INPUT if unread else FAILED if counts["drift"] else 0


def tidy(paths: Sequence[Path], *, is_canonical: bool, unasked: Path | None) -> int:
    """
    Write recordings in their normal form; one that cannot be read hinders no other.

    Args:
        unasked: Report of a session, in JSON; what nobody asked for is dropped.

    Returns:
        What the process exits with.

    Raises:
        ConfigError: There is no such report, or a folder has no recording.
    """
    found = _cassettes(paths)
    unplayed = {} if unasked is None else unplayed_of(unasked, found)
    code = 0
    for path in found:
        left_out = unplayed.get(path.resolve(), set())
        try:
            note(plain(f"{path}: {_tidy(path, left_out, is_canonical=is_canonical)}"))
        except PetstoreError as error:
            report(error)
            code = exit_code(error)
    return code


def convert(source: Path, target: Path, to: Format | None) -> None:
    """
    Write a recording in another format, and say what is lost.

    Raises:
        ConfigError: It cannot be read or written, or nothing of it be converted.
    """
    for loss in converted(source, target, to=to):
        note(plain(f"lost: {loss}"))
    note(plain(f"{target} is written."))


def show(path: Path, *, as_json: bool) -> None:
    """
    List what a recording holds.

    Raises:
        ConfigError: It cannot be read.
    """
    rows = rows_of(load(path))
    if as_json:
        print_json([row._asdict() for row in rows])
    else:
        print_table(Shown._fields, rows)


def checks_of(
    against: str, max_age: str | None, *, values: bool = False, is_asked: bool
) -> Checks:
    """
    Return what is checked, as of now.

    Raises:
        ConfigError: There is no such thing to check against, or values are to be
            compared, and nobody is asked for them.
    """
    if values and against == CONTRACT:
        raise ConfigError(
            "--values compares what a server answers; say whom to ask with"
            " --against=engine or --against=URL."
        )
    if against not in (CONTRACT, ENGINE):
        try:
            checked_url(against)
        except ConfigError as error:
            raise ConfigError(
                f"Wrong --against: {against!r:.100} should be contract, engine, or the"
                " URL of a server, as https://petstore3.swagger.io."
            ) from error
    return {
        "against": against,
        "max_age": max_age,
        "values": values,
        # The clock of whoever looks is what a recording's age is measured by.
        "now": system_now(),
        "is_asked": is_asked,
        "tally": Tally(),
    }


def _asked(checks: Checks) -> str:
    """Say how much of the recordings a server was asked for; "" where none was."""
    tally = checks.get("tally")
    if tally is None or checks.get("against", CONTRACT) == CONTRACT:
        return ""
    left = tally.all - tally.asked
    verb = "is" if left == 1 else "are"
    why = f" ({left} {verb} not safe to ask again)" if left else ""
    return f"; asked {tally.asked} of {tally.all}{why}"


def _tidy(path: Path, left_out: set[str], *, is_canonical: bool) -> str:
    """Write a recording in its normal form; say what that changed."""
    with alone_in(path.parent):
        before = load(path)
        ids = [one.id for one in before.exchanges]
        check_left(path, ids, left_out)
        after = tidied(before, canonical=is_canonical, prune=set(ids) - left_out)
        change = "tidied" if save(after, path) else "was tidy"
    left = {one.id for one in after.exchanges}
    dropped = [id for id in ids if id not in left]
    if not dropped:
        return change
    return f"{change}, {len(dropped)} dropped: {', '.join(dropped)}"


def _counted_as(drift: Drift) -> str:
    if drift.kind == _UNREADABLE and not drift.field:
        return "unread"
    return "warning" if drift.is_warning else "drift"


def _checked(cassette: Cassette, checks: Checks) -> list[Drift]:
    if checks.get("against", CONTRACT) != ENGINE:
        return check_cassette(cassette, **checks)
    # Late: it loads the engine.
    from petstore.mock.engine_door import EngineDoor

    with EngineDoor() as door:
        asked: Checks = {**checks, "ask": door.answer}
        return check_cassette(cassette, **asked)


def _cassettes(paths: Sequence[Path]) -> list[Path]:
    cassettes: list[Path] = []
    for path in paths:
        found = cassettes_below(path) if path.is_dir() else [path]
        if not found:
            raise ConfigError(f"There is no cassette (*.yaml) below {path}.")
        cassettes += found
    return cassettes
