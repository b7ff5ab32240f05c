"""Set up what every test shares: the path, hypothesis, and the scale of proofs."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

PROOF_DIVISOR = 20

# Tests import `tests.kit`. The root goes last, so that an installed wheel wins over the
# checkout that the root also holds.
sys.path.append(str(Path(__file__).parents[1]))

_is_full = os.environ.get("PETSTORE_PROOF") == "full"

# A plain run can be repeated exactly, and a slow machine does not fail it.
settings.register_profile("plain", derandomize=True, deadline=None)
settings.register_profile(
    "full",
    deadline=None,
    max_examples=settings.get_profile("default").max_examples * PROOF_DIVISOR,
)
settings.load_profile("full" if _is_full else "plain")


@pytest.fixture(scope="session")
def at_scale() -> Callable[[int], int]:
    """Give the size of a proof: whole under `nox -s proof`, else 1/20, at least 1."""

    def size(full: int) -> int:
        return full if _is_full else max(1, full // PROOF_DIVISOR)

    return size
