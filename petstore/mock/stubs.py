"""Hold the exchanges that were added to one session while it runs."""

from collections.abc import Iterable
from typing import Final

from petstore.contract.errors import ConfigError, Conflicted, Unavailable
from petstore.contract.http import Request
from petstore.mock.cassette import Cassette
from petstore.mock.exchange import Exchange, Header
from petstore.mock.facts import Facts
from petstore.mock.payload import write_wire
from petstore.mock.steps import Answer
from petstore.mock.tape import Cursor, Found, Tape, takes_coding, wire_response

COUNT_MAX: Final = 1_000


class Stubs:
    """
    Answer before the recording does, in the same way: each once, safe ones again.

    Args:
        counted_headers: Headers that tell requests apart, as in the recording.
        is_realtime: Whether the pieces of streams come at the times they are given.
    """

    def __init__(
        self,
        counted_headers: Iterable[str] = (),
        *,
        count_max: int = COUNT_MAX,
        is_realtime: bool = False,
    ) -> None:
        self._is_realtime = is_realtime
        self._count_max = count_max
        header = Header(headers=list(counted_headers))
        self._cassette = Cassette(header)
        self._tape = Tape([self._cassette])
        self._ids: set[str] = set()
        self._cursor = Cursor()

    def add(self, exchange: Exchange, ignore: Iterable[str] = ()) -> None:
        """
        Add an exchange.

        Args:
            ignore: Paths of the request that may differ.

        Raises:
            ConfigError: Its body cannot be read, or a path to ignore is none.
            Conflicted: There is one of that id.
            Unavailable: There are too many.
        """
        if exchange.id in self._ids:
            raise Conflicted(
                f"Wrong id: there is a stub {exchange.id}; give each its own."
            )
        if len(self._ids) >= self._count_max:
            raise Unavailable(f"A session has {self._count_max:,} stubs at most.")
        try:
            # Read once, so that no request finds out.
            write_wire(exchange.response, "", self._cassette.fetch)
        except ConfigError as error:
            raise ConfigError(f"{exchange.id}: {error.message}") from error
        self._tape.add(self._cassette, exchange, list(ignore))
        self._ids.add(exchange.id)

    def find(self, facts: Facts) -> Found | None:
        """Return what answers a request; None where nothing does."""
        return self._tape.find(facts) if self._ids else None

    def answer(self, found: Found, request: Request) -> Answer | None:
        """Return the next answer; None where all of them were served."""
        take = self._cursor.next(found)
        if take is None:
            return None
        accepted = request.headers.get("accept-encoding", "")
        response = wire_response(
            take,
            is_coded=takes_coding(take, accepted),
            is_realtime=self._is_realtime,
        )
        return Answer(response, f"stub/{take.exchange.id}")

    def rewind(self) -> None:
        """Serve every stub anew."""
        self._cursor = Cursor()
