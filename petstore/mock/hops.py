"""
Name the headers that are about one connection, or how its messages end.

Whoever sends makes its own, so none of them goes from a server into a recording, nor
from a recording to a client. One is as good as a part of the answer: the length that a
HEAD is told, which nobody can count.

Source: RFC 9110 §7.6.1, §8.6.
"""

from collections.abc import Mapping
from typing import Final

from petstore.contract.replies import Response

LENGTH: Final = "content-length"
HOP_HEADERS: Final = frozenset(
    {
        "connection",
        LENGTH,
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)


def told_length(method: str, headers: Mapping[str, str]) -> dict[str, str]:
    """Return the header in which a HEAD is told a length; {} where it is not."""
    length = headers.get(LENGTH, "")
    return {LENGTH: length} if method == "HEAD" and _is_length(length) else {}


def length_of(response: Response) -> dict[str, str]:
    """
    Return the header that tells a HEAD the length of an answer.

    Returns:
        {} where nobody knows it: of a stream, and where HEAD was answered without.
    """
    if LENGTH in response.headers:
        return {LENGTH: response.headers[LENGTH]}
    body = response.body
    return {LENGTH: str(len(body))} if body and isinstance(body, bytes) else {}


def _is_length(text: str) -> bool:
    return text.isascii() and text.isdecimal()
