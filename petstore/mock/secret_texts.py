"""
Find secrets in a text that nobody can parse: each stands behind its name.

    "password": "…"    {password: '…'}    password=…    password="…"    password[a]=…

For what stands in elements of XML see `secret_markup.py`.

The text may be cut off in the midst of one. Whoever sends it chooses it, so the time
grows with its length only: what may be long is taken possessively, and names have a
limit.
"""

import re
from collections.abc import Callable
from typing import Final
from urllib.parse import quote_plus, unquote_plus

from petstore.mock.secret_markup import (
    Swap,
    escaped,
    is_markup,
    swapped_markup,
    unescaped,
)
from petstore.mock.secrets import WILDCARD, is_secret_name

# A placeholder of a number keeps its type.
NUMBER_SHOWN: Final = 0
_HEAD: Final = re.compile(
    r"(?<![\w$.@-])([\w$.@-]{1,128}+(?:(?:\[|%5[Bb])[\w$.@-]{0,64}+(?:\]|%5[Dd])){0,8}+)"
    r"([\\\"'\]]{0,3}+)\s*+([:=])\s*+"
)
_STRING: Final = re.compile(
    r"""\\"((?:[^"\\]|\\(?!"))*+)|"((?:[^"\\]|\\.)*+)|'((?:[^'\\]|\\.)*+)""", re.DOTALL
)
_BARE: Final = re.compile(r"[^&;#\s\"'<>]++")
_LOOSE: Final = re.compile(r"(?!(?:true|false|null)\b)[^\s,;{}\[\]\"'<>]++")
# RFC 8259 §6; of what is none, none is made.
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


def masked(text: str) -> str:
    """Return a text with a wildcard for each secret that it names."""
    if ":" in text or "=" in text or "<" in text:
        return swapped(text, wildcard)
    return text


def wildcard(_name: str, _value: str) -> str:
    """Return what stands for any secret where one is compared."""
    return WILDCARD


def swapped(text: str, swap: Swap) -> str:
    """Return a text with something else for each secret that it names."""
    if "<" in text and ">" in text:
        text = swapped_markup(text, swap)
    if ":" in text or "=" in text:
        text = _members(text, swap)
    return text


def swapped_parts(body: bytes, swap: Swap, other: Callable[[str], str]) -> bytes:
    """
    Return a multipart form with something else for each field that is a secret.

    Args:
        other: Returns what stands for the text of another field.
    """
    return b"\r\n--".join(_part(one, swap, other) for one in body.split(b"\r\n--"))


def _members(text: str, swap: Swap) -> str:
    pieces, position = [], 0
    is_xml = is_markup(text)
    for head in _HEAD.finditer(text):
        if head.start() < position or not is_secret_name(head[1]):
            continue
        begin, end, shown = _value(text, head, swap)
        if begin < end:
            pieces += [text[position:begin], escaped(shown) if is_xml else shown]
            position = end
    return "".join([*pieces, text[position:]])


def _value(text: str, head: re.Match[str], swap: Swap) -> tuple[int, int, str]:
    """Return where the value of a member is, and what stands for it."""
    name, tail, sign = head.groups()
    found = _STRING.match(text, head.end())
    if found is not None:
        begin, end = found.span(found.lastindex or 0)
        value = unescaped(text[begin:end])
        return begin, end, swap(name, value) if value else ""
    if sign == ":" and not tail:
        # A sentence: "Wrong password: it is too short."
        return 0, 0, ""
    found = (_BARE if sign == "=" else _LOOSE).match(text, head.end())
    if found is None:
        return 0, 0, ""
    if sign == ":" and _NUMBER.fullmatch(found[0]):
        return found.start(), found.end(), str(NUMBER_SHOWN)
    shown = quote_plus(swap(name, unquote_plus(found[0])), safe=WILDCARD)
    return found.start(), found.end(), shown


_FIELD: Final = re.compile(
    rb'content-disposition:[^\r\n]{0,256}?[;\s]name="?([^";\r\n]{1,128})', re.IGNORECASE
)


def _part(piece: bytes, swap: Swap, other: Callable[[str], str]) -> bytes:
    head, gap, body = piece.partition(b"\r\n\r\n")
    found = _FIELD.search(head)
    if found is None or not body:
        return piece
    name = found[1].decode("utf-8", "replace")
    try:
        text = body.decode()
    except UnicodeDecodeError:
        if not is_secret_name(name):
            return piece
        text = body.decode("utf-8", "replace")
    shown = swap(name, text) if is_secret_name(name) else other(text)
    return head + gap + shown.encode()
