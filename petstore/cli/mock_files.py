"""Check, tidy, convert and show recordings."""

import json
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from petstore.cli.output import note, plain, print_json, print_table, say
from petstore.contract.errors import ConfigError
from petstore.mock.cassette import Cassette, load, save
from petstore.mock.checking import CONTRACT, Checks, check_cassette
from petstore.mock.convert import Format
from petstore.mock.convert import convert as converted
from petstore.mock.drifts import Drift
from petstore.mock.folders import cassettes_below
from petstore.mock.showing import Shown, rows_of
from petstore.mock.steps import ENGINE
from petstore.mock.tidying import tidy as tidied


def check(paths: Sequence[Path], checks: Checks, *, as_json: bool) -> bool:
    """
    Print each drift of some recordings.

    Returns:
        Whether one of them is more than a warning.

    Raises:
        ConfigError: A recording cannot be read, or a server not be asked.
    """
    drifts: list[Drift] = []
    count = 0
    for path in _cassettes(paths):
        drifts += _checked(load(path), checks)
        count += 1
    if as_json:
        print_json([drift._asdict() for drift in drifts])
    for drift in () if as_json else drifts:
        say(plain(f"{'warning: ' if drift.is_warning else ''}{drift}"))
    found = sum(not drift.is_warning for drift in drifts)
    note(f"{count} recordings, {found} drifts, {len(drifts) - found} warnings.")
    return found > 0


def tidy(paths: Sequence[Path], *, is_canonical: bool, report: Path | None) -> None:
    """
    Write recordings in their normal form.

    Args:
        report: Of a session, in JSON; what it says nobody asked for is dropped.

    Raises:
        ConfigError: One of them cannot be read, or not be written.
    """
    left_out = set() if report is None else _unplayed(report)
    for path in _cassettes(paths):
        before = load(path)
        played = {one.id for one in before.exchanges} - left_out
        after = tidied(before, canonical=is_canonical, prune=played)
        dropped = len(before.exchanges) - len(after.exchanges)
        change = "tidied" if save(after, path) else "was tidy"
        note(plain(f"{path}: {change}" + (f", {dropped} dropped" if dropped else "")))


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
    """Return what is checked, as of now."""
    # The clock of whoever looks is what a recording's age is measured by.
    now = datetime.fromtimestamp(time.time(), UTC)  # noqa: TID251
    return {
        "against": against,
        "max_age": max_age,
        "values": values,
        "now": now,
        "is_asked": is_asked,
    }


def _unplayed(report: Path) -> set[str]:
    try:
        told = json.loads(report.read_text())["unplayed"]
    except OSError as error:
        raise ConfigError(f"Cannot read {report}: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{report} is no report of a session, as /__mock/sessions/ID gives it."
        ) from error
    return set(map(str, told))


def _checked(cassette: Cassette, checks: Checks) -> list[Drift]:
    if checks.get("against", CONTRACT) != ENGINE:
        return check_cassette(cassette, **checks)
    # Late: it loads the engine.
    from petstore.mock.engine_door import EngineDoor

    with EngineDoor() as door:
        asked: Checks = {**checks, "ask": door.answer}
        return check_cassette(cassette, **asked)


def _cassettes(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        found = cassettes_below(path)
        if not found:
            raise ConfigError(f"There is no cassette (*.yaml) below {path}.")
        yield from found
