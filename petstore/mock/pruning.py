"""Say what of some recordings nobody asked for, as the report of a session tells it."""

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from petstore.contract.errors import ConfigError
from petstore.mock.foreign_wire import read_json


def unplayed_of(report: Path, paths: Collection[Path]) -> dict[Path, set[str]]:
    """
    Return which exchanges of each cassette nobody asked for, by its resolved path.

    Args:
        report: In JSON, as /__mock/sessions/ID gives it.
        paths: The cassettes that are meant.

    Raises:
        ConfigError: There is no such report, or it is of none of the paths.
    """
    unplayed: dict[Path, set[str]] = {}
    for one in _told(report):
        path = Path(one["cassette"]).resolve()
        unplayed.setdefault(path, set()).add(one["id"])
    if unplayed and unplayed.keys().isdisjoint(path.resolve() for path in paths):
        others = ", ".join(map(str, unplayed))
        raise ConfigError(
            f"{report} tells of none of these recordings, but of {others:.300}; name"
            " one of them, and begin where its session was begun."
        )
    return unplayed


def check_left(path: Path, ids: Collection[str], unplayed: Collection[str]) -> None:
    """
    Refuse to drop all that a cassette holds.

    Raises:
        ConfigError: Nobody asked for any of it.
    """
    if ids and set(ids) <= set(unplayed):
        raise ConfigError(
            f"{path} is as it was: nobody asked for anything of it. Remove the file if"
            " no test needs it."
        )


def _told(report: Path) -> list[dict[str, str]]:
    value: Any = read_json(report)
    told = value.get("unplayed") if isinstance(value, dict) else None
    if not isinstance(told, list) or not all(map(_is_named, told)):
        right = json.dumps({"unplayed": [{"cassette": "buy.yaml", "id": "getPet-1"}]})
        raise ConfigError(
            f"{report} is no report of a session, as /__mock/sessions/ID gives it; what"
            f" is read of one is {right}."
        )
    return told


def _is_named(one: Any) -> bool:
    return isinstance(one, dict) and all(
        isinstance(one.get(name), str) for name in ("cassette", "id")
    )
