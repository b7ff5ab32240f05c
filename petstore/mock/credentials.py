"""
Read what a header tells that nobody may see, and write it without that.

Source: RFC 6265 §4.1, §5.2 (cookies), RFC 7617 §2 (Basic), RFC 7616 §3.3 (Digest), RFC
4559 §4 (Negotiate).
"""

import base64
import re
from collections.abc import Callable
from typing import Final, NamedTuple

from petstore.mock.secret_markup import Swap
from petstore.mock.secrets import is_secret_name

COOKIE_LENGTH_MIN: Final = 16
# Attributes of a cookie.
_PLACES: Final = ("domain", "path")
_COOKIE: Final = re.compile(r"(?:^|[;,\n])\s*([^=;,\s]+)=\"?([^;,\s\"]+)")
_BASIC: Final = "basic"
# Some tools join several cookies; the comma in a date has no name behind it.
_NEXT_COOKIE: Final = re.compile(r",\s*(?=[^\s=;,]+=)")
# Of a challenge that is made anew each time; the last is one without names.
_ONCE: Final = re.compile(
    r'\b(nonce|opaque)(\s*=\s*)(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))', re.IGNORECASE
)
_TOKEN: Final = re.compile(r"\b(negotiate|ntlm)(\s+)([\w.~+/-]+=*)", re.IGNORECASE)


class Credential(NamedTuple):
    """
    Hold a value that nobody may see.

    Args:
        kind: What it is called in its placeholder; "" for what its header is called.
    """

    kind: str
    value: str


def credentials(header: str, value: str) -> list[Credential]:
    """Return what a header tells that nobody may see; its name is in lower case."""
    if header in ("cookie", "set-cookie"):
        # Short ones are settings, whose words stand in many texts.
        pairs = _COOKIE.findall(value)
        return [
            Credential("", told)
            for name, told in pairs
            if is_secret_name(name)
            or (len(told) >= COOKIE_LENGTH_MIN and name.lower() not in _PLACES)
        ]
    scheme, _, credential = value.rpartition(" ")
    if not credential:
        return []
    found = [Credential("", credential)]
    return found + _basic(credential) if scheme.strip().lower() == _BASIC else found


def _basic(credential: str) -> list[Credential]:
    """Return user and password together, and the password, which may come alone."""
    try:
        pair = base64.b64decode(credential, validate=True).decode()
    except ValueError:
        return []
    _, sign, password = pair.partition(":")
    return [Credential("password", one) for one in (pair, password) if sign and one]


def shown_cookies(value: str, swap: Swap, other: Callable[[str], str]) -> str:
    """
    Return the lines of Set-Cookie with something else for each value.

    Args:
        swap: Returns what stands for the value of a cookie.
        other: Returns what stands for the attributes.
    """
    return "\n".join(_cookie(one, swap, other) for one in cookies_of(value))


def cookies_of(value: str) -> list[str]:
    """Return one text for each cookie."""
    lines: list[str] = []
    for line in filter(None, value.split("\n")):
        pair, sign, attributes = line.partition(";")
        # A comma before the attributes may be a part of the value.
        first, *more = _NEXT_COOKIE.split(attributes)
        lines.append(f"{pair}{sign}{first}".strip())
        lines += cookies_of("\n".join(more))
    return lines


def shown_challenge(value: str, swap: Swap) -> str:
    """Return a challenge with something else for what it tells only once."""

    def member(found: re.Match[str]) -> str:
        name, sign, quoted, bare = found.groups()
        told = swap(name, bare if quoted is None else quoted)
        return f"{name}{sign}{told}" if quoted is None else f'{name}{sign}"{told}"'

    def token(found: re.Match[str]) -> str:
        return f"{found[1]}{found[2]}{swap('token', found[3])}"

    return _TOKEN.sub(token, _ONCE.sub(member, value))


def _cookie(line: str, swap: Swap, other: Callable[[str], str]) -> str:
    pair, sign, attributes = line.partition(";")
    # RFC 6265bis §5.6: without a sign, all of it is the value.
    name, equals, value = pair.partition("=") if "=" in pair else ("", "", pair)
    plain = value.strip().strip('"')
    shown = swap(name, plain) if plain else value
    return f"{name}{equals}{shown}{sign}{other(attributes)}"
