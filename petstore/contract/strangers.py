"""Say what answered in place of a Petstore: a proxy, a web server, a guest network."""

import re
from collections.abc import Mapping
from html import unescape
from typing import Any, Final

from petstore.contract.call import Call
from petstore.contract.errors import REMOTE_ERRORS

_CODES: Final = frozenset(kind.code for kind in REMOTE_ERRORS)
_STATUSES: Final = frozenset(kind.status for kind in REMOTE_ERRORS)
_TEXT_LENGTH_MAX: Final = 4_000
_SHOWN_LENGTH_MAX: Final = 80
_MARKUP: Final = re.compile(
    r"<(script|style)\b.*?</\1>|<!--.*?-->|<[^>]*>", re.IGNORECASE | re.DOTALL
)
# Pages repeat what was asked for: a query may hold a password, a long word a token.
_SECRET: Final = re.compile(r"(?<=\?)\S+|\S{24,}")


def is_page(headers: Mapping[str, str]) -> bool:
    """Tell whether an answer is a web page, which no operation answers with."""
    return headers.get("content-type", "").startswith("text/html")


def told_page(call: Call[Any], status: int, kind: str, body: bytes) -> str:
    """
    Return the message of a refusal that is a web page.

    Args:
        kind: Its content type.
    """
    return (
        f"A proxy or another web server answered {call.operation.id} in place of the"
        f" Petstore, by a web page with status {status} ({kind:.80}){_end(call, body)}"
    )


def told_status(
    call: Call[Any], status: int, problem: Mapping[str, Any], words: str
) -> str:
    """Return the message of a refusal; `words` where a Petstore may have sent it."""
    if status in _STATUSES or str(problem.get("code")) in _CODES:
        return words
    return (
        f"The server answered {call.operation.id} with status {status}, which no"
        f" Petstore sends{_end(call, words.encode())}"
    )


def _end(call: Call[Any], body: bytes) -> str:
    shown = _shown(call, body)
    return f": {shown!r}." if shown else "."


def _shown(call: Call[Any], body: bytes) -> str:
    """Return the start of a text, without markup and without what may be secret."""
    text = body[:_TEXT_LENGTH_MAX].decode(errors="replace")
    text = unescape(_MARKUP.sub(" ", text))
    for name, value in call.arguments.items():
        if value and call.operation.arg(name).secret:
            text = text.replace(str(value), "…")
    words = " ".join(_SECRET.sub("…", text).split())
    is_long = len(words) > _SHOWN_LENGTH_MAX
    return words[:_SHOWN_LENGTH_MAX] + "…" if is_long else words
