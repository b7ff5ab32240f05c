"""Compare what an upstream answers with what was recorded, while a session asks it."""

from typing import Final

from petstore.contract.http import Request
from petstore.contract.replies import Response
from petstore.mock.contract_lint import Read
from petstore.mock.drifts import Finding, Place, is_secret
from petstore.mock.facts import match_of
from petstore.mock.json_walk import field_of
from petstore.mock.live_check import drifts_from, plain
from petstore.mock.rerecording import plain_response
from petstore.mock.tape import Cursor, Found, Take

DRIFT_COUNT_MAX: Final = 1_000


class Comparison:
    """
    Hold in what the answers of one session are not as recorded.

    Attributes:
        drifts: Each of them once, the first ones.
    """

    def __init__(self) -> None:
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
            self._note(f"{request.method} {request.path}: was not recorded [new]")
            return
        take = cursor.next(found)
        if take is None:
            last = found.takes[-1].exchange.id
            self._note(f"{last}: was asked for more often than recorded [repeated]")
            return
        for finding in _findings(take, request, response):
            place = field_of(finding.location)
            words = finding.message
            if is_secret(finding.location):
                words = "recorded something secret, the server answers otherwise"
            self._note(f"{take.exchange.id}: {place}: {words} [{finding.kind}]")

    def _note(self, drift: str) -> None:
        if drift not in self._told and len(self.drifts) < DRIFT_COUNT_MAX:
            self._told.add(drift)
            self.drifts.append(drift)


def _findings(take: Take, request: Request, response: Response) -> list[Finding]:
    exchange = take.exchange
    recorded = plain_response(take.cassette, exchange.response)
    place = Place(take.number, exchange)
    read = Read(place, request, recorded, match_of(request))
    return list(drifts_from(read, plain(response), values=False))
