"""The session of a test is opened as its marker and the command line say."""

import pytest

from petstore.mock.judging import Asked


@pytest.mark.parametrize(
    ("mode", "upstream", "is_wanted"),
    [
        (None, None, False),
        ("replay", None, False),
        ("none", None, False),
        ("auto", None, False),
        ("record", None, True),
        ("new_episodes", None, True),
        ("check", None, True),
        ("replay", "https://petstore.example", True),
    ],
)
def test_network_is_wanted_by_who_names_one_that_is_asked(mode, upstream, is_wanted):
    assert is_wanted is Asked(mode, upstream).is_network
