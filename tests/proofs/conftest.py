"""Give proofs their randomness, and print what they measured."""

import os
import secrets
from collections.abc import Callable
from random import Random

import pytest

SEED_VARIABLE = "PETSTORE_PROOF_SEED"

_FIGURE = "figure"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures of the run, whichever process measured them."""
    figures = [
        str(figure)
        for reports in terminalreporter.stats.values()
        for report in reports
        if isinstance(report, pytest.TestReport) and report.when == "call"
        for name, figure in report.user_properties
        if name == _FIGURE
    ]
    if figures:
        terminalreporter.section("proofs")
        for line in figures:
            terminalreporter.write_line(line)


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Give what prints a figure at the end of the run."""
    node = request.node
    return lambda text: node.user_properties.append((_FIGURE, f"{node.name}: {text}"))


@pytest.fixture
def rng(tell: Callable[[str], None]) -> Random:
    """Give randomness; the seed is printed, and can be given."""
    seed = int(os.environ.get(SEED_VARIABLE) or secrets.randbits(32))
    tell(f"{SEED_VARIABLE}={seed}")
    return Random(seed)  # noqa: S311 - it only chooses what is tried
