"""Keep what was answered in a recording, and say what cannot be kept."""

from collections.abc import Callable
from typing import Final

from pydantic import ValidationError

from petstore.contract.errors import PetstoreError
from petstore.contract.http import Request
from petstore.contract.replies import Response
from petstore.mock.cassette import Cassette
from petstore.mock.recording import Recorder
from petstore.mock.room import Room
from petstore.mock.wording import unheld

# More of them tell nothing new.
_UNKEPT_COUNT_MAX: Final = 100


class Keeper:
    """
    Add exchanges to a recording; what it cannot hold is told, and hinders nobody.

    Args:
        shown: Returns the path of a request as it may be told.

    Attributes:
        unkept: Says of each answer that is not in the recording why, the first ones.
    """

    def __init__(
        self, target: Cassette, recorder: Recorder, shown: Callable[[str], str]
    ) -> None:
        self._target = target
        self._shown = shown
        self._recorder = recorder
        self._room = Room(len(target.exchanges))
        self.unkept: list[str] = []

    def keep(self, request: Request, response: Response) -> bool:
        """Tell whether an answer is in the recording from now on."""
        if not self._room.takes(request, response):
            return self.leave_out(request, self._room.words)
        try:
            self._target.exchanges.append(self._recorder.exchange(request, response))
        except PetstoreError as error:
            why = error.message
        except ValidationError as error:
            why = f"{unheld(error)}."
        else:
            return True
        return self.leave_out(request, why)

    def leave_out(self, request: Request, why: str) -> bool:
        """Say why an answer is not in the recording; return that it is not."""
        if len(self.unkept) < _UNKEPT_COUNT_MAX:
            line = f"{request.method} {self._shown(request.path)}"
            self.unkept.append(f"{line} is not recorded: {why}")
        return False
