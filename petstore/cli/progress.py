"""Show how far work is, once it has lasted a second and somebody watches."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

PATIENCE_S: Final = 1.0

OnProgress = Callable[[int, int], None]
Seconds = Callable[[], float]


@contextmanager
def progress(
    task: str, *, seconds: Seconds = time.monotonic, is_watched: bool | None = None
) -> Iterator[OnProgress]:
    """
    Give what work calls with the count done and to do.

    Args:
        is_watched: Whether to draw; None asks whether stderr is a terminal.
    """
    if is_watched is None:
        is_watched = sys.stderr.isatty()
    begin = seconds()
    draw: OnProgress | None = None
    is_over = not is_watched
    with ExitStack() as stack:

        def on_progress(done: int, total: int) -> None:
            nonlocal draw
            if is_over or seconds() - begin < PATIENCE_S:
                return
            if draw is None:
                draw = stack.enter_context(_bar(task))
            draw(done, total)

        yield on_progress
        # Work may be repeated later, when nobody waits for it any more.
        is_over = True


@contextmanager
def _bar(task: str) -> Iterator[OnProgress]:
    # Imported late: most work is done before a second has passed.
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True, force_terminal=True)
    with Progress(console=console, transient=True) as shown:
        bar = shown.add_task(task, total=None)

        def draw(done: int, total: int) -> None:
            shown.update(bar, completed=done, total=total)

        yield draw
