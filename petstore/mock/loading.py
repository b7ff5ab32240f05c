"""Read each cassette once, whoever opens it, for as long as its file is the same."""

import threading
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from petstore.contract.errors import ConfigError
from petstore.mock.cassette import Cassette, load
from petstore.mock.tape import Tape

# Of those that were replayed last; a suite has one per test.
_TAPE_COUNT_MAX: Final = 16


class Stamp(NamedTuple):
    """Tell one state of a file from the next."""

    path: str
    file_number: int
    changed_ns: int
    size_bytes: int


_loading = threading.Lock()


def stamp_of(path: Path) -> Stamp:
    """
    Return what tells whether a file was changed.

    Raises:
        ConfigError: There is none.
    """
    try:
        found = path.stat()
    except OSError as error:
        raise ConfigError(f"Cannot read {path}: {error.strerror}.") from error
    return Stamp(str(path), found.st_ino, found.st_mtime_ns, found.st_size)


def loaded(path: Path) -> Cassette:
    """
    Return a cassette, which others hold too.

    Raises:
        ConfigError: It cannot be read, or is damaged.
    """
    with _loading:
        return _cassette(stamp_of(path))


def taped(paths: Sequence[Path], ignore: tuple[str, ...]) -> Tape:
    """
    Return the tape of some cassettes, which others play too.

    Raises:
        ConfigError: One of them cannot be read, or is damaged.
    """
    # Together, so that who comes while it is read waits for it and reads nothing.
    with _loading:
        return _tape(tuple(stamp_of(path) for path in paths), ignore)


@lru_cache(_TAPE_COUNT_MAX)
def _cassette(stamp: Stamp) -> Cassette:
    return load(stamp.path)


@lru_cache(_TAPE_COUNT_MAX)
def _tape(stamps: tuple[Stamp, ...], ignore: tuple[str, ...]) -> Tape:
    return Tape([_cassette(stamp) for stamp in stamps], ignore=ignore)
