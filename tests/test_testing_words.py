"""The plugin of pytest: what it says of a wrong marker, and of a wrong option."""

import pytest

from tests.kit.suite import suite

pytest_plugins = "pytester"
__all__ = ["suite"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("casette='a.yaml'", "no casette; did you mean cassette?"),
        ("'a.yaml'", "takes names only"),
        ("mode='replays'", "mode: there is no 'replays'; did you mean replay"),
        ("on_miss='fial'", "no on_miss 'fial'; did you mean fail"),
        (
            "faults=[{'do': {'rest': True}}]",
            "faults[[]0[]].do.rest: there is no such field; did you mean reset",
        ),
        ("cassette='no.yaml'", "There is no cassette *no.yaml"),
    ],
)
def test_a_marker_that_is_wrong_is_told(suite, arguments, told):
    suite.cassette("test_shop/test_get")
    suite.tests(
        f"""
import pytest

@pytest.mark.petstore({arguments})
def test_get(petstore_mock):
    get(petstore_mock, "/pet/7")
"""
    )

    run = suite.run("--petstore-orphans")

    assert {"errors": 1} == run.parseoutcomes()
    run.stdout.fnmatch_lines([f"*{told}*"])


def test_a_marker_that_is_wrong_is_told_once(suite):
    suite.tests(
        """
import pytest

@pytest.mark.petstore(mode="replays", cassette=None)
def test_get(petstore_mock):
    pass
"""
    )

    run = suite.run()

    told = "Wrong mode: there is no 'replays'; did you mean replay?"
    assert 1 == run.stdout.lines.count(told)
    run.stdout.no_fnmatch_line("*another exception*")
    run.stdout.no_fnmatch_line("*Traceback*")


@pytest.mark.parametrize(
    ("option", "told"),
    [
        pytest.param(
            "--petstore-mode=replayy",
            "--petstore-mode: there is no 'replayy'; did you mean replay?",
            id="mode",
        ),
        pytest.param(
            "--petstore-upstream=nowhere",
            "--petstore-upstream: 'nowhere' is no URL of a server, as *",
            id="upstream",
        ),
    ],
)
def test_an_option_that_is_wrong_is_told_before_any_test_runs(suite, option, told):
    suite.tests("def test_one(petstore_mock): pass\ndef test_two(): pass\n")

    run = suite.run(option)

    assert pytest.ExitCode.USAGE_ERROR == run.ret
    run.stderr.fnmatch_lines([f"ERROR: {told}"])
    run.stdout.no_fnmatch_line("*test_*")


def test_what_has_no_cassette_is_not_recorded(suite):
    suite.tests(
        """
import pytest

@pytest.mark.petstore(cassette=None, on_miss="engine")
def test_get(petstore_mock):
    pass
"""
    )

    run = suite.run("--petstore-mode=record", "--petstore-upstream=engine")

    assert {"passed": 1} == run.parseoutcomes()


@pytest.mark.parametrize(
    ("expected", "told"),
    [
        pytest.param(
            "opp='addPet'",
            "expected.opp: there is no such field; did you mean op?",
            id="misspelt",
        ),
        pytest.param(
            "op='addPet'", "addPet: expected at least 1, came 0.", id="did-not-come"
        ),
    ],
)
def test_what_is_expected_wrongly_is_told_at_the_line_of_the_test(
    suite, expected, told
):
    suite.tests(
        f"""
import pytest

@pytest.mark.petstore(cassette=None, on_miss="engine")
def test_get(petstore_mock):
    petstore_mock.verify({expected})
"""
    )

    run = suite.run()

    run.stdout.fnmatch_lines([f"E *{told}"])
    run.stdout.no_fnmatch_line("*verifying.py*")
    run.stdout.no_fnmatch_line("*petstore/testing.py*")
