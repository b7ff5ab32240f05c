"""Compare what an upstream answers with what was recorded, while a session asks it."""

from collections.abc import Callable
from typing import Final

from petstore.contract.http import Request
from petstore.contract.replies import Response
from petstore.mock.contract_lint import Read
from petstore.mock.drifts import Finding, Place
from petstore.mock.facts import match_of
from petstore.mock.json_walk import field_of
from petstore.mock.live_check import drifts_from, plain
from petstore.mock.rerecording import plain_response
from petstore.mock.tape import Cursor, Found, Take

_DRIFT_COUNT_MAX: Final = 1_000


class Comparison:
    """
    Hold in what the answers of one session are not as recorded.

    Args:
        shown: Returns the path of a request as it may be told.

    Attributes:
        drifts: Each of them once, the first ones.
    """

    def __init__(self, shown: Callable[[str], str]) -> None:
        self._shown = shown
        self.drifts: list[str] = []
        self._told: set[str] = set()

    def add(
        self, request: Request, response: Response, found: Found | None, cursor: Cursor
    ) -> None:
        """
        Compare one answer with the one that a replay would give now.

        Raises:
            ConfigError: A recorded body cannot be read.
        """
        if found is None:
            line = f"{request.method} {self._shown(request.path)}"
            self._note(f"{line}: was not recorded [new]")
            return
        take = cursor.next(found)
        if take is None:
            last = found.takes[-1].exchange.id
            self._note(f"{last}: was asked for more often than recorded [repeated]")
            return
        for finding in _findings(take, request, response):
            place = field_of(finding.location)
            words = f"{place}: {finding.message} [{finding.kind}]"
            self._note(f"{take.exchange.id}: {words}")

    def _note(self, drift: str) -> None:
        if drift not in self._told and len(self.drifts) < _DRIFT_COUNT_MAX:
            self._told.add(drift)
            self.drifts.append(drift)


def _findings(take: Take, request: Request, response: Response) -> list[Finding]:
    exchange = take.exchange
    recorded = plain_response(take.cassette, exchange.response)
    place = Place(take.number, exchange)
    read = Read(place, request, recorded, match_of(request))
    return list(drifts_from(read, plain(response), values=False))
