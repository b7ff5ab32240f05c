"""
Run a command to its end, and end it with the process that runs it.

Without a terminal the command gets a process group of its own, so that whatever it
started ends with it. In a terminal it stays in the one that reads the keyboard.
"""

import math
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from time import monotonic
from typing import Final, NamedTuple

from petstore.contract.errors import ConfigError

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_GRACE_S: Final = 10.0
_POLL_S: Final = 0.1
# What shells say of who was ended by a signal.
_BY_SIGNAL: Final = 128


class Ending(NamedTuple):
    """
    Say how a command ended.

    Args:
        code: What the process exits with, as a shell has it.
        words: For people.
    """

    code: int
    words: str


def run_command(words: Sequence[str], environment: dict[str, str]) -> Ending:
    """
    Run a command; a signal to stop is passed on to it.

    Raises:
        ConfigError: It cannot be run.
    """
    heard: list[int] = []
    has_own_group = not sys.stdin.isatty()
    group = 0 if has_own_group else None
    with _heard(heard), _started(words, environment, group) as process:
        if not _ended(process, heard):
            _end(process, heard, has_own_group=has_own_group)
    return _ending(heard[0] if heard else -process.returncode, process.returncode)


def _started(
    words: Sequence[str], environment: dict[str, str], group: int | None
) -> subprocess.Popen[bytes]:
    try:
        # Whoever gives a command wants it run.
        return subprocess.Popen(words, env=environment, process_group=group)  # noqa: S603
    except OSError as error:
        raise ConfigError(f"Cannot run {words[0]}: {error.strerror}.") from error


@contextmanager
def _heard(heard: list[int]) -> Iterator[None]:
    """Note the signals that come; an error of theirs could leave a lock of Popen's."""

    def hear(number: int, _: object) -> None:
        heard.append(number)

    # What is ignored, as under nohup, stays so.
    before = {
        one: signal.signal(one, hear)
        for one in _SIGNALS
        if signal.getsignal(one) is not signal.SIG_IGN
    }
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _ended(
    process: subprocess.Popen[bytes], heard: list[int], timeout_s: float | None = None
) -> bool:
    """Wait for a command; tell whether it ended before a signal more came."""
    count = len(heard) if timeout_s is not None else 0
    until_s = math.inf if timeout_s is None else monotonic() + timeout_s
    while len(heard) <= count and monotonic() < until_s:
        with suppress(subprocess.TimeoutExpired):
            process.wait(_POLL_S)
            return True
    return False


def _end(
    process: subprocess.Popen[bytes], heard: list[int], *, has_own_group: bool
) -> None:
    """Let a command end in its own way; not for ever, and not after one more signal."""
    # A terminal tells its whole group of Ctrl-C itself.
    if has_own_group or heard[0] != signal.SIGINT:
        _send(process, heard[0], has_own_group=has_own_group)
    # Shells let what they start in the background ignore Ctrl-C.
    is_over = _ended(process, heard, _GRACE_S)
    last = signal.SIGTERM if is_over else signal.SIGKILL
    _send(process, last, has_own_group=has_own_group)
    process.wait()


def _send(
    process: subprocess.Popen[bytes], number: int, *, has_own_group: bool
) -> None:
    with suppress(ProcessLookupError):
        if has_own_group:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)


def _ending(number: int, code: int) -> Ending:
    if number <= 0:
        return Ending(code, f"The command exited with {code}")
    name = signal.Signals(number).name
    return Ending(_BY_SIGNAL + number, f"The command was ended by {name}")
