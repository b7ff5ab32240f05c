"""What a system says of a failure reaches the caller through all that wraps it."""

import socket
import ssl
from itertools import pairwise

import pytest

from petstore_client.causes import cause_of, may_be_late


def wrapped(*errors: BaseException) -> BaseException:
    """Return the first error, raised from the second, and so on."""
    for outer, inner in pairwise(errors):
        outer.__cause__ = inner
    return errors[0]


def an_untrusted() -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = "self-signed certificate"
    return error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ValueError("All attempts failed."), "All attempts failed"),
        (ValueError(), "ValueError"),
        (
            socket.gaierror(-2, "Name or service not known"),
            "the name of the host has no address (Name or service not known)",
        ),
        (
            an_untrusted(),
            "its certificate is not trusted (self-signed certificate)",
        ),
        (
            ssl.SSLError(1, "wrong version number"),
            "it speaks no TLS that fits (wrong version number)",
        ),
        (ConnectionRefusedError(111, "Connection refused"), "nothing listens there"),
        (
            ConnectionResetError(104, "Connection reset by peer"),
            "connection reset by peer",
        ),
        (ConnectionResetError(), "ConnectionResetError"),
    ],
)
def test_cause_is_found(error, expected):
    assert expected == cause_of(error)


def test_cause_is_found_below_what_wraps_it():
    refused = ConnectionRefusedError(111, "Connection refused")
    group = ExceptionGroup("all failed", [ValueError("no"), refused])

    assert "nothing listens there" == cause_of(wrapped(OSError("a"), group))
    assert "nothing listens there" == cause_of(
        wrapped(ValueError("a"), OSError("b"), refused)
    )


def test_causes_that_go_round_in_a_circle_end():
    error = ValueError("a")
    error.__context__ = other = ValueError("b")
    other.__context__ = error

    assert "a" == cause_of(error)


@pytest.mark.parametrize(
    ("cause", "expected"),
    [(None, True), (TimeoutError(), True), (ConnectionResetError(), False)],
)
def test_timeout_may_be_what_it_says_unless_something_else_is_behind_it(
    cause, expected
):
    error = OSError()
    error.__cause__ = cause

    assert expected == may_be_late(error)
