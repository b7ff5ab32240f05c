import pytest

from petstore.cli.failures import exit_code, report
from petstore.contract import errors


@pytest.mark.parametrize(
    ("error", "code"),
    [
        pytest.param(errors.ConfigError("No."), 2, id="setting"),
        pytest.param(errors.Invalid("No."), 2, id="input"),
        pytest.param(errors.NotSupported("No."), 2, id="not-supported"),
        pytest.param(errors.NotFound("No."), 3, id="not-found"),
        pytest.param(errors.Unauthorized("No."), 4, id="who"),
        pytest.param(errors.Forbidden("No."), 4, id="not-allowed"),
        pytest.param(errors.Conflicted("No."), 5, id="taken"),
        pytest.param(errors.RuleBroken("No."), 5, id="rule"),
        pytest.param(errors.Unavailable("No."), 1, id="not-now"),
        pytest.param(errors.ServerFault("No."), 1, id="fault"),
        pytest.param(errors.TransportError("No.", sent="maybe"), 1, id="no-answer"),
    ],
)
def test_an_error_has_an_exit_code(error, code):
    assert exit_code(error) == code


@pytest.mark.parametrize(
    ("message", "said"),
    [
        pytest.param("There is no pet 7.", "error: There is no pet 7.\n", id="plain"),
        pytest.param("No \x1b[2Jpet.", "error: No \\x1b[2Jpet.\n", id="control"),
        pytest.param("Wrong:\n  a\n  b", "error: Wrong:\n  a\n  b\n", id="several"),
        pytest.param("", "error: NotFound\n", id="nothing"),
    ],
)
def test_an_error_is_said_on_stderr(capsys, message, said):
    report(errors.NotFound(message))

    assert capsys.readouterr() == ("", said)


def test_a_server_that_is_not_there_can_be_started(capsys):
    report(errors.TransportError("No answer.", sent="no"))

    assert "`petstore serve`" in capsys.readouterr().err
