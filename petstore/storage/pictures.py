"""
Copy and examine the picture files that lie beside a store.

`shop.db.photos/` holds them, each named by the SHA-256 of its content: a file is whole
when its content has its name, and a copy only adds what is not whole there yet.
"""

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

NAME: Final = re.compile(r"([0-9a-f]{64})(\.[a-z]{3,4})?")
PART_SUFFIX: Final = ".part"


def directory_of(store: Path) -> Path:
    """Return where the pictures of a store in a file lie."""
    return store.with_name(store.name + ".photos")


def fault_of(directory: Path, name: str) -> str | None:
    """Return what is wrong with a picture, in a word; None when it is whole."""
    named = NAME.fullmatch(name)
    # No other name is joined to a directory: somebody else may have made the backup.
    if named is None or not (directory / name).exists():
        return "missing"
    try:
        with (directory / name).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        # What a disk cannot give back is lost as well.
        return "unreadable"
    return None if digest == named[1] else "damaged"


def copy(
    names: Sequence[str],
    source: Path,
    target: Path,
    *,
    on_progress: Callable[[int, int], None] | None = None,
) -> list[str]:
    """
    Bring pictures from one directory to another.

    Args:
        on_progress: Called with the count of pictures done and to do.

    Returns:
        The names of those that are whole in neither directory.

    Raises:
        OSError: The target cannot be written; nothing was added.
    """
    lacking: list[str] = []
    added: list[Path] = []
    try:
        for done, name in enumerate(names, start=1):
            is_there = fault_of(target, name) is None
            if not is_there and fault_of(source, name) is not None:
                lacking.append(name)
            elif not is_there:
                _add(source / name, target / name, added)
            if on_progress is not None:
                on_progress(done, len(names))
        if target.exists():
            sync(target)
            sync(target.parent)
    except BaseException:
        for path in added:
            path.unlink()
        with suppress(OSError):
            target.rmdir()
        raise
    return lacking


def sync(path: Path) -> None:
    """Wait until a file, or the names in a directory, would survive a crash."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _add(source: Path, target: Path, added: list[Path]) -> None:
    target.parent.mkdir(mode=0o700, exist_ok=True)
    part = target.with_name(f".{target.name}.{os.getpid()}{PART_SUFFIX}")
    is_new = not target.exists()
    try:
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        shutil.copyfile(source, part)
        sync(part)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    if is_new:
        added.append(target)
