"""
Put a whole file in the place of what is there, or nothing.

Whoever writes for a user does it here. A link leads to what is written, and stays: it
is how a recording is shared. A device, a pipe or a folder is never replaced by a file.
"""

import os
import stat
from pathlib import Path

from petstore.contract.errors import ConfigError


def write_file(path: Path, body: bytes) -> None:
    """
    Write a file; its folders are made.

    Raises:
        ConfigError: It cannot be written, or what is there is no regular file.
    """
    target = written_path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _replace(target, body)
    except OSError as error:
        raise ConfigError(f"Cannot write {path}: {error.strerror}.") from error


def written_path(path: Path) -> Path:
    """
    Return which file is written where a path is named: what its links lead to.

    Raises:
        ConfigError: It is there and no regular file, or its links lead nowhere.
    """
    target = Path(os.path.realpath(path))
    try:
        # Of the path, for what /dev/stdout leads to may have no name of its own.
        mode = path.stat().st_mode
    except FileNotFoundError:
        return target
    except OSError as error:
        raise ConfigError(f"Cannot write {path}: {error.strerror}.") from error
    if not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "a device or a pipe"
        raise ConfigError(
            f"Cannot write {path}: it is {kind}, which no file takes the place of; name"
            " a new file."
        )
    return target


def _replace(path: Path, body: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with temporary.open("wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
