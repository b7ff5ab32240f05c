"""
Say whom a session asks, and what it keeps.

    replay   serves the file, never writes it                        VCR: none
    auto     replays the file if there is one, else records it       VCR: once
    extend   serves the file, asks and keeps what is not in it;      VCR: new_episodes
             begins one where there is none
    record   asks all, and replaces the file when the session ends   VCR: all
    check    asks all and compares;  off  asks all
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from petstore.contract.checks import sentence
from petstore.contract.errors import ConfigError
from petstore.mock.steps import MODES, Mode
from petstore.mock.wording import hint

VCR_MODES: Final = {
    "none": "replay",
    "once": "auto",
    "new_episodes": "extend",
    "all": "record",
}
MODE_NAMES: Final = ("auto", *MODES, *VCR_MODES)
RECORDING: Final = ("record", "extend")
# Whoever names one of them wants somebody else to be asked.
ASKING: Final = (*RECORDING, "check", "off")


def mode_of(
    asked: str | None, path: Path | None, environment: Mapping[str, str]
) -> Mode:
    """
    Return the mode of a session.

    Args:
        asked: One of MODE_NAMES; None for replay, which never needs a network.

    Raises:
        ConfigError: It is none, needs a cassette, or would record in CI unasked.
    """
    name = VCR_MODES.get(asked or "replay", asked or "replay")
    if name == "auto":
        name = _automatic(path, environment)
    mode = next((one for one in MODES if one == name), None)
    if mode is None:
        words = f"Wrong mode: there is no {asked!r:.40}; {hint(name, MODE_NAMES)}"
        raise ConfigError(sentence(words))
    if mode in RECORDING and path is None:
        raise ConfigError(f"Wrong mode: {mode} needs a cassette to write; name one.")
    return mode


def _automatic(path: Path | None, environment: Mapping[str, str]) -> str:
    if path is None or path.exists():
        return "replay"
    check_unasked(path, environment)
    return "record"


def check_unasked(path: Path, environment: Mapping[str, str]) -> None:
    """
    Refuse to begin a recording that nobody asked for in so many words.

    Raises:
        ConfigError: This is CI.
    """
    if environment.get("CI"):
        raise ConfigError(
            f"CI is set, so {path}, which does not exist, is not recorded. Record it"
            " elsewhere and commit it, or ask for mode record."
        )
