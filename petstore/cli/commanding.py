"""
Run a command to its end, and end it with the process that runs it.

Without a terminal the command gets a process group of its own, so that whatever it
started ends with it. In a terminal it stays in the one that reads the keyboard.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Final, NamedTuple

from petstore.contract.errors import ConfigError

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_GRACE_S: Final = 10.0
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


class _Stopped(Exception):
    """Carry the number of a signal to whoever waits."""


def run_command(words: Sequence[str], environment: dict[str, str]) -> Ending:
    """
    Run a command; a signal to stop is passed on to it.

    Raises:
        ConfigError: It cannot be run.
    """
    heard: list[int] = []
    has_own_group = not sys.stdin.isatty()
    group = 0 if has_own_group else None
    with _heard(heard) as waiting, _started(words, environment, group) as process:
        with suppress(_Stopped):
            waiting.append(True)
            if not heard:
                process.wait()
        if heard:
            _end(process, heard[0], waiting, has_own_group=has_own_group)
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
def _heard(heard: list[int]) -> Iterator[list[bool]]:
    """
    Note the signals that come.

    What is given says, once it holds something, that somebody waits who is to be woken;
    before that, a command would be left alone.
    """
    waiting: list[bool] = []

    def hear(number: int, _: object) -> None:
        heard.append(number)
        if waiting:
            # Once: a second one could come while the first is on its way.
            waiting.clear()
            raise _Stopped

    # What is ignored, as under nohup, stays so.
    before = {
        one: signal.signal(one, hear)
        for one in _SIGNALS
        if signal.getsignal(one) is not signal.SIG_IGN
    }
    try:
        yield waiting
    finally:
        waiting.clear()
        for one, handler in before.items():
            signal.signal(one, handler)


def _end(
    process: subprocess.Popen[bytes],
    number: int,
    waiting: list[bool],
    *,
    has_own_group: bool,
) -> None:
    """Let a command end in its own way; not for ever, and not after one more signal."""
    # A terminal tells its whole group of Ctrl-C itself.
    if has_own_group or number != signal.SIGINT:
        _send(process, number, has_own_group=has_own_group)
    last = signal.SIGKILL
    with suppress(subprocess.TimeoutExpired, _Stopped):
        waiting.append(True)
        process.wait(_GRACE_S)
        # Shells let what they start in the background ignore Ctrl-C.
        last = signal.SIGTERM
    waiting.clear()
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
