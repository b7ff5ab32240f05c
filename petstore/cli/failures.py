"""
Turn an error into one message and an exit code.

    0  done
    1  it failed: the store or the server cannot, or something was found
    2  the command line, a setting or the input is wrong
    3  there is no such thing
    4  not allowed
    5  it contradicts what is there
"""

from typing import Final

from petstore.cli.output import note, plain
from petstore.contract.errors import (
    ConfigError,
    Conflicted,
    Forbidden,
    Invalid,
    Malformed,
    NotFound,
    NotSupported,
    PetstoreError,
    RuleBroken,
    Stale,
    TransportError,
    Unauthorized,
)

FAILED: Final = 1
WRONG_INPUT: Final = 2
_CODES: Final[dict[type[PetstoreError], int]] = {
    ConfigError: WRONG_INPUT,
    Invalid: WRONG_INPUT,
    Malformed: WRONG_INPUT,
    NotSupported: WRONG_INPUT,
    NotFound: 3,
    Unauthorized: 4,
    Forbidden: 4,
    Conflicted: 5,
    RuleBroken: 5,
    Stale: 5,
}


def exit_code(error: PetstoreError) -> int:
    """Return what the process exits with."""
    return _CODES.get(type(error), FAILED)


def report(error: PetstoreError) -> None:
    """Say on stderr what went wrong; a server's words may hold anything."""
    lines = [plain(line) for line in error.message.splitlines()]
    note("\n".join(["error: " + (lines or [type(error).__name__])[0], *lines[1:]]))
    if isinstance(error, TransportError) and error.sent == "no":
        note("Start a server with `petstore serve`, or name a store with --store.")
