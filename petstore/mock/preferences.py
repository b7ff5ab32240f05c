"""
Read which answer a client prefers: `Prefer: code=404`, `Prefer: example`.

Source: RFC 7240; `code` and `example` are those of Prism.
"""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from petstore.contract.replies import Response
from petstore.mock.facts import Facts, key_of
from petstore.mock.tape import Take

APPLIED_HEADER: Final = "preference-applied"
_PREFERENCE: Final = re.compile(
    r'\s*([!#$%&\'*+.^_`|~0-9A-Za-z-]+)\s*(?:=\s*("(?:[^"\\]|\\.)*"|[^\s,;"]*))?'
    r"\s*(?:;[^,]*)?(?:,|$)"
)
_STATUS: Final = re.compile(r"[1-5][0-9]{2}")
_STATUS_MIN: Final = 200
# Of an operation that a load test recorded ten thousand times.
_CANDIDATE_COUNT_MAX: Final = 1_000


class Preference(NamedTuple):
    """
    Hold what is preferred.

    Args:
        status: None for an example.
        text: As the answer confirms it.
    """

    status: int | None
    text: str


def read_preference(header: str) -> Preference | None:
    """
    Return the first preference that a mock knows; None where there is none.

    What nobody knows is left alone, and so is a code that is no final status.
    """
    for found in _PREFERENCE.finditer(header):
        name, value = found[1].lower(), (found[2] or "").strip('"')
        if name == "example":
            return Preference(None, "example")
        if name == "code" and _STATUS.fullmatch(value) and int(value) >= _STATUS_MIN:
            return Preference(int(value), f"code={value}")
    return None


def preferred_take(takes: Sequence[Take], facts: Facts, status: int) -> Take | None:
    """
    Return the recorded answer of an operation with that status; None without one.

    One to the same request is better than one to the same path, and that than any.
    """
    fitting = [
        take
        for take in takes[:_CANDIDATE_COUNT_MAX]
        if take.exchange.response.status == status
    ]
    key = key_of(facts)
    return min(
        fitting,
        key=lambda take: (key_of(take.facts) != key, take.facts.path != facts.path),
        default=None,
    )


def confirmed(response: Response, preference: Preference) -> Response:
    """Return an answer that says which preference it honours (RFC 7240 §3)."""
    headers = {**response.headers, APPLIED_HEADER: preference.text}
    return Response(response.status, headers, response.body)
