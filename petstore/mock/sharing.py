"""
Write a recording although others may have written its file meanwhile.

Whoever records reads the file when the session begins and writes it when it ends. In
between another process may do the same, so the end looks again, alone in the folder:

    the file is as it was      it is replaced
    extend, and it is another  what is new here is added to what stands there now
    record, and it is another  it stays; the recording becomes a file beside it
"""

import errno
import fcntl
import json
import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from petstore.contract.errors import ConfigError, Conflicted
from petstore.mock.cassette import Cassette, document_of, save
from petstore.mock.exchange import Exchange

_WAIT_S_MAX: Final = 60.0
_PAUSE_S: Final = 0.01
_NAME_COUNT_MAX: Final = 1_000
# Of a file system that knows no locks, as some of networks are.
_NO_LOCKS: Final = (errno.EBADF, errno.EINVAL, errno.ENOLCK, errno.ENOTSUP)


class RecordedBeside(Conflicted):
    """Say that a recording lies beside the file that it was to replace."""


@contextmanager
def alone_in(folder: Path, *, wait_s_max: float = _WAIT_S_MAX) -> Iterator[None]:
    """
    Be the only one who ends a recording in a folder, which is made where it is missing.

    The folder itself is locked, so no file is left behind, and the lock of whoever died
    is gone.

    Raises:
        ConfigError: It cannot be made or read, or somebody else takes too long.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise ConfigError(f"Cannot write in {folder}: {error.strerror}.") from error
    try:
        _lock(held, folder, wait_s_max)
        yield
    finally:
        os.close(held)


def _lock(held: int, folder: Path, wait_s_max: float) -> None:
    end_s = time.monotonic() + wait_s_max
    while True:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end_s:
                raise ConfigError(
                    f"Somebody else writes recordings in {folder} for more than"
                    f" {wait_s_max:g} s; end that process, and record anew."
                ) from None
            time.sleep(_PAUSE_S)
        except OSError as error:
            if error.errno in _NO_LOCKS:
                return
            raise ConfigError(f"Cannot lock {folder}: {error.strerror}.") from error
        else:
            return


def add_to(
    now: Cassette, target: Cassette, kept_count: int, dropped: Iterable[Exchange]
) -> None:
    """
    Make of a recording what stands in its file now, and behind it what is new here.

    Args:
        now: What others made of the file since it was read.
        kept_count: How many exchanges the recording began with.
        dropped: What stood in the file and was to be asked anew.
    """
    kept, added = target.exchanges[:kept_count], target.exchanges[kept_count:]
    dropped = list(dropped)
    gone = {_text_of(one) for one in dropped}
    exchanges = [one for one in now.exchanges if _text_of(one) not in gone]
    # Others may have asked the same, and been told the same.
    known = Counter(map(_content_of, now.exchanges))
    known -= Counter(map(_content_of, [*kept, *dropped]))
    taken = {one.id for one in exchanges}
    for one in added:
        content = _content_of(one)
        if known[content]:
            known[content] -= 1
            continue
        free = _free_id(one.id, taken)
        taken.add(free)
        exchanges.append(one.model_copy(update={"id": free}))
    target.exchanges[:] = exchanges
    target.header = now.header


def save_beside(target: Cassette) -> RecordedBeside:
    """
    Write a recording under a free name beside the file that it was to replace.

    Returns:
        What is to be told of it.

    Raises:
        ConfigError: It cannot be written.
    """
    path = target.path
    assert path is not None
    target.path = _free_path(path)
    save(target)
    return RecordedBeside(
        f"{path} was written by somebody else since this recording began, and stays as"
        f" it is; this one is {target.path}. Keep the right one of them as {path.name},"
        " or record one after the other, with mode extend to add to what is there."
    )


def _free_path(path: Path) -> Path:
    for number in range(2, _NAME_COUNT_MAX):
        free = path.with_name(f"{path.stem}.{number}{path.suffix}")
        if not os.path.lexists(free):
            return free
    raise ConfigError(f"There are {_NAME_COUNT_MAX:,} recordings beside {path}.")


def _free_id(exchange_id: str, taken: set[str]) -> str:
    stem, _, number = exchange_id.rpartition("-")
    # A recorder ends each id in a number.
    count = int(number)
    while f"{stem}-{count}" in taken:
        count += 1
    return f"{stem}-{count}"


def _text_of(exchange: Exchange) -> str:
    return json.dumps(document_of(exchange), sort_keys=True, default=repr)


def _content_of(exchange: Exchange) -> str:
    """Return all of an exchange but its id, to compare it with those of others."""
    return _text_of(exchange.model_copy(update={"id": ""}))
