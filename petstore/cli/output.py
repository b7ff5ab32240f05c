"""
Print data for people and for programs.

Data is whatever somebody stored: no part of it may act as markup of a table or as a
control sequence of the terminal.
"""

import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Final

import typer

from petstore.contract.errors import StorageFull

if TYPE_CHECKING:
    from pydantic import BaseModel

_PIPE_WIDTH: Final = 1_000_000

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def plain(text: str) -> str:
    """Return the text with everything that does not show written as an escape."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else _escaped(one) for one in text)


def say(text: str) -> None:
    """
    Print a line on stdout.

    Raises:
        BrokenPipeError: Nobody reads any more.
        StorageFull: It goes to a file, and no space is left, or the like.
    """
    with _to_stdout():
        print(text, flush=True)


def note(text: str) -> None:
    """Print a line on stderr: what is no data."""
    print(text, file=sys.stderr, flush=True)


def print_json(value: object) -> None:
    """Print JSON-shaped data; in ASCII, so that no terminal reads commands in it."""
    say(json.dumps(value, indent=2))


def as_data(model: "BaseModel") -> object:
    """Return the model as JSON-shaped data with the names of the wire."""
    return json.loads(model.model_dump_json(exclude_none=True))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """
    Print rows as a table; None is an empty cell.

    In a terminal it is as wide as that; whoever reads a pipe gets each cell whole, in
    a line, and without colours.
    """
    # Imported late: most commands never draw one.
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(_cell(value)) for value in row))
    is_terminal = sys.stdout.isatty()
    width = None if is_terminal else _PIPE_WIDTH
    with _to_stdout():
        console = Console(highlight=False, force_terminal=is_terminal, width=width)
        console.print(table)


def print_fields(fields: Iterable[tuple[str, object]]) -> None:
    """Print one thing as a table of its fields; those that are None are left out."""
    shown = [(name, value) for name, value in fields if value is not None]
    print_table(("field", "value"), shown)


@contextmanager
def _to_stdout() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        # At its end Python writes what is left in the buffer, and would fail once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise StorageFull(f"Cannot write the output: {error.strerror}.") from error


def _cell(value: object) -> str:
    return "" if value is None else plain(str(value))


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode()
