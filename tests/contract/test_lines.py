"""A status has its words, and each header its line."""

import pytest

from petstore.contract.lines import header_lines, phrase_of


@pytest.mark.parametrize(
    ("status", "words"), [(200, "OK"), (299, ""), (499, ""), (520, "")]
)
def test_status_that_nobody_registered_has_no_words(status, words):
    assert words == phrase_of(status)


def test_each_cookie_has_its_line():
    headers = {"vary": "a, b", "set-cookie": "a=1; Path=/\nb=2"}

    lines = [("vary", "a, b"), ("set-cookie", "a=1; Path=/"), ("set-cookie", "b=2")]
    assert lines == list(header_lines(headers))
