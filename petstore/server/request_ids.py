"""Name each request, so that its answer and its lines in the log can be found."""

import itertools
import re
import secrets
from collections.abc import Callable, Mapping
from typing import Final

from multidict import istr

HEADER: Final = "x-request-id"
LENGTH_MAX: Final = 128
# Sanic's headers fold the case of any other text at each look-up.
_FOLDED: Final = istr(HEADER)
# Printable ASCII can be written to a log as it is.
_SANE: Final = re.compile(rf"[!-~](?:[ -~]{{0,{LENGTH_MAX - 2}}}[!-~])?")


def request_ids() -> Callable[[Mapping[str, str]], str]:
    """
    Return what gives the id of the request that has these headers.

    That is the client's own where it is sane, else the next of this process; a random
    one would cost three times as much. Each call makes a new one.
    """
    prefix = f"{secrets.token_hex(6)}-"
    count = itertools.count(1).__next__

    def id_of(headers: Mapping[str, str]) -> str:
        if _FOLDED in headers and _SANE.fullmatch(headers[_FOLDED]):
            return headers[_FOLDED]
        return f"{prefix}{count()}"

    return id_of
