"""
Put the commands together.

A command is imported when it is named, and by it, when it runs, everything heavy:
`--help` and `--version` answer at once.
"""

import os
import sys
from importlib import import_module
from io import TextIOWrapper
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup
from typer.main import get_command

from petstore.cli.failures import exit_code, report
from petstore.contract.errors import PetstoreError

# Each is a module beside this one, and stands so in the help.
_NAMES: Final = (
    "serve",
    "mock",
    "inventory",
    "openapi",
    "pet",
    "order",
    "db",
    "user",
    "key",
)


class Commands(TyperGroup):
    """
    Load the command that is named, and report errors of ours in one line.

    To build them all takes 20 of the 700 ms that a server needs to its first reply.
    """

    # Typer's types of a context and of a command moved between versions.
    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the command line."""
        _show_flags_as_flags(self, ctx)
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names in the order of the help."""
        return list(_NAMES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command; whoever misspelt one is told which names are close."""
        for name in (cmd_name,) if cmd_name in _NAMES else _NAMES:
            if name not in self.commands:
                self.commands[name] = _loaded(name, ctx)
        return self.commands.get(cmd_name)

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was named."""
        try:
            return super().invoke(ctx)
        except PetstoreError as error:
            report(error)
            raise typer.Exit(exit_code(error)) from None


def _loaded(name: str, ctx: Any) -> Any:
    command: Any = get_command(import_module(f"petstore.cli.{name}").app)
    command.name = name
    _show_flags_as_flags(command, ctx)
    return command


def _show_flags_as_flags(command: Any, ctx: Any) -> None:
    """Keep help from saying `--json <bool>`, as if a flag took a value."""
    for one in command.get_params(ctx):
        if getattr(one, "is_flag", False) and one.metavar is None:
            one.metavar = ""
    for below in getattr(command, "commands", {}).values():
        _show_flags_as_flags(below, ctx)


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    rich_markup_mode="rich",
    # A traceback is for a bug, and shows no values: they may be secret.
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Run the command that the arguments of this process name."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A pet's name is no reason to fail where the terminal has no Unicode.
            stream.reconfigure(errors="backslashreplace")
    # The look for one reads what every installed distribution offers, at each start.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    app(prog_name="petstore")


def _print_version(is_asked: bool) -> None:
    if is_asked:
        from petstore.contract.version import __version__

        typer.echo(f"petstore {__version__}")
        raise typer.Exit


@app.callback()
def petstore(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_print_version,
            is_eager=True,
            help="Print the version and stop.",
        ),
    ] = False,
) -> None:
    """A Petstore that any client of the public one can use, served or embedded."""
