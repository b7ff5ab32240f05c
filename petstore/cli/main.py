"""
Put the commands together.

Everything heavy is imported by the command that needs it, when it runs: `--help` and
`--version` answer at once.
"""

import os
import sys
from io import TextIOWrapper
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from petstore.cli import db, inventory, key, openapi, order, pet, serve, user
from petstore.cli.failures import exit_code, report
from petstore.contract.errors import PetstoreError


class Commands(TyperGroup):
    """Report errors of ours in one line, whichever command raised them."""

    # Typer's type of a context moved between versions.
    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the command line."""
        _show_flags_as_flags(self, ctx)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was named."""
        try:
            return super().invoke(ctx)
        except PetstoreError as error:
            report(error)
            raise typer.Exit(exit_code(error)) from None


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
app.command("serve")(serve.serve)
app.command("inventory")(inventory.inventory)
app.command("openapi")(openapi.openapi)
app.add_typer(pet.app, name="pet")
app.add_typer(order.app, name="order")
app.add_typer(db.app, name="db")
app.add_typer(user.app, name="user")
app.add_typer(key.app, name="key")


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
