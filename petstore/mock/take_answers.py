"""Answer with what is on a tape, each exchange made ready once."""

from typing import Final

from petstore.contract.http import Request
from petstore.contract.replies import Response
from petstore.mock.clock import Clock
from petstore.mock.steps import Answer
from petstore.mock.tape import Take, takes_coding, wire_response

_COUNT_MAX: Final = 16_384


class TakeAnswers:
    """
    Hold the answers of exchanges.

    Args:
        clock: Tells what time it is for the client.
        is_realtime: Whether the pieces of streams come when they were recorded to.
    """

    def __init__(self, clock: Clock, *, is_realtime: bool = False) -> None:
        self._clock = clock
        self._is_realtime = is_realtime
        self._responses: dict[int, Response] = {}

    def of(self, take: Take, request: Request) -> Answer:
        """
        Return what a client is sent.

        Raises:
            ConfigError: The recording names a file that is missing.
        """
        accepted = ""
        if take.exchange.response.encoding is not None:
            accepted = request.headers.get("accept-encoding", "")
        is_coded = takes_coding(take, accepted)
        # Below 0 stands what is compressed.
        key = ~take.number if is_coded else take.number
        response = self._responses.get(key)
        if response is None:
            recorded = wire_response(
                take, is_coded=is_coded, is_realtime=self._is_realtime
            )
            response = self._clock.as_today(recorded)
            if len(self._responses) >= _COUNT_MAX:
                self._responses.clear()
            self._responses[key] = response
        return Answer(response, f"recording/{take.exchange.id}", take)
