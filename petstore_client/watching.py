"""Watch each attempt of a call, for the log and for traces."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from time import monotonic

from petstore.contract.replies import Response
from petstore_client.address import Server
from petstore_client.decisions import Send
from petstore_client.logs import is_logging, log_attempt
from petstore_client.tracing import attempt_span, is_tracing


@dataclass(slots=True)
class Watch:
    """
    Follow an attempt.

    Args:
        step: What to send.
        came_to: The answer, or what came instead; None as long as it is on its way.
    """

    step: Send
    came_to: Response | BaseException | None = None

    def saw(self, response: Response) -> Response:
        """Note the answer, and return it."""
        self.came_to = response
        return response


def is_watched() -> bool:
    """Tell whether anybody wants to know."""
    return is_tracing() or is_logging()


@contextmanager
def watched(step: Send, server: Server) -> Iterator[Watch]:
    """Follow an attempt to its answer, or to what came instead."""
    begun = monotonic()
    with attempt_span(step, server) if is_tracing() else nullcontext() as traced:
        watch = Watch(traced.step if traced else step)
        try:
            yield watch
        except BaseException as error:
            watch.came_to = error
            raise
        finally:
            if traced and isinstance(watch.came_to, Response):
                traced.note(watch.came_to.status)
            if is_logging() and watch.came_to is not None:
                log_attempt(watch.step, watch.came_to, monotonic() - begun)
