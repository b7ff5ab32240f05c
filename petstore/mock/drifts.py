"""Name what in a recording is not as it should be, and where it stands."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from petstore.mock.cassette import document_of
from petstore.mock.exchange import Exchange
from petstore.mock.json_walk import NOTHING, Location
from petstore.mock.secrets import is_secret_name
from petstore.mock.yaml_stream import line_of

_VALUE_LENGTH_MAX: Final = 80
_HIDDEN: Final = "something secret"
# Within a document, such a line can only stand at its begin.
_MARK: Final = re.compile(r"---(\s|$)")


class Drift(NamedTuple):
    """
    Say what is not as it should be.

    Args:
        path: Of the cassette.
        exchange: Its id; "" for the header.
        field: As `response.json.tags[0].name`.
        line: In the file, from 1; None where there is no file.
        kind: Stable name of the fault, as `missing` or `gone`.
        message: What is recorded, and what would be right.
        is_warning: Whether it may well be meant so.
    """

    path: str
    exchange: str
    field: str
    line: int | None
    kind: str
    message: str
    is_warning: bool = False

    def __str__(self) -> str:
        line = "" if self.line is None else f":{self.line}"
        owner = f" {self.exchange}:" if self.exchange else ""
        return f"{self.path}{line}:{owner} {self.field}: {self.message} [{self.kind}]"


class Finding(NamedTuple):
    """
    Hold a drift before anybody knows its line.

    Args:
        number: Of the exchange, from 0; None for the header.
    """

    number: int | None
    location: Location
    kind: str
    message: str
    is_warning: bool = False


class Place(NamedTuple):
    """Hold an exchange, and its number among all, from 0."""

    number: int
    exchange: Exchange

    def finding(
        self, location: Location, kind: str, right: str, *, is_warning: bool = False
    ) -> Finding:
        """Return a finding that says what is recorded there, and what is right."""
        message = f"recorded {self._recorded(location)}; right is {right}"
        return Finding(self.number, location, kind, message, is_warning)

    def _recorded(self, location: Location) -> str:
        if is_secret(location):
            return _HIDDEN
        value: Any = document_of(self.exchange)
        for step in location:
            value = _child(value, step)
        return "nothing" if value is NOTHING else shown(value)


def is_secret(location: Location) -> bool:
    """Tell whether nobody may see what stands there."""
    return any(isinstance(step, str) and is_secret_name(step) for step in location)


def shown(value: object) -> str:
    """Return a value as JSON, without what is secret in it, cut where it is long."""
    text = json.dumps(_open(value), ensure_ascii=False, default=str)
    if len(text) <= _VALUE_LENGTH_MAX:
        return text
    return f"{text[:_VALUE_LENGTH_MAX]}… ({len(text):,} characters)"


def _open(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: _HIDDEN if is_secret_name(str(name)) else _open(one)
            for name, one in value.items()
        }
    return [_open(one) for one in value] if isinstance(value, list) else value


def steps_of(path: str) -> Location:
    """Read the dotted place that the contract's refusals name."""
    pieces = path.split(".") if path else []
    return tuple(int(one) if one.isdigit() else one for one in pieces)


class Lines:
    """
    Find the lines of fields.

    Args:
        text: Of a cassette; "" where there is none.
        count: How many documents it should have; another text is not the recording's.
    """

    def __init__(self, text: str, count: int) -> None:
        self._documents = list(_documents(text))
        if len(self._documents) != count:
            self._documents = []

    def find(self, finding: Finding) -> int | None:
        """Return the line of a finding, or the nearest one around it."""
        if not self._documents:
            return None
        index = 0 if finding.number is None else finding.number + 1
        line, text = self._documents[index]
        location = finding.location
        if "query" in location or "form" in location:
            # One value stands alone in the file.
            location = location[:3]
        return line + line_of(text, 0, location)


def _documents(text: str) -> Iterator[tuple[int, str]]:
    """Yield each document with the number of lines before it."""
    begin, lines = 0, text.splitlines(keepends=True)
    for number, line in enumerate([*lines, "---"]):
        is_last = number == len(lines)
        if not (is_last or _MARK.match(line)):
            continue
        if _holds_something(lines[begin:number]):
            yield begin, "".join(lines[begin:number])
        begin = number


def _holds_something(lines: Iterable[str]) -> bool:
    kept = (line.partition("#")[0].strip() for line in lines)
    return any(line not in ("", "---", "...") for line in kept)


def _child(value: Any, step: str | int) -> Any:
    if isinstance(value, dict):
        return value.get(step, NOTHING)
    if isinstance(value, list):
        is_there = isinstance(step, int) and step < len(value)
        return value[step] if is_there and isinstance(step, int) else NOTHING
    # One value of a query stands alone.
    return value if step == 0 and value is not NOTHING else NOTHING
