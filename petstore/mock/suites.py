"""
Say what the tests of a suite want of the mock, and where their cassettes lie.

    <folder of the test>/cassettes/<module>/<test>.yaml

What a file's name may not hold in every file system becomes `-`; a name of more than 80
characters is cut, and told apart by a hash. So a name never leads out of its folder.
"""

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import Any, Final, NamedTuple, TypedDict

from petstore.contract.checks import sentence
from petstore.contract.errors import ConfigError
from petstore.mock.wording import hint

FOLDER: Final = "cassettes"
NAME_LENGTH_MAX: Final = 80
_SUFFIX: Final = ".yaml"
_OTHER: Final = re.compile(r"[^A-Za-z0-9._-]")
_HASH_LENGTH: Final = 8
# A cassette that somebody wrote, or means to keep.
_FINAL: Final = ("replay", "none")


class Wanted(TypedDict, total=False):
    """
    Say what a marker says.

    Args:
        cassette: Path from the folder of the test; None for no cassette.
        mode, on_miss, faults, ignore: As for `petstore.mock.opening.open_session`.
        upstream: URL of who is recorded or asked, or `engine`.
        strict: Whether the test fails when it leaves a part of the cassette unasked.
        timing: Whether it is recorded when the pieces of a stream came.
        realtime: Whether they are replayed at such times.
        seed: First data of a store: public, empty, or a number of pets.
    """

    cassette: "str | PathLike[str] | None"
    mode: str
    on_miss: str
    upstream: str
    strict: bool
    timing: bool
    realtime: bool
    faults: Iterable[Mapping[str, Any]]
    ignore: Iterable[str]
    seed: str | int


_KINDS: Final[Mapping[str, tuple[type, ...]]] = {
    "cassette": (str, PathLike, type(None)),
    "mode": (str,),
    "on_miss": (str,),
    "upstream": (str,),
    "strict": (bool,),
    "timing": (bool,),
    "realtime": (bool,),
    "faults": (list, tuple),
    "ignore": (list, tuple),
    "seed": (str, int),
}
_SHOULD: Final[Mapping[str, str]] = {
    "cassette": "a path, or None",
    "mode": "a text, as 'replay'",
    "on_miss": "a text, as 'engine'",
    "upstream": "a URL, or 'engine'",
    "strict": "True or False",
    "timing": "True or False",
    "realtime": "True or False",
    "faults": "a list of rules, as [{'do': {'reset': True}}]",
    "ignore": "a list of paths, as ['json.shipDate']",
    "seed": "'public', 'empty' or a number of pets",
}


class Mark(NamedTuple):
    """Hold what stands in the brackets of one marker."""

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]


def wanted_of(marks: Iterable[Mark]) -> Wanted:
    """
    Return what the markers of a test say together.

    Args:
        marks: The nearest one first; it wins.

    Raises:
        ConfigError: An argument is none, or not what it should be.
    """
    wanted: Any = {}
    for mark in marks:
        if mark.args:
            raise ConfigError(
                f"@pytest.mark.petstore takes names only, not {mark.args[0]!r:.100};"
                " write cassette=… before a path."
            )
        for name, value in mark.kwargs.items():
            _check(name, value)
            wanted.setdefault(name, value)
    checked: Wanted = wanted
    return checked


def _check(name: str, value: Any) -> None:
    if name not in _KINDS:
        words = f"@pytest.mark.petstore has no {name}; {hint(name, _KINDS)}"
        raise ConfigError(sentence(words))
    is_number = isinstance(value, bool) and name == "seed"
    if not isinstance(value, _KINDS[name]) or is_number:
        raise ConfigError(
            f"@pytest.mark.petstore: {name} is {_SHOULD[name]}, not {value!r:.100}."
        )


def mode_for(
    marked: str | None, asked: str | None, environment: Mapping[str, str]
) -> str:
    """
    Return the mode of a test.

    Args:
        marked: What its marker says; `replay` there is final.
        asked: What the command line says, which else wins.
    """
    if marked in _FINAL:
        return "replay"
    if asked is not None:
        return asked
    # Nobody who runs a suite in CI expects it to use the network.
    return "replay" if environment.get("CI") else marked or "replay"


def safe_name(text: str) -> str:
    """Return a name for a file, or for a session."""
    name = _OTHER.sub("-", text).lstrip(".") or "-"
    if len(name) <= NAME_LENGTH_MAX:
        return name
    digest = hashlib.sha256(text.encode()).hexdigest()[:_HASH_LENGTH]
    return f"{name[: NAME_LENGTH_MAX - _HASH_LENGTH - 1]}-{digest}"


def cassette_path(module: Path, test: str) -> Path:
    """
    Return where the cassette of a test lies.

    Args:
        module: Path of the file that the test stands in.
        test: Its name, with its class and its parameters.
    """
    folder = module.parent / FOLDER / safe_name(module.stem)
    return folder / f"{safe_name(test)}{_SUFFIX}"


def cassette_of(module: Path, test: str, wanted: Wanted) -> Path | None:
    """Return the cassette of a test, which its marker may name; None for none."""
    if "cassette" not in wanted:
        return cassette_path(module, test)
    named = wanted["cassette"]
    return None if named is None else module.parent / named


def orphans(modules: Collection[Path], used: Collection[Path]) -> list[Path]:
    """
    Return the cassettes that no test uses, sorted.

    Args:
        modules: The files whose tests are known.
        used: Cassettes of their tests.
    """
    # Late, for it loads pydantic, which most runs of pytest need nowhere.
    from petstore.mock.folders import cassettes_below

    kept = {path.resolve() for path in used}
    found = {path for one in _folders(modules) for path in cassettes_below(one)}
    return sorted(path for path in found if path.resolve() not in kept)


def _folders(modules: Collection[Path]) -> Iterator[Path]:
    """Return the folders of cassettes in which every file's tests are known."""
    for folder in {module.parent for module in modules}:
        known = {one.stem for one in modules if one.parent == folder}
        names = {safe_name(one.stem) for one in folder.glob("*.py")}
        others = names - {safe_name(stem) for stem in known}
        cassettes = folder / FOLDER
        if not cassettes.is_dir():
            continue
        if not others.intersection(one.name for one in cassettes.iterdir()):
            yield cassettes
            continue
        yield from (
            one
            for one in cassettes.iterdir()
            if one.is_dir() and one.name not in others
        )
