import gc

import pytest

from petstore.cli.importing import uncollected


@pytest.fixture(autouse=True)
def _thawed():
    """Let the collector see again what a test has exempted from it."""
    yield
    gc.unfreeze()


def test_the_collector_rests_while_much_is_imported():
    with uncollected():
        is_resting = not gc.isenabled()

    assert is_resting
    assert gc.isenabled()


def test_the_collector_passes_over_what_was_imported():
    with uncollected():
        pass

    assert gc.get_freeze_count() > 0


def test_the_collector_works_again_after_a_failed_import():
    with pytest.raises(ImportError), uncollected():
        raise ImportError

    assert gc.isenabled()
