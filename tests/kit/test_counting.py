"""What does not count for what the tests reach costs no more than it must."""

import os
import sys
import threading

import pytest


@pytest.mark.uncounted
def test_uncounted_test_is_traced_nowhere():
    """Fails only where coverage counts, as it does under nox."""
    assert (None, None) == (sys.gettrace(), threading.gettrace())
    assert "COVERAGE_PROCESS_CONFIG" not in os.environ
