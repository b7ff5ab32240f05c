import pytest

from petstore.cli.progress import PATIENCE_S, progress


class Watch:
    """Show the seconds that a test sets."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def watch():
    return Watch()


def test_short_work_draws_nothing(capsys, watch):
    with progress("Copying", seconds=watch, is_watched=True) as on_progress:
        watch.now += PATIENCE_S / 2
        on_progress(1, 2)

    assert capsys.readouterr() == ("", "")


def test_long_work_is_drawn_on_stderr(capsys, watch):
    with progress("Copying", seconds=watch, is_watched=True) as on_progress:
        watch.now += PATIENCE_S
        on_progress(1, 2)
        on_progress(2, 2)

    drawn = capsys.readouterr()
    assert drawn.out == ""
    assert "Copying" in drawn.err


def test_nobody_watching_means_nothing_is_drawn(capsys, watch):
    with progress("Copying", seconds=watch, is_watched=False) as on_progress:
        watch.now += PATIENCE_S
        on_progress(1, 2)

    assert capsys.readouterr() == ("", "")


def test_stderr_decides_whether_somebody_watches(capsys, watch):
    with progress("Copying", seconds=watch) as on_progress:
        watch.now += PATIENCE_S
        on_progress(1, 2)

    assert capsys.readouterr() == ("", "")


def test_work_that_is_repeated_later_draws_nothing(capsys, watch):
    with progress("Filling", seconds=watch, is_watched=True) as on_progress:
        pass
    watch.now += PATIENCE_S
    on_progress(1, 2)

    assert capsys.readouterr() == ("", "")
