"""
Convert a recording from and to the formats of other tools.

    cassette ◀──▶ har         HAR 1.2 of browsers and proxies
             ◀──▶ vcr         VCR.py 1, in YAML or JSON
             ◀──▶ wiremock    mappings of WireMock, in a folder or in one file
             ◀──▶ hoverfly    a simulation of Hoverfly v5

What is kept and what is lost stands at the top of each format's file. Whatever is read
is redacted first: what is from another tool, and what an edit left in a cassette.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, get_args
from urllib.parse import urlsplit

from petstore.contract.errors import ConfigError
from petstore.mock import (
    cassette as cassettes,
)
from petstore.mock import (
    convert_har,
    convert_hoverfly,
    convert_vcr,
    convert_wiremock,
    convert_wiremock_reading,
)
from petstore.mock.cassette import Cassette
from petstore.mock.exchange import Header
from petstore.mock.foreign import Loss, Reading, base_of, stated
from petstore.mock.foreign_reading import cassette_of
from petstore.mock.foreign_wire import read_json, read_text
from petstore.mock.tidying import redacted
from petstore.mock.whole_files import written_path

Format = Literal["cassette", "har", "vcr", "wiremock", "hoverfly"]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)

_CASSETTE: Final = re.compile(r"^\{?petstore:\s*['\"]?cassette/", re.MULTILINE)
_INTERACTIONS: Final = re.compile(r"^interactions:", re.MULTILINE)
_NAMED: Final[dict[str, Format]] = {
    ".har": "har",
    ".yaml": "cassette",
    ".yml": "cassette",
}
_HEADER_FIELDS: Final = frozenset(Header.model_fields) - {"petstore"}


class _Tool(NamedTuple):
    """
    Hold how one format is read and written.

    Args:
        losses: Of a file of that name.
        header: Which fields of a cassette's header it keeps.
    """

    read: Callable[[Path], Reading]
    write: Callable[[Cassette, Path], None]
    losses: Callable[[Path], tuple[Loss, ...]]
    header: frozenset[str] = _HEADER_FIELDS


_TOOLS: Final[dict[Format, _Tool]] = {
    "har": _Tool(convert_har.read, convert_har.write, lambda _: convert_har.LOSSES),
    "vcr": _Tool(
        convert_vcr.read,
        convert_vcr.write,
        lambda path: (
            convert_vcr.JSON_LOSSES if path.suffix == ".json" else convert_vcr.LOSSES
        ),
    ),
    "wiremock": _Tool(
        convert_wiremock_reading.read,
        convert_wiremock.write,
        lambda _: convert_wiremock.LOSSES,
        frozenset(),
    ),
    "hoverfly": _Tool(
        convert_hoverfly.read,
        convert_hoverfly.write,
        lambda _: convert_hoverfly.LOSSES,
        frozenset({"upstream"}),
    ),
}


def convert(
    source: Path,
    target: Path,
    *,
    to: Format | None = None,
) -> list[str]:
    """
    Write a recording in another format.

    Args:
        target: A new file, or a new folder for the mappings of WireMock.
        to: None for what the target's name says: .har, .yaml for a cassette, and a
            name without a suffix for a folder of WireMock.

    Returns:
        What is lost, a sentence each.

    Raises:
        ConfigError: A format cannot be told, a file cannot be read or written, the
            target is there, or nothing of it can be converted.
    """
    source_format = detect(source)
    to = to or _format_of(target)
    if to != "wiremock" or not target.is_dir():
        written_path(target)
    if target.is_file():
        raise ConfigError(
            f"{target} exists, and what it holds would be lost; name another file, or"
            " remove it."
        )
    losses: list[str] = []
    if source_format == "cassette":
        cassette = redacted(cassettes.load(source))
    else:
        reading = _TOOLS[source_format].read(source)
        cassette = cassette_of(reading)
        losses += reading.losses
        _check_left(source, cassette, losses)
    if to == "cassette":
        cassettes.save(cassette, target)
        return losses
    return losses + _written(source, cassette, target, to)


def _written(source: Path, cassette: Cassette, target: Path, to: Format) -> list[str]:
    """Write what a format can hold, and say what it cannot."""
    tool = _TOOLS[to]
    losses = _header_losses(cassette.header, to, tool)
    path = urlsplit(base_of(cassette.header.upstream)).path
    if path and to == "hoverfly":
        losses.append(f"Paths begin with {path} from now on: it is the upstream's.")
    skipping = [one for one in tool.losses(target) if one.skips]
    losses += stated(skipping, cassette.exchanges)
    left = [
        exchange
        for exchange in cassette.exchanges
        if not any(loss.concerns(exchange) for loss in skipping)
    ]
    cassette = replace(cassette, exchanges=left)
    _check_left(source, cassette, losses)
    losses += stated((one for one in tool.losses(target) if not one.skips), left)
    tool.write(cassette, target)
    return losses


def detect(source: Path) -> Format:
    """
    Tell the format of a recording from its content.

    Raises:
        ConfigError: It is none of them, or cannot be read.
    """
    if source.is_dir():
        return "wiremock"
    text = read_text(source)
    # A short header stands in one line, within braces.
    if _CASSETTE.search(text):
        return "cassette"
    if text.lstrip().startswith("{"):
        return _detect_json(source)
    if _INTERACTIONS.search(text):
        return "vcr"
    raise ConfigError(f"{source} is in none of the formats {', '.join(FORMATS)}.")


def _detect_json(source: Path) -> Format:
    value: Any = read_json(source)
    known: dict[Format, Callable[[Any], bool]] = {
        "har": convert_har.is_har,
        "vcr": convert_vcr.is_vcr,
        "wiremock": convert_wiremock_reading.is_wiremock,
        "hoverfly": convert_hoverfly.is_hoverfly,
    }
    for name, is_it in known.items():
        if is_it(value):
            return name
    raise ConfigError(f"{source} is in none of the formats {', '.join(known)}.")


def _format_of(target: Path) -> Format:
    if not target.suffix:
        return "wiremock"
    found = _NAMED.get(target.suffix)
    if found is None:
        raise ConfigError(
            f"{target} may be in any format; say which: {', '.join(FORMATS)}."
        )
    return found


def _header_losses(header: Header, to: Format, tool: _Tool) -> list[str]:
    given = {*header.model_dump(exclude_defaults=True)} - {"petstore"}
    # A simulation knows the upstream by the host of its requests alone.
    is_kept = to != "hoverfly" or base_of(header.upstream) != ""
    lost = sorted(given - tool.header if is_kept else given)
    if not lost:
        return []
    return [f"Of the header, {', '.join(lost)} {_be(lost)} lost: {to} has no place."]


def _be(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _check_left(source: Path, cassette: Cassette, losses: list[str]) -> None:
    if cassette.exchanges:
        return
    why = losses[-1] if losses else "It holds no exchange."
    raise ConfigError(f"{source}: nothing of it can be converted. {why}")
