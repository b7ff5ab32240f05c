"""Load what only some sessions have, so that a plain replay does not pay for it."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from petstore.mock.clock import Clock
from petstore.mock.tape import Cursor, Tape

if TYPE_CHECKING:
    from petstore.mock.comparing import Comparison
    from petstore.mock.hybrid import Hybrid
    from petstore.mock.story import Story


def story_of(tape: Tape) -> "Story":
    """Return what a tape tells of entities."""
    from petstore.mock.story import Story

    return Story(tape)


def hybrid_of(story: "Story", clock: Clock, begun: Cursor) -> "Hybrid":
    """Return what keeps a recording and an engine of one mind."""
    from petstore.mock.hybrid import Hybrid

    return Hybrid(story, clock, begun)


def comparison(shown: Callable[[str], str]) -> "Comparison":
    """Return what compares answers with recorded ones."""
    from petstore.mock.comparing import Comparison

    return Comparison(shown)
