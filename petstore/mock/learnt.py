"""
Find secrets that were told before, wherever they stand.

A value is looked up by its first letters, so the time grows with the text and not with
how many values there are.
"""

from collections.abc import Callable
from typing import Final

from petstore.mock.secrets import PLACEHOLDER

HEAD_LENGTH: Final = 6
# Up to so many, to look for each is faster than to look at each place.
_FEW: Final = 64


class Learnt:
    """Hold values of at least HEAD_LENGTH characters."""

    def __init__(self) -> None:
        self._values: set[str] = set()
        self._lengths: dict[str, list[int]] = {}

    def add(self, value: str) -> None:
        """Look for one more."""
        self._values.add(value)
        lengths = self._lengths.setdefault(value[:HEAD_LENGTH], [])
        if len(value) not in lengths:
            # The longest first, for one may begin with another.
            lengths.append(len(value))
            lengths.sort(reverse=True)

    def swapped(self, text: str, swap: Callable[[str], str]) -> str:
        """Return a text with something else for each value in it."""
        pieces, position = [], 0
        for begin in self._begins(text):
            value = self._value_at(text, begin) if begin >= position else ""
            if value:
                pieces += [text[position:begin], swap(value)]
                position = begin + len(value)
        return "".join([*pieces, text[position:]]) if pieces else text

    def _begins(self, text: str) -> list[int]:
        heads = self._lengths
        if len(heads) <= _FEW and not any(head in text for head in heads):
            return []
        last = len(text) - HEAD_LENGTH
        return [n for n in range(last + 1) if text[n : n + HEAD_LENGTH] in heads]

    def _value_at(self, text: str, begin: int) -> str:
        if begin and PLACEHOLDER.match(text, begin - 1):
            return ""
        for length in self._lengths[text[begin : begin + HEAD_LENGTH]]:
            value = text[begin : begin + length]
            if value in self._values:
                return value
        return ""
