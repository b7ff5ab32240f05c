"""Set up what every test shares: the path, hypothesis, and the cost of proofs."""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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


# What these reach is chance, or is reached by shorter tests as well.
_UNCOUNTED_MARKS = ("hypothesis", "proof", "uncounted")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Count only the other tests for what all reach; counting doubles their time."""
    if not any(item.get_closest_marker(name) for name in _UNCOUNTED_MARKS):
        return (yield)
    with _uncounted():
        return (yield)


@contextmanager
def _uncounted() -> Iterator[None]:
    """Stop coverage in this process, and in those that are started meanwhile."""
    tracer, tracer_of_threads = sys.gettrace(), threading.gettrace()
    config = os.environ.pop("COVERAGE_PROCESS_CONFIG", None)
    sys.settrace(None)
    threading.settrace(None)
    try:
        yield
    finally:
        threading.settrace(tracer_of_threads)
        sys.settrace(tracer)
        if config is not None:
            os.environ["COVERAGE_PROCESS_CONFIG"] = config
