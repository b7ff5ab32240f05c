"""Tell an id that is below zero from an option."""

import re
from typing import Any

import typer
from typer.core import TyperCommand

_BELOW_ZERO = re.compile(r"-\d+")


class TakesId(TyperCommand):
    """Refuse `-5` as an id; the parser would look for an option of that name."""

    # Typer's type of a context moved between versions.
    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the command line."""
        for before, arg in zip(["", *args], args, strict=False):
            # After an option it may be its value.
            if _BELOW_ZERO.fullmatch(arg) and not before.startswith("-"):
                raise typer.BadParameter(f"{arg} is no id; ids begin at 1.", ctx=ctx)
        return super().parse_args(ctx, args)
