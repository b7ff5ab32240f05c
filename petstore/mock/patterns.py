"""
Find what was recorded with a placeholder by a request with the value itself.

A secret is known by its name where it has one. A token that came again in a path, or
in a text, was replaced there, too; whoever replays may send that token, or another one,
and the placeholder stands for each.
"""

from petstore.mock.secrets import WRITTEN_PLACEHOLDER


class Patterns:
    """Hold the keys in which a placeholder stands, by whatever they have in common."""

    def __init__(self) -> None:
        self._pieces: dict[str, list[tuple[str, ...]]] = {}
        self._keys: dict[tuple[str, ...], str] = {}

    def add(self, group: str, key: str) -> None:
        """Note a key; one without a placeholder is none of these."""
        pieces = tuple(WRITTEN_PLACEHOLDER.split(key))
        if len(pieces) > 1 and pieces not in self._keys:
            self._keys[pieces] = key
            self._pieces.setdefault(group, []).append(pieces)

    def find(self, group: str, key: str) -> str | None:
        """Return the first key that has placeholders where another has any text."""
        for pieces in self._pieces.get(group, ()):
            if _fits(pieces, key):
                return self._keys[pieces]
        return None


def _fits(pieces: tuple[str, ...], key: str) -> bool:
    first, *inner, last = pieces
    if not (key.startswith(first) and key.endswith(last)):
        return False
    position, end = len(first), len(key) - len(last)
    for piece in inner:
        begin = key.find(piece, position + 1, end)
        if begin < 0 or not _is_value(key[position:begin]):
            return False
        position = begin + len(piece)
    return _is_value(key[position:end])


def _is_value(text: str) -> bool:
    """Tell whether a text is one within its string, and not the end of it."""
    return bool(text) and '"' not in text.replace('\\"', "")
