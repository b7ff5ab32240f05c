"""Keep what was answered in a recording, and say what cannot be kept."""

from typing import Final

from pydantic import ValidationError

from petstore.contract.errors import PetstoreError
from petstore.contract.http import Request
from petstore.contract.replies import Response
from petstore.mock.cassette import Cassette
from petstore.mock.recording import Recorder
from petstore.mock.room import Room

# More of them tell nothing new.
UNKEPT_COUNT_MAX: Final = 100


class Keeper:
    """
    Add exchanges to a recording; what it cannot hold is told, and hinders nobody.

    Attributes:
        unkept: Says of each answer that is not in the recording why, the first ones.
    """

    def __init__(self, target: Cassette, recorder: Recorder) -> None:
        self._target = target
        self._recorder = recorder
        self._room = Room(len(target.exchanges))
        self.unkept: list[str] = []

    def keep(self, request: Request, response: Response) -> bool:
        """Tell whether an answer is in the recording from now on."""
        if not self._room.takes(request, response):
            return self._left_out(request, self._room.words)
        try:
            self._target.exchanges.append(self._recorder.exchange(request, response))
        except PetstoreError as error:
            why = error.message
        except ValidationError as error:
            # Its own words show values, and so secrets.
            place = ".".join(map(str, error.errors()[0]["loc"]))
            why = f"A recording holds no such {place or 'exchange'}."
        else:
            return True
        return self._left_out(request, why)

    def _left_out(self, request: Request, why: str) -> bool:
        if len(self.unkept) < UNKEPT_COUNT_MAX:
            line = f"{request.method} {request.path}"
            self.unkept.append(f"{line} is not recorded: {why}")
        return False
