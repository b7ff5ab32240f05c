"""Walk through all commands that the command line has."""

from collections.abc import Iterator
from typing import Any

from typer.main import get_command

from petstore.cli.main import app


def commands() -> dict[str, Any]:
    """Return every command by its words, such as `db check`."""
    group: Any = get_command(app)
    context = group.make_context("petstore", ["--help"], resilient_parsing=True)
    return dict(_below(group, context, ()))


def options(command: Any) -> list[str]:
    """Return the long options of a command that users see."""
    return [
        max(one.opts, key=len)
        for one in command.params
        if one.param_type_name == "option" and not one.hidden
    ]


def _below(
    group: Any, context: Any, words: tuple[str, ...]
) -> Iterator[tuple[str, Any]]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if hasattr(command, "commands"):
            yield from _below(command, context, (*words, name))
        else:
            yield " ".join((*words, name)), command
