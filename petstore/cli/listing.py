"""Print the first part of a listing, and say when there is more."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from petstore.cli.output import as_data, note, print_json, print_table

if TYPE_CHECKING:
    from petstore.contract.model import Model
    from petstore.contract.pager import Pager

T = TypeVar("T", bound="Model")

Limit = Annotated[int, typer.Option(min=1, help="How many to list at most.")]


def print_list(
    pager: "Pager[T]",
    columns: Sequence[str],
    row: Callable[[T], Sequence[object]],
    as_json: bool,
) -> None:
    """Print all items of a pager that has a limit."""
    items = list(pager)
    if as_json:
        print_json([as_data(item) for item in items])
    else:
        print_table(columns, (row(item) for item in items))
    if pager.cursor is not None:
        note(f"These are the first {len(items)}; a higher --limit shows more.")
