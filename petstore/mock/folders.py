"""Keep the paths that come from elsewhere inside of one folder."""

from pathlib import Path
from typing import Final

from petstore.contract.errors import Forbidden, Invalid
from petstore.mock.cassette import SIDE_SUFFIX, side_folder

_SUFFIXES: Final = (".yaml", ".yml")
# A large answer of YAML lies there, and is no cassette.
_SIDE_FOLDERS: Final = tuple(f"{one}{SIDE_SUFFIX}" for one in _SUFFIXES)


def inside(folder: Path, given: str, field: str) -> Path:
    """
    Return the path of a cassette in a folder.

    Args:
        given: Relative to the folder.
        field: What the path was given as, for errors.

    Raises:
        Invalid: It is no path of a cassette.
        Forbidden: It leads out of the folder, by its steps or by a link.
    """
    path = Path(given)
    if path.suffix not in _SUFFIXES or "\0" in given:
        raise Invalid(f"{field}: {given!r:.100} should end with .yaml, as buy.yaml.")
    if path.is_absolute() or ".." in path.parts:
        raise _outside(field, given)
    root, found = folder.resolve(), folder / path
    for one in (found, side_folder(found)):
        if not one.resolve().is_relative_to(root):
            raise _outside(field, given)
    return found


def cassettes_below(folder: Path) -> list[Path]:
    """Return the files below a folder that are cassettes by their names, sorted."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix in _SUFFIXES
        and not any(
            one.endswith(_SIDE_FOLDERS) for one in path.relative_to(folder).parts[:-1]
        )
    )


def _outside(field: str, given: str) -> Forbidden:
    return Forbidden(
        f"{field}: {given!r:.100} leads out of the folder of this server. Give a path"
        " below it, without `..`."
    )
